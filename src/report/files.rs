//! Keeps the derived files of a study up to date while it runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Best, Leaderboard, incumbent};
use crate::engine::{Clock, EngineEvent, Observer};
use crate::files::replace_soon;
use crate::spec::Spec;
use crate::study::Study;

/// Shortest time between two versions of the files, so that the cost of writing stays small.
const INTERVAL: Duration = Duration::from_secs(2);

/// The time between two versions is at least this multiple of the time to build one. With many trials that time grows.
const COSTLIER: u32 = 20;

/// File names and contents.
type Contents = Vec<(&'static str, Vec<u8>)>;

/// Writes `leaderboard.csv`, `incumbent.csv` and `best.yaml` into a study's folder.
///
/// A separate thread waits for the disk. On a busy disk a write takes seconds and would block the study.
pub struct Files {
    folder: PathBuf,
    spec: Spec,
    /// Earliest time of the next version.
    due: Option<Instant>,
    writer: Option<Writer>,
}

/// The thread that writes.
struct Writer {
    versions: Sender<Contents>,
    /// `true` if everything that was sent has been written. No newer version is built until then.
    is_idle: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<()>>,
}

impl Files {
    /// The files in `folder` for the study of `spec`.
    pub fn new(folder: PathBuf, spec: Spec) -> Self {
        Self {
            folder,
            spec,
            due: None,
            writer: None,
        }
    }

    /// Writes all files from the current state of the study, and waits until they are on disk.
    ///
    /// # Errors
    /// If a file cannot be written; it then keeps its old contents.
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

    /// Sends the current state of the study to the thread, unless it is still writing an older version.
    fn write_soon(&mut self, study: &Study) -> io::Result<()> {
        let is_busy = |writer: &Writer| !writer.is_idle.load(Ordering::Acquire) && !writer.thread.is_finished();
        if self.writer.as_ref().is_some_and(is_busy) {
            return Ok(());
        }
        let begun = Instant::now();
        let contents = self.contents(study)?;
        let pause = INTERVAL.max(begun.elapsed() * COSTLIER);
        self.due = Some(Instant::now() + pause);
        let folder = &self.folder;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(Writer::start(folder.clone())?),
        };
        writer.is_idle.store(false, Ordering::Release);
        match writer.versions.send(contents) {
            Ok(()) => Ok(()),
            // The thread ended because a file could not be written.
            Err(_) => self.finish(),
        }
    }

    /// Waits until the thread has written everything that was sent.
    fn finish(&mut self) -> io::Result<()> {
        let Some(Writer { versions, thread, .. }) = self.writer.take() else {
            return Ok(());
        };
        drop(versions);
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that writes results broke off")))
    }
}

impl Writer {
    fn start(folder: PathBuf) -> io::Result<Self> {
        let (versions, waiting) = channel::<Contents>();
        let is_idle = Arc::new(AtomicBool::new(true));
        let has_written = Arc::clone(&is_idle);
        let thread = std::thread::Builder::new().spawn(move || {
            waiting.iter().try_for_each(|contents| {
                write(&folder, &contents)?;
                has_written.store(true, Ordering::Release);
                Ok(())
            })
        })?;
        Ok(Self {
            versions,
            is_idle,
            thread,
        })
    }
}

fn write(folder: &Path, contents: &Contents) -> io::Result<()> {
    contents
        .iter()
        .try_for_each(|(name, content)| replace_soon(&folder.join(name), content))
}

impl Observer for Files {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, _clock: &Clock) -> io::Result<()> {
        let is_due = self.due.is_none_or(|due| Instant::now() >= due);
        match event {
            EngineEvent::Ended { .. } => self.write(study),
            EngineEvent::Delivered { .. } if is_due => self.write_soon(study),
            _ => Ok(()),
        }
    }
}
