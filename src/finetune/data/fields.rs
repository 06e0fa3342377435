//! Splits a row of a table into fields.

use super::error::DataError;
use super::lines::Lines;

/// The format of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// RFC 4180: a field in double quotes may contain commas, line breaks and doubled quotes. A quote inside an
    /// unquoted field is an ordinary character.
    Comma,
    /// IANA's `text/tab-separated-values`, without quoting. Real files of texts (GLUE's, the SMS spam collection)
    /// contain unpaired quotes, also at the beginning of a field. A reader with quoting would swallow the rows that
    /// follow.
    Tab,
}

/// The next row's line and fields; empty lines are skipped. `None` at the end.
///
/// # Errors
/// The same as for [`Lines::next_line`], and if a quote is never closed.
pub(super) fn next_row(lines: &mut Lines, separator: Separator) -> Result<Option<(u64, Vec<String>)>, DataError> {
    loop {
        match lines.next_line()? {
            None => return Ok(None),
            Some((_, "")) => {}
            Some((line, text)) => {
                return match separator {
                    Separator::Tab => Ok(Some((line, text.split('\t').map(str::to_owned).collect()))),
                    Separator::Comma => {
                        let mut record = Record::default();
                        record.take(text);
                        quoted_row(lines, line, record).map(Some)
                    }
                };
            }
        }
    }
}

/// Reads more lines until no quoted field is open.
fn quoted_row(lines: &mut Lines, line: u64, mut record: Record) -> Result<(u64, Vec<String>), DataError> {
    let mut bytes = record.bytes;
    while record.state == State::Quoted {
        let Some((_, text)) = lines.next_line()? else {
            return Err(DataError::UnclosedQuote {
                path: lines.path().to_owned(),
                line,
            });
        };
        record.field.push('\n');
        record.take(text);
        bytes = record.bytes;
        if bytes > lines.longest() {
            break;
        }
    }
    if bytes > lines.longest() {
        return Err(DataError::LineTooLong {
            path: lines.path().to_owned(),
            line,
            limit: lines.longest(),
        });
    }
    record.end_field();
    Ok((line, record.fields))
}

/// A record that is being read.
#[derive(Debug, Default)]
struct Record {
    fields: Vec<String>,
    field: String,
    state: State,
    bytes: u64,
}

/// The reader's position within a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: it closes the field unless another quote follows.
    Closing,
}

impl Record {
    fn take(&mut self, text: &str) {
        self.bytes += text.len() as u64 + 1;
        for character in text.chars() {
            match (self.state, character) {
                (State::Start, '"') => self.state = State::Quoted,
                (State::Quoted, '"') => self.state = State::Closing,
                (State::Start | State::Plain | State::Closing, ',') => self.end_field(),
                (State::Closing, '"') => {
                    self.field.push('"');
                    self.state = State::Quoted;
                }
                (State::Start | State::Plain | State::Closing, _) => {
                    self.field.push(character);
                    self.state = State::Plain;
                }
                (State::Quoted, _) => self.field.push(character),
            }
        }
    }

    fn end_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
        self.state = State::Start;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lines::Limits;
    use super::super::testing::file;
    use super::*;

    fn rows(content: &str, separator: Separator) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let file = file(".csv", content);
        let mut lines = Lines::open(
            file.path(),
            Limits {
                file: 1 << 20,
                line: 1 << 10,
            },
        )?;
        let mut rows = Vec::new();
        while let Some(row) = next_row(&mut lines, separator)? {
            rows.push(row);
        }
        Ok(rows)
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|&field| field.to_owned()).collect())
    }

    #[test]
    fn quoted_fields_hold_separators_quotes_and_line_breaks() {
        let rows = rows(
            "a,b\r\n\"1,5\",\"say \"\"hi\"\"\"\r\n\r\n\"two\r\nlines\",\n9\" tv,x\n",
            Separator::Comma,
        )
        .unwrap();
        let expected = [
            row(1, &["a", "b"]),
            row(2, &["1,5", "say \"hi\""]),
            row(4, &["two\nlines", ""]),
            row(6, &["9\" tv", "x"]),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn quotes_in_a_tab_separated_file_are_characters() {
        let rows = rows("label\ttext\nham\t\"hello\nspam\t9\" tv\t\n", Separator::Tab).unwrap();
        assert_eq!(
            rows,
            [
                row(1, &["label", "text"]),
                row(2, &["ham", "\"hello"]),
                row(3, &["spam", "9\" tv", ""])
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_reported_where_its_row_begins() {
        let error = rows("a,b\n1,\"2\n3,4\n", Separator::Comma).unwrap_err();
        assert!(matches!(error, DataError::UnclosedQuote { line: 2, .. }), "{error}");
    }

    #[test]
    fn a_quote_left_open_in_a_large_file_is_found_at_the_limit() {
        let content = format!("a,b\n1,\"{}", "x\n".repeat(1000));
        let error = rows(&content, Separator::Comma).unwrap_err();
        assert!(matches!(error, DataError::LineTooLong { line: 2, .. }), "{error}");
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a-c\", \n\té]{0,6}", 2), 1..6),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for fields in &table {
                writer.write_record(fields).unwrap();
            }
            let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> =
                rows(&content, Separator::Comma).unwrap().into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(read, table);
        }
    }
}
