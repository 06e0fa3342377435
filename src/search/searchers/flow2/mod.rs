//! FLOW², randomised direct search (Wu, Wang & Huang 2021, "Frugal Optimization for Cost-related Hyperparameters").
//!
//! Each step has a fixed length and goes from the best point so far in a random direction. If it is no improvement, the
//! opposite step is tried. The first improvement becomes the new starting point. A series of failures shortens the
//! step.
//!
//! A [`Thread`] is rebuilt from its trials in the order of their numbers. It does not depend on when each was proposed,
//! so parallel and late trials need no bookkeeping: an opposite step is recognised by its position.

mod steps;

pub(super) use steps::{CHANGE, Position, middle, position_of};
use steps::{forward, is_same, opposite};

use super::standing::{is_better, is_judged};
use crate::rng;
use crate::space::{Configuration, Space};
use crate::trials::{Trial, View};

/// The origin of a step.
pub(super) const STEP: &str = "flow2";

/// The rule by which failures shorten the step.
pub(super) struct Pace {
    /// The first step for one parameter, in the unit interval.
    pub(super) first: f64,
    /// The step length below which the search has converged.
    last: f64,
    /// Number of successive failures, per parameter, after which the step shrinks.
    patience: f64,
    /// The factor by which it shrinks.
    shrink: f64,
}

/// FLAML starts with steps of 0.1 and waits for 2^(d−1) failures, which no short study reaches. Here the wait grows
/// linearly with d. The values were chosen on the open benchmark among first steps of 0.1 to 0.2, waits of 0.7·d to 4·d
/// and factors of 0.5 to 0.7, which differed little.
pub(super) const PACE: Pace = Pace {
    first: 0.15,
    last: 0.01,
    patience: 1.0,
    shrink: 0.7,
};

/// One local search.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    /// The best position so far, and the number of its trial.
    incumbent: Position,
    best: usize,
    scale: f64,
    failures: u32,
    /// Failed steps from the incumbent whose opposite was not tried yet: trial and position.
    unanswered: Vec<(usize, Position)>,
}

impl Thread {
    /// Starts a search from a trial, judged or not.
    pub(super) fn new(trial: &Trial, position: Position, scale: f64) -> Self {
        Self {
            incumbent: position,
            best: trial.id.index(),
            scale,
            failures: 0,
            unanswered: Vec::new(),
        }
    }

    /// The number of the best trial.
    pub(super) fn best(&self) -> usize {
        self.best
    }

    /// The position of the best trial.
    pub(super) fn position(&self) -> &[f64] {
        &self.incumbent
    }

    /// Returns whether steps have become too short to matter.
    pub(super) fn is_converged(&self) -> bool {
        self.scale < PACE.last
    }

    /// The length of the next step for one parameter.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// Adds a trial of this search; trials must come in the order of their numbers. `is_step`: this search proposed it.
    /// Returns whether it is an improvement.
    pub(super) fn take(&mut self, view: &View<'_>, trial: &Trial, is_step: bool) -> bool {
        let active = &view.trials[self.best].point;
        let position = position_of(trial, &self.incumbent);
        let answered = self.unanswered.iter().position(|(tried, at)| {
            let opposite = opposite(view.space, &self.incumbent, at, view.seed, *tried as u64);
            is_same(view.space, &opposite, &position, active)
        });
        if let Some(answered) = answered {
            self.unanswered.remove(answered);
        }
        if !is_judged(trial) {
            return false;
        }
        let best = &view.trials[self.best];
        if !is_judged(best) || is_better(trial, best) {
            self.incumbent = position;
            self.best = trial.id.index();
            self.failures = 0;
            self.unanswered.clear();
            if !is_step {
                // Another searcher found a better position, perhaps far away.
                self.scale = PACE.first;
            }
            return true;
        }
        if is_step {
            if answered.is_none() {
                self.unanswered.push((trial.id.index(), position));
            }
            self.failures += 1;
            let dimensions = active.iter().flatten().count().max(1) as f64;
            if f64::from(self.failures) >= (PACE.patience * dimensions).max(2.0) {
                self.failures = 0;
                self.scale *= PACE.shrink;
            }
        }
        false
    }

    /// The next step: the opposite of one that failed, else a new direction.
    pub(super) fn propose(&self, view: &View<'_>, attempt: u32) -> Option<Configuration> {
        /// Number of draws, because a step may leave the feasible region or change nothing.
        const DRAWS: u32 = 50;
        let active = &view.trials[self.best].point;
        let is_new = |position: &Position| !is_same(view.space, position, &self.incumbent, active);
        let feasible = |position: Position| {
            let configuration = view.space.decode(&position);
            view.space.is_feasible(&configuration).then_some(configuration)
        };
        if attempt == 0 {
            let answers = self
                .unanswered
                .iter()
                .map(|(tried, at)| opposite(view.space, &self.incumbent, at, view.seed, *tried as u64));
            if let Some(answer) = answers.filter(is_new).find_map(feasible) {
                return Some(answer);
            }
        }
        let mut rng = rng::stream(view.seed, "flow2", &[view.trials.len() as u64, u64::from(attempt)]);
        // If every near point was already tried, a longer step gives a new one.
        let scale = self.scale * 1.25_f64.powi(attempt as i32);
        (0..DRAWS)
            .map(|_| forward(view.space, &self.incumbent, active, scale, &mut rng))
            .filter(is_new)
            .find_map(feasible)
    }
}

/// The first trial of a study: the starting point, if it is feasible.
pub(super) fn first(view: &View<'_>, attempt: u32) -> Option<Configuration> {
    let begins = view.trials.is_empty() && attempt == 0;
    let configuration = begins.then(|| view.space.decode(&start(view.space)))?;
    view.space.is_feasible(&configuration).then_some(configuration)
}

/// The starting point: the values that the user gave as low-cost, initial or likely, or else the middle.
pub(super) fn start(space: &Space) -> Position {
    let parameters = space.parameters().iter();
    parameters
        .map(|parameter| {
            let hints = &parameter.hints;
            let value = hints.low_cost.as_ref().or(hints.init.as_ref());
            let value = value.or(hints.prior.as_ref().map(|prior| &prior.value));
            value.and_then(|value| parameter.domain.encode(value)).unwrap_or(0.5)
        })
        .collect()
}

#[cfg(test)]
mod tests;
