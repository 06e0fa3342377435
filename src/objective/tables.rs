//! The labelled files of a spec, read for its task.

use std::path::Path;

use super::{InputError, hub_data};
use crate::finetune::data::doctor::{Depth, Patient, Unit};
use crate::finetune::data::pictures::{self, PictureCache, PictureOptions, PictureTable};
use crate::finetune::data::{
    self, AnsweringOptions, DataError, Dataset, Folds, Held, LabelKind, Part, QuestionColumns, QuestionTable,
    ReadOptions, SentenceTable, Source, SplitColumn, SplitOptions, TableOptions, TagColumns, TaggingOptions,
    TextColumns, TextEncoder, TextTable, Together, TokenTable, load_table,
};
use crate::metrics::Task as TaskKind;
use crate::spec::{
    Amount, DataSpec, FineTuneSpec, HeldOut, OnBadImage, OnMissing, Reading, SplitBy, TableSpec, Task, Truncation,
};

/// Checked and split examples, not yet tokenized.
pub(super) enum Table {
    Texts(Box<TextTable>),
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
            Task::TokenClassification => Self::Sentences(SentenceTable::load(&tagging(table)?)?),
            Task::QuestionAnswering => Self::Questions(QuestionTable::load(&answering(table)?)?),
            Task::Regression if table.split.by == Some(SplitBy::Stratified) => return Err(DataError::NoStrata.into()),
            Task::TextClassification | Task::ImageClassification | Task::Regression => {
                Self::Texts(Box::new(load_table(&texts(spec.task, table)?)?))
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

    /// The folds of a cross-validation.
    pub(super) fn folds(&self) -> Option<&Folds> {
        match self {
            Self::Texts(table) => table.folds(),
            Self::Sentences(_) | Self::Questions(_) => None,
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
        let (mut notes, repeated, what): (Vec<String>, usize, _) = match self {
            Self::Texts(table) => (table.missing().iter().map(note).collect(), table.repeated(), "row"),
            Self::Sentences(table) => (Vec::new(), table.repeated(), "sentence"),
            Self::Questions(table) => (Vec::new(), table.repeated(), "context"),
        };
        match repeated {
            0 => {}
            1 => notes.push(format!(
                "1 {what} is a duplicate of another: both are on one side of the split"
            )),
            repeated => notes.push(format!(
                "{repeated} {what}s are duplicates of others: they are on one side of the split with them"
            )),
        }
        notes
    }

    /// The tokens of all texts, not cut yet; `None` for tasks that have no single lengths.
    ///
    /// # Errors
    /// If the tokenizer cannot encode a text.
    pub(super) fn tokens(&self, encoder: &TextEncoder) -> Result<Option<TokenTable>, InputError> {
        Ok(match self {
            Self::Texts(table) => Some(table.tokens(encoder)?),
            Self::Sentences(_) | Self::Questions(_) => None,
        })
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

/// The treatment of long texts in a spec: how they are cut, and how far windows overlap.
pub(crate) type Long = (Truncation, Option<usize>);

/// The treatment of texts with more tokens than `max_length`. Windows overlap by `stride` tokens.
pub(crate) fn encoding(task: TaskKind, (truncation, stride): Long, max_length: usize) -> data::Truncation {
    let windows = |of| data::Truncation::Windows {
        of,
        stride: self::stride(stride, max_length),
    };
    match (task, truncation) {
        (TaskKind::TokenClassification, _) => windows(Part::First),
        // A text without a second one is cut itself.
        (TaskKind::QuestionAnswering, _) | (_, Truncation::Windows) => windows(Part::Second),
        (_, Truncation::Head) => data::Truncation::LongestFirst,
        (_, Truncation::HeadTail) => data::Truncation::HeadTail,
    }
}

/// The tokens that windows share, if the spec names `stride`.
pub(crate) fn stride(stride: Option<usize>, max_length: usize) -> usize {
    stride.unwrap_or(max_length / STRIDE)
}

/// The part of a window that it repeats by default from the one before, as in the `SQuAD` scripts (128 of 384).
const STRIDE: usize = 3;

fn texts(task: Task, table: &TableSpec) -> Result<TableOptions, InputError> {
    let [train, validation, test] = sources(table)?;
    Ok(TableOptions {
        train,
        validation,
        test,
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
        train_limit: table.train_limit.map(held),
        split: split(table),
        together: together(table),
        folds: table.split.folds.map(|folds| folds as usize),
    })
}

/// The pictures of a spec, found and split.
///
/// # Errors
/// If the data is of another kind, or if there are no pictures.
pub(super) fn pictures(spec: &FineTuneSpec) -> Result<PictureTable, InputError> {
    let DataSpec::Table(table) = &spec.data else {
        return Err(InputError::WrongData {
            task: spec.task.name(),
            data: spec.data.name(),
            need: "it needs a folder with a folder of pictures for each class, or a table of paths",
        });
    };
    if spec.task == Task::Regression && table.split.by == Some(SplitBy::Stratified) {
        return Err(DataError::NoStrata.into());
    }
    Ok(PictureTable::load(
        picture_options(spec.task, table)?,
        PictureCache::of_user(),
    )?)
}

/// Where the pictures of a spec are.
///
/// # Errors
/// If the data is on the hub and not in the cache.
pub(super) fn picture_options(task: Task, table: &TableSpec) -> Result<PictureOptions, InputError> {
    let named = TableSpec {
        text: vec!["image".to_owned()],
        ..table.clone()
    };
    Ok(PictureOptions {
        table: texts(task, &named)?,
        column: table.pictures.image.clone(),
        on_bad: match table.pictures.on_bad_image {
            OnBadImage::Error => pictures::OnBadImage::Error,
            OnBadImage::Skip => pictures::OnBadImage::Skip,
        },
    })
}

/// The files of a spec for the data doctor.
///
/// # Errors
/// If the data is on the hub and not in the cache.
pub(super) fn patient<'u>(
    task: Task,
    table: &'u TableSpec,
    unit: Unit<'u>,
    depth: Depth,
) -> Result<Patient<'u>, InputError> {
    let parts = ["train", "validation", "test"].into_iter().zip(sources(table)?);
    Ok(Patient {
        parts: parts.filter(|(_, files)| !files.is_empty()).collect(),
        read: read_options(&table.reading),
        task: match (task, &table.multi_label) {
            (Task::Regression, _) => TaskKind::Regression,
            (Task::TokenClassification, _) => TaskKind::TokenClassification,
            (Task::QuestionAnswering, _) => TaskKind::QuestionAnswering,
            (Task::TextClassification | Task::ImageClassification, Some(_)) => TaskKind::MultiLabel,
            (Task::TextClassification | Task::ImageClassification, None) => TaskKind::Classification,
        },
        text: table.text.clone(),
        label: table.label.clone(),
        separator: table.multi_label.clone().unwrap_or_default(),
        unit,
        depth,
    })
}

fn tagging(table: &TableSpec) -> Result<TaggingOptions, InputError> {
    let [train, validation, test] = sources(table)?;
    Ok(TaggingOptions {
        train,
        validation,
        test,
        read: read_options(&table.reading),
        columns: tag_columns(&table.text, &table.label),
        train_limit: table.train_limit.map(held),
        split: split(table),
        together: together(table),
    })
}

fn answering(table: &TableSpec) -> Result<AnsweringOptions, InputError> {
    let [train, validation, test] = sources(table)?;
    Ok(AnsweringOptions {
        train,
        validation,
        test,
        read: read_options(&table.reading),
        columns: question_columns(&table.text, &table.label),
        train_limit: table.train_limit.map(held),
        split: split(table),
        together: together(table),
    })
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
    let part = |part: Option<&HeldOut>, amount| match part {
        Some(HeldOut::Count(count)) => Held::Count(*count),
        Some(HeldOut::Files(_)) | None => held(amount),
    };
    SplitOptions {
        validation: part(table.validation.as_ref(), table.split.validation),
        test: part(table.test.as_ref(), table.split.test),
        stratify: table.split.is_stratified(),
        seed: table.split.seed,
    }
}

fn held(amount: Amount) -> Held {
    match amount {
        Amount::Share(share) => Held::Share(share),
        Amount::Count(count) => Held::Count(count),
    }
}

/// The rows that stay on one side of the split.
fn together(table: &TableSpec) -> Option<Together> {
    let split = &table.split;
    let column = match (split.by, &split.column) {
        (Some(SplitBy::Group), Some(column)) => Some(SplitColumn::Group(column.clone())),
        (Some(SplitBy::Time), Some(column)) => Some(SplitColumn::Time(column.clone())),
        _ => None,
    };
    split.keeps_together().then_some(Together {
        column,
        near: split.near_duplicates,
    })
}

/// The files of training, validation and test examples.
fn sources(table: &TableSpec) -> Result<[Vec<Source>; 3], InputError> {
    let parts = [
        table.train.as_slice(),
        HeldOut::files(table.validation.as_ref()),
        HeldOut::files(table.test.as_ref()),
    ];
    let Some(hub) = &table.hub else {
        return Ok(parts.map(|paths| paths.iter().map(|path| source(path)).collect()));
    };
    let splits = hub_data::find(hub, table)?;
    let mut sources = [Vec::new(), Vec::new(), Vec::new()];
    for (sources, names) in sources.iter_mut().zip(parts) {
        for name in names {
            let (split, part) = hub_data::split_of(name);
            let files = splits.get(&split).map(Vec::as_slice).unwrap_or_default();
            match part {
                Some(part) => sources.extend(hub_data::rows_of(files, part)?),
                None => sources.extend(files.iter().cloned().map(Source::Path)),
            }
        }
    }
    Ok(sources)
}

fn source(path: &Path) -> Source {
    match path.to_str() {
        Some(text) if !path.exists() => data::builtin::source(text),
        Some(_) | None => Source::Path(path.to_owned()),
    }
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
