//! A table of texts read in chunks, however long it is: for predictions.

use std::path::Path;

use super::error::DataError;
use super::examples::{Examples, Inputs};
use super::lines::Limits;
use super::rows::{Row, RowReader};
use super::suggestion::closest;
use super::tokenizer::Tokenizer;

/// A prediction needs no more than a chunk in memory, so the file may be as long as a file system allows.
const LIMITS: Limits = Limits {
    file: u64::MAX,
    ..Limits::DEFAULT
};

/// A column that tells which row is which is kept without asking.
const IDENTIFIERS: [&str; 3] = ["id", "ID", "Id"];

/// Texts in the order of their table.
#[derive(Debug)]
pub struct TextStream {
    rows: Rows,
    tokenizer: Tokenizer,
    /// The classes by name; `None`: labels are not read.
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
    /// The lines of the file at which they begin.
    pub lines: Vec<u64>,
    /// The texts as they were written; none of images.
    pub texts: Vec<String>,
    /// For each row the values of the columns that are kept ([`TextStream::kept`]).
    pub kept: Vec<Vec<String>>,
    /// The texts, with their classes; without labels all are 0.
    pub examples: Examples,
    /// Rows that are left out, because their labels are none of the classes.
    pub unknown: Vec<UnknownLabel>,
}

/// A row whose label is none of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    /// The line of the file at which it begins.
    pub line: u64,
    /// Its label.
    pub label: String,
    /// The class that may have been meant.
    pub suggestion: Option<String>,
}

impl TextStream {
    /// Opens a `.csv`, `.tsv` or `.jsonl` file, or standard input for `-`: objects if it begins with one, a table if its first line
    /// names the column `text`, else, where no labels are asked for, a text on every line. `labels`: the column of the labels, and the
    /// classes that they may be.
    ///
    /// # Errors
    /// When the file cannot be read or lacks a column.
    pub fn open(
        path: &Path,
        text: &str,
        labels: Option<(&str, Vec<String>)>,
        has_header: bool,
        tokenizer: Tokenizer,
    ) -> Result<Self, DataError> {
        let (label, labels) = labels.unzip();
        Ok(Self {
            rows: Rows::Read(Box::new(RowReader::open(path, text, label, has_header, LIMITS)?)),
            tokenizer,
            labels,
        })
    }

    /// These texts, without labels.
    pub fn of_texts(texts: Vec<String>, tokenizer: Tokenizer) -> Self {
        let row = |(text, line)| Row {
            line,
            text,
            label: String::new(),
            kept: Vec::new(),
        };
        let rows: Vec<Row> = texts.into_iter().zip(1..).map(row).collect();
        Self {
            rows: Rows::Given(rows.into_iter()),
            tokenizer,
            labels: None,
        }
    }

    /// Keeps the values of these columns too, and of one that is called `id`. Nothing may have been read yet.
    ///
    /// # Errors
    /// When a column is not there.
    pub fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        match &mut self.rows {
            Rows::Read(reader) => reader.keep(columns, &IDENTIFIERS),
            Rows::Given(_) => Ok(()),
        }
    }

    /// The columns that are kept.
    pub fn kept(&self) -> &[String] {
        match &self.rows {
            Rows::Read(reader) => reader.kept(),
            Rows::Given(_) => &[],
        }
    }

    /// The next rows, at most `count`; `None` after the last.
    ///
    /// # Errors
    /// When a row is not as it should be.
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
            // A prediction should not wait for rows that are not there yet.
            if is_drained {
                break;
            }
        }
        if is_over {
            return Ok(None);
        }
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let inputs = Inputs::Texts(self.tokenizer.encode(&texts)?);
        let lines = rows.iter().map(|row| row.line).collect();
        let (texts, kept) = rows.into_iter().map(|row| (row.text, row.kept)).unzip();
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
