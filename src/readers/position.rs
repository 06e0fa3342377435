//! A position in the data: a file, and a line or row in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The position of a record or of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file, or `standard input`.
    pub file: Arc<Path>,
    /// The position in the file.
    pub at: At,
}

/// A position within a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// A line, counted from 1. A record of several lines has the line where it begins.
    Line(u64),
    /// A line and a column, both counted from 1. The column counts characters.
    Column(u64, u64),
    /// A row of a file without lines, counted from 1.
    Row(u64),
}

impl Position {
    /// The file as a whole.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into().into(),
            at: At::File,
        }
    }

    /// The line, if the file has lines.
    pub fn line(&self) -> Option<u64> {
        match self.at {
            At::Line(line) | At::Column(line, _) => Some(line),
            At::File | At::Row(_) => None,
        }
    }

    /// The row, if the file has rows instead of lines.
    pub fn row(&self) -> Option<u64> {
        match self.at {
            At::Row(row) => Some(row),
            At::File | At::Line(_) | At::Column(..) => None,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.at {
            At::File => write!(out, "`{file}`"),
            At::Line(line) => write!(out, "`{file}`, line {line}"),
            At::Column(line, column) => write!(out, "`{file}`, line {line}, column {column}"),
            At::Row(row) => write!(out, "`{file}`, row {row}"),
        }
    }
}
