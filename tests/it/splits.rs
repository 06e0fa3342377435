//! Splits: what stays on one side, what is held out, and what is said when it cannot be.

use std::fmt::Write as _;

use crate::support::{Sandbox, TEXTS};

/// The texts of this file's tables: 60 rows of 12 users and 60 days, in which every second row repeats the one before but
/// for its white space.
fn rows() -> Vec<[String; 4]> {
    let row = |index: usize| {
        let words = ["good", "bad", "fine", "poor", "great", "dull"];
        let number = index / 2;
        let (word, plain) = (words[number % 6], ["the", "film", "was", "a", "story"][number / 6]);
        let blank = if index.is_multiple_of(2) { " " } else { "  " };
        [
            format!("{plain}{blank}{word}"),
            ["positive", "negative"][number % 2].to_owned(),
            format!("user {}", number / 3 % 12),
            format!("2024-{:02}-{:02}", 1 + number / 28, 1 + number % 28),
        ]
    };
    (0..60).map(row).collect()
}

fn table<'a>(rows: impl IntoIterator<Item = &'a [String; 4]>) -> String {
    let mut table = "text,label,user,day\n".to_owned();
    for row in rows {
        let _ = writeln!(table, "{}", row.join(","));
    }
    table
}

/// A study of the table with this `data`.
fn sandbox(data: &str) -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox.write("table.csv", table(&rows()));
    let old = "{train: reviews.csv, split: {validation: 0.25, seed: 1}}";
    assert!(TEXTS.contains(old));
    sandbox.write("space.yaml", TEXTS.replace(old, data));
    sandbox
}

/// The parts of the data in `best.yaml`, each with its rows and its fingerprint.
fn parts(sandbox: &Sandbox, set: &str, out: &str) -> Vec<String> {
    sandbox
        .run(&format!(
            "search space.yaml --out {out} --trials 1 --set epochs=1 {set}"
        ))
        .expect_code(0);
    let best = sandbox.read(&format!("{out}/best.yaml"));
    let lines = best.lines().map(str::trim).filter(|line| line.starts_with("- {part: "));
    lines
        .filter(|line| !line.contains("part: model"))
        .map(str::to_owned)
        .collect()
}

fn sizes(parts: &[String]) -> Vec<usize> {
    let size = |part: &String| {
        let rows = part.split("rows: ").nth(1).unwrap();
        rows.split([',', '}']).next().unwrap().parse().unwrap()
    };
    parts.iter().map(size).collect()
}

#[test]
fn duplicates_stay_on_one_side_and_a_person_is_told() {
    let sandbox = sandbox("{train: table.csv, split: {by: stratified, validation: 0.2, test: 6}}");
    let told = sandbox.run("validate space.yaml").expect_code(0);
    told.says("30 rows are duplicates of others: they are on one side of the split with them");
    let kept = parts(&sandbox, "", "kept");
    assert_eq!(sizes(&kept), [42, 12, 6]);
    assert_eq!(parts(&sandbox, "", "again"), kept);
    assert_ne!(parts(&sandbox, "--set data.split.seed=2", "other"), kept);
    // The whole choice is in the spec of the study, and gives the same again.
    let spec = sandbox.read("kept/spec.yaml");
    assert!(spec.contains("by: stratified"), "{spec}");
    sandbox.write("space.yaml", spec);
    assert_eq!(parts(&sandbox, "", "begun"), kept);
    let trained = sandbox.run("train kept/best.yaml --out trained").expect_code(0);
    trained.says("on 12 validation examples").says("on 6 test examples");
}

#[test]
fn the_latest_rows_are_those_of_their_own_file() {
    let sandbox = sandbox("{train: table.csv, split: {by: time, column: day, validation: 12, test: 6}}");
    let rows = rows();
    sandbox.write("early.csv", table(&rows[..42]));
    sandbox.write("later.csv", table(&rows[42..54]));
    sandbox.write("latest.csv", table(&rows[54..]));
    let by_time = parts(&sandbox, "", "by-time");
    assert_eq!(sizes(&by_time), [42, 12, 6]);
    let spec = sandbox.read("space.yaml");
    let files = "{train: early.csv, validation: later.csv, test: latest.csv}";
    let old = "{train: table.csv, split: {by: time, column: day, validation: 12, test: 6}}";
    sandbox.write("space.yaml", spec.replace(old, files));
    assert_eq!(parts(&sandbox, "", "by-files"), by_time);
}

