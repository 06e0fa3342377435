//! Transforms losses into targets for the regression, with mean 0 and variance 1, in the shape that it explains best.
//!
//! A Gaussian process assumes that values are spread symmetrically around their mean. Losses often are not: a few are
//! near the best, and some are worse by orders of magnitude. The Box-Cox transform (Box & Cox 1964) corrects this, as
//! in HEBO (Cowen-Rivers et al. 2022, §3.1); it keeps the order. Its power is the one with the highest likelihood of
//! the regression (Snelson et al. 2004, "Warped Gaussian processes", §3), not the one that makes the losses most
//! normal. In this way a sum of effects of single parameters remains a sum.

/// The powers to try; 0 is the logarithm, 1 leaves the shape unchanged.
pub(super) const POWERS: [f64; 3] = [0.0, 0.5, 1.0];

/// The transform needs positive numbers, and losses have no natural zero. Zero is placed below the best loss by this
/// share of the distance between the best and the median.
const BELOW_BEST: f64 = 0.1;

/// Losses further from the best than this many times the median distance are clamped, so that their powers stay finite.
const FARTHEST: f64 = 1e50;

/// Untransformed losses are clamped at the upper fence of Tukey's box plot (Tukey 1977, "Exploratory data analysis",
/// §2C): this many interquartile ranges above the upper quartile. Otherwise one diverged run would flatten all
/// differences among the others.
const FENCE: f64 = 1.5;

/// Numbers with a relative difference of at most this are equal.
const ROUNDING: f64 = 1e-12;

/// Transformed losses.
#[derive(Clone, Debug)]
pub(super) struct Warped {
    /// The targets.
    pub(super) targets: Vec<f64>,
    /// The log determinant of the transform's derivative, up to a constant that is the same for all powers.
    pub(super) log_jacobian: f64,
}

/// The targets for these losses; failed trials, whose loss is infinite, count as bad as the worst of the others.
pub(super) fn warp(losses: &[f64], power: f64) -> Warped {
    let nothing = || Warped {
        targets: vec![0.0; losses.len()],
        log_jacobian: 0.0,
    };
    let mut sorted: Vec<f64> = losses.iter().copied().filter(|loss| loss.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&best), Some(&worst)) = (sorted.first(), sorted.last()) else {
        return nothing();
    };
    // If half of the losses equal the best one, the median distance is 0 and cannot be the unit.
    let distances = [sorted[sorted.len() / 2] - best, worst - best];
    let Some(&unit) = distances.iter().find(|&&distance| distance > 0.0) else {
        return nothing();
    };
    let positive = losses
        .iter()
        .map(|loss| ((loss.min(worst) - best) / unit).min(FARTHEST) + BELOW_BEST);
    let mut positive: Vec<f64> = positive.collect();
    if power == 1.0 {
        cut(&mut positive);
    }
    let transformed: Vec<f64> = positive
        .iter()
        .map(|value| {
            if power == 0.0 {
                value.ln()
            } else {
                (value.powf(power) - 1.0) / power
            }
        })
        .collect();
    let (mean, variance) = mean_and_variance(&transformed);
    let deviation = variance.sqrt();
    let largest = transformed
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // Equal numbers differ from their computed mean by rounding error.
    if deviation <= largest * ROUNDING {
        return nothing();
    }
    let logarithms: f64 = positive.iter().map(|value| value.ln()).sum();
    Warped {
        targets: transformed.iter().map(|value| (value - mean) / deviation).collect(),
        log_jacobian: (power - 1.0) * logarithms - losses.len() as f64 * deviation.ln(),
    }
}

/// Clamps values at the fence.
fn cut(values: &mut [f64]) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = |quarter: usize| sorted[(sorted.len() * quarter / 4).min(sorted.len() - 1)];
    let fence = quantile(3) + FENCE * (quantile(3) - quantile(1));
    for value in values {
        *value = value.min(fence);
    }
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
            power in prop::sample::select(&POWERS),
        ) {
            let targets = warp(&losses, power).targets;
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
    fn what_is_equal_once_an_outlier_is_cut_says_nothing() {
        let losses = [0.0, 0.0, 0.0, 0.0, 403.509_984_312_059_8, 0.0, 0.0];
        assert_eq!(warp(&losses, 1.0).targets, [0.0; 7]);
    }

    #[test]
    fn the_logarithm_makes_values_that_span_decades_even() {
        // One value per tenth of a decade.
        let losses: Vec<f64> = (0..40).map(|i| 10.0_f64.powf(f64::from(i) / 10.0)).collect();
        let skewness = |power| -> f64 {
            let targets = warp(&losses, power).targets;
            targets.iter().map(|target| target.powi(3)).sum::<f64>() / 40.0
        };
        assert!(
            skewness(0.0).abs() < 1.0 && skewness(0.5) > 1.2,
            "{} and {}",
            skewness(0.0),
            skewness(0.5)
        );
    }

    #[test]
    fn one_loss_far_above_the_others_does_not_flatten_their_differences() {
        let mut losses: Vec<f64> = (0..20).map(f64::from).collect();
        losses.push(1e6);
        let targets = warp(&losses, 1.0).targets;
        assert!(
            targets[19] - targets[0] > 2.0 && targets[20] > targets[19],
            "{targets:?}"
        );
    }

    #[test]
    fn losses_that_are_spread_evenly_are_only_shifted_and_scaled() {
        let targets = warp(&[0.0, 1.0, 2.0, 3.0, 4.0], 1.0).targets;
        for pair in targets.windows(2) {
            assert!((pair[1] - pair[0] - 1.0 / 2.0_f64.sqrt()).abs() < 1e-12, "{targets:?}");
        }
    }

    #[test]
    fn the_jacobian_is_that_of_the_transform() {
        // Without standardisation every derivative is the value to the power minus one: compare two powers.
        let losses = [0.0, 1.0, 2.0];
        let linear = warp(&losses, 1.0);
        let slope = linear.targets[1] - linear.targets[0];
        assert!((linear.log_jacobian - 3.0 * slope.ln()).abs() < 1e-12);
    }

    #[test]
    fn failed_trials_are_as_bad_as_the_worst_and_equal_losses_say_nothing() {
        let targets = warp(&[1.0, f64::INFINITY, 3.0, 2.0], 0.5).targets;
        assert_eq!(targets[1], targets[2]);
        assert_eq!(warp(&[2.0, 2.0], 0.0).targets, [0.0, 0.0]);
        assert_eq!(warp(&[f64::INFINITY; 3], 1.0).targets, [0.0; 3]);
    }
}
