//! The rows of one table file, each a text with its label.

use std::path::Path;

use serde_json::{Map, Value};

use super::error::DataError;
use super::fields::{Separator, next_row};
use super::lines::{Limits, Lines};
use super::suggestion::closest;

/// One labelled text and the line where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) text: String,
    /// Trimmed and never empty.
    pub(super) label: String,
}

/// The names of the two columns that are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'a> {
    pub(super) text: &'a str,
    pub(super) label: &'a str,
}

/// Reads a `.csv`, `.tsv` or `.jsonl` file; at least one row.
///
/// # Errors
/// The file cannot be read, has no such columns, or has a row that is not as it should be.
pub(super) fn read_rows(path: &Path, columns: Columns<'_>, limits: Limits) -> Result<Vec<Row>, DataError> {
    if columns.text == columns.label {
        return Err(DataError::SameColumn {
            column: columns.text.to_owned(),
        });
    }
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => separated(Lines::open(path, limits)?, Separator::Comma, columns),
        Some("tsv" | "tab") => separated(Lines::open(path, limits)?, Separator::Tab, columns),
        Some("jsonl" | "ndjson") => objects(Lines::open(path, limits)?, columns),
        Some(_) | None => Err(DataError::UnknownFormat { path: path.to_owned() }),
    }
}

fn separated(mut lines: Lines, separator: Separator, columns: Columns<'_>) -> Result<Vec<Row>, DataError> {
    let path = lines.path().to_owned();
    let Some((header_line, header)) = next_row(&mut lines, separator)? else {
        return Err(DataError::Empty { path });
    };
    let names: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    let text = position(&path, header_line, &names, columns.text)?;
    let label = position(&path, header_line, &names, columns.label)?;
    let mut rows = Vec::new();
    while let Some((line, mut fields)) = next_row(&mut lines, separator)? {
        if fields.len() != names.len() {
            let advice = match separator {
                Separator::Comma => "put a field that holds a comma into double quotes",
                Separator::Tab => "take tabs out of the fields: in this format no quotes protect them",
            };
            return Err(DataError::Ragged {
                path,
                line,
                expected: names.len(),
                found: fields.len(),
                advice,
            });
        }
        let label = present(&path, line, &fields[label])?;
        rows.push(Row {
            line,
            text: std::mem::take(&mut fields[text]),
            label,
        });
    }
    if rows.is_empty() {
        return Err(DataError::HeaderOnly { path });
    }
    Ok(rows)
}

fn position(path: &Path, line: u64, names: &[&str], column: &str) -> Result<usize, DataError> {
    let mut places = names
        .iter()
        .enumerate()
        .filter(|(_, name)| **name == column)
        .map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(DataError::RepeatedColumn {
            path: path.to_owned(),
            column: column.to_owned(),
        }),
        (None, _) => Err(unknown_column(
            path,
            line,
            column,
            names.iter().map(|&name| name.to_owned()).collect(),
        )),
    }
}

fn objects(mut lines: Lines, columns: Columns<'_>) -> Result<Vec<Row>, DataError> {
    let path = lines.path().to_owned();
    let mut rows = Vec::new();
    while let Some((line, json)) = lines.next_line()? {
        if json.trim().is_empty() {
            continue;
        }
        let object: Map<String, Value> = serde_json::from_str(json).map_err(|error| DataError::Json {
            path: path.clone(),
            line,
            message: without_place(&error),
        })?;
        let value = |column: &str| {
            object
                .get(column)
                .ok_or_else(|| unknown_column(&path, line, column, object.keys().cloned().collect()))
        };
        let wrong = |column: &str, value: &Value, wanted| DataError::WrongKind {
            path: path.clone(),
            line,
            column: column.to_owned(),
            found: kind(value),
            wanted,
        };
        let text = match value(columns.text)? {
            Value::String(text) => text.clone(),
            other => return Err(wrong(columns.text, other, "a string")),
        };
        let label = match value(columns.label)? {
            Value::String(label) => present(&path, line, label)?,
            Value::Bool(label) => label.to_string(),
            Value::Number(label) if !label.is_f64() => label.to_string(),
            Value::Null => return Err(DataError::EmptyLabel { path, line }),
            other => {
                return Err(wrong(
                    columns.label,
                    other,
                    "a string, a whole number, `true` or `false`",
                ));
            }
        };
        rows.push(Row { line, text, label });
    }
    if rows.is_empty() {
        return Err(DataError::Empty { path });
    }
    Ok(rows)
}

