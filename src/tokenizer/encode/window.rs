//! The result of an encoding.

use std::ops::Range;

use tokenizers::Encoding;

use super::Part;

/// One encoded input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The windows in the order of the text, at least one. There is one only, unless
    /// [`Truncation::Windows`](super::Truncation::Windows) cuts a long text.
    pub windows: Vec<Window>,
}

/// A sequence of tokens that the model reads at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The id of each token, with special tokens.
    pub ids: Vec<u32>,
    /// The type of each token: 1 for the second text of a pair where the tokenizer tells them apart, else 0.
    pub token_types: Vec<u32>,
    /// Where each token comes from, if [`EncodeOptions::with_origins`](super::EncodeOptions) asks for it.
    pub origins: Option<Vec<Origin>>,
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Added by the tokenizer, such as `[CLS]`.
    Added,
    /// Part of a text. A special token that is written in the text is one, too.
    Text {
        /// The text.
        part: Part,
        /// The word, counted from 0 in this text: for [`Input::Words`](super::Input::Words) the position in the list,
        /// else the pre-tokenizer's count, which leaves out special tokens.
        word: Option<u32>,
        /// The characters of the original text, or of the word for [`Input::Words`](super::Input::Words). Two tokens
        /// share a character where one is made of bytes of it.
        characters: Range<usize>,
    },
}

impl Window {
    pub(super) fn new(encoding: &Encoding, with_origins: bool) -> Self {
        Self {
            ids: encoding.get_ids().to_vec(),
            token_types: encoding.get_type_ids().to_vec(),
            origins: with_origins.then(|| origins(encoding)),
        }
    }
}

fn origins(encoding: &Encoding) -> Vec<Origin> {
    let sequences = encoding.get_sequence_ids();
    let tokens = sequences
        .iter()
        .zip(encoding.get_word_ids())
        .zip(encoding.get_offsets());
    tokens
        .map(|((sequence, word), (start, end))| match sequence {
            None => Origin::Added,
            Some(sequence) => Origin::Text {
                part: if *sequence == 0 { Part::First } else { Part::Second },
                word: *word,
                characters: *start..*end,
            },
        })
        .collect()
}
