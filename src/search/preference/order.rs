//! The preference that orders results.

use super::chebyshev::scalars;
use super::epsilon_net::epsilon_net;
use super::{Level, Scores, front, fronts, lexicographic};
use crate::rng::Rng;

/// The order of results with several losses. With one loss, every preference is the order of that loss. Infeasible
/// results always come after the feasible ones, ordered by violation.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Preference {
    /// The Pareto order: results that no other dominates come first.
    #[default]
    Pareto,
    /// Lexicographic: metric by metric, with one [`Level`] each.
    Lexicographic(Vec<Level>),
}

impl Preference {
    /// The rank of every result, 0 for the best; equally good results share a rank.
    pub fn ranks(&self, scores: &[&Scores]) -> Vec<usize> {
        let mut ranks = vec![0; scores.len()];
        for (rank, class) in self.classes(scores).into_iter().enumerate() {
            for index in class {
                ranks[index] = rank;
            }
        }
        ranks
    }

    /// The position of every result in a strict order from best to worst. The order is by [`Self::ranks`]; within a
    /// rank the first results are spread over the trade-offs; then by index.
    pub fn positions(&self, scores: &[&Scores]) -> Vec<usize> {
        let mut positions = vec![0; scores.len()];
        let classes = self.classes(scores).into_iter();
        let order = classes.flat_map(|class| match self {
            Self::Pareto => epsilon_net(scores, &class),
            Self::Lexicographic(_) => class,
        });
        for (position, index) in order.enumerate() {
            positions[index] = position;
        }
        positions
    }

    /// The indices of the best results: the front, or those that share the first rank.
    pub fn best(&self, scores: &[&Scores]) -> Vec<usize> {
        match self {
            Self::Pareto => front(scores),
            Self::Lexicographic(levels) => {
                let mut classes = lexicographic::classes(levels, scores).into_iter();
                classes.next().unwrap_or_default()
            }
        }
    }

    /// One number for every result, smaller for better results, for methods that can only minimise a number.
    ///
    /// For [`Self::Pareto`] the weights are drawn from `rng`, so that successive draws lead to different parts of the
    /// front (`ParEGO`). For a lexicographic order the numbers are the ranks.
    pub fn scalarise(&self, scores: &[&Scores], rng: &mut Rng) -> Vec<f64> {
        match self {
            Self::Pareto => scalars(scores, rng),
            Self::Lexicographic(_) => self.ranks(scores).into_iter().map(|rank| rank as f64).collect(),
        }
    }

    fn classes(&self, scores: &[&Scores]) -> Vec<Vec<usize>> {
        match self {
            Self::Pareto => fronts(scores),
            Self::Lexicographic(levels) => lexicographic::classes(levels, scores),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::preference::scores::tests::any_scores;

    proptest! {
        #[test]
        fn positions_are_a_permutation_that_follows_the_ranks(
            all in prop::collection::vec(any_scores(2), 0..25), is_pareto: bool
        ) {
            let preference = if is_pareto {
                Preference::Pareto
            } else {
                Preference::Lexicographic(vec![Level::default(); 2])
            };
            let all: Vec<&Scores> = all.iter().collect();
            let (ranks, positions) = (preference.ranks(&all), preference.positions(&all));
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.sort_by_key(|&index| positions[index]);
            prop_assert!(order.iter().enumerate().all(|(position, &index)| positions[index] == position));
            prop_assert!(order.windows(2).all(|pair| ranks[pair[0]] <= ranks[pair[1]]));
            let best = preference.best(&all);
            prop_assert!((0..all.len()).all(|index| best.contains(&index) == (ranks[index] == 0)));
        }
    }
}
