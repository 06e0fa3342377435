//! Tests of the crate as its users see it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may break off, and says when it skips"
)]

mod conformance;
mod fixtures;
mod messages;
mod model_folder;
mod options;
mod saved;
mod support;
