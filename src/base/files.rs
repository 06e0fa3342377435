//! Writing files that are whole or not there, even after a crash.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What the names of files begin with that are being written: a crash may leave one behind.
const UNFINISHED: &str = ".automl-unfinished-";

/// Whether a file's name is that of one that was being written when its program died.
pub fn is_unfinished(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
}

/// Removes from a folder what dead programs were writing in it. Nobody may be writing there.
pub fn remove_unfinished(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_unfinished(&entry.file_name())) {
        let _ = std::fs::remove_file(entry.path());
    }
}

/// Replaces the file at `path`: readers see the old content or the new, never a part. The file gets the permissions
/// that this process gives any new file.
///
/// # Errors
/// When the new content cannot be written; the old file stays as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = unfinished(path)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself lies in the folder; not every system can sync one.
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// A new file beside `path`, which takes its place when it is whole (`persist`). It gets the permissions that this process gives any
/// new file.
///
/// # Errors
/// When it cannot be made.
pub fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What the umask leaves of it; temporary files are private otherwise, also after their renaming.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// Where a file that a person names is to be written: what a link leads to, so that the link stays.
pub fn beyond_links(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A device or a pipe at `path`, open for writing; `None` where a file is or may be.
///
/// # Errors
/// When it cannot be opened.
pub fn special(path: &Path) -> io::Result<Option<File>> {
    match path.metadata() {
        Ok(known) if !known.is_file() && !known.is_dir() => File::options().write(true).open(path).map(Some),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Replaces the file at `path` as [`replace`] does, but without waiting until that lasts: for what is soon out of date, or can be made
/// again. It survives the end of this program, but not always that of the machine, which may leave a part of it.
///
/// # Errors
/// When the new content cannot be written.
pub fn replace_soon(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!("{UNFINISHED}{name}"));
    let replaced = std::fs::write(&unfinished, content).and_then(|()| std::fs::rename(&unfinished, path));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    replaced
}

/// From now on a file that would become larger than this process may write (`ulimit -f`) is like a full disk: an error, where by
/// itself the system would end the process.
pub fn bear_size_limit() {
    #[cfg(unix)]
    {
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    }
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
