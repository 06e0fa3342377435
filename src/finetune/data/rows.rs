//! The rows of a table file, each a text with its label.

use std::path::Path;

use serde_json::{Map, Value};

use super::error::DataError;
use super::fields::{Separator, next_row};
use super::lines::{Limits, Lines, is_standard_input};
use super::suggestion::closest;
use super::text::{RawText, TextColumns};

/// One labelled text and the line where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) text: RawText,
    /// The label, trimmed and never empty; empty only if labels are not read.
    pub(super) label: String,
    /// The values of the other columns to keep, in the order of these columns.
    pub(super) kept: Vec<String>,
}

/// The names of the columns of texts and labels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'a> {
    pub(super) text: &'a TextColumns,
    pub(super) label: &'a str,
}

/// Reads a `.csv`, `.tsv` or `.jsonl` file with at least one row.
///
/// # Errors
/// If the file cannot be read, lacks a column, or has an invalid row.
pub(super) fn read_rows(path: &Path, columns: Columns<'_>, limits: Limits) -> Result<Vec<Row>, DataError> {
    let mut reader = RowReader::open(path, columns.text, Some(columns.label), true, limits)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(reader.nothing_there());
    }
    Ok(rows)
}

/// Reads a table of any length, one row at a time.
#[derive(Debug)]
pub(super) struct RowReader {
    lines: Lines,
    text: TextColumns,
    /// The label column; `None` if labels are not read.
    label: Option<String>,
    /// The other columns to keep.
    kept: Vec<String>,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Separated(Separated),
    Objects,
    /// Every line is a text.
    Plain,
}

/// The columns of a table, and the indices of those that are read.
#[derive(Debug)]
struct Separated {
    separator: Separator,
    text: usize,
    /// The column of the second text of a pair.
    second: Option<usize>,
    label: Option<usize>,
    kept: Vec<usize>,
    names: Vec<String>,
}

impl RowReader {
    /// Opens a `.csv`, `.tsv` or `.jsonl` file, or standard input for `-`.
    ///
    /// Standard input is read as JSON objects if it begins with one, and as a table if its first line names the column
    /// of texts, or if there are two of them. Otherwise, without a header and labels, every line is a text.
    ///
    /// # Errors
    /// If the file cannot be read or lacks a column.
    pub(super) fn open(
        path: &Path,
        text: &TextColumns,
        label: Option<&str>,
        has_header: bool,
        limits: Limits,
    ) -> Result<Self, DataError> {
        if let Some(column) = text.names().find(|&name| label == Some(name)) {
            let column = column.to_owned();
            return Err(DataError::SameColumn { column });
        }
        if is_standard_input(path) {
            let mut lines = Lines::open(path, limits)?;
            let has_header = has_header || label.is_some() || text.is_pair();
            let format = match seen_in(lines.peek()?.unwrap_or_default(), text.first(), has_header) {
                Seen::Table(separator) => header(&mut lines, separator, text, label)?,
                Seen::Objects => Format::Objects,
                Seen::Plain => Format::Plain,
            };
            return Ok(Self::of(lines, text, label, format));
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        let separator = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Some(Separator::Comma),
            Some("tsv" | "tab") => Some(Separator::Tab),
            Some("jsonl" | "ndjson") => None,
            Some(_) | None => return Err(DataError::UnknownFormat { path: path.to_owned() }),
        };
        let mut lines = Lines::open(path, limits)?;
        let format = match separator {
            Some(separator) => header(&mut lines, separator, text, label)?,
            None => Format::Objects,
        };
        Ok(Self::of(lines, text, label, format))
    }

    fn of(lines: Lines, text: &TextColumns, label: Option<&str>, format: Format) -> Self {
        Self {
            lines,
            text: text.clone(),
            label: label.map(str::to_owned),
            kept: Vec::new(),
            format,
        }
    }

