//! Reads the rows of all parts. A bad record is noted, and reading goes on with the next one.

use std::sync::Arc;

use automl_readers::{Position, Record, Source, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::super::answering::{AnsweringError, QuestionColumns, QuestionStream};
use super::super::error::DataError;
use super::super::labels::{self, Label, LabelKind};
use super::super::records::{self, Records};
use super::super::tagging::{self, SentenceStream, TagColumns};
use super::super::text::{TextColumns, TextSource};
use super::rows::{Cause, Column, Damaged, Names, Part, Row, Rows, Target};
use super::{Depth, Patient};
use crate::tasks::TaskKind;

/// Further columns that are compared with the label.
const MOST_COLUMNS: usize = 30;

/// Rows that a finding lists in a quick examination.
const FEW: usize = 3;

/// Reads all parts.
///
/// # Errors
/// If a file cannot be read at all, or lacks a column.
pub(super) fn read(patient: &Patient<'_>) -> Result<Rows, DataError> {
    let mut rows = Rows {
        task: patient.task,
        parts: Vec::new(),
        all: Vec::new(),
        names: Names::default(),
        damaged: Vec::new(),
        columns: Vec::new(),
        most_shown: match patient.depth {
            Depth::Quick => FEW,
            Depth::Full => usize::MAX,
        },
    };
    for (name, sources) in &patient.parts {
        let start = rows.all.len();
        match patient.task {
            TaskKind::Classification | TaskKind::MultiLabel | TaskKind::Regression => {
                texts(patient, sources, &mut rows)?;
            }
            TaskKind::TokenClassification => sentences(patient, sources, &mut rows)?,
            TaskKind::QuestionAnswering => questions(patient, sources, &mut rows)?,
        }
        rows.parts.push(Part {
            name,
            rows: start..rows.all.len(),
        });
    }
    Ok(rows)
}

impl Rows {
    /// Notes a bad record.
    ///
    /// # Errors
    /// Returns the error if it is about a whole file, so that there are no further records.
    fn note(&mut self, place: Position, error: DataError) -> Result<(), DataError> {
        let cause = match &error {
            DataError::Read(error) if error.is_of_one_record() => Cause::Unreadable,
            DataError::Read(_) => return Err(error),
            DataError::Tagging(_) => Cause::WrongTags,
            DataError::Answering(AnsweringError::Empty { .. }) => Cause::EmptyQuestion,
            DataError::Answering(_) => Cause::AnswerNotFound,
            _ => Cause::WrongLabel,
        };
        let message = error.to_string();
        // Most messages begin with the place, and a finding names it anyway.
        let message = message
            .split_once(": ")
            .filter(|(before, _)| before.starts_with('`'))
            .map_or(message.as_str(), |(_, rest)| rest)
            .to_owned();
        self.damaged.push(Damaged { place, cause, message });
        Ok(())
    }
}

/// Texts with a class, labels or numbers.
fn texts(patient: &Patient<'_>, sources: &[Source], rows: &mut Rows) -> Result<(), DataError> {
    let columns = TextColumns::new(&patient.text)?;
    let kind = match patient.task {
        TaskKind::MultiLabel => LabelKind::Several {
            separator: patient.separator.clone(),
        },
        TaskKind::Regression => LabelKind::Number,
        _ => LabelKind::Class,
    };
    let mut records = Records::open(sources, &patient.read)?;
    records.require(columns.columns())?;
    records.require(patient.label.iter().map(String::as_str))?;
    records.readable(columns.columns().chain(patient.label.iter().map(String::as_str)))?;
    let is_train = rows.parts.is_empty();
    if is_train && patient.task == TaskKind::Classification {
        rows.columns = others(&records, &columns, &patient.label);
    }
    loop {
        let record = match records.next() {
            Ok(Some((_, record))) => record,
            Ok(None) => return Ok(()),
            Err(error) => {
                rows.note(records.place().clone(), error)?;
                continue;
            }
        };
        match row(&record, &columns, (&patient.label, &kind), &mut rows.names) {
            Ok(row) => {
                if is_train {
                    rows.columns.iter_mut().for_each(|column| column.add(&record));
                }
                rows.all.push(row);
            }
            Err(error) => rows.note(record.position.clone(), error)?,
        }
    }
}

fn row(
    record: &Record,
    columns: &TextColumns,
    (label, kind): (&[String], &LabelKind),
    names: &mut Names,
) -> Result<Row, DataError> {
    let mut texts = columns.sources().map(|source| match source {
        TextSource::Column(column) => match record.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            None | Some(Value::Null) => Ok(String::new()),
            Some(other) => Err(records::wrong(record, column, other, "a text")),
        },
        TextSource::Template(template) => {
            let text = template.fill(|column| records::spelling(record, column))?;
            Ok(text.unwrap_or_default())
        }
    });
    let first = texts.next().transpose()?.unwrap_or_default();
    let second = texts.next().transpose()?;
    let target = match labels::read(record, label, kind)? {
        None | Some(Label::None) => Target::Missing,
        Some(Label::Class(class)) => Target::Class(names.number(&class)),
        Some(Label::Several(labels)) => Target::Several(labels.iter().map(|label| names.number(label)).collect()),
        Some(Label::Numbers(numbers)) => Target::Numbers(numbers),
    };
    Ok(Row {
        place: record.position.clone(),
        first,
        second: second.map(Arc::from),
        target,
    })
}

