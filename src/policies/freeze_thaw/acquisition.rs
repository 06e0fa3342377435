//! What training a trial is worth: the improvement that may come of it, by what it costs.

use std::f64::consts::PI;

use statrs::function::erf::erfc;

use super::model::Belief;

/// The logarithm of the expected improvement (Jones et al. 1998, equation 15) of the final value over `best`, for each unit
/// of what it costs to get there.
pub(super) fn log_value(belief: Belief, best: f64, cost: f64) -> f64 {
    let z = (best - belief.mean) / belief.deviation;
    log_improvement(z) + belief.deviation.ln() - cost.max(f64::MIN_POSITIVE).ln()
}

/// The probability that the final value is below `best`.
pub(super) fn chance(belief: Belief, best: f64) -> f64 {
    probability((best - belief.mean) / belief.deviation)
}

/// The probability that a standard normal variable is below `z`.
fn probability(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// `ln(φ(z) + z Φ(z))`, also where the sum is lost to rounding (Ament et al. 2023, §4.1).
fn log_improvement(z: f64) -> f64 {
    let log_density = -0.5 * z * z - 0.5 * (2.0 * PI).ln();
    if z > -5.0 {
        return (log_density.exp() + z * probability(z)).ln();
    }
    // φ(z) / z² (1 − 3 / z²): the first terms of the asymptotic series.
    let square = z * z;
    log_density - square.ln() + (-3.0 / square + 15.0 / (square * square)).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_improvement_of_a_standard_normal_is_known_and_joins_its_asymptote() {
        assert!((log_improvement(0.0).exp() - 0.398_942_280_4).abs() < 1e-9);
        assert!((log_improvement(-4.999_999) - log_improvement(-5.000_001)).abs() < 1e-2);
        assert!(log_improvement(-40.0).is_finite());
    }

    #[test]
    fn of_two_equal_promises_the_cheaper_is_worth_more() {
        let belief = Belief {
            mean: 0.0,
            deviation: 1.0,
        };
        assert!(log_value(belief, 0.0, 1.0) > log_value(belief, 0.0, 4.0));
    }
}
