//! Trackers: tools in which teams look at studies. Trackers get their data from the journal, not from the engine.
//!
//! A [`Courier`] delivers the journal to the trackers of a study on its own thread, each entry once. A tracker that is
//! down never slows, fails or ends a study; it catches up later, even after a crash. [`export`] does the same for an
//! existing study. One tracker is one file and one line in [`TRACKERS`] (and its row in `spec::TRACKER_ROWS`).

mod comet;
mod courier;
mod csv;
mod delivery;
mod facts;
mod growing;
mod mlflow;
mod optuna;
mod pauses;
mod protobuf;
mod summary;
mod tensorboard;
mod wandb;

pub use courier::Courier;
pub use delivery::{Delivery, LoggedModel, Registration, export, register};

use std::path::{Path, PathBuf};

use crate::journal::Entry;
use crate::spec::{Spec, TRACKER_ROWS, TrackerSpec};
use crate::study::Study;

/// Every tracker.
pub const TRACKERS: &[&Registered] = &[
    &csv::TRACKER,
    &tensorboard::TRACKER,
    &optuna::TRACKER,
    &mlflow::TRACKER,
    &wandb::TRACKER,
    &comet::TRACKER,
];

/// A tracker that specs can name.
pub struct Registered {
    /// Its name.
    pub name: &'static str,
    /// Opens it for a study.
    pub open: fn(&Opening<'_>) -> Result<Opened, TrackerError>,
    /// Checks its options, without a network or a study.
    pub check: fn(&TrackerSpec) -> Result<(), TrackerError>,
}

/// Checks the options of trackers before a study begins.
///
/// # Errors
/// If a tracker cannot work with its options.
pub fn check(trackers: &[TrackerSpec]) -> Result<(), TrackerError> {
    let mut known = trackers
        .iter()
        .filter_map(|tracker| Some((registered(tracker)?, tracker)));
    known.try_for_each(|(row, tracker)| (row.check)(tracker))
}

/// The value of a tracker's option: that of the spec, else that of the environment.
fn option(tracker: &TrackerSpec, name: &str) -> Option<String> {
    let own = tracker.options.get(name).cloned();
    own.or_else(|| {
        let options = tracker.row()?.options.iter();
        let mut variables = options
            .filter(|option| option.name == name)
            .flat_map(|option| option.variables);
        variables.find_map(|variable| environment(variable))
    })
}

/// An environment variable; `None` if it is empty.
fn environment(variable: &str) -> Option<String> {
    let value = std::env::var_os(variable)?.into_string().ok()?;
    Some(value).filter(|value| !value.is_empty())
}

impl Registered {
    /// Its output, in one line.
    pub fn about(&self) -> &'static str {
        let row = TRACKER_ROWS.iter().find(|row| row.name == self.name);
        row.map_or("", |row| row.about)
    }
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The arguments for opening a tracker.
pub struct Opening<'a> {
    /// The study's folder.
    pub folder: &'a Path,
    /// The study's spec.
    pub spec: &'a Spec,
    /// The tracker's options.
    pub tracker: &'a TrackerSpec,
    /// The output folder, if the caller chooses it.
    pub out: Option<&'a Path>,
    /// The state that it returned from its last flush; `Null` at first.
    pub state: serde_json::Value,
}

impl Opening<'_> {
    /// The value of an option: that of the spec, else that of the environment.
    fn option(&self, name: &str) -> Option<String> {
        option(self.tracker, name)
    }

    /// The path to write to: the caller's, else that of the option, else `tracking/<default>` in the study's folder.
    fn target(&self, name: &str, default: &str) -> PathBuf {
        let told = || self.option(name).map(PathBuf::from);
        let target = self.out.map(Path::to_owned).or_else(told);
        target.unwrap_or_else(|| self.folder.join("tracking").join(default))
    }
}

/// An open tracker.
pub struct Opened {
    /// The tracker.
    pub tracker: Box<dyn Tracker>,
    /// `true` if it still has all entries that were delivered before. Otherwise all entries are delivered again.
    pub is_continued: bool,
}

/// A tool in which teams look at studies.
///
/// After a crash the same entry may be delivered twice. An entry that it already has must stay unchanged.
pub trait Tracker: Send {
    /// Receives one entry of the journal. `study` is the state after it.
    ///
    /// # Errors
    /// If it cannot be delivered. The same entry is delivered again later.
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError>;

    /// Writes or sends everything recorded until now, and returns the state that is needed to continue from here.
    ///
    /// # Errors
    /// If it cannot be delivered.
    fn flush(&mut self, study: &Study) -> Result<serde_json::Value, TrackerError>;

    /// Receives one entry that it had before this process began, to know the state of the study.
    fn recall(&mut self, _entry: &Entry, _study: &Study) {}

    /// Writes or sends what belongs to the end, after a flush. The study has ended or was interrupted, and its results
    /// are in its folder.
    ///
    /// # Errors
    /// If it cannot be delivered.
    fn finish(&mut self, _study: &Study) -> Result<(), TrackerError> {
        Ok(())
    }
}

/// The reason why a tracker failed.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A tracker cannot work with its options.
    #[error("{0}")]
    Options(String),
    /// A server cannot be reached, or cannot answer now.
    #[error("{message}")]
    Unavailable {
        /// The failure, for people.
        message: String,
        /// The pause that the server asks for.
        after: Option<std::time::Duration>,
    },
    /// A server refuses what it is told: trying again does not help.
    #[error("{0}")]
    Refused(String),
    /// Another process delivers the same study to the same tracker.
    #[error("another process sends the study to `{0}`: wait until it ends")]
    Busy(&'static str),
    /// The study cannot be read.
    #[error(transparent)]
    Study(#[from] crate::engine::FolderError),
    /// The journal does not fit the spec.
    #[error("{0}")]
    Journal(String),
}

/// The registered tracker that a spec names.
fn registered(tracker: &TrackerSpec) -> Option<&'static Registered> {
    TRACKERS.iter().find(|known| known.name == tracker.name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tracker_has_its_row_in_the_spec() {
        let rows: Vec<&str> = TRACKER_ROWS.iter().map(|row| row.name).collect();
        let trackers: Vec<&str> = TRACKERS.iter().map(|tracker| tracker.name).collect();
        assert_eq!(rows, trackers);
    }
}
