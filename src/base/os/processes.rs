//! Groups and ends of processes, and their limits.

use std::io;
use std::process::{Command, ExitStatus};

/// The number of the user of this process; 0 where users have no numbers.
pub fn user() -> u32 {
    #[cfg(unix)]
    return rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    0
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
}
