//! Estimated cost of pruning, from trials that no scheduler may prune (`early_terminate.audit`).
//!
//! With several metrics, only the first is considered.

use crate::study::Study;
use crate::trials::{Status, Trial};
use crate::units::{Loss, Samples};

/// Results of an audit of pruning.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Number of audited trials.
    pub audited: usize,
    /// Number of audited trials that completed although the scheduler would have pruned them.
    pub pruned: usize,
    /// Number of trials counted in `pruned` that are better than all trials not counted there.
    pub winners: usize,
    /// Difference between the best trial counted in `pruned` and the best other trial, in units of the metric. 0 if the
    /// other trial is better; `None` if no trial would have been pruned or no other trial has a result.
    pub regret: Option<f64>,
    /// Rank correlation between neighbouring rungs, for every pair of rungs where it is defined.
    pub agreements: Vec<Agreement>,
}

/// Rank correlation of the trials at two levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The lower level.
    pub from: Samples,
    /// The higher level.
    pub to: Samples,
    /// Number of trials that reached both levels.
    pub trials: usize,
    /// Kendall's tau-b of their losses: 1 for the same order, 0 for no correlation, −1 for the opposite order.
    pub tau: f64,
}

impl Audit {
    /// The audit of a study so far; `None` if the study has no audit.
    pub fn new(study: &Study) -> Option<Self> {
        let audited = study.audited()?;
        let trials = study.trials();
        let is_complete = |trial: &&Trial| trial.status == Status::Completed;
        let pruned = audited.iter().filter(|audited| audited.pruned_at.is_some());
        let pruned: Vec<&Trial> = pruned
            .map(|audited| &trials[audited.trial.index()])
            .filter(is_complete)
            .collect();
        let is_other = |trial: &&Trial| pruned.iter().all(|pruned| pruned.id != trial.id);
        let best = study.searched().filter(is_other).filter_map(result).min();
        let best_pruned = pruned.iter().filter_map(|trial| result(trial)).min();
        let winners = pruned.iter().filter_map(|trial| result(trial));
        let winners = winners.filter(|loss| best.is_some_and(|best| *loss < best)).count();
        let regret = best
            .zip(best_pruned)
            .map(|(best, pruned)| (best.get() - pruned.get()).max(0.0));
        // All audited trials are an unbiased sample, whether they would have been pruned or not.
        let sample: Vec<&Trial> = audited
            .iter()
            .map(|audited| &trials[audited.trial.index()])
            .filter(is_complete)
            .collect();
        Some(Self {
            audited: audited.len(),
            pruned: pruned.len(),
            winners,
            regret,
            agreements: agreements(&sample, study.rungs()),
        })
    }
}

/// Loss of a trial, unless it is the worst possible one.
fn result(trial: &Trial) -> Option<Loss> {
    trial.loss().filter(|loss| *loss < Loss::WORST)
}

/// Smallest loss of a trial up to a level.
fn until(trial: &Trial, level: Samples) -> Option<f64> {
    let seen = trial.observations.iter().filter(|observation| observation.at <= level);
    seen.map(|observation| observation.loss.get()).min_by(f64::total_cmp)
}

fn agreements(trials: &[&Trial], rungs: &[Samples]) -> Vec<Agreement> {
    let neighbours = rungs.windows(2).map(|pair| (pair[0], pair[1]));
    let agreement = |(from, to)| {
        let pairs = trials
            .iter()
            .filter_map(|trial| Some((until(trial, from)?, until(trial, to)?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let tau = kendall(&pairs)?;
        Some(Agreement {
            from,
            to,
            trials: pairs.len(),
            tau,
        })
    };
    neighbours.filter_map(agreement).collect()
}

/// Kendall's tau-b (Kendall 1945, "The treatment of ties in ranking problems").
///
/// It is the number of pairs in the same order minus those in the opposite order, divided by the number of pairs that
/// are not tied. That number is the geometric mean over both orders. `None` if all pairs are tied in one order.
/// Quadratic in the number of trials.
fn kendall(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mut sum, mut left, mut right) = (0_i64, 0_i64, 0_i64);
    for (index, one) in pairs.iter().enumerate() {
        for other in &pairs[index + 1..] {
            let first = one.0.total_cmp(&other.0) as i64;
            let second = one.1.total_cmp(&other.1) as i64;
            sum += first * second;
            left += first.abs();
            right += second.abs();
        }
    }
    let scale = (left as f64 * right as f64).sqrt();
    (scale > 0.0).then(|| sum as f64 / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Configuration, Space};
    use crate::trials::Observation;
    use crate::units::{Goal, TrialId};

    #[test]
    fn the_order_is_the_same_opposite_or_neither() {
        assert_eq!(kendall(&[(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]), Some(1.0));
        assert_eq!(kendall(&[(1.0, 30.0), (2.0, 20.0), (3.0, 10.0)]), Some(-1.0));
        // One of three pairs is in the opposite order.
        assert_eq!(kendall(&[(1.0, 10.0), (2.0, 30.0), (3.0, 20.0)]), Some(1.0 / 3.0));
        assert_eq!(kendall(&[(1.0, 1.0)]), None);
        assert_eq!(kendall(&[(1.0, 1.0), (1.0, 2.0)]), None, "a tie says nothing");
    }

    #[test]
    fn ties_are_no_disagreement() {
        // SciPy: kendalltau([1, 2, 2, 3], [1, 2, 3, 4]) = 0.9129.
        let tau = kendall(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (3.0, 4.0)]).unwrap();
        assert!((tau - 0.912_870_929_175_277).abs() < 1e-12, "{tau}");
    }

    #[test]
    fn rungs_are_compared_by_the_best_up_to_each() {
        let space = Space::new(vec![], vec![]).unwrap();
        let trial = |number, losses: &[(u64, f64)]| {
            let mut trial = Trial::new(TrialId(number), Configuration::default(), &space, "test".into(), None);
            let seen = losses.iter().map(|&(at, loss)| Observation {
                at: Samples(at),
                loss: Goal::Minimize.loss(loss),
            });
            trial.observations = seen.collect();
            trial
        };
        let trials = [
            trial(0, &[(1, 3.0), (3, 1.0), (9, 5.0)]),
            trial(1, &[(1, 2.0), (3, 2.0), (9, 2.0)]),
            trial(2, &[(3, 4.0), (9, 4.0)]),
        ];
        let trials: Vec<&Trial> = trials.iter().collect();
        let found = agreements(&trials, &[1, 3, 9].map(Samples));
        let numbers = |agreement: &Agreement| (agreement.from.0, agreement.to.0, agreement.trials, agreement.tau);
        let found: Vec<_> = found.iter().map(numbers).collect();
        assert_eq!(found, [(1, 3, 2, -1.0), (3, 9, 3, 1.0)]);
    }
}
