//! Any YAML (or JSON) text as a plain tree with line numbers, for readers of files other than specs.

use std::sync::Arc;

use super::diagnostics::SpecErrors;
use super::parse;
use super::raw::{Content, Node, Source, SourceKind};
use crate::space::Value;

/// A node of a YAML text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// Its content.
    pub content: DocumentContent,
}

/// The content of a YAML node.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentContent {
    /// Empty, or `null`.
    Null,
    /// A number, a text or a boolean.
    Value(Value),
    /// A list.
    List(Vec<Document>),
    /// Keys and their values, in the order of the text.
    Mapping(Vec<(String, Document)>),
}

impl Document {
    /// Reads `text` under the limits of specs, which bound its depth and length. Messages call it `name`. Aliases are
    /// refused. An empty text is null.
    ///
    /// # Errors
    /// Returns [`SpecErrors`] with the position if `text` is not valid YAML.
    pub fn read(name: &str, text: &str) -> Result<Self, SpecErrors> {
        let source = Arc::new(Source {
            name: name.to_owned(),
            text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
            kind: SourceKind::File,
        });
        let root = parse::parse(&source, 0).map_err(SpecErrors::new)?;
        Ok(root.map_or(
            Self {
                line: 1,
                content: DocumentContent::Null,
            },
            |root| Self::of(&root, &Lines::of(&source.text)),
        ))
    }

    fn of(node: &Node, lines: &Lines) -> Self {
        let content = match &node.content {
            Content::Null => DocumentContent::Null,
            Content::Scalar(scalar) => DocumentContent::Value(scalar.value()),
            Content::Sequence(items) => DocumentContent::List(items.iter().map(|item| Self::of(item, lines)).collect()),
            Content::Mapping(entries) => {
                let entries = entries.iter();
                DocumentContent::Mapping(
                    entries
                        .map(|entry| (entry.key.clone(), Self::of(&entry.value, lines)))
                        .collect(),
                )
            }
        };
        Self {
            line: lines.number(node.location.range.start),
            content,
        }
    }

    /// The value of `key` in a mapping, if it is present and not null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.entries().iter().find(|(known, _)| known == key)?;
        (value.content != DocumentContent::Null).then_some(value)
    }

    /// The entries of a mapping; empty for any other node.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.content {
            DocumentContent::Mapping(entries) => entries,
            DocumentContent::Null | DocumentContent::Value(_) | DocumentContent::List(_) => &[],
        }
    }

    /// The items of a list; empty for any other node.
    pub fn items(&self) -> &[Self] {
        match &self.content {
            DocumentContent::List(items) => items,
            DocumentContent::Null | DocumentContent::Value(_) | DocumentContent::Mapping(_) => &[],
        }
    }

    /// The scalar.
    pub fn value(&self) -> Option<&Value> {
        match &self.content {
            DocumentContent::Value(value) => Some(value),
            DocumentContent::Null | DocumentContent::List(_) | DocumentContent::Mapping(_) => None,
        }
    }

    /// The node as a parameter value; `None` if it has integers that are too large.
    pub fn any_value(&self) -> Option<Value> {
        match &self.content {
            DocumentContent::Value(value) => Some(value.clone()),
            DocumentContent::Null | DocumentContent::List(_) | DocumentContent::Mapping(_) => {
                Value::of_json(&self.to_json())
            }
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match &self.content {
            DocumentContent::Null => serde_json::Value::Null,
            DocumentContent::Value(value) => value.to_json(),
            DocumentContent::List(items) => items.iter().map(Self::to_json).collect(),
            DocumentContent::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), value.to_json()));
                entries.collect::<serde_json::Map<_, _>>().into()
            }
        }
    }

    /// The number, even if it is quoted.
    pub fn number(&self) -> Option<f64> {
        let value = self.value()?;
        let written = || value.as_str()?.trim().parse().ok();
        value
            .as_f64()
            .or_else(written)
            .filter(|number: &f64| number.is_finite())
    }

    /// The scalar as text.
    pub fn text(&self) -> Option<String> {
        self.value().map(ToString::to_string)
    }
}

/// Byte offsets at which the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn number(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_are_read_with_their_lines() {
        let document = Document::read("a.yaml", "a: 1\nb:\n  - {c: '2.5'}\n  - ~\n").unwrap();
        let b = document.get("b").unwrap();
        assert_eq!(document.get("a").unwrap().number(), Some(1.0));
        assert_eq!(b.items()[0].get("c").unwrap().number(), Some(2.5));
        assert_eq!((b.items()[0].line, b.items()[1].line), (3, 4));
        let json = Document::read("a.json", "{\"x\": [1e-05, true, null],\n \"y\": {}}").unwrap();
        assert_eq!(json.get("x").unwrap().items()[0].number(), Some(1e-5));
        assert!(Document::read("a.yaml", "a: [").is_err());
        assert!(Document::read("a.yaml", &"[".repeat(10_000)).is_err());
        assert_eq!(Document::read("a.yaml", "").unwrap().content, DocumentContent::Null);
    }
}
