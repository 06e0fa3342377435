//! The labelled files of a spec, read for its task.

use std::path::PathBuf;

use super::InputError;
use crate::finetune::data::{
    self, AnsweringOptions, Dataset, Held, LabelKind, Part, QuestionColumns, QuestionTable, ReadOptions, SentenceTable,
    Source, SplitOptions, TableOptions, TagColumns, TaggingOptions, TextColumns, TextEncoder, TextTable, load_table,
};
use crate::metrics::Task as TaskKind;
use crate::spec::{DataSpec, FineTuneSpec, HeldOut, OnMissing, Reading, TableSpec, Task, Truncation};

/// Checked and split examples, not yet tokenized.
pub(super) enum Table {
    Texts(TextTable),
    Sentences(SentenceTable),
    Questions(QuestionTable),
}

impl Table {
    /// Reads the files of a spec.
    ///
    /// # Errors
    /// If the data is of another kind than the task needs, or if a file cannot be used.
    pub(super) fn load(spec: &FineTuneSpec) -> Result<Self, InputError> {
        let DataSpec::Table(table) = &spec.data else {
            return Err(InputError::WrongData {
                task: spec.task.name(),
                data: spec.data.name(),
                need: "it needs files with texts, such as tables",
            });
        };
        Ok(match spec.task {
            Task::TokenClassification => Self::Sentences(SentenceTable::load(&tagging(table))?),
            Task::QuestionAnswering => Self::Questions(QuestionTable::load(&answering(table))?),
            Task::TextClassification | Task::ImageClassification | Task::Regression => {
                Self::Texts(load_table(&texts(spec.task, table)?)?)
            }
        })
    }

    /// The kind of outcomes.
    pub(super) fn task(&self) -> TaskKind {
        match self {
            Self::Texts(table) => table.task(),
            Self::Sentences(_) => TaskKind::TokenClassification,
            Self::Questions(_) => TaskKind::QuestionAnswering,
        }
    }

    /// The names of the outputs.
    pub(super) fn labels(&self) -> &[String] {
        match self {
            Self::Texts(table) => table.labels(),
            Self::Sentences(table) => table.labels(),
            Self::Questions(table) => table.labels(),
        }
    }

    /// Number of training examples, before long ones are cut into windows.
    pub(super) fn train_examples(&self) -> usize {
        match self {
            Self::Texts(table) => table.train_examples(),
            Self::Sentences(table) => table.train_examples(),
            Self::Questions(table) => table.train_examples(),
        }
    }

    /// Facts that a person should know, such as rows that are left out.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |(part, missing): &(&str, data::Missing)| format!("left out of the {part} examples: {missing}");
        match self {
            Self::Texts(table) => table.missing().iter().map(note).collect(),
            Self::Sentences(_) | Self::Questions(_) => Vec::new(),
        }
    }

    /// Converts all examples to tokens.
    ///
    /// # Errors
    /// If the tokenizer cannot encode an example, or if a question leaves no room for its context.
    pub(super) fn tokenize(&self, encoder: &TextEncoder) -> Result<Dataset, InputError> {
        Ok(match self {
            Self::Texts(table) => table.tokenize(encoder)?,
            Self::Sentences(table) => table.tokenize(encoder)?,
            Self::Questions(table) => table.tokenize(encoder)?,
        })
    }
}

/// The treatment of texts with more tokens than `max_length`. Windows overlap by `stride` tokens.
pub(crate) fn encoding(
    task: TaskKind,
    (truncation, stride): (Truncation, Option<usize>),
    max_length: usize,
) -> data::Truncation {
    let windows = |of| data::Truncation::Windows {
        of,
        stride: stride.unwrap_or(max_length / STRIDE),
    };
    match (task, truncation) {
        (TaskKind::TokenClassification, _) => windows(Part::First),
        (TaskKind::QuestionAnswering, _) => windows(Part::Second),
        (_, Truncation::Head) => data::Truncation::LongestFirst,
        (_, Truncation::HeadTail) => data::Truncation::HeadTail,
    }
}

/// The part of a window that it repeats by default from the one before, as in the `SQuAD` scripts (128 of 384).
const STRIDE: usize = 3;

fn texts(task: Task, table: &TableSpec) -> Result<TableOptions, InputError> {
    Ok(TableOptions {
        train: sources(&table.train),
        validation: sources(HeldOut::files(table.validation.as_ref())),
        test: sources(HeldOut::files(table.test.as_ref())),
        read: read_options(&table.reading),
        text: TextColumns::new(&table.text)?,
        label: table.label.clone(),
        labels: match (task, &table.multi_label) {
            (Task::Regression, _) => LabelKind::Number,
            (_, Some(separator)) => LabelKind::Several {
                separator: separator.clone(),
            },
            (_, None) => LabelKind::Class,
        },
        on_missing: table.reading.on_missing.map(|on_missing| match on_missing {
            OnMissing::Skip => data::OnMissing::Skip,
            OnMissing::Error => data::OnMissing::Error,
        }),
        train_limit: table.train_limit,
        split: split(table),
    })
}

fn tagging(table: &TableSpec) -> TaggingOptions {
    TaggingOptions {
        train: sources(&table.train),
        validation: sources(HeldOut::files(table.validation.as_ref())),
        test: sources(HeldOut::files(table.test.as_ref())),
        read: read_options(&table.reading),
        columns: tag_columns(&table.text, &table.label),
        train_limit: table.train_limit,
        split: split(table),
    }
}

fn answering(table: &TableSpec) -> AnsweringOptions {
    AnsweringOptions {
        train: sources(&table.train),
        validation: sources(HeldOut::files(table.validation.as_ref())),
        test: sources(HeldOut::files(table.test.as_ref())),
        read: read_options(&table.reading),
        columns: question_columns(&table.text, &table.label),
        train_limit: table.train_limit,
        split: split(table),
    }
}

/// The columns of sentences; those that are not named are found.
pub(crate) fn tag_columns(text: &[String], label: &[String]) -> TagColumns {
    TagColumns {
        text: text.first().cloned(),
        tags: label.first().cloned(),
    }
}

/// The columns of questions; those that are not named are found.
pub(crate) fn question_columns(text: &[String], label: &[String]) -> QuestionColumns {
    QuestionColumns {
        question: text.first().cloned(),
        context: text.get(1).cloned(),
        answers: label.first().cloned(),
    }
}

fn split(table: &TableSpec) -> SplitOptions {
    let held = |part: Option<&HeldOut>, share| match part {
        Some(HeldOut::Count(count)) => Held::Count(*count),
        Some(HeldOut::Files(_)) | None => Held::Share(share),
    };
    SplitOptions {
        validation: held(table.validation.as_ref(), table.split.validation),
        test: held(table.test.as_ref(), table.split.test),
        stratify: table.split.stratify,
        seed: table.split.seed,
    }
}

fn sources(paths: &[PathBuf]) -> Vec<Source> {
    let source = |path: &PathBuf| match path.to_str() {
        Some(text) if !path.exists() => data::builtin::source(text),
        Some(_) | None => Source::Path(path.clone()),
    };
    paths.iter().map(source).collect()
}

/// The reader's options for the keys of a spec.
pub(crate) fn read_options(reading: &Reading) -> ReadOptions {
    ReadOptions {
        format: reading.format.clone(),
        delimiter: reading.delimiter,
        quotes: reading.quotes,
        comment: reading.comment,
        columns: reading.columns.clone(),
        records_key: reading.records_key.clone(),
        encoding: reading.encoding.clone(),
        ..ReadOptions::default()
    }
}
