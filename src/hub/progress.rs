//! Reports of a download while it runs.

use std::time::Duration;

use crate::HubError;

/// Hears of a download's progress, from several threads at once. Each method has an empty default.
pub trait Progress: Sync {
    /// The download of a file begins. `size` is in bytes; `present` bytes are left from an earlier attempt.
    fn file_started(&self, path: &str, size: Option<u64>, present: u64) {
        let _ = (path, size, present);
    }

    /// Another `bytes` of the file are on disk.
    fn file_advanced(&self, path: &str, bytes: u64) {
        let _ = (path, bytes);
    }

    /// The received bytes of the file are thrown away, since they are damaged or the file has changed; it starts anew.
    fn file_restarted(&self, path: &str) {
        let _ = path;
    }

    /// The file is complete, checked, and under its final name.
    fn file_finished(&self, path: &str) {
        let _ = path;
    }

    /// Another process or thread is downloading the same file; its result will be used.
    fn file_awaited(&self, path: &str) {
        let _ = path;
    }

    /// A request failed and is repeated after a pause.
    fn retrying(&self, error: &HubError, pause: Duration) {
        let _ = (error, pause);
    }

    /// If true, the download ends soon with [`HubError::Stopped`]; what has arrived is kept for the next time.
    fn should_stop(&self) -> bool {
        false
    }
}

/// A listener that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
