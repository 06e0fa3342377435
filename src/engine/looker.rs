//! Reads the journal of a study event by event, without locking the study.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::FolderError;
use super::folder::impossible;
use crate::journal::{Entry, Position, Reader};
use crate::study::Impossible;

/// Iterator over the events of a study's journal. Only one event at a time is in memory.
#[derive(Debug)]
pub struct Looker {
    folder: PathBuf,
    /// The first event, which was read to check that there is a study.
    first: Option<Entry>,
    reader: Reader<BufReader<File>>,
}

impl Looker {
    /// A looker at the study in `folder` that returns `first`, then the entries of `reader`.
    pub(super) fn new(folder: &Path, first: Option<Entry>, reader: Reader<BufReader<File>>) -> Self {
        let folder = folder.to_owned();
        Self { folder, first, reader }
    }

    /// The end of the sound part of the journal, as far as it was read.
    pub fn position(&self) -> Position {
        self.reader.position()
    }

    /// The damage in the last line, if a crash tore it; known only at the end.
    pub fn torn(&self) -> Option<&str> {
        self.reader.torn()
    }

    /// The error for a journal whose last event that was read cannot have happened.
    pub fn impossible(&self, problem: &Impossible) -> FolderError {
        impossible(&self.folder, self.position().entries, problem)
    }
}

impl Iterator for Looker {
    type Item = Result<Entry, FolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        self.reader.next().map(|entry| entry.map_err(FolderError::from))
    }
}
