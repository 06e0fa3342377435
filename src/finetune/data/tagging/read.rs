//! Reads sentences from records.

use automl_readers::{Position, ReadOptions, Record, Source, Value};

use super::super::DataError;
use super::super::records::{Records, text, wrong};
use super::super::split_column::{SplitColumn, SplitReader, SplitValue};
use super::{NamedSpan, Sentence, TaggingError, scheme};

/// Columns of words or texts, if none is named.
const TEXTS: [&str; 5] = ["tokens", "words", "text", "sentence", "form"];

/// Columns of tags or spans, if none is named.
const TAGS: [&str; 7] = ["tags", "ner_tags", "labels", "spans", "entities", "label", "ner"];

/// The columns of sentences and their tags. A name that is not given is found among the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagColumns {
    /// The column of the words, or of the text.
    pub text: Option<String>,
    /// The column of the tags, or of the spans.
    pub tags: Option<String>,
}

/// Sentences, one after the other, in constant memory.
#[derive(Debug)]
pub struct SentenceStream {
    records: Records,
    text: String,
    /// The column of the tags; `None` if they are not read.
    tags: Option<String>,
    keep: Vec<String>,
    /// The values in the column of the split, if there is one.
    split: Option<SplitReader>,
}

/// A sentence, its line, and the values of the columns that are kept.
pub type KeptSentence = (Sentence, u64, Vec<serde_json::Value>);

impl SentenceStream {
    /// Opens files. Tags are read if `has_tags`.
    ///
    /// # Errors
    /// If a file cannot be read, or lacks a column.
    pub fn open(
        sources: &[Source],
        options: &ReadOptions,
        columns: &TagColumns,
        has_tags: bool,
    ) -> Result<Self, DataError> {
        let records = Records::open(sources, options)?;
        let text = records.find(columns.text.as_deref(), (&TEXTS, "start", "words", "data.text"))?;
        let tags = records.find(columns.tags.as_deref(), (&TAGS, "start", "tags", "data.label"));
        Ok(Self {
            records,
            text,
            tags: if has_tags { Some(tags?) } else { None },
            keep: Vec::new(),
            split: None,
        })
    }

    /// Keeps the values of these columns too. Call it before reading any sentence.
    ///
    /// # Errors
    /// If a column does not exist.
    pub fn keep(&mut self, columns: &[String]) -> Result<(), DataError> {
        self.keep = self.records.kept(columns, &[&self.text])?;
        Ok(())
    }

    /// Collects the values of the column that a split goes by. Call it before reading any sentence.
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

    /// Returns whether the next sentence of standard input has not arrived yet.
    fn is_drained(&self) -> bool {
        self.records.is_drained()
    }

    /// The next sentence; `None` behind the last.
    ///
    /// # Errors
    /// If a record is damaged, or is not a sentence.
    pub(in crate::data) fn next_sentence(&mut self) -> Result<Option<KeptSentence>, DataError> {
        let Some((line, mut record)) = self.records.next()? else {
            return Ok(None);
        };
        let kept = self
            .keep
            .iter()
            .map(|column| super::super::records::json(&record, column));
        let kept = kept.collect();
        let value = self.split.as_ref().map(|split| split.read(&record)).transpose()?;
        let sentence = sentence(&mut record, &self.text, self.tags.as_deref())?;
        // Sentences without words are left out.
        if let (Some(split), Some(value), false) = (&mut self.split, value, sentence.words.is_empty()) {
            split.push(value);
        }
        Ok(Some((sentence, line, kept)))
    }

    /// The next sentences, at most `count`, and of standard input no more than have arrived; none behind the last. Tags
    /// that are read have the form in which a model was trained on them.
    ///
    /// # Errors
    /// If a record is damaged or not a sentence, or if its tags break the rules.
    pub fn next_chunk(&mut self, count: usize) -> Result<Vec<KeptSentence>, DataError> {
        let (mut sentences, mut others) = (Vec::new(), Vec::new());
        while sentences.len() < count && (sentences.is_empty() || !self.is_drained()) {
            match self.next_sentence() {
                Ok(Some((sentence, line, kept))) => {
                    sentences.push(sentence);
                    others.push((line, kept));
                }
                Ok(None) => break,
                Err(error) if self.tags.is_none() && error.is_of_no_rows() => break,
                Err(error) => return Err(error),
            }
        }
        scheme::check(&mut sentences)?;
        let both = sentences.into_iter().zip(others);
        Ok(both.map(|(sentence, (line, kept))| (sentence, line, kept)).collect())
    }

    /// The rest of the sentences, with their values in the column of the split; those without a word are left out.
    ///
    /// # Errors
    /// See [`Self::next_sentence`].
    pub(super) fn all(mut self, file: &Position) -> Result<(Vec<Sentence>, Vec<SplitValue>), DataError> {
        let mut sentences = Vec::new();
        while let Some((sentence, ..)) = self.next_sentence()? {
            if !sentence.words.is_empty() {
                sentences.push(sentence);
            }
        }
        if sentences.is_empty() {
            return Err(TaggingError::Empty { position: file.clone() }.into());
        }
        Ok((sentences, self.split.map(SplitReader::into_values).unwrap_or_default()))
    }
}

