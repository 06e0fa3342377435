//! The description of a key: its name, its meaning and the values that it accepts.
//!
//! Every section of a spec is a list of keys, kept beside the code that reads it and listed in
//! [`SECTIONS`](super::SECTIONS). The JSON Schema and the reference pages come from there. A key with a plain value is
//! read and written by its description as well (`declared`).

/// A mapping whose keys are known.
#[derive(Debug)]
pub struct Section {
    /// Its name in the schema.
    pub name: &'static str,
    /// Its meaning in one sentence.
    pub about: &'static str,
    /// Its keys, in the usual order of a spec.
    pub keys: fn() -> Vec<Key>,
}

impl Section {
    /// The names of its keys, without those that are deprecated.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let keys = (self.keys)().into_iter();
        keys.filter(|key| !key.is_deprecated).map(|key| key.name).collect()
    }
}

/// One key of a [`Section`].
#[derive(Clone, Debug)]
pub struct Key {
    /// The key as it is written.
    pub name: &'static str,
    /// Its meaning, for documentation.
    pub about: &'static str,
    /// The types that accept it, if the section's keys depend on its type.
    pub owners: Vec<&'static str>,
    /// The values that it accepts.
    pub kind: Kind,
    /// The value of a missing key, as JSON; empty if it depends on other keys, or if [`Self::computed_default`] has it.
    pub default: &'static str,
    /// The default that a declared key has in its struct, as JSON.
    pub computed_default: String,
    /// Typical values, as JSON.
    pub examples: &'static [&'static str],
    /// `true` if it is accepted but has no effect.
    pub is_deprecated: bool,
}

/// The kind of value that a key accepts.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A text, not empty.
    Text,
    /// A text, a number or a boolean.
    Scalar,
    /// Any value. Only programs accept values other than scalars.
    Anything,
    /// A number from `min` to `max`; the bounds themselves are excluded if `open`.
    Number {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
        /// `true` where `min` or `max` is excluded.
        open: (bool, bool),
    },
    /// An integer from `min` to `max`.
    Integer {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// Seconds as a number, or a text such as `1h30m`.
    Duration,
    /// Bytes as a number, or a text such as `4GB`; at least `min` bytes.
    Size {
        /// Smallest value.
        min: u64,
    },
    /// One of several words.
    Words(fn() -> Vec<&'static str>),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A mapping with known keys.
    Section(&'static Section),
    /// Parameters by name.
    Parameters,
    /// Values of parameters by name.
    Configuration,
    /// Texts by name.
    Texts,
    /// A list with at least one item.
    List(&'static Kind),
    /// Any of these.
    Any(&'static [Kind]),
}

impl Kind {
    /// `true` if the word `auto` stands for a missing value.
    pub(super) fn has_auto(self) -> bool {
        matches!(self, Self::Any([Self::OneOf(["auto"]), _]))
    }

    /// The kind of the number if there is an alternative `auto`.
    pub(super) fn number(self) -> Self {
        match self {
            Self::Any([Self::OneOf(["auto"]), number]) => *number,
            kind => kind,
        }
    }
}

/// The range of a number in words, such as "greater than 0 and at most 1"; empty without bounds.
pub(super) fn range_words((min, max): (f64, f64), open: (bool, bool)) -> String {
    let low = if open.0 { "greater than" } else { "at least" };
    let high = if open.1 { "less than" } else { "at most" };
    match (min.is_finite(), max.is_finite()) {
        (true, true) => format!("{low} {min} and {high} {max}"),
        (true, false) => format!("{low} {min}"),
        (false, true) => format!("{high} {max}"),
        (false, false) => String::new(),
    }
}

pub(super) const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        about,
        owners: Vec::new(),
        kind,
        default: "",
        computed_default: String::new(),
        examples: &[],
        is_deprecated: false,
    }
}

impl Key {
    /// The meaning, followed by the types that accept the key.
    pub fn sentence(&self) -> String {
        if self.owners.is_empty() {
            self.about.to_owned()
        } else {
            format!("For {}: {}", listed(&self.owners), uncapitalized(self.about))
        }
    }

    /// The default as JSON; empty if it depends on other keys.
    pub fn default_json(&self) -> &str {
        if self.default.is_empty() {
            &self.computed_default
        } else {
            self.default
        }
    }

    pub(super) const fn default(mut self, json: &'static str) -> Self {
        self.default = json;
        self
    }

    pub(super) const fn examples(mut self, json: &'static [&'static str]) -> Self {
        self.examples = json;
        self
    }

    pub(super) const fn deprecated(mut self) -> Self {
        self.is_deprecated = true;
        self
    }
}

/// Joins names as `a`, `b` and `c`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn uncapitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

pub(super) const NUMBER: Kind = Kind::Number {
    min: f64::NEG_INFINITY,
    max: f64::INFINITY,
    open: (false, false),
};
pub(super) const POSITIVE: Kind = Kind::Number {
    min: 0.0,
    max: f64::INFINITY,
    open: (true, false),
};
pub(super) const NOT_NEGATIVE: Kind = Kind::Number {
    min: 0.0,
    max: f64::INFINITY,
    open: (false, false),
};
pub(super) const EPOCHS: Kind = Kind::Number {
    min: 0.0,
    max: 1e6,
    open: (true, false),
};
pub(super) const SHARE: Kind = Kind::Number {
    min: 0.0,
    max: 1.0,
    open: (false, false),
};
pub(super) const SEED: Kind = Kind::Integer { min: 0, max: u64::MAX };
pub(super) const COUNT: Kind = Kind::Integer {
    min: 0,
    max: u32::MAX as u64,
};
pub(super) const TRIALS: Kind = Kind::Integer { min: 1, max: 1_000_000 };
