//! The pipeline of the crate `tokenizers`, taken apart: texts become tokens first, and special tokens are added after
//! truncation. So one pipeline serves all lengths, on all threads.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokenizers::{Encoding, InputSequence, PostProcessor, PostProcessorWrapper, TruncationDirection};

/// A pipeline without truncation and padding.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// Everything but the post-processor.
    inner: tokenizers::Tokenizer,
    post_processor: Option<PostProcessorWrapper>,
}

/// The settings of a `tokenizer.json` beside the pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Baked {
    pub(crate) pad_id: Option<u32>,
    /// Truncation keeps the end of a text.
    pub(crate) keeps_end: bool,
}

impl Pipeline {
    /// Reads the content of a `tokenizer.json`.
    pub(crate) fn read(content: &[u8]) -> Result<(Self, Baked), String> {
        let mut inner = guarded(|| tokenizers::Tokenizer::from_bytes(content))?;
        let baked = Baked {
            pad_id: inner.get_padding().map(|padding| padding.pad_id),
            keeps_end: inner
                .get_truncation()
                .is_some_and(|truncation| truncation.direction == TruncationDirection::Left),
        };
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| error.to_string())?;
        let post_processor = inner.get_post_processor().cloned();
        inner.with_post_processor(None::<PostProcessorWrapper>);
        Ok((Self { inner, post_processor }, baked))
    }

    /// The content of a `tokenizer.json`.
    pub(crate) fn content(&self) -> Result<String, String> {
        let mut whole = self.inner.clone();
        whole.with_post_processor(self.post_processor.clone());
        whole.to_string(true).map_err(|error| error.to_string())
    }

    /// The crate's own tokenizer, without post-processor.
    pub(crate) fn inner(&self) -> &tokenizers::Tokenizer {
        &self.inner
    }

    /// Number of special tokens around a text or a pair.
    pub(crate) fn special_tokens(&self, is_pair: bool) -> usize {
        self.post_processor
            .as_ref()
            .map_or(0, |processor| processor.added_tokens(is_pair))
    }

    /// The tokens of one text, without special tokens. Offsets count characters; they are 0 unless asked for.
    pub(crate) fn tokens<'a>(
        &self,
        text: impl Into<InputSequence<'a>>,
        with_offsets: bool,
    ) -> Result<Encoding, String> {
        let text: InputSequence<'a> = text.into();
        guarded(|| {
            if with_offsets {
                self.inner.encode_char_offsets(text, false)
            } else {
                self.inner.encode_fast(text, false)
            }
        })
    }

    /// Adds special tokens and types to the tokens of a text or a pair.
    pub(crate) fn finish(&self, first: Encoding, second: Option<Encoding>) -> Result<Encoding, String> {
        guarded(|| {
            if let Some(processor) = &self.post_processor {
                return processor.process(first, second, true);
            }
            let mut whole = first;
            if let Some(mut second) = second {
                whole.set_sequence_id(0);
                second.set_sequence_id(1);
                second.set_type_ids(vec![1; second.len()]);
                whole.merge_with(second, false);
            }
            Ok(whole)
        })
    }
}

/// Runs the foreign code. A panic, which a hostile file could cause, becomes an error.
fn guarded<Value>(work: impl FnOnce() -> tokenizers::Result<Value>) -> Result<Value, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its file contradicts itself".to_owned()),
    }
}
