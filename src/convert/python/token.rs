//! Splits Python text into tokens with their lines. Comments and line ends are left out.

use crate::space::Value;

/// A token and its first line, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A number or a string.
    Literal(Value),
    /// A string with placeholders.
    Template,
    Name(String),
    Symbol(&'static str),
}

/// All symbols; longer ones come before their prefixes. Other characters are skipped.
const SYMBOLS: [&str; 31] = [
    "**", "//", "==", "!=", "<=", ">=", ":=", "->", "+=", "-=", "*=", "/=", "(", ")", "[", "]", "{", "}", ",", ":",
    ".", "=", "+", "-", "*", "/", "%", "<", ">", "@", "|",
];

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kind) = token(rest, first);
        let (taken, after) = rest.split_at(length);
        tokens.extend(kind.map(|kind| Token { line, kind }));
        line += taken.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the next token, and the token unless it has no meaning.
fn token(rest: &str, first: char) -> (usize, Option<Kind>) {
    if first == '#' {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if let Some(found) = text(rest) {
        return found;
    }
    if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
        return number(rest);
    }
    if first.is_alphabetic() || first == '_' {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let word = &rest[..end.unwrap_or(rest.len())];
        return (word.len(), Some(Kind::Name(word.to_owned())));
    }
    match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        Some(symbol) => (symbol.len(), Some(Kind::Symbol(symbol))),
        None => (first.len_utf8(), None),
    }
}

/// A string with its prefix and quotes. An unterminated string ends with the file.
fn text(rest: &str) -> Option<(usize, Option<Kind>)> {
    let prefix = rest.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''))?;
    let letters = rest[..prefix].to_ascii_lowercase();
    if !letters.chars().all(|c| matches!(c, 'r' | 'b' | 'f' | 'u')) {
        return None;
    }
    let quote = &rest[prefix..=prefix];
    let triple = quote.repeat(3);
    let delimiter = if rest[prefix..].starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let start = prefix + delimiter.len();
    let (mut content, mut at) = (String::new(), start);
    while at < rest.len() && !rest[at..].starts_with(delimiter) {
        let letter = rest[at..].chars().next()?;
        at += letter.len_utf8();
        if letter != '\\' || letters.contains('r') {
            content.push(letter);
            continue;
        }
        let escaped = rest[at..].chars().next()?;
        at += escaped.len_utf8();
        match escaped {
            'n' => content.push('\n'),
            't' => content.push('\t'),
            '\n' => {}
            other => content.push(other),
        }
    }
    let end = (at + delimiter.len()).min(rest.len());
    let kind = if letters.contains('f') && content.contains('{') {
        Kind::Template
    } else {
        Kind::Literal(Value::Text(content))
    };
    Some((end, Some(kind)))
}

fn number(rest: &str) -> (usize, Option<Kind>) {
    let mut end = 0;
    let bytes = rest.as_bytes();
    while end < bytes.len() {
        let is_sign = matches!(bytes[end], b'+' | b'-') && end > 0 && matches!(bytes[end - 1], b'e' | b'E');
        if !(bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'.' | b'_') || is_sign) {
            break;
        }
        end += 1;
    }
    let digits = rest[..end].replace('_', "");
    let value = match (digits.parse::<i64>(), digits.parse::<f64>()) {
        (Ok(whole), _) => Some(Value::Int(whole)),
        (Err(_), Ok(number)) if number.is_finite() => Some(Value::Float(number)),
        _ => None,
    };
    // Hexadecimal and complex numbers are not bounds of a search space.
    (end, Some(value.map_or(Kind::Template, Kind::Literal)))
}
