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
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    error unreadable (1): 1 row cannot be read; repair or remove these rows: a search stops at the first one
      t.csv:102  [] 3 fields where the header has 2; put a field that holds the delimiter into double quotes
    ");
    let wrong =
        "{\"text\": \"a b\", \"label\": 0.5}\n{\"text\": \"c d\", \"label\": \"x\"}\n{\"text\": 3, \"label\": \"y\"}\n";
    insta::assert_snapshot!(told(CLASSES, "t.jsonl", wrong), @"
    error values (2): 2 rows have a value of the wrong kind; correct or remove these rows, or name another task or column: a search stops at the first one
      t.jsonl:1  [] `label` is a number with a fraction; it must be a text, a whole number, `true` or `false` (a list of labels needs `multi_label: true`, a number with a fraction `task: regression`)
      t.jsonl:3  [] `text` is a whole number; it must be a text
    error one_class (1): every row has the same label, `x`; add rows with other labels, or name another column: there is nothing to learn
    warning rare_classes (1): 1 class has fewer than 10 training rows (the rarest: 1): `x`; add rows, merge rare classes, or do not expect the model to know them
      t.jsonl:2 c d [x] x
    ");
}

#[test]
fn missing_texts_and_labels_are_counted() {
    let table = format!("{},good\n  ,bad\nonly a text,\n", clean(0..100));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    warning empty (2): 2 rows have no text; remove these rows, or leave them out with `data.on_missing: skip`
      t.csv:102  [good] 
      t.csv:103    [bad] 
    warning unlabelled (1): 1 row has no label and is left out; label these rows, or keep them for later; a model can rank them by how sure it is
      t.csv:104 only a text []
    ");
}

#[test]
fn repeated_and_contradictory_rows_are_found() {
    let mut table = clean(0..100);
    let _ = write!(table, "{},good\n {}  ,good\n{},good\n", text(0), text(2), text(1));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    warning contradictions (2): 2 rows have the same text as another row, and another label (1 text); decide on one label for each of these texts: a model cannot learn both
      t.csv:3 Nobody answered call number 7919 which a [bad] as in t.csv:104
      t.csv:104 Nobody answered call number 7919 which a [good] as in t.csv:3
    note duplicates (3): 3 rows repeat an earlier one (2.9 %); remove the copies, unless it matters how often a text occurs
      t.csv:102 The parcel came late on day 0 again 0 [good] as in t.csv:2
      t.csv:103  It works as described since update 1583 [good] as in t.csv:4
      t.csv:104 Nobody answered call number 7919 which a [good] as in t.csv:3
    ");
}

#[test]
fn rows_of_other_parts_that_training_has_are_found() {
    let train = clean(0..100);
    let other = format!("{}{},good\n{},bad\n", clean(200..240), text(4), text(5).to_uppercase());
    let parts = [("train", "a.csv", train.as_str()), ("test", "b.csv", other.as_str())];
    let examination = examine(&patient(CLASSES, &parts)).unwrap();
    insta::assert_snapshot!(lines(&examination), @"
    error leakage (1): 1 row has the text of a training row: 1 of test (2.4 %); remove them from one of the parts: the model is measured on what it has learnt by heart
      b.csv:42 My sister bought one more after visit 31 [good] as in a.csv:6
    warning near_leakage (1): 1 row has almost the text of a training row: 1 of test (2.4 %); look at them: edited copies make a model look better than it is
      b.csv:43 PACKAGING WAS TORN AROUND CORNER 39595 A [bad] as in a.csv:7
    ");
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
    insta::assert_snapshot!(lines(&examine(&patient(CLASSES, &parts)).unwrap()), @"
    error unknown_classes (1): 1 class is in no training row: `mixed`; add training rows, or correct the spelling: a model can only predict what it has seen
      b.csv:3 no idea [mixed] mixed
    warning rare_classes (2): 2 classes have fewer than 10 training rows (the rarest: 1): `Good`, `neutral`; add rows, merge rare classes, or do not expect the model to know them
      a.csv:102 a new thing came [Good] Good
      a.csv:103 another came [neutral] neutral
    warning absent_classes (3): 3 classes are missing in test: `bad`, `Good`, `neutral`; add such rows there, or split off `train` with `stratify`: a class without rows there is not measured
    warning spellings (1): 1 label is spelled in two ways or more: `good`, `Good`; use one spelling for each: to a model they are different classes
      a.csv:102 a new thing came [Good] Good
    ");
    let one = each(0..20, |row| format!("{},good\n", text(row)));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &format!("text,label\n{one}")), @"error one_class (1): every row has the same label, `good`; add rows with other labels, or name another column: there is nothing to learn");
    let most = each(0..300, |row| {
        format!("{},{}\n", text(row), if row % 20 == 0 { "spam" } else { "ham" })
    });
    insta::assert_snapshot!(told(CLASSES, "t.csv", &format!("text,label\n{most}")), @"note imbalance (1): 95.0 % of the rows are `ham`; optimize `f1` or `balanced_accuracy`: always predicting this class would have that accuracy");
}

