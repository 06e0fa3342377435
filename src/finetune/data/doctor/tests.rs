//! Every finding on data that has it, and silence on data that has none.

use std::fmt::Write as _;

use super::testing::{clean, each, lines, patient, text, told};
use super::*;

const CLASSES: TaskKind = TaskKind::Classification;

#[test]
fn the_doctor_is_silent_about_clean_data() {
    let rows = |row: &dyn Fn(usize) -> String| (0..200).map(row).collect::<String>();
    let several = rows(&|row| format!("{},{}\n", text(row), ["a;b", "b", "c;a"][row % 3]));
    let numbers = rows(&|row| format!("{},{}.5\n", text(row), row * 13 % 40));
    let tags = rows(&|row| format!("Ann{row} B-PER\nmet O\nBob{row} B-PER\nin O\nUlm B-LOC\n\n"));
    let questions = rows(&|row| {
        let answer = if row % 5 == 0 {
            String::new()
        } else {
            format!("order {row}")
        };
        format!(
            "who sent {row}?,Somebody sent order {row} on day {}.,{answer}\n",
            row * 31
        )
    });
    for (task, file, content) in [
        (CLASSES, "a.csv", clean(0..200)),
        (TaskKind::MultiLabel, "a.csv", format!("text,label\n{several}")),
        (TaskKind::Regression, "a.csv", format!("text,label\n{numbers}")),
        (TaskKind::TokenClassification, "a.conll", tags),
        (
            TaskKind::QuestionAnswering,
            "a.csv",
            format!("question,context,answer\n{questions}"),
        ),
    ] {
        let told = told(task, file, &content);
        let notes = told
            .lines()
            .filter(|line| !line.starts_with("note near_duplicates") && !line.starts_with("  "));
        assert_eq!(notes.collect::<Vec<_>>(), Vec::<&str>::new(), "{task:?}");
    }
    let parts = [
        ("train", "a.csv", clean(0..200)),
        ("validation", "v.csv", clean(300..360)),
    ];
    let parts = parts
        .each_ref()
        .map(|(name, file, content)| (*name, *file, content.as_str()));
    assert_eq!(lines(&examine(&patient(CLASSES, &parts)).unwrap()), "");
}

#[test]
fn rows_that_cannot_be_read_are_errors_and_the_others_are_examined() {
    let table = format!("{}a,b,c\n", clean(0..100));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
    let wrong =
        "{\"text\": \"a b\", \"label\": 0.5}\n{\"text\": \"c d\", \"label\": \"x\"}\n{\"text\": 3, \"label\": \"y\"}\n";
    insta::assert_snapshot!(told(CLASSES, "t.jsonl", wrong), @"");
}

#[test]
fn missing_texts_and_labels_are_counted() {
    let table = format!("{},good\n  ,bad\nonly a text,\n", clean(0..100));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
}

#[test]
fn repeated_and_contradictory_rows_are_found() {
    let mut table = clean(0..100);
    let _ = write!(table, "{},good\n {}  ,good\n{},good\n", text(0), text(2), text(1));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
}

#[test]
fn rows_of_other_parts_that_training_has_are_found() {
    let train = clean(0..100);
    let other = format!("{}{},good\n{},bad\n", clean(200..240), text(4), text(5).to_uppercase());
    let parts = [("train", "a.csv", train.as_str()), ("test", "b.csv", other.as_str())];
    let examination = examine(&patient(CLASSES, &parts)).unwrap();
    insta::assert_snapshot!(lines(&examination), @"");
    let quick = Patient {
        depth: Depth::Quick,
        ..patient(CLASSES, &parts)
    };
    let kinds: Vec<&str> = examine(&quick)
        .unwrap()
        .findings
        .iter()
        .map(|finding| finding.kind)
        .collect();
    assert_eq!(kinds, ["leakage"]);
    let counts: Vec<(&str, usize)> = examination.parts.iter().map(|part| (part.name, part.rows)).collect();
    assert_eq!(counts, [("train", 100), ("test", 42)]);
}

#[test]
fn rare_absent_unknown_and_misspelt_classes_are_named() {
    let train = format!("{}a new thing came,Good\nanother came,neutral\n", clean(0..100));
    let other = "text,label\nfine so far,good\nno idea,mixed\n";
    let parts = [("train", "a.csv", train.as_str()), ("test", "b.csv", other)];
    insta::assert_snapshot!(lines(&examine(&patient(CLASSES, &parts)).unwrap()), @"");
    let one = each(0..20, |row| format!("{},good\n", text(row)));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &format!("text,label\n{one}")), @"");
    let most = each(0..300, |row| {
        format!("{},{}\n", text(row), if row % 20 == 0 { "spam" } else { "ham" })
    });
    insta::assert_snapshot!(told(CLASSES, "t.csv", &format!("text,label\n{most}")), @"");
}

#[test]
fn damaged_characters_are_found() {
    let table = format!(
        "{}cafÃ© au lait,good\nlost \u{fffd} here,bad\nbell \u{7} rings,good\nfish &amp chips,bad\n",
        clean(0..100)
    );
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
}

