//! A segment of a program, from its first beginning on through every interruption.
//!
//! What may be repeated and what may be lost is in `docs/src/recipes/own-program.md`. A program's lines are in a file and survive its
//! worker; its state is in its checkpoint folder, and may be ahead of them, because the program saves one before it prints the other.
//! So the state with which the segment began is kept, and put back when a program that goes on has skipped an epoch.

use std::io;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::objective::checkpoints;
use crate::objective::segment_progress::SegmentProgress;
use crate::trials::Segment;

/// What is on disk of a segment.
#[derive(Debug)]
pub(super) struct Attempt {
    folder: PathBuf,
    /// What is known of it.
    pub(super) done: SegmentProgress,
    /// Another program may have been at work on it before.
    pub(super) is_retry: bool,
}

impl Attempt {
    /// Goes on with a segment that was interrupted, or begins one.
    ///
    /// # Errors
    /// When what lies in the trial's folder cannot be read or copied.
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
        // Nobody knows what was reported: the state may be anywhere within the segment.
        if is_damaged && (attempt.kept().is_dir() || segment.from.0 == 0) {
            attempt.put_state_back()?;
        }
        attempt.keep_state()?;
        Output::begin(&attempt.folder)?;
        // From here on it counts as begun, also after a power failure.
        attempt.done.save(&attempt.folder)?;
        Ok(attempt)
    }

    /// Begins the segment once more, with the state with which it began first. What was reported until `heard` counts no more.
    ///
    /// # Errors
    /// When that state cannot be put back.
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

    /// The segment has come to its end: what was kept in case of an interruption is of no more use.
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

    /// The program's own folder.
    fn state(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// What was in it when the segment began.
    fn kept(&self) -> PathBuf {
        self.folder.join("at-the-beginning")
    }
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}
