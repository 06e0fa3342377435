//! One process at a time holds a study.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The lock on a study's folder, held as long as this value lives; the system frees it when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a study could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another process{} works on the study in `{}`: wait for it or stop it first", holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), folder.display())]
    Held {
        /// The study's folder.
        folder: PathBuf,
        /// The holder, if it said.
        holder: Option<u32>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock the study in `{}`: {source}", folder.display())]
    Io {
        /// The study's folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Lock {
    /// Locks `folder` through the file `lock` in it, which then holds this process's pid.
    ///
    /// # Errors
    /// When another process holds it or the file cannot be written.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io {
            folder: folder.to_owned(),
            source,
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join("lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(LockError::Held {
                    folder: folder.to_owned(),
                    holder: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
