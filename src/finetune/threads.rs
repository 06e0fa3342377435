//! The threads that matrix products and tokenisers share.

use std::error::Error as _;
use std::io;

/// Starts them, as many as there are cores or `RAYON_NUM_THREADS` says; the results are the same on any number. Without
/// this they start on first use, and a system that lets none be would end the process.
///
/// # Errors
/// When the system lets no more threads be.
pub fn start_threads() -> io::Result<()> {
    match rayon::ThreadPoolBuilder::new().build_global() {
        Ok(()) => Ok(()),
        // They run already.
        Err(error) if error.source().is_none() => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}
