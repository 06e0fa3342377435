//! Errors of guesses.

use automl_readers::{Position, ReadError};

use super::super::suggestion::{did_you_mean, quoted};

/// The reason why a file says too little to be used without words about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuessError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no column that the user names.
    #[error("{place}: no column `{column}`{}; the data has {}", did_you_mean(suggestion.as_deref()), quoted(columns))]
    UnknownColumn {
        /// The file.
        place: Position,
        /// The name.
        column: String,
        /// The columns of the file.
        columns: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// No column can be what is looked for.
    #[error(
        "{place}: no column looks like {what}: {why}; the data has {}; name it with `{flag}`",
        quoted(columns)
    )]
    NotFound {
        /// The file.
        place: Position,
        /// What is looked for.
        what: &'static str,
        /// What is wrong with the columns.
        why: String,
        /// The columns of the file.
        columns: Vec<String>,
        /// The flag that names it.
        flag: &'static str,
    },
    /// The labels are not of the task that the user names.
    #[error("{place}: `{column}` does not fit the task: {why}")]
    OtherTask {
        /// The file.
        place: Position,
        /// The column of the labels.
        column: String,
        /// What is wrong.
        why: String,
    },
}
