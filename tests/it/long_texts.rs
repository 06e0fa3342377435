//! Long texts through the whole program: windows whose outputs are pooled, and a maximum length that is searched.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Sandbox, write_bert};

const SPEC: &str = "\
task: text-classification
model: ./model
data: {train: reviews.csv, truncation: windows, stride: 2, split: {validation: 0.25, seed: 1}}
max_length: 8
metric: accuracy
parameters: {learning_rate: {min: 1e-3, max: 1e-2, log: true}, batch_size: 4, freeze_depth: {min: 0, max: 2}}
method: random
prior: none
early_terminate: {type: none}
epochs: 4
budget: {trials: 3}
resources: {devices: cpu, workers: 1}
seed: 3
";

/// Texts of 1 to 25 words, whose last word decides the label: `head` does not see it.
fn write_long(sandbox: &Sandbox) {
    let row = |number: usize| {
        let (word, label) = [("good", "yes"), ("bad", "no")][number % 2];
        let before = ["film", "story", "quiet"][number % 3];
        format!("{}{word},{label}\n", format!("{before} ").repeat(number * 7 % 25))
    };
    let rows: String = (0..40).map(row).collect();
    sandbox.write("reviews.csv", format!("text,label\n{rows}"));
}

fn sandbox(spec: &str) -> Sandbox {
    let sandbox = Sandbox::with_spec(spec);
    write_bert(&sandbox.path("model"));
    write_long(&sandbox);
    sandbox
}

