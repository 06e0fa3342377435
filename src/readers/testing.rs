//! Reading in tests: records as short texts.

use crate::{ReadError, ReadOptions, Reader, Record, Source, open};

fn opened(name: &str, content: &str, options: &ReadOptions) -> Result<Reader, ReadError> {
    open(&[Source::memory(name, content)], options)
}

/// A record as `line: name=value …`.
fn shown(record: &Record) -> String {
    let position = match (record.position.line(), record.position.row()) {
        (Some(line), _) => line.to_string(),
        (_, Some(row)) => format!("row {row}"),
        _ => "file".to_owned(),
    };
    let fields: Vec<String> = record.fields().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{position}: {}", fields.join(" "))
}

/// The records of a content, or its first fault.
pub(crate) fn read(name: &str, content: &str, options: &ReadOptions) -> Result<Vec<String>, ReadError> {
    opened(name, content, options)?
        .map(|record| record.map(|record| shown(&record)))
        .collect()
}

/// The records of a content that has no faults.
pub(crate) fn rows(name: &str, content: &str) -> Vec<String> {
    read(name, content, &ReadOptions::default()).unwrap()
}

/// The first fault of a content.
pub(crate) fn fault(name: &str, content: &str) -> String {
    read(name, content, &ReadOptions::default()).unwrap_err().to_string()
}

/// All records and all faults of a content.
pub(crate) fn faults(name: &str, content: &str) -> (Vec<String>, Vec<String>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    for record in opened(name, content, &ReadOptions::default()).unwrap() {
        match record {
            Ok(record) => records.push(shown(&record)),
            Err(error) => faults.push(error.to_string()),
        }
    }
    (records, faults)
}
