//! Keeps the cache below its limit: the least recently used files are removed first.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::PrefixCache;
use crate::os;

/// A new file takes at most 1/`SHARE_OF_FREE` of the free disk space, because a study needs room for other files too.
const SHARE_OF_FREE: u64 = 4;

/// A file of activations.
struct Known {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl PrefixCache {
    /// Makes room for a new file of `bytes` bytes. Processes that have a removed file open can still read it.
    ///
    /// # Errors
    /// If there cannot be enough room.
    pub(super) fn make_room(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        std::fs::create_dir_all(&self.folder)?;
        let mut known = self.known();
        known.sort_by_key(|known| known.used);
        let mut total: u64 = known.iter().map(|known| known.bytes).sum();
        for Known { path, bytes: freed, .. } in known {
            if total + bytes <= self.limit {
                break;
            }
            std::fs::remove_file(path)?;
            total -= freed;
        }
        if os::free_space(&self.folder).is_some_and(|free| bytes > free / SHARE_OF_FREE) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn known(&self) -> Vec<Known> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let rows = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rows"));
        let known = rows.filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some(Known {
                path: entry.path(),
                bytes: metadata.len(),
                used: metadata.modified().ok()?,
            })
        });
        known.collect()
    }
}
