//! Questions, and where their answers stand in the windows of a context.

use std::sync::Arc;

use crate::rng::Fingerprint;

/// A question about a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The text that holds the answer. Several questions may share it.
    pub context: Arc<str>,
    /// All correct answers; none if the context does not answer the question.
    pub answers: Vec<String>,
}

/// A question with a part of its context, as one input of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerWindow {
    /// The question's index.
    pub question: u32,
    /// The positions of the answer's first and last token. Both are 0 if the answer is not in this window.
    pub span: [u32; 2],
    /// Number of tokens, with the question's and special ones.
    pub tokens: u32,
    /// The position of the context's first token.
    pub first: u32,
    /// For every token of the context, the bytes of the context that it stands for.
    pub offsets: Box<[[u32; 2]]>,
}

/// The windows of some questions, in the order of the questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerTargets {
    /// The windows.
    pub windows: Vec<AnswerWindow>,
    /// All questions; windows point to them.
    pub questions: Arc<[Question]>,
    /// True if a question may have no answer.
    pub allows_none: bool,
}

impl AnswerTargets {
    /// The windows at these indices.
    #[must_use]
    pub(in super::super) fn pick(&self, indices: &[u32]) -> Self {
        let window = |&index: &u32| self.windows[index as usize].clone();
        Self {
            windows: indices.iter().map(window).collect(),
            questions: Arc::clone(&self.questions),
            allows_none: self.allows_none,
        }
    }

    #[must_use]
    pub(in super::super) fn concat(&self, other: &Self) -> Self {
        let before = self.questions.len() as u32;
        let moved = other.windows.iter().map(|window| AnswerWindow {
            question: window.question + before,
            ..window.clone()
        });
        Self {
            windows: self.windows.iter().cloned().chain(moved).collect(),
            questions: self.questions.iter().chain(&*other.questions).cloned().collect(),
            allows_none: self.allows_none || other.allows_none,
        }
    }

    pub(in super::super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        for window in &self.windows {
            fingerprint.number(u64::from(window.question));
            for position in window.span {
                fingerprint.bytes(&position.to_le_bytes());
            }
            fingerprint.number(u64::from(window.first));
            fingerprint.number(u64::from(window.tokens));
        }
        for question in &*self.questions {
            fingerprint.number(question.answers.len() as u64);
            for text in question.answers.iter().map(String::as_str).chain([&*question.context]) {
                fingerprint.number(text.len() as u64);
                fingerprint.bytes(text.as_bytes());
            }
        }
    }

    pub(in super::super) fn bytes(&self) -> usize {
        let window = |window: &AnswerWindow| size_of::<AnswerWindow>() + size_of_val(&*window.offsets);
        let question = |question: &Question| {
            let answers: usize = question.answers.iter().map(String::len).sum();
            size_of::<Question>() + answers + question.context.len()
        };
        let windows: usize = self.windows.iter().map(window).sum();
        windows + self.questions.iter().map(question).sum::<usize>()
    }
}
