//! Limits how much the normalizer of a `tokenizer.json` can lengthen a text. A file that doubles a text forty times
//! would exhaust the memory.

use serde_json::Value;

/// The largest accepted growth. Normalizers of real models replace quotes and blanks by other characters. Unicode
/// normalization forms are not counted: they turn one letter into at most 18 (UAX #15).
const MOST: f64 = 64.0;

/// The factor by which the normalizer can lengthen a text, if it is larger than any real model needs.
pub(super) fn too_much(description: &[u8]) -> Option<f64> {
    // The tokenizer's own reader reports invalid JSON.
    let description: Value = serde_json::from_slice(description).ok()?;
    Some(of(&description["normalizer"])).filter(|growth| *growth > MOST)
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
}
