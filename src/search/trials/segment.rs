//! A segment: one uninterrupted stretch of training of one trial, the unit of dispatch, and its possible outcomes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TrainingCurve;
use crate::space::Configuration;
use crate::units::{Cooldown, Samples, Seed, TrialId};

/// An order to train one trial from one resource level to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The trial to train.
    pub trial: TrialId,
    /// Its configuration.
    pub configuration: Configuration,
    /// The seed of everything random in this trial.
    pub seed: Seed,
    /// The level from which the segment starts.
    pub from: Samples,
    /// Every earlier level of an evaluation or a pause, to repeat the same steps if a checkpoint is lost.
    pub stops: Vec<Samples>,
    /// The trial's last evaluation up to `from`, or that of the trial whose state it inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Evaluation>,
    /// The level at which this segment ends.
    pub to: Samples,
    /// The end of the trial if it is never paused; learning-rate schedules span this length.
    pub max: Samples,
    /// An earlier end of the trial; `None`: the trial ends at `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Cooldown>,
    /// The trial's own folder for checkpoints.
    pub checkpoints: PathBuf,
    /// The file for the validation outputs of the trial, in a folder that all trials share; `None` keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<PathBuf>,
    /// The trial's own log, for the output of an external program.
    pub log: PathBuf,
    /// The limits on time and memory.
    pub limits: SegmentLimits,
    /// The examples on which it is evaluated.
    pub part: Part,
    /// The level at which it inherited another trial's state, if it did. Training before that level cannot be repeated.
    pub inherited: Option<Samples>,
    /// True if the checkpoint at the end of this segment must be kept, because other trials may start from it.
    pub is_kept: bool,
    /// Number of micro-batches into which a step's examples are split: more than one after memory ran out.
    pub micro_batches: u32,
}

/// The examples on which a segment is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The validation examples, by which trials are compared.
    #[default]
    Validation,
    /// The held-out test examples, which are used once. The segment is then the whole trial, evaluated only at its end.
    Test,
}

impl Segment {
    /// The level at which the trial is complete.
    pub fn end(&self) -> Samples {
        self.cooldown.map_or(self.max, |cooldown| cooldown.to)
    }
}

#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
impl Segment {
    /// A segment of trial 0 from level `from` to `to` out of `max`, in the folder `checkpoints`.
    pub fn example(checkpoints: &std::path::Path, (from, to, max): (u64, u64, u64)) -> Self {
        Self {
            trial: TrialId(0),
            configuration: Configuration::default(),
            seed: Seed(0),
            from: Samples(from),
            stops: vec![],
            last: None,
            to: Samples(to),
            max: Samples(max),
            cooldown: None,
            checkpoints: checkpoints.to_owned(),
            outputs: None,
            log: checkpoints.join("trial.log"),
            limits: SegmentLimits::default(),
            part: Part::Validation,
            inherited: None,
            is_kept: false,
            micro_batches: 1,
        }
    }
}

/// The limits of a segment; a trial that exceeds them fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SegmentLimits {
    /// Seconds that remain for the trial.
    pub seconds: Option<f64>,
    /// Resident memory of the worker and all its child processes, in bytes.
    pub memory: Option<u64>,
    /// Seconds that an external program may run without output.
    pub silence: Option<f64>,
}

/// The outcome of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentReport {
    /// Total number of samples that the trial has seen: `Segment::to`, or fewer if it was told to stop.
    pub reached: Samples,
    /// Every evaluation of this segment in order, including those before an interruption. The last one is at `reached`,
    /// unless the segment was told to stop.
    pub evaluations: Vec<Evaluation>,
    /// Loss and learning rate of this segment's training; empty if the objective does not report them.
    #[serde(default, skip_serializing_if = "TrainingCurve::is_empty")]
    pub training: TrainingCurve,
    /// Number of trainable parameters.
    pub trainable_parameters: u64,
    /// The resources that it used on this machine.
    pub usage: Usage,
}

/// The metrics of a trial at one resource level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Samples seen so far.
    pub at: Samples,
    /// Values by metric name, such as `accuracy` and `loss`, on the validation data.
    pub metrics: BTreeMap<String, f64>,
}

/// Resource usage of a segment. It influences no decision of a deterministic study, unless the study has a wall budget.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Seconds in training steps.
    pub train_seconds: f64,
    /// Total wall-clock seconds.
    pub wall_seconds: f64,
    /// Highest resident memory of the worker, in MiB.
    pub peak_memory_mb: f64,
    /// The longest time, in seconds, in which the segment would not have noticed a request to stop; 0: unknown.
    #[serde(default)]
    pub longest_step: f64,
    /// Processor time in seconds, of all threads and all programs that have ended; 0: unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cpu_seconds: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// The progress of a running segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Samples that the trial has seen.
    pub at: Samples,
    /// Mean training loss since the last report.
    pub train_loss: Option<f64>,
    /// The latest evaluation, if there is a new one.
    pub evaluation: Option<Evaluation>,
}

/// The reason why a trial cannot continue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Failure {
    /// The kind, as the leaderboard shows it.
    pub kind: FailureKind,
    /// A description of the failure, for people.
    pub message: String,
}

/// The kinds of failure of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The loss became infinite or not a number.
    Diverged,
    /// Memory ran out.
    OutOfMemory,
    /// The trial's own time limit passed.
    TimedOut,
    /// The worker died or panicked.
    Crashed,
    /// This configuration cannot be trained.
    Invalid,
}

impl std::fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Diverged => "diverged",
            Self::OutOfMemory => "out_of_memory",
            Self::TimedOut => "timed_out",
            Self::Crashed => "crashed",
            Self::Invalid => "invalid",
        })
    }
}
