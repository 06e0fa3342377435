//! The steps of FLOW² in the unit cube, for every kind of parameter.

use rand::RngExt as _;

use crate::rng::{self, Rng};
use crate::space::{Domain, Shape, Space};
use crate::trials::Trial;
use crate::units::Seed;

/// A point of the unit cube, with one number per parameter of the space. Numbers of inactive parameters are kept for
/// when the parameters become active again.
pub(in crate::searchers) type Position = Vec<f64>;

/// The displacement from which an unordered choice always changes; below it, the probability is proportional.
pub(in crate::searchers) const CHANGE: f64 = 0.3;

/// The position of a trial, with the coordinates of `otherwise` for inactive parameters.
pub(in crate::searchers) fn position_of(trial: &Trial, otherwise: &[f64]) -> Position {
    let kept = otherwise.iter().copied().chain(std::iter::repeat(0.5));
    let coordinates = trial.point.iter().zip(kept);
    coordinates.map(|(own, kept)| own.unwrap_or(kept)).collect()
}

/// Returns whether two positions stand for the same values wherever `active` has a coordinate.
pub(in crate::searchers) fn is_same(space: &Space, left: &[f64], right: &[f64], active: &[Option<f64>]) -> bool {
    let coordinates = left.iter().zip(right).zip(active).zip(space.parameters());
    coordinates
        .filter(|((_, active), _)| active.is_some())
        .all(|(((left, right), _), parameter)| match parameter.domain.shape() {
            Shape::Constant => true,
            Shape::Continuous => (left - right).abs() < 1e-9,
            Shape::Ordered { .. } | Shape::Unordered { .. } => {
                parameter.domain.number_at(*left) == parameter.domain.number_at(*right)
            }
        })
}

/// A step from `from` in a direction drawn uniformly from the sphere of the active parameters. `scale` is the length of
/// the step for one parameter: the whole step is √d times as long, as in Wu et al. 2021, §3.1.
pub(in crate::searchers) fn forward(
    space: &Space,
    from: &[f64],
    active: &[Option<f64>],
    scale: f64,
    rng: &mut Rng,
) -> Position {
    let direction: Vec<f64> = active
        .iter()
        .zip(space.parameters())
        .map(|(active, parameter)| {
            let normal = rng::normal(rng);
            let moves = active.is_some() && parameter.domain.shape() != Shape::Constant;
            if moves { normal } else { 0.0 }
        })
        .collect();
    let norm = direction.iter().map(|part| part * part).sum::<f64>().sqrt();
    let dimensions = direction.iter().filter(|part| **part != 0.0).count() as f64;
    let length = scale * dimensions.sqrt() / norm.max(f64::MIN_POSITIVE);
    from.iter()
        .zip(&direction)
        .zip(space.parameters())
        .map(|((&from, part), parameter)| {
            let chance = rng.random();
            let other = rng.random();
            moved(&parameter.domain, from, part * length, chance, other)
        })
        .collect()
}

/// One coordinate after a displacement. Values that lie further apart than the displacement change at random, so that
/// the mean displacement is right. `chance` and `other` are uniform in `[0, 1)`.
fn moved(domain: &Domain, from: f64, by: f64, chance: f64, other: f64) -> f64 {
    let target = (from + by).clamp(0.0, 1.0);
    match domain.shape() {
        Shape::Constant => from,
        Shape::Continuous => target,
        Shape::Ordered { count } => {
            let number = domain.number_at(from);
            let share = domain.share(number);
            let direct = domain.number_at(target);
            let next = if by.abs() >= share.end - share.start {
                direct
            } else if chance * (share.end - share.start) < by.abs() {
                neighbour(number, count, by)
            } else {
                number
            };
            middle(domain, next)
        }
        Shape::Unordered { count } => {
            let number = domain.number_at(from);
            if chance * CHANGE < by.abs() {
                let another = (other * (count - 1) as f64) as u64;
                middle(domain, another + u64::from(another >= number))
            } else {
                from
            }
        }
    }
}

/// The step opposite to the one from `from` to `tried`. An unordered choice that changed has no opposite: it becomes a
/// random third choice, or keeps its value if there is none.
pub(in crate::searchers) fn opposite(space: &Space, from: &[f64], tried: &[f64], seed: Seed, trial: u64) -> Position {
    let mut rng = rng::stream(seed, "flow2 opposite", &[trial]);
    from.iter()
        .zip(tried)
        .zip(space.parameters())
        .map(|((&from, &tried), parameter)| {
            let domain = &parameter.domain;
            let other: f64 = rng.random();
            let target = (2.0 * from - tried).clamp(0.0, 1.0);
            match domain.shape() {
                Shape::Constant => from,
                Shape::Continuous => target,
                Shape::Ordered { count } => {
                    let (number, changed) = (domain.number_at(from), domain.number_at(tried));
                    let direct = domain.number_at(target);
                    let next = if changed == number || direct != number {
                        if changed == number { number } else { direct }
                    } else {
                        neighbour(number, count, from - tried)
                    };
                    middle(domain, next)
                }
                Shape::Unordered { count } => {
                    let (number, changed) = (domain.number_at(from), domain.number_at(tried));
                    if changed == number || count == 2 {
                        return from;
                    }
                    let (low, high) = (number.min(changed), number.max(changed));
                    let mut third = (other * (count - 2) as f64) as u64;
                    third += u64::from(third >= low);
                    third += u64::from(third >= high);
                    middle(domain, third)
                }
            }
        })
        .collect()
}

fn neighbour(number: u64, count: u64, towards: f64) -> u64 {
    if towards < 0.0 {
        number.saturating_sub(1)
    } else {
        (number + 1).min(count - 1)
    }
}

pub(in crate::searchers) fn middle(domain: &Domain, number: u64) -> f64 {
    let share = domain.share(number);
    f64::midpoint(share.start, share.end)
}
