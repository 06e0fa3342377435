//! From a file to a model with one command.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::{Sandbox, on_a_quiet_machine};

/// Rows enough for a test, with words that tell the class.
fn write_reviews(sandbox: &Sandbox, name: &str) {
    let (good, bad) = (["lovely", "great", "charming"], ["dull", "awful", "boring"]);
    let mut table = "opinion;comment\n".to_owned();
    for row in 0..360 {
        let (label, words) = if row % 2 == 0 { ("good", good) } else { ("bad", bad) };
        let _ = writeln!(
            table,
            "{label};the story of film {row} is {} and it was for you",
            words[row % 3]
        );
    }
    sandbox.write(name, table);
}

#[test]
fn one_line_with_a_file_leaves_a_model() {
    let sandbox = Sandbox::new();
    write_reviews(&sandbox, "reviews.csv");
    let fitted = sandbox
        .run("fit reviews.csv --budget 20s --set resources.devices=cpu")
        .expect_code(0)
        .says("saved the model in `model`")
        .says("next: `automl predict model FILE` for a file with `comment`");
    assert!(fitted.stderr.contains("builtin:bert-tiny"), "{}", fitted.stderr);
    let files = sandbox.list("model");
    for file in [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        "space.yaml",
        "study/best.yaml",
    ] {
        assert!(files.iter().any(|found| found == file), "{file} in {files:?}");
    }
    sandbox.write("new.csv", "comment\na lovely film and it was for you\n");
    let predicted = sandbox.run("predict model new.csv").expect_code(0);
    assert_eq!(predicted.stdout.lines().count(), 2, "{}", predicted.stdout);
    // The person takes over.
    sandbox.run("validate model/space.yaml").expect_code(0);
    let again = sandbox.run("fit reviews.csv --budget 20s").expect_code(2);
    assert!(again.message().contains("`model` exists already"), "{}", again.stderr);
}

#[test]
fn it_ends_on_time() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::new();
        write_reviews(&sandbox, "reviews.csv");
        let fitted = sandbox
            .run("fit reviews.csv --budget 15s --set resources.devices=cpu")
            .expect_code(0);
        assert!(fitted.seconds < Duration::from_secs(17), "{:?}", fitted.seconds);
    });
}

#[test]
fn a_model_of_the_user_is_taken() {
    let sandbox = Sandbox::with_texts();
    sandbox
        .run("fit reviews.csv --model model --budget 8s --out mine --metric f1")
        .expect_code(0);
    let spec = sandbox.read("mine/space.yaml");
    assert!(
        spec.contains("max_length: 16") && spec.contains("name: \"f1\""),
        "{spec}"
    );
}

#[test]
fn explain_shows_every_choice_and_spends_nothing() {
    let sandbox = Sandbox::new();
    let explained = sandbox.run("fit builtin:movie-reviews --explain").expect_code(0);
    insta::assert_snapshot!(explained.stdout);
    assert!(sandbox.list(".").is_empty(), "{:?}", sandbox.list("."));
}

#[test]
fn a_file_that_does_not_fit_gets_one_sentence_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.csv", "");
    sandbox.write("numbers.csv", "a,b\n1,2\n3,4\n");
    sandbox.write("broken.csv", "text,label\n\"the film,good\n");
    write_reviews(&sandbox, "reviews.csv");
    let before = sandbox.list(".");
    let mut said = String::new();
    for arguments in [
        "fit missing.csv",
        "fit empty.csv",
        "fit numbers.csv",
        "fit broken.csv",
        "fit reviews.csv --label opinoin",
        "fit reviews.csv --task regression",
        "fit reviews.csv --metric accurazy",
        "fit builtin:fashion-mini",
        "fit -",
        "init --label opinion",
    ] {
        let message = sandbox.run(arguments).expect_code(2).filtered();
        let _ = writeln!(said, "$ automl {arguments}\n{message}");
    }
    insta::assert_snapshot!(said);
    assert_eq!(sandbox.list("."), before);
}

#[test]
fn a_file_is_read_as_the_flags_say_and_the_spec_says_so_too() {
    let sandbox = Sandbox::new();
    let mut table = Vec::new();
    for row in 0..60 {
        let label = if row % 2 == 0 { "gut" } else { "schlecht" };
        table.extend(
            format!("der Film {row} war sch|n und lang;{label}\n")
                .replace('|', "\u{f6}")
                .chars()
                .map(|c| c as u8),
        );
    }
    sandbox.write("latin.csv", table);
    let refused = sandbox.run("fit latin.csv --explain").expect_code(2);
    assert!(refused.message().contains("`latin-1`"), "{}", refused.stderr);
    sandbox
        .run("init --data latin.csv --encoding latin-1 --columns satz,urteil --label urteil")
        .expect_code(0);
    let spec = sandbox.read("space.yaml");
    assert!(
        spec.contains("encoding: \"latin-1\"") && spec.contains("columns: [\"satz\", \"urteil\"]"),
        "{spec}"
    );
    sandbox.run("validate space.yaml").expect_code(0);
}

#[test]
fn init_writes_the_spec_alone() {
    let sandbox = Sandbox::new();
    write_reviews(&sandbox, "reviews.csv");
    sandbox.run("init --data reviews.csv --budget 5m").expect_code(0);
    let spec = sandbox.read("space.yaml");
    assert!(
        spec.contains("text: \"comment\"") && spec.contains("label: \"opinion\"") && spec.contains("wall: 300s"),
        "{spec}"
    );
    sandbox.run("validate space.yaml").expect_code(0);
    sandbox.run("init --data reviews.csv").expect_code(2);
}
