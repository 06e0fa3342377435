//! Plain text: every line that is not blank is a record with the column `text`.

use super::{Format, Open, Opening, Records};
use crate::error::ReadError;
use crate::head::{Head, Match};
use crate::input::{Input, without_break};
use crate::position::At;
use crate::record::{Columns, Record};
use crate::value::Value;

pub(super) const FORMAT: Format = Format {
    name: "text",
    extensions: &["txt", "text"],
    about: "one text per line; blank lines are skipped",
    recognise,
    open: Open::Stream(open),
};

fn recognise(head: &Head<'_>) -> Match {
    // Whatever is not valid text is named by its line.
    if head.bytes.is_empty() { Match::No } else { Match::Weak }
}

struct PlainText {
    input: Input,
    columns: Columns,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "formats are opened through one type of function"
)]
fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    Ok(Box::new(PlainText {
        input: opening.input,
        columns: Columns::new(["text"]),
    }))
}

impl Records for PlainText {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        while let Some(length) = self.input.line_end(0)? {
            let text = self.input.text(length).map(|text| without_break(text).to_owned());
            let position = self.input.position_at(At::Line(self.input.line()));
            self.input.advance_lines(length, 1);
            let text = text?;
            if !text.trim().is_empty() {
                return Ok(Some(Record::new(
                    position,
                    self.columns.clone(),
                    vec![Value::Text(text)],
                )));
            }
        }
        Ok(None)
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }

    fn is_drained(&self) -> bool {
        self.input.is_drained()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, rows};

    #[test]
    fn every_line_with_text_is_a_record() {
        assert_eq!(
            rows("a.txt", "one, two\r\n\n  \n three"),
            ["1: text=one, two", "4: text= three"]
        );
    }

    #[test]
    fn damage_is_named() {
        assert!(fault("a.txt", "a\nb\0\n").contains("line 2, column 2: a NUL byte"));
        assert!(fault("a.txt", "").contains("the file is empty"));
        assert!(fault("a.txt", "\n\n").contains("there are no records"));
    }
}