fn printed(sandbox: &Sandbox, arguments: &str) -> Value {
    let outcome = sandbox.run(arguments).expect_code(0);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// The logarithmic loss of the best trial, to the last digit.
fn log_loss(sandbox: &Sandbox, study: &str) -> String {
    let told = sandbox
        .run(&format!(
            "leaderboard {study} --metric log_loss --format csv --no-timing"
        ))
        .expect_code(0)
        .stdout;
    let mut rows = told.lines();
    let header = rows.next().unwrap();
    let column = header.split(',').position(|name| name == "log_loss");
    let column = column.unwrap_or_else(|| panic!("{header}"));
    rows.next().unwrap().split(',').nth(column).unwrap().to_owned()
}

#[test]
fn long_texts_are_searched_trained_and_predicted_in_windows() {
    let sandbox = sandbox(SPEC);
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    // The number of workers and the cache of frozen layers change nothing.
    for (out, set) in [("two", "resources.workers=2"), ("uncached", "resources.cache=0")] {
        sandbox
            .run(&format!("search space.yaml --out {out} --set {set}"))
            .expect_code(0);
        assert_eq!(sandbox.leaderboard(out), leaderboard, "{out}");
    }
    sandbox.run("leaderboard study --metric log_loss").expect_code(0);
    sandbox
        .run("train study/best.yaml --out trained --check")
        .expect_code(0)
        .says("on 10 validation examples");
    let notes: Value = serde_json::from_str(&sandbox.read("trained/automl.json")).unwrap();
    assert_eq!(
        (&notes["truncation"], &notes["stride"], &notes["max_length"]),
        (&json!("windows"), &json!(2), &json!(8))
    );
    let measured = printed(&sandbox, "evaluate trained reviews.csv --json");
    assert_eq!(measured["examples"], 40);
    let predicted = sandbox.run("predict trained reviews.csv").expect_code(0).stdout;
    assert_eq!(predicted.lines().count(), 41);
    // The end of a long text counts, which `head` does not read.
    let probability = |end: &str| {
        let text = "film ".repeat(20) + end;
        let mut command = sandbox.command("predict trained --format jsonl");
        command.args(["--text", &text]);
        let told = sandbox.start_command(command, "predict --text").finish().expect_code(0);
        let row: Value = serde_json::from_str(&told.stdout).unwrap();
        row["p.yes"].as_f64().unwrap()
    };
    assert!((probability("good") - probability("bad")).abs() > 1e-6);
}

#[test]
fn a_search_of_windows_continues_where_it_was_interrupted() {
    let sandbox = sandbox(SPEC);
    let search = |out: &str| format!("search space.yaml --out {out} --set early_terminate.type=asha --set epochs=40");
    sandbox.run(&search("whole")).expect_code(0);
    let mut running = sandbox.start(&search("cut"));
    running.wait_for_events(&sandbox.path("cut"), 4);
    running.signal("INT");
    running.finish().expect_code(130);
    sandbox.run("resume cut").expect_code(0);
    assert_eq!(sandbox.leaderboard("cut"), sandbox.leaderboard("whole"));
}

#[test]
fn texts_that_fit_give_the_same_study_as_without_windows() {
    let sandbox = sandbox(SPEC);
    let row = |number: usize| {
        format!(
            "{}{}\n",
            "film ".repeat(number % 12),
            ["good,yes", "bad,no"][number % 2]
        )
    };
    let rows: String = (0..40).map(row).collect();
    sandbox.write("reviews.csv", format!("text,label\n{rows}"));
    let study = |out: &str| {
        sandbox
            .run(&format!("search space.yaml --out {out} --set max_length=14"))
            .expect_code(0);
        sandbox.leaderboard(out)
    };
    let windows = study("windows");
    sandbox.write("space.yaml", SPEC.replace("truncation: windows, stride: 2, ", ""));
    assert_eq!(study("head"), windows);
}

#[test]
fn other_tasks_of_whole_texts_are_pooled_too() {
    let mut labels = "text,label\n".to_owned();
    let mut numbers = "premise,hypothesis,label\n".to_owned();
    for number in 0..40 {
        let long = "film ".repeat(number * 7 % 25);
        let _ = writeln!(labels, "{long}good,{}", ["a;b", "a", "b", "b;c"][number % 4]);
        let _ = writeln!(numbers, "quiet story,{long}bad,{}", number % 5);
    }
    for (name, content, changes) in [
        (
            "labels.csv",
            labels,
            vec![
                ("train: reviews.csv", "train: labels.csv, multi_label: true"),
                ("metric: accuracy", "metric: f1"),
            ],
        ),
        (
            "numbers.csv",
            numbers,
            vec![
                ("text-classification", "regression"),
                (
                    "train: reviews.csv",
                    "train: numbers.csv, text: [premise, hypothesis], max_windows: 3",
                ),
                ("metric: accuracy", "metric: rmse"),
            ],
        ),
    ] {
        let spec = changes
            .iter()
            .fold(SPEC.to_owned(), |spec, (from, to)| spec.replace(from, to));
        let sandbox = sandbox(&spec);
        sandbox.write(name, content);
        sandbox.run("search space.yaml --out study").expect_code(0);
        sandbox
            .run("train study/best.yaml --out trained --check")
            .expect_code(0);
        let measured = printed(&sandbox, &format!("evaluate trained {name} --json"));
        assert_eq!(measured["examples"], 40, "{name}");
    }
}

#[test]
fn the_maximum_length_is_searched_and_the_winner_keeps_its_own() {
    let sandbox = sandbox(
        &SPEC
            .replace("max_length: 8\n", "")
            .replace("batch_size: 4", "batch_size: 4, max_length: {values: [5, 9, 14]}")
            .replace("trials: 3", "trials: 6"),
    );
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert!(leaderboard.contains("params.max_length"), "{leaderboard}");
    for (out, set) in [("two", "resources.workers=2"), ("uncached", "resources.cache=0")] {
        sandbox
            .run(&format!("search space.yaml --out {out} --set {set}"))
            .expect_code(0);
        assert_eq!(sandbox.leaderboard(out), leaderboard, "{out}");
    }
    // Every trial is what it would be in a study of its length alone.
    for truncation in ["windows", "head_tail", "head"] {
        let stride = if truncation == "windows" { ", stride: 2" } else { "" };
        let data = format!("truncation: {truncation}{stride}, ");
        let fixed = |length: &str| {
            SPEC.replace("truncation: windows, stride: 2, ", &data)
                .replace("max_length: 8\n", length)
                .replace("{min: 1e-3, max: 1e-2, log: true}", "5e-3")
                .replace("{min: 0, max: 2}", "1")
                .replace("trials: 3", "trials: 1")
        };
        sandbox.write("space.yaml", fixed("max_length: 9\n"));
        let at_the_top = format!("top-{truncation}");
        sandbox
            .run(&format!("search space.yaml --out {at_the_top}"))
            .expect_code(0);
        sandbox.write(
            "space.yaml",
            fixed("").replace("batch_size: 4", "batch_size: 4, max_length: {values: [9]}"),
        );
        let among = format!("among-{truncation}");
        sandbox.run(&format!("search space.yaml --out {among}")).expect_code(0);
        let [top, among] = [at_the_top, among].map(|study| log_loss(&sandbox, &study));
        assert_eq!(top, among, "{truncation}");
    }
    let best = sandbox.read("study/best.yaml");
    assert!(!best.contains("\nmax_length"), "{best}");
    sandbox
        .run("train study/best.yaml --out trained --check")
        .expect_code(0);
    let notes: Value = serde_json::from_str(&sandbox.read("trained/automl.json")).unwrap();
    let length = notes["max_length"].as_u64().unwrap();
    assert!(best.contains(&format!("max_length:\n    values: [{length}]")), "{best}");
    sandbox.run("predict trained reviews.csv").expect_code(0);
}

#[test]
fn what_a_spec_cannot_say_about_long_texts() {
    let sandbox = sandbox(SPEC);
    let message = |set: &str| {
        let told = sandbox.run(&format!("validate space.yaml {set}")).expect_code(2);
        told.message().lines().next().unwrap_or_default().to_owned()
    };
    let search = "--set parameters.max_length.values=[4,8]";
    let twice = message(search);
    sandbox.write("space.yaml", SPEC.replace("max_length: 8\n", ""));
    insta::assert_snapshot!([
        twice,
        message("--set parameters.max_length.values=[2,8]"),
        message("--set parameters.max_length.values=[8,4000]"),
        message("--set data.max_windows=0"),
        message("--set data.truncation=head"),
        message("--set data.truncation=head_tail --set data.max_windows=3"),
        message("--set data.truncation=window"),
    ].join("\n"), @"
    error: `max_length` is given twice: here and under `parameters`
    error: `max_length` must be at least 3
    error: `max_length: 4000`, but the model `[FOLDER]/model` takes at most 16 tokens
    error: `max_windows` must be at least 1
    error: `stride` is for `truncation: windows`, and for tasks that read all of a text, such as `token-classification`
    error: `max_windows` is for `truncation: windows`; tasks that find places in a text read all of it
    error: `truncation` cannot be `window`
    ");
    sandbox.write(
        "space.yaml",
        SPEC.replace("max_length: 8\n", "")
            .replace("truncation: windows, stride: 2, ", "")
            .replace("text-classification", "token-classification")
            .replace("metric: accuracy\n", ""),
    );
    insta::assert_snapshot!(message(search), @"error: `max_length` is a parameter only for `task: text-classification` and `task: regression`");
}
