//! Any number of labels for each example, each by itself.

use automl_metrics::{ClassCounts, Labels, Measure, MetricError, Outcomes};

use super::{Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{data::Targets, loss::binary_cross_entropy};

#[derive(Debug)]
pub(super) struct MultiLabel;

impl Task for MultiLabel {
    fn kind(&self) -> TaskKind {
        TaskKind::MultiLabel
    }

    fn problem_type(&self) -> Option<&'static str> {
        Some("multi_label_classification")
    }

    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64 {
        binary_cross_entropy(outputs, labels(targets)).0
    }

    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
        let names = truth.names;
        match Labels::new(outputs, labels(truth.targets), names.len(), truth.thresholds, names) {
            Ok(labels) => measured(&Outcomes::Labels(labels), measures),
            Err(_) => Ok(measures.iter().map(|measure| (measure.to_string(), f64::NAN)).collect()),
        }
    }

    fn counts(&self, outputs: &[f32], truth: Truth<'_>) -> Vec<(String, ClassCounts)> {
        let names = truth.names;
        let found = Labels::new(outputs, labels(truth.targets), names.len(), truth.thresholds, names);
        let counts = found.map(|found| found.counts()).unwrap_or_default();
        names.iter().cloned().zip(counts).collect()
    }

    fn predict(&self, outputs: &[f32], example: Truth<'_>) -> Prediction {
        let probability = |&output: &f32| 1.0 / (1.0 + f64::from(-output).exp());
        let probabilities: Vec<f64> = outputs.iter().map(probability).collect();
        let threshold = |label: usize| example.thresholds.get(label).copied().unwrap_or(0.5);
        let is_likely = |label: &usize| probabilities[*label] >= threshold(*label);
        Prediction::Labels {
            labels: (0..probabilities.len()).filter(is_likely).collect(),
            probabilities,
        }
    }

    fn objective(&self, batch: Batch<'_>) -> Objective {
        let labels = labels(batch.targets);
        let [_, width] = batch.outputs.dims();
        on_host(&batch, |outputs| {
            if batch.training_loss.is_plain() {
                binary_cross_entropy(outputs, labels)
            } else {
                batch.training_loss.of_labels(outputs, labels, width)
            }
        })
    }
}

fn labels(targets: &Targets) -> &[bool] {
    match targets {
        Targets::Labels { values, .. } => values,
        _ => &[],
    }
}
