//! How far probabilities are from how often they come true.

use crate::{
    counts::{highest, mean},
    metric::{Formula, Goal, Metric},
    outcomes::Classes,
    softmax::Softmax,
};

/// The number of equal bins; Guo et al. 2017, table 1.
const BINS: usize = 15;

pub(crate) const BRIER: Metric = Metric {
    name: "brier",
    aliases: &["brier_score", "brier_score_loss"],
    goal: Goal::Minimize,
    is_share: false,
    help: "mean squared error of the probabilities: in 0..=1 for two classes, else summed, in 0..=2",
    formulas: &[Formula::Classes(brier)],
    of_class: None,
};

pub(crate) const ECE: Metric = Metric {
    name: "ece",
    aliases: &["expected_calibration_error", "calibration_error"],
    goal: Goal::Minimize,
    is_share: true,
    help: "expected calibration error: mean distance of confidence and accuracy over 15 equal bins",
    formulas: &[Formula::Classes(ece)],
    of_class: None,
};

/// Halved for at most two classes, as in scikit-learn.
fn brier(classes: &Classes<'_>) -> f64 {
    let scale = if classes.classes() <= 2 { 0.5 } else { 1.0 };
    let of_row = |(logits, label): (&[f32], usize)| -> f64 {
        let softmax = Softmax::of(logits);
        let errors = logits.iter().enumerate().map(|(class, &logit)| {
            let error = softmax.probability(logit) - f64::from(u8::from(class == label));
            error * error
        });
        errors.sum()
    };
    scale * mean(classes.rows().map(of_row)).unwrap_or(f64::NAN)
}

#[derive(Clone, Copy, Default)]
struct Bin {
    confidence: f64,
    right: f64,
}

/// Σ over bins of |Σ confidence − number right| / rows. A row's confidence is the probability of the predicted class;
/// bin b of 15 holds confidences in (b/15, (b+1)/15]. Guo et al. 2017, equation 3.
fn ece(classes: &Classes<'_>) -> f64 {
    let mut bins = [Bin::default(); BINS];
    for (logits, label) in classes.rows() {
        let predicted = highest(logits);
        let confidence = Softmax::of(logits).probability(logits[predicted]);
        let upper = (confidence * BINS as f64).ceil() as usize;
        let bin = &mut bins[upper.clamp(1, BINS) - 1];
        bin.confidence += confidence;
        bin.right += f64::from(u8::from(predicted == label));
    }
    let gap: f64 = bins.iter().map(|bin| (bin.confidence - bin.right).abs()).sum();
    gap / classes.labels().len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_that_comes_true_is_calibrated() {
        let even = Classes::new(&[0.0; 4], 2, &[0, 1], &[]).unwrap();
        assert_eq!((ece(&even), brier(&even)), (0.0, 0.25));
    }

    #[test]
    fn certainty_shares_the_last_bin() {
        // Confidences of 1 (wrong) and 0.95 (right) make one gap; in two bins they would make 0.525.
        let logits = [0.0, 900.0, 19.0_f32.ln(), 0.0];
        let classes = Classes::new(&logits, 2, &[0, 0], &[]).unwrap();
        assert!((ece(&classes) - 0.475).abs() < 1e-7);
    }

    #[test]
    fn certain_errors_are_the_worst_case() {
        let wrong = Classes::new(&[0.0, 900.0], 2, &[0], &[]).unwrap();
        assert_eq!((ece(&wrong), brier(&wrong)), (1.0, 1.0));
        let of_three = Classes::new(&[0.0, 900.0, 0.0], 3, &[0], &[]).unwrap();
        assert_eq!(brier(&of_three), 2.0);
    }
}
