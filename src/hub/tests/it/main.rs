//! Downloads from a hub on this machine that behaves, misbehaves and breaks as real ones do.

#![expect(clippy::unwrap_used, reason = "a test may break off")]

mod downloads;
mod faults;
mod hostile;
mod layout;
mod offline;
mod processes;
mod resumption;
mod support;
