//! Errors in tagged sentences.

use automl_metrics::SchemeError;
use automl_readers::Position;

use super::super::suggestion::listed;

/// The reason why sentences or their tags cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaggingError {
    /// A sentence has another number of tags than words.
    #[error("{position}: the numbers of words and tags differ ({words} and {tags}); each word needs one tag")]
    Counts {
        /// The place.
        position: Position,
        /// Number of words.
        words: usize,
        /// Number of tags.
        tags: usize,
    },
    /// A value is of another kind than a sentence or its tags.
    #[error("{position}: `{column}` is {found}; it must be {wanted}")]
    Kind {
        /// The place.
        position: Position,
        /// The column.
        column: String,
        /// The kind of the value.
        found: &'static str,
        /// The kinds that are read.
        wanted: &'static str,
    },
    /// A tag is empty.
    #[error("{position}: word {word} has no tag; write `O` for a word outside of all names")]
    EmptyTag {
        /// The place.
        position: Position,
        /// The word, counted from 1.
        word: usize,
    },
    /// A tag must not stand where it stands.
    #[error("{position}: {source}")]
    Scheme {
        /// The place of the sentence.
        position: Position,
        /// The first wrong tag.
        source: SchemeError,
    },
    /// A span lies outside of its text, or ends before it begins.
    #[error("{position}: the span from {start} to {end} is not in the text, which has {characters} characters")]
    Outside {
        /// The place.
        position: Position,
        /// The span's first character.
        start: i64,
        /// The character after its last one.
        end: i64,
        /// Number of characters of the text.
        characters: usize,
    },
    /// Two spans share a character.
    #[error("{position}: the spans `{first}` and `{second}` overlap; a word can have one tag only")]
    Overlap {
        /// The place.
        position: Position,
        /// The text of the one.
        first: String,
        /// The text of the other.
        second: String,
    },
    /// A span holds blanks alone.
    #[error("{position}: the span from {start} to {end} holds no word")]
    Blank {
        /// The place.
        position: Position,
        /// The span's first character.
        start: usize,
        /// The character after its last one.
        end: usize,
    },
    /// All words have the same tag.
    #[error("{position}: every word has the tag `{tag}`; at least two tags are needed")]
    OneTag {
        /// The file.
        position: Position,
        /// The tag.
        tag: String,
    },
    /// A tag is not among those of the training data.
    #[error(
        "{position}: the tag `{tag}` is not in the training data; there {}",
        listed("tag", known)
    )]
    UnknownTag {
        /// The place.
        position: Position,
        /// The tag.
        tag: String,
        /// The tags of the training data.
        known: Vec<String>,
    },
    /// A span says another text than it has.
    #[error(
        "{position}: the characters {start} to {end} are `{found}`, but the span says `{said}`; count characters, not bytes or \
         units of UTF-16"
    )]
    OtherText {
        /// The place in the data.
        position: Position,
        /// The first character.
        start: i64,
        /// The character after the last one.
        end: i64,
        /// The text there.
        found: String,
        /// The text in the span.
        said: String,
    },
    /// Two spans name parts of one word.
    #[error("{position}: two spans share the word `{word}`; give the word one label, or split it with a blank")]
    SharedWord {
        /// The place in the data.
        position: Position,
        /// The word.
        word: String,
    },
    /// The file has no sentence.
    #[error("{position}: there is no sentence with a word")]
    Empty {
        /// The file.
        position: Position,
    },
}
