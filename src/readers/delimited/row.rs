//! Rows of a table and their fields.

use memchr::memchr;

use super::dialect::Dialect;
use crate::error::{Fault, ReadError};
use crate::input::{Input, without_break};
use crate::position::At;

/// The next row's line and fields; empty lines and comments are skipped. `None` at the end.
///
/// # Errors
/// If a quote is never closed, the row is too large or not valid text, or reading fails.
pub(crate) fn next_row(input: &mut Input, dialect: &Dialect) -> Result<Option<(u64, Vec<String>)>, ReadError> {
    loop {
        let Some(length) = input.line_end(0)? else {
            return Ok(None);
        };
        let line = input.line();
        if dialect.quotes && memchr(b'"', &input.available()[..length]).is_some() && !is_skipped(input, length, dialect)
        {
            return quoted_row(input, dialect.delimiter).map(|fields| Some((line, fields)));
        }
        let text = input.text(length).map(without_break);
        let fields = match text {
            Ok(text) if text.is_empty() || begins(text, dialect.comment) => None,
            Ok(text) => Some(Ok(split_plain(text, dialect.delimiter))),
            Err(error) => Some(Err(error)),
        };
        input.advance_lines(length, 1);
        if let Some(fields) = fields {
            return fields.map(|fields| Some((line, fields)));
        }
    }
}

fn is_skipped(input: &Input, length: usize, dialect: &Dialect) -> bool {
    dialect.comment.is_some() && input.text(length).is_ok_and(|text| begins(text, dialect.comment))
}

fn begins(text: &str, comment: Option<char>) -> bool {
    comment.is_some_and(|comment| text.starts_with(comment))
}

/// The fields of a line without quotes.
pub(crate) fn split_plain(line: &str, delimiter: char) -> Vec<String> {
    line.split(delimiter).map(str::to_owned).collect()
}

/// Reads lines until no quoted field is open.
fn quoted_row(input: &mut Input, delimiter: char) -> Result<Vec<String>, ReadError> {
    let mut fields = Fields::default();
    let (mut length, mut lines) = (0, 0);
    let mut fault = None;
    while lines == 0 || fields.is_open() && fault.is_none() {
        let Some(end) = input.line_end(length)? else {
            let position = input.position_at(At::Line(input.line()));
            return Err(ReadError::new(position, Fault::UnclosedQuote));
        };
        match input.text_between(length, end) {
            Ok(text) => {
                let line = without_break(text);
                fields.take(line, delimiter);
                fields.end_line(&text[line.len()..]);
            }
            Err(error) => fault = Some(error),
        }
        (length, lines) = (end, lines + 1);
    }
    input.advance_lines(length, lines);
    match fault {
        None => Ok(fields.finish()),
        Some(error) => Err(error),
    }
}

/// The fields of a row that is being read line by line.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    done: Vec<String>,
    field: String,
    state: State,
    /// True if the line before ended with a carriage return and a line feed.
    has_return: bool,
}

/// The position within a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before its first character.
    #[default]
    Start,
    /// In a field without quotes, or behind the closing quote.
    Plain,
    /// Between quotes.
    Quoted,
}

impl Fields {
    /// Returns whether a quoted field goes on in the next line.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    /// Takes the break behind a line: a quoted field that goes on keeps it.
    pub(crate) fn end_line(&mut self, line_break: &str) {
        self.has_return = line_break.starts_with('\r');
    }

    /// Takes a line. A quote within a field without quotes is an ordinary character.
    pub(crate) fn take(&mut self, line: &str, delimiter: char) {
        let mut rest = line;
        if self.is_open() {
            self.field.push_str(if self.has_return { "\r\n" } else { "\n" });
        }
        loop {
            match self.state {
                State::Quoted => match self.quoted(rest) {
                    None => return,
                    Some(behind) => rest = behind,
                },
                State::Start if rest.starts_with('"') => {
                    self.state = State::Quoted;
                    rest = &rest[1..];
                }
                State::Start | State::Plain => match rest.split_once(delimiter) {
                    None => {
                        self.field.push_str(rest);
                        return;
                    }
                    Some((field, behind)) => {
                        self.field.push_str(field);
                        self.end_field();
                        rest = behind;
                    }
                },
            }
        }
    }

    /// Takes text between quotes; returns what is behind the closing quote, or nothing if the field is still open.
    fn quoted<'l>(&mut self, mut rest: &'l str) -> Option<&'l str> {
        while let Some((text, behind)) = rest.split_once('"') {
            self.field.push_str(text);
            match behind.strip_prefix('"') {
                None => {
                    self.state = State::Plain;
                    return Some(behind);
                }
                Some(doubled) => {
                    self.field.push('"');
                    rest = doubled;
                }
            }
        }
        self.field.push_str(rest);
        None
    }

    fn end_field(&mut self) {
        self.done.push(std::mem::take(&mut self.field));
        self.state = State::Start;
    }

    /// The fields of the complete row.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.end_field();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ReadOptions;
    use crate::input::input;

    fn rows(content: &str, delimiter: char) -> Vec<(u64, Vec<String>)> {
        let mut input = input(content.as_bytes(), 1000);
        let options = ReadOptions {
            quotes: Some(true),
            ..ReadOptions::default()
        };
        let dialect = Dialect::new(delimiter, &options).unwrap();
        std::iter::from_fn(|| next_row(&mut input, &dialect).unwrap()).collect()
    }

    #[test]
    fn a_row_of_several_lines_has_the_line_where_it_begins() {
        let lines: Vec<u64> = rows("a,\"x\n\ny\"\nb,c\n\n\"\n\",d\ne,f", ',')
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [1, 4, 6, 8]);
    }

    #[test]
    fn text_behind_a_closing_quote_is_kept() {
        assert_eq!(rows("\"a\" b,\"\"\"c\",\"\"\n", ',')[0].1, ["a b", "\"c", ""]);
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a-c\", ;\n\té]{0,6}", 2), 1..6),
            delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            for fields in &table {
                writer.write_record(fields).unwrap();
            }
            let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = rows(&content, delimiter as char).into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(read, table);
        }
    }
}
