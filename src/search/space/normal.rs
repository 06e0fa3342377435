//! The truncated normal distribution, exact in its tails.

use std::f64::consts::{PI, SQRT_2};

use libm::erfc;
use statrs::function::erf::erfc_inv;

/// A normal distribution truncated at two bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TruncatedNormal {
    mean: f64,
    deviation: f64,
    /// The bounds, in standard deviations from the mean.
    low: f64,
    high: f64,
    /// The probability between the bounds before truncation.
    mass: f64,
}

impl TruncatedNormal {
    /// Truncates at the positions `low` and `high`. They must not both lie more than 37 standard deviations away on the
    /// same side of the mean: there the probability underflows to 0.
    pub(super) fn new(mean: f64, deviation: f64, low: f64, high: f64) -> Self {
        let (low, high) = ((low - mean) / deviation, (high - mean) / deviation);
        Self {
            mean,
            deviation,
            low,
            high,
            mass: between(low, high),
        }
    }

    /// The probability of a position of at most this.
    pub(super) fn cumulative(&self, position: f64) -> f64 {
        let z = ((position - self.mean) / self.deviation).clamp(self.low, self.high);
        (between(self.low, z) / self.mass).clamp(0.0, 1.0)
    }

    /// The position below which a `share` of the probability lies: the inverse of [`Self::cumulative`].
    pub(super) fn quantile(&self, share: f64) -> f64 {
        // The tail on the side of the position is used: its probability is small and loses no digits.
        let below = tail(-self.low) + share * self.mass;
        let z = if self.low < 0.0 && below <= 0.5 {
            -tail_quantile(below)
        } else if self.high < 0.0 {
            -tail_quantile(tail(-self.high) - (1.0 - share) * self.mass)
        } else if self.low < 0.0 {
            tail_quantile(tail(self.high) + (1.0 - share) * self.mass)
        } else {
            tail_quantile(tail(self.low) - share * self.mass)
        };
        self.mean + self.deviation * z.clamp(self.low, self.high)
    }

    /// The density at a position between the bounds.
    pub(super) fn density(&self, position: f64) -> f64 {
        let z = (position - self.mean) / self.deviation;
        (-0.5 * z * z).exp() / (self.deviation * (2.0 * PI).sqrt() * self.mass)
    }
}

/// The probability of a standard normal number between two bounds; uses one tail if both bounds lie on one side of 0.
fn between(low: f64, high: f64) -> f64 {
    if low > 0.0 {
        tail(low) - tail(high)
    } else if high < 0.0 {
        tail(-high) - tail(-low)
    } else {
        1.0 - tail(-low) - tail(high)
    }
}

/// The probability of a standard normal number above `z`.
fn tail(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// The number that a standard normal number exceeds with this probability: the inverse of [`tail`].
fn tail_quantile(probability: f64) -> f64 {
    let rough = SQRT_2 * erfc_inv(2.0 * probability);
    // One step of Halley's method, after which only rounding error remains.
    let error = (tail(rough) - probability) * (2.0 * PI).sqrt() * (0.5 * rough * rough).exp();
    let step = error / (1.0 + 0.5 * rough * error);
    if step.is_finite() { rough + step } else { rough }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tables_of_the_normal_distribution_are_met() {
        let standard = TruncatedNormal::new(0.0, 1.0, -30.0, 30.0);
        // Abramowitz and Stegun 1964, tables 26.1 and 26.2.
        for (z, probability) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-2.0, 0.022_750_131_948_179)] {
            assert!((standard.cumulative(z) - probability).abs() < 1e-14);
            assert!((standard.quantile(probability) - z).abs() < 1e-12);
        }
        assert!((standard.cumulative(-8.0) / 6.220_960_574_271_785e-16 - 1.0).abs() < 1e-10);
        assert!((standard.density(0.0) - 0.398_942_280_401_433).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn the_quantile_inverts_the_cumulative_probability(
            mean in -3.0..3.0_f64, deviation in 0.01..10.0_f64, low in -4.0..3.9_f64, width in 0.001..4.0_f64, share in 0.0..=1.0_f64
        ) {
            let (low, high) = (mean + low * deviation, mean + (low + width).min(4.0) * deviation);
            let curve = TruncatedNormal::new(mean, deviation, low, high);
            let position = curve.quantile(share);
            prop_assert!((low - 1e-12..=high + 1e-12).contains(&position));
            prop_assert!((curve.cumulative(position) - share).abs() < 1e-9, "{} became {}", share, curve.cumulative(position));
        }

        #[test]
        fn a_range_far_out_in_one_tail_keeps_its_digits(from in 5.0..30.0_f64, share in 0.0..1.0_f64, is_left: bool) {
            let sign = if is_left { -1.0 } else { 1.0 };
            let (a, b) = (sign * from, sign * (from + 0.1));
            let curve = TruncatedNormal::new(0.0, 1.0, a.min(b), a.max(b));
            prop_assert!((curve.cumulative(curve.quantile(share)) - share).abs() < 1e-8);
        }
    }
}
