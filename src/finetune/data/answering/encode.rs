//! Cuts contexts into windows, each behind its question.

use std::ops::Range;
use std::sync::Arc;

use automl_tokenizer::{EncodeOptions, Input, Origin, Part, TokenizerError};

use super::super::{DataError, Text, TextEncoder};
use super::{AnswerTargets, AnswerWindow, AnsweringError, AskedQuestion, Question};

impl TextEncoder {
    /// Encodes questions with their contexts: the tokens of every window, and where the first answer stands in it.
    /// `allows_none` says whether a question may have no answer.
    ///
    /// # Errors
    /// If the tokenizer cannot encode a text, or if a question leaves no room for its context.
    pub fn encode_questions(
        &self,
        questions: &[AskedQuestion],
        allows_none: bool,
    ) -> Result<(Vec<Text>, AnswerTargets), DataError> {
        let (mut texts, mut windows) = (Vec::new(), Vec::new());
        let options = EncodeOptions::new(self.options().max_length, self.options().truncation).with_origins();
        let mut before = 0;
        let result = self.encode_in_parts(questions, &options, |part, encode| {
            // Blanks before a question would take the room of the context.
            let inputs = part
                .iter()
                .map(|asked| Input::Pair(asked.question.trim_start(), &asked.context));
            let encoded = encode(&inputs.collect::<Vec<_>>())?;
            for (asked, encoded) in part.iter().zip(encoded) {
                let bytes = bytes_of_characters(&asked.context);
                for window in encoded.windows {
                    let (first, offsets) = context_of(&window.origins.unwrap_or_default(), &bytes);
                    let text = self.text(window.ids, &window.token_types)?;
                    windows.push(AnswerWindow {
                        question: before,
                        span: span(asked.answers.first(), first, &offsets),
                        tokens: text.len() as u32,
                        first,
                        offsets,
                    });
                    texts.push(text);
                }
                before += 1;
            }
            Ok(())
        });
        match result {
            Err(TokenizerError::NoRoom { max_length, .. }) => return Err(self.too_long(questions, max_length).into()),
            result => result?,
        }
        let questions = questions.iter().map(|asked| Question {
            context: Arc::clone(&asked.context),
            answers: asked.texts(),
        });
        let targets = AnswerTargets {
            windows,
            questions: questions.collect(),
            allows_none,
        };
        Ok((texts, targets))
    }

    /// The error for the first question that leaves no room for its context.
    fn too_long(&self, questions: &[AskedQuestion], max_length: usize) -> AnsweringError {
        let options = EncodeOptions::new(max_length, self.options().truncation);
        let fits = |asked: &&AskedQuestion| {
            let input = Input::Pair(asked.question.trim_start(), &asked.context);
            self.tokenizer().encode(&[input], &options).is_err()
        };
        let first = questions.iter().find(fits).unwrap_or(&questions[0]);
        AnsweringError::TooLong {
            position: first.position.clone(),
            max_length,
        }
    }
}

/// The byte at which every character begins, and the length.
fn bytes_of_characters(text: &str) -> Vec<u32> {
    let starts = text.char_indices().map(|(byte, _)| byte);
    starts.chain([text.len()]).map(|byte| byte as u32).collect()
}

/// The position of the context's first token in a window, and the bytes of each of its tokens.
fn context_of(origins: &[Origin], bytes: &[u32]) -> (u32, Box<[[u32; 2]]>) {
    let in_context = |origin: &Origin| match origin {
        Origin::Text {
            part: Part::Second,
            characters,
            ..
        } => Some(characters.clone()),
        Origin::Text { .. } | Origin::Added => None,
    };
    let first = origins.iter().position(|origin| in_context(origin).is_some());
    let byte = |character: usize| bytes.get(character).or(bytes.last()).copied().unwrap_or(0);
    let offsets = origins.iter().filter_map(in_context);
    let offsets = offsets.map(|Range { start, end }| [byte(start), byte(end)]);
    (first.unwrap_or(0) as u32, offsets.collect())
}

