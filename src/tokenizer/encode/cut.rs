//! Encodes one input: tokens, then truncation, then special tokens.

use std::ops::Range;

use tokenizers::Encoding;

use super::lengths::{head_and_tail, longest_first, windows};
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
    let failed = |message| TokenizerError::Tokenize { message };
    let tokens = |text: &str| pipeline.tokens(text, options.with_origins).map_err(failed);
    let texts = match *input {
        Input::Text(text) | Input::Pair(text, "") => Texts(tokens(text)?, None),
        Input::Pair(first, second) => Texts(tokens(first)?, Some(tokens(second)?)),
        Input::Words(words) => Texts(pipeline.tokens(words, options.with_origins).map_err(failed)?, None),
    };
    let room = options
        .max_length
        .saturating_sub(pipeline.special_tokens(input.has_second()));
    let parts = match options.truncation {
        _ if texts.length() <= room => vec![texts],
        Truncation::LongestFirst => vec![texts.shortened(room, |length, room| {
            if keeps_end {
                [length - room..length, length..length]
            } else {
                [0..room, length..length]
            }
        })],
        Truncation::HeadTail => vec![texts.shortened(room, head_and_tail)],
        // The first text must stay whole, and there is no other one to cut.
        Truncation::Windows { of: Part::Second, .. } if matches!(input, Input::Pair(_, "")) => {
            return Err(TokenizerError::NoRoom {
                index,
                fixed: texts.length() + options.max_length - room,
                max_length: options.max_length,
            });
        }
        Truncation::Windows { of, stride } => texts.windows(index, options.max_length, room, of, stride)?,
    };
    let finished = parts.into_iter().map(|Texts(first, second)| {
        let encoding = pipeline.finish(first, second).map_err(failed)?;
        Ok(Window::new(&encoding, options.with_origins))
    });
    Ok(Encoded {
        windows: finished.collect::<Result<_, TokenizerError>>()?,
    })
}

/// The tokens of an input's texts.
struct Texts(Encoding, Option<Encoding>);

impl Texts {
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
