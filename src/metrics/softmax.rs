//! Probabilities of classes and labels from their logits, in 64 bits.

/// Shifted exponentials of one row of logits: what softmax and its logarithm are made of.
pub(crate) struct Softmax {
    highest: f64,
    sum: f64,
}

impl Softmax {
    /// Prepares a row. An infinite logit makes every probability NaN.
    pub(crate) fn of(row: &[f32]) -> Self {
        // Not `f32::max`, which would drop a NaN.
        let higher = |high: f32, &logit: &f32| if logit <= high { high } else { logit };
        let highest = f64::from(row.iter().fold(f32::NEG_INFINITY, higher));
        let sum = row.iter().map(|&logit| (f64::from(logit) - highest).exp()).sum();
        Self { highest, sum }
    }

    /// The probability of a class by its logit.
    pub(crate) fn probability(&self, logit: f32) -> f64 {
        (f64::from(logit) - self.highest).exp() / self.sum
    }

    /// The cross-entropy in nats if the class with this logit is true.
    pub(crate) fn cross_entropy(&self, logit: f32) -> f64 {
        self.sum.ln() - (f64::from(logit) - self.highest)
    }
}

/// The probability of a label by its logit: the logistic function.
pub(crate) fn sigmoid(logit: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(logit)).exp())
}

/// The cross-entropy of one label in nats: ln(1 + exp(-margin)), where the margin is the logit towards what is true.
pub(crate) fn binary_cross_entropy(logit: f32, label: bool) -> f64 {
    let margin = f64::from(if label { logit } else { -logit });
    (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_number_of_classes() {
        let row = Softmax::of(&[3.0; 4]);
        assert_eq!((row.probability(3.0), row.cross_entropy(3.0)), (0.25, 4.0_f64.ln()));
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(Softmax::of(&[1e30, 0.0]).cross_entropy(1e30), 0.0);
        assert_eq!(
            Softmax::of(&[0.0, f32::NEG_INFINITY]).cross_entropy(f32::NEG_INFINITY),
            f64::INFINITY
        );
        assert!(Softmax::of(&[f32::INFINITY, 0.0]).probability(0.0).is_nan());
        assert!(Softmax::of(&[1.0, f32::NAN]).probability(1.0).is_nan());
    }

    #[test]
    fn a_label_costs_what_its_probability_says() {
        for logit in [-3.0, -0.5, 0.0, 2.0] {
            let (expected, cost) = (-sigmoid(logit).ln(), binary_cross_entropy(logit, true));
            assert!((cost - expected).abs() < 1e-15, "{cost} {expected}");
            assert_eq!(binary_cross_entropy(-logit, false), cost);
        }
        assert_eq!(binary_cross_entropy(f32::INFINITY, true), 0.0);
        assert_eq!(binary_cross_entropy(f32::INFINITY, false), f64::INFINITY);
    }
}
