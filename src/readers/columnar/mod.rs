//! Records of columnar files: batches of Arrow arrays, row by row.

pub(crate) mod arrow;
mod cell;
mod classes;
mod leaves;
pub(crate) mod parquet;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use crate::error::{Fault, ReadError};
use crate::field::Kind;
use crate::formats::Records;
use crate::formats::delimited::checked;
use crate::options::Limits;
use crate::position::{At, Position};
use crate::record::{Columns, Record};
use leaves::Leaf;

/// Rows that are decoded at once.
const BATCH: usize = 256;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

struct Columnar {
    format: &'static str,
    position: Position,
    batches: Batches,
    batch: Option<RecordBatch>,
    /// Next row of the batch.
    next: usize,
    /// Number of rows so far.
    row: u64,
    leaves: Vec<Leaf>,
    columns: Columns,
    largest: usize,
}

impl Columnar {
    /// Plans the columns of a schema; `metadata` may name the classes of labels.
    fn new(
        format: &'static str,
        position: Position,
        limits: Limits,
        schema: &Schema,
        metadata: Option<&str>,
        batches: Batches,
    ) -> Result<Self, ReadError> {
        let leaves = leaves::leaves(schema, metadata, limits.columns)
            .map_err(|fault| ReadError::new(position.clone(), fault))?;
        let names = leaves.iter().map(|leaf| leaf.name.clone()).collect();
        Ok(Self {
            format,
            columns: checked(names, limits.columns, &position)?,
            position,
            batches,
            batch: None,
            next: 0,
            row: 0,
            leaves,
            largest: limits.record,
        })
    }

    /// Decodes batches until one has rows; false at the end.
    fn decode(&mut self) -> Result<bool, ReadError> {
        while self.batch.as_ref().is_none_or(|batch| self.next >= batch.num_rows()) {
            let batches = &mut self.batches;
            let decoded = guarded(|| batches.next().transpose());
            self.next = 0;
            self.batch = decoded.map_err(|message| self.fault(message))?;
            if self.batch.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn fault(&self, message: String) -> ReadError {
        let at = if self.row == 0 { At::File } else { At::Row(self.row + 1) };
        let position = Position {
            at,
            ..self.position.clone()
        };
        let format = self.format;
        ReadError::new(position, Fault::Columnar { format, message })
    }
}

impl Records for Columnar {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if !self.decode()? {
            return Ok(None);
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let row = self.next;
        self.next += 1;
        self.row += 1;
        let position = Position {
            at: At::Row(self.row),
            ..self.position.clone()
        };
        let values = self
            .leaves
            .iter()
            .map(|leaf| leaf.value(batch, row, self.largest))
            .collect::<Result<_, _>>();
        match values {
            Ok(values) => Ok(Some(Record::new(position, self.columns.clone(), values))),
            Err(fault) => Err(ReadError::new(position, fault)),
        }
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }

    fn kinds(&self) -> Option<Vec<Kind>> {
        Some(self.leaves.iter().map(|leaf| leaf.kind).collect())
    }
}

/// Runs a decoder. Decoders promise errors, but a file may be made to break them: a panic becomes an error too.
fn guarded<T, Reason: fmt::Display>(decode: impl FnOnce() -> Result<T, Reason>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its parts contradict each other".to_owned()),
    }
}
