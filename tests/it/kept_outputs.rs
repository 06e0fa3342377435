//! Validation outputs that a study keeps, and the metrics that are asked afterwards.

use std::collections::BTreeMap;

use crate::support::{SPHERE, Sandbox, TEXTS};

type Row = BTreeMap<String, String>;

/// The rows of a leaderboard.
fn rows(sandbox: &Sandbox, flags: &str) -> Vec<Row> {
    let csv = sandbox
        .run(&format!("leaderboard study --no-timing --format csv {flags}"))
        .expect_code(0)
        .stdout;
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn searched(flags: &str) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(0);
    sandbox
}

#[test]
fn any_metric_of_the_task_ranks_a_study_afterwards() {
    let sandbox = searched("");
    let own = rows(&sandbox, "");
    assert_eq!(rows(&sandbox, "--metric accuracy"), own);
    let losses = rows(&sandbox, "--metric loss");
    // The same formula under a name that no evaluation in the journal has.
    let computed = rows(&sandbox, "--metric log_loss");
    for (loss, computed) in losses.iter().zip(&computed) {
        assert_eq!((&loss["trial"], &loss["rank"]), (&computed["trial"], &computed["rank"]));
        assert!((number(loss, "loss") - number(computed, "log_loss")).abs() < 1e-6);
        assert!((number(computed, "score") + number(computed, "log_loss")).abs() < 1e-12);
        assert_eq!(loss["accuracy"], computed["accuracy"]);
    }
    assert!(losses.is_sorted_by_key(|row| number(row, "loss")));
    let recall = rows(&sandbox, "--metric recall:positive");
    assert_eq!(recall.len(), own.len());
    assert!(
        recall
            .iter()
            .all(|row| (0.0..=1.0).contains(&number(row, "recall:positive")))
    );
    assert!(recall.is_sorted_by_key(|row| -number(row, "recall:positive")));
    let table = sandbox.run("leaderboard study --metric matthews").expect_code(0);
    assert!(
        table.stdout.contains("mcc") && table.stderr.is_empty(),
        "{}",
        table.stdout
    );
}

#[test]
fn a_trial_without_outputs_is_ranked_last_and_that_is_said_once() {
    let sandbox = searched("");
    std::fs::remove_file(sandbox.path("study/outputs/1.safetensors")).unwrap();
    std::fs::write(sandbox.path("study/outputs/2.safetensors"), "damaged").unwrap();
    let told = sandbox.run("leaderboard study --metric mcc").expect_code(0);
    insta::assert_snapshot!(told.filtered(), @"warning: 2 trials have no validation outputs from which `mcc` could be computed, and so no value and no rank");
    let rows = rows(&sandbox, "--metric mcc");
    let last: Vec<(&str, &str, &str)> = rows[2..]
        .iter()
        .map(|row| (row["trial"].as_str(), row["rank"].as_str(), row["mcc"].as_str()))
        .collect();
    assert_eq!(last, [("1", "", ""), ("2", "", "")]);
    std::fs::remove_dir_all(sandbox.path("study/outputs")).unwrap();
    let told = sandbox.run("leaderboard study --metric mcc").expect_code(2);
    insta::assert_snapshot!(told.message(), @"error: `mcc` cannot be computed: the study has no validation outputs (tagged words and answers keep none, and neither did earlier versions); it has `accuracy`, `f1`, `latency_ms`, `loss`, `trainable_parameters`");
    // The metrics of its evaluations need no outputs.
    sandbox.run("leaderboard study --metric f1").expect_code(0);
}

#[test]
fn a_metric_that_does_not_fit_is_explained() {
    let sandbox = searched("--trials 1");
    let told = |command: &str| sandbox.run(command).expect_code(2).message();
    insta::assert_snapshot!(told("leaderboard study --metric balanced_acuracy"), @"error: unknown metric `balanced_acuracy`; did you mean `balanced_accuracy`?");
    insta::assert_snapshot!(told("leaderboard study --metric precison:positive"), @"error: unknown metric `precison:positive`; did you mean `precision:positive`?");
    insta::assert_snapshot!(told("leaderboard study --metric rmse"), @"error: `rmse` does not measure classification; it measures regression");
    insta::assert_snapshot!(told("leaderboard study --metric f1:spam"), @"error: unknown class `spam`; known are `negative`, `positive`");
    sandbox.run("train study/best.yaml --out trained").expect_code(0);
    insta::assert_snapshot!(told("evaluate trained reviews.csv --metric mmc"), @"error: unknown metric `mmc`; did you mean `mcc`?");
    let shown = sandbox
        .run("evaluate trained reviews.csv --metric mcc --metric recall:positive")
        .expect_code(0)
        .stdout;
    let sentence = shown.lines().next().unwrap();
    for name in ["accuracy", "loss", "mcc", "recall:positive"] {
        assert!(sentence.contains(&format!("{name} ")), "{sentence}");
    }
}

#[test]
fn repeats_of_finalists_and_paused_trials_have_outputs_too() {
    let spec = TEXTS
        .replace("{type: none}", "{type: asha, eta: 2}")
        .replace("trials: 4", "trials: 6")
        .replace("seed: 3", "selection: {top_k: 2, reseeds: 2}\nseed: 3");
    let sandbox = Sandbox::with_texts();
    sandbox.write("space.yaml", spec);
    sandbox.run("search space.yaml --out study").expect_code(0);
    let told = sandbox
        .run("leaderboard study --metric log_loss --format csv")
        .expect_code(0);
    assert_eq!(told.stderr, "");
    let computed = rows(&sandbox, "--metric log_loss");
    let losses = rows(&sandbox, "--metric loss");
    assert!(computed.iter().any(|row| !row["repeats"].is_empty()));
    for row in &computed {
        let same = losses.iter().find(|other| other["trial"] == row["trial"]).unwrap();
        assert!((number(row, "log_loss") - number(same, "loss")).abs() < 1e-6);
        assert_eq!(row["seeds"], same["seeds"]);
    }
}

#[test]
fn a_study_of_a_function_is_ranked_by_what_it_reports() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --trials 4").expect_code(0);
    let by_cost = rows(&sandbox, "--metric cost");
    assert!(by_cost.is_sorted_by_key(|row| number(row, "cost")));
    let told = sandbox.run("leaderboard study --metric mcc").expect_code(2);
    insta::assert_snapshot!(told.message(), @"error: unknown metric `mcc`; known are `cost`, `loss`");
    assert!(!sandbox.path("study/outputs").exists());
}
