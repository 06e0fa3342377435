//! The journal: the append-only log from which everything about a study can be rebuilt, and the lock on its folder.
//!
//! Each line is one event, as JSON with a sequence number and a checksum over the line. A line counts once it is
//! synced. A torn last line is dropped when the journal is opened. Damage before it is an error that says how much is
//! sound.
//!
//! Imports only the events of `study`. Begin reading at [`Journal`].

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

/// Version of the journal format. Old versions stay readable. Version 2 added the selection (`search_closed`, trials
/// that `repeat` others). Version 3 added plans for a deadline (`slots_opened`, `cools_down`, `shortened_from`,
/// `longest_step`).
pub const FORMAT: u32 = 3;

#[cfg(test)]
mod tests;
