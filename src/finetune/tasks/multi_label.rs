//! Any number of labels for each example, each by itself.

use automl_metrics::{Labels, Measure, MetricError, Outcomes};

use super::{Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{data::Targets, loss::binary_cross_entropy};

#[derive(Debug)]
pub(super) struct MultiLabel;

impl Task for MultiLabel {
    fn kind(&self) -> TaskKind {
        TaskKind::MultiLabel
    }

    fn problem_type(&self) -> &'static str {
        "multi_label_classification"
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

    fn predict(&self, outputs: &[f32]) -> Prediction {
        let probability = |&output: &f32| 1.0 / (1.0 + f64::from(-output).exp());
        Prediction::Labels {
            probabilities: outputs.iter().map(probability).collect(),
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
        Targets::Classes(_) | Targets::Values { .. } => &[],
    }
}
