//! Cross-entropy: what the probabilities say of the truth, in nats.

use crate::{
    counts::mean,
    metric::{Formula, Goal, Metric},
    outcomes::{Classes, Labels},
    softmax::{Softmax, binary_cross_entropy, sigmoid},
};

pub(crate) const LOSS: Metric = Metric {
    name: "loss",
    aliases: &["cross_entropy"],
    goal: Goal::Minimize,
    is_share: false,
    help: "mean cross-entropy in nats, from the logits; with several labels a row, the mean over all labels",
    formulas: &[Formula::Classes(loss), Formula::Labels(loss_of_labels)],
    of_class: None,
};

pub(crate) const LOG_LOSS: Metric = Metric {
    name: "log_loss",
    aliases: &[],
    goal: Goal::Minimize,
    is_share: false,
    help: "as `loss`, but from probabilities that are kept 2.2e-16 away from 0 and 1, as scikit-learn does",
    formulas: &[Formula::Classes(log_loss), Formula::Labels(log_loss_of_labels)],
    of_class: None,
};

fn loss(classes: &Classes<'_>) -> f64 {
    mean(
        classes
            .rows()
            .map(|(logits, label)| Softmax::of(logits).cross_entropy(logits[label])),
    )
    .unwrap_or(f64::NAN)
}

fn loss_of_labels(labels: &Labels<'_>) -> f64 {
    mean(labels.cells().map(|(logit, label)| binary_cross_entropy(logit, label))).unwrap_or(f64::NAN)
}

fn log_loss(classes: &Classes<'_>) -> f64 {
    mean(
        classes
            .rows()
            .map(|(logits, label)| clipped(Softmax::of(logits).probability(logits[label]))),
    )
    .unwrap_or(f64::NAN)
}

fn log_loss_of_labels(labels: &Labels<'_>) -> f64 {
    let of_truth = |(logit, label)| if label { sigmoid(logit) } else { 1.0 - sigmoid(logit) };
    mean(labels.cells().map(|cell| clipped(of_truth(cell)))).unwrap_or(f64::NAN)
}

fn clipped(probability: f64) -> f64 {
    -probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_loss_of_an_impossible_class_is_finite() {
        let classes = Classes::new(&[0.0, 800.0], 2, &[0], &[]).unwrap();
        assert_eq!((loss(&classes), log_loss(&classes)), (800.0, -f64::EPSILON.ln()));
    }

    #[test]
    fn an_infinite_logit_shows() {
        let nan = Classes::new(&[f32::INFINITY, 0.0], 2, &[0], &[]).unwrap();
        assert!(loss(&nan).is_nan() && log_loss(&nan).is_nan());
        let infinite = Classes::new(&[f32::NEG_INFINITY, 0.0], 2, &[0], &[]).unwrap();
        assert_eq!(loss(&infinite), f64::INFINITY);
    }
}
