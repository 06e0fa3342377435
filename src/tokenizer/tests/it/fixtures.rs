//! Small tokenizers of all families without a `tokenizer.json` encode texts, pairs and words as `transformers` does.
//! `testdata/make_fixtures.py` made them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use automl_tokenizer::{Input, Origin, Tokenizer, Window};
use serde_json::Value;

use crate::support::{assert_window, json, whole};

fn folders() -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")).unwrap();
    let folders = all.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let sorted: BTreeSet<PathBuf> = folders.collect();
    assert_eq!(sorted.len(), 15);
    sorted.into_iter().collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

/// Asserts that the tokenizer gives the golden answers of the fixture.
fn hold(tokenizer: &Tokenizer, fixture: &Path) {
    let golden = json(&fixture.join("golden.json"));
    let name = fixture.file_name().unwrap().to_string_lossy();
    for answer in golden["texts"].as_array().unwrap() {
        let text = answer["text"].as_str().unwrap();
        assert_window(
            &whole(tokenizer, Input::Text(text)),
            answer,
            &format!("{name}: {text:?}"),
        );
    }
    for answer in golden["pairs"].as_array().unwrap() {
        let pair = strings(&answer["pair"]);
        assert_window(
            &whole(tokenizer, Input::Pair(pair[0], pair[1])),
            answer,
            &format!("{name}: {pair:?}"),
        );
    }
    for answer in golden["words"].as_array().into_iter().flatten() {
        let words = strings(&answer["words"]);
        let window = whole(tokenizer, Input::Words(&words));
        assert_window(&window, answer, &format!("{name}: {words:?}"));
        assert_eq!(positions(&window), answer["word_ids"], "{name}: {words:?}");
    }
    if let Some(pad) = golden["pad_token"].as_str() {
        assert_eq!(Some(tokenizer.pad_id()), tokenizer.id(pad), "{name}");
    }
}

/// The word of each token; null for added ones.
fn positions(window: &Window) -> Value {
    let origins = window.origins.as_ref().unwrap().iter();
    let word = |origin: &Origin| match origin {
        Origin::Added => None,
        Origin::Text { word, .. } => *word,
    };
    serde_json::json!(origins.map(word).collect::<Vec<_>>())
}

#[test]
fn small_tokenizers_encode_as_the_reference_does() {
    for fixture in folders() {
        hold(&Tokenizer::from_folder(&fixture).unwrap(), &fixture);
    }
}

#[test]
fn small_tokenizers_stay_the_same_when_saved() {
    for fixture in folders() {
        let saved = tempfile::tempdir().unwrap();
        Tokenizer::from_folder(&fixture).unwrap().save(saved.path()).unwrap();
        for entry in fs::read_dir(saved.path()).unwrap() {
            let path = entry.unwrap().path();
            let is_kept = ["tokenizer.json", "tokenizer_config.json"]
                .iter()
                .any(|name| path.ends_with(name));
            if !is_kept {
                fs::remove_file(path).unwrap();
            }
        }
        hold(&Tokenizer::from_folder(saved.path()).unwrap(), &fixture);
    }
}

#[test]
fn tokenizers_that_only_know_blanks_see_where_words_begin() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for name in ["gpt2", "opt", "roberta", "gpt_neox", "qwen2", "gemma"] {
        let tokenizer = Tokenizer::from_folder(&data.join(name)).unwrap();
        let words = whole(&tokenizer, Input::Words(&["the", "quiet", "film"]));
        let text = whole(&tokenizer, Input::Text(" the quiet film"));
        assert_eq!(words.ids, text.ids, "{name}");
    }
}
