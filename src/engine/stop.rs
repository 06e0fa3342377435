//! Stops a study that another process works on: asks the process to stop gracefully, and waits until it has.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::journal::{Holder, LockError, Process};

/// The wait between two checks whether the process has ended.
const POLL: Duration = Duration::from_millis(20);

/// The process that was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The process.
    pub process: Process,
}

/// The reasons why a study cannot be stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// No process works on it.
    #[error("no process works on the study in `{}`, so there is none to stop", .0.display())]
    NotRunning(PathBuf),
    /// The lock is held, but its file does not name the process.
    #[error("a process works on the study in `{}`, but its lock does not say which: stop it where it was started", .0.display())]
    Unnamed(PathBuf),
    /// It runs on another machine.
    #[error("{process} works on the study in `{}`: run `automl stop` on that machine", folder.display())]
    Elsewhere {
        /// The study's folder.
        folder: PathBuf,
        /// The process that works on it.
        process: Process,
    },
    /// The process id in the lock belongs to another process here.
    #[error("the lock of the study in `{}` names {process}, but that process does not hold it (does it run in a container?): stop it where it was started", folder.display())]
    Stranger {
        /// The study's folder.
        folder: PathBuf,
        /// The process with that id.
        process: Process,
    },
    /// The process that works on it cannot be signalled.
    #[error("cannot signal {process}, which works on the study in `{}`: {source}", folder.display())]
    Signal {
        /// The study's folder.
        folder: PathBuf,
        /// The process that works on it.
        process: Process,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The process has not ended yet.
    #[error("{process} was told to stop and still works on the study in `{}` after {} s: it ends when its step is finished; another `automl stop` ends it at once", folder.display(), seconds)]
    Late {
        /// The study's folder.
        folder: PathBuf,
        /// The process that works on it.
        process: Process,
        /// Seconds of waiting.
        seconds: u64,
    },
    /// The lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Sends SIGTERM to the process that holds the study in `folder`, and waits until it has released the study. By then it
/// has finished its step, saved checkpoints and written its results.
///
/// # Errors
/// If no process holds it, if the process cannot be signalled, or if it has not ended after `timeout`.
pub fn stop(folder: &Path, timeout: Duration) -> Result<Stopped, StopError> {
    let process = match Holder::look(folder)? {
        Holder::Alive(Some(process)) => process,
        Holder::Alive(None) => return Err(StopError::Unnamed(folder.to_owned())),
        Holder::Nobody | Holder::Dead(_) => return Err(StopError::NotRunning(folder.to_owned())),
    };
    let folder = folder.to_owned();
    if !process.is_here() {
        return Err(StopError::Elsewhere { folder, process });
    }
    if process.holds(&folder) == Some(false) {
        // The process may have ended just now; otherwise the id belongs to another process here.
        return Err(match Holder::look(&folder)? {
            Holder::Alive(Some(still)) if still == process => StopError::Stranger { folder, process },
            Holder::Alive(_) | Holder::Nobody | Holder::Dead(_) => StopError::NotRunning(folder),
        });
    }
    signal(&process).map_err(|source| StopError::Signal {
        folder: folder.clone(),
        process: process.clone(),
        source,
    })?;
    let begun = Instant::now();
    while Holder::look(&folder)? == Holder::Alive(Some(process.clone())) {
        if begun.elapsed() >= timeout {
            let seconds = timeout.as_secs();
            return Err(StopError::Late {
                folder,
                process,
                seconds,
            });
        }
        std::thread::sleep(POLL);
    }
    Ok(Stopped { process })
}

fn signal(process: &Process) -> std::io::Result<()> {
    let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let number = i32::try_from(process.pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(gone)?;
    Ok(kill_process(number, Signal::TERM)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_works_on_cannot_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let stopped = stop(folder.path(), Duration::ZERO);
        assert!(matches!(stopped, Err(StopError::NotRunning(_))), "{stopped:?}");
        std::fs::write(folder.path().join("lock"), "1\n").unwrap();
        let stopped = stop(folder.path(), Duration::ZERO);
        assert!(matches!(stopped, Err(StopError::NotRunning(_))), "{stopped:?}");
    }

    /// A lock that this process holds, with other content.
    fn held(folder: &Path, words: &str) -> std::fs::File {
        std::fs::write(folder.join("lock"), words).unwrap();
        let file = std::fs::File::open(folder.join("lock")).unwrap();
        file.lock().unwrap();
        file
    }

    #[test]
    fn a_process_elsewhere_is_not_signalled() {
        let folder = tempfile::tempdir().unwrap();
        let _held = held(folder.path(), "1\nelsewhere.example\n");
        let stopped = stop(folder.path(), Duration::ZERO);
        assert!(matches!(stopped, Err(StopError::Elsewhere { .. })), "{stopped:?}");
        let unnamed = tempfile::tempdir().unwrap();
        let _held = held(unnamed.path(), "");
        let stopped = stop(unnamed.path(), Duration::ZERO);
        assert!(matches!(stopped, Err(StopError::Unnamed(_))), "{stopped:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_does_not_hold_the_lock_is_not_signalled() {
        let folder = tempfile::tempdir().unwrap();
        // No system gives a process this id.
        let _held = held(folder.path(), "2147483647\n");
        let stopped = stop(folder.path(), Duration::ZERO);
        assert!(matches!(stopped, Err(StopError::Stranger { .. })), "{stopped:?}");
    }
}
