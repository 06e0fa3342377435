//! The interface by which people and files follow the engine.

use std::io;

use super::Clock;
use crate::study::{EndReason, Outcome, Study};
use crate::transports::jobs::QueueState;
use crate::trials::Progress;
use crate::units::{Samples, TrialId};
use crate::worker::Slot;

/// An event for observers. More kinds may be added: observers ignore those that they do not show.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineEvent<'a> {
    /// The engine starts work.
    Started {
        /// Its slots.
        slots: &'a [Slot],
        /// True if the study had been started before.
        is_resumed: bool,
    },
    /// A worker begins a segment.
    SegmentStarted {
        /// The slot.
        slot: usize,
        /// The trial.
        trial: TrialId,
        /// The level from which it starts.
        from: Samples,
        /// The level at which the segment ends.
        to: Samples,
    },
    /// A segment made progress.
    Progressed {
        /// The slot.
        slot: usize,
        /// The trial.
        trial: TrialId,
        /// The progress.
        progress: &'a Progress,
    },
    /// A worker has ended a segment.
    SegmentEnded {
        /// The slot.
        slot: usize,
        /// The trial.
        trial: TrialId,
        /// The outcome; `None` if the segment was interrupted.
        outcome: Option<&'a Outcome>,
    },
    /// An outcome counts from now on.
    Delivered {
        /// The trial.
        trial: TrialId,
    },
    /// Workers may join from now on.
    Inviting {
        /// How, for people.
        how: &'a str,
    },
    /// A worker joined by itself.
    WorkerJoined {
        /// The slot, which may be new.
        slot: usize,
        /// Its machine and device.
        at: &'a Slot,
        /// The job of a batch system that runs it.
        job: Option<&'a str>,
    },
    /// The jobs of the study have changed.
    Queue {
        /// The jobs.
        queue: &'a QueueState,
    },
    /// A worker died.
    WorkerLost {
        /// The slot.
        slot: usize,
        /// The trial that it ran.
        trial: Option<TrialId>,
        /// A description of the cause, as far as known.
        message: &'a str,
        /// True if its segment gets another worker.
        is_retried: bool,
    },
    /// A worker that had joined has gone. The slot stays empty until another one joins.
    WorkerLeft {
        /// The slot.
        slot: usize,
        /// The reason.
        message: &'a str,
    },
    /// A trial ran out of memory, and is retried with smaller steps.
    MemoryRanOut {
        /// The slot.
        slot: usize,
        /// The trial.
        trial: TrialId,
        /// A description of the failure.
        message: &'a str,
    },
    /// The search ended, and its best trials are trained again.
    Selecting {
        /// Number of finalists.
        finalists: usize,
    },
    /// Workers were asked to stop.
    Stopping {
        /// The reason, for people.
        why: &'a str,
    },
    /// Some time has passed.
    Tick,
    /// The study ended, or was interrupted (`None`).
    Ended {
        /// The reason for its end.
        reason: Option<EndReason>,
        /// The share of the slots' time in which nothing ran, in [0, 1].
        idle_share: f64,
    },
}

/// Shows or stores the events of the engine. An observer never changes the study.
pub trait Observer {
    /// Handles an event; `study` is the state after it.
    ///
    /// # Errors
    /// If required output cannot be written. The engine then stops with a complete journal. Training that its workers
    /// had not saved yet is repeated later.
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()>;
}
