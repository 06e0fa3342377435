//! Parses a line of a program's output: metrics as a JSON object, or nothing.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::json;

/// The metrics of one line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// The epoch, if the line names one.
    pub(super) epoch: Option<f64>,
    /// All other numbers in the line. Numbers in a nested object are named by both keys: `eval.loss`.
    ///
    /// Values that are not finite numbers are NaN: JSON's `null`, numbers too large for a float, and what Python, C,
    /// Rust and others print.
    pub(super) metrics: BTreeMap<String, f64>,
}

/// Why a line that looks like a report is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    /// Other text precedes the object, as loggers print it.
    Prefixed,
    /// Its numbers are inside lists.
    Listed,
    /// Its numbers are written as strings.
    Quoted,
    /// It has only an epoch.
    OnlyEpoch,
    /// Its keys have single quotes, as in a printed Python `dict`.
    SingleQuoted,
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It is in UTF-16.
    Utf16,
    /// No expression of the spec matches a number in any line.
    Unmatched,
    /// Expressions of the spec match metrics, but only before the first epoch.
    BeforeEpoch,
}

impl Slip {
    /// The problem, worded as the end of a sentence that says what was expected.
    pub(super) fn explain(self) -> &'static str {
        match self {
            Self::Prefixed => "its JSON stands behind other words in the line: print the object alone",
            Self::Listed => "its JSON has numbers only within lists: give each a name",
            Self::Quoted => "its JSON has texts where numbers are expected: print them without quotation marks",
            Self::OnlyEpoch => "its JSON has an epoch and no metric",
            Self::SingleQuoted => "it printed a Python `dict`, which is not JSON: print `json.dumps(...)`",
            Self::TooLong => "its line of JSON is longer than 1 MiB",
            Self::Utf16 => "its output is in UTF-16: print UTF-8",
            Self::BeforeEpoch => {
                "its metrics stand before the first line that `epoch` of `metrics` finds: print the epoch first, or leave `epoch` out"
            }
            Self::Unmatched => "no line in which an expression of `metrics` finds a number",
        }
    }
}

/// The meaning of one line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// Metrics.
    Report(Reading),
    /// Not a report, with the probable mistake if it was meant as one.
    Other(Option<Slip>),
}

/// Length in bytes from which a line is not read as a report.
pub(super) const LONGEST: usize = 1 << 20;

/// Parses a line. A report is an object with at least one number besides the epoch.
pub(super) fn parse(line: &[u8]) -> Line {
    if line.contains(&0) {
        let is_object = line.contains(&b'{') && line.contains(&b'}');
        return Line::Other(is_object.then_some(Slip::Utf16));
    }
    if line.len() >= LONGEST {
        return Line::Other(line.trim_ascii_start().starts_with(b"{").then_some(Slip::TooLong));
    }
    let line = String::from_utf8_lossy(line);
    // Windows editors put a byte order mark at the beginning of a file.
    let line = line.trim_start_matches('\u{feff}').trim();
    let Some(start) = line.find('{').filter(|_| line.ends_with('}')) else {
        return Line::Other(None);
    };
    let Some(object) = object(&line[start..]) else {
        let is_dict = start == 0 && line[1..].trim_start().starts_with('\'');
        return Line::Other(is_dict.then_some(Slip::SingleQuoted));
    };
    match (reading(&object), start) {
        (Some(reading), 0) => Line::Report(reading),
        (Some(_), _) => Line::Other(Some(Slip::Prefixed)),
        (None, _) => Line::Other(slip(&object)),
    }
}

type Object = serde_json::Map<String, Json>;

