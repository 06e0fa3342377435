//! Converts texts to token ids with the pretrained model's tokenizer.

use std::path::Path;
use std::sync::Arc;

use automl_tokenizer::{EncodeOptions, Encoded, Input, Tokenizer, TokenizerError, Truncation};

use super::text::{RawText, Text};

/// Texts encoded together: an encoding is larger than the ids that are kept.
const TEXTS_AT_ONCE: usize = 1024;

/// Some encoded examples.
type EncodedPart = Result<Vec<Encoded>, TokenizerError>;

/// The settings of a task, and the limits of a model, that decide how texts are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderOptions {
    /// The largest number of tokens of a text, including special tokens.
    pub max_length: usize,
    /// The part of a longer text that is kept.
    pub truncation: Truncation,
    /// True if every example is a pair of texts.
    pub is_pair: bool,
    /// Number of token types that the model tells apart. With one or none, all tokens have type 0.
    pub token_types: usize,
}

/// A pretrained model's tokenizer with the settings of a task.
#[derive(Clone, Debug)]
pub struct TextEncoder {
    tokenizer: Arc<Tokenizer>,
    options: EncoderOptions,
}

impl TextEncoder {
    /// Reads the tokenizer from a model's folder.
    ///
    /// # Errors
    /// If the folder has no tokenizer that can be read. Returns [`TokenizerError::MaxLength`] if not even one token of
    /// a text would fit.
    pub fn from_folder(folder: &Path, options: EncoderOptions) -> Result<Self, TokenizerError> {
        let tokenizer = Tokenizer::from_folder(folder)?;
        let special = tokenizer.special_tokens_added(options.is_pair);
        if options.max_length <= special {
            return Err(TokenizerError::MaxLength {
                max_length: options.max_length,
                least: special + 1,
            });
        }
        Ok(Self {
            tokenizer: Arc::new(tokenizer),
            options,
        })
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens of each text, including special tokens. Long texts are truncated, but special tokens are always
    /// kept. Runs on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// Returns [`TokenizerError::Tokenize`] if the tokenizer cannot encode a text, or if the first few take more than
    /// half a minute.
    pub fn encode(&self, texts: &[RawText]) -> Result<Vec<Text>, TokenizerError> {
        let options = EncodeOptions::new(self.options.max_length, self.options.truncation);
        let mut encoded = Vec::with_capacity(texts.len());
        self.encode_in_parts(texts, &options, |part, encode| {
            let inputs: Vec<Input<'_>> = part.iter().map(input).collect();
            for text in encode(&inputs)? {
                for window in text.windows {
                    encoded.push(self.text(window.ids, &window.token_types)?);
                }
            }
            Ok(())
        })?;
        Ok(encoded)
    }

    /// The settings.
    pub(super) fn options(&self) -> &EncoderOptions {
        &self.options
    }

    /// Hands out examples part by part, with the function that encodes a part.
    pub(super) fn encode_in_parts<T>(
        &self,
        examples: &[T],
        options: &EncodeOptions,
        mut part: impl FnMut(&[T], &dyn Fn(&[Input<'_>]) -> EncodedPart) -> Result<(), TokenizerError>,
    ) -> Result<(), TokenizerError> {
        let encode = |inputs: &[Input<'_>]| self.encode_inputs(inputs, options);
        examples
            .chunks(TEXTS_AT_ONCE)
            .try_for_each(|examples| part(examples, &encode))
    }

    /// Encodes inputs. Where a long question leaves less room for its context than windows overlap, they overlap by half of
    /// that room.
    fn encode_inputs(&self, inputs: &[Input<'_>], options: &EncodeOptions) -> EncodedPart {
        match (self.tokenizer.encode(inputs, options), inputs, options.truncation) {
            (Err(TokenizerError::Stride { room, .. }), [_], Truncation::Windows { of, .. }) => {
                let narrow = EncodeOptions {
                    truncation: Truncation::Windows { of, stride: room / 2 },
                    ..*options
                };
                self.tokenizer.encode(inputs, &narrow)
            }
            (Err(TokenizerError::Stride { .. }), inputs, _) => {
                let each = inputs
                    .iter()
                    .map(|input| self.encode_inputs(std::slice::from_ref(input), options));
                Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
            }
            (encoded, ..) => encoded,
        }
    }

    /// The tokens of a window.
    pub(super) fn text(&self, mut ids: Vec<u32>, types: &[u32]) -> Result<Text, TokenizerError> {
        // Tokenizers of decoders add nothing to a text without tokens, and a model needs one to read.
        if ids.is_empty() {
            return Ok(vec![self.tokenizer.pad_id()].into());
        }
        ids.shrink_to_fit();
        let has_types = self.options.token_types > 1 && types.iter().any(|&of_token| of_token != 0);
        if !has_types {
            return Ok(ids.into());
        }
        let narrow = |&of_token: &u32| u8::try_from(of_token);
        let types: Result<Box<[u8]>, _> = types.iter().map(narrow).collect();
        types
            .map(|types| Text { ids, types })
            .map_err(|_| TokenizerError::Tokenize {
                message: "it gives a token a type above 255".to_owned(),
            })
    }
}

fn input(text: &RawText) -> Input<'_> {
    match &text.second {
        None => Input::Text(&text.first),
        Some(second) => Input::Pair(&text.first, second),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;
    use tempfile::TempDir;

    use super::super::testing::{ENCODER, shared};
    use super::*;

    const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nfilm\nquiet\n##ly\nQuiet\n好\n.\n";

    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("vocab.txt"), VOCABULARY).unwrap();
        folder
    }

    fn encode(folder: &Path, options: EncoderOptions, text: &RawText) -> Text {
        let encoder = TextEncoder::from_folder(folder, options).unwrap();
        encoder.encode(std::slice::from_ref(text)).unwrap().remove(0)
    }

    fn pair(first: &str, second: &str) -> RawText {
        RawText {
            first: first.to_owned(),
            second: Some(second.to_owned()),
        }
    }

    #[test]
    fn texts_have_no_types_and_pairs_have_them_where_the_model_knows_them() {
        let folder = folder();
        let one = encode(folder.path(), ENCODER, &"A Quietly film.".to_owned().into());
        assert_eq!(one, vec![2, 4, 6, 7, 5, 10, 3].into());
        let both = pair("a film", "quiet");
        let options = EncoderOptions {
            is_pair: true,
            ..ENCODER
        };
        let typed = encode(folder.path(), options, &both);
        assert_eq!(typed.ids, [2, 4, 5, 3, 6, 3]);
        assert_eq!(*typed.types, [0, 0, 0, 0, 1, 1]);
        for token_types in [0, 1] {
            let untyped = encode(folder.path(), EncoderOptions { token_types, ..options }, &both);
            assert_eq!(untyped, typed.ids.clone().into());
        }
    }

    #[test]
    fn a_long_text_is_cut_and_keeps_its_special_tokens() {
        let folder = folder();
        let cut = |truncation, max_length| {
            let options = EncoderOptions {
                max_length,
                truncation,
                ..ENCODER
            };
            encode(folder.path(), options, &"a film . a film quiet".to_owned().into()).ids
        };
        assert_eq!(cut(Truncation::LongestFirst, 4), [2, 4, 5, 3]);
        assert_eq!(cut(Truncation::HeadTail, 6), [2, 4, 4, 5, 6, 3]);
        for (is_pair, max_length) in [(false, 2), (true, 3)] {
            let options = EncoderOptions {
                max_length,
                is_pair,
                ..ENCODER
            };
            let error = TextEncoder::from_folder(folder.path(), options).unwrap_err();
            assert!(
                matches!(error, TokenizerError::MaxLength { least, .. } if least == max_length + 1),
                "{error}"
            );
        }
    }

    #[test]
    fn an_empty_text_of_a_decoder_is_one_token() {
        let folder = tempfile::tempdir().unwrap();
        let vocabulary = r#"{"<|endoftext|>": 0, "a": 1}"#;
        for (name, content) in [
            ("config.json", r#"{"model_type": "gpt2"}"#),
            ("vocab.json", vocabulary),
            ("merges.txt", "#version: 0.2\n"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        assert_eq!(encode(folder.path(), ENCODER, &RawText::default()), vec![0].into());
        assert_eq!(
            encode(folder.path(), ENCODER, &"aa".to_owned().into()),
            vec![1, 1].into()
        );
    }

    #[test]
    fn both_files_of_bert_tiny_give_the_reference_ids() {
        let Some(model) = shared("bert-tiny") else { return };
        let vocabulary = tempfile::tempdir().unwrap();
        fs::copy(model.join("vocab.txt"), vocabulary.path().join("vocab.txt")).unwrap();
        for reference in ["reference/bert-tiny.json", "reference/all-MiniLM-L6-v2.json"] {
            let Some(reference) = shared(reference) else { return };
            let reference: Value = serde_json::from_slice(&fs::read(reference).unwrap()).unwrap();
            let sentences: Vec<String> = serde_json::from_value(reference["sentences"].clone()).unwrap();
            let sentences: Vec<RawText> = sentences.into_iter().map(RawText::from).collect();
            let padded: Vec<Vec<u32>> = serde_json::from_value(reference["input_ids"].clone()).unwrap();
            let mask: Vec<Vec<u32>> = serde_json::from_value(reference["attention_mask"].clone()).unwrap();
            let real = |(ids, mask): (&Vec<u32>, &Vec<u32>)| {
                let tokens = ids.iter().zip(mask).filter(|(_, mask)| **mask == 1);
                tokens.map(|(id, _)| *id).collect::<Vec<u32>>().into()
            };
            let expected: Vec<Text> = padded.iter().zip(&mask).map(real).collect();
            for folder in [model.as_path(), vocabulary.path()] {
                let encoder = TextEncoder::from_folder(folder, ENCODER).unwrap();
                assert_eq!(encoder.encode(&sentences).unwrap(), expected);
                assert_eq!(encoder.tokenizer().last_token().map(|(_, id)| id), Some(30521));
            }
        }
    }
}
