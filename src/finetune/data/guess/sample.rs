//! The first records of some files, and what their columns hold.

use std::collections::{HashMap, HashSet};

use automl_readers::{Kind, Position, ReadError, ReadOptions, Record, Source, Value, open};
use xxhash_rust::xxh3::xxh3_64;

use super::super::records;
use super::super::suggestion::closest;
use super::GuessError;
use crate::tasks::TaskKind;

/// Records that are looked at, so that a file that is sorted by its labels shows more than one of them.
const RECORDS: usize = 50_000;

/// Bytes of texts that are looked at.
const BYTES: usize = 64 << 20;

/// Records that are kept as they are, to compare columns with each other.
const KEPT: usize = 200;

/// Different values of a column that are kept.
const VALUES: usize = 1_000;

/// Bytes of the longest value that is kept as it is.
const LONGEST_VALUE: usize = 200;

/// The first records.
pub(super) struct Sample {
    pub(super) place: Position,
    pub(super) format: &'static str,
    pub(super) columns: Vec<Column>,
    /// Number of records that were looked at.
    pub(super) records: usize,
    /// True if these are all.
    pub(super) is_whole: bool,
    pub(super) first: Vec<Record>,
}

/// What a column holds in the sample.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) name: String,
    /// Values that are there and not blank.
    pub(super) filled: usize,
    /// Characters and words of texts, all together.
    pub(super) characters: usize,
    pub(super) words: usize,
    /// Values that are numbers, and those of them with a fraction.
    pub(super) numbers: usize,
    pub(super) fractions: usize,
    pub(super) booleans: usize,
    pub(super) lists: usize,
    /// Values with a letter.
    pub(super) lettered: usize,
    /// True while every number is the one before plus one.
    pub(super) counts_up: bool,
    /// Different values, in their order, and how often each is there.
    pub(super) values: Vec<(String, usize)>,
    index: HashMap<u64, usize>,
    distinct: HashSet<u64>,
    last: Option<f64>,
    is_unreadable: bool,
}

impl Sample {
    /// # Errors
    /// If a file cannot be opened or is damaged as a whole. Damaged records are passed over.
    pub(super) fn read(sources: &[Source], options: &ReadOptions) -> Result<Self, ReadError> {
        let mut reader = open(sources, options)?;
        let mut sample = Self {
            place: Position::file(records::name(sources)),
            format: reader.format().name,
            columns: Vec::new(),
            records: 0,
            is_whole: false,
            first: Vec::new(),
        };
        let (mut bytes, mut fault) = (0, None);
        while sample.records < RECORDS && bytes < BYTES {
            match reader.next() {
                None => {
                    sample.is_whole = true;
                    break;
                }
                Some(Ok(record)) => {
                    bytes += sample.add(&record);
                    if sample.first.len() < KEPT {
                        sample.first.push(record);
                    }
                }
                Some(Err(error)) => {
                    if !error.is_of_one_record() {
                        fault = Some(error);
                        break;
                    }
                    fault.get_or_insert(error);
                }
            }
        }
        for field in reader.fields().iter().filter(|field| field.kind == Kind::Unsupported) {
            if let Some(column) = sample.columns.iter_mut().find(|column| column.name == field.name) {
                column.is_unreadable = true;
            }
        }
        match fault {
            Some(error) if sample.records == 0 || !error.is_of_one_record() => Err(error),
            _ => Ok(sample),
        }
    }

