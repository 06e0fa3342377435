//! Chooses a spec for a data file: everything that the user leaves open, each choice with its reason.
//!
//! Begin reading at [`choose`]. The guesser of `finetune` finds task and columns; `texts` looks at language and length,
//! `models` and `spaces` are the tables of priors, `write` makes the annotated spec and `explain` the sentences. Nothing
//! here writes a file or opens a connection.

mod asked;
mod choose;
mod error;
mod explain;
mod models;
mod pictures;
mod spaces;
#[cfg(test)]
mod tests;
mod texts;
mod write;

pub use asked::{Asked, TaskWish};
pub use choose::{Chosen, choose};
pub use error::FitError;

/// A choice and the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reasoned<T> {
    /// The choices for a file.
    pub value: T,
    /// Why, as a part of a sentence.
    pub reason: String,
}

impl<T> Reasoned<T> {
    fn new(value: T, reason: impl Into<String>) -> Self {
        Self {
            value,
            reason: reason.into(),
        }
    }

    /// A choice of the user.
    fn said(value: T) -> Self {
        Self::new(value, "you said so")
    }
}
