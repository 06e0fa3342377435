//! Choices for small files of every kind.

use std::fmt::Write as _;
use std::path::Path;

use super::{Asked, Chosen, choose};
use crate::finetune::testing::shared;
use crate::spec;

fn asked(file: &Path) -> Asked {
    Asked {
        file: file.display().to_string(),
        budget: 600.0,
        is_offline: true,
        workers: 2,
        ..Asked::default()
    }
}

/// Chooses for a file of this name and content. The spec that is written must be one.
fn of(name: &str, content: &str) -> Chosen {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    let chosen = choose(&asked(&file)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let read = spec::from_text(&chosen.to_yaml(), Path::new("space.yaml"), &[]);
    let (_, warnings) = read.unwrap_or_else(|errors| panic!("{name}: {errors}"));
    assert!(warnings.is_empty(), "{name}: {}", chosen.to_yaml());
    chosen
}

/// Task, texts, labels, and metric.
fn summary(chosen: &Chosen) -> String {
    let guess = &chosen.guess;
    let (text, label) = (guess.text.value.join("+"), guess.label.value.join("+"));
    format!("{} {text} -> {label}, {}", chosen.task.name(), chosen.metric.value)
}

/// Forty rows of a pattern, in which `{n}` is the number of the row and `{which}` one of two words.
fn rows(head: &str, row: &str, which: [&str; 2]) -> String {
    let mut text = head.to_owned();
    for n in 0..40 {
        let row = row.replace("{n}", &n.to_string()).replace("{which}", which[n % 2]);
        let _ = writeln!(text, "{row}");
    }
    text
}

#[test]
fn every_kind_of_file_gets_its_task_and_its_columns() {
    let two = ["good", "bad"];
    let reviews = rows(
        "label\ttext\n",
        "{which}\tthis film has number {n} and it is for you",
        two,
    );
    assert_eq!(
        summary(&of("a.tsv", &reviews)),
        "text-classification text -> label, accuracy"
    );
    let ratings = rows("text;rating\n", "this film has number {n} and it is for you;{n}.5", two);
    assert_eq!(summary(&of("b.csv", &ratings)), "regression text -> rating, rmse");
    let pairs = rows(
        "word,definition,label\n",
        "word{n},the definition of this word has number {n} and more,{which}",
        ["yes", "no"],
    );
    assert_eq!(
        summary(&of("c.csv", &pairs)),
        "text-classification word+definition -> label, accuracy"
    );
    let tags = rows("", "Ann{n} B-PER\nwent O\nto O\n{which} B-LOC\n", ["Oslo", "Rome"]);
    assert!(summary(&of("d.conll", &tags)).starts_with("token-classification"));
    let article = r#"{"title": "t", "paragraphs": [{"context": "Ann lives in Oslo, house {n}.", "qas": [
        {"id": "{n}", "question": "Where does Ann live?", "answers": [{"text": "Oslo", "answer_start": 13}]}]}]}"#;
    let articles: Vec<String> = (0..20).map(|n| article.replace("{n}", &n.to_string())).collect();
    let squad = format!("{{\"version\": \"1.1\", \"data\": [{}]}}", articles.join(", "));
    assert!(summary(&of("e.json", &squad)).starts_with("question-answering"));
}

#[test]
fn a_name_of_a_column_may_be_anything() {
    let odd = rows(
        "\"the \"\"text\"\": #1\",'kind'\n",
        "this film has number {n} and it is for you,{which}",
        ["good", "bad"],
    );
    let chosen = of("odd.csv", &odd);
    assert_eq!(chosen.guess.text.value, ["the \"text\": #1"]);
}

#[test]
fn the_spec_says_why() {
    let reviews = rows(
        "label\ttext\n",
        "{which}\tthis film has number {n} and it is for you",
        ["good", "bad"],
    );
    let chosen = of("reviews.tsv", &reviews);
    let yaml = chosen.to_yaml();
    let train = yaml.lines().find(|line| line.contains("train:")).unwrap();
    let head = yaml.lines().next().unwrap();
    let yaml = yaml.replace(train, "  train: \"[FILE]\"").replace(head, "# [HEAD]");
    insta::assert_snapshot!(yaml);
}

#[test]
fn the_real_files_get_their_tasks() {
    let expected = [
        (
            "text/movie_sentiment.tsv",
            "text-classification text -> label, accuracy",
        ),
        ("text/movie_rating.tsv", "regression text -> rating, rmse"),
        ("text/sms_spam.tsv", "text-classification text -> label, f1"),
        (
            "text/wordnet_glosses.tsv",
            "text-classification text -> label, accuracy",
        ),
        (
            "text/wordnet_pairs.tsv",
            "text-classification word+definition -> label, accuracy",
        ),
        ("ner/wnut17/train.conll", "token-classification"),
        ("qa/xquad-en/xquad.en.json", "question-answering"),
    ];
    for (name, expected) in expected {
        let Some(file) = shared(name) else { continue };
        let chosen = choose(&asked(&file)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(summary(&chosen).starts_with(expected), "{name}: {}", summary(&chosen));
        assert!(
            chosen.language.contains("frequent"),
            "{name} is English: {}",
            chosen.language
        );
    }
}
