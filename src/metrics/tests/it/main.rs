//! Metrics against the values of the Python libraries they are named after, and what must hold for any input.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod classification;
mod fixtures;
mod multi_label;
mod properties;
mod question_answering;
mod regression;
mod token_classification;