fn object(text: &str) -> Option<Object> {
    match json::read(text) {
        Ok(Json::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

fn reading(object: &Object) -> Option<Reading> {
    let number = |value: &Json| match value {
        Json::Number(number) => Some(number.as_f64().unwrap_or(f64::NAN)),
        Json::Null => Some(f64::NAN),
        Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    };
    let mut metrics = BTreeMap::new();
    let mut waiting: Vec<(String, &Object)> = vec![(String::new(), object)];
    while let Some((before, object)) = waiting.pop() {
        for (name, value) in object {
            let name = format!("{before}{name}");
            if let Json::Object(inner) = value {
                waiting.push((name + ".", inner));
            } else if let Some(value) = number(value) {
                // A key that contains the dots itself was inserted first.
                metrics.entry(name).or_insert(value);
            }
        }
    }
    let epoch = metrics.remove("epoch").filter(|epoch| epoch.is_finite());
    (!metrics.is_empty()).then_some(Reading { epoch, metrics })
}

/// The probable mistake in an object that has no metric at its top level.
fn slip(object: &Object) -> Option<Slip> {
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
    let has = |is: &dyn Fn(&Json) -> bool| object.values().any(is);
    if has(&|value| value.as_str().is_some_and(is_number)) {
        Some(Slip::Quoted)
    } else if has(&has_number_within) {
        Some(Slip::Listed)
    } else if object.contains_key("epoch") {
        Some(Slip::OnlyEpoch)
    } else {
        None
    }
}

fn has_number_within(value: &Json) -> bool {
    let is_one = |value: &Json| value.is_number() || has_number_within(value);
    match value {
        Json::Array(values) => values.iter().any(is_one),
        Json::Object(object) => object.values().any(is_one),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(line: &str) -> Reading {
        match parse(line.as_bytes()) {
            Line::Report(reading) => reading,
            Line::Other(slip) => panic!("{line} is no report: {slip:?}"),
        }
    }

    #[test]
    fn numbers_are_metrics_and_the_rest_is_left_out() {
        let reading = report(r#" {"epoch": 1, "accuracy": 0.5, "note": "x", "all": [1], "is_best": true} "#);
        assert_eq!(reading.epoch, Some(1.0));
        assert_eq!(reading.metrics, [("accuracy".to_owned(), 0.5)].into());
    }

    #[test]
    fn what_lies_deeper_has_the_names_on_the_way_to_it() {
        let reading = report(r#"{"epoch": 2, "eval": {"loss": 0.3, "by": {"f1": 1}, "epoch": 9}, "eval.loss": 0.5}"#);
        assert_eq!(reading.epoch, Some(2.0));
        let expected = [("eval.loss", 0.5), ("eval.by.f1", 1.0), ("eval.epoch", 9.0)];
        assert_eq!(
            reading.metrics,
            expected.map(|(name, value)| (name.to_owned(), value)).into()
        );
    }

    #[test]
    fn what_is_no_report_is_none_and_says_why_where_one_was_meant() {
        for (line, slip) in [
            ("", None),
            ("epoch 1", None),
            ("[1]", None),
            ("{}", None),
            ("{\"a\": \"b\"}", None),
            ("{\"a\": 1", None),
            ("{'eval_loss': 0.3}", Some(Slip::SingleQuoted)),
            ("{\"epoch\": 1}", Some(Slip::OnlyEpoch)),
            ("INFO: {\"loss\": 0.3}", Some(Slip::Prefixed)),
            ("{\"losses\": [0.3, 0.2]}", Some(Slip::Listed)),
            ("{\"loss\": \"0.3\"}", Some(Slip::Quoted)),
            ("{\0\"\0l\0\"\0:\x001\0}\0", Some(Slip::Utf16)),
        ] {
            assert_eq!(parse(line.as_bytes()), Line::Other(slip), "{line}");
        }
        let long = format!("{{\"loss\": 1, \"note\": \"{}\"}}", "x".repeat(LONGEST));
        assert_eq!(parse(long.as_bytes()), Line::Other(Some(Slip::TooLong)));
    }

    #[test]
    fn another_number_that_is_none_loses_nothing() {
        let reading = report(r#"{"loss": nan, "gain": 1e400, "f1": 1}"#);
        assert!(reading.metrics["loss"].is_nan() && reading.metrics["gain"].is_nan());
        assert_eq!(reading.metrics["f1"], 1.0);
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in "\\{[\\PC\"\\\\:,0-9NaIny-]{0,60}\\}") {
            let _ = parse(line.as_bytes());
        }
    }
}
