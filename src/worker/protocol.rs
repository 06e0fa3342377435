//! The messages between engine and worker: one JSON object a line, the same over every transport.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trials::{Failure, FailureKind, Progress, Segment, SegmentReport};
use crate::units::TrialId;

/// From the engine to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Run a segment; only sent to a worker that is ready and runs none.
    Run {
        /// What to run.
        segment: Box<Segment>,
    },
    /// Finish the current step, checkpoint, and report the segment as interrupted. Nothing happens if none is running.
    Stop {
        /// Seconds that it may take to evaluate the trial where it stands; 0: none.
        #[serde(default)]
        seconds: f64,
    },
}

/// From a worker to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// Model and data are loaded; segments are welcome.
    Ready,
    /// The worker cannot serve, and ends: the fault lies in the study's input.
    Unable {
        /// Why.
        message: String,
    },
    /// How far the running segment is.
    Progress {
        /// The trial.
        trial: TrialId,
        /// How far.
        progress: Progress,
        /// The longest time since the last such message, in seconds, in which the segment would not have noticed a stop.
        longest_step: f64,
    },
    /// The running segment has moved since this was said last: a sign of life where steps are long.
    Alive,
    /// An external program runs in this process group from now on, or none any more.
    Program {
        /// The group.
        group: Option<u32>,
    },
    /// The running segment came to an end; the worker is free.
    Ended {
        /// The trial.
        trial: TrialId,
        /// How.
        end: SegmentEnd,
    },
}

/// How a segment ended on its worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentEnd {
    /// Where it was to end.
    Reached(SegmentReport),
    /// Before, because it was told to stop.
    Interrupted(SegmentReport),
    /// The trial cannot go on.
    Failed(Failure),
}

impl SegmentEnd {
    /// Whether the trial ran out of memory.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.kind == FailureKind::OutOfMemory)
    }

    /// The same, without time in which its process was suspended.
    pub(super) fn without(mut self, suspended: Duration) -> Self {
        if let Self::Reached(report) | Self::Interrupted(report) = &mut self {
            let usage = &mut report.usage;
            for seconds in [&mut usage.train_seconds, &mut usage.wall_seconds] {
                *seconds = (*seconds - suspended.as_secs_f64()).max(0.0);
            }
        }
        self
    }

    /// The highest resident memory of the worker, in MiB; 0 if it does not say.
    pub fn peak_memory_mb(&self) -> f64 {
        match self {
            Self::Reached(report) | Self::Interrupted(report) => report.usage.peak_memory_mb,
            Self::Failed(_) => 0.0,
        }
    }
}