#[test]
fn groups_stay_on_one_side() {
    // Ten users with six rows each.
    let sandbox = sandbox("{train: table.csv, split: {by: group, column: user, validation: 0.2, test: 0.1}}");
    assert_eq!(sizes(&parts(&sandbox, "", "groups")), [42, 12, 6]);
    assert_eq!(
        sizes(&parts(&sandbox, "--set data.split.validation=0.17", "nearest")),
        [42, 12, 6]
    );
    // A limit of training rows, as a number and as a share of them.
    assert_eq!(sizes(&parts(&sandbox, "--set data.train_limit=10", "ten")), [10, 12, 6]);
    assert_eq!(
        sizes(&parts(&sandbox, "--set data.train_limit=0.5", "half")),
        [21, 12, 6]
    );
}

#[test]
fn old_splits_are_what_they_were() {
    let sandbox = sandbox("{train: table.csv, split: {validation: 0.2, test: 0.1, seed: 1}}");
    let told = sandbox.run("validate space.yaml").expect_code(0);
    assert!(!told.stderr.contains("duplicates"), "{}", told.stderr);
    let shares = parts(&sandbox, "", "shares");
    assert_eq!(sizes(&shares), [42, 12, 6]);
    insta::assert_snapshot!(shares.join("\n"), @r#"
    - {part: train, rows: 42, fingerprint: "1fc4f975b3b721c3"}
    - {part: validation, rows: 12, fingerprint: "5e952d61fa590626"}
    - {part: test, rows: 6, fingerprint: "9eb93b0f13b70988"}
    "#);
    // The same numbers, told as numbers.
    let numbers = "--set data.split.validation=12 --set data.split.test=6";
    assert_eq!(parts(&sandbox, numbers, "numbers"), shares);
    // Near duplicates may be kept together without any other rule.
    let near = parts(&sandbox, "--set data.split.near_duplicates=true", "near");
    assert_ne!(near, shares);
    assert_eq!(sizes(&near).iter().sum::<usize>(), 60);
}

#[test]
fn pictures_inside_the_program_may_be_limited_to_shares() {
    let sandbox =
        Sandbox::with_spec(&crate::support::PICTURES.replace("train_limit: 60", "train_limit: 0.02, test: 0.25"));
    assert_eq!(sizes(&parts(&sandbox, "", "study")), [60, 1000, 1000]);
}

#[test]
fn numbers_tags_and_questions_are_split_in_the_same_ways() {
    let sandbox = sandbox("{train: numbers.csv, split: {by: group, column: user, validation: 0.2, test: 0.1}}");
    let mut numbers = rows();
    for row in &mut numbers {
        row[1] = if row[1] == "positive" { "1.5" } else { "-1" }.to_owned();
    }
    sandbox.write("numbers.csv", table(&numbers));
    let spec = sandbox.read("space.yaml");
    let regression = spec
        .replace("task: text-classification", "task: regression")
        .replace("metric: accuracy", "metric: rmse");
    sandbox.write("space.yaml", &regression);
    assert_eq!(sizes(&parts(&sandbox, "", "numbers")), [42, 12, 6]);
    let groups = "{by: group, column: user, validation: 0.2, test: 0.1}";
    sandbox.write("space.yaml", regression.replace(groups, "{by: stratified}"));
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("keeps the share of every class, but numbers have none; use `by: random`");

    let mut sentences = String::new();
    let mut questions = String::new();
    for (index, [text, label, user, day]) in rows().iter().enumerate() {
        let words: Vec<&str> = text.split_whitespace().collect();
        let tag = if label == "positive" { "B-X" } else { "O" };
        let sentence = serde_json::json!({"tokens": words, "tags": ["O", tag], "user": user, "day": day});
        let _ = writeln!(sentences, "{sentence}");
        let answers = if index % 6 < 4 { vec![words[1]] } else { Vec::new() };
        let question = serde_json::json!({"question": "the film", "context": text, "answers": answers, "user": user, "day": index / 2});
        let _ = writeln!(questions, "{question}");
    }
    sandbox.write("sentences.jsonl", sentences);
    sandbox.write("questions.jsonl", questions);
    for (task, file, metric) in [
        ("token-classification", "sentences.jsonl", "f1"),
        ("question-answering", "questions.jsonl", "f1"),
    ] {
        let of_task = spec
            .replace("task: text-classification", &format!("task: {task}"))
            .replace("metric: accuracy", &format!("metric: {metric}"))
            .replace("numbers.csv", file);
        sandbox.write("space.yaml", &of_task);
        assert_eq!(
            sizes(&parts(&sandbox, "", &format!("{task}-groups"))),
            [42, 12, 6],
            "{task}"
        );
        let split = |split: &str| sandbox.write("space.yaml", of_task.replace(groups, split));
        split("{by: time, column: day, validation: 12, test: 6}");
        assert_eq!(
            sizes(&parts(&sandbox, "", &format!("{task}-time"))),
            [42, 12, 6],
            "{task}"
        );
        split("{by: stratified, validation: 0.2, test: 0.1, near_duplicates: true}");
        let stratified = sizes(&parts(&sandbox, "", &format!("{task}-stratified")));
        assert_eq!(stratified.iter().sum::<usize>(), 60, "{task}");
        assert!(stratified.iter().all(|size| size % 2 == 0), "{task}: {stratified:?}");
        // A file of its own for the test.
        split("{by: random, validation: 0.2}");
        let test = format!("--set data.test={file}");
        let own = sizes(&parts(&sandbox, &test, &format!("{task}-own")));
        assert_eq!(own, [48, 12, 60], "{task}");
    }
}

#[test]
fn a_split_that_cannot_be_made_is_one_message() {
    let sandbox = sandbox("{train: table.csv, split: {by: group, column: user, validation: 0.2, test: 0.1}}");
    let spec = sandbox.read("space.yaml");
    let of_file = |file: &str, split: &str| {
        let old = "{train: table.csv, split: {by: group, column: user, validation: 0.2, test: 0.1}}";
        sandbox.write(
            "space.yaml",
            spec.replace(old, &format!("{{train: {file}, split: {{{split}}}}}")),
        );
        let told = sandbox.run("validate space.yaml").expect_code(2);
        told.message().lines().next().unwrap_or_default().to_owned()
    };
    let message = |split: &str| of_file("table.csv", split);
    let mut one_group = rows();
    for row in &mut one_group {
        row[2] = "everyone".to_owned();
    }
    let mut odd = rows();
    odd[6][3] = "yesterday".to_owned();
    odd[8][2] = String::new();
    sandbox.write("one.csv", table(&one_group));
    sandbox.write("odd.csv", table(&odd));
    insta::assert_snapshot!([
        message("by: group, column: usr"),
        message("by: group"),
        message("by: time"),
        message("by: random, column: user"),
        message("column: user"),
        message("by: grup, column: user"),
        message("by: stratified, stratify: true"),
        message("by: random, validation: 0.6, test: 0.4"),
        message("by: random, validation: 1.5"),
        message("by: random, validation: 50, test: 20"),
        message("by: random, validation: 0.9, test: 20"),
        message("by: time, column: text"),
        of_file("one.csv", "by: group, column: user"),
        of_file("odd.csv", "by: group, column: user"),
        of_file("odd.csv", "by: time, column: day"),
    ].join("\n"), @"
    error: `[FOLDER]/table.csv`: no column `usr`; did you mean `user`; there are the columns `text`, `label`, `user`, `day`
    error: `by: group` lacks `column`
    error: `by: time` lacks `column`
    error: `column` is only used by `by: group` and `by: time`
    error: `column` is only used by `by: group` and `by: time`
    error: `by` cannot be `grup`
    error: `by` already says whether the share of every label is kept
    error: validation and test leave no examples to train on
    error: `validation` must be greater than 0 and less than 1
    error: 60 examples of 2 labels are too few to hold out 70: every label keeps one for training; add examples, lower the shares or give a validation file
    error: 60 examples of 2 labels are too few to hold out 74: every label keeps one for training; add examples, lower the shares or give a validation file
    error: `[FOLDER]/table.csv`, line 2: `text` is `the good`; it must be a number, or a date such as `2024-05-31` or `2024-05-31T12:30:00Z`
    error: rows that stay together, such as duplicates, leave 1 group, too few for 2 parts of the data; add examples, or hold out fewer parts
    error: `[FOLDER]/odd.csv`, line 10: `user` is empty, but the split needs it; give every row a value
    error: `[FOLDER]/odd.csv`, line 8: `day` is `yesterday`; it must be a number, or a date such as `2024-05-31` or `2024-05-31T12:30:00Z`
    ");
    assert_eq!(sandbox.list("study"), Vec::<String>::new());
}
