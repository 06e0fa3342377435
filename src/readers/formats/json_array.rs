//! A JSON list of objects: one record per element, in constant memory.

use super::{Format, Open, Opening, Records};
use crate::error::ReadError;
use crate::head::{Head, Match};
use crate::input::Input;
use crate::json::elements::Elements;
use crate::json::flatten::Flattener;
use crate::position::{At, Position};
use crate::record::{Columns, Record};

pub(super) const FORMAT: Format = Format {
    name: "json",
    extensions: &["json"],
    about: "a JSON list of objects",
    recognise,
    open: Open::Stream(open),
};

fn recognise(head: &Head<'_>) -> Match {
    if head.first() != Some(b'[') {
        return Match::No;
    }
    let inside = head.text.trim_start().get(1..).unwrap_or_default().trim_start();
    match inside.as_bytes().first() {
        Some(b'{') => Match::Strong,
        Some(b'[' | b'"' | b']') => Match::Weak,
        _ => Match::No,
    }
}

/// The records of a list within a document.
pub(super) struct ListRecords {
    input: Input,
    elements: Elements,
    flattener: Flattener,
    /// Number of records so far.
    count: u64,
    /// The line of the record before.
    line: u64,
}

impl ListRecords {
    pub(super) fn new(input: Input, elements: Elements, flattener: Flattener) -> Self {
        Self {
            input,
            elements,
            flattener,
            count: 0,
            line: 0,
        }
    }

    /// The position of the next record: its line, or its number where lines say nothing, as in a document on one line.
    fn position(&mut self) -> Position {
        self.count += 1;
        let line = self.input.line();
        let is_compact = line == 1 || line == self.line;
        self.line = line;
        self.input.position_at(if is_compact {
            At::Row(self.count)
        } else {
            At::Line(line)
        })
    }
}

fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let flattener = flattener(&opening);
    let mut input = opening.input;
    let elements = Elements::of_list(&mut input)?;
    Ok(Box::new(ListRecords::new(input, elements, flattener)))
}

/// The flattener for a document's records.
pub(super) fn flattener(opening: &Opening<'_>) -> Flattener {
    let options = opening.options;
    Flattener::new(opening.columns, options.columns.as_deref(), options.limits.columns)
}

impl Records for ListRecords {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if self.elements.next(&mut self.input)?.is_none() {
            return Ok(None);
        }
        let position = self.position();
        let json = self.elements.parse(&self.input)?;
        let record = self.flattener.record(json, position.clone());
        record.map(Some).map_err(|fault| ReadError::new(position, fault))
    }

    fn columns(&self) -> Columns {
        self.flattener.columns().clone()
    }

    fn is_open_ended(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, faults, rows};

    #[test]
    fn every_element_is_a_record_with_its_line() {
        let content = "[\n  {\"text\": \"a\", \"label\": 0},\n  {\n    \"label\": 1,\n    \"text\": \"b\"\n  }\n]\n";
        assert_eq!(rows("a.json", content), ["2: text=a label=0", "3: text=b label=1"]);
        assert_eq!(rows("a.json", "[\"x\", \"y\"]"), ["row 1: text=x", "row 2: text=y"]);
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let message = fault("a.json", "[\n{\"a\": 1}\n{\"a\": 2}]");
        assert_eq!(
            message,
            "`a.json`, line 3, column 1: not valid JSON: a comma or `]` must follow the value"
        );
        let cut = fault("a.json", "[\n{\"a\": 1},\n{\"a\": \"x");
        assert!(
            cut.contains("line 3, column 7: not valid JSON: a string begins here and is never closed"),
            "{cut}"
        );
        assert!(fault("a.json", "[]").contains("there are no records"));
    }

    #[test]
    fn a_bad_element_is_named_and_the_next_ones_are_read() {
        let (records, faults) = faults("a.json", "[{\"a\": 1}, {\"a\": 'x'}, 5, {\"a\": 2}]");
        assert_eq!(records, ["row 1: a=1", "row 4: a=2"]);
        assert_eq!(faults.len(), 2);
        assert!(
            faults[0].contains("column 18: not valid JSON: strings stand in double quotes"),
            "{faults:?}"
        );
    }
}
