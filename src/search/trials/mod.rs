//! The trials of a study, as searchers, schedulers and policies see them.
//!
//! The study owns these values; nothing else changes them.

mod horizon;
mod pace;
mod past;
mod segment;
mod story;
mod training_curve;

pub use horizon::{Horizon, MARGIN, reserve};
pub use pace::{Pace, Work};
pub use past::{PastResult, PastTrial};
pub use segment::{Evaluation, Failure, FailureKind, Part, Progress, Segment, SegmentLimits, SegmentReport, Usage};
pub use story::Story;
pub use training_curve::{CurveRecorder, TrainingCurve};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::preference::Scores;
use crate::space::{Configuration, Space};
use crate::units::{Cooldown, Loss, Samples, Seed, TrialId};

/// One configuration and its results so far.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// The configuration that it tries.
    pub configuration: Configuration,
    /// The configuration's point in the unit cube, one number per parameter of the space; `None` where inactive.
    pub point: Vec<Option<f64>>,
    /// The proposer, such as `random` or `tpe`.
    pub origin: String,
    /// Its current state.
    pub status: Status,
    /// Samples seen, as far as results were delivered.
    pub reached: Samples,
    /// Number of segments delivered, which is the number of rungs that it has reached.
    pub segments: u32,
    /// Its evaluations in the order in which they were made.
    pub observations: Vec<Observation>,
    /// All metrics of each observation; empty in a study with one metric and no constraints on metrics.
    pub scores: Vec<Scores>,
    /// The trial whose state it started with; `None`: it started from the pretrained model.
    pub parent: Option<Parent>,
    /// An end before that of its learning-rate schedule, if one was decided.
    pub cooldown: Option<Cooldown>,
    /// True if it failed because memory ran out: larger configurations need not be tried.
    pub is_out_of_memory: bool,
    /// True if only its last observation represents it: that of all folds of a cross-validation. The earlier ones are of
    /// one fold.
    pub is_last_alone: bool,
}

/// A trial, and the level at which another trial started as its clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The trial that was cloned.
    pub trial: TrialId,
    /// Samples that it had seen at that point; the clone counts from there.
    pub at: Samples,
}

impl Trial {
    /// A trial that has not run yet. It starts with the samples that its parent had seen.
    pub fn new(
        id: TrialId,
        configuration: Configuration,
        space: &Space,
        origin: String,
        parent: Option<Parent>,
    ) -> Self {
        let point = space.encode(&configuration);
        Self {
            id,
            point: point.unwrap_or_else(|| vec![None; space.parameters().len()]),
            configuration,
            origin,
            status: Status::Paused,
            reached: parent.map_or(Samples(0), |parent| parent.at),
            segments: 0,
            observations: Vec::new(),
            scores: Vec::new(),
            parent,
            cooldown: None,
            is_out_of_memory: false,
            is_last_alone: false,
        }
    }

    /// The level at which it is complete, in a study whose trials end at `max`.
    pub fn end(&self, max: Samples) -> Samples {
        self.cooldown.map_or(max, |cooldown| cooldown.to)
    }

    /// Samples that were spent on it, without those of its parent.
    pub fn spent(&self) -> Samples {
        let inherited = self.parent.map_or(0, |parent| parent.at.0);
        Samples(self.reached.0.saturating_sub(inherited))
    }

    /// The best observation; `None` before the first. It represents the trial: it has the smallest violation of the
    /// constraints on metrics, then the smallest loss, then the earliest level.
    pub fn best_observation(&self) -> Option<&Observation> {
        self.best_index().map(|index| &self.observations[index])
    }

    /// All metrics of the best observation.
    pub fn best_scores(&self) -> Option<Cow<'_, Scores>> {
        let index = self.best_index()?;
        Some(match self.scores.get(index) {
            Some(scores) => Cow::Borrowed(scores),
            None => Cow::Owned(Scores::single(self.observations[index].loss)),
        })
    }

    fn best_index(&self) -> Option<usize> {
        let violation = |index: usize| self.scores.get(index).map_or(0.0, |scores| scores.violation);
        let key = |index: usize| (self.observations[index].loss, self.observations[index].at);
        let last = self.observations.len().saturating_sub(1);
        let first = if self.is_last_alone { last } else { 0 };
        (first..self.observations.len()).min_by(|&one, &other| {
            violation(one)
                .total_cmp(&violation(other))
                .then(key(one).cmp(&key(other)))
        })
    }

    /// The loss of the best observation; [`Loss::WORST`] for a failed trial, `None` before the first observation.
    pub fn loss(&self) -> Option<Loss> {
        match self.status {
            Status::Failed => Some(Loss::WORST),
            Status::Running { .. } | Status::Paused | Status::Stopped | Status::Completed => {
                self.best_observation().map(|best| best.loss)
            }
        }
    }
}

/// The metric of a trial at one resource level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Samples seen.
    pub at: Samples,
    /// The study's metric as a loss; with several metrics, the first.
    pub loss: Loss,
}

/// The state of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A segment of it is planned or running.
    Running {
        /// The level at which the segment ends.
        to: Samples,
    },
    /// It waits at a rung and may resume.
    Paused,
    /// It was pruned at the end of a segment: it will never resume, though it could.
    Stopped,
    /// It has seen all its samples.
    Completed,
    /// It failed and cannot continue.
    Failed,
}

/// Everything that a decision may depend on. There is no clock, and about the machine only what the journal records.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The space.
    pub space: &'a Space,
    /// The study's seed.
    pub seed: Seed,
    /// The trials of earlier studies, for models only: they are never promoted, counted, or treated as duplicates.
    pub past: &'a [Trial],
    /// All trials, by number.
    pub trials: &'a [Trial],
    /// Number of running trials.
    pub running: usize,
    /// Number of trials that may still be started; `None`: no limit.
    pub trials_left: Option<u32>,
    /// The least samples after which a trial may be judged.
    pub min: Samples,
    /// Samples of a complete trial.
    pub max: Samples,
    /// Samples of one epoch; a trial is evaluated at the end of each epoch.
    pub epoch: Samples,
    /// Samples that all trials together may see, if that is known.
    pub budget: Option<Samples>,
    /// The remaining wall budget; `None`: there is no wall budget.
    pub horizon: Option<Horizon<'a>>,
    /// Predicts the cost of training a configuration from one level to another, in seconds or any other unit.
    pub cost: &'a CostModel,
    /// Predicts the memory that training a configuration needs, if that is known.
    pub memory: &'a MemoryModel,
}

/// Predicts the cost of training a configuration from one level to another. A pure function.
pub type CostModel = dyn Fn(&Configuration, Samples, Samples) -> f64 + Send + Sync;

/// Predicts the peak memory, in bytes, of a worker that trains a configuration; `None`: unknown. A pure function.
pub type MemoryModel = dyn Fn(&Configuration) -> Option<u64> + Send + Sync;

impl<'a> View<'a> {
    /// Everything that a model may use: the trials of earlier studies, then those of this study. Only the latter have
    /// their index as their number.
    pub fn known(&self) -> impl Iterator<Item = &'a Trial> + use<'a> {
        self.past.iter().chain(self.trials)
    }
}

impl View<'_> {
    /// Samples that all trials have seen.
    pub fn spent(&self) -> Samples {
        Samples(self.trials.iter().map(|trial| trial.spent().0).sum())
    }

    /// Returns whether a new trial may be started.
    pub fn may_start(&self) -> bool {
        self.trials_left != Some(0)
    }
}

#[cfg(test)]
pub(crate) mod testing;
