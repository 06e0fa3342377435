//! What a study is, apart from what happened.

use crate::policies::Lengths;
use crate::rng;
use crate::space::Space;
use crate::spec::{Budget, Criteria, ObjectiveSpec, Selection, Spec};
use crate::units::{Goal, Samples, Seed, TrialId};

/// What a study is, apart from what happened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The space.
    pub space: Space,
    /// Keys everything random.
    pub seed: Seed,
    /// The metric's name; of several the first.
    pub metric: String,
    /// Which way it is better.
    pub goal: Goal,
    /// The study ends when a trial is this good.
    pub target: Option<f64>,
    /// What counts beside this metric.
    pub criteria: Criteria,
    /// Trials in all.
    pub max_trials: Option<u32>,
    /// Seconds that the study may run, without what resumptions add.
    pub wall: Option<f64>,
    /// So many failures alike before any result end the study.
    pub max_failures: Option<u32>,
    /// How the winner is chosen once the search is over; `None`: it is the best trial.
    pub selection: Option<Selection>,
    /// Samples of one epoch.
    pub epoch: Samples,
    /// Before this no trial is judged.
    pub min: Samples,
    /// A complete trial.
    pub max: Samples,
    /// Workers of the virtual clock.
    pub logical_workers: u32,
    /// Deliver in virtual time, not in order of arrival.
    pub is_deterministic: bool,
    /// Whether a trial can end anywhere, its learning rate falling to 0: only where this program lays out the schedule.
    pub can_cool_down: bool,
}

impl Settings {
    /// The settings that a spec describes, when an epoch is `epoch` samples.
    pub fn new(spec: &Spec, epoch: Samples) -> Self {
        Self {
            space: spec.space.clone(),
            seed: spec.seed,
            metric: spec.metric.name.clone(),
            goal: spec.metric.goal,
            target: spec.metric.target,
            criteria: spec.criteria.clone(),
            max_trials: spec.budget.trials,
            wall: spec.budget.wall,
            max_failures: Some(spec.budget.max_failures.unwrap_or(Budget::DEFAULT_FAILURES)).filter(|most| *most > 0),
            selection: spec.selection,
            epoch,
            min: Samples::from_epochs(spec.epochs.min, epoch),
            max: Samples::from_epochs(spec.epochs.max, epoch),
            logical_workers: spec.resources.logical_workers() as u32,
            is_deterministic: spec.deterministic,
            can_cool_down: matches!(spec.objective, ObjectiveSpec::FineTune(_)),
        }
    }

    /// How long trials are.
    pub fn lengths(&self) -> Lengths {
        Lengths {
            min: self.min,
            max: self.max,
            epoch: self.epoch,
            reaches_min: self.wall.is_some(),
        }
    }

    /// The seed of everything random inside a trial.
    pub fn trial_seed(&self, trial: TrialId) -> Seed {
        rng::seed(self.seed, "trial", &[u64::from(trial.0)])
    }
}
