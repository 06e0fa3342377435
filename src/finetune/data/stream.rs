//! Reads a table of texts of any length in chunks, for predictions.

use std::path::{Path, PathBuf};

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Examples, Inputs};
use super::labels;
use super::lines::Limits;
use super::rows::{Row, RowReader};
use super::suggestion::closest;
use super::table::LabelKind;
use super::targets::Targets;
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
    path: PathBuf,
    encoder: TextEncoder,
    /// The labels to read; `None` if they are not read.
    labels: Option<KnownLabels>,
}

/// The labels that a model knows.
#[derive(Clone, Debug)]
pub struct KnownLabels {
    /// Their column.
    pub column: String,
    /// Their names.
    pub names: Vec<String>,
    /// Their kind.
    pub kind: LabelKind,
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
    /// labels that are known.
    ///
    /// Standard input is read as JSON objects if it begins with one, and as a table if its first line names the column
    /// of texts, or if there are two of them. Otherwise, without a header and labels, every line is a text.
    ///
    /// # Errors
    /// If the file cannot be read or lacks a column.
    pub fn open(
        path: &Path,
        text: &TextColumns,
        labels: Option<KnownLabels>,
        has_header: bool,
        encoder: TextEncoder,
    ) -> Result<Self, DataError> {
        let label = labels.as_ref().map(|labels| labels.column.as_str());
        Ok(Self {
            rows: Rows::Read(Box::new(RowReader::open(path, text, label, has_header, LIMITS)?)),
            path: path.to_owned(),
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
            path: PathBuf::new(),
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
        let mut unknown = Vec::new();
        let mut is_over = true;
        while rows.len() < count {
            let Some(row) = self.next_row()? else { break };
            is_over = false;
            let is_drained = matches!(&self.rows, Rows::Read(reader) if reader.is_drained());
            match self.unknown_label(&row) {
                None => rows.push(row),
                Some(label) => unknown.push(label),
            }
            // Predict the rows that are here instead of waiting for more.
            if is_drained {
                break;
            }
        }
        if is_over {
            return Ok(None);
        }
        let targets = match &self.labels {
            Some(KnownLabels { names, kind, .. }) => labels::targets(&self.path, &rows, names, kind)?,
            None => Targets::Classes(vec![0; rows.len()]),
        };
        let lines = rows.iter().map(|row| row.line).collect();
        let (texts, kept): (Vec<RawText>, _) = rows.into_iter().map(|row| (row.text, row.kept)).unzip();
        let inputs = Inputs::Texts(self.encoder.encode(&texts)?);
        Ok(Some(Chunk {
            lines,
            texts,
            kept,
            examples: Examples { inputs, targets },
            unknown,
        }))
    }

    fn next_row(&mut self) -> Result<Option<Row>, DataError> {
        match &mut self.rows {
            Rows::Read(reader) => reader.next_row(),
            Rows::Given(rows) => Ok(rows.next()),
        }
    }

    /// The first label of a row that the model does not know.
    fn unknown_label(&self, row: &Row) -> Option<UnknownLabel> {
        let KnownLabels { names, kind, .. } = self.labels.as_ref()?;
        let label = labels::unknown(row, names, kind)?;
        Some(UnknownLabel {
            line: row.line,
            label: label.to_owned(),
            suggestion: closest(label, names),
        })
    }
}
