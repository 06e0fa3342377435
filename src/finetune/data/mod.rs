//! Labelled data for fine-tuning: read, checked, split, tokenized and cut into batches.
//!
//! Begin reading at [`Dataset`]. [`table`] makes one from the user's files, [`builtin`] from data in the program.
//! [`batches`] decides the order in which a trainer sees it.

mod answers;
pub mod batches;
pub mod builtin;
mod encoder;
mod error;
mod examples;
mod fields;
pub mod images;
mod labels;
mod lines;
mod rows;
mod shuffle;
pub mod split;
pub mod stream;
pub(crate) mod suggestion;
pub mod table;
mod tags;
mod targets;
#[cfg(test)]
mod testing;
mod text;

pub use answers::{AnswerTargets, AnswerWindow, Question};
pub use automl_tokenizer::{Tokenizer, TokenizerError, Truncation};
pub use batches::{epoch_batches, evaluation_batches};
pub use encoder::{EncoderOptions, TextEncoder};
pub use error::DataError;
pub use examples::{Dataset, Examples, IMAGE_PIXELS, Inputs};
pub use split::SplitOptions;
pub use stream::{Chunk, KnownLabels, TextStream, UnknownLabel};
pub use table::{LabelKind, TableOptions, TextTable, load_table};
pub use tags::{TagWindow, UNTAGGED};
pub use targets::Targets;
pub use text::{RawText, Text, TextColumns};
