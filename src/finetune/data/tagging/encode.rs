//! Cuts sentences into windows of tokens, with the tag of every word at its first token.

use std::collections::BTreeMap;

use automl_tokenizer::{EncodeOptions, Encoded, Input, Origin, TokenizerError, Window};

use super::super::{Text, TextEncoder};
use super::{LostWord, Sentence, TagWindow, UNTAGGED};

/// Sentences as windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tagged {
    /// The tokens of each window.
    pub texts: Vec<Text>,
    /// The tags of each window. The tag of a word without one is 0.
    pub windows: Vec<TagWindow>,
    /// For every sentence the words that have a tag in its windows, in the order of the tags: all words but those of
    /// which the tokenizer leaves nothing.
    pub words: Vec<Vec<usize>>,
}

/// A word's first token.
#[derive(Clone, Copy, Debug)]
struct First {
    window: usize,
    token: usize,
    /// The number of tokens that the window shows on the side where it shows fewer.
    around: usize,
}

impl TextEncoder {
    /// Encodes sentences; `tag` gives the number of a word's tag.
    ///
    /// # Errors
    /// If the tokenizer cannot encode a sentence, or if a window has no room for a word.
    pub fn encode_sentences(
        &self,
        sentences: &[Sentence],
        tag: impl Fn(&Sentence, usize) -> u32,
    ) -> Result<Tagged, TokenizerError> {
        let mut tagged = Tagged::default();
        let options = EncodeOptions::new(self.options().max_length, self.options().truncation).with_origins();
        self.encode_in_parts(sentences, &options, |part, encode| {
            let words: Vec<Vec<&str>> = part.iter().map(Sentence::texts).collect();
            let inputs: Vec<Input<'_>> = words.iter().map(|words| Input::Words(words)).collect();
            for (sentence, encoded) in part.iter().zip(encode(&inputs)?) {
                self.add(&mut tagged, sentence, encoded, &tag)?;
            }
            Ok(())
        })?;
        Ok(tagged)
    }

    fn add(
        &self,
        tagged: &mut Tagged,
        sentence: &Sentence,
        encoded: Encoded,
        tag: &impl Fn(&Sentence, usize) -> u32,
    ) -> Result<(), TokenizerError> {
        let mut firsts: Vec<(usize, First)> = first_tokens(&encoded.windows).into_iter().collect();
        firsts.sort_by_key(|(_, first)| (first.window, first.token));
        let mut lost = lost_words(sentence, &firsts, tag);
        for (number, window) in encoded.windows.into_iter().enumerate() {
            let text = self.text(window.ids, &window.token_types)?;
            let mut tags = vec![UNTAGGED; text.len()];
            for (word, first) in firsts.iter().filter(|(_, first)| first.window == number) {
                tags[first.token] = tag(sentence, *word);
            }
            tagged.texts.push(text);
            tagged.windows.push(TagWindow {
                tags: tags.into(),
                continues: number > 0,
                lost: std::mem::take(&mut lost).into(),
            });
        }
        tagged.words.push(firsts.into_iter().map(|(word, _)| word).collect());
        Ok(())
    }
}

/// The words that are in no window.
fn lost_words(sentence: &Sentence, firsts: &[(usize, First)], tag: &impl Fn(&Sentence, usize) -> u32) -> Vec<LostWord> {
    if firsts.len() == sentence.words.len() {
        return Vec::new();
    }
    let found: Vec<usize> = firsts.iter().map(|(word, _)| *word).collect();
    let lost = (0..sentence.words.len()).filter(|word| !found.contains(word));
    let lost = lost.map(|word| LostWord {
        before: found.iter().filter(|found| **found < word).count() as u32,
        tag: tag(sentence, word),
    });
    lost.collect()
}

