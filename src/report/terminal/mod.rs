//! What is seen while a study runs, on stderr or as JSON on stdout: one [`Observer`] for each [`Style`].
//!
//! `progress` draws a block of lines that moves with the study, `plain` writes log lines, `json` writes one object a line.
//! What they say is made by pure functions: `header`, `rows` and `summary` for larger parts, `sentences` for single lines,
//! `speed` for what fits into the time left,
//! `words` for numbers, `fit` for narrow terminals. Nothing here can stop a study: that nobody can be told is
//! ignored. Begin reading at [`terminal`].

mod fit;
mod header;
mod json;
mod plain;
mod progress;
mod rows;
pub(super) mod sentences;
mod speed;
mod summary;
pub(super) mod words;

#[cfg(test)]
mod screen;
#[cfg(test)]
pub(super) mod testing;

pub use json::Json;
pub use plain::{Detail, Plain};
pub use progress::Terminal;

use std::io;
use std::path::PathBuf;

use crate::engine::Observer;
use crate::units::Samples;

/// How a running study is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A block of lines that moves; needs a terminal. Where stderr is none, this is [`Style::Plain`].
    Progress,
    /// One log line for everything worth knowing.
    Plain,
    /// Log lines for everything, also for segments that start and outcomes that wait for their turn.
    Verbose,
    /// One JSON object a line for every event.
    Json,
    /// Only what goes wrong with the machine: lost workers. What is wrong with the study itself is said by the caller.
    Quiet,
}

/// What a study does not know about itself, but people want to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The study's name.
    pub name: String,
    /// Samples that make up an epoch.
    pub epoch: Samples,
    /// The wall budget in seconds as the spec has it; what resumptions add is known to the study.
    pub wall: Option<f64>,
    /// Where the results are.
    pub folder: PathBuf,
}

/// The observer that shows a study.
pub fn terminal(style: Style, facts: Facts) -> Box<dyn Observer> {
    let stderr = Box::new(io::stderr());
    match style {
        Style::Progress if console::user_attended_stderr() => Box::new(Terminal::stderr(facts)),
        Style::Progress | Style::Plain => Box::new(Plain::new(stderr, facts, Detail::Events)),
        Style::Verbose => Box::new(Plain::new(stderr, facts, Detail::Everything)),
        Style::Json => Box::new(Json::new(Box::new(io::stdout()), facts)),
        Style::Quiet => Box::new(Plain::new(stderr, facts, Detail::Losses)),
    }
}
