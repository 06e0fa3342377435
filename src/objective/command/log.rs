//! A program's output that is not a report: a log of bounded length, and the last output of this one program.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum length of a trial's log in bytes. When it is exceeded, the middle part is removed.
const LONGEST: u64 = 16 << 20;

/// Length of the beginning that is kept, in bytes.
const HEAD: u64 = 4 << 20;

/// Length of the newest part that is kept, in bytes.
const TAIL: u64 = 4 << 20;

const GAP: &[u8] = b"\n[automl has left out a part of this log here: it was too long]\n";

/// Length of the end of a program's output that is kept in memory, in bytes.
const LAST_WORDS: usize = 8_192;

/// A trial's log, shared by the threads that read its program's outputs.
#[derive(Clone, Debug)]
pub(super) struct Log(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: File,
    length: u64,
    /// Number of bytes that this program has written, on both outputs.
    written: u64,
    all: LastWords,
    errors: LastWords,
}

/// The end of the output, at most [`LAST_WORDS`] bytes.
#[derive(Debug, Default)]
struct LastWords(VecDeque<u8>);

/// One of a program's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Errors,
}

impl Log {
    /// Opens a trial's log, or creates one.
    ///
    /// # Errors
    /// If the log cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).read(true).append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Inner {
            path: path.to_owned(),
            file,
            length,
            written: 0,
            all: LastWords::default(),
            errors: LastWords::default(),
        }))))
    }

    /// Appends a program's output. Write errors are ignored: they are not a reason to end a trial.
    pub(super) fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut inner = self.inner();
        inner.written += bytes.len() as u64;
        inner.all.add(bytes);
        if stream == Stream::Errors {
            inner.errors.add(bytes);
        }
        if inner.file.write_all(bytes).is_ok() {
            inner.length += bytes.len() as u64;
        }
        if inner.length > LONGEST {
            let _ = inner.shorten();
        }
    }

    /// Number of bytes that this program has written so far.
    pub(super) fn written(&self) -> u64 {
        self.inner().written
    }

    /// The end of this program's error output or, if that is empty, of all its output.
    pub(super) fn last_words(&self) -> String {
        let inner = self.inner();
        let errors = inner.errors.text();
        if errors.trim().is_empty() {
            inner.all.text()
        } else {
            errors
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.inner().path.clone()
    }

    /// Removes the log if it is empty.
    pub(super) fn remove_if_empty(&self) {
        let inner = self.inner();
        if inner.length == 0 {
            let _ = std::fs::remove_file(&inner.path);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn shorten(&mut self) -> io::Result<()> {
        let mut tail = Vec::new();
        self.file.seek(SeekFrom::End(-(TAIL as i64)))?;
        (&self.file).take(TAIL).read_to_end(&mut tail)?;
        self.file.set_len(HEAD)?;
        self.file.write_all(GAP)?;
        self.file.write_all(&tail)?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

impl LastWords {
    fn add(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(LAST_WORDS)..];
        self.0.extend(new);
        let surplus = self.0.len().saturating_sub(LAST_WORDS);
        self.0.drain(..surplus);
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_beginning_and_its_newest_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = Log::open(&path).unwrap();
        log.write(Stream::Output, b"the beginning\n");
        let line = vec![b'x'; 1 << 20];
        for _ in 0..50 {
            log.write(Stream::Errors, &line);
        }
        log.write(Stream::Output, b"the end\n");
        let kept = std::fs::read(&path).unwrap();
        assert!(kept.len() as u64 <= LONGEST + (1 << 20));
        assert!(kept.starts_with(b"the beginning\n") && kept.ends_with(b"the end\n"));
        assert!(String::from_utf8_lossy(&kept).contains("left out"));
        assert_eq!(log.written(), (50 << 20) + 14 + 8);
    }

    #[test]
    fn the_last_words_are_those_on_the_error_output() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("log")).unwrap();
        log.write(Stream::Output, b"training\n");
        assert_eq!(log.last_words(), "training\n");
        log.write(Stream::Errors, b"ValueError: unknown optimizer\n");
        log.write(Stream::Output, b"a line that was late\n");
        assert_eq!(log.last_words(), "ValueError: unknown optimizer\n");
    }

    #[test]
    fn an_empty_log_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        Log::open(&path).unwrap().remove_if_empty();
        assert!(!path.exists());
        let log = Log::open(&path).unwrap();
        log.write(Stream::Output, b"x");
        log.remove_if_empty();
        assert!(path.exists());
    }
}
