//! Text classification from table to results, in every format of table.

use std::path::Path;

use crate::support::{REVIEWS, Sandbox, TEXTS, write_reviews};

#[test]
fn every_format_of_table_gives_the_same_results() {
    let sandbox = Sandbox::with_texts();
    let mut first = None;
    for extension in ["csv", "tsv", "jsonl"] {
        let table = format!("reviews.{extension}");
        write_reviews(&sandbox.path(&table), 0..REVIEWS);
        let study = format!("study-{extension}");
        sandbox
            .run(&format!(
                "search space.yaml --out {study} --trials 2 --set data.train={table}"
            ))
            .expect_code(0);
        let leaderboard = sandbox.leaderboard(&study);
        assert_eq!(
            *first.get_or_insert_with(|| leaderboard.clone()),
            leaderboard,
            "{table}"
        );
    }
}

#[test]
fn a_file_of_validation_examples_is_used_as_it_is() {
    let sandbox = Sandbox::with_texts();
    let spec = TEXTS.replace("split: {validation: 0.25, seed: 1}", "validation: VALIDATION");
    for extension in ["csv", "tsv", "jsonl"] {
        let validation = format!("held-out.{extension}");
        sandbox.write("space.yaml", spec.replace("VALIDATION", &validation));
        write_reviews(&sandbox.path(&validation), REVIEWS..REVIEWS + 10);
        let study = format!("study-{extension}");
        sandbox
            .run(&format!(
                "search space.yaml --out {study} --trials 3 --set metric=accuracy"
            ))
            .expect_code(0);
        let best = sandbox
            .run(&format!("train {study}/best.yaml --out {study}-model"))
            .expect_code(0);
        assert!(best.stderr.contains("on 10 validation examples"), "{}", best.stderr);
    }
}

#[test]
fn the_search_learns_what_the_words_tell() {
    let sandbox = Sandbox::with_texts();
    let spec = TEXTS.replace("metric: accuracy", "metric: {name: accuracy, target: 0.9}");
    sandbox.write("space.yaml", spec);
    let flags = "--trials 8 --set epochs.max=16 --set parameters.freeze_depth=0";
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(0);
}

#[test]
fn the_spec_for_texts_that_comes_with_the_program_runs() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("search-spaces/text-classification.yaml");
    let sandbox = Sandbox::new();
    let small =
        "--trials 2 --set data.train_limit=280 --set epochs=0.5 --set max_length=32 --set resources.devices=cpu";
    sandbox
        .run(&format!("search {} --out study {small}", spec.display()))
        .expect_code(0);
    // Two trials, each as a finalist with two more seeds, and the winner's test.
    assert_eq!(sandbox.leaderboard("study").lines().count(), 1 + 2 + 4 + 1);
    sandbox.run("train study/best.yaml --out model").expect_code(0);
    for file in ["config.json", "model.safetensors", "tokenizer.json", "README.md"] {
        assert!(sandbox.path("model").join(file).is_file(), "{file}");
    }
    assert!(sandbox.read("model/README.md").contains("apache-2.0"));
    // The reviews inside the program can be named where a file can.
    let counts = sandbox
        .run("evaluate model builtin:movie-reviews --json")
        .expect_code(0);
    assert!(counts.stdout.contains("3000"), "{}", counts.stdout);
    let predictions = sandbox.run("predict model builtin:movie-reviews").expect_code(0);
    assert_eq!(predictions.stdout.lines().count(), 3_001);
}

#[test]
fn what_frozen_parts_make_of_the_data_is_kept_and_changes_nothing() {
    let sandbox = Sandbox::with_texts();
    let search = |study: &str, more: &str| {
        sandbox
            .run(&format!(
                "search space.yaml --out {study} --set parameters.freeze_depth=2 {more}"
            ))
            .expect_code(0);
        sandbox.leaderboard(study)
    };
    let expected = search("without", "--set resources.cache=0");
    assert!(!sandbox.path(".cache").exists());
    assert_eq!(search("filling", ""), expected);
    let kept = sandbox.list(".cache/frozen");
    assert_eq!(kept.len(), 2, "training and validation examples at one depth: {kept:?}");
    let read = || -> Vec<Vec<u8>> {
        kept.iter()
            .map(|name| std::fs::read(sandbox.path(&format!(".cache/frozen/{name}"))).unwrap())
            .collect()
    };
    let whole = read();
    assert_eq!(search("reading", ""), expected);
    for (name, bytes) in kept.iter().zip(&whole) {
        let mut damaged = bytes.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 64;
        sandbox.write(&format!(".cache/frozen/{name}"), damaged);
    }
    assert_eq!(search("damaged", ""), expected);
    assert_eq!(read(), whole, "what was damaged is computed again");
}

#[test]
fn a_configuration_that_names_any_size_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::with_texts();
    let sound: serde_json::Value = serde_json::from_str(&sandbox.read("model/config.json")).unwrap();
    let sizes: [(&str, u64); 7] = [
        ("hidden_size", 1 << 31),
        ("intermediate_size", 1 << 40),
        ("vocab_size", 1 << 62),
        ("max_position_embeddings", 1 << 62),
        ("type_vocab_size", u64::MAX / 2),
        ("num_hidden_layers", 1_000_000),
        ("num_hidden_layers", u64::MAX / 2),
    ];
    for (name, size) in sizes {
        let mut config = sound.clone();
        config[name] = size.into();
        sandbox.write("model/config.json", config.to_string());
        let mut limited = std::process::Command::new("sh");
        let line = format!(
            "ulimit -v 4000000; exec {} validate space.yaml",
            env!("CARGO_BIN_EXE_automl")
        );
        limited.args(["-c", &line]);
        let told = sandbox.start_command(sandbox.prepare(limited), &line).finish();
        let told = told.expect_code(2);
        let is_clear = told.message().contains("does not fit the model") || told.message().contains("it must be");
        assert!(is_clear, "{}", told.message());
    }
}

#[test]
fn a_tokenizer_with_more_tokens_than_the_model_is_found_before_anything_is_spent() {
    let sandbox = Sandbox::with_texts();
    sandbox.write("model/vocab.txt", sandbox.read("model/vocab.txt") + "further\n");
    let told = sandbox.run("validate space.yaml").expect_code(2);
    insta::assert_snapshot!(told.message(), @"error: the tokenizer of the model `[FOLDER]/model` has the token 19 (`further`), but the model has embeddings for 19 tokens: they do not belong together");
    sandbox.run("search space.yaml --out study").expect_code(2);
    assert!(!sandbox.path("study").exists());
}
