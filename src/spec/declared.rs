//! Keys with plain values, each declared once. The reader, the writer, the JSON Schema and the reference follow from the
//! declaration.
//!
//! A section is a struct with a `Default` and a list of [`Field`]s. A new key is a field of the struct and one row.

use super::diagnostics::Diagnostic;
use super::keys::{Key, Kind, key};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::write;
use crate::space::Value;
use crate::units::Seed;

/// A key of a section whose values are kept in a `T`.
pub(super) struct Field<T: 'static> {
    key: Key,
    /// The value's location in a `T`; `None` if the section reads the key itself.
    slot: Option<&'static dyn Slot<T>>,
    is_terse: bool,
}

/// A key whose value is kept at `slot`.
pub(super) const fn field<T>(
    name: &'static str,
    kind: Kind,
    slot: &'static dyn Slot<T>,
    about: &'static str,
) -> Field<T> {
    Field {
        key: key(name, kind, about),
        slot: Some(slot),
        is_terse: false,
    }
}

/// A key that the section reads and writes itself, because its value depends on other keys or on files.
pub(super) const fn by_hand<T>(key: Key) -> Field<T> {
    Field {
        key,
        slot: None,
        is_terse: false,
    }
}

impl<T> Field<T> {
    /// Typical values, as JSON.
    pub(super) const fn examples(mut self, json: &'static [&'static str]) -> Self {
        self.key.examples = json;
        self
    }

    /// The documented default, for a key whose absence is not a value of its type.
    pub(super) const fn default(mut self, json: &'static str) -> Self {
        self.key.default = json;
        self
    }

    /// Leaves the key out of written specs if it has its default.
    pub(super) const fn terse(mut self) -> Self {
        self.is_terse = true;
        self
    }
}

/// An empty text and an empty list, which no key accepts.
const NOTHING: [&str; 2] = ["\"\"", "[]"];

/// The keys of `fields`, with the defaults of a `T`.
pub(super) fn keys<T: Default>(fields: &'static [Field<T>]) -> Vec<Key> {
    let defaults = T::default();
    let with_default = |field: &Field<T>| {
        let mut key = field.key.clone();
        if key.default.is_empty()
            && let Some(slot) = field.slot
            && let Written::Line(yaml) = slot.write(&defaults, &key)
            && !NOTHING.contains(&yaml.as_str())
        {
            key.computed_default = as_json(yaml);
        }
        key
    };
    fields.iter().map(with_default).collect()
}

/// A plain YAML scalar as JSON.
fn as_json(yaml: String) -> String {
    let is_json = serde_json::from_str::<serde_json::Value>(&yaml).is_ok();
    if is_json {
        yaml
    } else {
        serde_json::Value::from(yaml).to_string()
    }
}

/// Reads a section; `None` after any error. Unknown keys are errors. `what` names the section in messages.
pub(super) fn read<T: Default>(
    node: &Node,
    what: &str,
    fields: &'static [Field<T>],
    problems: &mut Problems,
) -> Option<T> {
    let names: Vec<&str> = fields.iter().map(|field| field.key.name).collect();
    let given = Fields::read(node, what, &names, problems)?;
    fill(given, fields, problems)
}

/// Reads an optional section; its default if it is absent.
pub(super) fn read_or_default<T: Default>(
    spec: &Fields<'_>,
    name: &str,
    fields: &'static [Field<T>],
    problems: &mut Problems,
) -> Option<T> {
    match spec.get(name) {
        Some(node) => read(node, name, fields, problems),
        None => Some(T::default()),
    }
}

/// Reads the declared keys that are among `given`; the other fields keep their defaults. `None` after any error.
pub(super) fn fill<T: Default>(given: Fields<'_>, fields: &'static [Field<T>], problems: &mut Problems) -> Option<T> {
    let (section, is_sound) = fill_any(given, fields, problems);
    is_sound.then_some(section)
}

/// [`fill`], but returns the section and `false` after an error, so that other checks can still run.
pub(super) fn fill_any<T: Default>(
    given: Fields<'_>,
    fields: &'static [Field<T>],
    problems: &mut Problems,
) -> (T, bool) {
    let mut section = T::default();
    let mut is_sound = true;
    for Field { key, slot, .. } in fields {
        if let (Some(slot), Some(node)) = (slot, given.get(key.name)) {
            is_sound &= slot.read(&mut section, node, key, problems).is_some();
        }
    }
    (section, is_sound)
}

/// The declared keys of a section with their values, in order. Keys without a value are left out.
pub(super) fn written<T: Default>(section: &T, fields: &'static [Field<T>]) -> Vec<(&'static str, Written)> {
    let defaults = T::default();
    let line = |field: &Field<T>| {
        let slot = field.slot?;
        let written = slot.write(section, &field.key);
        let is_idle = field.is_terse && written == slot.write(&defaults, &field.key);
        (!is_idle && written != Written::Nothing).then_some((field.key.name, written))
    };
    fields.iter().filter_map(line).collect()
}

/// A value in a written spec.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Nothing,
    /// A scalar, or a list on one line.
    Line(String),
    /// The items of a list, each on its own line.
    Items(Vec<String>),
}

/// The location of a value in a `T`.
pub(super) trait Slot<T> {
    fn read(&self, section: &mut T, node: &Node, key: &Key, problems: &mut Problems) -> Option<()>;
    fn write(&self, section: &T, key: &Key) -> Written;
}

/// A field of a struct. [`at!`](crate::spec::declared::at) makes one from the field's name.
pub(super) struct At<T, V>(pub(super) fn(&mut T) -> &mut V);

/// The slot of a struct's field: `at!(Budget.wall)`.
macro_rules! at {
    ($section:ident . $field:ident) => {
        &$crate::spec::declared::At(|section: &mut $section| &mut section.$field)
    };
}
pub(super) use at;

