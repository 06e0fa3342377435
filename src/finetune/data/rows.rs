//! Records as texts with labels.

use automl_readers::{Position, ReadOptions, Record, Source};

use super::error::DataError;
use super::labels::{self, Label, LabelKind};
use super::missing::{Missing, OnMissing};
use super::records::{self, Records};
use super::split_column::{SplitColumn, SplitReader, SplitValue};
use super::text::{RawText, TextColumns, TextSource};

/// One text with its label, and the place where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) place: Position,
    /// The line, or the number of the record in a file without lines.
    pub(super) line: u64,
    pub(super) text: RawText,
    pub(super) label: Label,
    /// The values of the other columns to keep, in the order of these columns.
    pub(super) kept: Vec<serde_json::Value>,
}

/// The columns that are read of each record.
#[derive(Clone, Debug)]
pub(super) struct RowColumns {
    pub(super) text: TextColumns,
    /// The label columns; none if labels are not read.
    pub(super) label: Vec<String>,
    pub(super) kind: LabelKind,
    /// The treatment of rows without a label or a text. `None`: rows without a label and those whose text is null are
    /// left out, and an empty text is an example.
    pub(super) on_missing: Option<OnMissing>,
}

/// Reads rows of any number, one at a time.
#[derive(Debug)]
pub(super) struct RowReader {
    records: Records,
    columns: RowColumns,
    /// The other columns to keep.
    kept: Vec<String>,
    missing: Missing,
    /// The values in the column of the split, if there is one.
    split: Option<SplitReader>,
}

impl RowReader {
    /// # Errors
    /// If the files cannot be read or lack a column.
    pub(super) fn open(sources: &[Source], options: &ReadOptions, mut columns: RowColumns) -> Result<Self, DataError> {
        if let Some(column) = columns
            .text
            .columns()
            .find(|&name| columns.label.iter().any(|label| label == name))
        {
            let column = column.to_owned();
            return Err(DataError::SameColumn { column });
        }
        let records = Records::open(sources, options)?;
        let is_nameless = records.is_plain_text() && columns.label.is_empty() && !columns.text.is_pair();
        if is_nameless && records.require(columns.text.columns()).is_err() {
            // Every line is a text, whatever its column was called in training.
            columns.text = TextColumns::one("text");
        }
        records.require(columns.text.columns())?;
        records.require(columns.label.iter().map(String::as_str))?;
        let label = columns.label.iter().map(String::as_str);
        records.readable(columns.text.columns().chain(label))?;
        Ok(Self {
            records,
            columns,
            kept: Vec::new(),
            missing: Missing::default(),
            split: None,
        })
    }

