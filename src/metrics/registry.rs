//! The registry of metrics.

use crate::{
    formulas::{
        accuracy, agreement, averages, calibration, correlation, cross_entropy, entities, errors, question_answering,
        ranking,
    },
    metric::Metric,
};

/// Every metric, each in one row. A new one is a constant beside its formula, and a line here.
pub static METRICS: &[Metric] = &[
    cross_entropy::LOSS,
    accuracy::ACCURACY,
    accuracy::BALANCED_ACCURACY,
    accuracy::TOP5_ACCURACY,
    averages::F1,
    averages::F1_MACRO,
    averages::F1_MICRO,
    averages::F1_WEIGHTED,
    averages::F1_SAMPLES,
    averages::PRECISION,
    averages::PRECISION_MACRO,
    averages::PRECISION_MICRO,
    averages::PRECISION_WEIGHTED,
    averages::RECALL,
    averages::RECALL_MACRO,
    averages::RECALL_MICRO,
    averages::RECALL_WEIGHTED,
    agreement::MCC,
    agreement::KAPPA,
    agreement::KAPPA_QUADRATIC,
    ranking::ROC_AUC,
    ranking::ROC_AUC_OVO,
    ranking::AVERAGE_PRECISION,
    cross_entropy::LOG_LOSS,
    calibration::BRIER,
    calibration::ECE,
    accuracy::HAMMING_LOSS,
    errors::RMSE,
    errors::MSE,
    errors::MAE,
    errors::MEDIAN_AE,
    errors::MAPE,
    errors::R2,
    correlation::PEARSON,
    correlation::SPEARMAN,
    entities::F1_STRICT,
    entities::F1_MACRO_STRICT,
    entities::PRECISION_STRICT,
    entities::RECALL_STRICT,
    question_answering::EXACT_MATCH,
    question_answering::BEST_EXACT_MATCH,
    question_answering::BEST_F1,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_and_alias_is_unique_and_in_snake_case() {
        let mut seen = HashSet::new();
        for name in METRICS
            .iter()
            .flat_map(|metric| [metric.name].into_iter().chain(metric.aliases.iter().copied()))
        {
            assert!(seen.insert(name), "{name} is there twice");
            let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
            assert!(name.chars().all(is_plain), "{name}");
        }
    }

    #[test]
    fn every_metric_has_one_line_of_help_and_one_formula_a_task() {
        for metric in METRICS {
            assert!(
                !metric.help.is_empty() && metric.help.len() <= 110,
                "{}: {}",
                metric.name,
                metric.help
            );
            assert!(
                !metric.help.contains('\n') && !metric.help.ends_with('.'),
                "{}",
                metric.name
            );
            let tasks: HashSet<_> = metric.tasks().collect();
            assert!(
                !tasks.is_empty() && tasks.len() == metric.formulas.len(),
                "{}",
                metric.name
            );
        }
    }
}
