//! As much of Python as a search space is written in: literals, arithmetic on numbers, calls and dictionaries.
//!
//! Nothing is run and nothing fails: what is not understood is [`Kind::Other`], and the reading goes on behind it.
//! Begin reading at [`scan`].

mod expression;
mod token;

pub(super) use expression::{Call, Expression, Kind};

/// The expressions of a file in the order of their lines. Expressions inside of others are found by
/// [`Expression::visit`].
pub(super) fn scan(text: &str) -> Vec<Expression> {
    expression::read(&token::tokens(text))
}

/// The line that a line of code stands under, such as `if optimizer == "sgd":`, if it is run only sometimes or more than
/// once. Lines are counted from 1.
pub(super) fn branch_around(text: &str, line: usize) -> Option<(usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut depth = indentation(lines.get(line.checked_sub(1)?)?);
    for (place, above) in lines[..line - 1].iter().enumerate().rev() {
        let code = above.trim();
        if code.is_empty() || code.starts_with('#') || indentation(above) >= depth {
            continue;
        }
        depth = indentation(above);
        if ["if ", "elif ", "else:", "for ", "while "]
            .iter()
            .any(|word| code.starts_with(word))
        {
            return Some((place + 1, code));
        }
        if code.starts_with("def ") || code.starts_with("class ") {
            return None;
        }
    }
    None
}
