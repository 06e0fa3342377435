//! From the best configuration to a model for production.

use crate::support::{SPHERE, Sandbox};

/// A story in which `automl search` has fine-tuned texts in the folder `study`.
fn searched(flags: &str) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(0);
    sandbox
}

/// The metric of the best trial.
fn best_value(sandbox: &Sandbox) -> f64 {
    let best = sandbox.run("best study --format json").expect_code(0);
    let best: serde_json::Value = serde_json::from_str(&best.stdout).unwrap();
    best["value"].as_f64().unwrap()
}

/// The number behind a word in what `train` said.
fn said(text: &str, word: &str) -> f64 {
    let (_, after) = text
        .split_once(&format!("{word} "))
        .unwrap_or_else(|| panic!("no {word}: {text}"));
    let number: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    number.parse().unwrap()
}

#[test]
fn the_best_configuration_becomes_a_model() {
    let sandbox = searched("");
    let train = sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    assert_eq!(train.stdout, "");
    assert_eq!(
        sandbox.list("model-out"),
        [
            "README.md",
            "automl.json",
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.txt"
        ]
    );
    let tokenizer: serde_json::Value = serde_json::from_str(&sandbox.read("model-out/tokenizer_config.json")).unwrap();
    assert!(tokenizer["model_max_length"].is_u64(), "{tokenizer}");
    let config: serde_json::Value = serde_json::from_str(&sandbox.read("model-out/config.json")).unwrap();
    assert_eq!(
        config["id2label"],
        serde_json::json!({"0": "negative", "1": "positive"})
    );
    assert_eq!(config["label2id"], serde_json::json!({"negative": 0, "positive": 1}));
    assert_eq!(
        config["architectures"],
        serde_json::json!(["BertForSequenceClassification"])
    );
    let numbers = |line: &str| {
        let is_number = |word: &&str| word.parse::<f64>().is_ok();
        let words = line.split(' ').map(|word| if is_number(&word) { "N" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    let card: Vec<String> = sandbox.read("model-out/README.md").lines().map(numbers).collect();
    insta::assert_snapshot!(card.join("\n"), @r##"
---
pipeline_tag: text-classification
base_model: "model"
tags:
- automl
model-index:
- name: "reviews-best"
  results:
  - task:
      type: text-classification
    dataset:
      type: "reviews.csv"
      name: "reviews.csv"
      split: validation
    metrics:
    - type: "accuracy"
      value: N
    - type: "f1"
      value: N
    - type: "loss"
      value: N
---

# reviews-best

Fine-tuned by `automl` 0.1.0 from `model`.

## Data

`reviews.csv`: N training examples.

Labels: `negative`, `positive`.

## Metrics

| examples | accuracy | f1 | loss |
|---|---|---|---|
| N validation | N | N | N |

## Configuration

| parameter | value |
|---|---|
| batch_size | N |
| freeze_depth | N |
| learning_rate | N |
| epochs | N (schedule over 4) |
| seed | N |
"##);
    let bytes = std::fs::read(sandbox.path("model-out/model.safetensors")).unwrap();
    let weights = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(weights.tensor("classifier.weight").unwrap().shape(), [2, 16]);
}

#[test]
fn the_model_is_as_good_as_its_trial() {
    for metric in ["accuracy", "loss"] {
        let sandbox = searched(&format!("--set metric={metric}"));
        let train = sandbox.run("train study/best.yaml").expect_code(0);
        assert!(
            sandbox.path("study/model/config.json").exists(),
            "beside its configuration"
        );
        // It is printed with four digits.
        let difference = (said(&train.stderr, metric) - best_value(&sandbox)).abs();
        assert!(
            difference <= 0.5e-4 + 1e-12,
            "{metric} {}\n{}",
            best_value(&sandbox),
            train.stderr
        );
    }
}

#[test]
fn the_model_is_as_good_as_its_trial_after_rungs_inside_epochs() {
    let flags = "--trials 6 --set metric=loss --set early_terminate.type=asha --set early_terminate.eta=2";
    let sandbox = searched(&format!("{flags} --set epochs.min=0.3"));
    let train = sandbox.run("train study/best.yaml").expect_code(0);
    let (trained, found) = (said(&train.stderr, "loss"), best_value(&sandbox));
    assert!(
        (trained - found).abs() <= 0.5e-4 + 1e-12,
        "loss {found} in the search, {trained} in training"
    );
}

#[test]
fn a_trained_model_can_be_trained_again() {
    let sandbox = searched("--trials 2");
    sandbox.run("train study/best.yaml --out first").expect_code(0);
    // From where the person stands, not from the study's folder.
    sandbox
        .run("train study/best.yaml --out second --set model=./first")
        .expect_code(0);
    let weights = |folder: &str| std::fs::read(sandbox.path(&format!("{folder}/model.safetensors"))).unwrap();
    assert_ne!(weights("first"), weights("second"));
    sandbox.run("train study/best.yaml --out third").expect_code(0);
    assert!(
        weights("first") == weights("third"),
        "the same configuration and seed give the same weights"
    );
}

#[test]
fn a_program_reads_what_was_measured() {
    let sandbox = searched("--trials 2");
    let train = sandbox
        .run("train study/best.yaml --out model-out --json")
        .expect_code(0);
    let told: serde_json::Value = serde_json::from_str(&train.stdout).unwrap();
    assert_eq!(told["model"], "model-out");
    let validation = &told["measured"]["validation"];
    let accuracy = validation["accuracy"].as_f64().unwrap();
    assert!((accuracy - best_value(&sandbox)).abs() < 1e-9, "{told}");
    assert_eq!(
        told["measured"].as_object().unwrap().len(),
        1,
        "there are no test examples: {told}"
    );
    assert!(told["epochs"].as_f64().unwrap() <= told["max_epochs"].as_f64().unwrap());
}

#[test]
fn training_on_everything_measures_nothing() {
    let sandbox = searched("--trials 1");
    let train = sandbox
        .run("train study/best.yaml --out all --with-validation")
        .expect_code(0);
    assert!(!train.stderr.contains("accuracy"), "{}", train.stderr);
    let card = sandbox.read("all/README.md");
    assert!(
        card.contains("48 training examples, the validation examples included"),
        "{card}"
    );
    assert!(card.contains("Not measured"), "{card}");
}

#[test]
fn a_model_is_never_overwritten() {
    let sandbox = searched("--trials 1");
    sandbox.run("train study/best.yaml --out out").expect_code(0);
    let before = std::fs::read(sandbox.path("out/model.safetensors")).unwrap();
    let again = sandbox
        .run("train study/best.yaml --out out --set seed=1")
        .expect_code(2);
    insta::assert_snapshot!(again.message(), @"error: `out` holds a model already: choose another folder with `--out`");
    assert!(std::fs::read(sandbox.path("out/model.safetensors")).unwrap() == before);
}

#[test]
fn what_is_open_cannot_be_trained() {
    let sandbox = Sandbox::with_texts();
    let train = sandbox.run("train space.yaml --out out").expect_code(2);
    insta::assert_snapshot!(train.message(), @"error: `space.yaml` leaves `learning_rate` open: `automl search` finds a value for it, and writes it to `best.yaml`");
    assert!(!sandbox.path("out").exists());
    sandbox.write("sphere.yaml", SPHERE);
    let train = sandbox.run("train sphere.yaml --out out").expect_code(2);
    insta::assert_snapshot!(train.message(), @"error: `sphere.yaml` trains no model: its objective is a function");
}
