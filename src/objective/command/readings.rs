//! What a line of a program's output says: metrics as a JSON object, or nothing.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// The metrics of one line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// The epoch, if the line names one.
    pub(super) epoch: Option<f64>,
    /// Everything else in it that is a number; what is none (JSON's `null`, Python's `NaN`) is NaN.
    pub(super) metrics: BTreeMap<String, f64>,
}

/// A longer line is no report of metrics, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// Reads a line; `None` if it is anything but an object with at least one number beside the epoch.
pub(super) fn parse(line: &str) -> Option<Reading> {
    let line = line.trim();
    if !line.starts_with('{') || !line.ends_with('}') || line.len() > LONGEST {
        return None;
    }
    let object = match serde_json::from_str(line) {
        Ok(Json::Object(object)) => object,
        // Python writes numbers that JSON does not know.
        _ => match serde_json::from_str(&without_constants(line)) {
            Ok(Json::Object(object)) => object,
            _ => return None,
        },
    };
    let mut reading = Reading {
        epoch: None,
        metrics: BTreeMap::new(),
    };
    for (name, value) in object {
        let number = match value {
            Json::Number(number) => number.as_f64().unwrap_or(f64::NAN),
            Json::Null => f64::NAN,
            Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => continue,
        };
        if name == "epoch" {
            reading.epoch = Some(number);
        } else {
            reading.metrics.insert(name, number);
        }
    }
    (!reading.metrics.is_empty()).then_some(reading)
}

/// The line with `null` for `NaN`, `Infinity` and `-Infinity` outside of texts.
fn without_constants(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    let mut is_in_text = false;
    while let Some(letter) = rest.chars().next() {
        let constant = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| !is_in_text && rest.starts_with(word));
        let length = if let Some(constant) = constant {
            plain.push_str("null");
            constant.len()
        } else if is_in_text && letter == '\\' {
            let escaped = rest.chars().take(2).map(char::len_utf8).sum();
            plain.push_str(&rest[..escaped]);
            escaped
        } else {
            is_in_text ^= letter == '"';
            plain.push(letter);
            letter.len_utf8()
        };
        rest = &rest[length..];
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_metrics_and_the_rest_is_left_out() {
        let reading = parse(r#" {"epoch": 1, "accuracy": 0.5, "note": "x", "all": [1], "is_best": true} "#).unwrap();
        assert_eq!(reading.epoch, Some(1.0));
        assert_eq!(reading.metrics, [("accuracy".to_owned(), 0.5)].into());
    }

    #[test]
    fn what_is_no_report_is_none() {
        for line in [
            "",
            "epoch 1",
            "{'eval_loss': 0.3}",
            "[1]",
            "{}",
            "{\"epoch\": 1}",
            "{\"a\": \"b\"}",
            "{\"a\": 1",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn pythons_numbers_are_understood_outside_of_texts() {
        let reading = parse(r#"{"loss": NaN, "gain": -Infinity, "note": "NaN \" Infinity", "f1": 1}"#).unwrap();
        assert!(reading.metrics["loss"].is_nan() && reading.metrics["gain"].is_nan());
        assert_eq!(reading.metrics["f1"], 1.0);
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in "\\{[\\PC\"\\\\:,0-9NaIny-]{0,60}\\}") {
            let _ = parse(&line);
        }
    }
}
