//! Losses as targets of the regression: as normal in shape as a power makes them, with mean 0 and variance 1.
//!
//! A Gaussian process believes that values are spread evenly around their mean. Losses are not: a few are near the best
//! and some are worse by orders of magnitude. The Box-Cox transform (Box & Cox 1964) with the likeliest power mends that, as in HEBO
//! (Cowen-Rivers et al. 2022, §3.1); it keeps the order.

/// The powers that are tried; 0 is the logarithm, 1 leaves the shape as it is.
const POWERS: [f64; 7] = [-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];

/// The transform needs positive numbers. Losses have no natural zero, so it is put below the best of them, by this share of the
/// distance between the best and the median.
const BELOW_BEST: f64 = 0.1;

/// Losses further from the best than so many times the median count as so far: their powers must be finite.
const FARTHEST: f64 = 1e50;

/// The targets for these losses; failed trials, whose loss is infinite, are as bad as the worst of the others.
pub(crate) fn warp(losses: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = losses.iter().copied().filter(|loss| loss.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&best), Some(&worst)) = (sorted.first(), sorted.last()) else {
        return vec![0.0; losses.len()];
    };
    // Where half of the losses are the best one, the median says nothing.
    let distances = [sorted[sorted.len() / 2] - best, worst - best];
    let Some(&unit) = distances.iter().find(|&&distance| distance > 0.0) else {
        return vec![0.0; losses.len()];
    };
    let positive: Vec<f64> = losses
        .iter()
        .map(|loss| ((loss.min(worst) - best) / unit).min(FARTHEST) + BELOW_BEST)
        .collect();
    let transformed = POWERS.iter().map(|&power| box_cox(&positive, power));
    let likeliest = transformed
        .filter(|(likelihood, _)| likelihood.is_finite())
        .max_by(|left, right| left.0.total_cmp(&right.0));
    standardised(&likeliest.map_or(positive, |(_, values)| values))
}

/// The transform of positive values, and the logarithm of its likelihood up to a constant (Box & Cox 1964, equation 8).
fn box_cox(values: &[f64], power: f64) -> (f64, Vec<f64>) {
    let transformed: Vec<f64> = values
        .iter()
        .map(|value| {
            if power == 0.0 {
                value.ln()
            } else {
                (value.powf(power) - 1.0) / power
            }
        })
        .collect();
    let logarithms: f64 = values.iter().map(|value| value.ln()).sum();
    let (_, variance) = mean_and_variance(&transformed);
    let likelihood = (power - 1.0) * logarithms - 0.5 * values.len() as f64 * variance.ln();
    (likelihood, transformed)
}

/// Shifted and scaled to mean 0 and variance 1; all 0 where they do not differ.
fn standardised(values: &[f64]) -> Vec<f64> {
    let (mean, variance) = mean_and_variance(values);
    let scale = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
    values.iter().map(|value| (value - mean) * scale).collect()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, variance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn targets_are_finite_standardised_and_in_the_order_of_the_losses(
            losses in prop::collection::vec(prop_oneof![-1e3..1e3, -1e300..1e300, Just(0.0), Just(f64::INFINITY)], 1..40),
        ) {
            let targets = warp(&losses);
            let (mean, variance) = mean_and_variance(&targets);
            prop_assert!(targets.iter().all(|target| target.is_finite()));
            prop_assert!(mean.abs() < 1e-6 && (variance < 1e-6 || (variance - 1.0).abs() < 1e-6));
            for (left, a) in losses.iter().zip(&targets) {
                for (right, b) in losses.iter().zip(&targets) {
                    prop_assert!(left > right || *a <= b + 1e-9);
                }
            }
        }
    }

    #[test]
    fn values_that_span_decades_become_even() {
        // At every tenth of a decade one.
        let losses: Vec<f64> = (0..40).map(|i| 10.0_f64.powf(f64::from(i) / 10.0)).collect();
        let targets = warp(&losses);
        let third = |sum: f64, target: &f64| sum + target.powi(3);
        let skewness = targets.iter().fold(0.0, third) / 40.0;
        let before = standardised(&losses).iter().fold(0.0, third) / 40.0;
        assert!(skewness.abs() < 0.5 && before > 2.0, "{skewness} and {before}");
    }

    #[test]
    fn failed_trials_are_as_bad_as_the_worst_and_equal_losses_say_nothing() {
        let targets = warp(&[1.0, f64::INFINITY, 3.0, 2.0]);
        assert_eq!(targets[1], targets[2]);
        assert_eq!(warp(&[2.0, 2.0]), [0.0, 0.0]);
        assert_eq!(warp(&[f64::INFINITY; 3]), [0.0; 3]);
    }
}
