//! A value of one field of a record.

use std::borrow::Cow;
use std::fmt;

/// A value. CSV, TSV and plain text hold texts only; the other formats keep the kinds that the file declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// A truth value.
    Boolean(bool),
    /// A list of values.
    List(Vec<Value>),
    /// No value: JSON's `null`, an absent key, or a missing value of a columnar file.
    #[default]
    Null,
}

/// A number as the file writes it. Equality compares the spelling: `1` is not `1.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Spelling);

/// Almost all numbers are short integers, and those need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spelling {
    Integer(i64),
    Other(Box<str>),
}

impl Number {
    /// A number of a file that is not text, or a number that is already checked.
    pub(crate) fn written(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(integer) if is_canonical(text) => Self(Spelling::Integer(integer)),
            Ok(_) | Err(_) => Self(Spelling::Other(text.into())),
        }
    }

    /// Returns the number as an integer. `1.0` and integers beyond 64 bits are not.
    pub fn as_integer(&self) -> Option<i64> {
        match &self.0 {
            Spelling::Integer(integer) => Some(*integer),
            Spelling::Other(text) => text.parse().ok(),
        }
    }

    /// Returns the closest 64-bit float; `NaN` and infinities are possible.
    pub fn as_float(&self) -> f64 {
        match &self.0 {
            Spelling::Integer(integer) => *integer as f64,
            Spelling::Other(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Returns whether the number is written without a fraction and without an exponent.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Spelling::Integer(_) => true,
            Spelling::Other(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
        }
    }
}

/// Returns whether an integer is written in the way that Rust prints it.
fn is_canonical(text: &str) -> bool {
    !text.starts_with('+') && text != "-0" && !text.trim_start_matches('-').starts_with('0') || text == "0"
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self(Spelling::Integer(integer))
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        i64::try_from(integer).map_or_else(
            |_| Self(Spelling::Other(integer.to_string().into())),
            |integer| Self(Spelling::Integer(integer)),
        )
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Spelling::Integer(integer) => integer.fmt(out),
            Spelling::Other(text) => out.write_str(text),
        }
    }
}

impl Value {
    /// Returns the text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Boolean(_) | Self::List(_) | Self::Null => None,
        }
    }

    /// Returns the values of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(values) => Some(values),
            Self::Text(_) | Self::Number(_) | Self::Boolean(_) | Self::Null => None,
        }
    }

    /// Returns the number of a number value, or of a text that spells one, as in CSV.
    pub fn to_float(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_float()),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Boolean(_) | Self::List(_) | Self::Null => None,
        }
    }

    /// Returns the spelling of a text, number or boolean; none for lists and missing values. A label reads the same
    /// in every format.
    pub fn spelling(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Boolean(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Self::List(_) | Self::Null => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.write_str(text),
            Self::Number(number) => number.fmt(out),
            Self::Boolean(value) => value.fmt(out),
            Self::Null => out.write_str("null"),
            Self::List(values) => {
                out.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.write_str(", ")?;
                    }
                    value.fmt(out)?;
                }
                out.write_str("]")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_spelling() {
        for text in [
            "0",
            "-1",
            "-0",
            "1.0",
            "1e400",
            "123456789012345678901234567890",
            "NaN",
            "007",
            "+1",
        ] {
            assert_eq!(Number::written(text).to_string(), text);
        }
        assert_eq!(Number::from(u64::MAX).to_string(), "18446744073709551615");
    }

    #[test]
    fn integers_are_told_from_floats_by_their_spelling() {
        let number = |text| Number::written(text);
        assert_eq!(number("9223372036854775807").as_integer(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").as_integer(), None);
        assert!(number("9223372036854775808").is_integer());
        assert!(!number("1.0").is_integer() && !number("NaN").is_integer() && !number("-").is_integer());
        assert_eq!(number("2.5").as_float(), 2.5);
    }

    #[test]
    fn a_label_reads_the_same_in_every_format() {
        assert_eq!(
            Value::Text("1".into()).spelling(),
            Value::Number(1_i64.into()).spelling()
        );
        assert_eq!(Value::Null.spelling(), None);
        assert_eq!(Value::Text(" 2.5 ".into()).to_float(), Some(2.5));
    }
}
