//! Owners, links, locks and space of files.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::path::Path;

/// Permissions of an ordinary new file before the umask applies; `None` where files have no such permissions.
pub fn ordinary_permissions() -> Option<Permissions> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    None
}

/// Creates a symbolic link at `path` to a file; `target` is relative to the link's folder.
///
/// # Errors
/// If the link cannot be created. Some systems need special rights for links, and some have none.
pub fn link(target: &Path, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, path);
    #[cfg(windows)]
    return std::os::windows::fs::symlink_file(target.components().collect::<std::path::PathBuf>(), path);
    #[cfg(not(any(unix, windows)))]
    {
        let _ = (target, path);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Makes a folder that belongs to this user and that no other user can write to, and returns `true`; `false` if something
/// else is at `path`: a link, or a folder of another user. Where files have no owner, it is any folder.
pub fn make_private_folder(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        let _ = std::fs::DirBuilder::new().mode(0o700).create(path);
        let is_private = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && is_mine(&found));
        if is_private {
            let _ = std::fs::set_permissions(path, Permissions::from_mode(0o700));
        }
        is_private
    }
    #[cfg(not(unix))]
    {
        let _ = std::fs::create_dir(path);
        path.is_dir()
    }
}

/// Opens a file for reading and writing, or creates it for this user alone. A symbolic link is not followed, where the
/// system can tell: it could lead to a file of another user.
///
/// # Errors
/// If the file cannot be opened.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        options.custom_flags(no_link).mode(0o600);
    }
    options.open(path)
}

/// Opens a file for reading and writing, or creates it so that this user's group may write to it too.
///
/// # Errors
/// If the file cannot be opened.
pub fn open_shared(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o664);
    options.open(path)
}

/// Returns whether an open file is still the one at `path`. Always `true` where an open file cannot be replaced.
pub fn is_still_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        match (file.metadata(), std::fs::metadata(path)) {
            (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Sets the modification time of a file to now, by the clock of its file system.
pub fn touch(file: &File) {
    #[cfg(unix)]
    {
        let now = rustix::fs::Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_NOW,
        };
        let times = rustix::fs::Timestamps {
            last_access: now,
            last_modification: now,
        };
        let _ = rustix::fs::futimens(file, &times);
    }
    #[cfg(not(unix))]
    let _ = file.set_modified(std::time::SystemTime::now());
}

/// Fills `bytes` from a position of a file. Several threads may do so at once. Do not use the file's cursor beside it.
///
/// # Errors
/// If the file is too short or cannot be read.
pub fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset);
    #[cfg(not(unix))]
    at(file, offset, |mut file| io::Read::read_exact(&mut file, bytes))
}

/// Writes `bytes` at a position of a file. Several threads may do so at once. Do not use the file's cursor beside it.
///
/// # Errors
/// If the file cannot be written.
pub fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(not(unix))]
    at(file, offset, |mut file| io::Write::write_all(&mut file, bytes))
}

/// Moves the cursor that all threads share, and acts before another thread moves it.
#[cfg(not(unix))]
fn at(file: &File, offset: u64, act: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _held = ONE_AT_A_TIME.lock();
    let mut cursor = file;
    io::Seek::seek(&mut cursor, io::SeekFrom::Start(offset))?;
    act(file)
}

/// Facts that tell a file apart from another one of the same name, size and modification time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The time of the last change of the file or of its metadata, since 1970.
    pub changed: std::time::Duration,
    /// The numbers of the file and of its device.
    pub file: [u64; 2],
}

/// The identity of a file; `None` where the system does not tell.
pub fn identity(file: &Metadata) -> Option<Identity> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some(Identity {
            changed: std::time::Duration::new(file.ctime().unsigned_abs(), file.ctime_nsec() as u32),
            file: [file.ino(), file.dev()],
        })
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