#[test]
fn columns_that_tell_the_label_are_found() {
    let row = |row: usize| {
        format!(
            "{},{},{},{},x\n",
            row,
            text(row),
            ["good", "bad"][row / 60],
            ["web", "mail"][row / 60]
        )
    };
    let table = format!("id,text,label,source,lang\n{}", each(0..120, row));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
    let joined = Patient {
        text: vec!["{source} {lang} {text}".to_owned()],
        ..patient(CLASSES, &[("train", "t.csv", &table)])
    };
    insta::assert_snapshot!(lines(&examine(&joined).unwrap()), @"");
}

#[test]
fn texts_far_longer_than_the_others_are_found() {
    let table = format!("{}{},good\n", clean(0..100), "word ".repeat(2_000));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"");
    let examination = examine(&patient(CLASSES, &[("train", "t.csv", &table)])).unwrap();
    insta::assert_debug_snapshot!(examination.lengths.unwrap().quantiles, @"");
}

#[test]
fn tokens_are_counted_and_cut_texts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n").unwrap();
    let tokenizer = automl_tokenizer::Tokenizer::from_folder(folder.path()).unwrap();
    let rows = each(0..40, |row| {
        format!("{},{}\n", "a ".repeat(row + 1), ["x", "y"][row % 2])
    });
    let table = format!("text,label\n{rows}");
    let of = |cuts| Patient {
        unit: Unit::Tokens {
            tokenizer: &tokenizer,
            max_length: 32,
            cuts,
        },
        ..patient(CLASSES, &[("train", "t.csv", &table)])
    };
    let examination = examine(&of(true)).unwrap();
    let lengths = examination.lengths.as_ref().unwrap();
    assert_eq!(
        (lengths.quantiles[0], lengths.quantiles[6], lengths.cut),
        (3, 42, Some(0.25))
    );
    assert!(
        lines(&examination).contains("25.0 % of the texts have more than 32 tokens"),
        "{}",
        lines(&examination)
    );
    let windows = examine(&of(false)).unwrap();
    assert_eq!(windows.lengths.unwrap().windows, Some(0.25));
    assert!(windows.findings.iter().all(|finding| finding.kind != "cut"));
}

#[test]
fn numbers_are_described_and_slips_are_found() {
    let rows = each(0..100, |row| format!("{},{}\n", text(row), row % 10));
    let table = format!("text,label\n{rows}a slip of the pen,9000\nno number,many\n");
    insta::assert_snapshot!(told(TaskKind::Regression, "t.csv", &table), @"");
    let examination = examine(&patient(TaskKind::Regression, &[("train", "t.csv", &table)])).unwrap();
    assert_eq!(examination.numbers[0].quantiles, [0.0, 2.0, 5.0, 7.0, 9000.0]);
    let same = each(0..20, |row| format!("{},1\n", text(row)));
    insta::assert_snapshot!(told(TaskKind::Regression, "t.csv", &format!("text,label\n{same}")), @"");
}

#[test]
fn wrong_tags_are_found_and_entities_are_counted() {
    let mut content = each(0..40, |row| format!("Ann{row} B-PER\nLee I-PER\nleft O\n\n"));
    content.push_str("Ulm B-LOC\nis O\n\nnice O\nI I-PER\n\n");
    insta::assert_snapshot!(told(TaskKind::TokenClassification, "t.conll", &content), @"");
    let examination = examine(&patient(
        TaskKind::TokenClassification,
        &[("train", "t.conll", &content)],
    ))
    .unwrap();
    let classes: Vec<(&str, usize)> = examination
        .classes
        .iter()
        .map(|class| (class.name.as_str(), class.rows[0]))
        .collect();
    assert_eq!(classes, [("PER", 41), ("LOC", 1)]);
}

#[test]
fn answers_that_are_nowhere_are_found() {
    let mut content = String::from("question,context,answer\n");
    for row in 0..20 {
        let _ = writeln!(
            content,
            "who sent {row}?,Somebody sent order {row} on day {}.,",
            row * 31
        );
    }
    content.push_str("where?,It lies in Ulm.,Ulm\nwhen?,It came in May.,June\n,It came in June.,June\n");
    insta::assert_snapshot!(told(TaskKind::QuestionAnswering, "t.csv", &content), @"");
}

#[test]
fn a_file_that_cannot_be_read_at_all_is_an_error() {
    let message = |file: &str, content: &str| {
        examine(&patient(CLASSES, &[("train", file, content)]))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!([message("t.csv", "text,lable\na,b\n"), message("t.csv", ""), message("t.csv", "text,label\n")].join("\n"), @"");
}

#[test]
fn a_quick_examination_of_many_rows_takes_a_moment() {
    let table = clean(0..100_000);
    let patient = Patient {
        depth: Depth::Quick,
        ..patient(CLASSES, &[("train", "t.csv", &table)])
    };
    let begun = std::time::Instant::now();
    let examination = examine(&patient).unwrap();
    // A machine with other work needs longer; the time is measured in the benchmarks.
    assert!(begun.elapsed().as_secs() < 20);
    assert_eq!(examination.parts[0].rows, 100_000);
}
