//! A parameter's value.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One value of one parameter. In JSON and YAML it is the plain scalar; floats always carry a point or an exponent.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list, a mapping or null, as JSON in its shortest form. Only external programs take such values.
    Data(String),
}

impl Value {
    /// The value as a number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Bool(_) | Self::Text(_) | Self::Data(_) => None,
        }
    }

    /// The value as a whole number, if it is one; 2.0 counts as one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Some(*number as i64),
            Self::Float(_) | Self::Bool(_) | Self::Text(_) | Self::Data(_) => None,
        }
    }

    /// The value as a text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Data(_) => None,
        }
    }

    /// Converts any JSON value; `None` for whole numbers that do not fit into `i64`.
    pub fn of_json(json: &serde_json::Value) -> Option<Self> {
        Some(match json {
            serde_json::Value::Bool(truth) => Self::Bool(*truth),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Number(number) if number.is_f64() => Self::Float(number.as_f64()?),
            serde_json::Value::Number(number) => Self::Int(number.as_i64()?),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                Self::Data(json.to_string())
            }
        })
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(truth) => (*truth).into(),
            Self::Int(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Text(text) => text.clone().into(),
            Self::Data(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }

    /// Equality across number types: 1 equals 1.0.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.as_f64(), other.as_f64()) {
            (Some(left), Some(right)) => left == right,
            _ => self == other,
        }
    }

    /// The kind of this value, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Data(json) if json.starts_with('[') => "a list",
            Self::Data(json) if json.starts_with('{') => "a mapping",
            Self::Data(_) => "nothing",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(formatter),
            Self::Int(value) => value.fmt(formatter),
            // `{:?}` is the shortest text that reads back as the same number, and keeps the point.
            Self::Float(value) => write!(formatter, "{value:?}"),
            Self::Text(value) | Self::Data(value) => formatter.write_str(value),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Data(_) => self.to_json().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Self::of_json(&json).ok_or_else(|| de::Error::custom(format!("`{json}` is too large")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-1.0e300..1.0e300).prop_map(Value::Float),
            ".*".prop_map(Value::Text),
            Just(Value::Data("null".to_owned())),
            prop::collection::vec(any::<i32>(), 0..4).prop_map(|list| Value::Data(serde_json::json!(list).to_string())),
            ("[a-z]{0,4}", any::<bool>())
                .prop_map(|(key, truth)| Value::Data(serde_json::json!({ key: [truth] }).to_string())),
        ]
    }

    proptest! {
        #[test]
        fn json_gives_back_the_same_value(value in any_value()) {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
