//! Reads questions from records.

use std::sync::Arc;

use automl_readers::{Position, ReadOptions, Record, Source, Value};

use super::super::DataError;
use super::super::records::{Records, json, text, wrong};
use super::super::split_column::{SplitColumn, SplitReader, SplitValue};
use super::{AnsweringError, AskedQuestion};

/// The columns of questions. A name that is not given is found among the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionColumns {
    /// The column of the question; usually `question`.
    pub question: Option<String>,
    /// The column of the text to look in; usually `context`.
    pub context: Option<String>,
    /// The column of the answers; usually `answers`.
    pub answers: Option<String>,
}

const QUESTIONS: [&str; 2] = ["question", "query"];
const CONTEXTS: [&str; 4] = ["context", "passage", "paragraph", "text"];
const ANSWERS: [&str; 3] = ["answers", "answer", "label"];

/// Questions, one after the other, in constant memory.
#[derive(Debug)]
pub struct QuestionStream {
    records: Records,
    question: String,
    context: String,
    /// The column of the answers; `None` if they are not read.
    answers: Option<String>,
    keep: Vec<String>,
    /// The context of the question before, which the next one often shares.
    last: Arc<str>,
    /// The values in the column of the split, if there is one.
    split: Option<SplitReader>,
}

/// A question, its line, and the values of the columns that are kept.
pub type KeptQuestion = (AskedQuestion, u64, Vec<serde_json::Value>);

impl QuestionStream {
    /// Opens files. Answers are read if `has_answers`.
    ///
    /// # Errors
    /// If a file cannot be read, or lacks a column.
    pub fn open(
        sources: &[Source],
        options: &ReadOptions,
        columns: &QuestionColumns,
        has_answers: bool,
    ) -> Result<Self, DataError> {
        let records = Records::open(sources, options)?;
        let question = records.find(
            columns.question.as_deref(),
            (&QUESTIONS, "text", "questions", "data.text"),
        )?;
        let context = records.find(columns.context.as_deref(), (&CONTEXTS, "text", "contexts", "data.text"))?;
        let answers = records.find(columns.answers.as_deref(), (&ANSWERS, "text", "answers", "data.label"));
        Ok(Self {
            records,
            question,
            context,
            answers: if has_answers { Some(answers?) } else { None },
            keep: Vec::new(),
            last: "".into(),
            split: None,
        })
    }

    /// Keeps the values of these columns too. Call it before reading any question.
    ///
    /// # Errors
    /// If a column does not exist.
    pub fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        self.keep = self.records.kept(columns, &[&self.question])?;
        Ok(())
    }

    /// Collects the values of the column that a split goes by. Call it before reading any question.
    ///
    /// # Errors
    /// If there is no such column.
    pub(super) fn split_by(&mut self, column: &SplitColumn) -> Result<(), DataError> {
        self.split = Some(SplitReader::new(column, &self.records)?);
        Ok(())
    }

    /// The columns that are kept.
    pub fn kept(&self) -> &[String] {
        &self.keep
    }

    /// The place of the record that was read last, even if it is damaged.
    pub(in crate::data) fn place(&self) -> &Position {
        self.records.place()
    }

    /// Returns whether the next question of standard input has not arrived yet.
    fn is_drained(&self) -> bool {
        self.records.is_drained()
    }

    /// The next questions, at most `count`, and of standard input no more than have arrived; none behind the last.
    ///
    /// # Errors
    /// If a record is damaged, or is not a question.
    pub fn next_chunk(&mut self, count: usize) -> Result<Vec<KeptQuestion>, DataError> {
        let mut questions = Vec::new();
        while questions.len() < count && (questions.is_empty() || !self.is_drained()) {
            match self.next_question() {
                Ok(Some(question)) => questions.push(question),
                Ok(None) => break,
                Err(error) if self.answers.is_none() && error.is_of_no_rows() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(questions)
    }

    /// The next question; `None` behind the last.
    ///
    /// # Errors
    /// If a record is damaged, or is not a question.
    pub(in crate::data) fn next_question(&mut self) -> Result<Option<KeptQuestion>, DataError> {
        let Some((line, mut record)) = self.records.next()? else {
            return Ok(None);
        };
        let kept = self.keep.iter().map(|column| json(&record, column)).collect();
        if let Some(split) = &mut self.split {
            let value = split.read(&record)?;
            split.push(value);
        }
        let position = record.position.clone();
        let filled = |record: &mut Record, column: &str| -> Result<String, DataError> {
            let found = text(record, column)?.unwrap_or_default();
            if found.trim().is_empty() {
                return Err(AnsweringError::Empty {
                    position: position.clone(),
                    column: column.to_owned(),
                }
                .into());
            }
            Ok(found)
        };
        let answers = match &self.answers {
            Some(column) => answers(&record, column)?,
            None => Vec::new(),
        };
        let question = filled(&mut record, &self.question)?;
        let context = filled(&mut record, &self.context)?;
        if *self.last != *context {
            self.last = context.into();
        }
        let asked = AskedQuestion::new((question, Arc::clone(&self.last)), answers, position.clone())?;
        Ok(Some((asked, line, kept)))
    }

    /// The rest of the questions, with their values in the column of the split.
    ///
    /// # Errors
    /// See [`Self::next_question`].
    pub(super) fn all(mut self) -> Result<(Vec<AskedQuestion>, Vec<SplitValue>), DataError> {
        let mut questions = Vec::new();
        while let Some((question, ..)) = self.next_question()? {
            questions.push(question);
        }
        Ok((questions, self.split.map(SplitReader::into_values).unwrap_or_default()))
    }
}

/// The answers of a record, each with the character where it begins if that is told. A question without any has no
/// answer.
fn answers(record: &Record, column: &str) -> Result<Vec<(String, Option<i64>)>, DataError> {
    let part = |names: &[&str]| {
        let found = names.iter().find_map(|name| record.get(&format!("{column}.{name}")));
        found.map(|value| (column, value))
    };
    let (texts, starts) = (part(&["text"]), part(&["answer_start", "start"]));
    let plain = record.get(column).map(|value| (column, value));
    let Some((_, texts)) = texts.or(plain) else {
        return Ok(Vec::new());
    };
    let one_or_more = |value: &Value| -> Vec<Value> {
        match value {
            Value::Null => Vec::new(),
            Value::List(values) => values.clone(),
            Value::Text(_) | Value::Number(_) | Value::Boolean(_) => vec![value.clone()],
        }
    };
    let texts = one_or_more(texts);
    let starts = starts.map(|(_, value)| one_or_more(value)).unwrap_or_default();
    if !starts.is_empty() && starts.len() != texts.len() {
        return Err(AnsweringError::Counts {
            position: record.position.clone(),
            answers: texts.len(),
            starts: starts.len(),
        }
        .into());
    }
    let mut answers = Vec::with_capacity(texts.len());
    for (index, answer) in texts.iter().enumerate() {
        let Some(answer) = answer.as_text() else {
            return Err(wrong(record, column, answer, "a text, or a list of texts"));
        };
        let start = match starts.get(index) {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => number.as_integer(),
            Some(other) => {
                return Err(wrong(
                    record,
                    column,
                    other,
                    "answers with a whole number `answer_start`",
                ));
            }
        };
        // An empty answer is none.
        if !answer.is_empty() {
            answers.push((answer.to_owned(), start));
        }
    }
    Ok(answers)
}

/// The place of a file as a whole.
pub(super) fn whole(sources: &[Source]) -> Position {
    Position::file(super::super::records::name(sources))
}
