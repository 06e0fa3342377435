//! Locks between processes, on the files that `huggingface_hub` locks, too.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use automl_base::os;

use crate::HubError;

/// The pause between two attempts. The lock's owner may be a minute-long download or a moment's work.
const POLL: Duration = Duration::from_millis(25);

/// A lock that is held until it is dropped, or until its process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    /// `None` if the file system knows no locks; downloads are safe without them, only perhaps made twice.
    _file: Option<File>,
}

impl Lock {
    /// Waits for the lock at `path`, whose folder is made. `waits` is called once if another holds it; `should_stop`
    /// ends the waiting. The file stays when the lock is freed: all who wait must see the same file.
    pub(crate) fn acquire(path: &Path, waits: impl Fn(), should_stop: impl Fn() -> bool) -> Result<Self, HubError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(HubError::io("create the folder", folder))?;
        }
        let mut is_first = true;
        loop {
            // A group may share a cache, as with the locks of `huggingface_hub`.
            let file = os::open_shared(path).map_err(HubError::io("open the lock", path))?;
            match file.try_lock() {
                // An older version of the other library removes the file when it frees the lock.
                Ok(()) if !os::is_still_at(&file, path) => continue,
                Ok(()) => return Ok(Self { _file: Some(file) }),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: None });
                }
                Err(TryLockError::Error(error)) => return Err(HubError::io("lock", path)(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if is_first {
                waits();
                is_first = false;
            }
            if should_stop() {
                return Err(HubError::Stopped);
            }
            thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_second_waits_until_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.lock");
        let first = Lock::acquire(&path, || (), || false).unwrap();
        let (is_waiting, is_freed) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                let _lock = Lock::acquire(&path, || is_waiting.store(true, Ordering::SeqCst), || false).unwrap();
                is_freed.load(Ordering::SeqCst)
            });
            while !is_waiting.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            is_freed.store(true, Ordering::SeqCst);
            drop(first);
            assert!(second.join().unwrap());
        });
    }

    #[test]
    fn waiting_can_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let _first = Lock::acquire(&path, || (), || false).unwrap();
        let asked = AtomicUsize::new(0);
        let result = Lock::acquire(&path, || (), || asked.fetch_add(1, Ordering::SeqCst) > 1);
        assert!(matches!(result, Err(HubError::Stopped)));
    }
}
