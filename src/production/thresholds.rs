//! The thresholds of several labels, tuned on validation examples.

use super::ProductionError;
use crate::finetune::data::Targets;
use crate::metrics::{MetricError, TUNABLE_METRICS, metric, tune_thresholds};

/// The metric that thresholds are tuned for if the study's own metric has no best thresholds.
const USUAL: &str = "f1_macro";

/// The threshold of each label that is best for a metric on these outputs; none unless an example has several labels.
pub(super) fn tuned(outputs: &[f32], targets: &Targets, name: &str) -> Result<Vec<f64>, ProductionError> {
    let Targets::Labels { width, values } = targets else {
        return Ok(Vec::new());
    };
    let name = if TUNABLE_METRICS.contains(&name) { name } else { USUAL };
    let tuned = metric(name).and_then(|measure| tune_thresholds(outputs, values, *width, measure.metric));
    tuned.map_err(|error: MetricError| ProductionError::Train(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_tuned_for_the_metric_of_the_study_or_else_for_macro_f1() {
        let logits: Vec<f32> = (0..8).flat_map(|row| [4.0, -0.5 * row as f32 - 1.0]).collect();
        let targets = Targets::Labels {
            width: 2,
            values: (0..8).flat_map(|row| [true, row == 7]).collect(),
        };
        let micro = tuned(&logits, &targets, "f1_micro").unwrap();
        let macro_f1 = tuned(&logits, &targets, "f1_macro").unwrap();
        assert_eq!(micro, [0.5, 0.5]);
        assert!(macro_f1[1] < 0.1);
        assert_eq!(tuned(&logits, &targets, "hamming_loss").unwrap(), macro_f1);
        assert!(tuned(&[0.0], &Targets::Classes(vec![0]), "f1").unwrap().is_empty());
    }
}
