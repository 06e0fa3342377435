//! Typed reading of the tree. A reader reports an error and returns `None`, so that all errors are found.

use std::ops::RangeInclusive;

use super::diagnostics::{Diagnostic, list};
use super::keys::{Section, range_words};
use super::raw::{Content, Entry, Location, Node};
pub(super) use super::size::bytes;
use crate::space::Value;
use crate::suggestion::did_you_mean;

/// The errors and warnings found until now.
#[derive(Default)]
pub(super) struct Problems {
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Problems {
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    pub(super) fn warning(&mut self, location: &Location, message: impl Into<String>, help: impl Into<String>) {
        self.warnings
            .push(Diagnostic::warning(location, message).with_help(help));
    }

    pub(super) fn wrong_kind(&mut self, node: &Node, what: &str, expected: &str) {
        self.error(
            Diagnostic::error(&node.location, format!("`{what}` must be {expected}"))
                .with_label(format!("this is {}", node.kind())),
        );
    }
}

/// The entries of a mapping whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) location: &'a Location,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// Reads `node` as a mapping with the keys `known`; reports every other key. `what` names the mapping in messages.
    pub(super) fn read(node: &'a Node, what: &str, known: &[&str], problems: &mut Problems) -> Option<Self> {
        let fields = Self::read_any(node, what, problems)?;
        for entry in fields
            .entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let message = format!("unknown key `{}` in {}", entry.key, quoted(what));
            let meant = did_you_mean(&entry.key, known.iter().copied());
            problems.error(Diagnostic::error(&entry.key_location, message).with_meant(meant, known));
        }
        Some(fields)
    }

    /// Reads `node` as a mapping with the keys of `section`; reports every other key.
    pub(super) fn of(node: &'a Node, section: &Section, problems: &mut Problems) -> Option<Self> {
        Self::read(node, section.name, &section.names(), problems)
    }

    /// Reads `node` as a mapping with any keys.
    pub(super) fn read_any(node: &'a Node, what: &str, problems: &mut Problems) -> Option<Self> {
        match &node.content {
            Content::Mapping(entries) => Some(Self {
                location: &node.location,
                entries,
            }),
            Content::Null => Some(Self {
                location: &node.location,
                entries: &[],
            }),
            Content::Scalar(_) | Content::Sequence(_) => {
                problems.wrong_kind(node, what, "a mapping");
                None
            }
        }
    }

    /// All entries in order.
    pub(super) fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// The value of `key`, if it is present and not null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !matches!(value.content, Content::Null))
    }

    /// The entry of `key`, if the key is present.
    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// Puts a name in backticks. A phrase such as "the parameter `x`" already has them.
fn quoted(what: &str) -> String {
    if what.contains(' ') {
        return what.to_owned();
    }
    format!("`{what}`")
}

/// A scalar of any kind; numbers must be finite.
pub(super) fn value(node: &Node, what: &str, problems: &mut Problems) -> Option<Value> {
    match node.scalar() {
        None => problems.wrong_kind(node, what, "a number, a text or a boolean"),
        Some(Value::Float(number)) if !number.is_finite() => {
            problems.error(Diagnostic::error(
                &node.location,
                format!("`{what}` must be a finite number"),
            ));
        }
        Some(value) => return Some(value),
    }
    None
}

/// A value of any kind, including lists, mappings and null; numbers must be finite.
pub(super) fn any_value(node: &Node, what: &str, problems: &mut Problems) -> Option<Value> {
    match &node.content {
        Content::Scalar(_) => value(node, what, problems),
        Content::Null | Content::Sequence(_) | Content::Mapping(_) => {
            let json = json(node, what, problems)?;
            Value::of_json(&json)
        }
    }
}

fn json(node: &Node, what: &str, problems: &mut Problems) -> Option<serde_json::Value> {
    Some(match &node.content {
        Content::Null => serde_json::Value::Null,
        Content::Scalar(_) => value(node, what, problems)?.to_json(),
        Content::Sequence(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| json(item, what, problems)).collect();
            items?.into()
        }
        Content::Mapping(entries) => {
            let pairs = entries
                .iter()
                .map(|entry| Some((entry.key.clone(), json(&entry.value, what, problems)?)));
            let pairs: Option<serde_json::Map<_, _>> = pairs.collect();
            pairs?.into()
        }
    })
}

/// A finite number.
pub(super) fn number(node: &Node, what: &str, problems: &mut Problems) -> Option<f64> {
    match node.scalar().map(|value| value.as_f64()) {
        Some(Some(number)) if number.is_finite() => return Some(number),
        Some(Some(_)) => {
            problems.error(Diagnostic::error(
                &node.location,
                format!("`{what}` must be a finite number"),
            ));
        }
        _ => problems.wrong_kind(node, what, "a number"),
    }
    None
}

/// A number for which `is_allowed` returns `true`; `rule` describes that in words.
pub(super) fn number_that(
    node: &Node,
    what: &str,
    is_allowed: impl Fn(f64) -> bool,
    rule: &str,
    problems: &mut Problems,
) -> Option<f64> {
    let number = number(node, what, problems)?;
    if is_allowed(number) {
        return Some(number);
    }
    problems.error(Diagnostic::error(&node.location, format!("`{what}` must be {rule}")));
    None
}

