//! Functions of the operating system that the standard library does not offer. All differences between systems stand
//! here. Where a system has no such function, ours does nothing or gives the cautious answer, as its comment says.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// The name of this machine; empty if the system does not tell.
pub fn node() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    String::new()
}

/// Time since this machine started, the same in every process. Where the system can tell, it includes the time in which
/// the machine was suspended.
pub fn uptime() -> std::time::Duration {
    #[cfg(unix)]
    {
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(clock);
        std::time::Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

/// True if this system has process groups. Without them, signals to a group reach no process.
pub const HAS_GROUPS: bool = cfg!(unix);

/// Makes a command lead a process group of its own, so that signals to our group do not reach it. Without groups it stays.
pub fn lead_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// A signal to a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupSignal {
    /// A request to end.
    Terminate,
    /// The end.
    Kill,
}

/// Sends a signal to every process of a group. A group that no longer exists is not an error. Without groups nothing happens.
pub fn signal_group(group: u32, signal: GroupSignal) {
    #[cfg(unix)]
    if let Some(group) = known_group(group) {
        let signal = match signal {
            GroupSignal::Terminate => rustix::process::Signal::TERM,
            GroupSignal::Kill => rustix::process::Signal::KILL,
        };
        let _ = rustix::process::kill_process_group(group, signal);
    }
    #[cfg(not(unix))]
    let _ = (group, signal);
}

/// Returns whether a group still has processes; `false` without groups.
pub fn is_group_alive(group: u32) -> bool {
    #[cfg(unix)]
    return known_group(group).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok());
    #[cfg(not(unix))]
    {
        let _ = group;
        false
    }
}

/// Excludes groups 0 and 1, which would mean our own group and all processes.
#[cfg(unix)]
fn known_group(group: u32) -> Option<rustix::process::Pid> {
    let group = i32::try_from(group).ok().filter(|&group| group > 1);
    group.and_then(rustix::process::Pid::from_raw)
}

/// Makes this process the parent of all orphans below it (prctl(2), `PR_SET_CHILD_SUBREAPER`). Returns whether that
/// worked; only Linux can do it.
pub fn adopt_orphans() -> bool {
    #[cfg(target_os = "linux")]
    return rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok();
    #[cfg(not(target_os = "linux"))]
    false
}

/// Kills a process and releases its entry in the process table if it is a child of this one. Only on Linux.
pub fn kill_and_reap(pid: u32) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = pid;
}

/// Makes the system kill this process as soon as `parent`, its parent, is gone. Returns `false` if that has already
/// happened. Only Linux can do it; other systems do nothing.
///
/// # Errors
/// If the system refuses.
pub fn die_with_parent(parent: u32) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have ended before the call above.
        Ok(getppid().is_some_and(|pid| pid.as_raw_nonzero().get() as u32 == parent))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = parent;
        Ok(true)
    }
}

/// Replaces this process by a program; returns only if that fails. Where a process cannot be replaced, it waits for the
/// program and exits with its code.
pub fn replace_process(command: &mut Command) -> io::Error {
    #[cfg(unix)]
    return std::os::unix::process::CommandExt::exec(command);
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// The signals that ended a process or, by its shell's exit code, a program that it ran; none without signals.
pub fn ending_signals(status: ExitStatus) -> impl Iterator<Item = i32> {
    #[cfg(unix)]
    let signals = {
        let by_shell = status.code().map(|code| code - 128);
        [std::os::unix::process::ExitStatusExt::signal(&status), by_shell]
    };
    #[cfg(not(unix))]
    let signals = {
        let _ = status;
        [None, None]
    };
    signals.into_iter().flatten()
}

/// Turns the limit on file sizes (`ulimit -f`) into an ordinary write error, as for a full disk. By default the system
/// ends the process when a file would exceed that limit.
pub fn survive_size_limit() {
    #[cfg(unix)]
    {
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    }
}

/// Raises the limit on open files to the maximum that this process may have.
pub fn allow_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let current = maximum;
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
}

/// Permissions of an ordinary new file before the umask applies; `None` where files have no such permissions.
pub fn ordinary_permissions() -> Option<Permissions> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    None
}

/// Creates a symbolic link at `path` to `target`; nothing where links need special rights.
///
/// # Errors
/// If the link cannot be created.
pub fn link(target: &Path, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, path);
    #[cfg(not(unix))]
    {
        let _ = (target, path);
        Ok(())
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

/// Free space for this user on the disk of a folder, in bytes; `None` if the system does not tell.
pub fn free_space(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder).ok()?;
        Some(disk.f_bavail * disk.f_frsize)
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
    fn our_own_group_and_all_processes_are_never_signalled() {
        // The test would not survive it.
        for group in [0, 1, u32::MAX] {
            signal_group(group, GroupSignal::Kill);
            assert!(!is_group_alive(group));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_group_is_alive_until_it_is_killed() {
        let mut command = Command::new("sleep");
        lead_group(&mut command);
        let mut child = command.arg("60").spawn().expect("there is `sleep`");
        assert!(is_group_alive(child.id()));
        signal_group(child.id(), GroupSignal::Kill);
        child.wait().expect("it was our child");
        assert!(!is_group_alive(child.id()));
    }

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
}
