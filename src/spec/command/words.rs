//! Parses a word of a command: text, `{parameter}`, and W&B's `${macro}`.

use super::{Arguments, Fact, Meaning, Piece, Word};
use crate::suggestion::did_you_mean;

/// A word as it was written.
pub(super) struct Written<'a>(&'a str);

/// An error in a word.
pub(super) struct Fault {
    pub(super) range: std::ops::Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

impl<'a> Written<'a> {
    pub(super) fn known(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn read(&self, program: Option<&str>) -> Result<Word, Fault> {
        let name = self.0.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
        let all = Arguments::NAMES.iter().find(|(known, _)| Some(*known) == name);
        let meaning = match all {
            Some((_, arguments)) => Meaning::Arguments(*arguments),
            None => Meaning::Argument(pieces(self.0, program)?),
        };
        // The written spec has no `program` key, so the program's name replaces the macro.
        let source = match (&meaning, self.0.contains("${program}")) {
            (Meaning::Argument(_), true) => self.0.replace("${program}", &literal_word(program.unwrap_or_default())),
            _ => self.0.to_owned(),
        };
        Ok(Word { source, meaning })
    }
}

/// Escapes a text so that it is a literal word of a command. An opening brace and the one that closes it are doubled.
pub fn literal_word(text: &str) -> String {
    let mut word = String::new();
    let mut open = 0_usize;
    for letter in text.chars() {
        word.push(letter);
        match letter {
            '{' => {
                open += 1;
                word.push('{');
            }
            '}' if open > 0 => {
                open -= 1;
                word.push('}');
            }
            _ => {}
        }
    }
    word
}

fn pieces(text: &str, program: Option<&str>) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    // Number of open `{{`. Only those are closed by `}}`, since JSON may end with several braces.
    let mut open = 0_usize;
    while let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        if let Some(after) = rest.strip_prefix("{{") {
            plain.push('{');
            open += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}").filter(|_| open > 0) {
            plain.push('}');
            open -= 1;
            rest = after;
        } else if let Some((inside, after)) = rest.strip_prefix("${").and_then(|inside| inside.split_once('}')) {
            match macro_text(inside, program) {
                Ok(Piece::Text(text)) => plain.push_str(&text),
                Ok(piece) => {
                    flush(&mut plain, &mut pieces);
                    pieces.push(piece);
                }
                Err((message, help)) => {
                    let range = at..text.len() - after.len();
                    return Err(Fault { range, message, help });
                }
            }
            rest = after;
        } else if let Some((name, after)) = placeholder(rest) {
            flush(&mut plain, &mut pieces);
            // The space decides later if this is a parameter, a fact or plain text.
            pieces.push(Piece::Parameter(name.to_owned()));
            rest = after;
        } else {
            plain.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    flush(&mut plain, &mut pieces);
    Ok(pieces)
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// `{name}` at the beginning of a text, and the text after it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('{')?.split_once('}')?;
    (!name.is_empty() && !name.contains('{')).then_some((name, after))
}

/// `true` if `{text}` can only be meant as a name. JSON, for example, has braces around other text.
pub(super) fn is_plain_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// W&B's macros that stand for a part of a word.
fn macro_text(name: &str, program: Option<&str>) -> Result<Piece, (String, String)> {
    const OTHERS: [&str; 4] = ["env", "interpreter", "program", "args_json_file"];
    if let Some(variable) = name.strip_prefix("envvar:") {
        return Ok(Piece::Environment(variable.to_owned()));
    }
    Ok(match name {
        "env" => Piece::Text("/usr/bin/env".to_owned()),
        "interpreter" => Piece::Fact(Fact::Interpreter),
        "program" => match program {
            Some(program) => Piece::Text(program.to_owned()),
            None => {
                return Err((
                    "the spec has no `program` that `${program}` could stand for".to_owned(),
                    "write the program's name in its place, or add `program: train.py`".to_owned(),
                ));
            }
        },
        "args_json_file" => Piece::Fact(Fact::ParametersFile),
        name if Arguments::NAMES.iter().any(|(known, _)| *known == name) => {
            return Err((
                format!("`${{{name}}}` stands for whole arguments, so it must be a separate word"),
                format!("write `\"${{{name}}}\"` as an item of the list"),
            ));
        }
        _ => {
            let known = Arguments::NAMES.iter().map(|(name, _)| *name).chain(OTHERS);
            let help = match did_you_mean(name, known) {
                Some(meant) => format!("did you mean `${{{meant}}}`?"),
                None => "a parameter is written `{name}`, an environment variable `${envvar:NAME}`".to_owned(),
            };
            return Err((format!("there is no `${{{name}}}`"), help));
        }
    })
}
