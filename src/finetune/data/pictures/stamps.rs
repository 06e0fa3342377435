//! Hashes of the contents of files, which are remembered as long as the files do not change.
//!
//! A file counts as unchanged while its size, its times of change and its number in the file system are the same, as in
//! git's index. So a second look at 50,000 files reads none of them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use super::address::Picture;
use super::pack::PictureCache;
use crate::{files, os};

/// A file that was changed so shortly ago may change again within the resolution of its times.
const RACY: Duration = Duration::from_secs(3);

/// The content hash of each picture.
pub(super) fn hashes(pictures: &[Picture], cache: Option<&PictureCache>) -> Vec<u128> {
    let path = cache.and_then(|cache| Some(cache.folder().join(format!("{:032x}.seen", stamp(pictures)?))));
    if let Some(known) = path.as_deref().and_then(|path| remembered(path, pictures.len())) {
        return known;
    }
    let found: Vec<u128> = pictures.par_iter().map(Picture::hash).collect();
    if let Some(path) = path {
        let bytes: Vec<u8> = found.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        // Without it the files are read again.
        let _ = files::replace_soon(&path, &bytes);
    }
    found
}

fn remembered(path: &Path, count: usize) -> Option<Vec<u128>> {
    let bytes = std::fs::read(path).ok()?;
    let (hashes, rest) = bytes.as_chunks::<16>();
    let is_whole = rest.is_empty() && hashes.len() == count;
    is_whole.then(|| hashes.iter().map(|hash| u128::from_le_bytes(*hash)).collect())
}

/// A hash of the names and the times of all files; `None` if one is missing or was changed just now.
fn stamp(pictures: &[Picture]) -> Option<u128> {
    let now = now();
    let marks: Option<Vec<Vec<u8>>> = pictures.par_iter().map(|picture| mark(picture, now)).collect();
    let mut hash = Xxh3::new();
    for mark in marks? {
        hash.update(&(mark.len() as u64).to_le_bytes());
        hash.update(&mark);
    }
    Some(hash.digest128())
}

#[expect(
    clippy::disallowed_methods,
    reason = "times of files are compared with the clock that made them"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn mark(picture: &Picture, now: SystemTime) -> Option<Vec<u8>> {
    let path = match picture {
        Picture::File(path) => path,
        Picture::Grey { .. } => return Some(picture.hash().to_le_bytes().to_vec()),
    };
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let modified = metadata.modified().ok()?;
    if now.duration_since(modified).ok()? < RACY {
        return None;
    }
    let mut mark = path.as_os_str().as_encoded_bytes().to_vec();
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    mark.extend(since.as_nanos().to_le_bytes());
    mark.extend(metadata.len().to_le_bytes());
    if let Some(os::Identity { changed, file }) = os::identity(&metadata) {
        if (SystemTime::UNIX_EPOCH + changed) + RACY > now {
            return None;
        }
        mark.extend(changed.as_nanos().to_le_bytes());
        mark.extend(file.map(u64::to_le_bytes).concat());
    }
    Some(mark)
}
