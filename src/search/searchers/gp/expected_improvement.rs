//! The logarithm of the expected improvement (Jones et al. 1998). It is exact even where the improvement itself would
//! round to 0 (Ament et al. 2023, "Unexpected improvements to expected improvement", §4.1).

use statrs::function::erf::erfc;

use super::regression::Prediction;

/// The logarithm of the expected improvement on a loss, and its derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LogImprovement {
    /// The logarithm.
    pub(super) value: f64,
    /// Its derivative with respect to the prediction's mean.
    pub(super) by_mean: f64,
    /// Its derivative with respect to the prediction's variance.
    pub(super) by_variance: f64,
}

/// The log expected improvement: the amount by which a value falls below `best`; larger values count as 0.
pub(super) fn log_expected_improvement(prediction: Prediction, best: f64) -> LogImprovement {
    let deviation = prediction.variance.sqrt();
    let z = (best - prediction.mean) / deviation;
    // With h(z) = φ(z) + z Φ(z), the values are log h, Φ / h and φ / h.
    let (logarithm, cumulative, density) = if z > TAIL {
        let density = (-0.5 * z * z - LOG_ROOT_TWO_PI).exp();
        let cumulative = 0.5 * erfc(-z / std::f64::consts::SQRT_2);
        let h = density + z * cumulative;
        (h.ln(), cumulative / h, density / h)
    } else {
        // Φ(−t) = φ(t) / (t + c), so h = φ(t) c / (t + c), without a difference of nearly equal numbers.
        let t = -z;
        let c = continued_fraction(t);
        (
            -0.5 * z * z - LOG_ROOT_TWO_PI + (c / (t + c)).ln(),
            1.0 / c,
            (t + c) / c,
        )
    };
    LogImprovement {
        value: logarithm + deviation.ln(),
        by_mean: -cumulative / deviation,
        by_variance: density / (2.0 * prediction.variance),
    }
}

/// Below this z the continued fraction of the tail is used; it has converged there.
const TAIL: f64 = -3.0;

const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// `1/(t + 2/(t + 3/(t + …)))`: Laplace's continued fraction for the normal tail without its first term.
fn continued_fraction(t: f64) -> f64 {
    const TERMS: u32 = 60;
    (1..=TERMS).rev().fold(0.0, |rest, term| f64::from(term) / (t + rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mean: f64, variance: f64) -> LogImprovement {
        log_expected_improvement(Prediction { mean, variance }, 0.0)
    }

    #[test]
    fn it_is_the_integral_of_the_improvement() {
        for (mean, deviation) in [(-2.0, 0.5), (0.0, 1.0), (1.0, 0.7), (2.0, 0.5), (6.0, 1.0)] {
            let steps = 200_000;
            let width = 12.0 * deviation / f64::from(steps);
            // The integral over improvements i of i times the density at −i.
            let integral: f64 = (0..steps)
                .map(|step| {
                    let improvement = (f64::from(step) + 0.5) * width;
                    let z: f64 = (-improvement - mean) / deviation;
                    improvement * (-0.5 * z * z - LOG_ROOT_TWO_PI).exp() / deviation * width
                })
                .sum();
            let value = at(mean, deviation * deviation).value;
            assert!((value - integral.ln()).abs() < 1e-6, "{mean}, {deviation}: {value}");
        }
    }

    #[test]
    fn it_is_finite_and_falls_where_the_improvement_would_round_to_nothing() {
        let values: Vec<f64> = [3.1, 10.0, 40.0, 1e3, 1e6].map(|mean| at(mean, 1.0).value).to_vec();
        assert!(values.iter().all(|value| value.is_finite()));
        assert!(values.windows(2).all(|pair| pair[1] < pair[0]), "{values:?}");
    }

    #[test]
    fn derivatives_are_those_of_finite_differences_on_both_sides_of_the_tail() {
        for mean in [-3.0, 0.0, 2.0, 2.9999, 3.0001, 8.0, 30.0] {
            let exact = at(mean, 1.0);
            let step = 1e-5;
            let by_mean = (at(mean + step, 1.0).value - at(mean - step, 1.0).value) / (2.0 * step);
            let by_variance = (at(mean, 1.0 + step).value - at(mean, 1.0 - step).value) / (2.0 * step);
            assert!((exact.by_mean - by_mean).abs() < 1e-4 * (1.0 + by_mean.abs()), "{mean}");
            assert!(
                (exact.by_variance - by_variance).abs() < 1e-4 * (1.0 + by_variance.abs()),
                "{mean}"
            );
        }
    }
}