    /// Adds a record; returns the bytes of its texts.
    fn add(&mut self, record: &Record) -> usize {
        self.records += 1;
        let names = record.columns().names();
        for name in names.skip(self.columns.len()) {
            self.columns.push(Column::new(name));
        }
        let columns = self.columns.iter_mut().zip(record.values());
        columns.map(|(column, value)| column.add(value)).sum()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Checks that there is a column with this name, or whose parts have it; a template is checked when it is read.
    ///
    /// # Errors
    /// Returns [`GuessError::UnknownColumn`] if there is none.
    pub(super) fn require(&self, name: &str) -> Result<(), GuessError> {
        let is_part = |column: &Column| column.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        if name.contains('{') || self.columns.iter().any(|column| column.name == name || is_part(column)) {
            return Ok(());
        }
        let columns = self.names();
        Err(GuessError::UnknownColumn {
            place: self.place.clone(),
            column: name.to_owned(),
            suggestion: closest(name, &columns),
            columns,
        })
    }

    /// The error for a column that is not found.
    pub(super) fn not_found(&self, what: &'static str, flag: &'static str, why: impl Into<String>) -> GuessError {
        GuessError::NotFound {
            place: self.place.clone(),
            what,
            why: why.into(),
            columns: self.names(),
            flag,
        }
    }

    /// The error for a task whose columns are not there.
    pub(super) fn no_columns_for(&self, task: TaskKind) -> GuessError {
        match task {
            TaskKind::QuestionAnswering => self.not_found(
                "questions with a context and answers",
                "--text QUESTION --text CONTEXT --label",
                "an answer must be a part of the context",
            ),
            TaskKind::TokenClassification
            | TaskKind::Classification
            | TaskKind::MultiLabel
            | TaskKind::Regression => self.not_found(
                "tags of words",
                "--label",
                "tags are a list beside a list of words, spans with a `start` and an `end`, or as many words as the text has",
            ),
        }
    }
}

impl Column {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            counts_up: true,
            ..Self::default()
        }
    }

    fn add(&mut self, value: &Value) -> usize {
        match value {
            Value::Null => 0,
            Value::List(values) => {
                self.filled += 1;
                self.lists += 1;
                for value in values {
                    if let Some(spelling) = value.spelling() {
                        self.count(spelling.trim());
                    }
                }
                values.len()
            }
            other => other.spelling().map_or(0, |text| self.add_text(&text, value)),
        }
    }

    fn add_text(&mut self, text: &str, value: &Value) -> usize {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return text.len();
        }
        self.filled += 1;
        self.characters += trimmed.chars().count();
        self.words += trimmed.split_whitespace().count();
        self.lettered += usize::from(trimmed.chars().any(char::is_alphabetic));
        let is_boolean = matches!(value, Value::Boolean(_)) || matches!(trimmed, "true" | "false" | "True" | "False");
        self.booleans += usize::from(is_boolean);
        match number(trimmed) {
            Some(number) => {
                self.numbers += 1;
                self.fractions += usize::from(number.fract() != 0.0);
                self.counts_up &= self.last.is_none_or(|last| number - last == 1.0);
                self.last = Some(number);
            }
            None => self.counts_up = false,
        }
        self.count(trimmed);
        text.len()
    }

    fn count(&mut self, text: &str) {
        let hash = xxh3_64(text.as_bytes());
        self.distinct.insert(hash);
        if let Some(&index) = self.index.get(&hash) {
            self.values[index].1 += 1;
        } else if self.values.len() < VALUES && text.len() <= LONGEST_VALUE {
            self.index.insert(hash, self.values.len());
            self.values.push((text.to_owned(), 1));
        }
    }

    /// Number of different values.
    pub(super) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// True if the values can be read and there are some.
    pub(super) fn is_usable(&self) -> bool {
        self.filled > 0 && !self.is_unreadable
    }

    pub(super) fn is_of_numbers(&self) -> bool {
        self.numbers == self.filled && self.filled > 0
    }

    pub(super) fn is_of_lists(&self) -> bool {
        self.lists == self.filled && self.filled > 0
    }

    /// Words of a value, on average.
    pub(super) fn mean_words(&self) -> f64 {
        self.words as f64 / self.filled.max(1) as f64
    }

    /// True if every value is different, and there are enough to tell.
    pub(super) fn is_unique(&self) -> bool {
        self.distinct() == self.filled && self.filled >= 8
    }

    /// True if the values are texts: they have letters, and are neither numbers nor lists.
    pub(super) fn is_of_texts(&self) -> bool {
        self.is_usable() && self.lists == 0 && self.lettered * 2 > self.filled && self.booleans < self.filled
    }
}

/// A finite number as people write it; not `nan` or `inf`.
fn number(text: &str) -> Option<f64> {
    let begins = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
    begins
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number: &f64| number.is_finite())
}
