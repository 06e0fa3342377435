//! The metric to optimize.

use super::Choice;
use super::sample::Sample;
use crate::tasks::TaskKind;

/// Share of the most frequent class from which on accuracy says little: a model that always names it is as good as this.
const FREQUENT: f64 = 0.7;

/// Chooses a metric by the task, and by how often the classes are.
pub(super) fn choose(task: TaskKind, labels: &[String], sample: &Sample) -> Choice<&'static str> {
    match task {
        TaskKind::Classification => of_classes(labels, sample),
        TaskKind::MultiLabel => Choice::new("f1", "most labels are absent in a row, and accuracy counts these too"),
        TaskKind::Regression => Choice::new("rmse", "it is in the unit of the numbers"),
        TaskKind::TokenClassification => Choice::new("f1", "it counts whole entities"),
        TaskKind::QuestionAnswering => Choice::new("f1", "it counts words that an answer shares with the right one"),
    }
}

fn of_classes(labels: &[String], sample: &Sample) -> Choice<&'static str> {
    let column = labels.first().and_then(|name| sample.column(name));
    let most = column.and_then(|column| {
        let most = column.values.iter().max_by_key(|(_, count)| *count)?;
        Some((&most.0, most.1 as f64 / column.filled.max(1) as f64))
    });
    match most {
        Some((class, share)) if share >= FREQUENT => Choice::new(
            "f1",
            format!(
                "{:.0} % of the rows are `{class}`, so always predicting it would have that accuracy",
                100.0 * share
            ),
        ),
        _ => Choice::new("accuracy", "no class has most of the rows"),
    }
}
