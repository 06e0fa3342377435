//! Workers: processes that run segments, one at a time, on one device, so that a trial that crashes takes nothing with it.
//!
//! [`serve`] is the worker's side (`automl worker`), [`Process`] the engine's; between them goes one JSON message a line
//! ([`ToWorker`], [`FromWorker`]). Imports `objective` and below.

mod process;
mod protocol;
mod serve;
mod slots;
mod watch;

pub use process::{Process, SpawnError, WorkerEvent};
pub use protocol::{FromWorker, SegmentEnd, ToWorker};
pub use serve::serve;
pub use slots::{Slot, SlotError, slots};
