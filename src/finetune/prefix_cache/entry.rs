//! One file of activations: a checksum for every example, then the values of all examples.

use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::PrefixCache;
use crate::cache_folder::touch;

/// Bytes of one checksum.
const MARK: u64 = size_of::<u64>() as u64;

/// Bytes of one value: a 32-bit float, little-endian.
const VALUE: u64 = size_of::<f32>() as u64;

/// An open file of activations.
#[derive(Debug)]
pub(super) struct Entry {
    file: File,
    /// The index of each example's first value; the last entry is the total number of values.
    places: Vec<u64>,
    /// For each example, true if this process has already verified or written it.
    seen: Mutex<Vec<bool>>,
    /// True after a write has failed: then nothing more is written.
    is_full: AtomicBool,
}

impl Entry {
    /// Opens or creates the file `name`; `lengths` holds the number of values of each example. `None` if the cache has
    /// no room for the file, or if it cannot be opened.
    pub(super) fn open(cache: &PrefixCache, name: &str, lengths: &[usize]) -> Option<Self> {
        let mut places = vec![0];
        places.extend(lengths.iter().scan(0, |end, &length| {
            *end += length as u64;
            Some(*end)
        }));
        let bytes = lengths.len() as u64 * MARK + places[lengths.len()] * VALUE;
        let path = cache.folder.join(name);
        if !path.exists() {
            cache.make_room(bytes).ok()?;
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // A link could lead to a file of another user.
            options
                .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
                .mode(0o600);
        }
        let file = options.open(path).ok()?;
        if !is_own(&file.metadata().ok()?) {
            return None;
        }
        if file.metadata().ok()?.len() != bytes {
            // The process that created it has crashed, or the file is damaged: start with an empty file.
            file.set_len(0).and_then(|()| file.set_len(bytes)).ok()?;
        }
        // Eviction removes the least recently used files first.
        touch(&file);
        Some(Self {
            file,
            places,
            seen: Mutex::new(vec![false; lengths.len()]),
            is_full: AtomicBool::new(false),
        })
    }

    /// Number of values of an example.
    pub(super) fn length(&self, example: usize) -> usize {
        (self.places[example + 1] - self.places[example]) as usize
    }

    /// Returns whether an example's values are present, without reading and verifying them.
    pub(super) fn has(&self, example: usize) -> bool {
        let is_seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner)[example];
        is_seen || self.mark(example).is_some()
    }

    /// Appends an example's values; `false` if they are missing or damaged.
    pub(super) fn read(&self, example: usize, values: &mut Vec<f32>) -> bool {
        let mut bytes = vec![0; self.length(example) * VALUE as usize];
        if read_at(&self.file, &mut bytes, self.offset(example)).is_err() {
            return false;
        }
        // Verify every time: the file can be damaged while it is in use, and the checksum is as fast as reading.
        if self.mark(example) != Some(checksum(&bytes)) {
            // Mark the example as missing, so that it is computed and written again.
            let _ = write_at(&self.file, &[0; MARK as usize], example as u64 * MARK);
            self.seen.lock().unwrap_or_else(PoisonError::into_inner)[example] = false;
            return false;
        }
        self.note(example);
        values.extend(bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)));
        true
    }

    /// Writes an example's values. A failure does no harm.
    pub(super) fn write(&self, example: usize, values: &[f32]) {
        if self.is_full.load(Ordering::Relaxed) {
            return;
        }
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mark = checksum(&bytes).to_le_bytes();
        let written = write_at(&self.file, &bytes, self.offset(example));
        match written.and_then(|()| write_at(&self.file, &mark, example as u64 * MARK)) {
            Ok(()) => self.note(example),
            Err(_) => self.is_full.store(true, Ordering::Relaxed),
        }
    }

    fn note(&self, example: usize) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)[example] = true;
    }

    fn offset(&self, example: usize) -> u64 {
        (self.places.len() as u64 - 1) * MARK + self.places[example] * VALUE
    }

    fn mark(&self, example: usize) -> Option<u64> {
        let mut bytes = [0; MARK as usize];
        read_at(&self.file, &mut bytes, example as u64 * MARK).ok()?;
        Some(u64::from_le_bytes(bytes)).filter(|&mark| mark != 0)
    }
}

/// Returns whether this user owns a regular file. Files of other users are not trusted for training.
fn is_own(metadata: &std::fs::Metadata) -> bool {
    metadata.is_file() && crate::os::is_mine(metadata)
}

/// The checksum of an example's bytes. It is never 0, because 0 marks an example that was not written.
fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes).max(1)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Other systems do not cache activations.
#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
