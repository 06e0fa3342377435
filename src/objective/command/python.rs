//! Values formatted as Python formats them: W&B's agent passes values as `str` and `json.dumps` write them.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::space::{Configuration, Value};

/// `str(value)`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::Text(text) => text.clone(),
        Value::Data(_) => repr(&value.to_json()),
    }
}

/// `repr` of a JSON value.
fn repr(json: &Json) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match json {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => numeral(number),
        Json::String(text) => repr_of_text(text),
        Json::Array(items) => format!("[{}]", list(items.iter().map(repr).collect())),
        Json::Object(object) => {
            let pairs = object
                .iter()
                .map(|(key, value)| format!("{}: {}", repr_of_text(key), repr(value)));
            format!("{{{}}}", list(pairs.collect()))
        }
    }
}

/// `repr` of a string: in single quotes, unless it contains single quotes and no double quotes.
fn repr_of_text(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut repr = String::from(mark);
    for letter in text.chars() {
        match letter {
            '\\' => repr.push_str("\\\\"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            letter if letter == mark => repr.extend(['\\', letter]),
            letter => repr.push(letter),
        }
    }
    repr.push(mark);
    repr
}

fn numeral(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => float(value),
        _ => number.to_string(),
    }
}

/// `json.dumps` of all values, keyed by name.
pub(super) fn json(configuration: &Configuration) -> String {
    let pairs = configuration.iter();
    let pairs = pairs.map(|(name, value)| format!("{}: {}", quoted(name), dumps(&value.to_json())));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// `json.dumps`.
fn dumps(json: &Json) -> String {
    match json {
        Json::Null | Json::Bool(_) => json.to_string(),
        Json::Number(number) => numeral(number),
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(dumps).collect::<Vec<_>>().join(", ")),
        Json::Object(object) => {
            let pairs = object
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), dumps(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// `repr` of a float: the shortest digits that read back as the same number.
///
/// Below 1e-4 and from 1e16 on it has an exponent of at least two digits.
fn float(number: f64) -> String {
    const POSITIONAL: std::ops::Range<i32> = -4..16;
    let shortest = format!("{number:e}");
    let Some((digits, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if POSITIONAL.contains(&exponent) {
        let text = number.to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A JSON string, with all non-ASCII characters as `\uXXXX`.
fn quoted(text: &str) -> String {
    let json = Json::from(text).to_string();
    let mut ascii = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a `String` cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are what Python 3.12 prints.
    #[test]
    fn floats_are_written_as_pythons_repr() {
        for (number, expected) in [
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (3e-300, "3e-300"),
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e22, "1.25e+22"),
            (0.0, "0.0"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(float(number), expected);
        }
    }

    #[test]
    fn lists_and_mappings_are_written_as_pythons_repr() {
        let data = |json: &str| text(&Value::Data(json.to_owned()));
        assert_eq!(
            data(r#"[8, 16, 1e-5, "a", "it's", true, null]"#),
            r#"[8, 16, 1e-05, 'a', "it's", True, None]"#
        );
        assert_eq!(
            data(r#"{"lr": 0.1, "betas": [0.9, 0.999]}"#),
            "{'betas': [0.9, 0.999], 'lr': 0.1}"
        );
        assert_eq!(data(r#"["a\\b\n", "'\""]"#), r#"['a\\b\n', '\'"']"#);
        let nested: Configuration = [("x", Value::Data("[1,{\"a\":null}]".to_owned()))]
            .into_iter()
            .collect();
        assert_eq!(json(&nested), r#"{"x": [1, {"a": null}]}"#);
    }

    #[test]
    fn json_is_written_as_pythons() {
        let values = [
            ("b", Value::Bool(true)),
            ("f", Value::Float(1e-5)),
            ("i", Value::Int(3)),
            ("t", Value::Text("ä\"\u{1f600}".to_owned())),
        ];
        let configuration: Configuration = values.into_iter().collect();
        assert_eq!(
            json(&configuration),
            r#"{"b": true, "f": 1e-05, "i": 3, "t": "\u00e4\"\ud83d\ude00"}"#
        );
    }
}
