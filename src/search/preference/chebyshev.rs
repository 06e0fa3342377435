//! Scalarisation of several losses with weights (Knowles 2006, "`ParEGO`: a hybrid algorithm with on-line landscape
//! approximation for expensive multiobjective optimization problems", §III).

use rand::RngExt as _;

use super::{Scores, front};
use crate::rng::Rng;

/// The weight of the sum relative to the maximum; it separates weakly dominated results (Knowles 2006, equation 2).
const RHO: f64 = 0.05;

/// Weights drawn uniformly among those with sum 1.
fn weights(count: usize, rng: &mut Rng) -> Vec<f64> {
    let raw: Vec<f64> = (0..count).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect();
    let sum: f64 = raw.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    raw.into_iter().map(|weight| weight / sum).collect()
}

/// The augmented Chebyshev function of every result, with weights drawn from `rng`.
///
/// Losses are normalised so that the front spans 0 to 1; unlike the set of all results, the front contains no outliers.
/// An infeasible result is worse than every feasible one. Its distance is its violation as a share of the largest (Deb
/// 2000, "An efficient constraint handling method for genetic algorithms", equation 4).
pub(super) fn scalars(scores: &[&Scores], rng: &mut Rng) -> Vec<f64> {
    let metrics = scores.first().map_or(0, |first| first.losses.len());
    let weights = weights(metrics, rng);
    let ranges = ranges(scores, metrics);
    let scalar = |scores: &Scores| {
        let terms = scores.losses.iter().zip(&ranges).zip(&weights);
        let terms = terms.map(|((loss, (low, width)), weight)| weight * (loss.get() - low) / width);
        let (largest, sum) = terms.fold((f64::NEG_INFINITY, 0.0), |(largest, sum), term| {
            (term.max(largest), sum + term)
        });
        largest + RHO * sum
    };
    let feasible: Vec<Option<f64>> = scores
        .iter()
        .map(|scores| scores.is_feasible().then(|| scalar(scores)))
        .collect();
    let finite = feasible.iter().flatten().copied().filter(|value| value.is_finite());
    let (best, worst) = finite.fold((f64::INFINITY, 0.0_f64), |(best, worst), value| {
        (best.min(value), worst.max(value))
    });
    let spread = if best < worst { worst - best } else { 1.0 };
    let largest = scores.iter().map(|scores| scores.violation).fold(0.0, f64::max);
    let penalty = |violation: f64| {
        if violation < largest {
            0.5 * violation / largest
        } else {
            0.5
        }
    };
    let value = |(value, scores): (Option<f64>, &&Scores)| {
        value.unwrap_or_else(|| worst + spread * (0.5 + penalty(scores.violation)))
    };
    feasible.into_iter().zip(scores).map(value).collect()
}

/// For every metric, the smallest loss on the front and the width of the front, which is above 0.
fn ranges(scores: &[&Scores], metrics: usize) -> Vec<(f64, f64)> {
    let front = front(scores);
    let range = |metric: usize, members: &mut dyn Iterator<Item = usize>| {
        let losses = members
            .map(|index| scores[index].losses[metric].get())
            .filter(|loss| loss.is_finite());
        losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
            (low.min(loss), high.max(loss))
        })
    };
    (0..metrics)
        .map(|metric| {
            let (low, high) = range(metric, &mut front.iter().copied());
            if high > low {
                return (low, high - low);
            }
            // A front of one result has no width: use all results.
            let (low, high) = range(metric, &mut (0..scores.len()));
            if high > low {
                (low, high - low)
            } else {
                (if low.is_finite() { low } else { 0.0 }, 1.0)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::preference::scores::tests::{any_scores, feasible};
    use crate::rng;
    use crate::units::Seed;

    fn scalars_of(all: &[Scores], seed: u64) -> Vec<f64> {
        scalars(
            &all.iter().collect::<Vec<_>>(),
            &mut rng::stream(Seed(seed), "weights", &[]),
        )
    }

    #[test]
    fn other_weights_prefer_other_members_of_the_front() {
        let all = [[0.0, 1.0], [0.3, 0.3], [1.0, 0.0]].map(|losses| feasible(&losses));
        let mut wins = [0; 3];
        for seed in 0..200 {
            let values = scalars_of(&all, seed);
            let best = (0..3)
                .min_by(|&one, &other| values[one].total_cmp(&values[other]))
                .unwrap();
            wins[best] += 1;
        }
        assert!(wins.iter().all(|&count| count > 20), "{wins:?}");
    }

    proptest! {
        #[test]
        fn whoever_dominates_has_the_smaller_number(all in prop::collection::vec(any_scores(2), 1..15), seed: u64) {
            let values = scalars_of(&all, seed);
            prop_assert!(values.iter().all(|value| value.is_finite()));
            for (one, value) in all.iter().zip(&values) {
                for (other, others) in all.iter().zip(&values) {
                    prop_assert!(!one.dominates(other) || value < others);
                }
            }
        }
    }
}
