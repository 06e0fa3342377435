//! Appends events to a journal, and makes them durable.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Contents, Entry, ReadError, read};
use crate::study::Event;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    next: u64,
    /// Length of the sound part of the file.
    length: u64,
    is_synced: bool,
}

/// The reasons why an event could not be recorded. The journal then ends with the event before it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be written.
    #[error("cannot write the journal `{}`: {source}; everything before is safe, and the study can continue from there", path.display())]
    Write {
        /// The journal.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Another process has it open for writing.
    #[error("another process works on the study of `{}`, though the lock of its folder is gone: end it first", .0.display())]
    InUse(PathBuf),
    /// Another process has changed it.
    #[error(
        "another process has changed the journal `{}` while this process worked on the study: stop the other process (on another \
         machine too, where locks may not reach), then see what is left with `automl status`", .0.display()
    )]
    Shared(PathBuf),
    /// It was removed or emptied.
    #[error("the journal `{}` was removed or emptied while the study ran: nothing more can be recorded", .0.display())]
    Gone(PathBuf),
    /// It could not be opened.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Journal {
    /// Creates the journal of a new study.
    ///
    /// # Errors
    /// If the file exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new().append(true).create_new(true).open(path);
        let file = file.map_err(|source| JournalError::Write {
            path: path.to_owned(),
            source,
        })?;
        lock(&file, path)?;
        let journal = Self {
            path: path.to_owned(),
            file,
            next: 0,
            length: 0,
            is_synced: true,
        };
        journal.sync_folder()?;
        Ok(journal)
    }

    /// Opens an existing journal to append to it, and drops a torn last line.
    ///
    /// # Errors
    /// If it cannot be read or written, or is damaged.
    pub fn open(path: &Path) -> Result<(Self, Contents), JournalError> {
        let failed = |source| JournalError::Write {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        lock(&file, path)?;
        let contents = read(path)?;
        file.set_len(contents.length).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let next = contents.entries.len() as u64;
        let journal = Self {
            path: path.to_owned(),
            file,
            next,
            length: contents.length,
            is_synced: true,
        };
        Ok((journal, contents))
    }

    /// Number of events in the journal.
    pub fn events(&self) -> u64 {
        self.next
    }

    /// Appends an event. It is durable only after [`Self::sync`].
    ///
    /// # Errors
    /// If the file cannot be written: then no part of the event remains in it. Also if another process has changed the
    /// file.
    pub fn append(&mut self, event: &Event, elapsed: f64) -> Result<(), JournalError> {
        let entry = Entry {
            seq: self.next,
            elapsed,
            event: event.clone(),
        };
        let line = entry.to_line().map_err(|error| self.failed(error))?;
        self.check()?;
        if let Err(source) = self.file.write_all(&line) {
            // A part of the line may be on disk, so it is removed. If that fails too, the next open drops it as torn.
            let _ = self.file.set_len(self.length);
            return Err(self.failed(source));
        }
        self.next += 1;
        self.length += line.len() as u64;
        self.is_synced = false;
        Ok(())
    }

    /// Checks that the journal is as this process left it. A lock is not enough: its file may have been removed, and
    /// some file systems do not share locks between machines.
    ///
    /// # Errors
    /// If it is gone, or another process has written to it.
    pub fn check(&self) -> Result<(), JournalError> {
        let now = self.file.metadata().map_err(|source| self.failed(source))?;
        let is_gone = crate::os::is_removed(&now, &self.path);
        if is_gone || (now.len() == 0 && self.length > 0) {
            Err(JournalError::Gone(self.path.clone()))
        } else if now.len() == self.length {
            Ok(())
        } else {
            Err(JournalError::Shared(self.path.clone()))
        }
    }

    /// Makes all appended events durable, before anything acts on them.
    ///
    /// # Errors
    /// If the system cannot confirm that they are durable.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if !self.is_synced {
            self.file.sync_data().map_err(|source| self.failed(source))?;
            self.is_synced = true;
        }
        Ok(())
    }

    /// Makes a new file durable, which requires a sync of its folder.
    fn sync_folder(&self) -> Result<(), JournalError> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> JournalError {
        JournalError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

/// Locks the journal while it is open, if the file system supports it: the lock of the folder may have been removed.
fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path.to_owned())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}
