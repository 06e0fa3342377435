//! The lock of a study: one process at a time holds it.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the lock in a study's folder.
const FILE_NAME: &str = "lock";

/// Number of tries at a lock that is held, with a wait of `WAIT` between them. Processes that only look at it
/// ([`Holder::look`]) hold it for an instant.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_millis(5);

/// The lock on a study's folder, held as long as this value lives; the system releases it when the process dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The reasons why a study could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another process{} works on the study in `{}`: wait for it, or stop it with `automl stop {}`", holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default(), folder.display(), folder.display())]
    Held {
        /// The study's folder.
        folder: PathBuf,
        /// The holder, if the lock names it.
        holder: Option<Process>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock the study in `{}`: {source}", folder.display())]
    Io {
        /// The study's folder.
        folder: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
}

/// A process on some machine, as named in a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its process id on that machine.
    pub pid: u32,
    /// The name of the machine; empty in old locks, which did not contain it.
    pub host: String,
}

impl Process {
    /// This process.
    fn this() -> Self {
        Self {
            pid: std::process::id(),
            host: this_host(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            pid: lines.next()?.trim().parse().ok()?,
            host: lines.next().unwrap_or_default().trim().to_owned(),
        })
    }

    /// Returns whether it runs, or ran, on this machine.
    pub fn is_here(&self) -> bool {
        self.host.is_empty() || self.host == this_host()
    }

    /// Returns whether it has the lock of `folder` open; `None` if the system does not provide it. A process id alone
    /// proves nothing: the system reuses it later, and every container counts from 1.
    pub fn holds(&self, folder: &Path) -> Option<bool> {
        crate::os::is_open_in(self.pid, &folder.join(FILE_NAME))
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "pid {}", self.pid)?;
        if self.is_here() {
            Ok(())
        } else {
            write!(formatter, " on {}", self.host)
        }
    }
}

fn this_host() -> String {
    crate::os::node()
}

/// The process that works on a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// No process, and the last one released the lock properly.
    Nobody,
    /// No process, but the last one never released the lock: it was killed, or its machine died.
    Dead(Process),
    /// A living process, if the lock names it.
    Alive(Option<Process>),
}

impl Holder {
    /// The process that holds the study in `folder`; it is not disturbed.
    ///
    /// # Errors
    /// If the lock file exists and cannot be read.
    pub fn look(folder: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io {
            folder: folder.to_owned(),
            source,
        };
        let mut file = match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Nobody),
            Err(error) => return Err(failed(error)),
        };
        let is_held = match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(TryLockError::WouldBlock) => Some(true),
            // Some file systems have no locks. Looking does not need them.
            Err(TryLockError::Error(_)) => None,
        };
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let is_held = is_held.unwrap_or_else(|| {
            let process = Process::parse(&text);
            process.is_some_and(|process| !process.is_here() || process.holds(folder).unwrap_or(true))
        });
        Ok(match (is_held, Process::parse(&text)) {
            (true, process) => Self::Alive(process),
            (false, Some(process)) => Self::Dead(process),
            (false, None) => Self::Nobody,
        })
    }
}

impl Lock {
    /// Locks `folder` through the file `lock` in it, which then contains this process's id and the machine's name.
    ///
    /// # Errors
    /// If another process holds it or the file cannot be written.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io {
            folder: folder.to_owned(),
            source,
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join(FILE_NAME)).map_err(failed)?;
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(WAIT);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    let _ = file.read_to_string(&mut text);
                    return Err(LockError::Held {
                        folder: folder.to_owned(),
                        holder: Process::parse(&text),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        file.set_len(0).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let Process { pid, host } = Process::this();
        // In one write, so that other processes see all of it or nothing.
        file.write_all(format!("{pid}\n{host}\n").as_bytes()).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    /// Empties the file: an id that remains in it shows that its process died.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(text: &str) -> Option<Process> {
        Process::parse(text)
    }

    #[test]
    fn a_lock_says_who_holds_it_and_whether_it_was_let_go() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Holder::look(folder.path()).unwrap(), Holder::Nobody);
        let lock = Lock::acquire(folder.path()).unwrap();
        let alive = Holder::look(folder.path()).unwrap();
        assert_eq!(alive, Holder::Alive(Some(Process::this())));
        drop(lock);
        assert_eq!(Holder::look(folder.path()).unwrap(), Holder::Nobody);
        std::fs::write(folder.path().join(FILE_NAME), "4711\n").unwrap();
        let dead = Holder::look(folder.path()).unwrap();
        assert_eq!(dead, Holder::Dead(process("4711").unwrap()));
    }

    #[test]
    fn looking_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        drop(Lock::acquire(folder.path()).unwrap());
        let file = File::open(folder.path().join(FILE_NAME)).unwrap();
        file.lock_shared().unwrap();
        let looker = std::thread::spawn(move || {
            std::thread::sleep(WAIT);
            drop(file);
        });
        assert!(Lock::acquire(folder.path()).is_ok());
        looker.join().unwrap();
    }

    #[test]
    fn a_process_of_another_machine_is_named_with_it() {
        let there = process("12\nelsewhere.example\n").unwrap();
        assert!(!there.is_here());
        assert_eq!(there.to_string(), "pid 12 on elsewhere.example");
        let old = process("12\n").unwrap();
        assert!(old.is_here());
        assert_eq!(old.to_string(), "pid 12");
        assert_eq!(process(""), None);
        assert_eq!(process("no number\n"), None);
    }
}
