//! News of a run that the server does not have yet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

/// Longest text that is sent; the whole is in the study's files. Older servers refuse parameters over 500 characters.
const LONGEST_TEXT: usize = 500;

/// Longest name that a server takes.
const LONGEST_NAME: usize = 250;

/// A point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metric {
    pub(super) key: String,
    pub(super) value: f64,
    pub(super) timestamp: i64,
    pub(super) step: u64,
}

impl Metric {
    pub(super) fn json(&self) -> Json {
        // Servers store a NaN that is no text as 0.
        let value = if self.value.is_finite() {
            json!(self.value)
        } else if self.value.is_nan() {
            json!("NaN")
        } else {
            json!(if self.value > 0.0 { "Infinity" } else { "-Infinity" })
        };
        json!({"key": self.key, "value": value, "timestamp": self.timestamp, "step": self.step})
    }
}

/// The state of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) status: &'static str,
    pub(super) end: Option<i64>,
}

/// News of a run. Newer tags and states replace older ones.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Name and start of a run that begins.
    pub(super) begin: Option<(String, i64)>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) params: Vec<(String, String)>,
    pub(super) metrics: Vec<Metric>,
    pub(super) datasets: Vec<Json>,
    pub(super) state: Option<State>,
}

impl News {
    #[expect(clippy::needless_pass_by_value, reason = "callers give numbers and texts alike")]
    pub(super) fn tag(&mut self, key: &str, value: impl ToString) {
        self.tags.insert(key.to_owned(), shortened(&value.to_string()));
    }

    pub(super) fn state(&mut self, status: &'static str, end: Option<i64>) {
        self.state = Some(State { status, end });
    }
}

/// Names as the server takes them, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    pub(super) fn of(&mut self, name: &str) -> String {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let plain = plain(name);
        let mut free = plain.clone();
        let mut number = 1;
        while !self.taken.insert(free.clone()) {
            number += 1;
            free = format!("{plain}_{number}");
        }
        self.known.insert(name.to_owned(), free.clone());
        free
    }
}

/// A name of letters, digits and a few signs that is no path out of its folder.
pub(super) fn plain(name: &str) -> String {
    let is_taken = |letter: char| letter.is_alphanumeric() || "_-. :/".contains(letter);
    let plain: String = name
        .chars()
        .map(|letter| if is_taken(letter) { letter } else { '_' })
        .collect();
    let mut parts: Vec<String> = plain.split('/').map(str::to_owned).collect();
    for part in &mut parts {
        if part.is_empty() || part == "." || part == ".." {
            "_".clone_into(part);
        }
    }
    let plain: String = parts.join("/").chars().take(LONGEST_NAME - 10).collect();
    plain.trim_end_matches('/').to_owned()
}

/// A text that is not too long.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(LONGEST_TEXT - 3).collect();
    format!("{beginning}…")
}

/// Names and values as the server wants them.
pub(super) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Json {
    let pairs = pairs.into_iter();
    pairs.map(|(key, value)| json!({"key": key, "value": value})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_different() {
        let mut names = Names::default();
        let found = ["lr", "lr%", "lr$", "/x", "../x", "a//b", "ä", "lr%"].map(|name| names.of(name));
        assert_eq!(found, ["lr", "lr_", "lr__2", "_/x", "_/x_2", "a/_/b", "ä", "lr_"]);
        assert!(names.of(&"x".repeat(400)).len() <= 250);
    }

    #[test]
    fn numbers_that_are_none_are_texts() {
        let metric = |value| Metric {
            key: "a".to_owned(),
            value,
            timestamp: 1,
            step: 2,
        };
        assert_eq!(metric(f64::NAN).json()["value"], "NaN");
        assert_eq!(metric(f64::NEG_INFINITY).json()["value"], "-Infinity");
        assert_eq!(metric(0.5).json()["value"], 0.5);
        assert_eq!(shortened(&"ä".repeat(501)).chars().count(), 498);
    }
}