/// The columns beside the label that are not the whole text.
fn others(records: &Records, text: &TextColumns, label: &[String]) -> Vec<Column> {
    let whole: Vec<&str> = text
        .sources()
        .filter_map(|source| match source {
            TextSource::Column(column) => Some(column.as_str()),
            TextSource::Template(_) => None,
        })
        .collect();
    let names = records.columns().into_iter();
    let names = names.filter(|name| !label.contains(name) && !whole.contains(&name.as_str()));
    let column = |name: String| Column {
        is_read: text.columns().any(|read| read == name),
        name,
        hashes: Vec::new(),
        numbers: Vec::new(),
    };
    names.take(MOST_COLUMNS).map(column).collect()
}

impl Column {
    fn add(&mut self, record: &Record) {
        let value = record.get(&self.name);
        let spelling = value.and_then(Value::spelling);
        let text = spelling.as_deref().map_or("", str::trim);
        self.hashes.push(if text.is_empty() {
            0
        } else {
            xxh3_64(text.as_bytes()).max(1)
        });
        self.numbers.push(value.and_then(Value::to_float).unwrap_or(f64::NAN));
    }
}

fn sentences(patient: &Patient<'_>, sources: &[Source], rows: &mut Rows) -> Result<(), DataError> {
    let columns = TagColumns {
        text: patient.text.first().cloned(),
        tags: patient.label.first().cloned(),
    };
    let mut stream = SentenceStream::open(sources, &patient.read, &columns, true)?;
    let mut read = Vec::new();
    loop {
        match stream.next_sentence() {
            Ok(Some((sentence, ..))) => read.push(sentence),
            Ok(None) => break,
            Err(error) => rows.note(stream.place().clone(), error)?,
        }
    }
    for (position, error) in tagging::faults(&mut read) {
        rows.note(position, error.into())?;
    }
    for sentence in read {
        let tags = sentence.tags.iter().map(|tag| rows.names.number(tag)).collect();
        rows.all.push(Row {
            place: sentence.position,
            first: sentence.text,
            second: None,
            target: Target::Tags(tags),
        });
    }
    Ok(())
}

fn questions(patient: &Patient<'_>, sources: &[Source], rows: &mut Rows) -> Result<(), DataError> {
    let columns = QuestionColumns {
        question: patient.text.first().cloned(),
        context: patient.text.get(1).cloned(),
        answers: patient.label.first().cloned(),
    };
    let mut stream = QuestionStream::open(sources, &patient.read, &columns, true)?;
    loop {
        match stream.next_question() {
            Ok(Some((asked, ..))) => {
                let answers = asked.texts();
                rows.all.push(Row {
                    place: asked.position,
                    first: asked.question,
                    second: Some(asked.context),
                    target: Target::Answers(answers),
                });
            }
            Ok(None) => return Ok(()),
            Err(error) => rows.note(stream.place().clone(), error)?,
        }
    }
}
