//! Losses over outputs, each with its gradient.

/// The summed cross-entropy of rows of logits, in nats, and its gradient with respect to the logits, divided by
/// `divisor`. `logits` is `[rows, classes]`.
pub(crate) fn cross_entropy(logits: &[f32], labels: &[u32], classes: usize, divisor: f32) -> (f64, Vec<f32>) {
    let mut gradient = Vec::with_capacity(logits.len());
    let mut total = 0.0;
    for (row, &label) in logits.chunks_exact(classes).zip(labels) {
        // Not `f32::max`, which would drop a NaN.
        let highest = row.iter().copied().fold(
            f32::NEG_INFINITY,
            |high, logit| if logit <= high { high } else { logit },
        );
        let sum: f64 = row.iter().map(|&logit| f64::from(logit - highest).exp()).sum();
        total += sum.ln() - f64::from(row[label as usize] - highest);
        gradient.extend(row.iter().enumerate().map(|(class, &logit)| {
            let probability = (f64::from(logit - highest).exp() / sum) as f32;
            (probability - f32::from(u8::from(class == label as usize))) / divisor
        }));
    }
    (total, gradient)
}

/// The mean binary cross-entropy of logits, in nats, over all examples and labels, and its gradient.
pub(crate) fn binary_cross_entropy(logits: &[f32], labels: &[bool]) -> (f64, Vec<f32>) {
    let count = labels.len().max(1) as f64;
    let mut total = 0.0;
    let gradient = logits.iter().zip(labels).map(|(&logit, &label)| {
        let logit = f64::from(logit);
        // ln(1 + e^-|x|) does not overflow.
        let softplus = (-logit.abs()).exp().ln_1p() + if logit > 0.0 { logit } else { 0.0 };
        let target = f64::from(u8::from(label));
        // A NaN stays visible: it is not larger than 0, but the product is NaN.
        total += softplus - logit * target;
        ((1.0 / (1.0 + (-logit).exp()) - target) / count) as f32
    });
    let gradient = gradient.collect();
    (total / count, gradient)
}

/// The mean squared error over all examples and numbers, and its gradient.
pub(crate) fn squared_error(outputs: &[f32], numbers: &[f32]) -> (f64, Vec<f32>) {
    let count = numbers.len().max(1) as f64;
    let mut total = 0.0;
    let gradient = outputs.iter().zip(numbers).map(|(&output, &number)| {
        let apart = f64::from(output) - f64::from(number);
        total += apart * apart;
        (2.0 * apart / count) as f32
    });
    let gradient = gradient.collect();
    (total / count, gradient)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_number_of_classes() {
        let (loss, gradient) = cross_entropy(&[3.0; 4], &[2], 4, 1.0);
        assert!((loss - 4.0_f64.ln()).abs() < 1e-12);
        assert_eq!(gradient, [0.25, 0.25, -0.75, 0.25]);
    }

    #[test]
    fn other_losses_are_their_definitions_and_keep_a_nan() {
        let (loss, gradient) = binary_cross_entropy(&[0.0, 100.0], &[true, true]);
        assert!((loss - 0.5 * 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!(gradient, [-0.25, 0.0]);
        assert!(binary_cross_entropy(&[f32::NAN], &[true]).0.is_nan());
        let (loss, gradient) = squared_error(&[1.0, 4.0], &[2.0, 2.0]);
        assert_eq!((loss, gradient), (2.5, vec![-1.0, 2.0]));
        assert!(squared_error(&[f32::NAN], &[0.0]).0.is_nan());
    }

    #[test]
    fn a_nan_stays_visible_and_large_logits_do_not_overflow() {
        assert!(cross_entropy(&[f32::NAN, 1.0], &[0], 2, 1.0).0.is_nan());
        assert!(cross_entropy(&[1.0, f32::NAN], &[0], 2, 1.0).0.is_nan());
        assert_eq!(cross_entropy(&[1e30, 0.0], &[0], 2, 1.0).0, 0.0);
    }

    proptest! {
        #[test]
        fn the_gradient_is_the_slope_of_the_loss(logits in proptest::collection::vec(-4.0..4.0_f32, 6), label in 0..3_u32) {
            let labels = [label, 1];
            let (_, gradient) = cross_entropy(&logits, &labels, 3, 2.0);
            for index in 0..6 {
                let at = |shift: f32| {
                    let mut moved = logits.clone();
                    moved[index] += shift;
                    cross_entropy(&moved, &labels, 3, 2.0).0 / 2.0
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                prop_assert!((slope - f64::from(gradient[index])).abs() < 1e-3, "{slope} {}", gradient[index]);
            }
        }
    }
}