impl<T: Clone, V: Plain> Slot<T> for At<T, V> {
    fn read(&self, section: &mut T, node: &Node, key: &Key, problems: &mut Problems) -> Option<()> {
        *(self.0)(section) = V::read(node, key, problems)?;
        Some(())
    }

    fn write(&self, section: &T, key: &Key) -> Written {
        let yaml = (self.0)(&mut section.clone()).yaml(key);
        yaml.map_or(Written::Nothing, Written::Line)
    }
}

/// A list of sections, each written on one line.
pub(super) struct Items<T, I: 'static>(pub(super) fn(&mut T) -> &mut Vec<I>, pub(super) &'static [Field<I>]);

impl<T: Clone, I: Default + 'static> Slot<T> for Items<T, I> {
    fn read(&self, section: &mut T, node: &Node, key: &Key, problems: &mut Problems) -> Option<()> {
        let Content::Sequence(items) = &node.content else {
            problems.wrong_kind(node, key.name, "a list");
            return None;
        };
        let items = items.iter().map(|item| read(item, key.name, self.1, problems));
        // Read all of them before returning, so that every error is reported.
        let items: Vec<Option<I>> = items.collect();
        *(self.0)(section) = items.into_iter().collect::<Option<_>>()?;
        Some(())
    }

    fn write(&self, section: &T, _: &Key) -> Written {
        let mut section = section.clone();
        let lines = (self.0)(&mut section).iter().map(|item| flow(item, self.1));
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            Written::Nothing
        } else {
            Written::Items(lines)
        }
    }
}

/// A section as a mapping on one line.
fn flow<T: Default>(section: &T, fields: &'static [Field<T>]) -> String {
    let pairs = written(section, fields)
        .into_iter()
        .filter_map(|(name, written)| match written {
            Written::Line(value) => Some(format!("{name}: {value}")),
            Written::Nothing | Written::Items(_) => None,
        });
    let pairs: Vec<String> = pairs.collect();
    format!("{{{}}}", pairs.join(", "))
}

/// A type of plain values. The key's kind says which of them it accepts.
pub(super) trait Plain: Sized {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self>;
    /// The value as YAML; `None` if the key is left out.
    fn yaml(&self, key: &Key) -> Option<String>;
}

impl Plain for f64 {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        match key.kind {
            Kind::Duration => reader::seconds(node, key.name, problems),
            Kind::Number { min, max, open } => reader::number_within(node, key.name, (min, max), open, problems),
            _ => reader::number(node, key.name, problems),
        }
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(write::float(*self))
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Plain for $integer {
            fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
                let number = match key.kind.number() {
                    Kind::Size { min } => reader::bytes(node, key.name, min, problems),
                    Kind::Integer { min, max } => {
                        let max = i64::try_from(max).unwrap_or(i64::MAX);
                        let min = i64::try_from(min).unwrap_or(i64::MAX);
                        reader::integer(node, key.name, min..=max, problems).map(i64::cast_unsigned)
                    }
                    _ => reader::integer(node, key.name, 0..=i64::MAX, problems).map(i64::cast_unsigned),
                };
                // The bounds of the kind fit into the type.
                number.map(|number| number as Self)
            }

            fn yaml(&self, _: &Key) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}
integers!(u32, u64, usize);

impl Plain for Seed {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        reader::seed(node, key.name, problems).map(Self)
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl Plain for bool {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        reader::boolean(node, key.name, problems)
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(self.to_string())
    }
}

impl Plain for String {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        match key.kind {
            Kind::Words(words) => {
                let words: Vec<(&str, &str)> = words().into_iter().map(|word| (word, word)).collect();
                reader::one_of(node, key.name, &words, problems).map(str::to_owned)
            }
            _ => reader::text(node, key.name, problems),
        }
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(write::text(self))
    }
}

/// One character, or the word `tab`.
impl Plain for char {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        let text = reader::text(node, key.name, problems)?;
        let mut characters = text.chars();
        match (text.as_str(), characters.next(), characters.next()) {
            ("tab" | "\\t", ..) => Some('\t'),
            (_, Some(only), None) => Some(only),
            _ => {
                let message = format!("`{}` must be one character, or `tab`", key.name);
                problems.error(Diagnostic::error(&node.location, message));
                None
            }
        }
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(match self {
            '\t' => "tab".to_owned(),
            other => write::quoted(&other.to_string()),
        })
    }
}

/// A list of texts with at least one item.
impl Plain for Vec<String> {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        reader::texts(node, key.name, problems)
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(write::texts(self))
    }
}

/// A missing value, or the word `auto` if the key accepts it.
impl<V: Plain> Plain for Option<V> {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        let is_auto = key.kind.has_auto() && node.scalar() == Some(Value::Text("auto".to_owned()));
        if is_auto {
            return Some(None);
        }
        V::read(node, key, problems).map(Some)
    }

    fn yaml(&self, key: &Key) -> Option<String> {
        match self {
            Some(value) => value.yaml(key),
            None => key.kind.has_auto().then(|| "auto".to_owned()),
        }
    }
}

/// A type whose values are words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// Every value with its word.
    fn names() -> Vec<(&'static str, Self)>;
}

/// The words of `W`, for [`Kind::Words`].
pub(super) fn words_of<W: Word>() -> Vec<&'static str> {
    W::names().into_iter().map(|(word, _)| word).collect()
}

impl<W: Word> Plain for W {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        reader::one_of(node, key.name, &W::names(), problems)
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        let names = W::names();
        names
            .iter()
            .find(|(_, value)| value == self)
            .map(|(word, _)| (*word).to_owned())
    }
}
