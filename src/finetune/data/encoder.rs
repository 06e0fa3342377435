//! Converts texts to token ids with the pretrained model's tokenizer.

use std::path::Path;
use std::sync::Arc;

use automl_tokenizer::{EncodeOptions, Encoded, Input, Tokenized, Tokenizer, TokenizerError, Truncation};

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
    /// The largest number of windows of a text whose outputs are pooled; the first ones are kept. Tasks that must find a
    /// place in a text keep all.
    pub max_windows: usize,
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
        Self::new(Arc::new(Tokenizer::from_folder(folder)?), options)
    }

    fn new(tokenizer: Arc<Tokenizer>, options: EncoderOptions) -> Result<Self, TokenizerError> {
        let special = tokenizer.special_tokens_added(options.is_pair);
        if options.max_length <= special {
            return Err(TokenizerError::MaxLength {
                max_length: options.max_length,
                least: special + 1,
            });
        }
        Ok(Self { tokenizer, options })
    }

    /// The same tokenizer for texts of another length.
    ///
    /// # Errors
    /// Returns [`TokenizerError::MaxLength`] as [`Self::from_folder`] does.
    pub fn with_length(&self, max_length: usize, truncation: Truncation) -> Result<Self, TokenizerError> {
        let options = EncoderOptions {
            max_length,
            truncation,
            ..self.options
        };
        Self::new(self.tokenizer.clone(), options)
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens of each text, including special tokens. Long texts are truncated or become several windows, but special
    /// tokens are always kept. Runs on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// Returns [`TokenizerError::Tokenize`] if the tokenizer cannot encode a text, or if the first few take more than
    /// half a minute.
    pub fn encode(&self, texts: &[RawText]) -> Result<Vec<Text>, TokenizerError> {
        let options = EncodeOptions::new(self.options.max_length, self.options.truncation);
        let mut encoded = Vec::with_capacity(texts.len());
        self.encode_in_parts(texts, &options, |part, encode| {
            let inputs: Vec<Input<'_>> = part.iter().map(input).collect();
            for text in or_first_tokens(&inputs, encode, &|inputs, options| {
                self.tokenizer.encode(inputs, options)
            })? {
                encoded.push(self.whole(text)?);
            }
            Ok(())
        })?;
        Ok(encoded)
    }

    /// The tokens of each text, not cut yet, for [`Self::cut`].
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub(super) fn tokenize(&self, texts: &[RawText]) -> Result<Vec<Tokenized>, TokenizerError> {
        let mut tokenized = Vec::with_capacity(texts.len());
        for part in texts.chunks(TEXTS_AT_ONCE) {
            tokenized.extend(self.tokenizer.tokenize(&part.iter().map(input).collect::<Vec<_>>())?);
        }
        Ok(tokenized)
    }

    /// The texts that [`Self::encode`] gives, from their tokens.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub(super) fn cut(&self, texts: &[Tokenized]) -> Result<Vec<Text>, TokenizerError> {
        let options = EncodeOptions::new(self.options.max_length, self.options.truncation);
        let cut = |texts: &[Tokenized], options: &EncodeOptions| self.tokenizer.cut(texts, options);
        let mut found = Vec::with_capacity(texts.len());
        for part in texts.chunks(TEXTS_AT_ONCE) {
            let cut_part = |texts: &[Tokenized]| with_narrow_strides(texts, &options, &cut);
            for text in or_first_tokens(part, &cut_part, &cut)? {
                found.push(self.whole(text)?);
            }
        }
        Ok(found)
    }

    /// The windows of an input as one text.
    fn whole(&self, encoded: Encoded) -> Result<Text, TokenizerError> {
        let windows = encoded.windows.into_iter().take(self.options.max_windows.max(1));
        let windows = windows.map(|window| self.text(window.ids, &window.token_types));
        let mut windows = windows.collect::<Result<Vec<_>, _>>()?;
        Ok(match windows.pop() {
            Some(only) if windows.is_empty() => only,
            last => {
                windows.extend(last);
                Text::joined(windows)
            }
        })
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
        let encode = |inputs: &[Input<'_>]| {
            with_narrow_strides(inputs, options, &|inputs, options| {
                self.tokenizer.encode(inputs, options)
            })
        };
        examples
            .chunks(TEXTS_AT_ONCE)
            .try_for_each(|examples| part(examples, &encode))
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
            .map(|types| Text { types, ..ids.into() })
            .map_err(|_| TokenizerError::Tokenize {
                message: "it gives a token a type above 255".to_owned(),
            })
    }
}

/// Encodes or cuts inputs. Where a long first text leaves less room for the second than windows overlap, they overlap by
/// half of that room.
fn with_narrow_strides<T>(
    inputs: &[T],
    options: &EncodeOptions,
    encode: &dyn Fn(&[T], &EncodeOptions) -> EncodedPart,
) -> EncodedPart {
    match (encode(inputs, options), inputs, options.truncation) {
        (Err(TokenizerError::Stride { room, .. }), [_], Truncation::Windows { of, .. }) => {
            let narrow = EncodeOptions {
                truncation: Truncation::Windows { of, stride: room / 2 },
                ..*options
            };
            encode(inputs, &narrow)
        }
        (Err(TokenizerError::Stride { .. }), inputs, _) => {
            one_by_one(inputs, &|input| with_narrow_strides(input, options, encode))
        }
        (encoded, ..) => encoded,
    }
}

