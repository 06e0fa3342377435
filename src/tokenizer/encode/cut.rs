//! Encodes one input: tokens, then truncation, then special tokens. The first and the rest can be done apart.

use std::ops::Range;

use tokenizers::Encoding;

use super::lengths::{head_and_tail, longest_first, windows};
use super::tokenized::{Tokenized, of_ids};
use super::{EncodeOptions, Encoded, Input, Part, Truncation, Window};
use crate::error::TokenizerError;
use crate::pipeline::Pipeline;

/// Encodes the input at this position of a batch. `keeps_end` says which side of a text truncation keeps.
pub(crate) fn encode_one(
    pipeline: &Pipeline,
    keeps_end: bool,
    (index, input): (usize, &Input<'_>),
    options: &EncodeOptions,
) -> Result<Encoded, TokenizerError> {
    let texts = Texts::of(pipeline, input, options.with_origins)?;
    texts.cut(pipeline, keeps_end, (index, lacks_second(input)), options)
}

/// The tokens of an input, not cut yet.
pub(crate) fn tokenize_one(pipeline: &Pipeline, input: &Input<'_>) -> Result<Tokenized, TokenizerError> {
    let Texts(first, second) = Texts::of(pipeline, input, false)?;
    Ok(Tokenized {
        first: first.get_ids().into(),
        second: second.map(|second| second.get_ids().into()),
        lacks_second: lacks_second(input),
    })
}

/// Cuts the input at this position of a batch, and adds special tokens.
pub(crate) fn cut_one(
    pipeline: &Pipeline,
    keeps_end: bool,
    (index, input): (usize, &Tokenized),
    options: &EncodeOptions,
) -> Result<Encoded, TokenizerError> {
    let texts = Texts(of_ids(&input.first), input.second.as_deref().map(of_ids));
    texts.cut(pipeline, keeps_end, (index, input.lacks_second), options)
}

fn lacks_second(input: &Input<'_>) -> bool {
    matches!(input, Input::Pair(_, ""))
}

fn failed(message: String) -> TokenizerError {
    TokenizerError::Tokenize { message }
}

/// The tokens of an input's texts.
struct Texts(Encoding, Option<Encoding>);

impl Texts {
    fn of(pipeline: &Pipeline, input: &Input<'_>, with_origins: bool) -> Result<Self, TokenizerError> {
        let tokens = |text: &str| pipeline.tokens(text, with_origins).map_err(failed);
        Ok(match *input {
            Input::Text(text) | Input::Pair(text, "") => Self(tokens(text)?, None),
            Input::Pair(first, second) => Self(tokens(first)?, Some(tokens(second)?)),
            Input::Words(words) => Self(pipeline.tokens(words, with_origins).map_err(failed)?, None),
        })
    }

    /// Cuts the texts as the options say, and adds special tokens.
    fn cut(
        self,
        pipeline: &Pipeline,
        keeps_end: bool,
        (index, lacks_second): (usize, bool),
        options: &EncodeOptions,
    ) -> Result<Encoded, TokenizerError> {
        let room = options
            .max_length
            .saturating_sub(pipeline.special_tokens(self.1.is_some()));
        let parts = match options.truncation {
            _ if self.length() <= room => vec![self],
            Truncation::LongestFirst => vec![self.shortened(room, |length, room| {
                if keeps_end {
                    [length - room..length, length..length]
                } else {
                    [0..room, length..length]
                }
            })],
            Truncation::HeadTail => vec![self.shortened(room, head_and_tail)],
            // The first text must stay whole, and there is no other one to cut.
            Truncation::Windows { of: Part::Second, .. } if lacks_second => {
                return Err(TokenizerError::NoRoom {
                    index,
                    fixed: self.length() + options.max_length - room,
                    max_length: options.max_length,
                });
            }
            Truncation::Windows { of, stride } => self.windows(index, options.max_length, room, of, stride)?,
        };
        let finished = parts.into_iter().map(|Texts(first, second)| {
            let encoding = pipeline.finish(first, second).map_err(failed)?;
            Ok(Window::new(&encoding, options.with_origins))
        });
        Ok(Encoded {
            windows: finished.collect::<Result<_, TokenizerError>>()?,
        })
    }

    fn length(&self) -> usize {
        self.0.len() + self.1.as_ref().map_or(0, Encoding::len)
    }

    /// Cuts the texts to `room` tokens together. `keep` gets a text's length and room, and says what is kept.
    fn shortened(&self, room: usize, keep: impl Fn(usize, usize) -> [Range<usize>; 2]) -> Self {
        let second = self.1.as_ref().map_or(0, Encoding::len);
        let (first, second) = match self.1 {
            None => (room, 0),
            Some(_) => longest_first(self.0.len(), second, room),
        };
        let cut = |encoding: &Encoding, room: usize| slice(encoding, &keep(encoding.len(), room.min(encoding.len())));
        Self(
            cut(&self.0, first),
            self.1.as_ref().map(|encoding| cut(encoding, second)),
        )
    }

    /// Cuts one text into windows and repeats the other.
    fn windows(
        self,
        index: usize,
        max_length: usize,
        room: usize,
        of: Part,
        stride: usize,
    ) -> Result<Vec<Self>, TokenizerError> {
        let whole = match (of, &self.1) {
            (_, None) => 0,
            (Part::First, Some(second)) => second.len(),
            (Part::Second, Some(_)) => self.0.len(),
        };
        let left = room.checked_sub(whole).filter(|left| *left > 0);
        let left = left.ok_or(TokenizerError::NoRoom {
            index,
            fixed: whole + max_length - room,
            max_length,
        })?;
        if stride >= left {
            return Err(TokenizerError::Stride { stride, room: left });
        }
        let cut = |encoding: &Encoding| -> Vec<Encoding> {
            let windows = windows(encoding.len(), left, stride);
            windows
                .into_iter()
                .map(|window| slice(encoding, &[window, 0..0]))
                .collect()
        };
        Ok(match self.1 {
            Some(second) if of == Part::Second => cut(&second)
                .into_iter()
                .map(|window| Self(self.0.clone(), Some(window)))
                .collect(),
            second => cut(&self.0)
                .into_iter()
                .map(|window| Self(window, second.clone()))
                .collect(),
        })
    }
}

/// The tokens in these ranges.
fn slice(encoding: &Encoding, ranges: &[Range<usize>; 2]) -> Encoding {
    fn chosen<Value: Clone>(values: &[Value], [one, other]: &[Range<usize>; 2]) -> Vec<Value> {
        [&values[one.clone()], &values[other.clone()]].concat()
    }
    Encoding::new(
        chosen(encoding.get_ids(), ranges),
        chosen(encoding.get_type_ids(), ranges),
        chosen(encoding.get_tokens(), ranges),
        chosen(encoding.get_word_ids(), ranges),
        chosen(encoding.get_offsets(), ranges),
        chosen(encoding.get_special_tokens_mask(), ranges),
        chosen(encoding.get_attention_mask(), ranges),
        Vec::new(),
        #[expect(clippy::default_trait_access, reason = "the map's type is not exported")]
        Default::default(),
    )
}
