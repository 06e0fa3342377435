//! Errors of training, evaluating and using a model for production.

use std::io;
use std::path::PathBuf;

use crate::finetune::{ExportError, TrainError};
use crate::objective::InputError;
use crate::spec::SpecErrors;
use crate::worker::SlotError;

/// Why training, evaluating or using a model failed.
#[derive(Debug, thiserror::Error)]
pub enum ProductionError {
    /// The configuration cannot be read.
    #[error("{0}")]
    Spec(SpecErrors),
    /// The model or the data cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// No suitable device is available.
    #[error(transparent)]
    Slots(#[from] SlotError),
    /// The model cannot be trained or applied.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The model cannot be saved.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// The action that failed.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The request makes no sense: a sentence that says why.
    #[error("{0}")]
    Usage(String),
}
