//! What is known of trials, as searchers, schedulers and policies see it.
//!
//! Imports `preference`, `space` and `units`. The study owns these values and alone changes them.

mod horizon;
mod pace;
mod past;
mod segment;
mod story;

pub use horizon::{Horizon, MARGIN, reserve};
pub use pace::{Pace, Work};
pub use past::{PastResult, PastTrial};
pub use segment::{Evaluation, Failure, FailureKind, Part, Progress, Segment, SegmentLimits, SegmentReport, Usage};
pub use story::Story;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::preference::Scores;
use crate::space::{Configuration, Space};
use crate::units::{Cooldown, Loss, Samples, Seed, TrialId};

/// One configuration and what has been delivered about it so far.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// What it tries.
    pub configuration: Configuration,
    /// The configuration's point in the unit cube, one number per parameter of the space; `None` where inactive.
    pub point: Vec<Option<f64>>,
    /// Who proposed it, such as `random` or `tpe`.
    pub origin: String,
    /// What it does now.
    pub status: Status,
    /// Samples seen, as far as delivered.
    pub reached: Samples,
    /// Segments delivered: the number of rungs it has stood at.
    pub segments: u32,
    /// Its evaluations in the order in which they were made.
    pub observations: Vec<Observation>,
    /// All metrics of each observation; empty in a study with one metric and no constraints on metrics.
    pub scores: Vec<Scores>,
    /// Whose state it began with; `None`: the pretrained model's.
    pub parent: Option<Parent>,
    /// Where it ends before its schedule does, if that was decided.
    pub cooldown: Option<Cooldown>,
    /// Whether it failed because memory ran out: larger ones need not be tried.
    pub is_out_of_memory: bool,
}

/// A trial, and where it stood when another began as its clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The trial that was cloned.
    pub trial: TrialId,
    /// Samples that it had seen, and so those that the clone counts from.
    pub at: Samples,
}

impl Trial {
    /// A trial that has not run yet. It has seen what its parent had seen.
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
        }
    }

    /// Where it is complete, in a study whose trials end at `max`.
    pub fn end(&self, max: Samples) -> Samples {
        self.cooldown.map_or(max, |cooldown| cooldown.to)
    }

    /// Samples that were spent on it, without those of its parent.
    pub fn spent(&self) -> Samples {
        let inherited = self.parent.map_or(0, |parent| parent.at.0);
        Samples(self.reached.0.saturating_sub(inherited))
    }

    /// The best observation; `None` before the first. It is what the trial stands for: least violation of the constraints on
    /// metrics, then the smallest loss, then the earliest.
    pub fn best(&self) -> Option<&Observation> {
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
        (0..self.observations.len()).min_by(|&one, &other| {
            violation(one)
                .total_cmp(&violation(other))
                .then(key(one).cmp(&key(other)))
        })
    }

    /// The loss of the best observation; [`Loss::WORST`] for a failed trial, `None` while nothing is known.
    pub fn loss(&self) -> Option<Loss> {
        match self.status {
            Status::Failed => Some(Loss::WORST),
            Status::Running { .. } | Status::Paused | Status::Stopped | Status::Completed => {
                self.best().map(|best| best.loss)
            }
        }
    }
}

/// The metric of a trial at one resource level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Samples seen.
    pub at: Samples,
    /// The study's metric as a loss; of several metrics the first.
    pub loss: Loss,
}

/// What a trial does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A segment of it is planned or under way.
    Running {
        /// Where the segment ends.
        to: Samples,
    },
    /// It waits at a rung.
    Paused,
    /// It was given up at the end of a segment: it will never go on, though it could.
    Stopped,
    /// It has seen all its samples.
    Completed,
    /// It cannot go on.
    Failed,
}

/// Everything that a decision may depend on, and nothing else: no clock, and of the machine only what the journal says.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The space.
    pub space: &'a Space,
    /// The study's seed.
    pub seed: Seed,
    /// What earlier studies found out: for models only. Never promoted, never counted, never a duplicate.
    pub past: &'a [Trial],
    /// All trials, by number.
    pub trials: &'a [Trial],
    /// How many trials are running.
    pub running: usize,
    /// How many more trials may be started; `None`: no limit.
    pub trials_left: Option<u32>,
    /// Before this no trial is judged.
    pub min: Samples,
    /// A complete trial.
    pub max: Samples,
    /// Samples of one epoch: the end of each is a level at which a trial is evaluated.
    pub epoch: Samples,
    /// Samples that all trials together may see, as far as that is known.
    pub budget: Option<Samples>,
    /// What is left of a wall budget; `None`: there is none.
    pub horizon: Option<Horizon<'a>>,
    /// Predicts what training a configuration from one level to another costs, in seconds or any other unit.
    pub cost: &'a CostModel,
    /// Predicts the memory that training a configuration takes, where that is known.
    pub memory: &'a MemoryModel,
}

/// Predicts what training a configuration from one level to another costs. A pure function.
pub type CostModel = dyn Fn(&Configuration, Samples, Samples) -> f64 + Send + Sync;

/// Predicts the peak memory, in bytes, of a worker that trains a configuration; `None`: unknown. A pure function.
pub type MemoryModel = dyn Fn(&Configuration) -> Option<u64> + Send + Sync;

impl<'a> View<'a> {
    /// Everything that a model may learn from: the trials of earlier studies, then this study's. Only the latter are
    /// numbered by their place.
    pub fn known(&self) -> impl Iterator<Item = &'a Trial> + use<'a> {
        self.past.iter().chain(self.trials)
    }
}

impl View<'_> {
    /// Samples that all trials have seen.
    pub fn spent(&self) -> Samples {
        Samples(self.trials.iter().map(|trial| trial.spent().0).sum())
    }

    /// Whether a new trial may be started.
    pub fn may_start(&self) -> bool {
        self.trials_left != Some(0)
    }
}
