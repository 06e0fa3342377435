//! Why there is no model, or no answer of one.

use std::io;
use std::path::PathBuf;

use crate::finetune::{ExportError, TrainError};
use crate::objective::InputError;
use crate::spec::SpecErrors;
use crate::worker::SlotError;

/// Why there is no model, or no answer of one.
#[derive(Debug, thiserror::Error)]
pub enum ProductionError {
    /// The configuration cannot be read.
    #[error("{0}")]
    Spec(SpecErrors),
    /// The model or the data cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There is no device.
    #[error(transparent)]
    Slots(#[from] SlotError),
    /// It cannot be trained or asked.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// It cannot be saved.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was asked for makes no sense: a sentence.
    #[error("{0}")]
    Usage(String),
}
