//! The messages between engine and worker: one JSON object per line, the same over every transport.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::os;
use crate::trials::{Failure, FailureKind, Progress, Segment, SegmentReport};
use crate::units::TrialId;

/// From the engine to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Run a segment. Sent only to a worker that is ready and idle.
    Run {
        /// Number of the lease under which it runs. It is higher than that of every earlier run.
        lease: u64,
        /// The segment.
        segment: Box<Segment>,
    },
    /// The worker may run segments until then. Sent only to workers whose engine is on another machine: a worker that
    /// is not renewed exits by itself.
    Renew {
        /// Time on this machine's clock ([`os::uptime`]), in seconds.
        until: f64,
    },
    /// Finish the current step, save a checkpoint, and report the segment as interrupted. Ignored if none is running.
    Stop {
        /// Seconds allowed for evaluating the trial before it stops; 0 for no evaluation.
        #[serde(default)]
        seconds: f64,
    },
}

/// Version of these messages. Engine and worker must have the same.
pub const PROTOCOL: u32 = 3;

/// Identity of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of its messages.
    pub protocol: u32,
    /// Version of its program.
    pub version: String,
    /// Name of its machine; empty if the system does not tell.
    pub node: String,
    /// Its device, such as `cpu` or `cuda:0`.
    pub device: String,
    /// CPU threads that it uses.
    #[serde(default)]
    pub threads: usize,
    /// Bytes of memory that were free for workers on its machine when it started; `None`: unknown.
    #[serde(default)]
    pub memory: Option<u64>,
    /// The job of a batch system that runs it; `None` if none does.
    #[serde(default)]
    pub job: Option<String>,
}

impl Hello {
    /// A worker of this program on this machine.
    pub fn here(device: &str) -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: os::node(),
            device: device.to_owned(),
            threads: 1,
            memory: None,
            job: None,
        }
    }

    /// The reason why an engine of this program cannot work with this worker, if there is one.
    pub fn refusal(&self) -> Option<String> {
        let ours = Self::here(&self.device);
        let is_same = self.protocol == ours.protocol && self.version == ours.version;
        (!is_same).then(|| {
            format!(
                "the worker on `{}` is automl {} (protocol {}), but the study runs with automl {} (protocol {}): use one version everywhere",
                self.node, self.version, self.protocol, ours.version, ours.protocol
            )
        })
    }
}

/// From a worker to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// The model and the data are loaded; the worker accepts segments.
    Ready {
        /// Its identity.
        hello: Hello,
    },
    /// The worker cannot serve and exits, because of an error in the study's input.
    Unable {
        /// The reason.
        message: String,
    },
    /// The progress of the running segment.
    Progress {
        /// The trial.
        trial: TrialId,
        /// The progress.
        progress: Progress,
        /// Longest time in seconds, since the last such message, in which the segment would have missed a stop request.
        longest_step: f64,
    },
    /// The running segment has made progress since the last such message: a sign of life when steps are long.
    Alive,
    /// An external program now runs in this process group, or no longer runs.
    Program {
        /// The process group; `None` if no program runs.
        group: Option<u32>,
    },
    /// The running segment has ended and the worker is idle.
    Ended {
        /// The lease under which it ran.
        lease: u64,
        /// The trial.
        trial: TrialId,
        /// How the segment ended.
        end: SegmentEnd,
    },
}

/// How a segment ended on its worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentEnd {
    /// It reached its end.
    Reached(SegmentReport),
    /// A stop was requested before its end.
    Interrupted(SegmentReport),
    /// The trial cannot continue.
    Failed(Failure),
}

impl SegmentEnd {
    /// Returns whether the trial ran out of memory.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.kind == FailureKind::OutOfMemory)
    }

    /// Subtracts the time during which the process was suspended.
    pub(super) fn without(mut self, suspended: Duration) -> Self {
        if let Self::Reached(report) | Self::Interrupted(report) = &mut self {
            let usage = &mut report.usage;
            for seconds in [&mut usage.train_seconds, &mut usage.wall_seconds] {
                *seconds = (*seconds - suspended.as_secs_f64()).max(0.0);
            }
        }
        self
    }

    /// Peak resident memory of the worker, in MiB; 0 if it was not reported.
    pub fn peak_memory_mb(&self) -> f64 {
        match self {
            Self::Reached(report) | Self::Interrupted(report) => report.usage.peak_memory_mb,
            Self::Failed(_) => 0.0,
        }
    }
}
