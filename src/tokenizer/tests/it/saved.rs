//! Files of exported models.

use std::fs;

use automl_tokenizer::{Input, Tokenizer};

use crate::model_folder::VOCABULARY;
use crate::support::{folder, json, whole};

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_vocabulary_is_saved_with_a_whole_tokenizer_beside_it() {
    let source = folder(&[("vocab.txt", VOCABULARY), ("config.json", r#"{"model_type": "bert"}"#)]);
    let saved = tempfile::tempdir().unwrap();
    let tokenizer = Tokenizer::from_folder(source.path()).unwrap();
    assert_eq!(tokenizer.files(), [source.path().join("vocab.txt")]);
    tokenizer.save(saved.path()).unwrap();
    assert_eq!(
        names(saved.path()),
        ["tokenizer.json", "tokenizer_config.json", "vocab.txt"]
    );
    let config = json(&saved.path().join("tokenizer_config.json"));
    assert_eq!(config["tokenizer_class"], "BertTokenizer");
    assert_eq!(config["sep_token"], "[SEP]");
}

#[test]
fn a_whole_tokenizer_is_copied_byte_for_byte() {
    let source = folder(&[("vocab.txt", VOCABULARY)]);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Tokenizer::from_folder(source.path())
        .unwrap()
        .save(first.path())
        .unwrap();
    Tokenizer::from_folder(first.path())
        .unwrap()
        .save(second.path())
        .unwrap();
    assert_eq!(names(first.path()), names(second.path()));
    for name in names(first.path()) {
        assert_eq!(
            fs::read(first.path().join(&name)).unwrap(),
            fs::read(second.path().join(&name)).unwrap()
        );
    }
}

#[test]
fn a_tokenizer_outlives_its_folder() {
    let source = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::from_folder(source.path()).unwrap();
    drop(source);
    assert_eq!(tokenizer.files(), [] as [std::path::PathBuf; 0]);
    let saved = tempfile::tempdir().unwrap();
    tokenizer.save(saved.path()).unwrap();
    let again = Tokenizer::from_folder(saved.path()).unwrap();
    assert_eq!(
        whole(&again, Input::Text("a film")),
        whole(&tokenizer, Input::Text("a film"))
    );
}

#[test]
fn a_tokenizer_can_be_saved_where_it_lies() {
    let source = folder(&[("vocab.txt", VOCABULARY)]);
    Tokenizer::from_folder(source.path())
        .unwrap()
        .save(source.path())
        .unwrap();
    assert_eq!(fs::read_to_string(source.path().join("vocab.txt")).unwrap(), VOCABULARY);
    assert_eq!(names(source.path()).len(), 3);
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let source = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::from_folder(source.path()).unwrap();
    let error = tokenizer.save(&source.path().join("none")).unwrap_err();
    let message = error.to_string().replace(source.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!(message, @"cannot write `FOLDER/none/vocab.txt`");
}
