//! Errors of predicted numbers. Several columns have the unweighted mean of their values, as in scikit-learn.

use crate::{
    counts::mean,
    metric::{Formula, Goal, Metric},
    outcomes::Values,
    ranks::median,
};

/// A row for an error: lower is better, 0 is best.
const fn error(
    name: &'static str,
    aliases: &'static [&'static str],
    help: &'static str,
    formulas: &'static [Formula],
) -> Metric {
    Metric {
        name,
        aliases,
        goal: Goal::Minimize,
        is_share: false,
        help,
        formulas,
        of_class: None,
    }
}

pub(crate) const RMSE: Metric = error(
    "rmse",
    &["root_mean_squared_error"],
    "square root of the mean squared error, in the unit of the values",
    &[Formula::Values(rmse)],
);

pub(crate) const MSE: Metric = error(
    "mse",
    &["mean_squared_error"],
    "mean squared error",
    &[Formula::Values(mse)],
);

pub(crate) const MAE: Metric = error(
    "mae",
    &["mean_absolute_error"],
    "mean absolute error, in the unit of the values",
    &[Formula::Values(mae)],
);

pub(crate) const MEDIAN_AE: Metric = error(
    "median_ae",
    &["median_absolute_error", "medae"],
    "median absolute error, in the unit of the values",
    &[Formula::Values(median_absolute_error)],
);

pub(crate) const MAPE: Metric = error(
    "mape",
    &["mean_absolute_percentage_error"],
    "mean error relative to the true value, as a fraction; huge where a true value is 0",
    &[Formula::Values(mape)],
);

pub(crate) const R2: Metric = Metric {
    name: "r2",
    aliases: &["r_squared"],
    goal: Goal::Maximize,
    is_share: false,
    help: "share of the variance that is explained, at most 1; with equal true values: 1 if all are exact, else 0",
    formulas: &[Formula::Values(r2)],
    of_class: None,
};

fn mse(values: &Values<'_>) -> f64 {
    by_column(values, mean_squared)
}

fn rmse(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| mean_squared(pairs).sqrt())
}

fn mae(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| mean_of(pairs.iter().map(absolute)))
}

fn median_absolute_error(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| median(pairs.iter().map(absolute).collect()))
}

/// A true value below 2.2e-16 counts as that, as in scikit-learn.
fn mape(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| {
        mean_of(pairs.iter().map(|pair| absolute(pair) / pair.1.abs().max(f64::EPSILON)))
    })
}

fn r2(values: &Values<'_>) -> f64 {
    by_column(values, |pairs| {
        let average = mean_of(pairs.iter().map(|(_, truth)| *truth));
        let spread: f64 = pairs
            .iter()
            .map(|(_, truth)| (truth - average) * (truth - average))
            .sum();
        let error: f64 = pairs.iter().map(squared).sum();
        match (error == 0.0, spread == 0.0 || is_constant(pairs)) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => 1.0 - error / spread,
        }
    })
}

/// The unweighted mean over columns of a value of the predicted and true numbers.
pub(super) fn by_column(values: &Values<'_>, value: impl Fn(&[(f64, f64)]) -> f64) -> f64 {
    let columns = (0..values.columns()).map(|column| values.column(column).collect::<Vec<_>>());
    mean_of(columns.map(|pairs| value(&pairs)))
}

/// The mean, NaN of nothing.
pub(super) fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    mean(values).unwrap_or(f64::NAN)
}

/// True if all true values are equal. Their mean may be off by rounding, and then their spread is not 0.
fn is_constant(pairs: &[(f64, f64)]) -> bool {
    pairs.windows(2).all(|two| two[0].1 == two[1].1)
}

fn mean_squared(pairs: &[(f64, f64)]) -> f64 {
    mean_of(pairs.iter().map(squared))
}

fn squared((predicted, truth): &(f64, f64)) -> f64 {
    (predicted - truth) * (predicted - truth)
}

fn absolute((predicted, truth): &(f64, f64)) -> f64 {
    (predicted - truth).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_truth_is_met_or_not() {
        let truth = [0.1; 10];
        assert_eq!(r2(&Values::new(&truth, &truth, 1).unwrap()), 1.0);
        assert_eq!(r2(&Values::new(&[0.2; 10], &truth, 1).unwrap()), 0.0);
    }

    #[test]
    fn columns_are_averaged_after_the_root() {
        let values = Values::new(&[1.0, 0.0, 1.0, 0.0], &[0.0, 3.0, 0.0, 3.0], 2).unwrap();
        assert_eq!((rmse(&values), mse(&values)), (2.0, 5.0));
    }
}
