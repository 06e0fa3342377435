//! Questions with the texts that answer them: read, checked, split and cut into windows.

mod encode;
mod error;
mod question;
mod read;
mod table;
mod windows;

pub use error::AnsweringError;
pub use question::AskedQuestion;
pub use read::{KeptQuestion, QuestionColumns, QuestionStream};
pub use table::{AnsweringOptions, QuestionTable};
pub use windows::{AnswerTargets, AnswerWindow, Question};
