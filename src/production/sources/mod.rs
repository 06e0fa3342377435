//! Examples for a model, one chunk after the other: from files, standard input, the command line or the program.
//!
//! Each kind of examples is one file, and one line in [`open`].

mod images;
mod questions;
mod sentences;
mod texts;

use std::ops::Range;
use std::path::Path;

use super::{ModelFolder, ProductionError, Question, Trained};
use crate::finetune::FineTuned;
use crate::finetune::data::{DataError, EncoderOptions, Examples, Missing, TextEncoder, UnknownLabel};
use crate::metrics::Task as TaskKind;
use crate::objective::{InputError, encoding};
use crate::readers::Fault;
use crate::spec::Truncation;

/// Maximum text length in tokens if the notes of the model are missing.
const DEFAULT_LENGTH: usize = 512;

/// The column of the texts if the notes of the model are missing.
pub(super) const DEFAULT_TEXT: &str = "text";

/// Examples, one chunk after the other.
pub(super) trait Source {
    /// The columns that predictions repeat: those that are kept, and the texts.
    fn repeated(&self) -> Vec<String>;

    /// The next examples, at most `count` if they come from a file; `None` after the last.
    ///
    /// # Errors
    /// If the data cannot be read further.
    fn next(&mut self, count: usize) -> Result<Option<Chunk>, InputError>;

    /// The rows that were left out until now because their label or text is missing.
    fn missing(&self) -> Missing {
        Missing::default()
    }
}

/// Some examples.
#[derive(Debug)]
pub struct Chunk {
    /// The lines of the file where they begin.
    pub lines: Vec<u64>,
    /// For each one, the values of the columns that predictions repeat.
    pub repeated: Vec<Vec<serde_json::Value>>,
    /// The inputs, with targets if the data has labels. A long sentence or context has several.
    pub examples: Examples,
    /// The examples that are left out because their labels are unknown.
    pub unknown: Vec<UnknownLabel>,
    /// The words of each sentence that get tags; empty for other tasks.
    pub words: Vec<Vec<Word>>,
}

/// A word of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The bytes of the sentence.
    pub bytes: Range<usize>,
    /// The characters of the sentence.
    pub characters: Range<usize>,
}

/// A model, and a question about examples.
pub(super) struct Opening<'a> {
    pub(super) model: &'a FineTuned,
    /// The folder with the model's tokenizer.
    pub(super) tokenizer: &'a Path,
    pub(super) notes: Option<&'a Trained>,
    pub(super) input: &'a ModelFolder,
    pub(super) question: &'a Question<'a>,
    /// The tokenizer, if it is loaded already.
    pub(super) encoder: Option<&'a TextEncoder>,
}

/// Opens the examples that a question is about, in the form that the model needs.
///
/// # Errors
/// If they cannot be read, or do not fit the model.
pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Source>, ProductionError> {
    match (opening.model.max_length(), opening.model.task().kind()) {
        (None, _) => images::open(opening),
        (Some(longest), TaskKind::TokenClassification) => sentences::open(opening, longest),
        (Some(longest), TaskKind::QuestionAnswering) => questions::open(opening, longest),
        (Some(longest), _) => texts::open(opening, longest),
    }
}

/// Returns whether the data has not a single byte, as a pipe into which nothing was written.
fn is_empty(error: &InputError) -> bool {
    let InputError::Data(error) = error else { return false };
    matches!(&**error, DataError::Read(error) if matches!(error.fault(), Fault::Empty))
}

impl Opening<'_> {
    /// The columns of texts that were asked for; otherwise those of the training data.
    pub(super) fn text_columns(&self) -> Vec<String> {
        if self.input.text.is_empty() {
            self.notes.map(Trained::columns).unwrap_or_default()
        } else {
            self.input.text.clone()
        }
    }

    /// The columns of labels that were asked for; otherwise those of the training data.
    fn label_columns(&self) -> Vec<String> {
        if self.input.label.is_empty() {
            self.notes.map(Trained::labels).unwrap_or_default()
        } else {
            self.input.label.clone()
        }
    }

    /// The tokenizer of the model, set as in its training. `longest` is the longest text that the model takes.
    pub(super) fn encoder(&self, longest: usize) -> Result<TextEncoder, InputError> {
        if let Some(encoder) = self.encoder {
            return Ok(encoder.clone());
        }
        let noted = self.notes.and_then(|notes| notes.max_length);
        let max_length = noted.unwrap_or(DEFAULT_LENGTH).min(longest);
        let long = self.notes.map(|notes| (notes.truncation, notes.stride));
        let task = self.model.task().kind();
        let options = EncoderOptions {
            max_length,
            truncation: encoding(task, long.unwrap_or_default(), max_length),
            is_pair: match task {
                TaskKind::QuestionAnswering => true,
                TaskKind::TokenClassification => false,
                _ => self.text_columns().len() > 1,
            },
            token_types: self.model.token_types(),
            max_windows: self
                .notes
                .and_then(|notes| notes.max_windows)
                .unwrap_or(Truncation::MAX_WINDOWS),
        };
        Ok(TextEncoder::from_folder(self.tokenizer, options)?)
    }
}
