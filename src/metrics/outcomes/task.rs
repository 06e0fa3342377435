//! The kinds of task, and outcomes of any of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answers, Classes, Labels, Tags, Values};
use crate::{counts::ClassCounts, error::MetricError, metric::Metric};

/// A kind of task, by what it predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes for every row.
    Classification,
    /// Any number of labels for every row.
    MultiLabel,
    /// One or several numbers for every row.
    Regression,
    /// A tag for every token of a sentence.
    TokenClassification,
    /// A text, or no answer, for every question.
    QuestionAnswering,
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Classification => "classification",
            Self::MultiLabel => "multi-label classification",
            Self::Regression => "regression",
            Self::TokenClassification => "token classification",
            Self::QuestionAnswering => "question answering",
        })
    }
}

/// Predictions and the truth, for one kind of task.
#[derive(Clone, Debug)]
pub enum Outcomes<'a> {
    /// One of several classes for every row.
    Classes(Classes<'a>),
    /// Any number of labels for every row.
    Labels(Labels<'a>),
    /// One or several numbers for every row.
    Values(Values<'a>),
    /// A tag for every token of a sentence.
    Tags(Tags<'a>),
    /// A text, or no answer, for every question.
    Answers(Answers<'a>),
}

impl Outcomes<'_> {
    /// The kind of task.
    pub fn task(&self) -> Task {
        match self {
            Self::Classes(_) => Task::Classification,
            Self::Labels(_) => Task::MultiLabel,
            Self::Values(_) => Task::Regression,
            Self::Tags(_) => Task::TokenClassification,
            Self::Answers(_) => Task::QuestionAnswering,
        }
    }

    /// True if there is nothing to measure.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Classes(classes) => classes.labels().is_empty(),
            Self::Labels(labels) => labels.labels().is_empty(),
            Self::Values(values) => values.truth().is_empty(),
            Self::Tags(tags) => tags.tokens() == 0,
            Self::Answers(answers) => answers.questions().is_empty(),
        }
    }

    /// True if a score, value or probability is NaN.
    pub fn has_nan(&self) -> bool {
        match self {
            Self::Classes(classes) => classes.has_nan(),
            Self::Labels(labels) => labels.has_nan(),
            Self::Values(values) => values.has_nan(),
            Self::Tags(_) => false,
            Self::Answers(answers) => answers.has_nan(),
        }
    }

    /// The counts of one class, label or entity type.
    pub(crate) fn counts_of(&self, class: &str, metric: &Metric) -> Result<ClassCounts, MetricError> {
        match self {
            Self::Classes(classes) => Ok(classes.counts()[index_of(class, classes.names(), classes.classes())?]),
            Self::Labels(labels) => Ok(labels.counts()[index_of(class, labels.names(), labels.classes())?]),
            Self::Tags(tags) => tags.counts_of(class),
            Self::Values(_) | Self::Answers(_) => Err(MetricError::NotForTask {
                metric: metric.name,
                task: self.task(),
                tasks: vec![Task::Classification, Task::MultiLabel, Task::TokenClassification],
            }),
        }
    }
}

/// The index of a class by its name, or by its number if classes have no names.
fn index_of(class: &str, names: &[String], classes: usize) -> Result<usize, MetricError> {
    let found = if names.is_empty() {
        class.parse().ok().filter(|&index: &usize| index < classes)
    } else {
        names.iter().position(|name| name == class)
    };
    found.ok_or_else(|| MetricError::UnknownClass {
        class: class.to_owned(),
        known: if names.is_empty() {
            (0..classes).map(|index| index.to_string()).collect()
        } else {
            names.to_vec()
        },
    })
}
