//! Splits text into tokens that keep their byte ranges.

use std::ops::Range;

use super::ExpressionError;

/// A token and its byte range in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Text(String),
    Name(String),
    /// A keyword or an operator, as written.
    Symbol(&'static str),
    End,
}

const KEYWORDS: [&str; 6] = ["and", "or", "not", "in", "true", "false"];

/// Operators; an operator comes before any prefix of it.
const OPERATORS: [&str; 18] = [
    "==", "!=", "<=", ">=", "**", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".",
];

/// Operators of other languages, and their equivalent here.
const FOREIGN: [(&str, &str); 5] = [("&&", "and"), ("||", "or"), ("=", "=="), ("!", "not"), ("^", "**")];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let token = token(text, at, first)?;
        at = token.range.end;
        tokens.push(token);
    }
    tokens.push(Token {
        kind: Kind::End,
        range: text.len()..text.len(),
    });
    Ok(tokens)
}

fn token(text: &str, at: usize, first: char) -> Result<Token, ExpressionError> {
    let rest = &text[at..];
    let is_number = first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()));
    if is_number {
        return number(text, at);
    }
    if matches!(first, '\'' | '"' | '`') {
        let Some(length) = rest[1..].find(first) else {
            return Err(ExpressionError::new(at..text.len(), "a quote is opened but not closed"));
        };
        let inside = rest[1..=length].to_owned();
        let kind = if first == '`' {
            Kind::Name(inside)
        } else {
            Kind::Text(inside)
        };
        return Ok(Token {
            kind,
            range: at..at + length + 2,
        });
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        let word = rest[..length].trim_end_matches('.');
        let kind = KEYWORDS
            .iter()
            .find(|keyword| {
                **keyword == word || (matches!(word, "True" | "False") && word.eq_ignore_ascii_case(keyword))
            })
            .map_or_else(|| Kind::Name(word.to_owned()), |keyword| Kind::Symbol(keyword));
        return Ok(Token {
            kind,
            range: at..at + word.len(),
        });
    }
    if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
        return Ok(Token {
            kind: Kind::Symbol(operator),
            range: at..at + operator.len(),
        });
    }
    if let Some((foreign, ours)) = FOREIGN.into_iter().find(|(foreign, _)| rest.starts_with(foreign)) {
        return Err(
            ExpressionError::new(at..at + foreign.len(), format!("`{foreign}` is not an operator here"))
                .suggest(format!("write `{ours}`")),
        );
    }
    Err(ExpressionError::new(
        at..at + first.len_utf8(),
        format!("unexpected character `{first}`"),
    ))
}

fn number(text: &str, at: usize) -> Result<Token, ExpressionError> {
    let bytes = text.as_bytes();
    let mut end = at;
    while end < bytes.len() {
        let is_exponent_sign = matches!(bytes[end], b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E') && end > at;
        if !(bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'.' | b'_') || is_exponent_sign) {
            break;
        }
        end += 1;
    }
    let digits = &text[at..end];
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Token {
            kind: Kind::Number(number),
            range: at..end,
        }),
        _ => Err(ExpressionError::new(at..end, format!("`{digits}` is not a number"))),
    }
}
