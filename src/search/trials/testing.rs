//! Trials and views for tests: `trial(0).tries(configuration, &space).observed(1, 0.3).completed()`.

use super::{Observation, Status, Trial, View};
use crate::preference::Scores;
use crate::space::{Configuration, Space};
use crate::units::{Goal, Loss, Samples, Seed, TrialId};

/// A paused trial of an empty configuration that has not run yet.
pub(crate) fn trial(number: u32) -> Trial {
    let space = Space::new(vec![], vec![]).unwrap();
    Trial::new(TrialId(number), Configuration::default(), &space, "test".into(), None)
}

impl Trial {
    /// Gives it this configuration of `space`, and the point of that.
    pub(crate) fn tries(self, configuration: Configuration, space: &Space) -> Self {
        let point = space.encode(&configuration).unwrap();
        Self {
            configuration,
            point,
            ..self
        }
    }

    /// Names its proposer.
    pub(crate) fn proposed_by(self, origin: &str) -> Self {
        let origin = origin.to_owned();
        Self { origin, ..self }
    }

    /// Ends one more segment, at this level and with this loss.
    pub(crate) fn observed(mut self, at: u64, loss: f64) -> Self {
        let (at, loss) = (Samples(at), Goal::Minimize.loss(loss));
        self.observations.push(Observation { at, loss });
        self.reached = at;
        self.segments += 1;
        self
    }

    /// The same with several metrics, of which the first is the loss.
    pub(crate) fn scored(mut self, at: u64, losses: &[f64], violation: f64) -> Self {
        let scores: Vec<Loss> = losses.iter().map(|&loss| Goal::Minimize.loss(loss)).collect();
        self.scores.push(Scores {
            losses: scores,
            violation,
        });
        self.observed(at, losses[0])
    }

    /// Ends it with this loss; a loss that is not finite makes it a failed trial.
    pub(crate) fn ended(self, at: u64, loss: f64) -> Self {
        let is_finite = loss.is_finite();
        let ended = self.observed(at, loss);
        if is_finite {
            ended.completed()
        } else {
            ended.with_status(Status::Failed)
        }
    }

    /// Makes it complete.
    pub(crate) fn completed(self) -> Self {
        self.with_status(Status::Completed)
    }

    /// Makes it run to this level.
    pub(crate) fn running_to(self, to: u64) -> Self {
        self.with_status(Status::Running { to: Samples(to) })
    }

    /// Puts it into this state.
    pub(crate) fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }
}

/// The view of a study in which a complete trial has one sample and every sample costs 1. Tests change the rest:
/// `View { max: Samples(9), ..view(&space, 1, &trials) }`.
pub(crate) fn view<'a>(space: &'a Space, seed: u64, trials: &'a [Trial]) -> View<'a> {
    let is_running = |trial: &&Trial| matches!(trial.status, Status::Running { .. });
    View {
        space,
        seed: Seed(seed),
        past: &[],
        trials,
        running: trials.iter().filter(is_running).count(),
        trials_left: None,
        min: Samples(1),
        max: Samples(1),
        epoch: Samples(1),
        budget: None,
        horizon: None,
        cost: &|_, from, to| (to.0 - from.0) as f64,
        memory: &|_| None,
    }
}
