//! Overrides of the command line (`--set budget.trials=5`), applied to the tree before it is checked.

use std::str::FromStr;
use std::sync::Arc;

use super::diagnostics::Diagnostic;
use super::parse;
use super::raw::{Content, Entry, Location, Node, Source, SourceKind};

/// A dotted path into the spec and the YAML to put there, such as `parameters.learning_rate.max=1e-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    path: String,
    value: String,
    /// The flag that the user typed, for messages.
    flag: &'static str,
}

/// A text that is not an override.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an override: write `key=value`, such as `budget.trials=5`")]
pub struct OverrideError {
    text: String,
}

impl Override {
    /// Sets `value`, read as YAML, at the dotted `path`.
    pub fn new(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: value.into(),
            flag: "--set",
        }
    }

    /// The same override with another flag in messages, such as `--budget`.
    #[must_use]
    pub fn with_flag(self, flag: &'static str) -> Self {
        Self { flag, ..self }
    }
}

impl FromStr for Override {
    type Err = OverrideError;

    fn from_str(text: &str) -> Result<Self, OverrideError> {
        match text.split_once('=') {
            Some((path, value)) if path.split('.').all(|key| !key.trim().is_empty()) => {
                Ok(Self::new(path.trim(), value.trim()))
            }
            _ => Err(OverrideError { text: text.to_owned() }),
        }
    }
}

/// Applies the override to `root`. Missing mappings on the path are created.
pub(super) fn apply(root: &mut Node, change: &Override) -> Result<(), Vec<Diagnostic>> {
    let text = format!("{}={}", change.path, change.value);
    let source = Arc::new(Source {
        name: change.flag.to_owned(),
        text,
        kind: SourceKind::Override,
    });
    let start = change.path.len() + 1;
    let end = source.text.len();
    let value = parse::parse(&source, start)?.unwrap_or(Node {
        location: Location {
            source: Arc::clone(&source),
            range: start..end,
        },
        content: Content::Null,
    });
    let path = Location {
        source,
        range: 0..change.path.len(),
    };
    let keys: Vec<&str> = change.path.split('.').collect();
    if let [key, _, ..] = keys[..] {
        write_out(root, key);
    }
    put(root, &keys, &path, value).map_err(|diagnostic| vec![*diagnostic])
}

/// Keys that accept a short form, with the key that the short value has in the full form: `metric: accuracy` is
/// `metric: {name: accuracy}`.
const SHORT: [(&str, &str); 5] = [
    ("data", "train"),
    ("early_terminate", "type"),
    ("epochs", "max"),
    ("function", "name"),
    ("metric", "name"),
];

/// Replaces the short form of a value with the full form, so that other keys can be added.
fn write_out(root: &mut Node, key: &str) {
    let Content::Mapping(entries) = &mut root.content else {
        return;
    };
    let entry = entries.iter_mut().find(|entry| entry.key == key);
    let field = SHORT.iter().find(|(short, _)| *short == key);
    let (Some(entry), Some((_, field))) = (entry, field) else {
        return;
    };
    if matches!(entry.value.content, Content::Scalar(_)) {
        let short = entry.value.clone();
        entry.value.content = Content::Mapping(vec![Entry {
            key: (*field).to_owned(),
            key_location: entry.key_location.clone(),
            value: short,
        }]);
    }
}

fn put(node: &mut Node, keys: &[&str], path: &Location, value: Node) -> Result<(), Box<Diagnostic>> {
    if keys.is_empty() {
        *node = value;
        return Ok(());
    }
    if matches!(node.content, Content::Null) {
        *node = Node {
            location: path.clone(),
            content: Content::Mapping(Vec::new()),
        };
    }
    let kind = node.kind();
    let Content::Mapping(entries) = &mut node.content else {
        let inside = format!("`{}` cannot be set inside {kind}", keys.join("."));
        return Err(Box::new(
            Diagnostic::error(path, inside).with_help("set the whole value, as in `key={min: 1, max: 2}`"),
        ));
    };
    // Names of parameters may contain dots: the longest existing key counts.
    let existing = (1..=keys.len()).rev().find_map(|length| {
        let name = keys[..length].join(".");
        entries
            .iter()
            .position(|entry| entry.key == name)
            .map(|index| (index, length))
    });
    if let Some((index, length)) = existing {
        return put(&mut entries[index].value, &keys[length..], path, value);
    }
    let mut fresh = Node {
        location: path.clone(),
        content: Content::Null,
    };
    put(&mut fresh, &keys[1..], path, value)?;
    entries.push(Entry {
        key: keys[0].to_owned(),
        key_location: path.clone(),
        value: fresh,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_value_is_written_out_where_something_is_put_beside_it() {
        let text = "function: sphere\nmetric: loss\nepochs: 4\nearly_terminate: asha\nparameters: {x: {min: 0.0, max: 1.0}}\n\
                    budget: {trials: 1}\n";
        let set = |text: &str| text.parse::<Override>().unwrap();
        let changes = [
            set("function.jitter=0.5"),
            set("metric.target=0.5"),
            set("epochs.min=2"),
            set("early_terminate.eta=2"),
        ];
        let path = std::path::Path::new("space.yaml");
        let (spec, _) = crate::spec::from_text(text, path, &changes).unwrap();
        let in_full = "function: {name: sphere, jitter: 0.5}\nmetric: {name: loss, target: 0.5}\nepochs: {min: 2, max: 4}\n\
                       early_terminate: {type: asha, eta: 2}\nparameters: {x: {min: 0.0, max: 1.0}}\nbudget: {trials: 1}\n";
        assert_eq!(
            spec.to_yaml(),
            crate::spec::from_text(in_full, path, &[]).unwrap().0.to_yaml()
        );
        // A value that has no short form is still an error.
        let budget = [set("name.first=x")];
        assert!(crate::spec::from_text(&text.replace("function", "name: a\nfunction"), path, &budget).is_err());
    }

    #[test]
    fn an_override_is_a_path_an_equals_sign_and_a_value() {
        assert_eq!("a.b=c=d".parse(), Ok(Override::new("a.b", "c=d")));
        for text in ["", "a", "=1", "a..b=1", ".a=1"] {
            assert_eq!(text.parse::<Override>(), Err(OverrideError { text: text.to_owned() }));
        }
    }
}
