//! JSON (RFC 8259): a parser that borrows from the text, and the way from its values to records.
//!
//! A parser of our own keeps numbers as they are written, names repeated keys, and says where a fault is and how to fix
//! it. Like Python's, it reads `NaN` and `Infinity`.

pub(crate) mod elements;
pub(crate) mod flatten;
pub(crate) mod outline;
mod parse;
mod strings;
mod write;

pub(crate) use parse::{Json, JsonFault, Problem, parse};

use crate::error::{Fault, ReadError};
use crate::input::Input;

/// The error for a fault in the text that begins at `offset` of the window.
pub(crate) fn located(input: &Input, offset: usize, fault: JsonFault) -> ReadError {
    input.error_at(offset + fault.offset, fault.problem.into())
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Syntax(problem) => Self::Json { problem },
            Problem::RepeatedKey(key) => Self::RepeatedKey { key },
        }
    }
}
