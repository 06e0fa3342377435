//! `automl data`: what it says about files, specs and studies, and what searches say of it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{SPHERE, Sandbox, TEXTS};

/// A table of reviews with faults of several kinds.
fn faulty() -> String {
    let mut table = String::from("id;review;stars\n");
    for row in 0..60 {
        let thing = ["parcel", "film", "cable", "coat"][row % 4];
        let _ = writeln!(
            table,
            "{row};the {thing} number {} was {} for me;{}",
            row * 37,
            ["good", "bad"][row % 2],
            [5, 1][row % 2]
        );
    }
    table.push_str("60;the parcel number 0 was good for me;1\n61;  ;5\n62;no stars here;\n63;cafÃ© number nine;5\n");
    table
}

/// The texts of some rows, one after the other.
fn each(rows: std::ops::Range<usize>, row: impl Fn(usize) -> String) -> String {
    rows.map(row).collect::<Vec<_>>().concat()
}

fn json(sandbox: &Sandbox, command: &str) -> Value {
    let told = sandbox.run(command).expect_code(0);
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {}", told.stdout))
}

fn kinds(examination: &Value) -> Vec<&str> {
    let findings = examination["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_file_alone_is_understood_and_examined() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", faulty());
    let told = sandbox.run("data reviews.csv").expect_code(0);
    assert_eq!(told.stderr, "");
    insta::assert_snapshot!(told.stdout, @"
    `reviews.csv`: a class for each row
      text      `review`: it has 8 words on average
      label     `stars`: its name says so, and it has 2 different whole numbers
      task      a class for each row: `stars` has two different numbers
      metric    accuracy: no class has most of the rows

    ┌───────┬──────┬───────────────┬──────────────┐
    │ part  ┆ rows ┆ without label ┆ without text │
    ╞═══════╪══════╪═══════════════╪══════════════╡
    │ train ┆ 64   ┆ 1             ┆ 1            │
    └───────┴──────┴───────────────┴──────────────┘

    ┌───────┬───────┬────────┐
    │ class ┆ train ┆ share  │
    ╞═══════╪═══════╪════════╡
    │ 5     ┆ 32    ┆ 50.8 % │
    │ 1     ┆ 31    ┆ 49.2 % │
    └───────┴───────┴────────┘

    lengths in words: half of the texts have at most 8, 95 % 8, 99 % 8, the longest 8

    warning: 1 row has no text
      reviews.csv:63      [5]
      help: remove these rows, or leave them out with `data.on_missing: skip`

    warning: 1 row has no label and is left out
      reviews.csv:64  no stars here
      help: label these rows, or keep them for later; a model can rank them by how sure it is

    warning: 2 rows have the same text as another row, and another label (1 text)
      reviews.csv:2  the parcel number 0 was good for me  [5]  as in reviews.csv:62
      reviews.csv:62  the parcel number 0 was good for me  [1]  as in reviews.csv:2
      help: decide on one label for each of these texts: a model cannot learn both

    warning: 1 text was read in the wrong encoding
      reviews.csv:65  cafÃ© number nine  [5]  cafÃ© number nine
      help: export the data again in UTF-8, or name the encoding of the file with `data.encoding`

    note: 1 row repeats an earlier one (1.6 %)
      reviews.csv:62  the parcel number 0 was good for me  [1]  as in reviews.csv:2
      help: remove the copies, unless it matters how often a text occurs

    0 errors, 4 warnings, 1 note
    ");
}

#[test]
fn machines_get_one_object_and_a_table_of_rows() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", faulty());
    let examination = json(&sandbox, "data reviews.csv --json --out rows.csv");
    assert_eq!(examination["guess"]["label"]["value"], serde_json::json!(["stars"]));
    assert_eq!(examination["parts"][0]["rows"], 64);
    let table = sandbox.read("rows.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let of = |kind: &str| rows.iter().filter(|row| row[1] == kind).count();
    for finding in examination["findings"].as_array().unwrap() {
        if finding["examples"].as_array().unwrap().is_empty() {
            continue;
        }
        let kind = finding["kind"].as_str().unwrap();
        assert!(of(kind) > 0, "{kind}");
    }
    assert_eq!(rows.iter().find(|row| row[1] == "mojibake").unwrap()[3], "65");
}

#[test]
fn flags_say_what_is_not_to_be_guessed() {
    let sandbox = Sandbox::new();
    sandbox.write("reviews.csv", faulty());
    let numbers = json(&sandbox, "data reviews.csv --json --task regression --label stars");
    assert_eq!(numbers["numbers"][0]["quantiles"][4], 5.0);
    assert!(numbers["classes"].as_array().unwrap().is_empty());
    let classes = json(&sandbox, "data reviews.csv --json --text review --label id");
    assert_eq!(classes["task"], "regression");
    sandbox.write(
        "test.csv",
        "id;review;stars\n1;the film number 37 was bad for me;1\n2;another film;5\n",
    );
    let compared = json(&sandbox, "data reviews.csv --test test.csv --json");
    assert_eq!(kinds(&compared)[0], "leakage");
    assert_eq!(compared["findings"][0]["examples"][0]["file"], "test.csv");
    let headless = faulty().lines().skip(1).collect::<Vec<_>>().join("\n");
    sandbox.write("headless.csv", headless);
    let headless = json(&sandbox, "data headless.csv --columns id,review,stars --json");
    assert_eq!(headless["parts"][0]["rows"], 64);
}

#[test]
fn sentences_questions_and_images_are_examined() {
    let sandbox = Sandbox::new();
    let tags = each(0..30, |row| format!("Ann{row} B-PER\nmet O\n\n"));
    sandbox.write("names.conll", format!("{tags}wrong I-PER\n\n"));
    let examination = json(&sandbox, "data names.conll --json");
    assert_eq!(examination["classes"][0]["name"], "PER");
    assert_eq!(kinds(&examination)[0], "tags");
    let questions = each(0..30, |row| {
        format!("who sent {row}?,Bob{row} sent {row} things.,Bob{row}\n")
    });
    sandbox.write(
        "questions.csv",
        format!("question,context,answer\n{questions}when?,In May it was.,June\n"),
    );
    let examination = json(&sandbox, "data questions.csv --json");
    assert_eq!(kinds(&examination)[0], "answers");
    sandbox.write("space.yaml", crate::support::PICTURES);
    let examination = json(&sandbox, "data space.yaml --json");
    assert_eq!(examination["parts"][0]["rows"], 60);
    assert_eq!(examination["classes"].as_array().unwrap().len(), 10);
}

#[test]
fn a_spec_is_examined_with_the_tokens_of_its_model() {
    let sandbox = Sandbox::with_texts();
    let examination = json(&sandbox, "data space.yaml --json --set max_length=4");
    assert_eq!(examination["lengths"]["unit"], "tokens");
    assert_eq!(examination["lengths"]["max_length"], 4);
    assert!(examination["lengths"]["cut"].as_f64().unwrap() > 0.9);
    assert!(kinds(&examination).contains(&"cut"));
    assert!(examination.get("guess").is_none());
}

#[test]
fn what_cannot_be_examined_is_explained() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.write("texts.csv", "text\na b c\nd e f\n");
    sandbox.write("broken.csv", "text,label\n\"a,b\n");
    let told = |command: &str| sandbox.run(command).expect_code(2).message();
    insta::assert_snapshot!([
        told("data nothing.csv"),
        told("data texts.csv"),
        told("data broken.csv"),
        told("data space.yaml"),
        told("data space.yaml --label x"),
        told("data texts.csv --label lable"),
        told("data texts.csv --set seed=1"),
        told("data -"),
    ].join("\n"), @"
    error: `nothing.csv`: there is no such file

    error: `texts.csv`: no column looks like a label: there is only one column; the data has `text`; name it with `--label`

    error: `broken.csv`, line 2: a quote is opened here and never closed; close it, or set `quotes: false` if quotes are plain characters

    error: `space.yaml` has no `data`: its trials run a function or a program

    error: `--label` is about files of data, and `space.yaml` is a spec, which says this itself; remove the flag

    error: `texts.csv`: no column `lable`; the data has `text`

    error: `--set` changes a spec, but this is data

    error: standard input cannot be examined: it is read more than once; write it to a file first
    ");
    assert_eq!(sandbox.list("."), ["broken.csv", "space.yaml", "texts.csv"]);
}

#[test]
fn searches_and_checks_say_what_is_serious_in_a_few_lines() {
    let sandbox = Sandbox::with_texts();
    let clean = sandbox.run("validate space.yaml").expect_code(0);
    assert!(!clean.stderr.contains("data:"), "{}", clean.stderr);
    let mut reviews = sandbox.read("reviews.csv");
    let first = reviews.lines().nth(1).unwrap().to_owned();
    let (text, label) = first.rsplit_once(',').unwrap();
    let other = if label == "positive" { "negative" } else { "positive" };
    let _ = writeln!(reviews, "{text},{other}");
    sandbox.write("reviews.csv", reviews);
    let told = sandbox.run("validate space.yaml").expect_code(0).stderr;
    let told = told.replace(&format!("{}/", sandbox.path("").display()).replace("//", "/"), "");
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("data")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    warning: data: 3 rows have the same text as another row, and another label (1 text) (the first: reviews.csv:2)
    `automl data SPEC` shows the rows, and what to do
    ");
    let quiet = sandbox.run("validate space.yaml --quiet").expect_code(0).stderr;
    assert!(!quiet.contains("data:"), "{quiet}");
    let valid = json(&sandbox, "validate space.yaml --json");
    assert_eq!(valid["data"][0]["kind"], "contradictions");
    let searched = sandbox
        .run("search space.yaml --out study --trials 1 --json")
        .expect_code(0)
        .stdout;
    let first: Value = serde_json::from_str(searched.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["moment"], &first["findings"][0]["kind"]),
        (&"data".into(), &"contradictions".into())
    );
    let shown = sandbox
        .run("search space.yaml --out other --trials 1")
        .expect_code(0)
        .stderr;
    assert!(shown.contains("rows have the same text as another row"), "{shown}");
}

