//! The journal: the append-only log from which everything about a study can be rebuilt, and the lock on its folder.
//!
//! One event a line, as JSON with a sequence number and a checksum over the line. A line counts once it is synced; a torn
//! last line is dropped when the journal is opened, damage before it is an error that says how much is sound.
//!
//! Imports `study`'s events only. Begin reading at [`Journal`].

mod line;
mod lock;
mod reader;
mod writer;

pub use line::Entry;
pub use lock::{Holder, Lock, LockError, Process};
pub use reader::{Contents, Position, ReadError, Reader, parse, read};
pub use writer::{Journal, JournalError};

/// Name of the journal in a study's folder.
pub const FILE_NAME: &str = "journal.jsonl";

/// Version of the journal's format. Old versions stay readable: since 2 there may be a selection (`search_closed`, trials that
/// `repeat` others); since 3 plans for a deadline (`slots_opened`, `cools_down`, `shortened_from`, `longest_step`).
pub const FORMAT: u32 = 3;

#[cfg(test)]
mod tests;
