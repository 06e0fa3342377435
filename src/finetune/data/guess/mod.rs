//! Guesses the task, the columns and the metric of a data file about which the user says nothing else.
//!
//! Begin reading at [`guess`]. `sample` reads the first records, `names` holds the names that people give to columns,
//! and a file for each kind of task holds its rules. What a user says is never guessed, and every choice has a reason.

mod error;
mod header;
mod label;
mod metric;
mod names;
mod questions;
mod sample;
mod sentences;
mod text;

use automl_readers::{ReadOptions, Source};

pub use error::GuessError;

use self::label::LabelChoice;
use self::sample::Sample;
use super::labels::LabelKind;
use crate::tasks::TaskKind;

/// The user's words about the data; the rest is guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The task.
    pub task: Option<TaskKind>,
    /// The columns of the texts; empty if they are not said. A name with braces is a template.
    pub text: Vec<String>,
    /// The columns of the labels; empty if they are not said.
    pub label: Vec<String>,
    /// The separator between several labels of a row.
    pub separator: Option<String>,
}

/// A choice and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// The choice.
    pub value: T,
    /// Why, as a part of a sentence: "its name is `label`, and it has 2 different values".
    pub reason: String,
}

impl<T> Choice<T> {
    pub(super) fn new(value: T, reason: impl Into<String>) -> Self {
        Self {
            value,
            reason: reason.into(),
        }
    }

    /// A choice of the user.
    fn said(value: T) -> Self {
        Self::new(value, "you said so")
    }
}

/// The use of a file, as it is guessed.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The task.
    pub task: Choice<TaskKind>,
    /// The columns of the texts, as `data.text` has them: one column or template, two for pairs, `[question, context]` for
    /// questions.
    pub text: Choice<Vec<String>>,
    /// The columns of the labels, as `data.label` has them.
    pub label: Choice<Vec<String>>,
    /// The separator of several labels in a text; `None` for tasks with one label a row and for lists.
    pub separator: Option<Choice<String>>,
    /// The metric to optimize, by its name in a spec.
    pub metric: Choice<&'static str>,
    /// The settings of reading, with what the file does not say itself: the names of columns without a header.
    pub read: ReadOptions,
    /// The reason for names of columns that the file does not have.
    pub header: Option<String>,
    /// Columns that are not used, each with the reason.
    pub unused: Vec<Choice<String>>,
    /// Names of the classes or labels that were seen, at most 1,000, in the order of the file.
    pub labels: Vec<String>,
    /// Number of records by which the choices are made.
    pub records: usize,
    /// True if these are all records of the data.
    pub is_whole: bool,
}

impl Guess {
    /// The kind of labels of tasks with labels for a whole text; `None` for tags and answers.
    pub fn label_kind(&self) -> Option<LabelKind> {
        match self.task.value {
            TaskKind::Classification => Some(LabelKind::Class),
            TaskKind::MultiLabel => Some(LabelKind::Several {
                separator: self
                    .separator
                    .as_ref()
                    .map_or_else(|| names::SEPARATOR.to_owned(), |separator| separator.value.clone()),
            }),
            TaskKind::Regression => Some(LabelKind::Number),
            TaskKind::TokenClassification | TaskKind::QuestionAnswering => None,
        }
    }

    /// True if every example is a pair of texts.
    pub fn is_pair(&self) -> bool {
        self.label_kind().is_some() && self.text.value.len() == 2
    }
}

/// Guesses what files are for by their first records.
///
/// # Errors
/// If the files cannot be read, if a column that the user names does not exist, or if no column can be the text or the
/// label.
pub fn guess(sources: &[Source], read: &ReadOptions, wishes: &Wishes) -> Result<Guess, GuessError> {
    let (sample, read, header) = header::sample(sources, read)?;
    for name in wishes.text.iter().chain(&wishes.label) {
        sample.require(name)?;
    }
    let of_questions = match wishes.task {
        None | Some(TaskKind::QuestionAnswering) => questions::choose(&sample, wishes),
        Some(_) => None,
    };
    let of_sentences = match (wishes.task, &of_questions) {
        (None, None) | (Some(TaskKind::TokenClassification), _) => sentences::choose(&sample, wishes),
        _ => None,
    };
    let found = match (of_questions.or(of_sentences), wishes.task) {
        (Some(found), _) => found,
        (None, Some(task @ (TaskKind::QuestionAnswering | TaskKind::TokenClassification))) => {
            return Err(sample.no_columns_for(task));
        }
        (None, _) => labelled(&sample, wishes)?,
    };
    let metric = metric::choose(found.task.value, &found.label.value, &sample);
    let unused = text::unused(&sample, &found.text.value, &found.label.value);
    let labels = match found.task.value {
        TaskKind::Classification | TaskKind::MultiLabel => {
            label::seen(&sample, &found.label.value, found.separator.as_ref())
        }
        TaskKind::Regression | TaskKind::TokenClassification | TaskKind::QuestionAnswering => Vec::new(),
    };
    Ok(Guess {
        task: found.task,
        text: found.text,
        label: found.label,
        separator: found.separator,
        metric,
        read,
        header,
        unused,
        labels,
        records: sample.records,
        is_whole: sample.is_whole,
    })
}

/// The choices that the rules of one kind of task make together.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) task: Choice<TaskKind>,
    pub(super) text: Choice<Vec<String>>,
    pub(super) label: Choice<Vec<String>>,
    pub(super) separator: Option<Choice<String>>,
}

/// Texts with a class, several labels or numbers.
fn labelled(sample: &Sample, wishes: &Wishes) -> Result<Found, GuessError> {
    let label = label::column(sample, wishes)?;
    let text = text::columns(sample, wishes, &label.value)?;
    let LabelChoice { task, separator } = label::task(sample, wishes, &label.value)?;
    Ok(Found {
        task,
        text,
        label,
        separator,
    })
}

#[cfg(test)]
mod tests;
