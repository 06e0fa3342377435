//! Cross-validation through the binary: one fold below the last rung, all of them at it.

use std::collections::BTreeMap;

use crate::support::{Sandbox, TEXTS};

/// Three folds, and rungs of 1, 2 and 4 epochs.
fn sandbox(flags: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    let mut spec = TEXTS
        .replace("split: {validation: 0.25, seed: 1}", "split: {folds: 3, seed: 1}")
        .replace("early_terminate: {type: none}", "early_terminate: {type: asha, eta: 2}")
        .replace("epochs: {min: 1, max: 4}", "epochs: {min: 1, max: 2}");
    for (old, new) in flags {
        assert!(spec.contains(old), "{old}");
        spec = spec.replace(old, new);
    }
    sandbox.write("space.yaml", spec);
    sandbox
}

type Row = BTreeMap<String, String>;

fn rows(sandbox: &Sandbox, study: &str, flags: &str) -> Vec<Row> {
    let csv = sandbox
        .run(&format!("leaderboard {study} --no-timing --format csv {flags}"))
        .expect_code(0)
        .stdout;
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn complete_trials_count_with_the_mean_of_all_folds_and_come_first() {
    let sandbox = sandbox(&[]);
    sandbox.run("search space.yaml --out study --workers 1").expect_code(0);
    let all = rows(&sandbox, "study", "");
    let is_whole = |row: &Row| row["status"] == "completed";
    assert!(all.iter().any(is_whole) && !all.iter().all(is_whole), "{all:?}");
    assert!(
        all.iter().map(is_whole).is_sorted_by(|one, other| one >= other),
        "{all:?}"
    );
    for row in &all {
        assert_eq!(!row["metric_se"].is_empty(), is_whole(row), "{row:?}");
        assert_eq!(row["best_epoch"] == "2", is_whole(row) || row["best_epoch"] == "2");
    }
    let best = sandbox.read("study/best.yaml");
    assert!(best.contains("mean of 3 folds"), "{best}");
    assert!(best.contains("standard_error: "), "{best}");
    assert!(best.contains("folds: 3"), "{best}");
    // The outputs of all examples are kept, each by the model that was not trained on it.
    let by_mcc = rows(&sandbox, "study", "--metric mcc");
    assert!(by_mcc.iter().filter(|row| !row["mcc"].is_empty()).count() >= 1);
    // With one worker or two the answer is the same.
    sandbox.run("search space.yaml --out other --workers 2").expect_code(0);
    assert_eq!(rows(&sandbox, "other", ""), all);
    // The model for production learns from all rows.
    let trained = sandbox.run("train study/best.yaml --out trained").expect_code(0);
    assert!(!trained.stderr.contains("validation examples"), "{}", trained.stderr);
    let card = sandbox.read("trained/README.md");
    assert!(card.contains("the validation examples included"), "{card}");
}

#[test]
fn what_cannot_have_folds_is_refused_with_a_reason() {
    let refused = |old: &str, new: &str| {
        let sandbox = sandbox(&[(old, new)]);
        sandbox.run("validate space.yaml").expect_code(2).stderr
    };
    let messages = [
        refused("folds: 3", "folds: 3, validation: 0.2"),
        refused("folds: 3", "folds: 3, by: time, column: day"),
        refused("data: {", "data: {validation: 10, "),
        refused("folds: 3", "folds: 1"),
        refused("type: asha, eta: 2", "type: pbt"),
        refused("task: text-classification", "task: token-classification"),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
