//! Keeps a study's derived files up to date while it runs.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Best, Leaderboard, incumbent};
use crate::engine::{Clock, Moment, Observer};
use crate::files::replace;
use crate::spec::Spec;
use crate::study::Study;

/// Shortest time between two versions of the files, so that writing them costs nothing.
const INTERVAL: Duration = Duration::from_secs(2);

/// Names and contents.
type Contents = Vec<(&'static str, Vec<u8>)>;

/// Writes `leaderboard.csv`, `incumbent.csv` and `best.yaml` into a study's folder.
///
/// A thread of its own waits for the disk: on a busy one that takes seconds, in which the study has better things to do.
pub struct Files {
    folder: PathBuf,
    spec: Spec,
    written: Option<Instant>,
    writer: Option<Writer>,
}

/// The thread that writes.
struct Writer {
    /// At most one version waits; while one does, a newer one is left out.
    versions: SyncSender<Contents>,
    thread: JoinHandle<io::Result<()>>,
}

impl Files {
    /// Files in `folder` for the study of `spec`.
    pub fn new(folder: PathBuf, spec: Spec) -> Self {
        Self {
            folder,
            spec,
            written: None,
            writer: None,
        }
    }

    /// Writes all of them as the study stands, and waits until they last.
    ///
    /// # Errors
    /// When one cannot be written; it then stays as it was.
    pub fn write(&mut self, study: &Study) -> io::Result<()> {
        self.finish()?;
        write(&self.folder, &self.contents(study)?)
    }

    fn contents(&self, study: &Study) -> io::Result<Contents> {
        let mut leaderboard = Vec::new();
        Leaderboard::new(study).write_csv(&mut leaderboard, true)?;
        let mut curve = Vec::new();
        incumbent::write_csv(study, &mut curve)?;
        let mut contents = vec![("leaderboard.csv", leaderboard), ("incumbent.csv", curve)];
        if let Some(best) = Best::new(study) {
            contents.push(("best.yaml", best.to_yaml(&self.spec).into_bytes()));
        }
        Ok(contents)
    }

    /// Lets the thread write the files as the study stands, unless it is still busy with an older version.
    fn write_soon(&mut self, study: &Study) -> io::Result<()> {
        self.written = Some(Instant::now());
        let contents = self.contents(study)?;
        let writer = self.writer.get_or_insert_with(|| {
            let (versions, waiting) = sync_channel(1);
            let folder = self.folder.clone();
            Writer {
                versions,
                thread: std::thread::spawn(move || write_all(&folder, &waiting)),
            }
        });
        match writer.versions.try_send(contents) {
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            // It ended because a file could not be written.
            Err(TrySendError::Disconnected(_)) => self.finish(),
        }
    }

    /// Waits until the thread has written what it was given.
    fn finish(&mut self) -> io::Result<()> {
        let Some(Writer { versions, thread }) = self.writer.take() else {
            return Ok(());
        };
        drop(versions);
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that writes results broke off")))
    }
}

fn write_all(folder: &std::path::Path, versions: &Receiver<Contents>) -> io::Result<()> {
    versions.iter().try_for_each(|contents| write(folder, &contents))
}

fn write(folder: &std::path::Path, contents: &Contents) -> io::Result<()> {
    contents
        .iter()
        .try_for_each(|(name, content)| replace(&folder.join(name), content))
}

impl Observer for Files {
    fn observe(&mut self, moment: &Moment<'_>, study: &Study, _clock: &Clock) -> io::Result<()> {
        let is_due = self.written.is_none_or(|written| written.elapsed() >= INTERVAL);
        match moment {
            Moment::Ended { .. } => self.write(study),
            Moment::Delivered { .. } if is_due => self.write_soon(study),
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
