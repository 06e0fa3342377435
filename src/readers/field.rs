//! The fields of a source and their kinds.

use crate::record::{Columns, Record};
use crate::value::Value;

/// A column of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The kind of its values: as declared by the file, or seen in the first records.
    pub kind: Kind,
}

/// The kind of a column's values. In formats that hold texts only, texts that spell numbers count as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Truth values.
    Boolean,
    /// Lists.
    List,
    /// Values of several kinds.
    Mixed,
    /// No values are seen.
    Unknown,
    /// Values that cannot be read, such as images; the records have [`Value::Null`] there.
    Unsupported,
}

impl Kind {
    /// The kind in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::List => "list",
            Self::Mixed => "mixed",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
        }
    }

    /// The kind of values of both kinds.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, Self::Unknown) | (Self::Unknown, one) => one,
            (one, other) if one == other => one,
            (Self::Unsupported, _) | (_, Self::Unsupported) => Self::Unsupported,
            _ => Self::Mixed,
        }
    }
}

/// The kinds of the columns, seen in some records.
pub(crate) fn seen(columns: &Columns, records: &[&Record]) -> Vec<Kind> {
    let of_column = |index: usize| {
        let values = records.iter().filter_map(|record| record.values().get(index));
        let kind = values.clone().map(kind).fold(Kind::Unknown, Kind::and);
        if kind == Kind::Text {
            spelled(values.filter_map(Value::as_text))
        } else {
            kind
        }
    };
    (0..columns.len()).map(of_column).collect()
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Text(_) => Kind::Text,
        Value::Number(_) => Kind::Number,
        Value::Boolean(_) => Kind::Boolean,
        Value::List(_) => Kind::List,
        Value::Null => Kind::Unknown,
    }
}

/// The kind that texts spell; empty texts are missing values.
fn spelled<'t>(texts: impl Iterator<Item = &'t str>) -> Kind {
    let one = |text: &str| {
        let starts_as_number =
            text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
        match text.trim() {
            "" => Kind::Unknown,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Boolean,
            text if starts_as_number && text.parse::<f64>().is_ok() => Kind::Number,
            _ => Kind::Text,
        }
    };
    match texts.map(one).fold(Kind::Unknown, Kind::and) {
        Kind::Mixed => Kind::Text,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_spell_numbers_count_as_numbers() {
        let spelled = |texts: &[&str]| spelled(texts.iter().copied());
        assert_eq!(spelled(&["1", "-2.5e3", ""]), Kind::Number);
        assert_eq!(spelled(&["1", "one"]), Kind::Text);
        assert_eq!(spelled(&["True", "False"]), Kind::Boolean);
        assert_eq!(spelled(&["inf", "nan"]), Kind::Text);
        assert_eq!(spelled(&["", ""]), Kind::Unknown);
    }
}