    /// Keeps other columns too ([`Records::kept`]). Call it before reading any row.
    ///
    /// # Errors
    /// If one of `columns` does not exist.
    pub(super) fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        let column = |source: &TextSource| match source {
            TextSource::Column(name) => Some(name.clone()),
            TextSource::Template(_) => None,
        };
        let shown: Vec<String> = self.columns.text.sources().filter_map(column).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        self.kept = self.records.kept(columns, &shown)?;
        Ok(())
    }

    /// Collects the values of the column that a split goes by. Call it before reading any row.
    ///
    /// # Errors
    /// If there is no such column.
    pub(super) fn split_by(&mut self, column: &SplitColumn) -> Result<(), DataError> {
        self.split = Some(SplitReader::new(column, &self.records)?);
        Ok(())
    }

    /// The values of the column that a split goes by, for each row that was read.
    pub(super) fn into_split_values(self) -> Vec<SplitValue> {
        self.split.map(SplitReader::into_values).unwrap_or_default()
    }

    /// The columns to keep, other than text and label.
    pub(super) fn kept(&self) -> &[String] {
        &self.kept
    }

    /// The rows that were left out until now.
    pub(super) fn missing(&self) -> &Missing {
        &self.missing
    }

    /// Returns whether the next row has not arrived yet.
    pub(super) fn is_drained(&self) -> bool {
        self.records.is_drained()
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// If the row is invalid.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, DataError> {
        while let Some((line, record)) = self.records.next()? {
            if let Some(row) = self.row(line, record)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The row of a record; `None` if it is left out.
    fn row(&mut self, line: u64, mut record: Record) -> Result<Option<Row>, DataError> {
        let place = record.position.clone();
        let label = labels::read(&record, &self.columns.label, &self.columns.kind)?;
        let kept = self.kept.iter().map(|name| records::json(&record, name)).collect();
        let value = self.split.as_ref().map(|split| split.read(&record));
        let text = self.text(&mut record)?;
        let strict = self.columns.on_missing == Some(OnMissing::Error);
        let Some(label) = label else {
            self.missing.add_label(&place);
            return if strict {
                Err(DataError::EmptyLabel { place })
            } else {
                Ok(None)
            };
        };
        let Some(text) = text else {
            self.missing.add_text(&place);
            return match (self.columns.label.is_empty(), strict) {
                (true, _) => Err(DataError::NoText {
                    place,
                    column: self.columns.text.columns().collect::<Vec<_>>().join("`, `"),
                }),
                (false, true) => Err(DataError::EmptyText { place }),
                (false, false) => Ok(None),
            };
        };
        if let (Some(split), Some(value)) = (&mut self.split, value) {
            split.push(value?);
        }
        Ok(Some(Row {
            place,
            line,
            text,
            label,
            kept,
        }))
    }

    /// The text of a record; `None` if it is missing.
    fn text(&self, record: &mut Record) -> Result<Option<RawText>, DataError> {
        let mut texts = Vec::with_capacity(2);
        for source in self.columns.text.sources() {
            texts.push(match source {
                TextSource::Column(column) => records::text(record, column)?,
                TextSource::Template(template) => template.fill(|column| records::spelling(record, column))?,
            });
        }
        let second = if texts.len() > 1 { texts.pop() } else { None };
        let (Some(Some(first)), None | Some(Some(_))) = (texts.pop(), &second) else {
            return Ok(None);
        };
        let text = RawText {
            first,
            second: second.flatten(),
        };
        let is_blank = self.columns.on_missing.is_some() && text.texts().all(|text| text.trim().is_empty());
        Ok((!is_blank).then_some(text))
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::Arc;

    use automl_readers::At;

    use super::{Label, Position, RawText, Row};
    use std::path::Path;

    /// A row of `t.csv` with this label.
    pub(in super::super) fn row(line: u64, label: Label) -> Row {
        Row {
            place: Position {
                file: Arc::from(Path::new("t.csv")),
                at: At::Line(line),
            },
            line,
            text: RawText::default(),
            label,
            kept: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &[&str], on_missing: Option<OnMissing>) -> RowColumns {
        let text: Vec<String> = text.iter().map(|&name| name.to_owned()).collect();
        RowColumns {
            text: TextColumns::new(&text).unwrap(),
            label: vec!["label".to_owned()],
            kind: LabelKind::Class,
            on_missing,
        }
    }

    fn read_all(
        name: &str,
        content: impl Into<Vec<u8>>,
        columns: RowColumns,
    ) -> Result<(Vec<Row>, Missing), DataError> {
        let mut reader = RowReader::open(&[Source::memory(name, content)], &ReadOptions::default(), columns)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row()? {
            rows.push(row);
        }
        Ok((rows, reader.missing))
    }

    fn read(name: &str, content: &str) -> Result<(Vec<Row>, Missing), DataError> {
        read_all(name, content, columns(&["text"], None))
    }

    fn shown(rows: &[Row]) -> Vec<String> {
        let show = |row: &Row| {
            let texts: Vec<&str> = row.text.texts().collect();
            let Label::Class(label) = &row.label else {
                panic!("a class")
            };
            format!("{}: {} -> {label}", row.line, texts.join(" | "))
        };
        rows.iter().map(show).collect()
    }

    fn message(name: &str, content: impl Into<Vec<u8>>) -> String {
        read_all(name, content, columns(&["text"], Some(OnMissing::Error)))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_same_rows_are_read_from_every_format() {
        let expected = ["2: say \"hi\", you -> yes", "3:  -> no"];
        let csv = "\u{feff}id, text ,label\n1,\"say \"\"hi\"\", you\", yes \n2,,no\n";
        assert_eq!(shown(&read("a.csv", csv).unwrap().0), expected);
        let semicolons = "id; text ;label\n1;\"say \"\"hi\"\", you\"; yes \n2;;no\n";
        assert_eq!(shown(&read("a.csv", semicolons).unwrap().0), expected);
        let tsv = "label\ttext\r\nyes\tsay \"hi\", you\r\nno\t\r\n";
        assert_eq!(shown(&read("a.TSV", tsv).unwrap().0), expected);
        let jsonl =
            "\n{\"text\": \"say \\\"hi\\\", you\", \"label\": \"yes\", \"id\": 1}\n{\"label\": \"no\", \"text\": \"\"}";
        assert_eq!(shown(&read("a.jsonl", jsonl).unwrap().0), expected);
    }

    #[test]
    fn pairs_and_templates_are_read_from_every_format() {
        let tables = [
            ("a.csv", "label,b,a\nyes,\"one, two\",first\nno,,last\n"),
            ("a.tsv", "a\tlabel\tb\nfirst\tyes\tone, two\nlast\tno\t\n"),
            (
                "a.jsonl",
                "\n{\"a\":\"first\",\"b\":\"one, two\",\"label\":\"yes\"}\n{\"b\":\"\",\"a\":\"last\",\"label\":\"no\"}",
            ),
        ];
        for (name, table) in tables {
            let rows = read_all(name, table, columns(&["a", "b"], None)).unwrap().0;
            assert_eq!(
                shown(&rows),
                ["2: first | one, two -> yes", "3: last |  -> no"],
                "{name}"
            );
            let joined = read_all(name, table, columns(&["{a}: {b}"], None)).unwrap().0;
            assert_eq!(
                shown(&joined),
                ["2: first: one, two -> yes", "3: last:  -> no"],
                "{name}"
            );
        }
        let numbers = "{\"a\": 1.50, \"b\": true, \"label\": 1}";
        let joined = read_all("a.jsonl", numbers, columns(&["{a} {b}"], None)).unwrap().0;
        assert_eq!(shown(&joined), ["1: 1.50 true -> 1"]);
    }

    #[test]
    fn rows_without_a_label_or_a_text_are_left_out_counted_and_named() {
        let jsonl = "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"a\"}\n{\"text\":null,\"label\":\"x\"}\n\
                     {\"text\":\" \",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\" \"}\n";
        let (rows, missing) = read("a.jsonl", jsonl).unwrap();
        assert_eq!(shown(&rows), ["1: a -> x", "4:   -> x"]);
        insta::assert_snapshot!(missing, @"2 rows without a label (the first: `a.jsonl`, line 2), 1 row without a text (`a.jsonl`, line 3)");
        let (rows, missing) = read_all("a.jsonl", jsonl, columns(&["text"], Some(OnMissing::Skip))).unwrap();
        assert_eq!((rows.len(), missing.rows()), (1, 4));
    }

    #[test]
    fn every_fault_of_a_table_is_said_with_its_place() {
        let faults = [
            message("t.csv", ""),
            message("t.csv", "text,label\n"),
            message("t.csv", "txt,label\na,b\n"),
            message("t.csv", "text,label,text\na,b,c\n"),
            message("t.csv", "text,label\na,b\na,b,c\n"),
            message("t.tsv", "text\tlabel\n\"a\tb\"\tc\n"),
            message("t.tsv", "text\tlabel\na\t \n"),
            message("t.tsv", "text\tlabel\n\tb\n"),
            message("t.tsv", b"text\tlabel\n\xff\tb\n"),
            message("t.csv", "text,label\n\"a,b\n"),
            message("t.jsonl", "\n\n"),
            message("t.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"a\",}"),
            message("t.jsonl", "[1]"),
            message("t.jsonl", "{\"text\":\"a\",\"lable\":1}"),
            message("t.jsonl", "{\"text\":1,\"label\":1}"),
            message("t.jsonl", "{\"text\":\"a\",\"label\":null}"),
            message("t.jsonl", "{\"text\":\"a\",\"label\":0.5}"),
            message("t.xlsx", "PK\u{3}\u{4}"),
        ];
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn text_and_label_must_be_different_columns() {
        for text in [&["label"][..], &["text", "label"], &["{text} {label}"]] {
            let error = read_all("a.csv", "text,label\na,b\n", columns(text, None)).unwrap_err();
            assert!(matches!(error, DataError::SameColumn { .. }), "{error}");
        }
    }
}
