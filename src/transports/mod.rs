//! Transports: connections between an engine and its workers. The messages are the same over every transport.
//!
//! A [`Transport`] brings workers: on demand ([`Transport::want`]), or as they join by themselves
//! ([`Arrival::Joined`]). A [`Link`] talks to one of them. The engine does not otherwise depend on where a worker
//! runs. One transport is one file or folder, and one line in [`TRANSPORTS`].

mod check;
pub mod jobs;
mod local;
mod ray;
mod registry;
pub mod slurm;
pub mod tcp;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

pub use check::{Answer, Finding, check};
pub use local::Local;
pub use registry::{Place, TRANSPORTS, transport};

use self::jobs::{JobError, QueueState};
use crate::trials::FailureKind;
use crate::worker::{FromWorker, Hello, Slot, ToWorker};

/// A way to reach workers.
pub trait Transport: Send {
    /// Opens the transport. From now on workers may join, and everything from them goes to `inbox`.
    ///
    /// # Errors
    /// If workers could never reach this process.
    fn open(&mut self, inbox: Inbox) -> Result<(), TransportError>;

    /// Asks for a worker for a seat. `None`: the workers of this transport join by themselves.
    ///
    /// # Errors
    /// If there can be no worker.
    fn want(&mut self, seat: &Seat<'_>) -> Result<Option<Opened>, TransportError>;

    /// Tells how many workers have work. A transport that submits workers needs no more of them.
    fn need(&mut self, _workers: usize) {}

    /// Ends processes that lost workers left behind, if this transport can. `alive` are the links in use.
    fn end_strays(&self, alive: &[&dyn Link]);

    /// The log file of the workers of a seat.
    fn log(&self, seat: usize) -> PathBuf;

    /// How a worker can join the study, for people; `None` if none can.
    fn invitation(&self) -> Option<String> {
        None
    }

    /// Closes the transport, once every link was dropped: waits shortly until the workers know that they may go.
    fn close(&mut self) {}
}

/// A new link and its number.
pub type Opened = (LinkId, Box<dyn Link>);

/// A position in the engine that needs a worker.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// Its index.
    pub index: usize,
    /// The device and the threads that the worker may use.
    pub slot: &'a Slot,
}

/// The number of a link. A worker that replaces another one has a link with a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(u64);

impl fmt::Display for LinkId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Receives everything from the workers of a transport.
#[derive(Clone)]
pub struct Inbox {
    receive: Arc<Receive>,
    links: Arc<AtomicU64>,
}

type Receive = dyn Fn(LinkId, Arrival) -> Result<(), Closed> + Send + Sync;

impl Inbox {
    /// An inbox whose arrivals go to `receive`.
    pub fn new(receive: impl Fn(LinkId, Arrival) -> Result<(), Closed> + Send + Sync + 'static) -> Self {
        Self {
            receive: Arc::new(receive),
            links: Arc::default(),
        }
    }

    /// A number for a new link.
    pub fn number(&self) -> LinkId {
        LinkId(self.links.fetch_add(1, Ordering::Relaxed))
    }

    /// Delivers an arrival.
    ///
    /// # Errors
    /// If the engine has stopped listening.
    pub fn deliver(&self, link: LinkId, arrival: Arrival) -> Result<(), Closed> {
        (self.receive)(link, arrival)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Inbox")
    }
}

/// The engine has stopped listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// An arrival from a worker.
#[derive(Debug)]
pub enum Arrival {
    /// A worker has joined by itself, and loads the model and the data. It needs a seat.
    Joined(Box<Hello>, Box<dyn Link>),
    /// A message.
    Said(Box<FromWorker>),
    /// The worker process has died. Its machine starts another one, with which the link continues.
    Lost(Farewell),
    /// The worker finishes its step and then leaves.
    Leaving,
    /// The link has ended: the worker is exiting or has exited, or its lease has ended.
    Gone,
    /// The jobs of the study have changed. This comes from the transport, not from a worker.
    Queue(Box<QueueState>),
    /// There can be no workers any more. This comes from the transport, not from a worker.
    Failed(TransportError),
}

/// A connection to one worker. Dropping it ends the worker.
pub trait Link: Send + fmt::Debug {
    /// Sends a message. Errors are ignored: such a worker is dying, which arrives as [`Arrival::Gone`].
    fn send(&mut self, message: &ToWorker);

    /// Kills the worker process immediately. Its end arrives as [`Arrival::Gone`] or [`Arrival::Lost`].
    fn kill(&mut self);

    /// Replaces the worker process by a fresh one. `false`: this link cannot, so the engine asks for a new link.
    fn restart(&mut self) -> bool {
        false
    }

    /// Waits for a worker that has exited, and returns how it ended.
    fn reap(&mut self) -> Farewell;

    /// Records the process group of the external program that the worker runs; `None` if it runs none.
    fn note_program(&mut self, _group: Option<u32>) {}

    /// The worker's process id on this machine; `None` if it runs elsewhere.
    fn process(&self) -> Option<u32> {
        None
    }
}

/// How a worker ended, as its own machine or its transport says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// A description for people.
    pub how: String,
    /// The kind of failure of its trial; `None`: the worker crashed.
    pub kind: Option<FailureKind>,
}

/// The reason why workers cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A process could not be started.
    #[error("cannot start a worker process: {0}")]
    Spawn(#[from] std::io::Error),
    /// There is no address at which workers can reach this process.
    #[error("cannot listen for workers on `{address}`: {source}; set `cluster.listen` to an address of this machine")]
    Listen {
        /// The address.
        address: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file that tells workers where to connect could not be written.
    #[error("cannot write `{}`, which tells workers where to connect: {source}", path.display())]
    Endpoint {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Workers cannot be submitted as jobs.
    #[error(transparent)]
    Jobs(#[from] JobError),
    /// No key could be made for encrypted connections.
    #[error("cannot make a key for the connections of workers: {0}")]
    Key(String),
}
