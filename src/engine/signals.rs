//! Turns SIGINT and SIGTERM into messages.

use std::io;
use std::sync::mpsc::Sender;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Sends a message for every SIGINT or SIGTERM that this process gets from now on.
pub(super) fn forward<T: Send + 'static>(sender: Sender<T>, message: fn() -> T) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if sender.send(message()).is_err() {
                break;
            }
        }
    });
    Ok(())
}
