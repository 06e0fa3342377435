//! One JSON value per line (JSONL, NDJSON): one record per line.

use super::{Format, Open, Opening, Records};
use crate::error::{Fault, ReadError};
use crate::head::{Head, Match};
use crate::input::{Input, without_break};
use crate::json::flatten::Flattener;
use crate::json::{Problem, located, parse};
use crate::position::At;
use crate::record::{Columns, Record};

pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    extensions: &["jsonl", "ndjson", "jsonlines", "json"],
    about: "one JSON object per line; nested objects become columns such as `answers.text`",
    recognise,
    open: Open::Stream(open),
};

fn recognise(head: &Head<'_>) -> Match {
    if head.first() != Some(b'{') {
        return Match::No;
    }
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next()) {
        (None, _) => Match::Weak,
        (Some(first), _) if parse(first).is_err_and(|fault| matches!(fault.problem, Problem::Syntax(_))) => {
            if head.extension == "json" {
                Match::No
            } else {
                Match::Weak
            }
        }
        (Some(_), None) if matches!(head.extension, "json" | "") => Match::Weak,
        (Some(_), _) => Match::Strong,
    }
}

struct JsonLines {
    input: Input,
    flattener: Flattener,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "formats are opened through one type of function"
)]
fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let options = opening.options;
    let flattener = Flattener::new(opening.columns, options.columns.as_deref(), options.limits.columns);
    let input = opening.input;
    Ok(Box::new(JsonLines { input, flattener }))
}

impl JsonLines {
    /// The record of the line at the beginning of the window; `None` if the line is blank.
    fn record(&mut self, length: usize) -> Result<Option<Record>, ReadError> {
        let text = self.input.text(length)?;
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let json = parse(without_break(text)).map_err(|fault| located(&self.input, 0, fault))?;
        let position = self.input.position_at(At::Line(self.input.line()));
        let record = self.flattener.record(json, position.clone());
        record.map(Some).map_err(|fault| ReadError::new(position, fault))
    }
}

impl Records for JsonLines {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        while let Some(length) = self.input.line_end(0)? {
            let record = self.record(length);
            self.input.advance_lines(length, 1);
            match record {
                Ok(None) => {}
                found => return found.map_err(with_better_advice),
            }
        }
        Ok(None)
    }

    fn columns(&self) -> Columns {
        self.flattener.columns().clone()
    }

    fn is_open_ended(&self) -> bool {
        true
    }

    fn is_drained(&self) -> bool {
        self.input.is_drained()
    }
}

/// A document that goes over several lines breaks off at the end of its first line.
fn with_better_advice(error: ReadError) -> ReadError {
    match error.fault() {
        Fault::Json { problem } if error.position().line() == Some(1) && problem.contains("cut off") => {
            let problem = format!("{problem}; for one document over several lines use `format: json`");
            ReadError::new(error.position().clone(), Fault::Json { problem })
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use crate::ReadOptions;
    use crate::testing::{fault, faults, read, rows};

    #[test]
    fn values_keep_their_kinds_and_numbers_their_digits() {
        let content =
            "\n{\"id\": 12345678901234567890123, \"x\": 1.50, \"ok\": true, \"tags\": [1, \"a\"]}\r\n{\"x\": null}";
        let expected = [
            "2: id=12345678901234567890123 x=1.50 ok=true tags=[1, a]",
            "3: id=null x=null ok=null tags=null",
        ];
        assert_eq!(rows("a.jsonl", content), expected);
    }

    #[test]
    fn lists_get_names_from_the_options() {
        let options = ReadOptions {
            columns: Some(vec!["text".into(), "label".into()]),
            ..ReadOptions::default()
        };
        assert_eq!(
            read("a.jsonl", "[\"a\", 1]\n", &options).unwrap(),
            ["1: text=a label=1"]
        );
        let message = read("a.jsonl", "[\"a\"]\n", &options).unwrap_err().to_string();
        assert!(
            message.contains("1 fields where the option `columns` has 2"),
            "{message}"
        );
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_ones_are_read() {
        let content = "{\"a\": 1}\n{\"a\": 1,}\n{\"a\": 1, \"a\": 2}\n3\n{\"a\": \"\0\"}\n{\"a\": 2}\n";
        let (records, faults) = faults("a.jsonl", content);
        assert_eq!(records, ["1: a=1", "6: a=2"]);
        let expected = [
            "`a.jsonl`, line 2, column 8: not valid JSON: a comma before `}`; remove it",
            "`a.jsonl`, line 3, column 10: the key `a` is there twice in one object; rename or remove one of them",
            "`a.jsonl`, line 4: a number where an object such as {\"text\": \"…\"} is expected",
            "`a.jsonl`, line 5, column 8: a NUL byte, which text files never have; is the file damaged, or is it UTF-16 (set `encoding: utf-16le`)",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_file_that_breaks_off_is_named_with_its_last_line() {
        let message = fault("a.jsonl", "{\"a\": 1}\n{\"a\": [1");
        assert!(
            message.contains("line 2, column 9: not valid JSON: a comma or `]` must follow the value"),
            "{message}"
        );
        let pretty = fault("a.jsonl", "{\n\"a\": 1\n}\n");
        assert!(pretty.contains("use `format: json`"), "{pretty}");
    }
}
