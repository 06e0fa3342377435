//! What is wrong with a folder is said, and no file makes the program fail in another way.

use std::fs;
use std::path::Path;

use automl_tokenizer::{EncodeOptions, Input, Tokenizer, Truncation};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model_folder::VOCABULARY;
use crate::support::{folder, json as read};

fn fault_in(folder: &Path) -> String {
    let error = Tokenizer::from_folder(folder).unwrap_err();
    error.to_string().replace(folder.to_str().unwrap(), "FOLDER")
}

fn fault(files: &[(&str, &str)]) -> String {
    fault_in(folder(files).path())
}

fn fault_of_bytes(name: &str, content: &[u8]) -> String {
    let folder = folder(&[]);
    fs::write(folder.path().join(name), content).unwrap();
    fault_in(folder.path())
}

#[test]
fn what_is_wrong_with_a_tokenizer_is_said() {
    let vocabulary = ("vocab.txt", VOCABULARY);
    let pairs = ("vocab.json", r#"{"a": 0, "b": 1}"#);
    let config = |content: &'static str| ("tokenizer_config.json", content);
    let faults = [
        fault(&[]),
        fault(&[pairs]),
        fault(&[("tokenizer.json", "{")]),
        fault(&[("vocab.txt", "[UNK]\n[CLS]\na\n")]),
        fault(&[("vocab.txt", "[SEP]\n[CLS]\na\n")]),
        fault_of_bytes("vocab.txt", b"[UNK]\n[CLS]\n\xff\n"),
        fault(&[vocabulary, config("[")]),
        fault(&[vocabulary, config(r#"{"added_tokens_decoder": {"x": "a"}}"#)]),
        fault(&[vocabulary, ("added_tokens.json", r#"{"a": "b"}"#)]),
        fault(&[vocabulary, ("config.json", r#"{"model_type": "funnel"}"#)]),
        fault(&[pairs, ("merges.txt", "a c\n")]),
        fault(&[("vocab.json", "[]"), ("merges.txt", "")]),
        fault(&[pairs, ("merges.txt", ""), config(r#"{"add_bos_token": true}"#)]),
        fault(&[("spiece.model", "\n\n<html>")]),
        fault(&[("spiece.model", ""), ("config.json", r#"{"model_type": "t5"}"#)]),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r"
    no tokenizer in `FOLDER`: looked for `tokenizer.json`, `vocab.txt`, `vocab.json`, `merges.txt`, `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model`; copy the tokenizer's files beside the model
    no tokenizer in `FOLDER`: looked for `tokenizer.json`, `vocab.txt`, `vocab.json`, `merges.txt`, `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model`; copy the tokenizer's files beside the model
    `FOLDER/tokenizer.json` is malformed: EOF while parsing an object at line 1 column 1
    `FOLDER/vocab.txt` has no `[SEP]`, the `sep_token` of a `BertTokenizer`; is it the vocabulary of another model
    `FOLDER/vocab.txt` has no `[UNK]`, the `unk_token` of a `BertTokenizer`; is it the vocabulary of another model
    `FOLDER/vocab.txt`, line 3: not valid UTF-8; save the file as UTF-8
    `FOLDER/tokenizer_config.json` is malformed: invalid type: sequence, expected a map at line 1 column 0
    `FOLDER/tokenizer_config.json` is malformed: the id `x` in `added_tokens_decoder` is not a number
    `FOLDER/added_tokens.json` is malformed: the id of `a` is not a number
    `FOLDER/vocab.txt` belongs to a `funnel`, which is not supported without a `tokenizer.json`; save the tokenizer with `transformers` (`AutoTokenizer.from_pretrained(…).save_pretrained(…)`) or use a model of `BertTokenizer` or `MPNetTokenizer`
    `FOLDER/merges.txt` is malformed: line 1 has the token `c`, which is not in `vocab.json`
    `FOLDER/vocab.json` is malformed: invalid type: sequence, expected a map at line 1 column 0
    `FOLDER/vocab.json` has no `<|endoftext|>`, the `bos_token` of a `GPT2Tokenizer`; is it the vocabulary of another model
    `FOLDER/spiece.model` is malformed: not a sentencepiece model, or cut short
    `FOLDER/spiece.model` belongs to a `t5`, which is not supported without a `tokenizer.json`; save the tokenizer with `transformers` (`AutoTokenizer.from_pretrained(…).save_pretrained(…)`) or use a model of `AlbertTokenizer`, `CamembertTokenizer`, `DebertaV2Tokenizer`, `GemmaTokenizer`, `LlamaTokenizer` or `XLMRobertaTokenizer`
    ");
}

/// A `tokenizer.json` with this change.
fn changed(change: impl Fn(&mut Value)) -> String {
    let source = folder(&[("vocab.txt", VOCABULARY)]);
    let saved = tempfile::tempdir().unwrap();
    Tokenizer::from_folder(source.path())
        .unwrap()
        .save(saved.path())
        .unwrap();
    let mut whole = read(&saved.path().join("tokenizer.json"));
    change(&mut whole);
    whole.to_string()
}

#[test]
fn a_normalizer_that_writes_too_much_is_refused() {
    let content = changed(|whole| {
        let double = json!({ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" });
        whole["normalizer"] = json!({ "type": "Sequence", "normalizers": vec![double; 40] });
    });
    let message = fault(&[("tokenizer.json", &content)]);
    insta::assert_snapshot!(message, @"`FOLDER/tokenizer.json` is malformed: its normalizer can make a text 1099511627776 times as long");
}

#[test]
fn a_template_with_ids_beyond_the_vocabulary_is_found_out() {
    let content = changed(|whole| whole["post_processor"]["special_tokens"]["[SEP]"]["ids"] = json!([999]));
    let folder = folder(&[("tokenizer.json", &content)]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    assert!(tokenizer.check_rows(1000).is_ok());
    insta::assert_snapshot!(tokenizer.check_rows(999).unwrap_err(), @"the tokenizer's token `added to every text` has id 999, but the model has embeddings for 999 tokens only; use the tokenizer that belongs to the model");
}

#[test]
fn a_special_token_without_a_role_may_lie_beyond_the_model() {
    let with = |special: bool| {
        let content = changed(|whole| {
            let mut added = whole["added_tokens"][0].clone();
            (added["id"], added["content"], added["special"]) = (500.into(), "<image>".into(), special.into());
            whole["added_tokens"].as_array_mut().unwrap().push(added);
        });
        let folder = folder(&[("tokenizer.json", &content)]);
        Tokenizer::from_folder(folder.path()).unwrap()
    };
    let rows = with(true).vocabulary_size() - 1;
    assert!(with(true).check_rows(rows).is_ok());
    let last = with(false).last_token().unwrap().1 as usize;
    assert!(with(false).check_rows(last).is_err());
}

#[test]
fn a_table_that_points_out_of_itself_is_an_error_of_the_text() {
    let content = changed(|whole| {
        // A trie of one unit, whose children would lie far behind it.
        whole["normalizer"] = json!({ "type": "Precompiled", "precompiled_charsmap": "BAAAAP///39h" });
    });
    let folder = folder(&[("tokenizer.json", &content)]);
    let tokenizer = Tokenizer::from_folder(folder.path());
    let encode =
        |tokenizer: Tokenizer| tokenizer.encode(&[Input::Text("a")], &EncodeOptions::new(9, Truncation::LongestFirst));
    let error = tokenizer.and_then(encode).unwrap_err();
    let message = error.to_string().replace(folder.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!(message, @"the tokenizer failed: its file contradicts itself");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_damaged_model_never_panics(position in 0..3000_usize, byte: u8, length in 0..5000_usize) {
        for (name, file) in [("xlm_roberta", "sentencepiece.bpe.model"), ("llama", "tokenizer.model")] {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name).join(file);
            let mut content = fs::read(source).unwrap();
            let position = position % content.len();
            content[position] = byte;
            content.truncate(length.max(position + 1));
            let folder = folder(&[]);
            fs::write(folder.path().join(file), content).unwrap();
            if let Ok(tokenizer) = Tokenizer::from_folder(folder.path()) {
                let text = [Input::Text("the café ﬁlm 好 123")];
                let _ = tokenizer.encode(&text, &EncodeOptions::new(99, Truncation::LongestFirst));
            }
        }
    }
}
