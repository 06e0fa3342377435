//! Texts, or pairs of texts, with or without labels.

use super::{Chunk, DEFAULT_TEXT, Opening, Source};
use crate::finetune::FineTuned;
use crate::finetune::data::{
    KnownLabels, LabelKind, Missing, RawText, Source as Files, TextColumns, TextEncoder, TextStream, builtin,
};
use crate::metrics::Task as TaskKind;
use crate::objective::{InputError, read_options};
use crate::production::{ProductionError, Question};

struct Texts {
    stream: TextStream,
    columns: TextColumns,
}

/// Opens the texts.
///
/// # Errors
/// If they cannot be read or lack a column.
pub(super) fn open(opening: &Opening<'_>, longest: usize) -> Result<Box<dyn Source>, ProductionError> {
    let columns = match opening.text_columns().as_slice() {
        [] => TextColumns::one(DEFAULT_TEXT),
        names => TextColumns::new(names).map_err(InputError::from)?,
    };
    let encoder = opening.encoder(longest)?;
    let stream = match opening.question {
        Question::Texts(texts) => TextStream::of_texts(given(texts, &columns)?, encoder),
        Question::Records(records) => files(opening, (*records).clone(), &columns, None, encoder)?,
        Question::Labelled(data) => files(opening, builtin::source(data), &columns, Some(labels(opening)), encoder)?,
        Question::Unlabelled { data, keep } => {
            let mut stream = files(opening, builtin::source(data), &columns, None, encoder)?;
            stream.keep(keep).map_err(InputError::from)?;
            stream
        }
    };
    Ok(Box::new(Texts { stream, columns }))
}

impl Source for Texts {
    fn repeated(&self) -> Vec<String> {
        let kept = self.stream.kept().iter().map(String::as_str);
        kept.chain(self.columns.names()).map(str::to_owned).collect()
    }

    fn next(&mut self, count: usize) -> Result<Option<Chunk>, InputError> {
        let Some(chunk) = self.stream.next_chunk(count)? else {
            return Ok(None);
        };
        let rows = chunk.texts.iter().zip(chunk.kept);
        let repeated = rows.map(|(text, mut kept)| {
            kept.extend(text.texts().map(serde_json::Value::from));
            kept
        });
        Ok(Some(Chunk {
            lines: chunk.lines,
            repeated: repeated.collect(),
            examples: chunk.examples,
            unknown: chunk.unknown,
            words: Vec::new(),
        }))
    }

    fn missing(&self) -> Missing {
        self.stream.missing().clone()
    }
}

fn files(
    opening: &Opening<'_>,
    data: Files,
    columns: &TextColumns,
    labels: Option<KnownLabels>,
    encoder: TextEncoder,
) -> Result<TextStream, InputError> {
    // Selecting a column means that the data is a table.
    let keeps = matches!(opening.question, Question::Unlabelled { keep, .. } if !keep.is_empty());
    let has_header = !opening.input.text.is_empty() || keeps;
    let read = read_options(&opening.input.reading);
    Ok(TextStream::open(&[data], &read, columns, labels, has_header, encoder)?)
}

pub(super) fn labels(opening: &Opening<'_>) -> KnownLabels {
    let columns = opening.label_columns();
    let separator = opening.notes.and_then(|notes| notes.multi_label.as_deref());
    KnownLabels {
        columns: if columns.is_empty() {
            vec!["label".to_owned()]
        } else {
            columns
        },
        names: opening.model.labels().to_vec(),
        kind: kind(opening.model, separator),
    }
}

/// The kind of labels that a model was trained on.
fn kind(model: &FineTuned, separator: Option<&str>) -> LabelKind {
    match model.task().kind() {
        TaskKind::MultiLabel => LabelKind::Several {
            separator: separator.unwrap_or(";").to_owned(),
        },
        TaskKind::Regression => LabelKind::Number,
        _ => LabelKind::Class,
    }
}

/// The texts of the command line, two by two for a model of pairs.
fn given(texts: &[String], columns: &TextColumns) -> Result<Vec<RawText>, ProductionError> {
    let Some(second) = columns.second() else {
        return Ok(texts.iter().cloned().map(RawText::from).collect());
    };
    let (pairs, rest) = texts.as_chunks();
    if !rest.is_empty() {
        return Err(ProductionError::Usage(format!(
            "this is a model of pairs of texts: give `--text` twice for every pair, with the `{}` and the `{second}`",
            columns.first()
        )));
    }
    let pair = |[first, second]: &[String; 2]| RawText {
        first: first.clone(),
        second: Some(second.clone()),
    };
    Ok(pairs.iter().map(pair).collect())
}