#[test]
fn damaged_characters_are_found() {
    let table = format!(
        "{}cafÃ© au lait,good\nlost \u{fffd} here,bad\nbell \u{7} rings,good\nfish &amp chips,bad\n",
        clean(0..100)
    );
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    warning mojibake (1): 1 text was read in the wrong encoding; export the data again in UTF-8, or name the encoding of the file with `data.encoding`
      t.csv:102 cafÃ© au lait [good] cafÃ© au lait
    warning replaced (1): 1 text has lost characters (`�`); export the data again from a source that still has the characters
      t.csv:103 lost � here [bad] lost � here
    warning control (1): 1 text has control characters; remove them: texts to predict will not have them
      t.csv:104 bell   rings [good] U+0007
    note html (1): 1 text has the marks of a web page; write `&amp;` as `&` and so on, unless the texts to predict have these marks too
      t.csv:105 fish &amp chips [bad] fish &amp chips
    ");
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
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    note telling_column (1): `id` alone tells the label of 98.3 % of the rows by its order; do not use it as text, and check whether the rows of a class were collected separately
      t.csv:2 The parcel came late on day 0 again 0 [good] column id
      t.csv:3 Nobody answered call number 7919 which a [good] column id
      t.csv:4 It works as described since update 15838 [good] column id
    note telling_column (1): `source` alone tells the label of 100.0 % of the rows by its value; do not use it as text, and check whether the rows of a class were collected separately
      t.csv:2 The parcel came late on day 0 again 0 [good] column source
      t.csv:3 Nobody answered call number 7919 which a [good] column source
      t.csv:4 It works as described since update 15838 [good] column source
    ");
    let joined = Patient {
        text: vec!["{source} {lang} {text}".to_owned()],
        ..patient(CLASSES, &[("train", "t.csv", &table)])
    };
    insta::assert_snapshot!(lines(&examine(&joined).unwrap()), @"
    warning telling_column (1): `source` alone tells the label of 100.0 % of the rows by its value; remove it from the text, unless it is known before the label when the model is used
      t.csv:2 web x The parcel came late on day 0 agai [good] column source
      t.csv:3 web x Nobody answered call number 7919 w [good] column source
      t.csv:4 web x It works as described since update [good] column source
    warning constant_column (1): `lang` has the same value in 100.0 % of the rows; remove it from the text: it costs tokens and says nothing
    note telling_column (1): `id` alone tells the label of 98.3 % of the rows by its order; do not use it as text, and check whether the rows of a class were collected separately
      t.csv:2 web x The parcel came late on day 0 agai [good] column id
      t.csv:3 web x Nobody answered call number 7919 w [good] column id
      t.csv:4 web x It works as described since update [good] column id
    ");
}

#[test]
fn texts_far_longer_than_the_others_are_found() {
    let table = format!("{}{},good\n", clean(0..100), "word ".repeat(2_000));
    insta::assert_snapshot!(told(CLASSES, "t.csv", &table), @"
    note long (1): 1 text is more than 20 times longer than the median of 10 words; check whether several rows became one, for example because a quote is missing
      t.csv:102 word word word word word word word word  [good] 2000 words
    ");
    let examination = examine(&patient(CLASSES, &[("train", "t.csv", &table)])).unwrap();
    insta::assert_debug_snapshot!(examination.lengths.unwrap().quantiles, @"
    [
        7,
        9,
        10,
        11,
        12,
        13,
        2000,
    ]
    ");
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
    insta::assert_snapshot!(told(TaskKind::Regression, "t.csv", &table), @"
    error values (1): 1 row has a value of the wrong kind; correct or remove these rows, or name another task or column: a search stops at the first one
      t.csv:103  [] the label `many` is not a number, and `task: regression` predicts numbers
    warning far_numbers (1): 1 number is far from all others, half of which lie between 2 and 7; correct them if they are wrong: a few large errors dominate the squared error
      t.csv:102 a slip of the pen [9000] 9000
    ");
    let examination = examine(&patient(TaskKind::Regression, &[("train", "t.csv", &table)])).unwrap();
    assert_eq!(examination.numbers[0].quantiles, [0.0, 2.0, 5.0, 7.0, 9000.0]);
    let same = each(0..20, |row| format!("{},1\n", text(row)));
    insta::assert_snapshot!(told(TaskKind::Regression, "t.csv", &format!("text,label\n{same}")), @"error one_number (1): every number is 1; name another column: there is nothing to learn");
}

#[test]
fn wrong_tags_are_found_and_entities_are_counted() {
    let mut content = each(0..40, |row| format!("Ann{row} B-PER\nLee I-PER\nleft O\n\n"));
    content.push_str("Ulm B-LOC\nis O\n\nnice O\nI I-PER\n\n");
    insta::assert_snapshot!(told(TaskKind::TokenClassification, "t.conll", &content), @"
    error tags (1): 1 sentence has wrong tags or spans; correct these tags: a search stops at the first sentence with such a fault
      t.conll:164  [] token 2: `I-PER` cannot follow `O` in BIO
    warning rare_classes (1): 1 type has fewer than 10 training rows (the rarest: 1): `LOC`; add rows, merge rare classes, or do not expect the model to know them
      t.conll:161 Ulm is [B-LOC O] LOC
    ");
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
    insta::assert_snapshot!(told(TaskKind::QuestionAnswering, "t.csv", &content), @"
    error answers (1): 1 question has an answer that is not in its context; copy these answers from their contexts word for word: a search stops at the first one
      t.csv:23  [] the answer `June` to `when?` is not in the context; an answer is a part of the context, word for word
    error empty (1): 1 row has no question or no context; remove these rows: a search stops at the first one
      t.csv:24  [] `question` is empty; every row needs a question and a context
    warning no_answers (20): 95.2 % of the questions have no answer; check that the column of the answers is right, and add questions with answers
      t.csv:2 who sent 0? | Somebody sent order 0 on d [] 
      t.csv:3 who sent 1? | Somebody sent order 1 on d [] 
      t.csv:4 who sent 2? | Somebody sent order 2 on d []
    ");
}

#[test]
fn a_file_that_cannot_be_read_at_all_is_an_error() {
    let message = |file: &str, content: &str| {
        examine(&patient(CLASSES, &[("train", file, content)]))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!([message("t.csv", "text,lable\na,b\n"), message("t.csv", ""), message("t.csv", "text,label\n")].join("\n"), @"
    `t.csv`: no column `label`; did you mean `lable`; there are the columns `text`, `lable`
    `t.csv`: the file is empty; is it the right one, and is it completely written
    `t.csv`: there are no records; add some (a table needs rows below its header, or `columns` if it has no header)
    ");
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
