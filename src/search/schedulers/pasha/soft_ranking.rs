//! Compares two rankings of the same trials, up to noise (Bohdal et al. 2023, §4).

use crate::schedulers::rung::Rank;
use crate::units::Samples;

/// The results of a trial: levels and losses, in ascending order of level.
pub(super) type Curve = Vec<(Samples, f64)>;

/// The percentile of the differences that is used as the noise (§4.1: the 90th percentile).
const PERCENTILE: f64 = 0.9;

/// Returns whether trials, given in their present order, had the same order before, where differences up to `noise` are
/// ignored. At each position there must now be a trial that was as good as the one at that position before.
pub(super) fn is_stable(before: &[Rank], noise: f64) -> bool {
    let mut sorted = before.to_vec();
    sorted.sort_unstable();
    let pairs = before.iter().zip(&sorted);
    pairs
        .into_iter()
        .all(|((loss, trial), (then, other))| trial == other || (loss.get() - then.get()).abs() <= noise)
}

/// Estimates the noise. It uses the pairs of trials whose curves crossed and crossed back, with their difference at the
/// highest level that both have reached. Such trials are indistinguishable (§4.1). `None` if there is no such pair.
pub(super) fn noise(curves: &[&Curve]) -> Option<f64> {
    let pairs = curves.iter().enumerate();
    let pairs = pairs.flat_map(|(index, one)| curves[index + 1..].iter().map(move |other| (one, other)));
    let mut distances: Vec<f64> = pairs.filter_map(|(one, other)| crossed_twice(one, other)).collect();
    distances.sort_by(f64::total_cmp);
    let last = distances.len().checked_sub(1)?;
    Some(distances[(last as f64 * PERCENTILE).round() as usize])
}

/// The last difference between two curves, if their order changed and changed back.
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

    fn ranks(losses: &[f64]) -> Vec<Rank> {
        let losses = losses.iter().map(|&loss| Goal::Minimize.loss(loss));
        losses.zip((0..).map(TrialId)).collect()
    }

    fn curve(losses: &[f64]) -> Curve {
        (1..).map(Samples).zip(losses.iter().copied()).collect()
    }

    #[test]
    fn a_ranking_is_soft_within_the_noise() {
        assert!(is_stable(&ranks(&[0.1, 0.2, 0.3]), 0.0));
        assert!(!is_stable(&ranks(&[0.1, 0.3, 0.2]), 0.0));
        assert!(is_stable(&ranks(&[0.1, 0.3, 0.2]), 0.11));
        assert!(
            !is_stable(&ranks(&[0.3, 0.2, 0.1]), 0.11),
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
        // Only levels that both have reached count.
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
