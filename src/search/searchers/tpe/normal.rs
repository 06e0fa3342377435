//! Normal kernels in single precision, without branches and calls, so that the compiler vectorizes loops over kernels.
//!
//! Densities are only compared with each other here, and wide kernels contribute to all of them, so seven digits are
//! enough.

/// e^x for `x` up to 80, with a relative error below 1e-6; 0 or nearly 0 below -87.
///
/// x = k·ln 2 + r with an integer `k`: 2^k is written into the exponent bits, and e^r is a polynomial (Cody & Waite
/// 1980, ch. 6).
pub(super) fn exp(x: f32) -> f32 {
    /// Adding it rounds to an integer in the lowest bits, here plus the exponent's bias of 127.
    const ROUND: f32 = 12_582_912.0 + 127.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.max(-87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let series = 1.0
        + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest / 720.0)))));
    f32::from_bits(rounded.to_bits() << 23) * series
}

/// The standard normal distribution function at `z`, with an absolute error of 2e-7 (Abramowitz & Stegun 1964, 7.1.26).
pub(super) fn cumulative(z: f32) -> f32 {
    let side = z.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * side);
    let series = t * (0.254_829_6 + t * (-0.284_496_72 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    let tail = 0.5 * series * exp(-side * side);
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// The logarithm of the sum of e^x over `terms`.
pub(super) fn log_sum_exp(terms: &[f32]) -> f64 {
    /// Independent partial sums: with a single sum, every addition would wait for the one before.
    const LANES: usize = 8;
    let largest = terms.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !largest.is_finite() {
        return f64::from(largest);
    }
    let mut sums = [0.0_f32; LANES];
    let chunks = terms.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|&term| exp(term - largest)).sum();
    for chunk in chunks {
        for (sum, &term) in sums.iter_mut().zip(chunk) {
            *sum += exp(term - largest);
        }
    }
    f64::from(largest) + f64::from(sums.iter().sum::<f32>() + rest).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::function::erf::erfc;

    use super::*;

    proptest! {
        #[test]
        fn the_exponential_is_right(x in -80.0..80.0_f32) {
            let exact = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) - exact).abs() <= 1e-6 * exact, "{} against {}", exp(x), exact);
        }

        #[test]
        fn the_normal_distribution_is_right(z in -10.0..10.0_f32) {
            let exact = 0.5 * erfc(-f64::from(z) / std::f64::consts::SQRT_2);
            prop_assert!((f64::from(cumulative(z)) - exact).abs() <= 3e-7, "{} against {}", cumulative(z), exact);
        }

        #[test]
        fn sums_are_those_of_the_definition(terms in prop::collection::vec(-60.0..60.0_f32, 1..40)) {
            let exact = terms.iter().map(|&term| f64::from(term).exp()).sum::<f64>().ln();
            prop_assert!((log_sum_exp(&terms) - exact).abs() < 1e-4);
        }
    }

    #[test]
    fn nothing_sums_to_nothing() {
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert!(exp(-1e4) < 1e-37);
    }
}
