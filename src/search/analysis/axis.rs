//! One parameter as the forest sees it: an axis of the unit cube.

use super::region::Interval;
use crate::space::{Domain, Expression, Shape, Space};

/// An ordered domain with more values counts as continuous: its values are closer together than the trials on it.
const DISTINCT_VALUES: u64 = 1_000;

/// One axis of the unit cube.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// The axes that decide whether there is a value on this one; none for an unconditional parameter.
    parents: Vec<usize>,
}

/// The relation between positions on an axis.
#[derive(Clone, Debug, PartialEq)]
enum Scale {
    /// Every position is a value of its own.
    Continuous,
    /// Ordered values: the start of the interval of each, and 1.
    Ordered(Vec<f64>),
    /// Unordered values: the start of the interval of each, and 1.
    Categories(Vec<f64>),
}

impl Axis {
    /// The axes of the parameters that have more than one value, each with the parameter's index in the space.
    pub(super) fn all(space: &Space) -> Vec<(usize, Self)> {
        let parameters = space.parameters().iter().enumerate();
        let mut axes: Vec<(usize, Self)> = parameters
            .filter_map(|(index, parameter)| Some((index, Self::of(&parameter.domain)?)))
            .collect();
        let names: Vec<&str> = axes
            .iter()
            .map(|(index, _)| space.parameters()[*index].name.as_str())
            .collect();
        let parents: Vec<Vec<usize>> = axes
            .iter()
            .map(|(index, _)| {
                let condition = space.parameters()[*index].condition.iter();
                let references = condition.flat_map(Expression::references);
                references
                    .filter_map(|name| names.iter().position(|other| *other == name))
                    .collect()
            })
            .collect();
        for ((_, axis), parents) in axes.iter_mut().zip(parents) {
            axis.parents = parents;
        }
        axes
    }

    /// The axis of a domain; `None` if it has only one value.
    fn of(domain: &Domain) -> Option<Self> {
        let edges = |count| {
            let starts = (0..count).map(|number| domain.share(number).start);
            starts.chain([1.0]).collect()
        };
        let scale = match domain.shape() {
            Shape::Constant => return None,
            Shape::Continuous => Scale::Continuous,
            Shape::Ordered { count } if count > DISTINCT_VALUES => Scale::Continuous,
            Shape::Ordered { count } => Scale::Ordered(edges(count)),
            Shape::Unordered { count } => Scale::Categories(edges(count)),
        };
        Some(Self {
            scale,
            parents: Vec::new(),
        })
    }

    /// The axes that decide whether there is a value on this one.
    pub(super) fn parents(&self) -> &[usize] {
        &self.parents
    }

    /// The start of the interval of each category, and 1; `None` for an ordered axis.
    pub(super) fn categories(&self) -> Option<&[f64]> {
        match &self.scale {
            Scale::Categories(edges) => Some(edges),
            Scale::Continuous | Scale::Ordered(_) => None,
        }
    }

    /// A border halfway between two positions, `low` before `high`; on a discrete axis the start of an interval.
    pub(super) fn border(&self, low: f64, high: f64) -> f64 {
        match &self.scale {
            Scale::Continuous => {
                let middle = f64::midpoint(low, high);
                // There is no middle between neighbouring floats.
                if middle > low { middle } else { high }
            }
            Scale::Ordered(edges) | Scale::Categories(edges) => {
                edges[(number(edges, low) + number(edges, high)).div_ceil(2)]
            }
        }
    }

    /// At most `count` positions in ascending order: evenly spaced, or the middles of the values' intervals.
    pub(super) fn grid(&self, count: usize) -> Vec<f64> {
        let spread = |index: usize, last: usize| index as f64 * last as f64 / (count - 1) as f64;
        match &self.scale {
            Scale::Continuous => (0..count).map(|index| spread(index, 1)).collect(),
            Scale::Ordered(edges) | Scale::Categories(edges) => {
                let values = edges.len() - 1;
                let middle = |number: usize| f64::midpoint(edges[number], edges[number + 1]);
                if values <= count {
                    return (0..values).map(middle).collect();
                }
                let chosen = (0..count).map(|index| spread(index, values - 1).round() as usize);
                chosen.map(middle).collect()
            }
        }
    }
}

/// The index of the value whose interval contains a position, given the start of each interval, and 1.
pub(super) fn number(edges: &[f64], position: f64) -> usize {
    let last = edges.len().saturating_sub(2);
    edges
        .partition_point(|&edge| edge <= position)
        .saturating_sub(1)
        .min(last)
}

