//! Transports: connections between an engine and its workers. The messages are the same over every transport.
//!
//! A [`Transport`] connects a worker to a seat of the engine, and a [`Link`] talks to that worker. The engine does not
//! otherwise depend on where a worker runs. One transport is one file; [`Local`] starts child processes and uses their
//! pipes.

mod local;

use std::path::PathBuf;

pub use local::Local;

use crate::trials::FailureKind;
use crate::worker::{FromWorker, Slot, ToWorker};

/// A way to reach workers.
pub trait Transport: Send {
    /// Starts or finds a worker for a seat. Its messages go to `inbox`, beginning with [`FromWorker::Ready`].
    ///
    /// # Errors
    /// If there can be no worker.
    fn connect(&mut self, seat: &Seat<'_>, inbox: Inbox) -> Result<Box<dyn Link>, TransportError>;

    /// Ends processes that lost workers left behind, if this transport can. `alive` are the links in use.
    fn end_strays(&self, alive: &[&dyn Link]);

    /// The log file of the workers of a seat.
    fn log(&self, seat: usize) -> PathBuf;
}

/// A position in the engine that needs a worker.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// Its index.
    pub index: usize,
    /// The device and the threads that the worker may use.
    pub slot: &'a Slot,
    /// Number of this lease of the seat; it increases. A message with an older number comes from a replaced worker.
    pub lease: u64,
}

/// Receives the messages of one worker.
pub type Inbox = Box<dyn Fn(Arrival) -> Result<(), Closed> + Send>;

/// The engine has stopped listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// An arrival from a worker.
#[derive(Debug)]
pub enum Arrival {
    /// A message.
    Said(Box<FromWorker>),
    /// Its output has ended: the worker is exiting or has exited.
    Gone,
}

/// A connection to one worker. Dropping it ends the worker.
pub trait Link: Send {
    /// Sends a message. Errors are ignored: such a worker is dying, which arrives as [`Arrival::Gone`].
    fn send(&mut self, message: &ToWorker);

    /// Kills the worker immediately. Its end arrives as [`Arrival::Gone`].
    fn kill(&mut self);

    /// Waits for a worker that has exited, and returns how it ended.
    fn reap(&mut self) -> Farewell;

    /// Records the process group of the external program that the worker runs; `None` if it runs none.
    fn note_program(&mut self, group: Option<u32>);

    /// The worker's process id on this machine; `None` if it runs elsewhere.
    fn process(&self) -> Option<u32>;
}

/// How a worker ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Farewell {
    /// A description for people.
    pub how: String,
    /// The kind of failure of its trial; `None`: the worker crashed.
    pub kind: Option<FailureKind>,
}

/// The reason why no worker could be connected.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a worker process: {0}")]
pub struct TransportError(#[from] pub std::io::Error);