    /// Keeps other columns too: all of `columns`, and those of `wished` that exist. Call it before reading any row.
    ///
    /// # Errors
    /// If one of `columns` does not exist.
    pub(super) fn keep(&mut self, columns: &[String], wished: &[&str]) -> Result<(), DataError> {
        let (line, names) = match &self.format {
            Format::Separated(table) => (1, table.names.clone()),
            Format::Objects => (1, self.first_keys()?),
            Format::Plain => (1, Vec::new()),
        };
        let wished = wished.iter().map(|&name| name.to_owned());
        let wished = wished.filter(|name| names.contains(name) && !columns.contains(name));
        self.kept = columns.iter().cloned().chain(wished).collect();
        self.kept.retain(|name| self.text.names().all(|text| text != name));
        let path = self.lines.path().to_owned();
        if let Some(missing) = self.kept.iter().find(|name| !names.contains(name)) {
            return Err(unknown_column(&path, line, missing, names));
        }
        if let Format::Separated(table) = &mut self.format {
            let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
            let places = self.kept.iter().map(|name| position(&path, line, &names, name));
            table.kept = places.collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// The columns to keep, other than text and label.
    pub(super) fn kept(&self) -> &[String] {
        &self.kept
    }

    /// The keys of the first object; empty if it is not an object, which is reported when it is read.
    fn first_keys(&mut self) -> Result<Vec<String>, DataError> {
        let first = self.lines.peek()?.unwrap_or_default();
        let object: Map<String, Value> = serde_json::from_str(first).unwrap_or_default();
        Ok(object.keys().cloned().collect())
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// If the row is invalid.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, DataError> {
        match &self.format {
            Format::Separated(table) => next_separated(&mut self.lines, table),
            Format::Objects => self.next_object(),
            Format::Plain => self.next_plain(),
        }
    }

    /// Returns whether the next row has not arrived yet.
    pub(super) fn is_drained(&self) -> bool {
        self.lines.is_drained()
    }

    /// The error for a table without rows.
    fn nothing_there(&self) -> DataError {
        let path = self.lines.path().to_owned();
        match self.format {
            Format::Separated(_) => DataError::HeaderOnly { path },
            Format::Objects | Format::Plain => DataError::Empty { path },
        }
    }

    /// Skips blank lines, as in a table.
    fn next_plain(&mut self) -> Result<Option<Row>, DataError> {
        while let Some((line, text)) = self.lines.next_line()? {
            if !text.trim().is_empty() {
                return Ok(Some(Row {
                    line,
                    text: text.to_owned().into(),
                    label: String::new(),
                    kept: Vec::new(),
                }));
            }
        }
        Ok(None)
    }

    fn next_object(&mut self) -> Result<Option<Row>, DataError> {
        let path = self.lines.path().to_owned();
        let (line, json) = loop {
            match self.lines.next_line()? {
                None => return Ok(None),
                Some((_, json)) if json.trim().is_empty() => {}
                Some((line, json)) => break (line, json),
            }
        };
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
        let text_in = |column: &str| match value(column)? {
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong(column, other, "a string")),
        };
        let text = RawText {
            first: text_in(self.text.first())?,
            second: self.text.second().map(text_in).transpose()?,
        };
        let of_kept = |column: &String| match object.get(column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let kept = self.kept.iter().map(of_kept).collect();
        let Some(column) = &self.label else {
            let label = String::new();
            return Ok(Some(Row {
                line,
                text,
                label,
                kept,
            }));
        };
        let label = match value(column)? {
            Value::String(label) => present(&path, line, label)?,
            Value::Bool(label) => label.to_string(),
            Value::Number(label) if !label.is_f64() => label.to_string(),
            Value::Null => return Err(DataError::EmptyLabel { path, line }),
            other => return Err(wrong(column, other, "a string, a whole number, `true` or `false`")),
        };
        Ok(Some(Row {
            line,
            text,
            label,
            kept,
        }))
    }
}

/// The format of standard input, guessed from its first line.
enum Seen {
    Table(Separator),
    Objects,
    Plain,
}

fn seen_in(first: &str, text: &str, has_header: bool) -> Seen {
    let names = |separator: char| first.split(separator).any(|name| name.trim().trim_matches('"') == text);
    if first.trim_start().starts_with('{') {
        Seen::Objects
    } else if names('\t') || has_header && first.contains('\t') {
        Seen::Table(Separator::Tab)
    } else if names(',') || has_header {
        Seen::Table(Separator::Comma)
    } else {
        Seen::Plain
    }
}

fn next_separated(lines: &mut Lines, table: &Separated) -> Result<Option<Row>, DataError> {
    let Some((line, mut fields)) = next_row(lines, table.separator)? else {
        return Ok(None);
    };
    let path = lines.path();
    if fields.len() != table.names.len() {
        let advice = match table.separator {
            Separator::Comma => "put a field that holds a comma into double quotes",
            Separator::Tab => "take tabs out of the fields: in this format no quotes protect them",
        };
        return Err(DataError::Ragged {
            path: path.to_owned(),
            line,
            expected: table.names.len(),
            found: fields.len(),
            advice,
        });
    }
    let label = table
        .label
        .map(|label| present(path, line, &fields[label]))
        .transpose()?;
    let kept = table.kept.iter().map(|&place| fields[place].clone()).collect();
    Ok(Some(Row {
        line,
        text: RawText {
            first: std::mem::take(&mut fields[table.text]),
            second: table.second.map(|second| std::mem::take(&mut fields[second])),
        },
        label: label.unwrap_or_default(),
        kept,
    }))
}

/// Finds the columns in the header.
fn header(
    lines: &mut Lines,
    separator: Separator,
    text: &TextColumns,
    label: Option<&str>,
) -> Result<Format, DataError> {
    let path = lines.path().to_owned();
    let Some((line, header)) = next_row(lines, separator)? else {
        return Err(DataError::Empty { path });
    };
    let names: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    let at = |column: &str| position(&path, line, &names, column);
    Ok(Format::Separated(Separated {
        separator,
        text: at(text.first())?,
        second: text.second().map(at).transpose()?,
        label: label.map(at).transpose()?,
        kept: Vec::new(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    }))
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

/// A label without surrounding blanks, which would split one class into two.
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

/// The parser's message with its column but without its line, which is 1 for every line of a JSONL file.
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

    fn read_columns(
        ending: &str,
        content: impl AsRef<[u8]>,
        text: &[&str],
        label: &str,
    ) -> Result<Vec<Row>, DataError> {
        let file = file(ending, content);
        let text: Vec<String> = text.iter().map(|&name| name.to_owned()).collect();
        let text = &TextColumns::new(&text)?;
        read_rows(file.path(), Columns { text, label }, Limits::DEFAULT)
    }

    fn read(ending: &str, content: impl AsRef<[u8]>) -> Result<Vec<Row>, DataError> {
        read_columns(ending, content, &["text"], "label")
    }

    fn pairs(rows: &[Row]) -> Vec<(u64, &str, &str)> {
        rows.iter()
            .map(|row| (row.line, row.text.first.as_str(), row.label.as_str()))
            .collect()
    }

    /// The message with `FILE` in place of the temporary file's name.
    fn message(ending: &str, content: impl AsRef<[u8]>) -> String {
        without_name(&read(ending, content).unwrap_err())
    }

    fn without_name(error: &DataError) -> String {
        let message = error.to_string();
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
    fn pairs_are_read_from_every_format() {
        let tables = [
            (".csv", "label,b,a\nyes,\"one, two\",first\nno,,last\n"),
            (".tsv", "a\tlabel\tb\nfirst\tyes\tone, two\nlast\tno\t\n"),
            (
                ".jsonl",
                "\n{\"a\":\"first\",\"b\":\"one, two\",\"label\":\"yes\"}\n{\"b\":\"\",\"a\":\"last\",\"label\":\"no\"}",
            ),
        ];
        for (ending, table) in tables {
            let rows = read_columns(ending, table, &["a", "b"], "label").unwrap();
            let texts: Vec<Vec<&str>> = rows.iter().map(|row| row.text.texts().collect()).collect();
            assert_eq!(texts, [["first", "one, two"], ["last", ""]], "{ending}");
            let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
            assert_eq!(labels, ["yes", "no"]);
        }
        let missing = read_columns(".csv", "premise,label\na,b\n", &["premise", "hypothesis"], "label");
        assert_eq!(
            without_name(&missing.unwrap_err()),
            "FILE, line 1: no column `hypothesis`; there are the columns `premise`, `label`"
        );
        let wrong = read_columns(".jsonl", "{\"a\":\"x\",\"b\":1,\"label\":\"y\"}", &["a", "b"], "label");
        assert_eq!(
            without_name(&wrong.unwrap_err()),
            "FILE, line 1: `b` is a whole number; it must be a string"
        );
    }

    #[test]
    fn text_and_label_must_be_different_columns() {
        for text in [&["label"][..], &["text", "label"]] {
            let error = read_columns(".csv", "text,label\na,b\n", text, "label").unwrap_err();
            assert!(matches!(error, DataError::SameColumn { .. }), "{error}");
        }
    }
}