/// Encodes or cuts inputs with `part`. A pair whose first text leaves no room for windows of the second is cut as without
/// windows.
fn or_first_tokens<T>(
    inputs: &[T],
    part: &dyn Fn(&[T]) -> EncodedPart,
    encode: &dyn Fn(&[T], &EncodeOptions) -> EncodedPart,
) -> EncodedPart {
    match (part(inputs), inputs) {
        (Err(TokenizerError::NoRoom { max_length, .. }), [_]) => {
            encode(inputs, &EncodeOptions::new(max_length, Truncation::LongestFirst))
        }
        (Err(TokenizerError::NoRoom { .. }), inputs) => {
            one_by_one(inputs, &|input| or_first_tokens(input, part, encode))
        }
        (encoded, _) => encoded,
    }
}

fn one_by_one<T>(inputs: &[T], encode: &dyn Fn(&[T]) -> EncodedPart) -> EncodedPart {
    let each = inputs.iter().map(|input| encode(std::slice::from_ref(input)));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
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

    use automl_tokenizer::Part;
    use proptest::prelude::*;
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

    /// Words that the vocabulary knows.
    fn film_words() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "film", "quiet", "."]), 0..40)
            .prop_map(|words| words.join(" "))
    }

    fn windows_of(text: &Text) -> Vec<Vec<u32>> {
        let mut rest = text.ids.as_slice();
        let windows = text.windows().map(|tokens| {
            let (window, others) = rest.split_at(tokens);
            rest = others;
            window.to_vec()
        });
        windows.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn windows_read_all_of_a_text_and_a_short_one_is_as_without_them(
            text in film_words(),
            second in prop::option::of(film_words()),
            max_length in 4_usize..24,
            stride in 0_usize..6,
            max_windows in 1_usize..6,
        ) {
            let folder = folder();
            let is_pair = second.is_some();
            let options = |truncation| EncoderOptions {
                max_length,
                truncation,
                is_pair,
                max_windows,
                ..ENCODER
            };
            let raw = RawText { first: text, second };
            let windows = Truncation::Windows { of: Part::Second, stride };
            let [in_windows, head] = [windows, Truncation::LongestFirst].map(|truncation| {
                let encoder = TextEncoder::from_folder(folder.path(), options(truncation)).unwrap();
                // A trial that is cut from tokens sees the same as one whose texts are encoded for it.
                let tokens = encoder.tokenize(std::slice::from_ref(&raw)).unwrap();
                let encoded = encoder.encode(std::slice::from_ref(&raw)).unwrap().remove(0);
                assert_eq!(encoder.cut(&tokens).unwrap().remove(0), encoded);
                encoded
            });
            let whole = encode(folder.path(), EncoderOptions { max_length: 200, ..options(windows) }, &raw);
            prop_assert!(in_windows.window_count() <= max_windows);
            prop_assert!(in_windows.windows().all(|tokens| tokens <= max_length));
            if whole.len() <= max_length {
                prop_assert_eq!(&in_windows, &head);
            }
            if in_windows.window_count() == 1 && in_windows.windows.is_empty() {
                prop_assert!(in_windows == head || max_windows == 1);
            } else {
                // The first window begins as the whole text; every one has the first text and the special tokens.
                let windows = windows_of(&in_windows);
                let special = if raw.second.is_some() { 2 } else { 1 };
                prop_assert!(windows[0].starts_with(&whole.ids[..windows[0].len() - 1]));
                let ends = |window: &Vec<u32>| window.iter().filter(|&&id| id == 3).count();
                prop_assert!(windows.iter().all(|window| window[0] == 2 && ends(window) == special));
                prop_assert!(in_windows.types.is_empty() || in_windows.types.len() == in_windows.ids.len());
            }
        }
    }

    #[test]
    fn only_the_second_text_of_a_pair_is_cut_into_windows() {
        let folder = folder();
        let windows = |first: &str, max_length, max_windows| {
            let options = EncoderOptions {
                max_length,
                truncation: Truncation::Windows {
                    of: Part::Second,
                    stride: 1,
                },
                is_pair: true,
                max_windows,
                ..ENCODER
            };
            let text = encode(folder.path(), options, &pair(first, "film quiet . film a"));
            (windows_of(&text), text.types.to_vec())
        };
        let (found, types) = windows("a", 7, 9);
        assert_eq!(found, [[2, 4, 3, 5, 6, 10, 3], [2, 4, 3, 10, 5, 4, 3]]);
        assert_eq!(types, [0, 0, 0, 1, 1, 1, 1].repeat(2));
        assert_eq!(windows("a", 7, 1).0, [[2, 4, 3, 5, 6, 10, 3]]);
        // No room for the second text: cut as with `head`.
        assert_eq!(windows("a a a a", 7, 9).0, [[2, 4, 4, 3, 5, 6, 3]]);
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
