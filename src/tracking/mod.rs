//! Trackers: where teams look at studies. The journal is the source, and a tracker reads it, not the engine.
//!
//! A [`Courier`] delivers the journal to the trackers of a study from a thread of its own, each entry once. A tracker that is
//! down never slows, fails or ends a study; it catches up later, also after a crash. [`export`] is the same for a study that is
//! there already. One tracker is one file and one line in [`TRACKERS`] (and its row in `spec::TRACKER_ROWS`).

mod courier;
mod csv;
mod delivery;

pub use courier::{Courier, Warnings};
pub use delivery::{Delivery, export};

use std::path::{Path, PathBuf};

use crate::journal::Entry;
use crate::spec::{Spec, TRACKER_ROWS, TrackerSpec};
use crate::study::Study;

/// Every tracker.
pub const TRACKERS: &[&Registered] = &[&csv::TRACKER];

/// A tracker that specs can name.
pub struct Registered {
    /// Its name.
    pub name: &'static str,
    /// Opens it for a study.
    pub open: fn(&Opening<'_>) -> Result<Opened, TrackerError>,
}

impl Registered {
    /// What it writes, one line.
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

/// What a tracker is opened with.
pub struct Opening<'a> {
    /// The study's folder.
    pub folder: &'a Path,
    /// The study's spec.
    pub spec: &'a Spec,
    /// What the tracker is told.
    pub tracker: &'a TrackerSpec,
    /// Where it writes, if that is not up to it.
    pub out: Option<&'a Path>,
    /// What it asked to remember when it was last flushed; `Null` at first.
    pub state: serde_json::Value,
}

/// A tracker that is open.
pub struct Opened {
    /// The tracker.
    pub tracker: Box<dyn Tracker>,
    /// `true` if it still has what it was told before. Otherwise it is told everything again.
    pub is_continued: bool,
}

/// A place where teams look at studies.
///
/// It may be told the same entry twice after a crash: what it has already must stay as it is.
pub trait Tracker: Send {
    /// Takes in one entry of the journal. `study` is the state after it.
    ///
    /// # Errors
    /// If it cannot be delivered: it is told the same entry again later.
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError>;

    /// Brings everything recorded so far to its place, and returns what must be remembered to continue from here.
    ///
    /// # Errors
    /// If it cannot be delivered.
    fn flush(&mut self, study: &Study) -> Result<serde_json::Value, TrackerError>;
}

/// Why something could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The study cannot be read.
    #[error(transparent)]
    Study(#[from] crate::engine::FolderError),
    /// The journal does not fit the spec.
    #[error("{0}")]
    Journal(String),
}

/// The tracker of a spec.
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
