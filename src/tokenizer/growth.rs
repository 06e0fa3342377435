//! Limits how much the normalizer of a `tokenizer.json` can lengthen a text. A file that doubles a text forty times
//! would exhaust the memory.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::charsmap;

/// The largest accepted growth. Normalizers of real models replace quotes and blanks by other characters. Unicode
/// normalization forms are not counted: they turn one letter into at most 18 (UAX #15).
const MOST: f64 = 64.0;

/// Bytes of the longest text in the tables of sentencepiece (`nmt_nfkc`), which are normalization forms, too. A table
/// counts as far as it writes longer ones.
const LONGEST_IN_TABLES: f64 = 33.0;

/// The factor by which the normalizer of a `tokenizer.json` can lengthen a text, if it is larger than any real model
/// needs.
pub(crate) fn too_much(description: &[u8]) -> Option<f64> {
    // The tokenizer's own reader reports invalid JSON.
    let Normalizers(normalizers) = serde_json::from_slice(description).ok()?;
    let largest = normalizers.iter().map(of).fold(1.0, f64::max);
    Some(largest).filter(|growth| *growth > MOST)
}

/// All normalizers of a `tokenizer.json`, which should be one. The other keys are skipped: a vocabulary is large.
struct Normalizers(Vec<Value>);

impl<'de> Deserialize<'de> for Normalizers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Normalizers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a tokenizer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Normalizers, A::Error> {
        let mut normalizers = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "normalizer" {
                normalizers.push(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Normalizers(normalizers))
    }
}

/// The largest number of letters that one letter becomes.
fn of(normalizer: &Value) -> f64 {
    let written = |key: &str| normalizer[key].as_str().map_or(0, str::len) as f64;
    match normalizer["type"].as_str().unwrap_or_default() {
        "Sequence" => {
            let steps = normalizer["normalizers"].as_array().into_iter().flatten();
            steps.map(of).product()
        }
        "Replace" => {
            let content = written("content");
            match normalizer["pattern"]["String"].as_str() {
                Some(pattern) if !pattern.is_empty() => (content / pattern.len() as f64).max(1.0),
                // A regular expression may match nothing, and so insert text before every letter.
                Some(_) | None => content + 1.0,
            }
        }
        "Prepend" => written("prepend") + 1.0,
        "Precompiled" => {
            let table = normalizer["precompiled_charsmap"].as_str().unwrap_or_default();
            let longest = charsmap::longest_replacement(table).unwrap_or(0) as f64;
            (longest / LONGEST_IN_TABLES).max(1.0)
        }
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn growth(normalizer: &Value) -> Option<f64> {
        too_much(json!({ "normalizer": normalizer }).to_string().as_bytes())
    }

    #[test]
    fn normalizers_of_real_models_are_no_danger() {
        let llama = json!({"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ]});
        let albert = json!({"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "``"}, "content": "\""},
            {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
            {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ]});
        let bert = json!({"type": "BertNormalizer", "clean_text": true, "lowercase": true});
        for normalizer in &[Value::Null, bert, llama, albert, json!({"type": "NFC"})] {
            assert_eq!(growth(normalizer), None);
        }
    }

    #[test]
    fn many_small_steps_are_as_bad_as_a_large_one() {
        let double = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
        let sequence = json!({"type": "Sequence", "normalizers": vec![double; 40]});
        assert_eq!(growth(&sequence), Some(2f64.powi(40)));
        let long = json!({"type": "Replace", "pattern": {"Regex": ""}, "content": "x".repeat(5000)});
        assert_eq!(growth(&long), Some(5001.0));
    }

    #[test]
    fn a_second_normalizer_is_not_overlooked() {
        let long = json!({"type": "Prepend", "prepend": "x".repeat(99)});
        let twice = format!(r#"{{"normalizer": {long}, "model": {{"vocab": []}}, "normalizer": null}}"#);
        assert_eq!(too_much(twice.as_bytes()), Some(100.0));
    }

    /// A table without a trie that has one text.
    fn table(text: &str) -> Value {
        charsmap::normalizer(&[&[0; 4][..], text.as_bytes()].concat())
    }

    #[test]
    fn a_table_with_the_longest_letter_of_unicode_is_no_danger() {
        let xlm_roberta = json!({"type": "Sequence", "normalizers": [
            {"type": "Strip", "strip_left": false, "strip_right": true},
            table("صلى الله عليه وسلم"),
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
        ]});
        assert_eq!(growth(&xlm_roberta), None);
    }

    #[test]
    fn a_table_that_writes_long_texts_is_a_danger() {
        assert_eq!(growth(&table(&"x".repeat(3300))), Some(100.0));
    }
}
