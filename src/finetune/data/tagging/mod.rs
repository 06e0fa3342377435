//! Sentences whose words have tags: read, checked, split and cut into windows.
//!
//! A tag belongs to a word and is predicted at the word's first token. A sentence that is too long for a model becomes
//! several windows; each of its words counts in the one that shows the most around it.

mod encode;
mod error;
mod read;
mod scheme;
mod sentence;
mod table;
mod windows;
mod words;

pub use encode::Tagged;
pub use error::TaggingError;
pub use read::{KeptSentence, SentenceStream, TagColumns};
pub(super) use scheme::{faults, names};
pub use sentence::{NamedSpan, Sentence};
pub use table::{SentenceTable, TaggingOptions};
pub use windows::{LostWord, TagWindow, UNTAGGED};
