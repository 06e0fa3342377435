//! The rows of a data set of any task, as the checks see them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use automl_readers::Position;

use crate::tasks::TaskKind;

/// All rows, part by part.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) task: TaskKind,
    pub(super) parts: Vec<Part>,
    pub(super) all: Vec<Row>,
    pub(super) names: Names,
    pub(super) damaged: Vec<Damaged>,
    /// Further columns of the training rows.
    pub(super) columns: Vec<Column>,
    /// Rows that a finding lists at most.
    pub(super) most_shown: usize,
}

/// A part, such as `train`.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) rows: Range<usize>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Position,
    pub(super) first: String,
    pub(super) second: Option<Arc<str>>,
    pub(super) target: Target,
}

/// The truth about a row. Names are numbers in [`Names`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Missing,
    Class(u32),
    Several(Vec<u32>),
    Numbers(Vec<f32>),
    /// The tag of each word.
    Tags(Vec<u32>),
    /// The texts of the answers.
    Answers(Vec<String>),
}

/// A record that is not a row, and why.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) place: Position,
    pub(super) cause: Cause,
    pub(super) message: String,
}

/// The kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Unreadable,
    WrongLabel,
    /// Tags that do not follow each other, or spans beside the text.
    WrongTags,
    AnswerNotFound,
    /// A question or a context without words.
    EmptyQuestion,
}

/// The values of a column that is neither label nor the whole text, for each training row.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// True if the column is a part of the text.
    pub(super) is_read: bool,
    /// A hash of each value; 0 for a missing one.
    pub(super) hashes: Vec<u64>,
    /// The number of each value; NaN for others.
    pub(super) numbers: Vec<f64>,
}

/// The names of classes, labels or tags.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) all: Vec<String>,
    index: HashMap<String, u32>,
}

impl Names {
    /// The number of a name.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.index.get(name) {
            return number;
        }
        let number = self.all.len() as u32;
        self.index.insert(name.to_owned(), number);
        self.all.push(name.to_owned());
        number
    }

    pub(super) fn of(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", String::as_str)
    }
}

impl Row {
    /// The texts in the order of their columns.
    pub(super) fn texts(&self) -> Vec<&str> {
        let mut texts = vec![self.first.as_str()];
        texts.extend(self.second.as_deref());
        texts
    }

    /// True if no text has a word.
    pub(super) fn is_empty(&self) -> bool {
        self.texts().iter().all(|text| text.trim().is_empty())
    }
}

impl Rows {
    /// The index of the part of a row.
    pub(super) fn part(&self, row: usize) -> usize {
        let part = self.parts.iter().position(|part| part.rows.contains(&row));
        part.unwrap_or_default()
    }

    /// The rows of the training data.
    pub(super) fn train(&self) -> &[Row] {
        self.parts.first().map_or(&[], |part| &self.all[part.rows.clone()])
    }

    /// The label of a row in words.
    pub(super) fn label(&self, row: &Row) -> String {
        match &row.target {
            Target::Missing => String::new(),
            Target::Class(class) => self.names.of(*class).to_owned(),
            Target::Several(labels) => {
                let labels: Vec<&str> = labels.iter().map(|&label| self.names.of(label)).collect();
                labels.join("; ")
            }
            Target::Numbers(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(f32::to_string).collect();
                numbers.join(", ")
            }
            Target::Tags(tags) => {
                let tags: Vec<&str> = tags.iter().map(|&tag| self.names.of(tag)).collect();
                tags.join(" ")
            }
            Target::Answers(answers) => answers.join(" | "),
        }
    }

    /// The names that a row counts for: its class, its labels, or the types of its entities.
    pub(super) fn counted_names(&self, row: &Row) -> Vec<String> {
        match &row.target {
            Target::Class(class) => vec![self.names.of(*class).to_owned()],
            Target::Several(labels) => labels.iter().map(|&label| self.names.of(label).to_owned()).collect(),
            Target::Tags(tags) => entities(&tags.iter().map(|&tag| self.names.of(tag)).collect::<Vec<_>>()),
            Target::Missing | Target::Numbers(_) | Target::Answers(_) => Vec::new(),
        }
    }

    /// True if every row has one class of a few.
    pub(super) fn has_classes(&self) -> bool {
        matches!(self.task, TaskKind::Classification)
    }
}

/// The types of the entities of a sentence in their order; of tags without beginnings, such as parts of speech, each tag.
fn entities(tags: &[&str]) -> Vec<String> {
    let mut types = Vec::new();
    let mut before: Option<&str> = None;
    for tag in tags {
        let parts = tag
            .split_once('-')
            .filter(|(letter, _)| letter.len() == 1 && "BIESLU".contains(letter));
        if let Some((letter, kind)) = parts {
            if matches!(letter, "B" | "S" | "U") || before != Some(kind) {
                types.push(kind.to_owned());
            }
            before = Some(kind);
        } else {
            if *tag != "O" {
                types.push((*tag).to_owned());
            }
            before = None;
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_counted_once() {
        assert_eq!(
            entities(&["B-PER", "I-PER", "O", "B-PER", "B-LOC"]),
            ["PER", "PER", "LOC"]
        );
        assert_eq!(entities(&["I-PER", "I-PER", "I-LOC"]), ["PER", "LOC"]);
        assert_eq!(entities(&["NN", "VB"]), ["NN", "VB"]);
    }
}
