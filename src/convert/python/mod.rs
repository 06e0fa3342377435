//! The subset of Python that search spaces are written in: literals, arithmetic on numbers, calls and dictionaries.
//!
//! Nothing is executed and nothing fails: unknown syntax becomes [`Kind::Other`], and reading continues after it. Begin
//! reading at [`scan`].

mod expression;
mod token;

pub(super) use expression::{Call, Expression, Kind};

/// The expressions of a file in the order of their lines. [`Expression::visit`] finds the expressions inside them.
pub(super) fn scan(text: &str) -> Vec<Expression> {
    expression::read(&token::tokens(text))
}

/// The branch or loop around a line of code, such as `if optimizer == "sgd":`, with its line number, counted from 1.
///
/// If the line is in a function, the calls of that function are searched as well.
pub(super) fn branch_around(text: &str, line: usize) -> Option<(usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    branch(&lines, line, &mut Vec::new())
}

/// As [`branch_around`]; functions in `seen` have been searched already.
fn branch<'a>(lines: &[&'a str], line: usize, seen: &mut Vec<&'a str>) -> Option<(usize, &'a str)> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut depth = indentation(lines.get(line.checked_sub(1)?)?);
    for (index, above) in lines[..line - 1].iter().enumerate().rev() {
        let code = above.trim();
        if code.is_empty() || code.starts_with('#') || indentation(above) >= depth {
            continue;
        }
        depth = indentation(above);
        if ["if ", "elif ", "else:", "for ", "while "]
            .iter()
            .any(|word| code.starts_with(word))
        {
            return Some((index + 1, code));
        }
        if let Some(name) = code.strip_prefix("def ").and_then(|rest| rest.split('(').next()) {
            return branch_of_calls(lines, name.trim(), seen);
        }
        if code.starts_with("class ") {
            return None;
        }
    }
    None
}

fn branch_of_calls<'a>(lines: &[&'a str], name: &'a str, seen: &mut Vec<&'a str>) -> Option<(usize, &'a str)> {
    if name.is_empty() || seen.contains(&name) {
        return None;
    }
    seen.push(name);
    let is_call = |code: &str| {
        let is_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut places = code.match_indices(name);
        !code.trim_start().starts_with("def ")
            && places.any(|(at, _)| code[at + name.len()..].starts_with('(') && !code[..at].ends_with(is_of_a_name))
    };
    let calls = lines.iter().enumerate().filter(|(_, code)| is_call(code));
    let calls: Vec<usize> = calls.map(|(index, _)| index + 1).collect();
    calls.into_iter().find_map(|line| branch(lines, line, seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_is_called_only_sometimes_is_under_that_branch() {
        let text = "def momentum(trial):\n    return trial.suggest_float('momentum', 0, 1)\n\n\
                    def sgd(trial):\n    return momentum(trial)\n\n\
                    def objective(trial):\n    lr = trial.suggest_float('lr', 0, 1)\n    if kind == 'sgd':\n        sgd(trial)\n";
        assert_eq!(branch_around(text, 2), Some((9, "if kind == 'sgd':")));
        assert_eq!(branch_around(text, 8), None);
        // The search ends even if functions call each other.
        let circle = "def a():\n    b()\n    x = 1\ndef b():\n    a()\n";
        assert_eq!(branch_around(circle, 3), None);
    }
}
