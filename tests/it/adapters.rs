//! What trains: adapters, optimizers, schedules and rates for parts of the model.

use crate::support::{PICTURES, Sandbox, TEXTS};

/// The tiny BERT with parameters of every kind.
fn spec(parameters: &str) -> String {
    let (head, rest) = TEXTS.split_once("parameters:\n").unwrap();
    let (_, tail) = rest.split_once("method:").unwrap();
    format!("{head}parameters:\n{parameters}method:{tail}")
}

fn sandbox(parameters: &str) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox.write("space.yaml", spec(parameters));
    sandbox
}

const EVERYTHING: &str = "  learning_rate: {min: 1e-4, max: 1e-2, log: true}
  batch_size: 8
  freeze_depth: {min: 0, max: 1}
  optimizer: {values: [adamw, sgd, lion]}
  momentum: {min: 0.5, max: 0.95, when: \"optimizer == 'sgd'\"}
  adam_beta1: {min: 0.8, max: 0.95, when: \"optimizer != 'sgd'\"}
  adam_beta2: {values: [0.98, 0.999], when: \"optimizer != 'sgd'\"}
  adam_epsilon: {min: 1e-9, max: 1e-6, log: true, when: \"optimizer == 'adamw'\"}
  lr_schedule: {values: [linear, cosine, constant, polynomial, one_cycle]}
  lr_power: {min: 0.5, max: 3.0, when: \"lr_schedule == 'polynomial'\"}
  layer_decay: {min: 0.6, max: 1.0}
  head_learning_rate: {min: 1e-3, max: 1e-2, log: true}
  decay_norms_and_biases: {values: [true, false]}
  adapter: {values: [none, lora, bias_only]}
  reinit_layers: {min: 0, max: 2, when: \"adapter == 'none'\"}
  lora_rank: {values: [2, 4], ordered: true, when: \"adapter == 'lora'\"}
  lora_alpha: {min: 1.0, max: 16.0, when: \"adapter == 'lora'\"}
  lora_dropout: {min: 0.0, max: 0.3, when: \"adapter == 'lora'\"}
  lora_targets: {values: [query_value, attention, feed_forward, all_linear], when: \"adapter == 'lora'\"}
  lora_rslora: {values: [true, false], when: \"adapter == 'lora'\"}
  lora_full_layers: {min: 0, max: 1, when: \"adapter == 'lora'\"}
";

#[test]
fn a_search_over_everything_gives_the_same_results_with_any_number_of_workers() {
    let sandbox = sandbox(EVERYTHING);
    let search = |study: &str, workers: usize| {
        sandbox
            .run(&format!(
                "search space.yaml --out {study} --trials 10 --set resources.workers={workers} \
                 --set early_terminate.type=asha"
            ))
            .expect_code(0);
        sandbox.leaderboard(study)
    };
    let one = search("one", 1);
    assert_eq!(one, search("two", 2));
    assert!(!one.contains("failed"), "{one}");
}

#[test]
fn an_adapter_is_merged_or_saved_alone() {
    let sandbox = sandbox("  learning_rate: 1e-2\n  adapter: lora\n  lora_rank: 4\n");
    sandbox.run("search space.yaml --out study --trials 1").expect_code(0);
    sandbox.run("train study/best.yaml --out merged").expect_code(0);
    sandbox
        .run("predict merged reviews.csv --out predictions.csv")
        .expect_code(0);
    sandbox
        .run("train study/best.yaml --out adapter --adapter-only")
        .expect_code(0);
    let files = sandbox.list("adapter");
    for file in ["adapter_config.json", "adapter_model.safetensors", "vocab.txt"] {
        assert!(files.iter().any(|known| known == file), "{files:?}");
    }
    assert!(!sandbox.path("adapter/model.safetensors").exists());
    let config: serde_json::Value = serde_json::from_str(&sandbox.read("adapter/adapter_config.json")).unwrap();
    assert_eq!(
        (config["peft_type"].as_str(), config["r"].as_u64()),
        (Some("LORA"), Some(4))
    );
    let again = sandbox
        .run("train study/best.yaml --out adapter --adapter-only")
        .expect_code(2);
    assert!(again.message().contains("holds a model already"));
    // The adapter is used as the merged model is.
    let rows = |model: &str| -> Vec<f64> {
        let told = sandbox
            .run(&format!("predict {model} reviews.csv"))
            .expect_code(0)
            .stdout;
        let last = |row: &str| row.rsplit(',').next().unwrap().parse().unwrap();
        told.lines().skip(1).map(last).collect()
    };
    for (merged, adapter) in rows("merged").iter().zip(rows("adapter")) {
        assert!((merged - adapter).abs() < 1e-5, "{merged} {adapter}");
    }
    sandbox.run("evaluate adapter reviews.csv").expect_code(0);
}

#[test]
fn a_search_continues_from_an_adapter() {
    let sandbox = sandbox("  learning_rate: 1e-2\n  adapter: lora\n  lora_rank: 4\n  lora_targets: all_linear\n");
    sandbox
        .run("train space.yaml --out adapter --adapter-only")
        .expect_code(0);
    sandbox.write(
        "space.yaml",
        spec("  learning_rate: {min: 1e-3, max: 1e-2}\n  adapter: lora\n  lora_rank: {values: [2, 4]}\n"),
    );
    let search = |workers: usize| {
        let out = format!("study-{workers}");
        sandbox
            .run(&format!(
                "search space.yaml --out {out} --trials 2 --set model=./adapter --set resources.workers={workers}"
            ))
            .expect_code(0);
        sandbox.leaderboard(&out)
    };
    assert_eq!(search(1), search(2));
    sandbox
        .run("train study-1/best.yaml --out continued --check")
        .expect_code(0);
    sandbox.run("predict continued reviews.csv").expect_code(0);
    sandbox
        .run("train study-1/best.yaml --out other --adapter-only")
        .expect_code(2)
        .says("merged from another adapter");
    assert!(!sandbox.path("other").exists());
    let config = sandbox.read("adapter/adapter_config.json");
    sandbox.write(
        "adapter/adapter_config.json",
        config.replace("\"use_rslora\": false", "\"use_rslora\": false, \"use_dora\": true"),
    );
    for refused in [
        "validate space.yaml --set model=./adapter",
        "predict adapter reviews.csv",
    ] {
        sandbox
            .run(refused)
            .expect_code(2)
            .says("has `use_dora: true`, which is not supported");
    }
}

#[test]
fn an_adapter_that_is_not_there_is_not_saved() {
    let sandbox = sandbox("  learning_rate: 1e-3\n");
    let refused = sandbox.run("train space.yaml --out out --adapter-only").expect_code(2);
    insta::assert_snapshot!(refused.message(), @"error: `--adapter-only` needs `adapter: lora`, but `space.yaml` has `adapter: none`: leave the flag out");
    assert!(!sandbox.path("out").exists());
}

#[test]
fn unknown_words_and_impossible_numbers_are_refused() {
    let sandbox = sandbox("  learning_rate: 1e-3\n");
    for (setting, expected) in [
        (
            "parameters.adapter=dora",
            "`adapter` must be one of none, lora, bias_only",
        ),
        (
            "parameters.optimizer=adam",
            "`optimizer` must be one of adamw, sgd, lion",
        ),
        (
            "parameters.lr_schedule=exponential",
            "`lr_schedule` must be one of linear, cosine, constant, polynomial, one_cycle",
        ),
        (
            "parameters.layer_decay=1.5",
            "`layer_decay` must be greater than 0 and at most 1",
        ),
        (
            "parameters.decay_norms_and_biases=some",
            "`decay_norms_and_biases` must be true or false",
        ),
        ("parameters.lora_rank=0", "`lora_rank` must be at least 1"),
        ("parameters.momentum=1", "`momentum` must be at least 0 and less than 1"),
    ] {
        let refused = sandbox
            .run(&format!("search space.yaml --out study --set {setting}"))
            .expect_code(2);
        assert!(refused.message().contains(expected), "{setting}: {}", refused.message());
    }
    assert!(!sandbox.path("study").exists());
}

#[test]
fn what_the_model_cannot_do_is_refused_before_the_search() {
    let texts = sandbox("  learning_rate: 1e-3\n");
    for (settings, expected) in [
        (
            "--set parameters.reinit_layers=3",
            "`reinit_layers` is 3; it must be at most 2",
        ),
        (
            "--set parameters.adapter=lora --set parameters.lora_rank=100",
            "`lora_rank` is 100; it must be 1 to",
        ),
    ] {
        let refused = texts
            .run(&format!("search space.yaml --out study {settings}"))
            .expect_code(2);
        assert!(refused.message().contains(expected), "{}", refused.message());
    }
    let pictures = Sandbox::new();
    pictures.write("space.yaml", PICTURES);
    let refused = pictures
        .run("search space.yaml --out study --set parameters.adapter=lora")
        .expect_code(2);
    assert!(
        refused.message().contains("have no linear layers"),
        "{}",
        refused.message()
    );
    assert!(!pictures.path("study").exists());
}
