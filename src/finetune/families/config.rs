//! Reads `config.json` key by key, with errors that name the key.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{kernels::ActivationKind, networks::convnet::ConvnetError};

/// The reason why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ConfigError {
    #[error("it is not a JSON object")]
    NotObject,
    #[error("it has no `{key}`")]
    Missing { key: String },
    #[error("`{key}` is `{value}`; it must be {expected}")]
    Value {
        key: String,
        value: String,
        expected: String,
    },
    #[error("`{key}` is `{value}`; only {known} is supported")]
    Unsupported { key: String, value: String, known: String },
    #[error(transparent)]
    Layers(#[from] ConvnetError),
    #[error("`{what}` {size} is not a multiple of {factors}")]
    Multiple {
        what: &'static str,
        size: usize,
        factors: String,
    },
}

/// The largest size that a key may have.
const LARGEST: u64 = 1 << 24;

/// The largest number of blocks; published models have up to 130.
const MOST_BLOCKS: usize = 1024;

/// The keys of a configuration.
pub(crate) struct Fields<'a> {
    /// `None` for an object without keys.
    keys: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// If the configuration is not an object.
    pub(crate) fn new(config: &'a Value) -> Result<Self, ConfigError> {
        let keys = config.as_object().ok_or(ConfigError::NotObject)?;
        Ok(Self { keys: Some(keys) })
    }

    /// An object without keys.
    pub(crate) const EMPTY: Self = Self { keys: None };

    /// The names of all keys with a value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        let all = self.keys.into_iter().flatten();
        all.filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str())
    }

    /// The value of a key; `None` if it is missing or null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.keys?.get(key).filter(|value| !value.is_null())
    }

    /// Returns whether the key is there without a value, where that says something else than no key.
    pub(crate) fn is_null(&self, key: &str) -> bool {
        self.keys.and_then(|keys| keys.get(key)).is_some_and(Value::is_null)
    }

    /// The fields of a nested object.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn nested(&self, key: &str) -> Result<Option<Fields<'a>>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(keys)) => Ok(Some(Fields { keys: Some(keys) })),
            Some(other) => Err(wrong(key, other, "an object")),
        }
    }

    /// A size of at least 1.
    ///
    /// # Errors
    /// If the key is missing or is not such a number.
    pub(crate) fn size(&self, key: &str) -> Result<usize, ConfigError> {
        let value = self
            .get(key)
            .ok_or_else(|| ConfigError::Missing { key: key.to_owned() })?;
        match value.as_u64() {
            Some(0) => Err(wrong(key, value, "at least 1")),
            Some(size) if size <= LARGEST => Ok(size as usize),
            Some(_) | None => Err(wrong(key, value, "a whole number from 1 to 16777216")),
        }
    }

    /// A number of blocks, which all take memory before a file can show that they are too many.
    ///
    /// # Errors
    /// If the key is missing or is not such a number.
    pub(crate) fn blocks(&self, key: &str) -> Result<usize, ConfigError> {
        let blocks = self.size(key)?;
        match self.get(key) {
            Some(value) if blocks > MOST_BLOCKS => Err(wrong(key, value, "a whole number from 1 to 1024")),
            Some(_) | None => Ok(blocks),
        }
    }

    /// A size, or `default` if the key is missing.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn size_or(&self, key: &str, default: usize) -> Result<usize, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(_) => self.size(key),
        }
    }

    /// A list of sizes of at least 1, or `default` if the key is missing. One number is a list of one.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn sizes_or(&self, key: &str, default: &[usize]) -> Result<Vec<usize>, ConfigError> {
        let Some(value) = self.get(key) else {
            return Ok(default.to_vec());
        };
        let one = [value.clone()];
        let list = value.as_array().map_or(one.as_slice(), Vec::as_slice);
        let sizes: Option<Vec<usize>> = list
            .iter()
            .map(|size| {
                let size = size.as_u64().filter(|size| (1..=LARGEST).contains(size));
                size.map(|size| size as usize)
            })
            .collect();
        sizes
            .filter(|sizes| !sizes.is_empty() && sizes.len() <= MOST_BLOCKS)
            .ok_or_else(|| wrong(key, value, "whole numbers from 1 to 16777216"))
    }

    /// A list of `count` sizes.
    ///
    /// # Errors
    /// If the key has another number of them.
    pub(crate) fn sizes_of(&self, key: &str, default: &[usize], count: usize) -> Result<Vec<usize>, ConfigError> {
        let sizes = self.sizes_or(key, default)?;
        if sizes.len() == count {
            return Ok(sizes);
        }
        Err(ConfigError::Value {
            key: key.to_owned(),
            value: format!("{sizes:?}"),
            expected: format!("{count} numbers"),
        })
    }

    /// Height and width: two sizes, or one for both.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn sides_or(&self, key: &str, default: usize) -> Result<[usize; 2], ConfigError> {
        match *self.sizes_or(key, &[default])?.as_slice() {
            [side] => Ok([side, side]),
            [height, width] => Ok([height, width]),
            ref other => Err(ConfigError::Value {
                key: key.to_owned(),
                value: format!("{other:?}"),
                expected: "one side, or height and width".to_owned(),
            }),
        }
    }

    /// The side of a square: one size, or two that are equal.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn square_or(&self, key: &str, default: usize) -> Result<usize, ConfigError> {
        let [height, width] = self.sides_or(key, default)?;
        if height == width {
            return Ok(height);
        }
        Err(ConfigError::Unsupported {
            key: key.to_owned(),
            value: format!("{height} × {width}"),
            known: "a square".to_owned(),
        })
    }

    /// A whole number, or `default` if the key is missing.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn integer_or(&self, key: &str, default: i64) -> Result<i64, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_i64().filter(|number| number.unsigned_abs() <= LARGEST);
                number.ok_or_else(|| wrong(key, value, "a whole number up to 16777216"))
            }
        }
    }

    /// A number, or `default` if the key is missing.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn number_or(&self, key: &str, default: f64) -> Result<f64, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| wrong(key, value, "a number")),
        }
    }

    /// True or false, or `default` if the key is missing.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn flag_or(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| wrong(key, value, "true or false")),
        }
    }

    /// A text, or `default` if the key is missing.
    ///
    /// # Errors
    /// If the key has another kind of value.
    pub(crate) fn text_or(&self, key: &str, default: &'a str) -> Result<&'a str, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_str().ok_or_else(|| wrong(key, value, "a text")),
        }
    }

    /// An activation by the name that the library gives it, or by `default`.
    ///
    /// # Errors
    /// If the activation is not known.
    pub(crate) fn activation_or(&self, key: &str, default: &'a str) -> Result<ActivationKind, ConfigError> {
        let name = self.text_or(key, default)?;
        let known = ACTIVATIONS.iter().find(|(known, _)| *known == name);
        known.map(|(_, kind)| *kind).ok_or_else(|| ConfigError::Unsupported {
            key: key.to_owned(),
            value: name.to_owned(),
            known: list(ACTIVATIONS.iter().map(|(known, _)| *known)),
        })
    }

    /// # Errors
    /// If the key is present and has another value than `only`.
    pub(crate) fn only(&self, key: &str, only: &Value) -> Result<(), ConfigError> {
        match self.get(key) {
            Some(value) if value != only => Err(ConfigError::Unsupported {
                key: key.to_owned(),
                value: plain(value),
                known: format!("`{}`", plain(only)),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The token for padding; `None` if the model has none.
    ///
    /// # Errors
    /// If it is not a token.
    pub(crate) fn padding(&self, default: Option<u32>) -> Result<Option<u32>, ConfigError> {
        match self.get("pad_token_id") {
            None => Ok(default),
            Some(value) if value.as_i64().is_some_and(|token| token < 0) => Ok(None),
            Some(value) => {
                let token = value.as_u64().and_then(|token| u32::try_from(token).ok());
                token.map(Some).ok_or_else(|| wrong("pad_token_id", value, "a token"))
            }
        }
    }
}

/// Activations by the names of the library.
const ACTIVATIONS: [(&str, ActivationKind); 12] = [
    ("gelu", ActivationKind::Gelu),
    ("gelu_new", ActivationKind::GeluTanh),
    ("gelu_pytorch_tanh", ActivationKind::GeluTanh),
    ("gelu_fast", ActivationKind::GeluTanh),
    ("relu", ActivationKind::Relu),
    ("silu", ActivationKind::Silu),
    ("swish", ActivationKind::Silu),
    ("tanh", ActivationKind::Tanh),
    ("relu6", ActivationKind::Relu6),
    ("hardswish", ActivationKind::HardSwish),
    ("hard_swish", ActivationKind::HardSwish),
    ("sigmoid", ActivationKind::Sigmoid),
];

fn wrong(key: &str, value: &Value, expected: &str) -> ConfigError {
    ConfigError::Value {
        key: key.to_owned(),
        value: plain(value),
        expected: expected.to_owned(),
    }
}

/// A value for a message: a text without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
