//! Settings of a study: everything that events do not change.

use super::Cost;
use crate::policies::Lengths;
use crate::rng;
use crate::space::Space;
use crate::spec::{Budget, Criteria, ObjectiveSpec, Selection, Spec};
use crate::units::{Goal, Samples, Seed, TrialId};

/// Settings of a study: everything that events do not change.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The search space.
    pub space: Space,
    /// The seed for everything random.
    pub seed: Seed,
    /// The name of the metric, or of the first one.
    pub metric: String,
    /// The direction in which the metric is better.
    pub goal: Goal,
    /// The study ends when a trial reaches this value.
    pub target: Option<f64>,
    /// Further metrics and constraints.
    pub criteria: Criteria,
    /// Largest number of trials.
    pub max_trials: Option<u32>,
    /// Seconds that the study may run, without time added by resumptions.
    pub wall: Option<f64>,
    /// Number of failures of the same kind, before any result, that end the study.
    pub max_failures: Option<u32>,
    /// The selection of the winner after the search; `None` if the best trial wins.
    pub selection: Option<Selection>,
    /// Samples of one epoch.
    pub epoch: Samples,
    /// The level before which no trial is judged.
    pub min: Samples,
    /// The level at which a trial is complete.
    pub max: Samples,
    /// Number of workers of the virtual clock.
    pub logical_workers: u32,
    /// True if results are delivered in virtual time, not in order of arrival.
    pub is_deterministic: bool,
    /// True if a trial can end at any level, with its learning rate falling to 0: if this program sets the schedule, and
    /// trials need not reach the last level to be measured on all folds.
    pub can_cool_down: bool,
    /// Number of folds of a cross-validation, all of which are trained at the last level; 1 without one.
    pub folds: u32,
}

impl Settings {
    /// The settings that a spec describes, if an epoch has `epoch` samples.
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
            can_cool_down: matches!(spec.objective, ObjectiveSpec::FineTune(_)) && spec.objective.folds() == 1,
            folds: spec.objective.folds(),
        }
    }

    /// The lengths of trials.
    pub fn lengths(&self) -> Lengths {
        Lengths {
            min: self.min,
            max: self.max,
            epoch: self.epoch,
            reaches_min: self.wall.is_some(),
        }
    }

    /// A cost model in which a trial trains all other folds at its last level, if `cost` is that of one fold.
    pub fn cost_of_folds(&self, cost: Cost) -> Cost {
        let (others, max) = (self.folds.saturating_sub(1), self.max);
        if others == 0 {
            return cost;
        }
        Box::new(move |configuration, from, to| {
            let one = cost(configuration, from, to);
            if to >= max && from < max {
                one + f64::from(others) * cost(configuration, Samples(0), max)
            } else {
                one
            }
        })
    }

    /// The seed for everything random inside a trial.
    pub fn trial_seed(&self, trial: TrialId) -> Seed {
        rng::seed(self.seed, "trial", &[u64::from(trial.0)])
    }
}
