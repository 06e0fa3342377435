//! How people and files learn what the engine does.

use std::io;

use super::Clock;
use crate::study::{EndReason, Outcome, Study};
use crate::trials::Progress;
use crate::units::{Samples, TrialId};
use crate::worker::Slot;

/// Something worth showing. More kinds may come: an observer passes over those that it does not show.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineEvent<'a> {
    /// The engine starts work.
    Started {
        /// Its slots.
        slots: &'a [Slot],
        /// The study had been begun before.
        is_resumed: bool,
    },
    /// A worker begins a segment.
    SegmentStarted {
        /// Which slot.
        slot: usize,
        /// Which trial.
        trial: TrialId,
        /// Where it stands.
        from: Samples,
        /// Where the segment ends.
        to: Samples,
    },
    /// A segment goes on.
    Progressed {
        /// Which slot.
        slot: usize,
        /// Which trial.
        trial: TrialId,
        /// How far.
        progress: &'a Progress,
    },
    /// A worker has ended a segment.
    SegmentEnded {
        /// Which slot.
        slot: usize,
        /// Which trial.
        trial: TrialId,
        /// What came of it; `None`: it was interrupted.
        outcome: Option<&'a Outcome>,
    },
    /// An outcome counts from now on.
    Delivered {
        /// Which trial.
        trial: TrialId,
    },
    /// A worker died.
    WorkerLost {
        /// Which slot.
        slot: usize,
        /// What it ran.
        trial: Option<TrialId>,
        /// What is known of the cause.
        message: &'a str,
    },
    /// A trial ran out of memory, and is tried again with smaller steps.
    MemoryRanOut {
        /// Which slot.
        slot: usize,
        /// Which trial.
        trial: TrialId,
        /// What is known.
        message: &'a str,
    },
    /// The search is over, and its best trials are trained again.
    Selecting {
        /// How many.
        finalists: usize,
    },
    /// Workers are told to stop.
    Stopping {
        /// Why, for people.
        why: &'a str,
    },
    /// Some time has passed.
    Tick,
    /// The study is over, or interrupted (`None`).
    Ended {
        /// Why.
        reason: Option<EndReason>,
        /// The share of the slots' time in which nothing ran, in [0, 1].
        idle_share: f64,
    },
}

/// Shows or stores what the engine does. It only looks.
pub trait Observer {
    /// Something happened; `study` is the state after it.
    ///
    /// # Errors
    /// When something that must be written cannot be: the engine then breaks off, with a whole journal. What its workers had
    /// not yet saved they train again.
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()>;
}
