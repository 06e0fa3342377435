//! A question as it is read: its context, and where its answers stand there.

use std::ops::Range;
use std::sync::Arc;

use automl_readers::Position;

use super::AnsweringError;

/// A question with its context and its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedQuestion {
    /// The place in the data.
    pub position: Position,
    /// The question.
    pub question: String,
    /// The text that may answer it.
    pub context: Arc<str>,
    /// The bytes of the context that each correct answer has; none if there is no answer, or if answers are not read.
    pub answers: Vec<Range<usize>>,
}

impl AskedQuestion {
    /// A question with answers, each with the character where it begins if that is known.
    ///
    /// An answer that does not stand where it is said to begin is looked for: the closest place counts, since data sets
    /// count bytes or characters of other normal forms at times.
    ///
    /// # Errors
    /// If an answer is not a part of the context.
    pub fn new(
        (question, context): (String, Arc<str>),
        answers: Vec<(String, Option<i64>)>,
        position: Position,
    ) -> Result<Self, AnsweringError> {
        let mut found = Vec::with_capacity(answers.len());
        for (answer, start) in answers {
            match place(&context, &answer, start) {
                Some(range) => found.push(range),
                None => {
                    return Err(AnsweringError::NotInContext {
                        position,
                        question,
                        answer,
                    });
                }
            }
        }
        Ok(Self {
            position,
            question,
            context,
            answers: found,
        })
    }

    /// The texts of the answers.
    pub(in crate::data) fn texts(&self) -> Vec<String> {
        let answers = self.answers.iter().cloned();
        answers.map(|range| self.context[range].to_owned()).collect()
    }
}

/// The bytes of an answer that begins at a character, or at the closest place where it stands.
fn place(context: &str, answer: &str, start: Option<i64>) -> Option<Range<usize>> {
    if answer.is_empty() {
        return None;
    }
    let wanted = start.map(|start| {
        let byte = |character: usize| context.char_indices().nth(character).map(|(byte, _)| byte);
        usize::try_from(start).ok().and_then(byte).unwrap_or(context.len())
    });
    let starts = context.match_indices(answer).map(|(byte, _)| byte);
    let best = starts.min_by_key(|byte| wanted.map_or(*byte, |wanted| wanted.abs_diff(*byte)))?;
    let exact = wanted.filter(|&wanted| context[wanted..].starts_with(answer));
    let first = exact.unwrap_or(best);
    Some(first..first + answer.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(context: &str, answers: &[(&str, Option<i64>)]) -> Result<Vec<Range<usize>>, String> {
        let answers = answers.iter().map(|(answer, start)| ((*answer).to_owned(), *start));
        let position = Position::file("q.json");
        AskedQuestion::new(("who?".to_owned(), context.into()), answers.collect(), position)
            .map(|question| question.answers)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn beginnings_count_characters_and_the_closest_place_counts() {
        let context = "é Anna met Anna and aaa";
        assert_eq!(answers(context, &[("Anna", Some(11))]).unwrap(), vec![12..16]);
        // One too far, as some files have it.
        assert_eq!(
            answers(context, &[("Anna", Some(10)), ("Anna", None)]).unwrap(),
            [12..16, 3..7]
        );
        // A place inside of a longer match.
        assert_eq!(answers(context, &[("aa", Some(21))]).unwrap(), vec![22..24]);
        assert_eq!(answers(context, &[("Anna", Some(999))]).unwrap(), vec![12..16]);
        insta::assert_snapshot!(
            answers(context, &[("Bob", Some(3))]).unwrap_err(),
            @"`q.json`: the answer `Bob` to `who?` is not in the context; an answer is a part of the context, word for word"
        );
    }
}
