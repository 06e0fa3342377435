//! Agreement of predicted and true classes beyond chance.

use crate::{
    counts::ClassCounts,
    metric::{Formula, Goal, Metric},
    outcomes::Classes,
};

pub(crate) const MCC: Metric = Metric {
    name: "mcc",
    aliases: &["matthews", "matthews_correlation"],
    goal: Goal::Maximize,
    is_share: false,
    help: "Matthews correlation of predicted and true classes, in -1..=1; 0 if either is constant",
    formulas: &[Formula::Classes(matthews)],
    of_class: None,
};

pub(crate) const KAPPA: Metric = Metric {
    name: "kappa",
    aliases: &["cohen_kappa"],
    goal: Goal::Maximize,
    is_share: false,
    help: "Cohen's kappa, in -1..=1: agreement beyond chance; NaN if there is only one class",
    formulas: &[Formula::Classes(kappa)],
    of_class: None,
};

pub(crate) const KAPPA_QUADRATIC: Metric = Metric {
    name: "kappa_quadratic",
    aliases: &["qwk", "quadratic_weighted_kappa"],
    goal: Goal::Maximize,
    is_share: false,
    help: "Cohen's kappa for ordered classes, which weighs an error by the square of its distance",
    formulas: &[Formula::Classes(kappa_quadratic)],
    of_class: None,
};

/// The correlation for several classes of Gorodkin 2004, from whole numbers.
fn matthews(classes: &Classes<'_>) -> f64 {
    let counts = classes.counts();
    let dot = |one: fn(&ClassCounts) -> u64, other: fn(&ClassCounts) -> u64| -> i128 {
        counts
            .iter()
            .map(|class| i128::from(one(class)) * i128::from(other(class)))
            .sum()
    };
    let (examples, predicted) = (
        |class: &ClassCounts| class.examples,
        |class: &ClassCounts| class.predicted,
    );
    let rows = classes.labels().len() as i128;
    let right: i128 = counts.iter().map(|class| i128::from(class.right)).sum();
    let covariance = right * rows - dot(examples, predicted);
    let variances = (rows * rows - dot(predicted, predicted)) as f64 * (rows * rows - dot(examples, examples)) as f64;
    if variances == 0.0 {
        0.0
    } else {
        covariance as f64 / variances.sqrt()
    }
}

/// 1 − observed / expected disagreement; Cohen 1960. NaN where no disagreement is expected, as in scikit-learn.
fn kappa(classes: &Classes<'_>) -> f64 {
    let counts = classes.counts();
    let rows = classes.labels().len() as u128;
    let right: u128 = counts.iter().map(|class| u128::from(class.right)).sum();
    let chance: u128 = counts
        .iter()
        .map(|class| u128::from(class.examples) * u128::from(class.predicted))
        .sum();
    beyond_chance((rows - right) * rows, rows * rows - chance)
}

/// Disagreement is the squared distance between the numbers of the classes, counting also classes that never show:
/// scikit-learn's value for `labels=range(classes)`. Cohen 1968.
fn kappa_quadratic(classes: &Classes<'_>) -> f64 {
    let rows = classes.labels().len() as u128;
    let observed: u128 = classes
        .decisions()
        .map(|(predicted, label)| square(predicted.abs_diff(label)))
        .sum();
    let moments = |count: fn(&ClassCounts) -> u64| {
        let counts = classes.counts();
        let weighed = counts
            .iter()
            .enumerate()
            .map(|(class, counted)| (class as u128, u128::from(count(counted))));
        weighed.fold((0, 0), |(first, second), (class, count)| {
            (first + class * count, second + class * class * count)
        })
    };
    let ((mean_true, square_true), (mean_predicted, square_predicted)) =
        (moments(|class| class.examples), moments(|class| class.predicted));
    // Σ (i − j)² nᵢ mⱼ = N Σ i² nᵢ + N Σ j² mⱼ − 2 Σ i nᵢ Σ j mⱼ
    let expected = rows * (square_true + square_predicted) - 2 * mean_true * mean_predicted;
    beyond_chance(observed * rows, expected)
}

fn beyond_chance(observed: u128, expected: u128) -> f64 {
    if expected == 0 {
        f64::NAN
    } else {
        1.0 - observed as f64 / expected as f64
    }
}

fn square(distance: usize) -> u128 {
    (distance as u128) * (distance as u128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_alone_has_no_kappa_and_no_correlation() {
        let classes = Classes::new(&[1.0, 0.0, 1.0, 0.0], 2, &[0, 0], &[]).unwrap();
        assert!(kappa(&classes).is_nan() && kappa_quadratic(&classes).is_nan());
        assert_eq!(matthews(&classes), 0.0);
    }

    #[test]
    fn a_near_miss_costs_less_in_the_quadratic_kappa() {
        let at = |class: usize| (0..4).map(move |other| f32::from(u8::from(other == class)));
        let logits = |last: usize| -> Vec<f32> { [0, 1, 2, last].into_iter().flat_map(at).collect() };
        let value = |last| kappa_quadratic(&Classes::new(&logits(last), 4, &[0, 1, 2, 3], &[]).unwrap());
        assert!(value(3) == 1.0 && value(2) > value(1) && value(1) > value(0));
    }
}
