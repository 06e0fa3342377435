//! Workers: processes that run segments, one at a time, on one device, so that a crash affects only one trial.
//!
//! [`serve`] is the worker's side (`automl worker`) and [`Process`] the engine's. They exchange one JSON message per
//! line ([`ToWorker`], [`FromWorker`]).

mod process;
mod protocol;
mod serve;
mod slots;
mod watch;

pub use process::Process;
pub use protocol::{FromWorker, Hello, PROTOCOL, SegmentEnd, ToWorker};
pub use serve::serve;
pub use slots::{Slot, SlotError, planned_slots, slots};
