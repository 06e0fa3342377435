//! Turns the signals that ask a process to end into messages.

use std::io;
use std::sync::mpsc::Sender;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Sends a message for every SIGINT or SIGTERM that this process gets from now on. It also does so for SIGHUP, as when
/// a terminal is closed, unless the process was started with SIGHUP ignored (`nohup`).
///
/// # Errors
/// If the system refuses the handler or the thread.
pub fn forward<T: Send + 'static>(sender: Sender<T>, message: fn() -> T) -> io::Result<()> {
    let hangup = Some(SIGHUP).filter(|_| !is_ignored(SIGHUP));
    let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hangup))?;
    let forward = move || {
        for _ in signals.forever() {
            if sender.send(message()).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().spawn(forward).map(|_| ())
}

/// Returns whether this process was started with a signal ignored; false if the system does not provide it.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
