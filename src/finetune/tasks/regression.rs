//! One or several numbers for each example.

use automl_metrics::{Measure, MetricError, Outcomes, Values};

use super::{Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{data::Targets, loss::squared_error};

#[derive(Debug)]
pub(super) struct Regression;

impl Task for Regression {
    fn kind(&self) -> TaskKind {
        TaskKind::Regression
    }

    fn problem_type(&self) -> Option<&'static str> {
        Some("regression")
    }

    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64 {
        squared_error(outputs, numbers(targets)).0
    }

    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
        let [predicted, exact] = [outputs, numbers(truth.targets)]
            .map(|values| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>());
        match Values::new(&predicted, &exact, truth.names.len()) {
            Ok(values) => measured(&Outcomes::Values(values), measures),
            Err(_) => Ok(measures.iter().map(|measure| (measure.to_string(), f64::NAN)).collect()),
        }
    }

    fn predict(&self, outputs: &[f32], _: Truth<'_>) -> Prediction {
        Prediction::Values(outputs.iter().map(|&output| f64::from(output)).collect())
    }

    fn objective(&self, batch: Batch<'_>) -> Objective {
        let numbers = numbers(batch.targets);
        on_host(&batch, |outputs| squared_error(outputs, numbers))
    }
}

fn numbers(targets: &Targets) -> &[f32] {
    match targets {
        Targets::Values { values, .. } => values,
        _ => &[],
    }
}
