//! Errors in questions and their answers.

use automl_readers::Position;

/// The reason why questions or their answers cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnsweringError {
    /// A question or its context is empty.
    #[error("{position}: `{column}` is empty; every row needs a question and a context")]
    Empty {
        /// The place.
        position: Position,
        /// The column.
        column: String,
    },
    /// An answer does not stand in the context.
    #[error(
        "{position}: the answer `{answer}` to `{question}` is not in the context; an answer is a part of the context, word for word"
    )]
    NotInContext {
        /// The place.
        position: Position,
        /// The question.
        question: String,
        /// The answer.
        answer: String,
    },
    /// There are as many answers as beginnings.
    #[error("{position}: there are {answers} answers but {starts} start positions; give one start for each answer")]
    Counts {
        /// The place.
        position: Position,
        /// Number of answers.
        answers: usize,
        /// Number of beginnings.
        starts: usize,
    },
    /// No question of the training data has an answer.
    #[error("{position}: no question has an answer; there is nothing to learn")]
    NoAnswer {
        /// The file.
        position: Position,
    },
    /// A question leaves no room for its context.
    #[error(
        "{position}: the question has so many tokens that no window of {max_length} has room for its context; raise `max_length`, or shorten the question"
    )]
    TooLong {
        /// The place.
        position: Position,
        /// The largest number of tokens of a window.
        max_length: usize,
    },
}
