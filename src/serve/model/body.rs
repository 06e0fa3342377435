//! The rows in the body of a request.

use serde_json::Value;

/// Rows of a request at most.
const MOST_ROWS: usize = 1024;

/// The keys that hold rows, and if they hold one.
const KEYS: [(&str, bool); 3] = [("text", true), ("texts", false), ("rows", false)];

/// The rows in a body: a text, a list of rows, an object that holds them in `text`, `texts` or `rows`, or one row as an
/// object with the columns of the training data.
///
/// # Errors
/// Returns a message if it is not JSON or has no rows, or too many.
pub(super) fn rows(body: &[u8]) -> Result<Vec<Value>, String> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| format!("the body is not JSON: {error}; send `{{\"text\": \"…\"}}`"))?;
    let rows = match value {
        Value::String(_) => vec![value],
        Value::Array(rows) => rows,
        Value::Object(mut object) => {
            let key = KEYS
                .iter()
                .find(|(key, _)| object.len() == 1 && object.contains_key(*key));
            match key.and_then(|(key, is_one)| Some((key, is_one, object.remove(*key)?))) {
                None => vec![Value::Object(object)],
                Some((_, true, row @ Value::String(_))) => vec![row],
                Some((_, _, Value::Array(rows))) => rows,
                Some((key, true, _)) => return Err(format!("`{key}` is neither a text nor a list of texts")),
                Some((key, false, _)) => return Err(format!("`{key}` is not a list")),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            return Err("the body is neither a text, nor a list, nor an object: send `{\"text\": \"…\"}`".to_owned());
        }
    };
    if rows.len() > MOST_ROWS {
        return Err(format!(
            "{} rows are more than the {MOST_ROWS} that a request may have: send several requests",
            rows.len()
        ));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        match rows(body.as_bytes()) {
            Ok(rows) => Value::Array(rows).to_string(),
            Err(message) => message,
        }
    }

    #[test]
    fn rows_come_in_every_usual_form() {
        assert_eq!(told("\"a\""), r#"["a"]"#);
        assert_eq!(told(r#"["a", {"text": "b"}]"#), r#"["a",{"text":"b"}]"#);
        assert_eq!(told(r#"{"text": "a"}"#), r#"["a"]"#);
        assert_eq!(told(r#"{"text": ["a", "b"]}"#), r#"["a","b"]"#);
        assert_eq!(told(r#"{"texts": ["a"]}"#), r#"["a"]"#);
        assert_eq!(told(r#"{"rows": [{"x": 1}]}"#), r#"[{"x":1}]"#);
        assert_eq!(
            told(r#"{"question": "q", "context": "c"}"#),
            r#"[{"context":"c","question":"q"}]"#
        );
        assert_eq!(told(r#"{"text": "a", "id": 3}"#), r#"[{"id":3,"text":"a"}]"#);
    }

    #[test]
    fn what_holds_no_rows_is_refused() {
        for body in ["", "{", "3", "null", r#"{"texts": "a"}"#, r#"{"text": 3}"#] {
            assert!(rows(body.as_bytes()).is_err(), "{body}");
        }
        let many = serde_json::json!(vec!["a"; MOST_ROWS + 1]).to_string();
        assert!(told(&many).contains("send several requests"));
    }
}
