//! The tree-structured Parzen estimator, multivariate (Bergstra et al. 2011, §4; Falkner et al. 2018, §3; Watanabe 2023).
//!
//! Trials are split into the best few and the rest; each part becomes a density over the unit cube, and of some draws from
//! the good density the one with the largest ratio of good to bad is proposed. Running trials count as bad, so that
//! parallel workers spread out.

mod parzen;

use parzen::Parzen;

use super::{Proposal, Random, Searcher};
use crate::rng::{self, Rng};
use crate::space::{Configuration, Space};
use crate::trials::{Status, Trial, View};

/// The multivariate tree-structured Parzen estimator.
#[derive(Clone, Copy, Debug)]
pub struct Tpe {
    startup_trials: usize,
    candidates: usize,
}

impl Default for Tpe {
    /// Optuna's defaults: 10 random trials first, 24 candidates (Bergstra et al. 2011, §5).
    fn default() -> Self {
        Self {
            startup_trials: 10,
            candidates: 24,
        }
    }
}

impl Searcher for Tpe {
    fn name(&self) -> &'static str {
        "tpe"
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let known: Vec<&Trial> = view.known().collect();
        let judged = known.iter().filter(|trial| trial.loss().is_some()).count();
        if judged < self.startup_trials {
            return Random.propose(view, attempt);
        }
        let mut rng = rng::stream(view.seed, "tpe", &[view.trials.len() as u64, u64::from(attempt)]);
        let (good, bad) = split(&known, judged);
        let good = Parzen::fit(view.space, &good);
        let bad = Parzen::fit(view.space, &bad);
        let configuration = self
            .candidates(view.space, &good, &mut rng)
            .map(|(point, configuration)| (good.log_density(&point) - bad.log_density(&point), configuration))
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map_or_else(|| view.space.sample(&mut rng), |(_, configuration)| configuration);
        Proposal {
            configuration,
            origin: self.name(),
        }
    }
}

impl Tpe {
    /// Feasible draws from the good density, as the points that their decoded values stand for.
    fn candidates(
        self,
        space: &Space,
        good: &Parzen,
        rng: &mut Rng,
    ) -> impl Iterator<Item = (Vec<Option<f64>>, Configuration)> {
        /// Draws for each candidate wanted, so that constraints leave some.
        const DRAWS: usize = 10;
        let mut found = Vec::with_capacity(self.candidates);
        for _ in 0..self.candidates * DRAWS {
            if found.len() == self.candidates {
                break;
            }
            let configuration = space.decode(&good.sample(rng));
            if space.is_feasible(&configuration)
                && let Some(point) = space.encode(&configuration)
            {
                found.push((point, configuration));
            }
        }
        found.into_iter()
    }
}

/// Points of the unit cube, one number per parameter.
type Points<'a> = Vec<&'a [Option<f64>]>;

/// The points of the good trials and of the others, each in the order of the trials.
///
/// Trials are ranked by resource first: whoever was trained further was better at every rung before
/// (as Optuna ranks pruned trials). Trials without any observation are running and count as bad.
fn split<'a>(trials: &[&'a Trial], judged: usize) -> (Points<'a>, Points<'a>) {
    let judged_trials = trials.iter().enumerate().filter(|(_, trial)| trial.loss().is_some());
    let mut ranking: Vec<(usize, &Trial)> = judged_trials.map(|(place, trial)| (place, *trial)).collect();
    ranking.sort_by_key(|(place, trial)| {
        let failed = trial.status == Status::Failed;
        (failed, std::cmp::Reverse(trial.reached), trial.loss(), *place)
    });
    let mut is_good = vec![false; trials.len()];
    for (place, _) in ranking
        .iter()
        .take(good_count(judged))
        .filter(|(_, trial)| trial.status != Status::Failed)
    {
        is_good[*place] = true;
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (trial, is_good) in trials.iter().zip(is_good) {
        if is_good { &mut good } else { &mut bad }.push(trial.point.as_slice());
    }
    bad.drain(..bad.len().saturating_sub(MOST_BAD));
    (good, bad)
}

/// The newest so many of the bad trials are modelled, so that a proposal's cost does not grow without end. What is bad is
/// known well enough by then.
const MOST_BAD: usize = 1000;

/// How many trials count as good: a tenth, at most 25 (Optuna's default; Watanabe 2023, §3.1).
fn good_count(judged: usize) -> usize {
    judged.div_ceil(10).min(25)
}

#[cfg(test)]
mod tests;
