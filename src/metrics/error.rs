//! Errors of this crate.

use crate::outcomes::Task;

/// Outcomes that do not fit together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OutcomesError {
    /// There is no class, label or column to measure.
    #[error("the number of {what} is 0; at least 1 is needed")]
    NoColumns {
        /// The thing that is counted: `classes` or `columns`.
        what: &'static str,
    },
    /// The length of a list is not that of what it belongs to.
    #[error("{what}: {found} given, but {expected} expected; pass one for every row and column")]
    Length {
        /// The list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A label is not below the number of classes.
    #[error("label {label} in row {row} is not one of the {classes} classes; labels count from 0")]
    Label {
        /// The index of the row, from 0.
        row: usize,
        /// The label.
        label: u32,
        /// The number of classes.
        classes: usize,
    },
    /// A sentence has more or fewer predicted than true tags.
    #[error("sentence {sentence} has {predicted} predicted and {truth} true tags; give one of each per token")]
    SentenceLength {
        /// The index of the sentence, from 0.
        sentence: usize,
        /// The number of predicted tags.
        predicted: usize,
        /// The number of true tags.
        truth: usize,
    },
    /// A tag's id has no name.
    #[error("tag {tag} in sentence {sentence} has no name: {names} names are given; leave out tokens without a tag")]
    Tag {
        /// The index of the sentence, from 0.
        sentence: usize,
        /// The tag's id.
        tag: u32,
        /// The number of names.
        names: usize,
    },
}

/// A metric that cannot be computed as asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// No metric has the name.
    #[error("unknown metric `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The metric has no value for a single class.
    #[error(
        "`{metric}` is not defined for one class; use `{metric}`, or `f1:{class}`, `precision:{class}`, `recall:{class}`"
    )]
    NotByClass {
        /// The metric's name.
        metric: &'static str,
        /// The class that was asked for.
        class: String,
    },
    /// The metric is defined for other kinds of tasks.
    #[error("`{metric}` does not measure {task}; it measures {tasks}", tasks = list(tasks))]
    NotForTask {
        /// The metric's name.
        metric: &'static str,
        /// The kind of task at hand.
        task: Task,
        /// The kinds of task the metric measures.
        tasks: Vec<Task>,
    },
    /// No class or entity type has the name.
    #[error("unknown class `{class}`; known are {known}", known = shorten(known))]
    UnknownClass {
        /// The name.
        class: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Thresholds cannot be tuned for the metric.
    #[error("thresholds cannot be tuned for `{metric}`; choose one of {}", crate::TUNABLE_METRICS.join(", "))]
    NotTunable {
        /// The metric's name.
        metric: &'static str,
    },
    /// The outcomes are not consistent.
    #[error(transparent)]
    Outcomes(#[from] OutcomesError),
}

fn list(tasks: &[Task]) -> String {
    tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The first names, and how many more there are.
fn shorten(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!("{shown} and {} more", count - SHOWN),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_classes_is_cut_short() {
        let known = (0..15).map(|class| class.to_string()).collect();
        let message = MetricError::UnknownClass {
            class: "x".to_owned(),
            known,
        }
        .to_string();
        assert!(message.starts_with("unknown class `x`; known are `0`, `1`") && message.ends_with("`11` and 3 more"));
    }

    #[test]
    fn a_metric_of_another_task_says_which_tasks_it_measures() {
        let error = MetricError::NotForTask {
            metric: "mcc",
            task: Task::Regression,
            tasks: vec![Task::Classification],
        };
        assert_eq!(
            error.to_string(),
            "`mcc` does not measure regression; it measures classification"
        );
    }
}
