//! The threads that matrix products and tokenizers share.

use std::error::Error as _;
use std::io;

/// Starts the shared threads, one per core or as many as `RAYON_NUM_THREADS` says. Results do not depend on their
/// number. Without this call they start on first use, and the process would end if the system allows no more threads.
///
/// # Errors
/// If the system allows no more threads.
pub fn start_threads() -> io::Result<()> {
    match rayon::ThreadPoolBuilder::new().build_global() {
        Ok(()) => Ok(()),
        // They are already running.
        Err(error) if error.source().is_none() => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}