/// A number between the bounds, which are excluded where `open`.
pub(super) fn number_within(
    node: &Node,
    what: &str,
    (min, max): (f64, f64),
    open: (bool, bool),
    problems: &mut Problems,
) -> Option<f64> {
    let is_allowed = |number: f64| {
        let is_above = if open.0 { number > min } else { number >= min };
        let is_below = if open.1 { number < max } else { number <= max };
        is_above && is_below
    };
    number_that(node, what, is_allowed, &range_words((min, max), open), problems)
}

/// An integer in `range`.
pub(super) fn integer(node: &Node, what: &str, range: RangeInclusive<i64>, problems: &mut Problems) -> Option<i64> {
    let Some(number) = node.scalar().and_then(|value| value.as_i64()) else {
        problems.wrong_kind(node, what, "a whole number");
        return None;
    };
    if range.contains(&number) {
        return Some(number);
    }
    let rule = if number < *range.start() {
        format!("at least {}", range.start())
    } else {
        format!("at most {}", range.end())
    };
    problems.error(Diagnostic::error(&node.location, format!("`{what}` must be {rule}")));
    None
}

/// A seed: an unsigned 64-bit integer.
pub(super) fn seed(node: &Node, what: &str, problems: &mut Problems) -> Option<u64> {
    if let Content::Scalar(scalar) = &node.content
        && !scalar.is_quoted
        && let Ok(seed) = scalar.text.parse()
    {
        return Some(seed);
    }
    let expected = if matches!(node.scalar(), Some(Value::Int(_))) {
        "0 or more"
    } else {
        "a whole number"
    };
    problems.wrong_kind(node, what, expected);
    None
}

pub(super) fn boolean(node: &Node, what: &str, problems: &mut Problems) -> Option<bool> {
    if let Some(Value::Bool(truth)) = node.scalar() {
        return Some(truth);
    }
    problems.wrong_kind(node, what, "`true` or `false`");
    None
}

/// A text. An unquoted number is an error.
pub(super) fn text(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    match node.scalar() {
        Some(Value::Text(text)) if text.is_empty() => {
            problems.error(Diagnostic::error(&node.location, format!("`{what}` is empty")));
        }
        Some(Value::Text(text)) => return Some(text),
        _ => problems.wrong_kind(node, what, "a text"),
    }
    None
}

/// A list of texts with at least one item.
pub(super) fn texts(node: &Node, what: &str, problems: &mut Problems) -> Option<Vec<String>> {
    match &node.content {
        Content::Sequence(items) if !items.is_empty() => {
            // Read all of them before returning, so that every error is reported.
            let texts: Vec<Option<String>> = items.iter().map(|item| text(item, what, problems)).collect();
            texts.into_iter().collect()
        }
        Content::Sequence(_) => {
            problems.error(Diagnostic::error(
                &node.location,
                format!("`{what}` is an empty list; it needs at least one text"),
            ));
            None
        }
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => {
            problems.wrong_kind(node, what, "a list of texts");
            None
        }
    }
}

/// One text, or a list of them with at least one item.
pub(super) fn one_or_more(node: &Node, what: &str, problems: &mut Problems) -> Option<Vec<String>> {
    match &node.content {
        Content::Sequence(_) => texts(node, what, problems),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => text(node, what, problems).map(|text| vec![text]),
    }
}

/// One of several words, each with its value.
pub(super) fn one_of<T: Copy>(node: &Node, what: &str, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let word = text(node, what, problems)?;
    if let Some((_, meaning)) = words.iter().find(|(known, _)| *known == word) {
        return Some(*meaning);
    }
    let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
    let diagnostic = Diagnostic::error(&node.location, format!("`{what}` cannot be `{word}`"));
    let diagnostic = match did_you_mean(&word, known.iter().copied()) {
        Some(meant) => diagnostic.with_label(format!("did you mean `{meant}`?")),
        None => diagnostic.with_label("not supported"),
    };
    problems.error(diagnostic.with_help(format!("supported: {}", list(&known))));
    None
}

/// A duration in seconds, above 0: a number, or a text such as `90s`, `10m`, `1.5h`, `1h30m`, `2d`.
pub(super) fn seconds(node: &Node, what: &str, problems: &mut Problems) -> Option<f64> {
    let seconds = match node.scalar() {
        Some(Value::Text(text)) => duration(&text),
        Some(value) => value.as_f64(),
        None => None,
    };
    // A thousand years: adding a longer time to a clock overflows.
    match seconds {
        Some(seconds) if seconds > 0.0 && seconds <= 3.2e10 => return Some(seconds),
        Some(_) => problems.error(Diagnostic::error(
            &node.location,
            format!("`{what}` must be more than 0 and less than a thousand years"),
        )),
        None => problems.error(
            Diagnostic::error(&node.location, format!("`{what}` must be a duration"))
                .with_help("write seconds as a number, or a text such as `90s`, `10m`, `1h30m`"),
        ),
    }
    None
}

fn duration(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        total = Some(total.unwrap_or(0.0) + number * unit);
        rest = rest[letters..].trim_start();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(duration("90s"), Some(90.0));
        assert_eq!(duration("10m"), Some(600.0));
        assert_eq!(duration("1h30m"), Some(5_400.0));
        assert_eq!(duration("1.5 h"), Some(5_400.0));
        assert_eq!(duration("2 days"), Some(172_800.0));
        for text in ["", "m", "10", "10x", "-3s", "1..2s", "10m5"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
