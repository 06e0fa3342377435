//! Keeps a study's derived files up to date while it runs.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Best, Leaderboard, incumbent};
use crate::engine::{Clock, Moment, Observer};
use crate::files::replace;
use crate::spec::Spec;
use crate::study::Study;

/// Shortest time between two versions of the files, so that writing them costs nothing.
const INTERVAL: Duration = Duration::from_secs(2);

/// Writes `leaderboard.csv`, `incumbent.csv` and `best.yaml` into a study's folder.
pub struct Files {
    folder: PathBuf,
    spec: Spec,
    written: Option<Instant>,
}

impl Files {
    /// Files in `folder` for the study of `spec`.
    pub fn new(folder: PathBuf, spec: Spec) -> Self {
        Self {
            folder,
            spec,
            written: None,
        }
    }

    /// Writes all of them as the study stands.
    ///
    /// # Errors
    /// When one cannot be written; it then stays as it was.
    pub fn write(&mut self, study: &Study) -> io::Result<()> {
        let mut leaderboard = Vec::new();
        Leaderboard::new(study).write_csv(&mut leaderboard, true)?;
        replace(&self.folder.join("leaderboard.csv"), &leaderboard)?;
        let mut curve = Vec::new();
        incumbent::write_csv(study, &mut curve)?;
        replace(&self.folder.join("incumbent.csv"), &curve)?;
        if let Some(best) = Best::new(study) {
            replace(&self.folder.join("best.yaml"), best.to_yaml(&self.spec).as_bytes())?;
        }
        self.written = Some(Instant::now());
        Ok(())
    }
}

impl Observer for Files {
    fn observe(&mut self, moment: &Moment<'_>, study: &Study, _clock: &Clock) -> io::Result<()> {
        let is_due = self.written.is_none_or(|written| written.elapsed() >= INTERVAL);
        match moment {
            Moment::Ended { .. } => self.write(study),
            Moment::Delivered { .. } if is_due => self.write(study),
            Moment::Delivered { .. }
            | Moment::Started { .. }
            | Moment::SegmentStarted { .. }
            | Moment::Progressed { .. }
            | Moment::SegmentEnded { .. }
            | Moment::WorkerLost { .. }
            | Moment::MemoryRanOut { .. }
            | Moment::Stopping { .. }
            | Moment::Tick => Ok(()),
        }
    }
}
