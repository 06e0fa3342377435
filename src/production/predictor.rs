//! A trained model that stays loaded and answers requests: the predictions of `automl predict`, for a few rows at a time.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::ProductionError;
use super::examples::{Loaded, ModelFolder, Question};
use super::layout::Layout;
use super::sources::{Chunk, DEFAULT_TEXT};
use crate::finetune::data::{Source as Files, TextEncoder};
use crate::metrics::Task as TaskKind;
use crate::objective::InputError;
use crate::report::Cell;

/// The name of a request for the reader; messages do not show it.
const REQUEST: &str = "request.jsonl";

/// A loaded model.
pub struct Predictor {
    loaded: Loaded,
    encoder: Arc<TextEncoder>,
    input: ModelFolder,
}

/// The rows of a request, ready for the model.
pub struct Prepared {
    chunks: Vec<Chunk>,
    rows: usize,
}

impl Prepared {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The rows of a request in one of the forms that it may have.
enum Rows {
    /// Texts, two by two for pairs of texts.
    Texts(Vec<String>),
    /// Objects with the columns of the training data, one per line.
    Records(String),
}

/// A message about the lines of a file as one about the rows of a request: each row is a line.
fn of_request(message: &str) -> String {
    message
        .replace(&format!("`{REQUEST}`, line "), "row ")
        .replace(&format!("`{REQUEST}`"), "the request")
        .replace(REQUEST, "the request")
}

impl Predictor {
    /// Loads a model and its tokenizer.
    ///
    /// # Errors
    /// If they cannot be read, or if the model reads images.
    pub fn load(input: ModelFolder) -> Result<Self, ProductionError> {
        let loaded = Loaded::open(&input.folder)?;
        let Some(longest) = loaded.model.max_length() else {
            return Err(ProductionError::Usage(
                "this is a model of images, which are not served: `automl predict` reads the built-in ones".into(),
            ));
        };
        let encoder = loaded.opening(&input, &Question::Texts(&[])).encoder(longest)?;
        Ok(Self {
            loaded,
            encoder: Arc::new(encoder),
            input,
        })
    }

    /// The name of the task.
    pub fn task(&self) -> &'static str {
        match self.loaded.model.task().kind() {
            TaskKind::Classification => "text-classification",
            TaskKind::MultiLabel => "multi-label-classification",
            TaskKind::Regression => "regression",
            TaskKind::TokenClassification => "token-classification",
            TaskKind::QuestionAnswering => "question-answering",
        }
    }

    /// The names of the classes, labels, tags or numbers; none for answers.
    pub fn labels(&self) -> &[String] {
        match self.loaded.model.task().kind() {
            TaskKind::QuestionAnswering => &[],
            _ => self.loaded.model.labels(),
        }
    }

    /// The columns that a row given as an object needs.
    pub fn columns(&self) -> Vec<String> {
        let named = self.loaded.opening(&self.input, &Question::Texts(&[])).text_columns();
        match (named.is_empty(), self.loaded.model.task().kind()) {
            (false, _) => named,
            (true, TaskKind::QuestionAnswering) => ["question", "context"].map(str::to_owned).to_vec(),
            (true, _) => vec![DEFAULT_TEXT.to_owned()],
        }
    }

    /// Reads the rows of a request: texts, or objects with the columns of the training data; pairs of texts also as
    /// lists of two.
    ///
    /// # Errors
    /// If a row is malformed, or lacks a column or a text.
    pub fn prepare(&self, rows: &[Value]) -> Result<Prepared, ProductionError> {
        let (first, more) = match self.rows(rows)? {
            Rows::Texts(texts) => self.read(&Question::Texts(&texts))?,
            Rows::Records(lines) => {
                let read = self.read(&Question::Records(&Files::memory(REQUEST, lines)));
                read.map_err(|error| ProductionError::Usage(of_request(&error.to_string())))?
            }
        };
        let chunks: Vec<Chunk> = std::iter::once(first).chain(more).collect();
        let lines: Vec<u64> = chunks.iter().flat_map(|chunk| chunk.lines.iter().copied()).collect();
        let missing = (1..=rows.len() as u64)
            .zip(0..)
            .find(|(line, index)| lines.get(*index) != Some(line));
        if let Some((line, _)) = missing {
            return Err(ProductionError::Usage(format!("row {line} has no text")));
        }
        Ok(Prepared {
            chunks,
            rows: rows.len(),
        })
    }

