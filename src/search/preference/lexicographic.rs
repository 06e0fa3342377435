//! Lexicographic order: metric by metric, with tolerances and targets (Zhang et al. 2023, "Targeted hyperparameter
//! optimization with lexicographic preferences over multiple objectives", §3, as implemented in FLAML).

use std::cmp::Ordering;

use super::Scores;
use crate::units::Loss;

/// The comparison of one metric in a lexicographic order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Results within this distance of the best count as equal to the best.
    pub tolerance: Tolerance,
    /// Results at least as good as this count as equal to the best.
    pub target: Option<Loss>,
}

/// A distance from the best value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// In units of the metric, 0 or more.
    Absolute(f64),
    /// In percent of the best value's absolute value, 0 or more.
    Percent(f64),
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::Absolute(0.0)
    }
}

impl Tolerance {
    /// The worst value that still counts as equal to `best`.
    fn bound(self, best: f64) -> f64 {
        best + match self {
            Self::Absolute(distance) => distance,
            // The absolute value, because a loss is negative if a positive metric is maximised.
            Self::Percent(percent) => best.abs() * percent / 100.0,
        }
    }
}

/// The thresholds up to which a metric counts as good enough. The threshold of a metric is the best value plus its
/// tolerance, or the target if that is laxer. The best is taken over the results that are good enough in all earlier
/// metrics.
///
/// These are `f_H^i + κ_i` and `c_i` of the paper over the history `H`. The history contains only the feasible results,
/// if there are any.
fn thresholds(levels: &[Level], scores: &[&Scores]) -> Vec<Loss> {
    let is_any_feasible = scores.iter().any(|scores| scores.is_feasible());
    let is_counted = |scores: &&&Scores| scores.is_feasible() || !is_any_feasible;
    let mut history: Vec<&Scores> = scores.iter().filter(is_counted).copied().collect();
    let mut thresholds = Vec::with_capacity(levels.len());
    for (metric, level) in levels.iter().enumerate() {
        let losses = history.iter().filter_map(|scores| scores.losses.get(metric));
        let best = losses.min().copied().unwrap_or(Loss::WORST);
        let threshold = best.map(|best| level.tolerance.bound(best));
        let threshold = level.target.map_or(threshold, |target| target.max(threshold));
        history.retain(|scores| scores.losses.get(metric).is_some_and(|loss| *loss <= threshold));
        thresholds.push(threshold);
    }
    thresholds
}

/// The indices of `scores` from best to worst; equal results share a class.
///
/// In each metric, all values up to its threshold are equally good. Among results that are equal in all metrics, the
/// plain values decide, in the same order of metrics. Infeasible results come last, ordered by violation.
pub(super) fn classes(levels: &[Level], scores: &[&Scores]) -> Vec<Vec<usize>> {
    let thresholds = thresholds(levels, scores);
    let clamped = |scores: &Scores| -> Vec<Loss> {
        let pairs = scores.losses.iter().zip(&thresholds);
        pairs.map(|(loss, threshold)| *loss.max(threshold)).collect()
    };
    let compare = |&left: &usize, &right: &usize| {
        let (left, right) = (scores[left], scores[right]);
        left.violation
            .total_cmp(&right.violation)
            .then_with(|| clamped(left).cmp(&clamped(right)))
            .then_with(|| left.losses.cmp(&right.losses))
    };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(compare);
    order
        .chunk_by(|left, right| compare(left, right) == Ordering::Equal)
        .map(<[usize]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::preference::scores::tests::{any_scores, feasible, scores};
    use crate::units::Goal;

    fn level(tolerance: Tolerance, target: Option<f64>) -> Level {
        Level {
            tolerance,
            target: target.map(|target| Goal::Minimize.loss(target)),
        }
    }

    fn order(levels: &[Level], all: &[Scores]) -> Vec<usize> {
        classes(levels, &all.iter().collect::<Vec<_>>()).concat()
    }

    /// FLAML's documented example: an error rate with a tolerance of 0.02 and target 0, then floating-point operations.
    #[test]
    fn within_the_tolerance_of_the_error_the_cheaper_network_wins() {
        let levels = [
            level(Tolerance::Absolute(0.02), Some(0.0)),
            level(Tolerance::Absolute(0.0), None),
        ];
        let all = [[0.10, 900.0], [0.115, 300.0], [0.13, 10.0], [0.12, 400.0]].map(|losses| feasible(&losses));
        // 0.12 is 0.10 + 0.02 and so as good as the best; so is 0.115, which costs less; 0.13 is not.
        assert_eq!(order(&levels, &all), [1, 3, 0, 2]);
    }

    #[test]
    fn what_reaches_the_target_is_good_enough_though_others_are_better() {
        let levels = [
            level(Tolerance::Absolute(0.0), Some(0.2)),
            level(Tolerance::Absolute(0.0), None),
        ];
        let all = [[0.1, 5.0], [0.2, 3.0], [0.3, 1.0]].map(|losses| feasible(&losses));
        assert_eq!(order(&levels, &all), [1, 0, 2]);
    }

    #[test]
    fn a_percentage_is_of_the_best_values_size_also_where_larger_is_better() {
        let levels = [
            level(Tolerance::Percent(5.0), None),
            level(Tolerance::Absolute(0.0), None),
        ];
        // Accuracies 1.0, 0.96 and 0.94 as losses: 5 % below the best is 0.95.
        let all = [[-1.0, 9.0], [-0.96, 1.0], [-0.94, 0.0]].map(|losses| feasible(&losses));
        assert_eq!(order(&levels, &all), [1, 0, 2]);
    }

    #[test]
    fn infeasible_results_come_last_and_set_no_threshold() {
        let levels = [
            level(Tolerance::Absolute(0.1), None),
            level(Tolerance::Absolute(0.0), None),
        ];
        let all = [
            scores(&[0.0, 0.0], 1.0),
            feasible(&[1.0, 5.0]),
            feasible(&[1.05, 4.0]),
            scores(&[0.0, 0.0], 0.5),
        ];
        assert_eq!(order(&levels, &all), [2, 1, 3, 0]);
    }

    proptest! {
        #[test]
        fn without_tolerances_the_best_is_the_first_in_the_order_of_words(
            all in prop::collection::vec(any_scores(3), 1..20)
        ) {
            let all: Vec<Scores> = all.into_iter().map(|scores| Scores { violation: 0.0, ..scores }).collect();
            let first = order(&[Level::default(); 3], &all)[0];
            prop_assert_eq!(Some(&all[first].losses), all.iter().map(|scores| &scores.losses).min());
        }

        #[test]
        fn the_first_never_loses_to_a_result_that_dominates_it(
            all in prop::collection::vec(any_scores(2), 1..20), tolerance in 0.0..3.0_f64
        ) {
            let levels = [level(Tolerance::Absolute(tolerance), None), Level::default()];
            let first = order(&levels, &all)[0];
            prop_assert!(all.iter().all(|other| !other.dominates(&all[first])));
        }
    }
}
