//! Labelled data for fine-tuning: read, checked, split, tokenized and cut into batches.
//!
//! Begin reading at [`Dataset`]. [`table`] makes one from the user's files, [`builtin`] from data in the program.
//! `records` reads files of every kind; `rows` makes texts with labels of records, as each task does in its own file.
//! [`duplicates`] finds rows that are the same, [`batches`] decides the order in which a trainer sees the examples.

mod answering;
pub mod batches;
pub mod builtin;
pub mod doctor;
pub mod duplicates;
mod encoder;
mod error;
mod examples;
mod folds;
pub mod guess;
mod held_out;
mod image_size;
pub mod images;
mod labels;
mod missing;
pub mod pictures;
mod pixels;
mod records;
mod rows;
mod shuffle;
pub mod split;
mod split_column;
pub mod stream;
pub(crate) mod suggestion;
pub mod table;
mod tagging;
mod targets;
mod template;
#[cfg(test)]
mod testing;
mod text;
mod together;
mod tokens;

pub use answering::{
    AnswerTargets, AnswerWindow, AnsweringError, AnsweringOptions, AskedQuestion, KeptQuestion, Question,
    QuestionColumns, QuestionStream, QuestionTable,
};
pub use automl_readers::{At, Position, ReadError, ReadOptions, Source};
pub use automl_tokenizer::{Part, Tokenizer, TokenizerError, Truncation};
pub use batches::{epoch_batches, evaluation_batches};
pub use duplicates::DuplicateGroups;
pub use encoder::{EncoderOptions, TextEncoder};
pub use error::DataError;
pub use examples::{Dataset, Examples, IMAGE_PIXELS, Inputs};
pub use folds::Folds;
pub use image_size::ImageSize;
pub use labels::LabelKind;
pub use missing::{Missing, OnMissing};
pub use pixels::{PixelBytes, PixelStore, Pixels, Scale};
pub use split::{Held, SplitOptions};
pub use split_column::SplitColumn;
pub use stream::{Chunk, KnownLabels, TextStream, UnknownLabel};
pub use table::{TableOptions, TextTable, load_table};
pub use tagging::{
    KeptSentence, LostWord, NamedSpan, Sentence, SentenceStream, SentenceTable, TagColumns, TagWindow, Tagged,
    TaggingError, TaggingOptions, UNTAGGED,
};
pub use targets::Targets;
pub use text::{RawText, Text, TextColumns};
pub use together::Together;
pub use tokens::{TokenTable, Tokens};
