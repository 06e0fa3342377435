//! The best question about one axis: the one that leaves the least variance on its two sides.

use super::axis::{Axis, Question, number};

/// Smallest gain of a split, as a share of the losses' variance: below it a split explains nothing. It is the purity of
/// a node in SMAC's forest (`eps_purity`), for losses of unit variance.
const SMALLEST_GAIN: f64 = 1e-8;

/// A question, and its gain.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) question: Question,
    /// The decrease of the sum of squared deviations from the mean.
    pub(super) gain: f64,
}

/// A position on the axis, and the response there.
pub(super) type Pair = (f64, f64);

/// The best split of `pairs` with at least `smallest` of them on each side (Breiman et al. 1984, §8.3). Sorts `pairs`.
pub(super) fn best_split(axis: &Axis, pairs: &mut [Pair], smallest: usize) -> Option<Split> {
    match axis.categories() {
        Some(edges) => best_subset(edges, pairs, smallest),
        None => best_border(axis, pairs, smallest),
    }
}

/// The best border on an ordered axis.
fn best_border(axis: &Axis, pairs: &mut [Pair], smallest: usize) -> Option<Split> {
    pairs.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let total = Sum::of(pairs);
    let mut left = Sum::default();
    let mut best = (SMALLEST_GAIN, None);
    for (index, two) in pairs.windows(2).enumerate() {
        left.add(two[0].1);
        let count = index + 1;
        if two[0].0 == two[1].0 || count < smallest || pairs.len() - count < smallest {
            continue;
        }
        let gain = left.gain(total);
        if gain > best.0 {
            best = (gain, Some(index));
        }
    }
    let at = best.1?;
    Some(Split {
        question: Question::Below(axis.border(pairs[at].0, pairs[at + 1].0)),
        gain: best.0,
    })
}

/// The best subset of categories. If the categories are sorted by their means, it consists of the first ones (Fisher
/// 1958; Hastie et al. 2009, §9.2.4). Categories without a pair go to the larger side.
fn best_subset(edges: &[f64], pairs: &[Pair], smallest: usize) -> Option<Split> {
    let mut sums = vec![Sum::default(); edges.len() - 1];
    for &(position, response) in pairs {
        sums[number(edges, position)].add(response);
    }
    let mut seen: Vec<usize> = (0..sums.len()).filter(|&category| sums[category].count > 0.0).collect();
    seen.sort_by(|&left, &right| sums[left].mean().total_cmp(&sums[right].mean()));
    let total = Sum::of(pairs);
    let smallest = smallest as f64;
    let mut left = Sum::default();
    let mut best = (SMALLEST_GAIN, None);
    for (index, &category) in seen.iter().enumerate() {
        left.join(sums[category]);
        if left.count < smallest || total.count - left.count < smallest {
            continue;
        }
        let gain = left.gain(total);
        if gain > best.0 {
            best = (gain, Some((index + 1, left.count * 2.0 > total.count)));
        }
    }
    let (first, is_left_larger) = best.1?;
    let mut categories: Box<[bool]> = sums.iter().map(|sum| sum.count == 0.0 && is_left_larger).collect();
    for &category in &seen[..first] {
        categories[category] = true;
    }
    Some(Split {
        question: Question::Among(categories),
        gain: best.0,
    })
}

/// A sum of responses, and their number.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: f64,
    total: f64,
}

impl Sum {
    fn of(pairs: &[Pair]) -> Self {
        let mut sum = Self::default();
        for &(_, response) in pairs {
            sum.add(response);
        }
        sum
    }

    fn add(&mut self, response: f64) {
        self.join(Self {
            count: 1.0,
            total: response,
        });
    }

    fn join(&mut self, other: Self) {
        self.count += other.count;
        self.total += other.total;
    }

    fn mean(self) -> f64 {
        self.total / self.count
    }

    /// The gain of splitting these from the others of `whole`; 0 if there are no others.
    fn gain(self, whole: Self) -> f64 {
        let others = whole.count - self.count;
        if others == 0.0 {
            return 0.0;
        }
        let difference = self.mean() - (whole.total - self.total) / others;
        self.count * others / whole.count * difference * difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Parameter, Space};

    fn axis(domain: Domain) -> Axis {
        let space = Space::new(vec![Parameter::new("x", domain)], vec![]).unwrap();
        Axis::all(&space).remove(0).1
    }

    #[test]
    fn a_border_lies_where_the_response_jumps() {
        let mut pairs = [(0.9, 4.0), (0.1, 1.0), (0.5, 4.0), (0.3, 1.0)];
        let split = best_split(&axis(Domain::float(0.0, 1.0)), &mut pairs, 1).unwrap();
        assert_eq!(split.question, Question::Below(0.4));
        assert_eq!(split.gain, 9.0, "all of the sum of squares");
    }

    #[test]
    fn either_side_keeps_the_smallest_number() {
        let pairs = [(0.1, 9.0), (0.2, 0.0), (0.3, 0.0), (0.4, 0.0)];
        let axis = axis(Domain::float(0.0, 1.0));
        let border = |smallest| best_split(&axis, &mut pairs.clone(), smallest).map(|split| split.question);
        assert_eq!(border(1), Some(Question::Below(axis.border(0.1, 0.2))));
        assert_eq!(border(2), Some(Question::Below(0.25)));
        assert_eq!(border(3), None);
    }

    #[test]
    fn categories_are_parted_by_their_means_and_unseen_ones_go_with_the_many() {
        // Four categories: the first and third are low, the fourth does not occur.
        let mut pairs = [(0.1, 1.0), (0.1, 1.5), (0.3, 8.0), (0.6, 1.2)];
        let split = best_split(&axis(Domain::choice(["a", "b", "c", "d"])), &mut pairs, 1).unwrap();
        assert_eq!(split.question, Question::Among([true, false, true, true].into()));
    }

    #[test]
    fn there_is_nothing_to_ask_where_responses_are_equal() {
        let mut pairs = [(0.1, 2.0), (0.5, 2.0), (0.9, 2.0)];
        assert!(best_split(&axis(Domain::float(0.0, 1.0)), &mut pairs, 1).is_none());
        assert!(best_split(&axis(Domain::choice(["a", "b"])), &mut pairs, 1).is_none());
    }
}
