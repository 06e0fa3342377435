//! A file that only grows, and whose content follows from the journal.
//!
//! After a crash a tracker makes its content again from the beginning. The part that the file already has is compared
//! and left alone, and the rest is appended. So the file has everything once, and a program that reads it meanwhile sees
//! it grow.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::TrackerError;

/// A file that only grows.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    /// Bytes that the file has for certain; `None` before the first write.
    length: Option<u64>,
    waiting: Vec<u8>,
}

impl Growing {
    /// The file at `path`, which may have a part of its content already.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            length: None,
            waiting: Vec::new(),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes of its content until now.
    pub(super) fn end(&self) -> u64 {
        self.length.unwrap_or(0) + self.waiting.len() as u64
    }

    /// Appends to its content.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Writes the content that the file does not have. Returns `true` if that changed the file.
    pub(super) fn write(&mut self) -> Result<bool, TrackerError> {
        if self.length.is_some() && self.waiting.is_empty() {
            return Ok(false);
        }
        self.grow().map_err(|source| TrackerError::File {
            path: self.path.clone(),
            source,
        })
    }

    fn grow(&mut self) -> io::Result<bool> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&self.path)?;
        let known = file.metadata()?.len();
        let same = match self.length {
            None => common(&mut file, &self.waiting)?,
            Some(length) if known < length => {
                return Err(io::Error::other("another program has made it shorter: remove it"));
            }
            Some(_) => 0,
        };
        let kept = self.length.unwrap_or(0) + same as u64;
        // Removes the rest of a write that a crash cut off, or the content of another study.
        if known > kept {
            file.set_len(kept)?;
        }
        file.seek(SeekFrom::Start(kept))?;
        file.write_all(&self.waiting[same..])?;
        let is_changed = known > kept || same < self.waiting.len();
        self.length = Some(self.end());
        self.waiting.clear();
        Ok(is_changed)
    }
}

/// Number of bytes at the beginning of the file that are those of `content`.
fn common(file: &mut File, content: &[u8]) -> io::Result<usize> {
    let mut found = Vec::new();
    file.take(content.len() as u64).read_to_end(&mut found)?;
    Ok(found
        .iter()
        .zip(content)
        .take_while(|(one, other)| one == other)
        .count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_content_is_there_once_whatever_a_crash_has_left(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
            left in 0..200_usize,
            torn in prop::collection::vec(any::<u8>(), 0..9),
            first in 0..6_usize,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("below").join("file");
            let whole = parts.concat();
            let mut before = whole[..left.min(whole.len())].to_vec();
            before.extend(&torn);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, before).unwrap();
            let mut growing = Growing::new(path.clone());
            // The first write has everything that the journal had, the others what came later.
            let first = first.min(parts.len());
            parts[..first].iter().for_each(|part| growing.push(part));
            growing.write().unwrap();
            for part in &parts[first..] {
                growing.push(part);
                growing.write().unwrap();
            }
            prop_assert_eq!(std::fs::read(&path).unwrap(), whole);
            prop_assert!(!growing.write().unwrap());
        }
    }
}
