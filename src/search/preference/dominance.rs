//! Dominance, sorting of results into fronts, and crowding (Deb et al. 2002, "A fast and elitist multiobjective genetic
//! algorithm: NSGA-II", §III and §VI).

use std::cmp::Ordering;

use super::Scores;

impl Scores {
    /// Constrained domination (Deb et al. 2002, definition 1). A feasible result dominates an infeasible one. Of two
    /// infeasible results the smaller violation dominates. Of two feasible ones, a result dominates if it is nowhere
    /// worse and somewhere better.
    pub fn dominates(&self, other: &Self) -> bool {
        if !self.is_feasible() || !other.is_feasible() {
            return self.violation < other.violation;
        }
        let mut is_better = false;
        for (own, others) in self.losses.iter().zip(&other.losses) {
            match own.cmp(others) {
                Ordering::Less => is_better = true,
                Ordering::Equal => {}
                Ordering::Greater => return false,
            }
        }
        is_better
    }

    /// A total order in which no result comes after one that it dominates.
    fn linear(&self, other: &Self) -> Ordering {
        self.violation
            .total_cmp(&other.violation)
            .then_with(|| self.losses.cmp(&other.losses))
    }
}

/// Sorts results into fronts. No result dominates a member of the first front; each further front is the first one once
/// the fronts before it are removed. Every front lists indices of `scores`, in the order of the first loss.
///
/// Computes Deb's fronts one result at a time (Zhang et al. 2015, "An efficient approach to nondominated sorting",
/// ENS-SS): at worst `n²` comparisons, but without a table of all dominations.
pub fn fronts(scores: &[&Scores]) -> Vec<Vec<usize>> {
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    for index in in_linear_order(scores) {
        // The latest members of a front are the likeliest to dominate the next result.
        let is_dominated = |front: &Vec<usize>| {
            front
                .iter()
                .rev()
                .any(|&member| scores[member].dominates(scores[index]))
        };
        match fronts.iter_mut().find(|front| !is_dominated(front)) {
            Some(front) => front.push(index),
            None => fronts.push(vec![index]),
        }
    }
    fronts
}

/// The first of the [`fronts`].
pub fn front(scores: &[&Scores]) -> Vec<usize> {
    let mut front: Vec<usize> = Vec::new();
    for index in in_linear_order(scores) {
        if !front.iter().any(|&member| scores[member].dominates(scores[index])) {
            front.push(index);
        }
    }
    front
}

fn in_linear_order(scores: &[&Scores]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&left, &right| scores[left].linear(scores[right]).then(left.cmp(&right)));
    order
}

/// Crowding distance of each member of a front: the sum over the metrics of the distance between its two neighbours, as
/// a share of the front's range. Infinite at the ends (Deb et al. 2002, §III-B). In the order of `front`.
pub fn crowding(scores: &[&Scores], front: &[usize]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    let metrics = front.first().map_or(0, |&first| scores[first].losses.len());
    for metric in 0..metrics {
        let loss = |member: usize| scores[front[member]].losses[metric].get();
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&left, &right| loss(left).total_cmp(&loss(right)));
        let (first, last) = (order[0], order[order.len() - 1]);
        let range = loss(last) - loss(first);
        distances[first] = f64::INFINITY;
        distances[last] = f64::INFINITY;
        if range > 0.0 {
            for neighbours in order.windows(3) {
                distances[neighbours[1]] += (loss(neighbours[2]) - loss(neighbours[0])) / range;
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::preference::scores::tests::{any_scores, feasible, scores};

    fn sorted(all: &[Scores]) -> Vec<Vec<usize>> {
        fronts(&all.iter().collect::<Vec<_>>())
    }

    #[test]
    fn fronts_peel_off_one_after_the_other() {
        let all =
            [[1.0, 5.0], [2.0, 2.0], [5.0, 1.0], [3.0, 3.0], [6.0, 6.0], [2.0, 5.0]].map(|losses| feasible(&losses));
        assert_eq!(sorted(&all), [vec![0, 1, 2], vec![5, 3], vec![4]]);
    }

    #[test]
    fn the_feasible_dominate_the_infeasible_and_these_go_by_violation() {
        let all = [
            scores(&[0.0, 0.0], 2.0),
            scores(&[9.0, 9.0], 0.0),
            scores(&[1.0, 1.0], 0.5),
        ];
        assert_eq!(sorted(&all), [vec![1], vec![2], vec![0]]);
    }

    #[test]
    fn crowding_is_the_papers_cuboid() {
        // Neighbours of (1, 3) are (0, 4) and (3, 1): (3 - 0)/4 + (4 - 1)/4.
        let all = [[0.0, 4.0], [1.0, 3.0], [3.0, 1.0], [4.0, 0.0]].map(|losses| feasible(&losses));
        let all: Vec<&Scores> = all.iter().collect();
        assert_eq!(crowding(&all, &[0, 1, 2, 3]), [f64::INFINITY, 1.5, 1.5, f64::INFINITY]);
        assert_eq!(crowding(&all, &[1]), [f64::INFINITY]);
        assert_eq!(crowding(&all, &[]), [0.0; 0]);
    }

    proptest! {
        #[test]
        fn every_result_is_in_one_front_and_is_dominated_by_the_front_before_only(
            all in prop::collection::vec(any_scores(3), 0..40)
        ) {
            let fronts = sorted(&all);
            let mut members: Vec<usize> = fronts.concat();
            members.sort_unstable();
            prop_assert_eq!(members, (0..all.len()).collect::<Vec<_>>());
            for (rank, members) in fronts.iter().enumerate() {
                for &member in members {
                    let is_beaten_by = |front: &Vec<usize>| front.iter().any(|&other| all[other].dominates(&all[member]));
                    prop_assert!(fronts[rank..].iter().all(|front| !is_beaten_by(front)));
                    prop_assert!(rank == 0 || is_beaten_by(&fronts[rank - 1]));
                }
            }
            let first = front(&all.iter().collect::<Vec<_>>());
            prop_assert_eq!(Some(first), fronts.first().cloned().or(Some(vec![])));
        }

        #[test]
        fn domination_is_a_strict_order(a in any_scores(2), b in any_scores(2), c in any_scores(2)) {
            prop_assert!(!a.dominates(&a));
            prop_assert!(!(a.dominates(&b) && b.dominates(&a)));
            prop_assert!(!(a.dominates(&b) && b.dominates(&c)) || a.dominates(&c));
        }
    }
}
