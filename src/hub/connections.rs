//! A bound on the connections of all downloads together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Permits for connections; a thread without a permit waits.
#[derive(Debug)]
pub(crate) struct Connections {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Connections {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            free: Mutex::new(count.max(1)),
            freed: Condvar::new(),
        }
    }

    /// Waits for a permit, which is returned when the returned value is dropped.
    pub(crate) fn take(&self) -> Permit<'_> {
        // The count is right even if a thread panicked, since a permit is returned on the way out.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit { connections: self }
    }
}

/// Permission to have one connection open.
pub(crate) struct Permit<'a> {
    connections: &'a Connections,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut free = self.connections.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free += 1;
        self.connections.freed.notify_one();
    }
}
