//! Reads a table of texts of any length in chunks, for predictions.

use std::path::Path;

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Examples, Inputs};
use super::lines::Limits;
use super::rows::{Row, RowReader};
use super::suggestion::closest;
use super::text::{RawText, TextColumns};

/// The limits for predictions. They need only one chunk in memory, so the file may have any size.
const LIMITS: Limits = Limits {
    file: u64::MAX,
    ..Limits::DEFAULT
};

/// Names of columns that identify rows; such a column is always kept.
const IDENTIFIERS: [&str; 3] = ["id", "ID", "Id"];

/// Texts in the order of their table.
#[derive(Debug)]
pub struct TextStream {
    rows: Rows,
    encoder: TextEncoder,
    /// The names of the classes; `None` if labels are not read.
    labels: Option<Vec<String>>,
}

#[derive(Debug)]
enum Rows {
    Read(Box<RowReader>),
    Given(std::vec::IntoIter<Row>),
}

/// Some rows of a table.
#[derive(Debug)]
pub struct Chunk {
    /// The lines of the file where the rows begin.
    pub lines: Vec<u64>,
    /// The original texts; empty for images.
    pub texts: Vec<RawText>,
    /// For each row, the values of the columns to keep ([`TextStream::kept`]).
    pub kept: Vec<Vec<String>>,
    /// The tokenized texts with their classes; without labels all classes are 0.
    pub examples: Examples,
    /// The rows that are left out because their labels are unknown.
    pub unknown: Vec<UnknownLabel>,
}

/// A row whose label is not one of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    /// The line of the file where it begins.
    pub line: u64,
    /// Its label.
    pub label: String,
    /// The class that was possibly meant.
    pub suggestion: Option<String>,
}

impl TextStream {
    /// Opens a `.csv`, `.tsv` or `.jsonl` file, or standard input for `-`. `labels` holds the label column and the
    /// names of the classes.
    ///
    /// Standard input is read as JSON objects if it begins with one, and as a table if its first line names the column
    /// of texts, or if there are two of them. Otherwise, without a header and labels, every line is a text.
    ///
    /// # Errors
    /// If the file cannot be read or lacks a column.
    pub fn open(
        path: &Path,
        text: &TextColumns,
        labels: Option<(&str, Vec<String>)>,
        has_header: bool,
        encoder: TextEncoder,
    ) -> Result<Self, DataError> {
        let (label, labels) = labels.unzip();
        Ok(Self {
            rows: Rows::Read(Box::new(RowReader::open(path, text, label, has_header, LIMITS)?)),
            encoder,
            labels,
        })
    }

    /// A stream of these texts, without labels.
    pub fn of_texts(texts: Vec<RawText>, encoder: TextEncoder) -> Self {
        let row = |(text, line)| Row {
            line,
            text,
            label: String::new(),
            kept: Vec::new(),
        };
        let rows: Vec<Row> = texts.into_iter().zip(1..).map(row).collect();
        Self {
            rows: Rows::Given(rows.into_iter()),
            encoder,
            labels: None,
        }
    }

    /// Keeps the values of these columns too, and of a column called `id`. Call it before reading any row.
    ///
    /// # Errors
    /// If a column does not exist.
    pub fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        match &mut self.rows {
            Rows::Read(reader) => reader.keep(columns, &IDENTIFIERS),
            Rows::Given(_) => Ok(()),
        }
    }

    /// The columns to keep.
    pub fn kept(&self) -> &[String] {
        match &self.rows {
            Rows::Read(reader) => reader.kept(),
            Rows::Given(_) => &[],
        }
    }

    /// The next rows, at most `count`; `None` after the last.
    ///
    /// # Errors
    /// If a row is invalid.
    pub fn next_chunk(&mut self, count: usize) -> Result<Option<Chunk>, DataError> {
        let mut rows: Vec<Row> = Vec::new();
        let mut classes = Vec::new();
        let mut unknown = Vec::new();
        let mut is_over = true;
        while rows.len() < count {
            let Some(row) = self.next_row()? else { break };
            is_over = false;
            let is_drained = matches!(&self.rows, Rows::Read(reader) if reader.is_drained());
            match self.class(&row) {
                Ok(class) => {
                    classes.push(class);
                    rows.push(row);
                }
                Err(label) => unknown.push(label),
            }
            // Predict the rows that are here instead of waiting for more.
            if is_drained {
                break;
            }
        }
        if is_over {
            return Ok(None);
        }
        let lines = rows.iter().map(|row| row.line).collect();
        let (texts, kept): (Vec<RawText>, _) = rows.into_iter().map(|row| (row.text, row.kept)).unzip();
        let inputs = Inputs::Texts(self.encoder.encode(&texts)?);
        Ok(Some(Chunk {
            lines,
            texts,
            kept,
            examples: Examples {
                inputs,
                labels: classes,
            },
            unknown,
        }))
    }

    fn next_row(&mut self) -> Result<Option<Row>, DataError> {
        match &mut self.rows {
            Rows::Read(reader) => reader.next_row(),
            Rows::Given(rows) => Ok(rows.next()),
        }
    }

    fn class(&self, row: &Row) -> Result<u32, UnknownLabel> {
        let Some(labels) = &self.labels else { return Ok(0) };
        let class = labels.iter().position(|label| *label == row.label);
        class.map(|class| class as u32).ok_or_else(|| UnknownLabel {
            line: row.line,
            label: row.label.clone(),
            suggestion: closest(&row.label, labels),
        })
    }
}
