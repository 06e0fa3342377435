//! Display of a running study on stderr, or as JSON on stdout: one [`Observer`] for each [`Style`].
//!
//! `progress` draws a block of lines that is updated in place, `plain` writes log lines, and `json` writes one object
//! per line. Pure functions make the text: `header`, `rows` and `summary` the larger parts, `sentences` single lines.
//! `speed` estimates how many full runs fit into the time left, `words` formats numbers, and `fit` cuts lines for
//! narrow terminals.
//!
//! Nothing here can stop a study: errors of the output are ignored. Begin reading at [`terminal`].

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

/// Display style of a running study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A block of lines that is updated in place. If stderr is not a terminal, this is [`Style::Plain`].
    Progress,
    /// A log line for every important event.
    Plain,
    /// Log lines for all events, including starts of segments and outcomes that are not delivered yet.
    Verbose,
    /// One JSON object per line for every event.
    Json,
    /// Only problems of the machine: lost workers, memory that ran out. The caller reports errors of the study.
    Quiet,
}

/// Facts to display that the study itself does not contain.
#[derive(Clone, Debug, PartialEq)]
pub struct DisplayFacts {
    /// The study's name.
    pub name: String,
    /// Number of samples in an epoch.
    pub epoch: Samples,
    /// The wall budget in the spec, in seconds; the study knows what resumptions added.
    pub wall: Option<f64>,
    /// The folder of the results.
    pub folder: PathBuf,
}

/// Creates the observer that displays a study.
pub fn terminal(style: Style, facts: DisplayFacts) -> Box<dyn Observer> {
    let stderr = Box::new(io::stderr());
    match style {
        Style::Progress if console::user_attended_stderr() => Box::new(Terminal::stderr(facts)),
        Style::Progress | Style::Plain => Box::new(Plain::new(stderr, facts, Detail::Events)),
        Style::Verbose => Box::new(Plain::new(stderr, facts, Detail::Everything)),
        Style::Json => Box::new(Json::new(Box::new(io::stdout()), facts)),
        Style::Quiet => Box::new(Plain::new(stderr, facts, Detail::Losses)),
    }
}