/// Returns whether a process has a file open; `None` if the system does not tell. Only Linux does.
pub fn is_open_in(pid: u32, file: &Path) -> Option<bool> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.dev(), metadata.ino()))
        };
        let file = identity(file)?;
        match std::fs::read_dir(format!("/proc/{pid}/fd")) {
            Ok(entries) => Some(entries.flatten().any(|entry| identity(&entry.path()) == Some(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
            Err(_) => None,
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (pid, file);
        None
    }
}

/// Returns whether a path is a named pipe.
pub fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    return std::fs::metadata(path).is_ok_and(|file| std::os::unix::fs::FileTypeExt::is_fifo(&file.file_type()));
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Returns whether anybody may run a file; `true` where files do not say so.
pub fn is_executable(file: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// Returns whether a file belongs to the user of this process; `true` where files have no owner.
pub fn is_mine(file: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::uid(file) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// Returns whether an open file has no name any more. `path` is the name that it had.
pub fn is_removed(file: &Metadata, path: &Path) -> bool {
    #[cfg(unix)]
    {
        let _ = path;
        std::os::unix::fs::MetadataExt::nlink(file) == 0
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        !path.exists()
    }
}

/// Free space for this user on the disk of a folder, in bytes; the folder need not exist yet. `None` if the system does
/// not tell.
pub fn free_space(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let mut folders = folder.ancestors();
        let existing = folders.find(|folder| folder.is_dir() || folder.as_os_str().is_empty())?;
        let existing = if existing.as_os_str().is_empty() {
            Path::new(".")
        } else {
            existing
        };
        let disk = rustix::fs::statvfs(existing).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// Reserves disk space for a part of a file without changing its length, where the file system can.
///
/// # Errors
/// If the disk is full, or the file may not grow so far.
pub fn reserve(file: &File, from: u64, length: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(file, FallocateFlags::KEEP_SIZE, from, length).map_err(io::Error::from) {
            Err(error) if is_full(&error) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, from, length);
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// Gives the disk space of a part of a file back, where the file system can. Its length stays; what was there reads as zeros.
pub fn free_range(file: &File, from: u64, length: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let _ = fallocate(file, flags, from, length);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, from, length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_is_known_and_reserved_space_changes_no_length() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let path = folder.path().join("file");
        let file = File::create_new(&path).expect("the folder is empty");
        reserve(&file, 0, 1 << 16).expect("there is room");
        free_range(&file, 0, 1 << 12);
        let metadata = file.metadata().expect("it is open");
        assert!(metadata.len() == 0 && is_mine(&metadata) && !is_removed(&metadata, &path));
        assert!(free_space(folder.path()).is_none_or(|bytes| bytes > 0));
        std::fs::remove_file(&path).expect("it is there");
        assert!(is_removed(&file.metadata().expect("it is open"), &path));
    }

    #[cfg(unix)]
    #[test]
    fn a_private_folder_follows_no_link_and_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let [open, linked] = ["open", "linked"].map(|name| folder.path().join(name));
        std::fs::create_dir(&open).expect("the name is free");
        std::fs::set_permissions(&open, Permissions::from_mode(0o777)).expect("it is ours");
        link(Path::new("open"), &linked).expect("the name is free");
        assert!(!make_private_folder(&linked) && make_private_folder(&open));
        let mode = open.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_follows_no_link_and_is_read_and_written_anywhere() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let [path, linked] = ["file", "linked"].map(|name| folder.path().join(name));
        let file = open_private(&path).expect("the name is free");
        link(Path::new("file"), &linked).expect("the name is free");
        assert!(open_private(&linked).is_err() && open_shared(&linked).is_ok());
        write_at(&file, b"abc", 2).expect("there is room");
        let mut bytes = [0; 3];
        read_at(&file, &mut bytes, 1).expect("it is long enough");
        assert_eq!(&bytes, b"\0ab");
        assert!(read_at(&file, &mut bytes, 3).is_err());
        assert!(is_still_at(&file, &path));
        std::fs::rename(&path, folder.path().join("away")).expect("it is ours");
        assert!(!is_still_at(&file, &path));
    }

    #[test]
    fn a_folder_that_does_not_exist_yet_has_the_space_of_its_parent() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let there = free_space(folder.path()).is_some();
        assert_eq!(free_space(&folder.path().join("a/b")).is_some(), there);
        assert_eq!(free_space(Path::new("none/yet")).is_some(), there);
    }
}
