//! The engine feeds a study with events and carries out its decisions: it holds the journal, the workers and the clock.
//!
//! The engine itself only decides when to start a process, when to stop one, and when time is up. Imports `worker`,
//! `journal` and below; people see it through an [`Observer`]. Begin reading at [`Engine::run`].

mod budget;
mod clock;
mod folder;
mod launch;
mod looker;
mod memory;
mod nodes;
mod observer;
mod pool;
mod run;
mod signals;
mod simulator;
mod stop;

pub use clock::Clock;
pub use folder::{Folder, FolderError, Opened};
pub use launch::{Launch, LaunchError, Ready};
pub use looker::Looker;
pub use memory::{Admission, available_memory};
pub use observer::{EngineEvent, Observer};
pub use run::{Ending, Engine, EngineError, RunOptions};
pub use signals::forward as forward_signals;
pub use simulator::{Simulation, simulate, simulate_within};
pub use stop::{StopError, Stopped, stop};

pub use crate::transports::jobs::{QueueState, QueuedJob};

#[cfg(test)]
mod tests;
