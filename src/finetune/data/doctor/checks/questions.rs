//! Questions of which none or almost all have an answer.

use super::super::Depth;
use super::super::finding::{Finding, Severity};
use super::super::rows::{Rows, Target};

/// Share of questions without an answer from which on a model learns to say "none".
const MANY: f64 = 0.8;

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let asked = rows
        .train()
        .iter()
        .filter(|row| matches!(row.target, Target::Answers(_)))
        .count();
    let is_without = |index: &usize| matches!(&rows.all[*index].target, Target::Answers(answers) if answers.is_empty());
    let without: Vec<usize> = (0..rows.train().len()).filter(is_without).collect();
    let share = without.len() as f64 / asked.max(1) as f64;
    if asked == 0 || share < MANY {
        return Vec::new();
    }
    let (severity, message) = if without.len() == asked {
        (Severity::Error, "no question has an answer".to_owned())
    } else {
        (
            Severity::Warning,
            format!("{:.1} % of the questions have no answer", 100.0 * share),
        )
    };
    let advice = "check that the column of the answers is right, and add questions with answers";
    let finding = Finding::new("no_answers", severity, without.len(), message, advice);
    vec![finding.at(rows, without.into_iter().map(|row| (row, String::new())))]
}