/// A question of a tree about a position on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question {
    /// True if the position is below this border.
    Below(f64),
    /// True if the position is in the interval of a category that is marked here.
    Among(Box<[bool]>),
}

impl Question {
    /// The answer for a position.
    pub(super) fn is_true(&self, axis: &Axis, position: f64) -> bool {
        match self {
            Self::Below(border) => position < *border,
            Self::Among(categories) => axis
                .categories()
                .is_some_and(|edges| categories[number(edges, position)]),
        }
    }

    /// The parts of the unit interval where the answer is `answer`, in ascending order.
    pub(super) fn intervals(&self, axis: &Axis, answer: bool) -> Vec<Interval> {
        match self {
            Self::Below(border) if answer => vec![Interval::new(0.0, *border)],
            Self::Below(border) => vec![Interval::new(*border, 1.0)],
            Self::Among(categories) => {
                let edges = axis.categories().unwrap_or(&[]);
                let shares = edges.windows(2).zip(categories.iter());
                let mut intervals: Vec<Interval> = Vec::new();
                for (share, _) in shares.filter(|(_, is_among)| **is_among == answer) {
                    match intervals.last_mut() {
                        Some(last) if last.to == share[0] => last.to = share[1],
                        Some(_) | None => intervals.push(Interval::new(share[0], share[1])),
                    }
                }
                intervals
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    #[test]
    fn borders_of_discrete_values_are_where_shares_begin() {
        let axis = Axis::of(&Domain::int(1, 4)).unwrap();
        assert_eq!(axis.border(0.125, 0.375), 0.25);
        assert_eq!(axis.border(0.125, 0.875), 0.5);
        let weighted = Domain::choice(["a", "b", "c"]).weighted([0.5, 0.25, 0.25]).ordered();
        assert_eq!(Axis::of(&weighted).unwrap().border(0.25, 0.625), 0.5);
        assert_eq!(Axis::of(&Domain::float(0.0, 1.0)).unwrap().border(0.25, 0.5), 0.375);
    }

    #[test]
    fn neighbouring_floats_are_told_apart() {
        let axis = Axis::of(&Domain::float(0.0, 1.0)).unwrap();
        let question = Question::Below(axis.border(0.5, 0.5_f64.next_up()));
        assert!(question.is_true(&axis, 0.5) && !question.is_true(&axis, 0.5_f64.next_up()));
    }

    #[test]
    fn the_intervals_of_both_answers_share_the_axis_out() {
        let axis = Axis::of(&Domain::choice(["a", "b", "c", "d"])).unwrap();
        let question = Question::Among([true, true, false, true].into());
        let [yes, no] = [true, false].map(|answer| question.intervals(&axis, answer));
        assert_eq!(yes, [Interval::new(0.0, 0.5), Interval::new(0.75, 1.0)]);
        assert_eq!(no, [Interval::new(0.5, 0.75)]);
        assert!(question.is_true(&axis, 0.3) && !question.is_true(&axis, 0.6));
    }

    #[test]
    fn grids_show_every_value_of_a_small_domain_and_both_ends_of_a_large_one() {
        let grid = |domain: &Domain, count| Axis::of(domain).unwrap().grid(count);
        assert_eq!(grid(&Domain::int(1, 2), 40), [0.25, 0.75]);
        assert_eq!(grid(&Domain::float(0.0, 1.0), 3), [0.0, 0.5, 1.0]);
        let large = Domain::int(1, 100);
        let shown: Vec<_> = grid(&large, 40)
            .iter()
            .map(|&position| large.decode(position))
            .collect();
        assert_eq!(shown.len(), 40);
        assert_eq!([&shown[0], &shown[39]], [&large.nth(0), &large.nth(99)]);
    }

    #[test]
    fn a_child_knows_its_parents_and_a_constant_has_no_axis() {
        let optimizer = Parameter::new("optimizer", Domain::choice(["sgd", "adam"]));
        let constant = Parameter::new("constant", Domain::int(3, 3));
        let mut momentum = Parameter::new("momentum", Domain::float(0.0, 1.0));
        let scope = [("optimizer", &optimizer.domain), ("constant", &constant.domain)];
        let condition = Expression::parse("optimizer == 'sgd' and constant > 1", &scope).unwrap();
        momentum.condition = Some(condition);
        let space = Space::new(vec![constant, optimizer, momentum], vec![]).unwrap();
        let axes = Axis::all(&space);
        assert_eq!(axes.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(axes[1].1.parents(), [0]);
    }
}
