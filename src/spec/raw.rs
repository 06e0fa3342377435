//! The tree of a YAML text before it is checked. Every node has its source position and every scalar its text.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::space::Value;

/// A source text of a spec: the file, or one override of the command line.
pub(super) struct Source {
    /// Its name in messages: the file's path, or `--set`.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) kind: SourceKind,
}

/// Omits the text, which would hide everything else.
impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Source").field(&self.name).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    File,
    Override,
}

/// A byte range of a source.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) source: Arc<Source>,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) location: Location,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_location: Location,
    pub(super) value: Node,
}

/// A scalar as written. A quoted one is always a text.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) is_quoted: bool,
}

impl Scalar {
    /// The scalar's value by YAML 1.2's core schema, with two exceptions. `1e-3` is a number, although YAML requires
    /// `1.0e-3`. So is `1_000`, as in Python.
    pub(super) fn value(&self) -> Value {
        if !self.is_quoted {
            match self.text.as_str() {
                "true" | "True" | "TRUE" => return Value::Bool(true),
                "false" | "False" | "FALSE" => return Value::Bool(false),
                _ => {}
            }
            if let Some(number) = integer(&self.text) {
                return Value::Int(number);
            }
            if let Some(number) = float(&self.text) {
                return Value::Float(number);
            }
        }
        Value::Text(self.text.clone())
    }
}

/// Parses an integer: decimal, `0x1f`, `0o17`, or with separators as in `1_000`.
fn integer(text: &str) -> Option<i64> {
    let with_base = |prefix: &str, base| i64::from_str_radix(text.strip_prefix(prefix)?, base).ok();
    let is_plain = |digits: &str| !digits.starts_with(['+', '-']);
    text.parse()
        .ok()
        .or_else(|| with_base("0x", 16).filter(|_| is_plain(&text[2..])))
        .or_else(|| with_base("0o", 8).filter(|_| is_plain(&text[2..])))
        .or_else(|| without_separators(text)?.parse().ok())
}

/// The number without the underscores between its thousands; `None` if it has none, or has them elsewhere.
fn without_separators(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, _) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut groups = whole.split('_');
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let are_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let groups: Vec<&str> = groups.collect();
    let is_parted = !groups.is_empty() && groups.iter().all(|group| group.len() == 3 && are_digits(group));
    (is_parted && are_digits(first)).then(|| text.replacen('_', "", groups.len()))
}

/// Parses a number with a point or an exponent, including `.inf` and `.nan`, but not the words that Rust accepts.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        ".inf" => {
            return Some(if text.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        ".nan" => return Some(f64::NAN),
        _ => {}
    }
    let is_numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let has_digit = unsigned.contains(|c: char| c.is_ascii_digit());
    if is_numeric && has_digit {
        text.parse().ok().or_else(|| without_separators(text)?.parse().ok())
    } else {
        None
    }
}

impl Node {
    /// The kind of the node, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Scalar(scalar) => scalar.value().kind(),
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }

    /// The value of `key` in a mapping.
    pub(super) fn child(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            Content::Null | Content::Scalar(_) | Content::Sequence(_) => None,
        }
    }

    /// The text of a scalar, as it stands there without quotes.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Scalar { text, .. }) => Some(text),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// The value of a scalar.
    pub(super) fn scalar(&self) -> Option<Value> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar.value()),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// The source position of the bytes `range` of this scalar's text; the whole node if quoting makes that unknown.
    pub(super) fn place_inside(&self, range: Range<usize>) -> Location {
        let written = &self.location.source.text[self.location.range.clone()];
        let Content::Scalar(Scalar { text, .. }) = &self.content else {
            return self.location.clone();
        };
        let offset = if written == text {
            0
        } else if written.len() == text.len() + 2 && written[1..].starts_with(text.as_str()) {
            1
        } else if let Some(range) = written
            .strip_prefix('\'')
            .and_then(|inside| doubled_quotes(inside, text, &range))
        {
            let start = self.location.range.start + 1;
            return Location {
                source: Arc::clone(&self.location.source),
                range: start + range.start..start + range.end,
            };
        } else {
            return self.location.clone();
        };
        let start = self.location.range.start + offset;
        // An error at the very end points to the last character or the closing quote.
        let range = if range.is_empty() && range.start == text.len() {
            let last = text.chars().next_back().map_or(0, char::len_utf8);
            if offset == 1 {
                range.start..range.start + 1
            } else {
                range.start - last..range.start
            }
        } else {
            range
        };
        Location {
            source: Arc::clone(&self.location.source),
            range: start + range.start..start + range.end,
        }
    }
}

/// Maps `range` of `text` to `inside`, the same text with every single quote doubled and a closing quote.
fn doubled_quotes(inside: &str, text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    if inside.strip_suffix('\'')? != text.replace('\'', "''") {
        return None;
    }
    let shifted = |at: usize| at + text[..at].matches('\'').count();
    Some(shifted(range.start)..shifted(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Scalar {
            text: text.to_owned(),
            is_quoted: false,
        }
        .value()
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(value("1e-3"), Value::Float(0.001));
        assert_eq!(value("1.0E3"), Value::Float(1000.0));
        assert_eq!(value("-.5"), Value::Float(-0.5));
        assert_eq!(value("+3"), Value::Int(3));
        assert_eq!(value("0012"), Value::Int(12));
        assert_eq!(value(".inf"), Value::Float(f64::INFINITY));
        assert_eq!((value("0x1F"), value("0o17")), (Value::Int(31), Value::Int(15)));
        assert_eq!(
            (value("1_000"), value("-12_345_678")),
            (Value::Int(1_000), Value::Int(-12_345_678))
        );
        assert_eq!(value("1_000.5"), Value::Float(1_000.5));
        for text in [
            "inf", "nan", "infinity", "1e", "e3", ".", "-", "10m", "yes", "1.2.3", "2024_01", "_1", "1_", "1__000",
            "1_0000", "0x", "0xg", "0o9", "0x-1", "0b1", "0x_1",
        ] {
            assert_eq!(value(text), Value::Text(text.to_owned()), "{text}");
        }
        assert_eq!(
            Scalar {
                text: "7".to_owned(),
                is_quoted: true
            }
            .value(),
            Value::Text("7".to_owned())
        );
    }
}
