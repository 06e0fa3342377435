//! Some records of a source: those before them are read and left out, those behind them are not read.

use std::ops::Range;

use crate::error::ReadError;
use crate::field::Kind;
use crate::formats::Records;
use crate::record::{Columns, Record};

/// The records of a range.
pub(crate) struct Within {
    records: Box<dyn Records>,
    /// The number of the next record.
    at: u64,
    rows: Range<u64>,
}

impl Within {
    /// The records with these numbers, from 0.
    pub(crate) fn new(records: Box<dyn Records>, rows: Range<u64>) -> Self {
        Self { records, at: 0, rows }
    }
}

impl Records for Within {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        while self.at < self.rows.end {
            let record = self.records.next();
            self.at += 1;
            let is_wanted = self.at > self.rows.start;
            match record {
                Ok(Some(record)) if is_wanted => return Ok(Some(record)),
                Ok(None) => return Ok(None),
                Err(error) if is_wanted || !error.is_of_one_record() => return Err(error),
                Ok(Some(_)) | Err(_) => {}
            }
        }
        Ok(None)
    }

    fn columns(&self) -> Columns {
        self.records.columns()
    }

    fn is_open_ended(&self) -> bool {
        self.records.is_open_ended()
    }

    fn kinds(&self) -> Option<Vec<Kind>> {
        self.records.kinds()
    }

    fn delimiter(&self) -> Option<char> {
        self.records.delimiter()
    }
}

#[cfg(test)]
mod tests {
    use crate::{ReadOptions, Source, open};

    #[test]
    fn a_range_of_records_is_read_of_each_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "n\n0\n1\n\"2\n2\"\n3\n4\n").unwrap();
        let numbers = |ranges: &[std::ops::Range<u64>]| -> Vec<String> {
            let sources: Vec<Source> = ranges
                .iter()
                .map(|rows| Source::Rows {
                    path: path.clone(),
                    rows: rows.clone(),
                })
                .collect();
            let records = open(&sources, &ReadOptions::default()).unwrap();
            let text = |record: crate::Record| record.values()[0].to_string();
            records.map(|record| text(record.unwrap())).collect()
        };
        assert_eq!(numbers(&[1..3, 4..9]), ["1", "2\n2", "4"]);
        assert_eq!(numbers(std::slice::from_ref(&(0..1))), ["0"]);
    }
}
