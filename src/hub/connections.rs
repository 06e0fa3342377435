//! A bound on the connections of all downloads together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Places for connections; whoever has no place waits.
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

    /// Waits for a place, which is free again when the returned value is dropped.
    pub(crate) fn take(&self) -> Place<'_> {
        // The count is right even if a thread panicked, since a place is given back on the way out.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Place { connections: self }
    }
}

/// A place for a connection.
pub(crate) struct Place<'a> {
    connections: &'a Connections,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut free = self.connections.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free += 1;
        self.connections.freed.notify_one();
    }
}
