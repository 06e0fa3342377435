//! A `vocab.txt` of BERT, and the files beside it.

use automl_tokenizer::{Input, Tokenizer};

use crate::support::{folder, whole};

pub(crate) const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nfilm\nquiet\n##ly\nQuiet\n好\n.\n";

fn ids(files: &[(&str, &str)], text: &str) -> Vec<u32> {
    let folder = folder(files);
    whole(&Tokenizer::from_folder(folder.path()).unwrap(), Input::Text(text)).ids
}

#[test]
fn a_vocabulary_alone_reads_like_bert() {
    let files = [("vocab.txt", VOCABULARY)];
    assert_eq!(ids(&files, "A Quietly film."), [2, 4, 6, 7, 5, 10, 3]);
    assert_eq!(ids(&files, "好film unknown"), [2, 9, 5, 1, 3]);
    assert_eq!(ids(&files, ""), [2, 3]);
}

#[test]
fn capital_letters_count_when_the_model_says_so() {
    let config = ("tokenizer_config.json", r#"{"do_lower_case": false}"#);
    assert_eq!(
        ids(&[("vocab.txt", VOCABULARY), config], "Quiet quiet A"),
        [2, 8, 6, 1, 3]
    );
}

#[test]
fn a_token_that_the_vocabulary_lacks_is_added_behind_it() {
    let special = ("special_tokens_map.json", r#"{"additional_special_tokens": ["<e>"]}"#);
    assert_eq!(
        ids(&[("vocab.txt", VOCABULARY), special], "a<e>film [MASK]"),
        [2, 4, 12, 5, 11, 3]
    );
    let added = ("added_tokens.json", r#"{"<e>": 11}"#);
    assert_eq!(
        ids(&[("vocab.txt", VOCABULARY), added], "a<e>film [MASK]"),
        [2, 4, 11, 5, 12, 3]
    );
}

#[test]
fn an_added_word_is_found_in_the_normalized_text() {
    let added = ("added_tokens.json", r#"{"Film2": 11, "[SEP]": 3}"#);
    let files = [("vocab.txt", VOCABULARY), added];
    assert_eq!(ids(&files, "a FILM2"), [2, 4, 11, 3]);
    assert_eq!(ids(&files, "a [SEP]"), [2, 4, 3, 3]);
    // As in transformers 5.24: only tokens that the folder itself calls special are looked for in the original text.
    assert_eq!(ids(&files, "a [sep]"), [2, 4, 3, 3]);
}

#[test]
fn texts_have_types_without_special_tokens_too() {
    let files = [
        ("vocab.json", r#"{"a": 0, "b": 1, "<|endoftext|>": 2}"#),
        ("merges.txt", ""),
    ];
    let source = folder(&files);
    let saved = tempfile::tempdir().unwrap();
    Tokenizer::from_folder(source.path())
        .unwrap()
        .save(saved.path())
        .unwrap();
    let mut content = crate::support::json(&saved.path().join("tokenizer.json"));
    content["post_processor"] = serde_json::Value::Null;
    let folder = folder(&[("tokenizer.json", &content.to_string())]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    let window = whole(&tokenizer, Input::Pair("a", "ba"));
    assert_eq!((window.ids, window.token_types), (vec![0, 1, 0], vec![0, 1, 1]));
    assert_eq!(tokenizer.special_tokens_added(true), 0);
}

#[test]
fn a_token_can_take_the_blanks_around_it() {
    let config = r#"{"added_tokens_decoder": {"9": {"content": "好", "lstrip": true, "special": true}}}"#;
    let folder = folder(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", config)]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    let window = whole(&tokenizer, Input::Text("a   好"));
    assert_eq!(window.ids, [2, 4, 9, 3]);
    assert_eq!(crate::support::characters(&window)[2], 1..5);
}

#[test]
fn the_files_own_padding_and_truncation_do_not_count() {
    let vocabulary = folder(&[("vocab.txt", VOCABULARY)]);
    let saved = tempfile::tempdir().unwrap();
    Tokenizer::from_folder(vocabulary.path())
        .unwrap()
        .save(saved.path())
        .unwrap();
    let mut whole_file = crate::support::json(&saved.path().join("tokenizer.json"));
    whole_file["truncation"] =
        serde_json::json!({ "direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0 });
    whole_file["padding"] = serde_json::json!({
        "strategy": { "Fixed": 16 }, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 9, "pad_type_id": 0, "pad_token": "[PAD]",
    });
    let folder = folder(&[("tokenizer.json", &whole_file.to_string())]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    assert_eq!(whole(&tokenizer, Input::Text("a film a film")).ids, [2, 4, 5, 4, 5, 3]);
    assert_eq!(tokenizer.pad_id(), 9);
    assert_eq!(tokenizer.last_token(), Some(("[MASK]", 11)));
    assert_eq!(tokenizer.vocabulary_size(), 12);
}

#[test]
fn padding_is_found_by_name_then_by_the_model_then_at_the_end() {
    let pad = |files: &[(&str, &str)]| {
        let folder = folder(&[files, &[("merges.txt", "")]].concat());
        Tokenizer::from_folder(folder.path()).unwrap().pad_id()
    };
    let vocabulary = ("vocab.json", r#"{"a": 0, "<|endoftext|>": 1, "p": 2}"#);
    assert_eq!(pad(&[vocabulary]), 1);
    assert_eq!(pad(&[vocabulary, ("config.json", r#"{"pad_token_id": 0}"#)]), 0);
    assert_eq!(
        pad(&[vocabulary, ("tokenizer_config.json", r#"{"pad_token": "p"}"#)]),
        2
    );
}
