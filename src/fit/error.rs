//! Errors of choices.

use crate::finetune::data::guess::GuessError;
use crate::objective::InputError;
use crate::readers::ReadError;
use crate::spec::SpecErrors;

/// The reason why nothing can be chosen for a file.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The file says too little, or cannot be read.
    #[error(transparent)]
    Guess(Box<GuessError>),
    /// A record of the file is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row of the file cannot be used.
    #[error(transparent)]
    Input(Box<InputError>),
    /// The user's choices contradict each other.
    #[error("{0}")]
    Spec(SpecErrors),
    /// The data is inside the program and has no columns.
    #[error("`{0}` has pictures: `automl fit` is for files of texts; `automl init` writes a spec for it")]
    Pictures(String),
    /// The data is standard input, which can be read only once.
    #[error("standard input can be read only once, but every trial needs the examples: name a file")]
    StandardInput,
}

impl From<GuessError> for FitError {
    fn from(error: GuessError) -> Self {
        Self::Guess(Box::new(error))
    }
}

impl From<InputError> for FitError {
    fn from(error: InputError) -> Self {
        Self::Input(Box::new(error))
    }
}
