//! What training a trial is worth: the improvement that may come of it, by what it costs.

use statrs::function::erf::erfc;

use super::model::Belief;
use crate::searchers::gp::expected_improvement::log_expected_improvement;
use crate::searchers::gp::regression::Prediction;

/// The logarithm of the expected improvement (Jones et al. 1998, equation 15) of the final value over `best`, for each unit
/// of what it costs to get there.
pub(super) fn log_value(belief: Belief, best: f64, cost: f64) -> f64 {
    let prediction = Prediction {
        mean: belief.mean,
        variance: belief.deviation * belief.deviation,
    };
    log_expected_improvement(prediction, best).value - cost.max(f64::MIN_POSITIVE).ln()
}

/// The probability that the final value is below `best`.
pub(super) fn chance(belief: Belief, best: f64) -> f64 {
    probability((best - belief.mean) / belief.deviation)
}

/// The probability that a standard normal variable is below `z`.
fn probability(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_equal_promises_the_cheaper_is_worth_more() {
        let belief = Belief {
            mean: 0.0,
            deviation: 1.0,
        };
        assert!(log_value(belief, 0.0, 1.0) > log_value(belief, 0.0, 4.0));
    }
}
