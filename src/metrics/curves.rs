//! Areas under the curves of a ranking: ROC and precision-recall.

/// Examples with a score each, of which some are positive, in groups of equal score from the highest down.
pub(crate) struct Ranking {
    groups: Vec<Group>,
    totals: Group,
    has_nan: bool,
}

/// The examples of one score.
#[derive(Clone, Copy, Default)]
struct Group {
    positive: u64,
    negative: u64,
}

impl Ranking {
    /// Ranks pairs of a score and whether the example is positive. Takes n log n steps for n examples.
    pub(crate) fn of(scored: impl Iterator<Item = (f64, bool)>) -> Self {
        let mut scored: Vec<_> = scored.collect();
        scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        let mut totals = Group::default();
        let groups = scored
            .chunk_by(|one, other| one.0 == other.0)
            .map(|equal| {
                let positive = equal.iter().filter(|(_, positive)| *positive).count() as u64;
                let negative = equal.len() as u64 - positive;
                totals.positive += positive;
                totals.negative += negative;
                Group { positive, negative }
            })
            .collect();
        Self {
            groups,
            totals,
            has_nan: scored.iter().any(|(score, _)| score.is_nan()),
        }
    }

    /// The chance that a positive example scores higher than a negative one; a tie counts one half. `None` without
    /// positive or without negative examples.
    pub(crate) fn roc_auc(&self) -> Option<f64> {
        let pairs = u128::from(self.totals.positive) * u128::from(self.totals.negative);
        if self.has_nan || pairs == 0 {
            return (pairs > 0).then_some(f64::NAN);
        }
        let mut positives_above = 0;
        // Counted in half pairs: whole numbers, so that the result does not depend on the order of the examples.
        let half_pairs: u128 = self
            .groups
            .iter()
            .map(|group| {
                let half = u128::from(group.negative) * u128::from(2 * positives_above + group.positive);
                positives_above += group.positive;
                half
            })
            .sum();
        Some(half_pairs as f64 / (2 * pairs) as f64)
    }

    /// The mean precision at the scores where positives are found: Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, without
    /// interpolation. `None` without positive examples.
    pub(crate) fn average_precision(&self) -> Option<f64> {
        if self.totals.positive == 0 || self.has_nan {
            return (self.totals.positive > 0).then_some(f64::NAN);
        }
        let (mut right, mut taken, mut sum) = (0, 0, 0.0);
        for group in &self.groups {
            right += group.positive;
            taken += group.positive + group.negative;
            sum += group.positive as f64 * (right as f64 / taken as f64);
        }
        Some(sum / self.totals.positive as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scored: &[(f64, bool)]) -> Ranking {
        Ranking::of(scored.iter().copied())
    }

    #[test]
    fn a_tie_counts_one_half() {
        assert_eq!(ranking(&[(1.0, true), (1.0, false)]).roc_auc(), Some(0.5));
        assert_eq!(ranking(&[(0.0, true), (-0.0, false)]).roc_auc(), Some(0.5));
    }

    #[test]
    fn a_perfect_ranking_has_one_and_a_reversed_one_zero() {
        let perfect = ranking(&[(0.1, false), (0.9, true), (0.5, true)]);
        assert_eq!((perfect.roc_auc(), perfect.average_precision()), (Some(1.0), Some(1.0)));
        assert_eq!(ranking(&[(0.9, false), (0.1, true)]).roc_auc(), Some(0.0));
    }

    #[test]
    fn one_kind_of_examples_has_no_curve() {
        assert_eq!(ranking(&[(0.9, true)]).roc_auc(), None);
        assert_eq!(ranking(&[(0.9, false)]).average_precision(), None);
    }

    #[test]
    fn nan_stays_nan() {
        let ranking = ranking(&[(f64::NAN, true), (0.0, false)]);
        assert!(ranking.roc_auc().unwrap().is_nan() && ranking.average_precision().unwrap().is_nan());
    }
}
