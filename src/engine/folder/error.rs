//! The reasons why a study's folder cannot be used.

use std::io;
use std::path::PathBuf;

use crate::journal::{JournalError, LockError, ReadError};

/// The reasons why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file in it cannot be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// The attempted action.
        action: &'static str,
        /// The path of the action.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// It already holds a study of the same spec.
    #[error("`{}` already holds this study: continue it with `automl resume {}`, or choose another folder with `--out`", .0.display(), .0.display())]
    SameStudy(PathBuf),
    /// It holds a study of another spec.
    #[error("`{}` holds a study of another spec: choose another folder with `--out`, or remove it", .0.display())]
    OtherStudy(PathBuf),
    /// It holds other files.
    #[error("`{}` is not empty and holds no study: choose another folder with `--out`", .0.display())]
    NotEmpty(PathBuf),
    /// A link in it leads out of it.
    #[error("`{}` is a link that leads out of the study's folder: remove it, so that nothing elsewhere is written or removed", .0.display())]
    LeadsOut(PathBuf),
    /// It holds no study.
    #[error("`{}` holds no study (there is no `journal.jsonl` in it, or it is empty)", .0.display())]
    NoStudy(PathBuf),
    /// Its spec is not the one with which the study began.
    #[error("`{}` is not the spec that this study was started with: undo the change, or start a new study with it", .0.display())]
    SpecChanged(PathBuf),
    /// The model or the data is not the one with which the study began.
    #[error("the model or the data of the study in `{}` changed since it began: restore them, or start a new study", .0.display())]
    InputsChanged(PathBuf),
    /// A later version of this program created it.
    #[error("the study in `{}` was made by a later version of this program ({version}): use that one", path.display())]
    TooNew {
        /// The folder.
        path: PathBuf,
        /// The version of that program.
        version: String,
    },
    /// Another process uses it.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// Its journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its journal cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}
