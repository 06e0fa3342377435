//! Inputs and options of an encoding.

/// One example to encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// One text.
    Text(&'a str),
    /// Two texts, such as a question and a passage. If the second is empty, the first is encoded alone.
    Pair(&'a str, &'a str),
    /// One text as a list of words, as tagging has it. Tokenizers that know words by the blank before them get one
    /// before every word, also before the first.
    Words(&'a [&'a str]),
}

impl<'a> Input<'a> {
    /// True for two texts with special tokens between them. Like `transformers` when it is called with one pair, a
    /// pair without a second text becomes a single text.
    pub fn has_second(&self) -> bool {
        matches!(self, Self::Pair(_, second) if !second.is_empty())
    }

    /// All texts or words.
    pub(crate) fn texts(&self) -> Vec<&'a str> {
        match *self {
            Self::Text(text) => vec![text],
            Self::Pair(first, second) => vec![first, second],
            Self::Words(words) => words.to_vec(),
        }
    }
}

/// One of the texts of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The only text, the words, or the first text of a pair.
    First,
    /// The second text of a pair.
    Second,
}

/// How a text that is too long is made to fit. Special tokens are always kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncation {
    /// Keeps the beginning (or the end, if the tokenizer's `truncation_side` is `left`). Of a pair the longer text is
    /// cut first, until both are equally long: `longest_first` of `transformers`.
    LongestFirst,
    /// Keeps the beginning and the end: a quarter of the tokens from the beginning, the rest from the end (Sun et al.
    /// 2019, "How to Fine-Tune BERT for Text Classification", §5.3.1: 128 and 382 of 510). The lengths of a pair are
    /// those of [`LongestFirst`](Self::LongestFirst).
    HeadTail,
    /// Cuts one text into windows, all of which are kept.
    Windows {
        /// The text that is cut. Of an input with one text it is always that one. The other text of a pair is
        /// repeated in every window: question answering cuts the second.
        of: Part,
        /// Tokens that a window repeats from the one before.
        stride: usize,
    },
}

/// How texts are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The largest number of tokens of a window, with special tokens.
    pub max_length: usize,
    /// The treatment of longer texts.
    pub truncation: Truncation,
    /// Tells where each token comes from ([`Window::origins`](super::Window::origins)).
    pub with_origins: bool,
}

impl EncodeOptions {
    /// Options without origins.
    pub fn new(max_length: usize, truncation: Truncation) -> Self {
        Self {
            max_length,
            truncation,
            with_origins: false,
        }
    }

    /// The same with origins.
    #[must_use]
    pub fn with_origins(self) -> Self {
        Self {
            with_origins: true,
            ..self
        }
    }
}
