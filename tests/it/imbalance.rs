//! Unequal classes: class weights, focal loss and label smoothing.

use crate::support::{Sandbox, TEXTS};

/// A table in which one of six texts is positive.
fn unequal() -> Sandbox {
    let sandbox = Sandbox::with_texts();
    let row = |index: usize| ["bad poor,negative\n", "good poor,positive\n"][usize::from(index.is_multiple_of(6))];
    let rows: String = (0..120).map(row).collect();
    sandbox.write("table.csv", format!("text,label\n{rows}"));
    sandbox
}

fn spec(parameters: &str) -> String {
    TEXTS
        .replace("train: reviews.csv", "train: table.csv")
        .replace("parameters:\n", &format!("parameters:\n{parameters}"))
        .replace("method: random", "method: grid")
        .replace("{min: 1e-4, max: 1e-1, log: true}", "0.003")
        .replace("{values: [4, 8], ordered: true}", "8")
        .replace("{min: 0, max: 2}", "0")
        .replace("epochs: {min: 1, max: 4}", "epochs: {min: 1, max: 2}")
}

#[test]
fn class_weights_are_searched_like_any_other_parameter() {
    let sandbox = unequal();
    sandbox.write(
        "space.yaml",
        spec("  class_weights: {values: [none, balanced, {positive: 20.0}]}\n  focal_gamma: {values: [0.0, 2.0]}\n"),
    );
    sandbox.run("search space.yaml --out study --trials 6").expect_code(0);
    let csv = sandbox
        .run("leaderboard study --no-timing --format csv --sort trial --metric loss")
        .expect_code(0)
        .stdout;
    let rows: Vec<std::collections::BTreeMap<String, String>> = csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), 6);
    let mut losses: Vec<&str> = rows.iter().map(|row| row["loss"].as_str()).collect();
    losses.sort_unstable();
    losses.dedup();
    assert_eq!(losses.len(), 6, "each setting trains another model:\n{csv}");
    assert!(csv.contains("{\"\"positive\"\":20.0}"), "{csv}");
    // What a study writes can be read again, with the same meaning.
    let best = sandbox.read("study/best.yaml");
    sandbox.run("validate study/best.yaml").expect_code(0);
    sandbox.run("train study/best.yaml --out trained").expect_code(0);
    assert!(best.contains("class_weights"), "{best}");
}

#[test]
fn weights_that_do_not_fit_are_refused_before_anything_is_trained() {
    let sandbox = unequal();
    let told = |parameters: &str| {
        sandbox.write("space.yaml", spec(parameters));
        sandbox.run("validate space.yaml").expect_code(2).message()
    };
    insta::assert_snapshot!(told("  class_weights: {positve: 3}\n"), @"error: `parameters` does not fit the model `[FOLDER]/model`: `class_weights` names the label `positve`, but the labels are `negative`, `positive`");
    insta::assert_snapshot!(told("  class_weights: balance\n"), @"
error: `class_weights` must be one of none, balanced, or numbers greater than 0 by name, such as {spam: 3}
 --> space.yaml:8:18
  |
8 |   class_weights: balance
  |                  ^^^^^^^ did you mean `balanced`?
");
    insta::assert_snapshot!(told("  class_weights: {positive: 0}\n"), @"
error: `class_weights` must be one of none, balanced, or numbers greater than 0 by name, such as {spam: 3}
 --> space.yaml:8:18
  |
8 |   class_weights: {positive: 0}
  |                  ^^^^^^^^^^^^^
");
    insta::assert_snapshot!(told("  label_smoothing: 1\n"), @"
error: `label_smoothing` must be at least 0 and less than 1
 --> space.yaml:8:20
  |
8 |   label_smoothing: 1
  |                    ^
");
}
