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

/// Texts in the order of their table.
#[derive(Debug)]
pub struct TextStream {
    reader: RowReader,
    tokenizer: Tokenizer,
    /// The classes by name; `None`: labels are not read.
    labels: Option<Vec<String>>,
}

/// Some rows of a table.
#[derive(Debug)]
pub struct Chunk {
    /// The lines of the file at which they begin.
    pub lines: Vec<u64>,
    /// The texts, with their classes; without labels all are 0.
    pub examples: Examples,
}

impl TextStream {
    /// Opens a `.csv`, `.tsv` or `.jsonl` file. `labels`: the column of the labels, and the classes that they may be.
    ///
    /// # Errors
    /// When the file cannot be read or lacks a column.
    pub fn open(
        path: &Path,
        text: &str,
        labels: Option<(&str, Vec<String>)>,
        tokenizer: Tokenizer,
    ) -> Result<Self, DataError> {
        let (label, labels) = labels.unzip();
        Ok(Self {
            reader: RowReader::open(path, text, label, LIMITS)?,
            tokenizer,
            labels,
        })
    }

    /// The next rows, at most `count`; `None` after the last.
    ///
    /// # Errors
    /// When a row is not as it should be, or its label is none of the classes.
    pub fn next_chunk(&mut self, count: usize) -> Result<Option<Chunk>, DataError> {
        let mut rows: Vec<Row> = Vec::new();
        while rows.len() < count {
            let Some(row) = self.reader.next_row()? else { break };
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let classes = rows
            .iter()
            .map(|row| self.class(row))
            .collect::<Result<Vec<u32>, DataError>>()?;
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let texts = self.tokenizer.encode(&texts)?;
        Ok(Some(Chunk {
            lines: rows.iter().map(|row| row.line).collect(),
            examples: Examples {
                inputs: Inputs::Texts(texts),
                labels: classes,
            },
        }))
    }

    fn class(&self, row: &Row) -> Result<u32, DataError> {
        let Some(labels) = &self.labels else { return Ok(0) };
        let class = labels.iter().position(|label| *label == row.label);
        class.map(|class| class as u32).ok_or_else(|| DataError::UnknownLabel {
            path: self.reader.path().to_owned(),
            line: row.line,
            label: row.label.clone(),
            known: labels.clone(),
            suggestion: closest(&row.label, labels),
        })
    }
}
