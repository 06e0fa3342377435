//! The records of all sources, one after the other.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use crate::compression::Compression;
use crate::error::{Fault, ReadError};
use crate::field::{self, Field};
use crate::formats::{Format, Records};
use crate::opened::{self, Opened};
use crate::options::ReadOptions;
use crate::position::Position;
use crate::record::{Columns, Record};
use crate::source::{Origin, Source, origins};
use crate::value::Value;

/// Records by which the kinds of the fields are seen.
const AHEAD: usize = 100;

/// Bytes of texts that are read ahead at most.
const AHEAD_BYTES: usize = 1 << 20;

/// A stream of records.
///
/// A fault of one record is an item of the stream, and the next item is the next record. Behind any other fault the
/// stream ends.
pub struct Reader {
    options: ReadOptions,
    /// The sources that are still to be opened, the next one first.
    waiting: VecDeque<Origin>,
    records: Option<Box<dyn Records>>,
    ahead: VecDeque<Result<Record, ReadError>>,
    layout: Layout,
    columns: Columns,
    fields: Vec<Field>,
    first: Arc<Path>,
    /// True after the first record or fault.
    has_begun: bool,
}

/// The way in which the first source is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) format: &'static Format,
    pub(crate) compression: Option<&'static Compression>,
    pub(crate) encoding: &'static str,
    pub(crate) delimiter: Option<char>,
}

/// Opens sources, which are read one after the other as one stream of records.
///
/// Text formats, JSON lists and compressed files are read in constant memory. The columns of JSON records may grow; all
/// other files must have the same columns, in any order.
///
/// # Errors
/// If a source does not exist, if the first one cannot be read, or if an option is wrong.
pub fn open(sources: &[Source], options: &ReadOptions) -> Result<Reader, ReadError> {
    let mut waiting: VecDeque<Origin> = origins(sources)?.into();
    let Some(first) = waiting.pop_front() else {
        return Err(ReadError::new(Position::file("data"), Fault::NoSources));
    };
    let opened = opened::open(&first, options, &Columns::default())?;
    let mut reader = Reader {
        options: options.clone(),
        waiting,
        layout: Layout {
            format: opened.format,
            compression: opened.compression,
            encoding: opened.encoding,
            delimiter: opened.records.delimiter(),
        },
        columns: opened.records.columns(),
        records: Some(opened.records),
        ahead: VecDeque::new(),
        fields: Vec::new(),
        first: first.name().into(),
        has_begun: false,
    };
    reader.look_ahead(if opened.is_live { 1 } else { AHEAD })?;
    Ok(reader)
}

impl Reader {
    /// The columns and their kinds: as declared by the file, or seen in the first records.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The names of the columns so far. Records of JSON may add further ones.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The format of the first source.
    pub fn format(&self) -> &'static Format {
        self.layout.format
    }

    /// Returns whether the next record of standard input has not arrived yet.
    pub fn is_drained(&self) -> bool {
        self.ahead.is_empty() && self.records.as_ref().is_some_and(|records| records.is_drained())
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Reads the first records, by which the kinds of the fields are seen.
    fn look_ahead(&mut self, most: usize) -> Result<(), ReadError> {
        let declared = self.records.as_ref().and_then(|records| records.kinds());
        let mut bytes = 0;
        while self.ahead.len() < most && bytes < AHEAD_BYTES {
            let Some(records) = &mut self.records else { break };
            match records.next() {
                Ok(Some(record)) => {
                    bytes += record.values().iter().map(size).sum::<usize>();
                    self.ahead.push_back(Ok(record));
                }
                Ok(None) => self.records = None,
                Err(error) if error.is_of_one_record() => self.ahead.push_back(Err(error)),
                Err(error) if self.ahead.is_empty() => return Err(error),
                Err(error) => {
                    self.ahead.push_back(Err(error));
                    self.records = None;
                    self.waiting.clear();
                }
            }
            if let Some(records) = &self.records {
                self.columns = records.columns();
            }
        }
        let seen: Vec<&Record> = self.ahead.iter().filter_map(|record| record.as_ref().ok()).collect();
        let kinds = declared.unwrap_or_else(|| field::seen(&self.columns, &seen));
        let names = self.columns.names().map(str::to_owned);
        self.fields = names.zip(kinds).map(|(name, kind)| Field { name, kind }).collect();
        Ok(())
    }

    /// Opens the next source; false if there is none.
    fn open_next(&mut self) -> Result<bool, ReadError> {
        let Some(origin) = self.waiting.pop_front() else {
            return Ok(false);
        };
        let Opened { records, .. } = opened::open(&origin, &self.options, &self.columns)?;
        if !records.is_open_ended() {
            self.same_columns(&records.columns(), origin.name())?;
        }
        self.records = Some(records);
        Ok(true)
    }

    fn same_columns(&self, found: &Columns, file: &Path) -> Result<(), ReadError> {
        let lacking = |of: &Columns, those: &Columns| -> Vec<String> {
            those
                .names()
                .filter(|name| of.index(name).is_none())
                .map(str::to_owned)
                .collect()
        };
        let (missing, surplus) = (lacking(found, &self.columns), lacking(&self.columns, found));
        if missing.is_empty() && surplus.is_empty() {
            return Ok(());
        }
        let fault = Fault::OtherColumns {
            first: self.first.display().to_string(),
            missing,
            surplus,
        };
        Err(ReadError::new(Position::file(file), fault))
    }

    fn next_record(&mut self) -> Result<Option<Record>, ReadError> {
        if let Some(record) = self.ahead.pop_front() {
            return record.map(Some);
        }
        loop {
            if let Some(records) = &mut self.records {
                if let Some(record) = records.next()? {
                    if records.is_open_ended() {
                        self.columns = record.columns().clone();
                        return Ok(Some(record));
                    }
                    return Ok(Some(record.reordered(&self.columns)));
                }
                self.records = None;
            }
            if !self.open_next()? {
                return Ok(None);
            }
        }
    }

    fn end(&mut self) {
        self.records = None;
        self.waiting.clear();
        self.ahead.clear();
    }
}

/// Bytes of a value, about.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::List(values) => values.iter().map(size).sum(),
        Value::Number(_) | Value::Boolean(_) | Value::Null => size_of::<Value>(),
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.next_record();
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        match found {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) if has_begun => None,
            Ok(None) => Some(Err(ReadError::new(Position::file(&*self.first), Fault::NoRows))),
            Err(error) => {
                if !error.is_of_one_record() {
                    self.end();
                }
                Some(Err(error))
            }
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Reader")
            .field("first", &self.first)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