/// The first token of every word, in the window that shows the most around it.
fn first_tokens(windows: &[Window]) -> BTreeMap<usize, First> {
    // Where a word begins in its own characters: a window may begin in the middle of a word.
    let mut begins: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, _, word, start) in places(windows) {
        let begin = begins.entry(word).or_insert(start);
        *begin = start.min(*begin);
    }
    let mut firsts: BTreeMap<usize, First> = BTreeMap::new();
    for (window, token, word, start) in places(windows) {
        if begins.get(&word) != Some(&start) {
            continue;
        }
        let around = token.min(windows[window].ids.len() - 1 - token);
        let first = First { window, token, around };
        let known = firsts.entry(word).or_insert(first);
        // Of the pieces of one character the first one counts.
        if known.window != window && around > known.around {
            *known = first;
        }
    }
    firsts
}

/// Every token of a word: its window, its position there, the word, and where it begins in the word.
fn places(windows: &[Window]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    windows.iter().enumerate().flat_map(|(window, encoded)| {
        let origins = encoded.origins.iter().flatten().enumerate();
        origins.filter_map(move |(token, origin)| match origin {
            Origin::Text {
                word: Some(word),
                characters,
                ..
            } => Some((window, token, *word as usize, characters.start)),
            Origin::Text { word: None, .. } | Origin::Added => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use automl_readers::Position;
    use automl_tokenizer::{Part, Truncation};
    use proptest::prelude::*;

    use super::super::super::{EncoderOptions, testing::ENCODER};
    use super::*;

    fn encoder(max_length: usize, stride: usize) -> TextEncoder {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("vocab.txt"),
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n##a\n##b\n##c\n",
        )
        .unwrap();
        let options = EncoderOptions {
            max_length,
            truncation: Truncation::Windows {
                of: Part::First,
                stride,
            },
            ..ENCODER
        };
        TextEncoder::from_folder(folder.path(), options).unwrap()
    }

    fn sentence(words: &[&str]) -> Sentence {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Sentence::of_words(&words, Vec::new(), Position::file("t")).unwrap()
    }

    #[test]
    fn a_tag_stands_at_the_first_token_of_its_word() {
        let words = [sentence(&["ab", "c", "\u{200d}", "ba"])];
        let tagged = encoder(64, 0).encode_sentences(&words, |_, word| word as u32).unwrap();
        assert_eq!(tagged.texts[0].ids, [2, 4, 8, 6, 5, 7, 3]);
        let no = UNTAGGED;
        assert_eq!(*tagged.windows[0].tags, [no, 0, no, 1, 3, no, no]);
        assert_eq!(tagged.words, [vec![0, 1, 3]], "nothing is left of the third word");
        assert_eq!(*tagged.windows[0].lost, [LostWord { before: 2, tag: 2 }]);
    }

    proptest! {
        #[test]
        fn every_word_counts_once_in_order_however_long_the_sentence(
            words in prop::collection::vec("[abc]{1,4}", 1..30),
            max_length in 5_usize..12,
            stride in 0_usize..3,
        ) {
            let sentence = sentence(&words.iter().map(String::as_str).collect::<Vec<_>>());
            let tagged = encoder(max_length, stride).encode_sentences(&[sentence], |_, word| word as u32).unwrap();
            let found: Vec<u32> = tagged.windows.iter().flat_map(|window| window.tagged().map(|(_, tag)| tag)).collect();
            prop_assert_eq!(&found, &(0..words.len() as u32).collect::<Vec<_>>());
            prop_assert_eq!(&tagged.words[0], &(0..words.len()).collect::<Vec<_>>());
            for (index, (window, text)) in tagged.windows.iter().zip(&tagged.texts).enumerate() {
                prop_assert!(text.len() <= max_length);
                prop_assert_eq!(window.tags.len(), text.len());
                prop_assert_eq!(window.continues, index > 0);
                for (token, word) in window.tagged() {
                    let first = words[word as usize].as_bytes()[0];
                    prop_assert_eq!(text.ids[token], u32::from(first - b'a') + 4);
                }
            }
        }
    }
}
