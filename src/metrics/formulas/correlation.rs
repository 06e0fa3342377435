//! Correlation of predicted and true numbers. Several columns have the unweighted mean of their values.
//!
//! Where the predictions or the truth are constant the correlation is undefined (NaN in SciPy). It is 0 here, since
//! constant predictions say nothing about the truth; so is that of a single row.

use super::errors::{by_column, mean_of};
use crate::{
    metric::{Formula, Goal, Metric},
    outcomes::Values,
    ranks::average_ranks,
};

pub(crate) const PEARSON: Metric = Metric {
    name: "pearson",
    aliases: &["pearsonr"],
    goal: Goal::Maximize,
    is_share: false,
    help: "linear correlation of predictions and truth, in -1..=1; 0 if either is constant",
    formulas: &[Formula::Values(pearson)],
    of_class: None,
};

pub(crate) const SPEARMAN: Metric = Metric {
    name: "spearman",
    aliases: &["spearmanr"],
    goal: Goal::Maximize,
    is_share: false,
    help: "correlation of the ranks of predictions and truth, in -1..=1; 0 if either is constant",
    formulas: &[Formula::Values(spearman)],
    of_class: None,
};

fn pearson(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| {
        let (predicted, truth): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        correlation(&predicted, &truth)
    })
}

fn spearman(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| {
        let (predicted, truth): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        correlation(&average_ranks(&predicted), &average_ranks(&truth))
    })
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    if is_constant(one) || is_constant(other) {
        return 0.0;
    }
    let (one, other) = (directions(one), directions(other));
    let cosine: f64 = one.iter().zip(&other).map(|(one, other)| one * other).sum();
    cosine.clamp(-1.0, 1.0)
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|two| two[0] == two[1])
}

/// The distances from the mean, divided by their Euclidean norm. The largest is divided out first, so that squares
/// neither overflow nor vanish.
fn directions(values: &[f64]) -> Vec<f64> {
    let mean = mean_of(values.iter().copied());
    let distances: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let largest = distances
        .iter()
        .fold(0.0, |largest: f64, distance| largest.max(distance.abs()));
    let norm = distances
        .iter()
        .map(|distance| (distance / largest).powi(2))
        .sum::<f64>()
        .sqrt();
    distances.iter().map(|distance| distance / largest / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_predictions_correlate_with_nothing() {
        let values = Values::new(&[0.1; 3], &[1.0, 2.0, 3.0], 1).unwrap();
        assert_eq!((pearson(&values), spearman(&values)), (0.0, 0.0));
        let one_row = Values::new(&[1.0], &[1.0], 1).unwrap();
        assert_eq!(pearson(&one_row), 0.0);
    }

    #[test]
    fn ranks_see_any_rising_relation() {
        let values = Values::new(&[1.0, 10.0, 1e200], &[1.0, 2.0, 3.0], 1).unwrap();
        assert!((spearman(&values) - 1.0).abs() < 1e-15 && pearson(&values) < 0.99);
    }
}
