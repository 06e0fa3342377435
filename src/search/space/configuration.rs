//! A configuration: one value for every active parameter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Value;
use crate::rng::Fingerprint;

/// One value for every active parameter, by name. Inactive parameters are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Configuration(BTreeMap<String, Value>);

impl Configuration {
    /// The value of `name`, if that parameter is active.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets the value of `name`.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A hash of this configuration, equal for equal configurations on every machine: 16 hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut fingerprint = Fingerprint::new();
        for (name, value) in self.iter() {
            fingerprint.bytes(name.as_bytes());
            fingerprint.bytes(b"=");
            let is_like_another_type = value.as_str().is_some_and(reads_as_another_type);
            if is_like_another_type {
                fingerprint.bytes(b"\"");
            }
            fingerprint.bytes(value.to_string().as_bytes());
            fingerprint.bytes(b"\n");
        }
        format!("{:016x}", fingerprint.finish())
    }
}

/// Returns whether a text looks like a value of another type: `"1"` and 1 are different values.
fn reads_as_another_type(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() || text == "null" || text.starts_with(['[', '{'])
}

impl<Name: Into<String>> FromIterator<(Name, Value)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(values: I) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_other_types_are_other_configurations_whatever_they_look_like() {
        let texts = ["1", "1.0", "true", "a", "[1]", "null"].map(|text| Value::Text(text.to_owned()));
        let data = ["[1]", "null"].map(|json| Value::Data(json.to_owned()));
        let others = [Value::Int(1), Value::Float(1.0), Value::Bool(true)]
            .into_iter()
            .chain(data);
        let hashes = texts.into_iter().chain(others);
        let hashes = hashes.map(|value| [("x", value)].into_iter().collect::<Configuration>().hash());
        assert_eq!(hashes.collect::<std::collections::BTreeSet<String>>().len(), 11);
    }
}
