//! Transports: how an engine reaches its workers. The messages are the same over every transport.
//!
//! A [`Transport`] connects a worker to a seat of the engine, and a [`Link`] talks to that worker. The engine knows nothing else of
//! where a worker runs. One transport is one file; [`Local`] starts child processes and talks over their pipes.

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

    /// Where a person finds the output of the workers of a seat.
    fn log(&self, seat: usize) -> PathBuf;
}

/// The place at which a worker is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// Its index.
    pub index: usize,
    /// The device and the threads that the worker may use.
    pub slot: &'a Slot,
    /// Number of this lease of the seat. It rises: a message under an older one comes from a worker that was replaced.
    pub lease: u64,
}

/// Takes the messages of one worker.
pub type Inbox = Box<dyn Fn(Arrival) -> Result<(), Closed> + Send>;

/// The engine does not listen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Something that arrives from a worker.
#[derive(Debug)]
pub enum Arrival {
    /// A message.
    Said(Box<FromWorker>),
    /// Its output has ended: it is dying or dead.
    Gone,
}

/// A connection to one worker. Dropping it ends the worker.
pub trait Link: Send {
    /// Sends a message. A worker that cannot hear it is dying, and that arrives by itself.
    fn send(&mut self, message: &ToWorker);

    /// Kills the worker immediately. Its end arrives as [`Arrival::Gone`].
    fn kill(&mut self);

    /// Waits for a worker that is gone, and tells how it ended.
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
    /// The kind of failure that its trial has; `None`: it crashed.
    pub kind: Option<FailureKind>,
}

/// Why there can be no worker.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a worker process: {0}")]
pub struct TransportError(#[from] pub std::io::Error);
