//! Writes files atomically: even after a crash a file is either complete or absent.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::os;

/// Prefix of the names of files that are being written. A crash may leave such a file behind.
const UNFINISHED: &str = ".automl-unfinished-";

/// Returns whether a file name belongs to a file whose writing was interrupted.
pub fn is_unfinished(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
}

/// Removes the unfinished files of crashed programs from a folder. No process may be writing there.
pub fn remove_unfinished(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_unfinished(&entry.file_name())) {
        let _ = std::fs::remove_file(entry.path());
    }
}

/// Replaces the file at `path`: readers see either the old content or the new, never a part. The file gets the
/// permissions of any new file of this process.
///
/// # Errors
/// If the new content cannot be written; the old file stays as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = unfinished(path)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename is recorded in the folder; not every system can sync a folder.
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// A new temporary file in the folder of `path`. It replaces `path` when it is complete (`persist`). It gets the
/// permissions of any new file of this process.
///
/// # Errors
/// If the file cannot be created.
pub fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files would otherwise stay private, even after they are renamed.
    if let Some(permissions) = os::ordinary_permissions() {
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder_of(path))
}

/// The path to write to for a path that a user names: links are followed, so that the link itself stays.
pub fn beyond_links(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The device or pipe at `path`, open for writing; `None` if `path` is a file or folder or does not exist.
///
/// # Errors
/// If it cannot be opened.
pub fn special(path: &Path) -> io::Result<Option<File>> {
    match path.metadata() {
        Ok(known) if !known.is_file() && !known.is_dir() => File::options().write(true).open(path).map(Some),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Replaces the file at `path` like [`replace`], but does not wait until the disk has it.
///
/// For content that is soon out of date or can be made again. The content survives the end of this program. If the
/// machine crashes, only a part of it may be left.
///
/// # Errors
/// If the new content cannot be written.
pub fn replace_soon(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!("{UNFINISHED}{name}"));
    let replaced = std::fs::write(&unfinished, content).and_then(|()| std::fs::rename(&unfinished, path));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn what_a_crash_left_is_known_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(format!("{UNFINISHED}x1"));
        for path in [&left, &folder.path().join("file")] {
            std::fs::write(path, b"").unwrap();
        }
        assert!(is_unfinished(left.file_name().unwrap()) && !is_unfinished(OsStr::new("file")));
        remove_unfinished(folder.path());
        assert!(!left.exists() && folder.path().join("file").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| folder.path().join(name).metadata().unwrap().permissions().mode();
        std::fs::write(folder.path().join("plain"), b"").unwrap();
        replace(&folder.path().join("replaced"), b"").unwrap();
        assert_eq!(mode("replaced"), mode("plain"));
    }
}
