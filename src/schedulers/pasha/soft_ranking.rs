//! Whether two rankings of the same trials are the same but for noise (Bohdal et al. 2023, §4).

use crate::schedulers::rung::Place;
use crate::units::Samples;

/// What a trial has shown: levels and losses, ascending by level.
pub(super) type Curve = Vec<(Samples, f64)>;

/// The estimate takes this share of the differences as noise (§4.1: the 90th percentile).
const PERCENTILE: f64 = 0.9;

/// Whether trials, given in their present order, stood in the same order before, when differences up to `noise` count for
/// nothing: at each place now is one that was as good as the one at that place before.
pub(super) fn is_stable(before: &[Place], noise: f64) -> bool {
    let mut sorted = before.to_vec();
    sorted.sort_unstable();
    let pairs = before.iter().zip(&sorted);
    pairs
        .into_iter()
        .all(|((loss, trial), (then, other))| trial == other || (loss.get() - then.get()).abs() <= noise)
}

/// Differences that mean nothing: between trials whose curves crossed and crossed back, the difference at the highest level
/// that both have reached. Such two are equally good as far as one can see (§4.1). `None` if no two did.
pub(super) fn noise(curves: &[&Curve]) -> Option<f64> {
    let pairs = curves.iter().enumerate();
    let pairs = pairs.flat_map(|(index, one)| curves[index + 1..].iter().map(move |other| (one, other)));
    let mut distances: Vec<f64> = pairs.filter_map(|(one, other)| crossed_twice(one, other)).collect();
    distances.sort_by(f64::total_cmp);
    let last = distances.len().checked_sub(1)?;
    Some(distances[(last as f64 * PERCENTILE).round() as usize])
}

/// The last difference between two curves if their order changed and changed back.
fn crossed_twice(one: &Curve, other: &Curve) -> Option<f64> {
    let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
    let (mut crossings, mut sign, mut distance) = (0, 0.0, None);
    while let (Some((at, loss)), Some((then, others))) = (left.peek(), right.peek()) {
        match at.cmp(then) {
            std::cmp::Ordering::Less => {
                left.next();
            }
            std::cmp::Ordering::Greater => {
                right.next();
            }
            std::cmp::Ordering::Equal => {
                let difference = loss - others;
                if difference != 0.0 && difference.is_finite() {
                    crossings += u32::from(difference.signum() * sign < 0.0);
                    sign = difference.signum();
                }
                distance = Some(difference.abs()).filter(|distance| distance.is_finite());
                left.next();
                right.next();
            }
        }
    }
    distance.filter(|_| crossings >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Goal, TrialId};

    fn places(losses: &[f64]) -> Vec<Place> {
        let losses = losses.iter().map(|&loss| Goal::Minimize.loss(loss));
        losses.zip((0..).map(TrialId)).collect()
    }

    fn curve(losses: &[f64]) -> Curve {
        (1..).map(Samples).zip(losses.iter().copied()).collect()
    }

    #[test]
    fn a_ranking_is_soft_within_the_noise() {
        assert!(is_stable(&places(&[0.1, 0.2, 0.3]), 0.0));
        assert!(!is_stable(&places(&[0.1, 0.3, 0.2]), 0.0));
        assert!(is_stable(&places(&[0.1, 0.3, 0.2]), 0.11));
        assert!(
            !is_stable(&places(&[0.3, 0.2, 0.1]), 0.11),
            "the best was the worst before"
        );
        assert!(is_stable(&[], 0.0));
    }

    #[test]
    fn noise_is_what_lies_between_curves_that_cross_and_cross_back() {
        let (flat, once, twice) = (
            curve(&[1.0; 4]),
            curve(&[2.0, 0.0, 0.0, 0.5]),
            curve(&[2.0, 0.0, 2.0, 1.25]),
        );
        assert_eq!(noise(&[&flat, &once]), None);
        assert_eq!(noise(&[&flat, &twice]), Some(0.25));
        assert_eq!(noise(&[&flat]), None);
        // Only where both were.
        assert_eq!(noise(&[&flat, &twice[..2].to_vec()]), None);
    }

    #[test]
    fn the_largest_differences_are_left_out() {
        let flat = curve(&[1.0; 4]);
        let others: Vec<Curve> = (1..=10)
            .map(|end| curve(&[2.0, 0.0, 2.0, 1.0 + f64::from(end)]))
            .collect();
        // The others run in parallel: only pairs with the flat one cross.
        let all: Vec<&Curve> = others.iter().chain([&flat]).collect();
        assert_eq!(noise(&all), Some(9.0));
    }
}