    /// The predictions for requests, which are computed together. Each has the keys of `automl predict --format jsonl`.
    ///
    /// # Errors
    /// If the model cannot be applied.
    pub fn predict(&self, requests: &[Prepared]) -> Result<Vec<Vec<Map<String, Value>>>, ProductionError> {
        let mut chunks = requests.iter().flat_map(|request| &request.chunks);
        let Some(first) = chunks.next() else {
            return Ok(Vec::new());
        };
        let mut examples = first.examples.clone();
        for chunk in chunks {
            examples = examples.concat(&chunk.examples).map_err(InputError::from)?;
        }
        let predictions = self.loaded.model.predict(&examples);
        let mut predictions = predictions
            .map_err(|error| ProductionError::Train(error.into()))?
            .into_iter();
        let layout = Layout::of(&self.loaded.model, self.loaded.allows_no_answer);
        let columns = layout.columns();
        let of_request = |request: &Prepared| {
            let rows = request.chunks.iter().flat_map(|chunk| {
                (0..chunk.lines.len()).map(move |index| {
                    let text = chunk.repeated.get(index).and_then(|repeated| repeated.last());
                    let words = chunk.words.get(index).map(Vec::as_slice).unwrap_or_default();
                    (text.and_then(Cell::as_str).unwrap_or_default(), words)
                })
            });
            let objects = rows
                .zip(&mut predictions)
                .map(|(place, prediction)| columns.iter().cloned().zip(layout.cells(&prediction, place)).collect());
            objects.collect()
        };
        Ok(requests.iter().map(of_request).collect())
    }

    /// All examples of a question.
    fn read(&self, question: &Question<'_>) -> Result<(Chunk, Vec<Chunk>), ProductionError> {
        let mut opening = self.loaded.opening(&self.input, question);
        opening.encoder = Some(&self.encoder);
        let mut source = super::sources::open(&opening)?;
        let mut chunks = Vec::new();
        while let Some(chunk) = source.next(usize::MAX)? {
            chunks.push(chunk);
        }
        if chunks.is_empty() {
            return Err(ProductionError::Usage("there is no row with a text".into()));
        }
        Ok((chunks.remove(0), chunks))
    }

    fn rows(&self, rows: &[Value]) -> Result<Rows, ProductionError> {
        let usage = |message: String| Err(ProductionError::Usage(message));
        let columns = self.columns();
        let is_pair = columns.len() > 1;
        let object = || {
            let names: Vec<String> = columns.iter().map(|column| format!("{column:?}: \"…\"")).collect();
            format!("{{{}}}", names.join(", "))
        };
        let mut texts = Vec::new();
        let mut lines = String::new();
        for (row, number) in rows.iter().zip(1..) {
            match row {
                Value::Object(_) => {
                    lines.push_str(&row.to_string());
                    lines.push('\n');
                }
                Value::String(text) if !is_pair => texts.push(text.clone()),
                Value::String(_) => {
                    return usage(format!(
                        "row {number} is one text, and this model takes two: send `{}`, or a list of two texts",
                        object()
                    ));
                }
                Value::Array(pair) if is_pair => match pair.as_slice() {
                    [Value::String(first), Value::String(second)] => texts.extend([first.clone(), second.clone()]),
                    _ => return usage(format!("row {number} is not a list of two texts")),
                },
                _ => {
                    return usage(format!(
                        "row {number} is neither a text nor an object such as `{}`",
                        object()
                    ));
                }
            }
        }
        match (texts.is_empty(), lines.is_empty()) {
            (false, false) => usage("some rows are texts and some are objects: send them in one form".to_owned()),
            (true, true) => usage("there are no rows".to_owned()),
            (false, true) => Ok(Rows::Texts(texts)),
            (true, false) => Ok(Rows::Records(lines)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_request_and_its_rows() {
        assert_eq!(
            of_request("`request.jsonl`, line 3, column 2: no text"),
            "row 3, column 2: no text"
        );
        assert_eq!(
            of_request("`request.jsonl` lacks the column `a`"),
            "the request lacks the column `a`"
        );
    }
}
