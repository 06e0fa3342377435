//! Reading in tests.

use std::path::{Path, PathBuf};

use automl_readers::{ReadError, ReadOptions, Record, Source, open};

/// A file of the folder `testdata`, which `make.py` there has written.
pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// All records of some sources, or the first fault.
pub(crate) fn records(sources: &[Source], options: &ReadOptions) -> Result<Vec<Record>, ReadError> {
    open(sources, options)?.collect()
}

/// All records of a content, or the first fault.
pub(crate) fn read(name: &str, content: impl Into<Vec<u8>>, options: &ReadOptions) -> Result<Vec<Record>, ReadError> {
    records(&[Source::memory(name, content)], options)
}

/// A record as `name=value …`.
pub(crate) fn shown(record: &Record) -> String {
    let fields: Vec<String> = record.fields().map(|(name, value)| format!("{name}={value}")).collect();
    fields.join(" ")
}

/// The records of a file as texts.
pub(crate) fn file(name: &str) -> Vec<String> {
    let source = Source::Path(testdata(name));
    records(&[source], &ReadOptions::default())
        .unwrap()
        .iter()
        .map(shown)
        .collect()
}