#[test]
fn a_study_tells_which_labels_are_likely_wrong() {
    let sandbox = Sandbox::with_texts();
    // Every tenth label is turned round, and the validation rows are all rows, so that some of them are there.
    let table = sandbox.read("reviews.csv");
    let turned: Vec<String> = table
        .lines()
        .enumerate()
        .map(|(row, line)| match (row % 10, line.rsplit_once(',')) {
            (3, Some((text, "positive"))) => format!("{text},negative"),
            (3, Some((text, "negative"))) => format!("{text},positive"),
            _ => line.to_owned(),
        })
        .collect();
    sandbox.write("turned.csv", turned.join("\n") + "\n");
    sandbox.write(
        "space.yaml",
        TEXTS
            .replace(
                "{train: reviews.csv, split: {validation: 0.25, seed: 1}}",
                "{train: reviews.csv, validation: turned.csv}",
            )
            .replace(
                "learning_rate: {min: 1e-4, max: 1e-1, log: true}",
                "learning_rate: {min: 1e-2, max: 3e-2, log: true}",
            )
            .replace("epochs: {min: 1, max: 4}", "epochs: {min: 1, max: 8}"),
    );
    sandbox.run("search space.yaml --out study").expect_code(0);
    let found = json(&sandbox, "data study --json --out errors.csv");
    let suspects = found["suspects"].as_array().unwrap();
    assert!(!suspects.is_empty(), "{found}");
    // The header is the first line of the file.
    let is_turned = |suspect: &&Value| suspect["row"].as_u64().unwrap() % 10 == 4;
    let right = suspects.iter().filter(is_turned).count();
    assert!(right * 2 > suspects.len(), "{right} of {}", suspects.len());
    assert_eq!(sandbox.read("errors.csv").lines().count(), suspects.len() + 1);
    let shown = sandbox.run("data study").expect_code(0).stdout;
    assert!(
        shown.contains("wrong to trial") && shown.contains("turned.csv:"),
        "{shown}"
    );
    let report = sandbox.run("report study --json").expect_code(0).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["studies"][0]["label_errors"]["number"], suspects.len());
    let told = |command: &str| sandbox.run(command).expect_code(2).message();
    insta::assert_snapshot!(told("data study --label x"), @"error: `--label` is about files of data, and `study` is the folder of a study, which says this itself; remove the flag");
    sandbox.write("turned.csv", table);
    insta::assert_snapshot!(told("data study"), @"error: the labels of `study` cannot be judged: the study has no completed evaluation, no kept outputs or no classes, or its data has changed since");
}