/// A label without blanks around it, which would make one class into two.
fn present(path: &Path, line: u64, label: &str) -> Result<String, DataError> {
    match label.trim() {
        "" => Err(DataError::EmptyLabel {
            path: path.to_owned(),
            line,
        }),
        label => Ok(label.to_owned()),
    }
}

fn unknown_column(path: &Path, line: u64, column: &str, available: Vec<String>) -> DataError {
    let suggestion = closest(column, &available);
    DataError::UnknownColumn {
        path: path.to_owned(),
        line,
        column: column.to_owned(),
        available,
        suggestion,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The parser's words with its column but without its line, which is 1 for every line of a JSONL file.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.split_once(" at line ") {
        Some((what, _)) if error.column() > 0 => format!("{what} at column {}", error.column()),
        Some((what, _)) => what.to_owned(),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::file;
    use super::*;

    fn read(ending: &str, content: impl AsRef<[u8]>) -> Result<Vec<Row>, DataError> {
        let file = file(ending, content);
        read_rows(
            file.path(),
            Columns {
                text: "text",
                label: "label",
            },
            Limits::DEFAULT,
        )
    }

    fn pairs(rows: &[Row]) -> Vec<(u64, &str, &str)> {
        rows.iter()
            .map(|row| (row.line, row.text.as_str(), row.label.as_str()))
            .collect()
    }

    /// The message without the temporary file's name.
    fn message(ending: &str, content: impl AsRef<[u8]>) -> String {
        let message = read(ending, content).unwrap_err().to_string();
        let (_, rest) = message.split_once('`').unwrap();
        let (_, rest) = rest.split_once('`').unwrap();
        format!("FILE{rest}")
    }

    #[test]
    fn the_same_rows_are_read_from_every_format() {
        let expected = [(2, "say \"hi\", you", "yes"), (3, "", "no")];
        let csv = read(
            ".csv",
            "\u{feff}id, text ,label\n1,\"say \"\"hi\"\", you\", yes \n2,,no\n",
        )
        .unwrap();
        assert_eq!(pairs(&csv), expected);
        let tsv = read(".TSV", "label\ttext\r\nyes\tsay \"hi\", you\r\nno\t\r\n").unwrap();
        assert_eq!(pairs(&tsv), expected);
        let jsonl =
            "\n{\"text\": \"say \\\"hi\\\", you\", \"label\": \"yes\", \"id\": 1}\n{\"label\": \"no\", \"text\": \"\"}";
        assert_eq!(pairs(&read(".jsonl", jsonl).unwrap()), expected);
    }

    #[test]
    fn json_labels_may_be_whole_numbers_or_truth_values() {
        let rows = read(
            ".jsonl",
            "{\"text\":\"a\",\"label\":-3}\n{\"text\":\"b\",\"label\":true}",
        )
        .unwrap();
        assert_eq!(pairs(&rows), [(1, "a", "-3"), (2, "b", "true")]);
    }

    #[test]
    fn every_fault_of_a_table_is_said_with_its_place() {
        let faults = [
            message(".csv", ""),
            message(".csv", "text,label\n"),
            message(".csv", "txt,label\na,b\n"),
            message(".csv", "text;label\na;b\n"),
            message(".csv", "text,label,text\na,b,c\n"),
            message(".csv", "text,label\na,b\na,b,c\n"),
            message(".tsv", "text\tlabel\n\"a\tb\"\tc\n"),
            message(".tsv", "text\tlabel\na\t \n"),
            message(".tsv", b"text\tlabel\n\xff\tb\n"),
            message(".csv", "text,label\n\"a,b\n"),
            message(".jsonl", "\n\n"),
            message(".jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"a\",}"),
            message(".jsonl", "[1]"),
            message(".jsonl", "{\"text\":\"a\",\"lable\":1}"),
            message(".jsonl", "{\"text\":1,\"label\":1}"),
            message(".jsonl", "{\"text\":\"a\",\"label\":null}"),
            message(".jsonl", "{\"text\":\"a\",\"label\":0.5}"),
            message(".xlsx", ""),
        ];
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn text_and_label_must_be_two_columns() {
        let file = file(".csv", "text,label\na,b\n");
        let error = read_rows(
            file.path(),
            Columns {
                text: "text",
                label: "text",
            },
            Limits::DEFAULT,
        )
        .unwrap_err();
        assert!(matches!(error, DataError::SameColumn { .. }), "{error}");
    }
}