/// The positions of an answer's first and last token; the first position twice if the window does not hold it whole.
fn span(answer: Option<&Range<usize>>, first: u32, offsets: &[[u32; 2]]) -> [u32; 2] {
    let find = || {
        let answer = answer?;
        let (start, end) = (answer.start as u32, answer.end as u32);
        let (window_start, window_end) = (offsets.first()?[0], offsets.last()?[1]);
        if start < window_start || window_end < end {
            return None;
        }
        // Tokens may share a character, and blanks may belong to none: the last token that begins no later, and the first
        // one that ends no sooner.
        let begins = offsets.iter().rposition(|offset| offset[0] <= start)?;
        let ends = offsets.iter().position(|offset| offset[1] >= end)?;
        (begins <= ends).then_some([first + begins as u32, first + ends as u32])
    };
    find().unwrap_or([0, 0])
}

#[cfg(test)]
mod tests {
    use automl_readers::Position;
    use automl_tokenizer::Truncation;
    use proptest::prelude::*;

    use super::super::super::{EncoderOptions, testing::ENCODER};
    use super::*;

    fn encoder(max_length: usize, stride: usize) -> TextEncoder {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("vocab.txt"),
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n##a\n##b\n##c\n?\n",
        )
        .unwrap();
        let options = EncoderOptions {
            max_length,
            truncation: Truncation::Windows {
                of: Part::Second,
                stride,
            },
            is_pair: true,
            ..ENCODER
        };
        TextEncoder::from_folder(folder.path(), options).unwrap()
    }

    fn asked(question: &str, context: &str, answer: Range<usize>) -> AskedQuestion {
        AskedQuestion {
            position: Position::file("q.json"),
            question: question.to_owned(),
            context: context.into(),
            answers: vec![answer],
        }
    }

    #[test]
    fn an_answer_is_found_among_the_tokens_of_its_context() {
        let question = asked("  a?", "ab c é b", 3..4);
        let (texts, targets) = encoder(64, 0).encode_questions(&[question], false).unwrap();
        // [CLS] a ? [SEP] a ##b c [UNK] b [SEP]
        assert_eq!(texts[0].ids, [2, 4, 10, 3, 4, 8, 6, 1, 5, 3]);
        let window = &targets.windows[0];
        assert_eq!((window.first, window.span, window.tokens), (4, [6, 6], 10));
        assert_eq!(*window.offsets, [[0, 1], [1, 2], [3, 4], [5, 7], [8, 9]]);
    }

    #[test]
    fn windows_overlap_less_where_a_question_leaves_little_room() {
        // Of 12 tokens 3 are special: the first question leaves 8 for its context, the second one 3.
        let questions = [asked("a", "b a", 0..1), asked("a b c a b c", "b a b a b a", 0..1)];
        let (_, targets) = encoder(12, 5).encode_questions(&questions, false).unwrap();
        let lengths: Vec<(u32, usize)> = targets
            .windows
            .iter()
            .map(|window| (window.question, window.offsets.len()))
            .collect();
        assert_eq!(lengths, [(0, 2), (1, 3), (1, 3), (1, 2)]);
    }

    #[test]
    fn a_question_without_room_for_its_context_is_named() {
        let questions = [asked("a", "b", 0..1), asked("a b c a b c", "b a b a b a", 0..1)];
        let error = encoder(9, 0).encode_questions(&questions, false).unwrap_err();
        insta::assert_snapshot!(error, @"`q.json`: the question has so many tokens that no window of 9 has room for its context; raise `max_length`, or shorten the question");
    }

    proptest! {
        #[test]
        fn an_answer_that_fits_into_a_window_is_in_one(
            words in prop::collection::vec("[abc]{1,3}", 3..30),
            at in any::<prop::sample::Index>(),
            max_length in 12_usize..20,
        ) {
            let context = words.join(" ");
            let at = at.index(words.len());
            let start = words[..at].iter().map(|word| word.len() + 1).sum::<usize>();
            let answer = start..start + words[at].len();
            let question = asked("a?", &context, answer.clone());
            // The windows overlap by more than the longest answer.
            let (texts, targets) = encoder(max_length, 4).encode_questions(&[question], true).unwrap();
            prop_assert!(texts.iter().all(|text| text.len() <= max_length));
            let found: Vec<_> = targets.windows.iter().filter(|window| window.span != [0, 0]).collect();
            prop_assert!(!found.is_empty());
            for window in found {
                let [begins, ends] = window.span.map(|position| window.offsets[(position - window.first) as usize]);
                prop_assert_eq!(begins[0] as usize..ends[1] as usize, answer.clone());
            }
        }
    }
}
