//! Replaces this process by another program that dies with its worker. A worker starts this instead of the program
//! itself.

use std::ffi::OsString;
use std::io;
use std::process::Command;

/// Replaces this process by the program `words[0]` with the arguments after it; returns only if that fails.
///
/// `parent` is the process id of the worker. On Linux the system kills the program as soon as its parent is gone, for
/// whatever reason. So no program outlives a worker that was killed.
pub fn launch(parent: u32, words: &[OsString]) -> io::Error {
    let Some((program, arguments)) = words.split_first() else {
        return io::Error::other("there is no program to start");
    };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
            return error.into();
        }
        // The parent may have ended before the call above.
        if getppid().is_none_or(|pid| pid.as_raw_nonzero().get() as u32 != parent) {
            return io::Error::other("the worker is gone");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    #[cfg(unix)]
    return std::os::unix::process::CommandExt::exec(Command::new(program).args(arguments));
    #[cfg(not(unix))]
    match Command::new(program).args(arguments).status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
