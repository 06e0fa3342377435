//! One of several classes for each example.

use automl_metrics::{ClassCounts, Classes, Measure, MetricError, Outcomes, highest};

use super::{Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{data::Targets, loss::cross_entropy};

#[derive(Debug)]
pub(super) struct Classification;

impl Task for Classification {
    fn kind(&self) -> TaskKind {
        TaskKind::Classification
    }

    fn problem_type(&self) -> Option<&'static str> {
        Some("single_label_classification")
    }

    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64 {
        let labels = targets.classes();
        let classes = outputs.len() / labels.len().max(1);
        cross_entropy(outputs, labels, classes, 1.0).0 / labels.len().max(1) as f64
    }

    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
        let names = truth.names;
        match Classes::new(outputs, names.len(), truth.targets.classes(), names) {
            Ok(classes) => measured(&Outcomes::Classes(classes), measures),
            Err(_) => Ok(measures.iter().map(|measure| (measure.to_string(), f64::NAN)).collect()),
        }
    }

    fn counts(&self, outputs: &[f32], truth: Truth<'_>) -> Vec<(String, ClassCounts)> {
        let counts = ClassCounts::of(outputs, truth.targets.classes(), truth.names.len());
        truth.names.iter().cloned().zip(counts).collect()
    }

    fn predict(&self, outputs: &[f32], _: Truth<'_>) -> Prediction {
        let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = outputs.iter().map(|output| f64::from(output - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        Prediction::Class {
            class: highest(outputs),
            probabilities: powers.into_iter().map(|power| power / sum).collect(),
        }
    }

    fn objective(&self, batch: Batch<'_>) -> Objective {
        let labels = batch.targets.classes();
        if !batch.training_loss.is_plain() {
            return on_host(&batch, |outputs| batch.training_loss.of_classes(outputs, labels));
        }
        let (loss, gradient) = batch.kernels.cross_entropy(batch.outputs, labels);
        Objective { loss, gradient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_for_any_outputs() {
        let nothing = Truth {
            targets: &Targets::Classes(Vec::new()),
            thresholds: &[],
            names: &[],
        };
        for outputs in [&[0.0, 0.0][..], &[1e4, -1e4, 0.0], &[-3.5, 2.25, 7.0]] {
            let Prediction::Class { probabilities, .. } = Classification.predict(outputs, nothing) else {
                panic!("a class was predicted")
            };
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(
                probabilities
                    .iter()
                    .all(|probability| (0.0..=1.0).contains(probability))
            );
        }
    }
}