fn sentence(record: &mut Record, text_column: &str, tags: Option<&str>) -> Result<Sentence, DataError> {
    let position = record.position.clone();
    let words = match record.get(text_column) {
        Some(Value::List(words)) => Some(texts(record, text_column, words)?),
        _ => None,
    };
    let Some(tags) = tags else {
        return Ok(match words {
            Some(words) => Sentence::of_words(&words, Vec::new(), position)?,
            None => Sentence::of_text(text(record, text_column)?.unwrap_or_default(), position),
        });
    };
    if let Some(spans) = spans(record, tags)? {
        let text = match words {
            Some(words) => words.join(" "),
            None => text(record, text_column)?.unwrap_or_default(),
        };
        said(record, tags, (&text, &spans), &position)?;
        return Ok(Sentence::of_spans(text, spans, position)?);
    }
    let parts = |text: String| text.split_whitespace().map(str::to_owned).collect();
    let tags = match record.get(tags) {
        Some(Value::List(values)) => texts(record, tags, values)?,
        Some(Value::Text(tags)) => parts(tags.clone()),
        other => {
            let other = other.cloned().unwrap_or_default();
            return Err(wrong(record, tags, &other, "a list of tags, or a list of spans"));
        }
    };
    let words = match words {
        Some(words) => words,
        None => parts(text(record, text_column)?.unwrap_or_default()),
    };
    Ok(Sentence::of_words(&words, tags, position)?)
}

/// The texts of a list; numbers are spelled.
fn texts(record: &Record, column: &str, values: &[Value]) -> Result<Vec<String>, DataError> {
    let text = |value: &Value| match value.spelling() {
        Some(spelling) => Ok(spelling.into_owned()),
        None => Err(wrong(record, column, value, "a list of texts")),
    };
    values.iter().map(text).collect()
}

/// The spans of a text, if the column holds spans.
fn spans(record: &Record, column: &str) -> Result<Option<Vec<NamedSpan>>, DataError> {
    let part = |name: &str| record.get(&format!("{column}.{name}")).and_then(Value::as_list);
    let label = || {
        ["label", "type", "entity", "entity_group", "tag"]
            .into_iter()
            .find_map(part)
    };
    if let (Some(starts), Some(ends)) = (part("start"), part("end")) {
        let labels = label().unwrap_or_default();
        let spans = starts.iter().zip(ends).enumerate().map(|(index, (start, end))| {
            let label = labels.get(index).unwrap_or(&Value::Null);
            span(record, column, [start, end, label])
        });
        return spans.collect::<Result<_, _>>().map(Some);
    }
    match record.get(column) {
        // A list of `[start, end, label]`; an empty one has no spans.
        Some(Value::List(triples)) if triples.iter().all(|triple| triple.as_list().is_some()) => {
            let spans = triples.iter().map(|triple| match triple.as_list() {
                Some([start, end, label]) => span(record, column, [start, end, label]),
                _ => Err(wrong(record, column, triple, "a list of `[start, end, label]`")),
            });
            spans.collect::<Result<_, _>>().map(Some)
        }
        _ => Ok(None),
    }
}

/// Checks the texts that spans say they have: other programs count bytes, or the units of UTF-16.
fn said(
    record: &Record,
    column: &str,
    (text, spans): (&str, &[NamedSpan]),
    position: &Position,
) -> Result<(), TaggingError> {
    let said = record.get(&format!("{column}.text")).and_then(Value::as_list);
    for (span, said) in spans.iter().zip(said.unwrap_or_default()) {
        let Value::Text(said) = said else { continue };
        let [start, end] = [span.start, span.end].map(|end| usize::try_from(end).unwrap_or(0));
        let found: String = text.chars().skip(start).take(end.saturating_sub(start)).collect();
        if found.trim() != said.trim() {
            return Err(TaggingError::OtherText {
                position: position.clone(),
                start: span.start,
                end: span.end,
                found,
                said: said.clone(),
            });
        }
    }
    Ok(())
}

fn span(record: &Record, column: &str, [start, end, label]: [&Value; 3]) -> Result<NamedSpan, DataError> {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_integer(),
        Value::Text(_) | Value::Boolean(_) | Value::List(_) | Value::Null => None,
    };
    let (Some(first), Some(after)) = (number(start), number(end)) else {
        let (part, value) = if number(start).is_none() {
            ("start", start)
        } else {
            ("end", end)
        };
        return Err(wrong(
            record,
            &format!("{column}.{part}"),
            value,
            "a whole number of characters",
        ));
    };
    match label.spelling().filter(|label| !label.trim().is_empty()) {
        Some(label) => Ok(NamedSpan {
            start: first,
            end: after,
            label: label.trim().to_owned(),
        }),
        None => Err(wrong(record, column, label, "spans with a `label`")),
    }
}
