//! Reads a table of texts of any length in chunks, for predictions.

use automl_readers::{Fault, Position, ReadOptions, Source, Unnamed};

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Examples, Inputs};
use super::labels::{self, Label, LabelKind};
use super::missing::Missing;
use super::rows::{Row, RowColumns, RowReader};
use super::suggestion::closest;
use super::targets::Targets;
use super::text::{RawText, TextColumns};

/// Texts in the order of their table.
#[derive(Debug)]
pub struct TextStream {
    rows: Rows,
    encoder: TextEncoder,
    /// The labels to read; `None` if they are not read.
    labels: Option<KnownLabels>,
    missing: Missing,
}

/// The labels that a model knows.
#[derive(Clone, Debug)]
pub struct KnownLabels {
    /// Their column; several for several numbers.
    pub columns: Vec<String>,
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
    pub kept: Vec<Vec<serde_json::Value>>,
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
    /// Opens files, or standard input. `labels` holds the label columns and the labels that are known.
    ///
    /// Standard input is read as JSON objects if it begins with one, and as a table if its first line names the columns
    /// of texts, or if there are two texts. Otherwise, without a header and labels, every line is a text.
    ///
    /// # Errors
    /// If the files cannot be read or lack a column.
    pub fn open(
        sources: &[Source],
        read: &ReadOptions,
        text: &TextColumns,
        labels: Option<KnownLabels>,
        has_header: bool,
        encoder: TextEncoder,
    ) -> Result<Self, DataError> {
        let is_table = has_header || labels.is_some() || text.is_pair();
        let read = ReadOptions {
            unnamed: if text.is_pair() {
                Unnamed::RecordsWith(text.columns().map(str::to_owned).collect())
            } else if is_table {
                Unnamed::Table
            } else {
                Unnamed::TableWith(text.columns().map(str::to_owned).collect())
            },
            ..read.clone()
        };
        let columns = RowColumns {
            text: text.clone(),
            label: labels.as_ref().map(|labels| labels.columns.clone()).unwrap_or_default(),
            kind: labels.as_ref().map_or(LabelKind::Class, |labels| labels.kind.clone()),
            on_missing: None,
        };
        let rows = match RowReader::open(sources, &read, columns) {
            // A pipe into which nothing was written.
            Err(DataError::Read(error))
                if labels.is_none()
                    && matches!(error.fault(), Fault::Empty)
                    && sources.contains(&Source::StandardInput) =>
            {
                Rows::Given(Vec::new().into_iter())
            }
            reader => Rows::Read(Box::new(reader?)),
        };
        Ok(Self {
            rows,
            encoder,
            labels,
            missing: Missing::default(),
        })
    }

    /// A stream of these texts, without labels.
    pub fn of_texts(texts: Vec<RawText>, encoder: TextEncoder) -> Self {
        let row = |(text, line)| Row {
            place: Position::file("--text"),
            line,
            text,
            label: Label::None,
            kept: Vec::new(),
        };
        let rows: Vec<Row> = texts.into_iter().zip(1..).map(row).collect();
        Self {
            rows: Rows::Given(rows.into_iter()),
            encoder,
            labels: None,
            missing: Missing::default(),
        }
    }

    /// Keeps the values of these columns too, and of a column called `id`. Call it before reading any row.
    ///
    /// # Errors
    /// If a column does not exist.
    pub fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        match &mut self.rows {
            Rows::Read(reader) => reader.keep(columns),
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

    /// The rows that were left out until now because their label or text is missing.
    pub fn missing(&self) -> &Missing {
        match &self.rows {
            Rows::Read(reader) => reader.missing(),
            Rows::Given(_) => &self.missing,
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
            Some(KnownLabels { names, kind, .. }) => labels::targets(&rows, names, kind)?,
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
            Rows::Read(reader) => match reader.next_row() {
                Err(error) if self.labels.is_none() && error.is_of_no_rows() => Ok(None),
                row => row,
            },
            Rows::Given(rows) => Ok(rows.next()),
        }
    }

    /// The first label of a row that the model does not know.
    fn unknown_label(&self, row: &Row) -> Option<UnknownLabel> {
        let KnownLabels { names, .. } = self.labels.as_ref()?;
        let label = labels::unknown(row, names)?;
        Some(UnknownLabel {
            line: row.line,
            label: label.clone(),
            suggestion: closest(label, names),
        })
    }
}
