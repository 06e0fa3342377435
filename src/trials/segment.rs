//! A segment: one uninterrupted stretch of training of one trial, the unit of dispatch, and what may come of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::space::Configuration;
use crate::units::{Cooldown, Samples, Seed, TrialId};

/// An order to train one trial over one stretch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The trial.
    pub trial: TrialId,
    /// Its configuration.
    pub configuration: Configuration,
    /// Keys everything random in this trial.
    pub seed: Seed,
    /// Where the trial stands.
    pub from: Samples,
    /// Every level at which the trial was evaluated or paused before: to train the same steps again if a checkpoint is lost.
    pub stops: Vec<Samples>,
    /// Its last evaluation until then, or that of the trial with whose state it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Evaluation>,
    /// Where this segment ends.
    pub to: Samples,
    /// Where the trial would end if it were never paused; learning-rate schedules are laid out over it.
    pub max: Samples,
    /// Where the trial ends before that; `None`: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Cooldown>,
    /// The trial's own folder for checkpoints.
    pub checkpoints: PathBuf,
    /// The trial's own log, for what an external program says.
    pub log: PathBuf,
    /// What it may use up.
    pub limits: SegmentLimits,
    /// What it is evaluated on.
    pub part: Part,
    /// Where it began, if that is where another trial stood: what lies before cannot be trained again.
    pub inherited: Option<Samples>,
    /// Whether other trials may begin from where this segment ends, and its checkpoint there must be kept.
    pub is_kept: bool,
    /// In how many parts a step's examples go through the model: more than one after memory ran out.
    pub micro_batches: u32,
}

/// Which examples a segment is evaluated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Those by which trials are compared.
    #[default]
    Validation,
    /// Those that are kept apart and looked at once; then the segment is the whole trial, evaluated at its end only.
    Test,
}

impl Segment {
    /// Where the trial is complete.
    pub fn end(&self) -> Samples {
        self.cooldown.map_or(self.max, |cooldown| cooldown.to)
    }
}

#[cfg(test)]
impl Segment {
    /// A segment of trial 0 from one level to another of so many in all, in the folder `checkpoints`.
    pub(crate) fn example(checkpoints: &std::path::Path, (from, to, max): (u64, u64, u64)) -> Self {
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
            log: checkpoints.join("trial.log"),
            limits: SegmentLimits::default(),
            part: Part::Validation,
            inherited: None,
            is_kept: false,
            micro_batches: 1,
        }
    }
}

/// What a segment may use up; beyond it the trial fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SegmentLimits {
    /// Seconds that are left to the trial.
    pub seconds: Option<f64>,
    /// Resident memory of the worker and everything below it, in bytes.
    pub memory: Option<u64>,
    /// Seconds that an external program may say nothing.
    pub silence: Option<f64>,
}

/// What a segment came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentReport {
    /// Samples seen by the trial in all: `Segment::to`, or less if it was told to stop.
    pub reached: Samples,
    /// Every evaluation of this segment in order (also those made before an interruption of it); the last one is at `reached`
    /// unless the segment was told to stop.
    pub evaluations: Vec<Evaluation>,
    /// How many numbers the optimiser changes.
    pub trainable_parameters: u64,
    /// What it cost on this machine.
    pub usage: Usage,
}

/// The metrics of a trial at one resource level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Samples seen.
    pub at: Samples,
    /// Values by metric name, such as `accuracy` and `loss`, on the validation data.
    pub metrics: BTreeMap<String, f64>,
}

/// What a segment cost. Nothing here influences a decision of a deterministic study, unless it has a wall budget to plan for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Seconds in training steps.
    pub train_seconds: f64,
    /// Seconds in all.
    pub wall_seconds: f64,
    /// Highest resident memory of the worker, in MiB.
    pub peak_memory_mb: f64,
    /// The longest time, in seconds, in which the segment would not have noticed that it was told to stop; 0: unknown.
    #[serde(default)]
    pub longest_step: f64,
}

/// How far a running segment is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Samples seen by the trial.
    pub at: Samples,
    /// Mean training loss since the last report.
    pub train_loss: Option<f64>,
    /// The newest evaluation, when there is a new one.
    pub evaluation: Option<Evaluation>,
}

/// Why a trial cannot go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Failure {
    /// The kind, as the leaderboard shows it.
    pub kind: FailureKind,
    /// What happened, for people.
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
