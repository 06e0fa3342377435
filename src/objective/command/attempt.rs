//! A segment of a program, from its first start through every interruption.
//!
//! `docs/src/recipes/own-program.md` says what may be repeated and what may be lost. A program's output lines are in a
//! file and survive its worker. Its state is in its checkpoint folder and may be ahead of the output, because the
//! program saves the state before it prints the line. So the state at the beginning of the segment is kept. It is
//! restored if a program that resumes has skipped an epoch.

use std::io;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::objective::checkpoints;
use crate::objective::segment_progress::SegmentProgress;
use crate::trials::Segment;

/// A segment's files on disk.
#[derive(Debug)]
pub(super) struct Attempt {
    folder: PathBuf,
    /// Progress of the segment so far.
    pub(super) done: SegmentProgress,
    /// `true` if another program may have worked on the segment before.
    pub(super) is_retry: bool,
}

impl Attempt {
    /// Resumes a segment that was interrupted, or begins a new one.
    ///
    /// # Errors
    /// If the files in the trial's folder cannot be read or copied.
    pub(super) fn begin(segment: &Segment) -> io::Result<Self> {
        let folder = segment.checkpoints.clone();
        let known = SegmentProgress::load(&folder);
        let is_damaged = known.is_none() && SegmentProgress::path(&folder).exists();
        if let Some(done) = known.filter(|known| known.from == segment.from) {
            return Ok(Self {
                folder,
                done,
                is_retry: true,
            });
        }
        let attempt = Self {
            done: SegmentProgress::fresh(segment.from),
            is_retry: false,
            folder,
        };
        // It is unknown what was reported: the state may be anywhere within the segment.
        if is_damaged && (attempt.kept().is_dir() || segment.from.0 == 0) {
            attempt.put_state_back()?;
        }
        attempt.keep_state()?;
        Output::begin(&attempt.folder)?;
        // From here on the segment counts as begun, even after a power failure.
        attempt.done.save(&attempt.folder)?;
        Ok(attempt)
    }

    /// Restarts the segment from its initial state and discards everything that was reported up to `heard`.
    ///
    /// # Errors
    /// If that state cannot be restored.
    pub(super) fn put_back(&mut self, heard: u64) -> io::Result<()> {
        self.put_state_back()?;
        self.done = SegmentProgress {
            heard,
            usage: self.done.usage.clone(),
            ..SegmentProgress::fresh(self.done.from)
        };
        self.is_retry = false;
        self.done.save(&self.folder)
    }

    fn put_state_back(&self) -> io::Result<()> {
        let (state, kept) = (self.state(), self.kept());
        if kept.is_dir() {
            checkpoints::replace_folder(&kept, &state)
        } else {
            std::fs::remove_dir_all(&state)?;
            std::fs::create_dir(&state)
        }
    }

    /// Removes the files that were kept in case of an interruption: the segment has ended.
    pub(super) fn end(&self) {
        let _ = std::fs::remove_dir_all(self.kept());
        Output::remove(&self.folder);
    }

    fn keep_state(&self) -> io::Result<()> {
        let (state, kept) = (self.state(), self.kept());
        if is_empty(&state)? {
            match std::fs::remove_dir_all(kept) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            }
        } else {
            checkpoints::replace_folder(&state, &kept)
        }
    }

    /// The program's checkpoint folder.
    fn state(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// The copy of the checkpoint folder from the beginning of the segment.
    fn kept(&self) -> PathBuf {
        self.folder.join("at-the-beginning")
    }
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}
