//! Files of every task as people write them.

use super::*;

fn of(name: &str, content: &str) -> Result<Guess, String> {
    with(name, content, &Wishes::default())
}

fn with(name: &str, content: &str, wishes: &Wishes) -> Result<Guess, String> {
    guess(&[Source::memory(name, content)], &ReadOptions::default(), wishes).map_err(|error| error.to_string())
}

/// Task, texts, labels, separator and metric in a line.
fn line(guess: &Guess) -> String {
    let separator = guess
        .separator
        .as_ref()
        .map_or_else(String::new, |found| format!(" by `{}`", found.value));
    format!(
        "{:?}: {} -> {}{separator}, {}",
        guess.task.value,
        guess.text.value.join(" | "),
        guess.label.value.join(" | "),
        guess.metric.value
    )
}

fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..40).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

const SENTENCES: [&str; 5] = [
    "the parcel came a week late",
    "nobody answered when I called",
    "works well and looks nice",
    "the colour is not as shown",
    "bought it again for my sister",
];

fn sentence(index: usize) -> String {
    format!("{} {index}", SENTENCES[index % 5])
}

#[test]
fn tables_of_every_task_are_understood() {
    let class = |index: usize| ["good", "bad"][index % 2];
    let tables = [
        (
            "text,label",
            rows("text,label", |row| format!("{},{}", sentence(row), class(row))),
        ),
        (
            "semicolons",
            rows("Kommentar;Klasse", |row| format!("{};{}", sentence(row), class(row))),
        ),
        (
            "ids and dates",
            rows("id,created_at,review,user,sentiment", |row| {
                format!("{row},2020-01-{row},{},u{row},{}", sentence(row), class(row))
            }),
        ),
        (
            "stars",
            rows("stars,review", |row| format!("{},{}", row % 5 + 1, sentence(row))),
        ),
        (
            "numbers",
            rows("text,rating", |row| format!("{},{}.5", sentence(row), row % 3)),
        ),
        (
            "counts",
            rows("text,votes", |row| format!("{},{}", sentence(row), row * row)),
        ),
        (
            "several",
            rows("text,tags", |row| {
                format!("{},{}", sentence(row), ["a;b", "b", "c;a", "c"][row % 4])
            }),
        ),
        (
            "commas",
            rows("text\ttags", |row| {
                format!("{}\t{}", sentence(row), ["red, blue", "blue", "green, red"][row % 3])
            }),
        ),
        (
            "pair",
            rows("premise,hypothesis,label", |row| {
                format!("{},x {},{}", sentence(row), sentence(row + 1), row % 3)
            }),
        ),
        (
            "word",
            rows("word,definition,label", |row| {
                format!("word{row}x,{},{}", sentence(row), class(row))
            }),
        ),
        (
            "title",
            rows("title,body,category", |row| {
                format!("{},{},{}", sentence(row), sentence(row + 3), class(row))
            }),
        ),
        (
            "rare",
            rows("text,label", |row| {
                format!("{},{}", sentence(row), if row == 7 { "spam" } else { "ham" })
            }),
        ),
        ("frequent", rows("a,b", |row| format!("{},{}", row % 2, sentence(row)))),
    ];
    let lines: Vec<String> = tables
        .iter()
        .map(|(name, table)| {
            format!(
                "{name}: {}",
                line(&of("t.csv", table).unwrap_or_else(|error| panic!("{name}: {error}")))
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    text,label: Classification: text -> label, accuracy
    semicolons: Classification: Kommentar -> Klasse, accuracy
    ids and dates: Classification: review -> sentiment, accuracy
    stars: Classification: review -> stars, accuracy
    numbers: Regression: text -> rating, rmse
    counts: Regression: text -> votes, rmse
    several: MultiLabel: text -> tags by `;`, f1
    commas: MultiLabel: text -> tags by `,`, f1
    pair: Classification: premise | hypothesis -> label, accuracy
    word: Classification: word | definition -> label, accuracy
    title: Classification: {title}. {body} -> category, accuracy
    rare: Classification: text -> label, f1
    frequent: Classification: b -> a, accuracy
    ");
}

#[test]
fn lists_sentences_and_questions_are_understood() {
    let files = [
        ("a.jsonl", r#"{"text": "a b", "labels": ["x", "y"]}"#.to_owned() + "\n" + r#"{"text": "c", "labels": []}"#),
        ("t.jsonl", r#"{"tokens": ["Ann", "met"], "ner_tags": ["B-PER", "O"]}"#.to_owned()),
        ("i.jsonl", r#"{"tokens": ["Ann", "met"], "ner_tags": [1, 0], "id": "0"}"#.to_owned()),
        ("s.jsonl", r#"{"text": "Ann met", "spans": [{"start": 0, "end": 3, "label": "PER"}]}"#.to_owned()),
        ("d.jsonl", r#"{"text": "Ann met", "label": [[0, 3, "PER"]]}"#.to_owned()),
        ("c.conll", "Ann\tB-PER\nmet\tO\n\nBob\tB-PER\n".to_owned()),
        ("w.csv", "text,tags\nAnn met,B-PER O\nno one,O O\n".to_owned()),
        ("q.csv", "question,context,answer\nwho?,Ann met Bob.,Ann\nwhen?,Ann met Bob.,\n".to_owned()),
        ("h.jsonl", r#"{"id": "1", "title": "t", "context": "Ann met Bob.", "question": "who?", "answers": {"text": ["Ann"], "answer_start": [0]}}"#.to_owned()),
        ("b.jsonl", (0..9).map(|row| format!("{{\"question\": \"is it {row}?\", \"passage\": \"a b c {row}\", \"answer\": {}}}\n", row % 2 == 0)).collect::<Vec<_>>().concat()),
    ];
    let lines: Vec<String> = files
        .iter()
        .map(|(name, content)| {
            format!(
                "{name}: {}",
                line(&of(name, content).unwrap_or_else(|error| panic!("{name}: {error}")))
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    a.jsonl: MultiLabel: text -> labels, f1
    t.jsonl: TokenClassification: tokens -> ner_tags, f1
    i.jsonl: TokenClassification: tokens -> ner_tags, f1
    s.jsonl: TokenClassification: text -> spans, f1
    d.jsonl: TokenClassification: text -> label, f1
    c.conll: TokenClassification: tokens -> tags, f1
    w.csv: TokenClassification: text -> tags, f1
    q.csv: QuestionAnswering: question | context -> answer, f1
    h.jsonl: QuestionAnswering: question | context -> answers, f1
    b.jsonl: Classification: question | passage -> answer, accuracy
    ");
}

#[test]
fn a_table_without_a_header_gets_names() {
    let table = rows("ham\tGo until the point where nobody is", |row| {
        format!("{}\t{}", ["ham", "spam"][row % 2], sentence(row))
    });
    let guess = of("sms.tsv", &table).unwrap();
    insta::assert_snapshot!(line(&guess), @"Classification: column_2 -> column_1, accuracy");
    assert_eq!(
        guess.read.columns.as_deref(),
        Some(&["column_1".to_owned(), "column_2".to_owned()][..])
    );
    assert_eq!(guess.records, 41);
    insta::assert_snapshot!(guess.header.unwrap(), @"the first line is data: it has `ham`");
}

#[test]
fn what_a_user_says_is_not_guessed() {
    let table = rows("text,title,stars,kind", |row| {
        format!("{},t {row},{},{}", sentence(row), row % 5, ["x", "y"][row % 2])
    });
    let of = |task: Option<TaskKind>, text: &[&str], label: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let wishes = Wishes {
            task,
            text: names(text),
            label: names(label),
            separator: None,
        };
        with("t.csv", &table, &wishes).map_or_else(|error| error, |guess| line(&guess))
    };
    insta::assert_snapshot!([
        of(None, &[], &[]),
        of(Some(TaskKind::Regression), &[], &["stars"]),
        of(None, &["title"], &["kind"]),
        of(None, &["{title}: {text}"], &[]),
        of(None, &[], &["kin"]),
        of(Some(TaskKind::Regression), &[], &["kind"]),
        of(Some(TaskKind::TokenClassification), &[], &[]),
        of(Some(TaskKind::QuestionAnswering), &[], &[]),
    ].join("\n"), @"
    Classification: {title}. {text} -> stars, accuracy
    Regression: {title}. {text} -> stars, rmse
    Classification: title -> kind, accuracy
    Classification: {title}: {text} -> stars, accuracy
    `t.csv`: no column `kin`; did you mean `kind`; the data has `text`, `title`, `stars`, `kind`
    `t.csv`: `kind` does not fit the task: most of its values are not numbers, such as `x`
    `t.csv`: no column looks like tags of words: tags are a list beside a list of words, spans with a `start` and an `end`, or as many words as the text has; the data has `text`, `title`, `stars`, `kind`; name it with `--label`
    `t.csv`: no column looks like questions with a context and answers: an answer must be a part of the context; the data has `text`, `title`, `stars`, `kind`; name it with `--text QUESTION --text CONTEXT --label`
    ");
}

#[test]
fn reasons_and_unused_columns_are_told() {
    let table = rows("id,text,label,lang,n", |row| {
        format!("{row},{},{},en,{}", sentence(row), ["x", "y"][row % 2], row * 7 % 11)
    });
    let guess = of("t.csv", &table).unwrap();
    let unused: Vec<String> = guess
        .unused
        .iter()
        .map(|unused| format!("{}: {}", unused.value, unused.reason))
        .collect();
    insta::assert_snapshot!(
        [guess.task.reason.clone(), guess.text.reason.clone(), guess.label.reason.clone(), guess.metric.reason.clone(), unused.join("; ")].join("\n"),
        @"
    `label` has 2 different values in 40 rows
    it has 7 words on average
    its name says so, and it has 2 different values
    no class has most of the rows
    id: it identifies or describes a row; lang: it has the same value in every row; n: it has numbers, and the model reads texts
    "
    );
    assert_eq!(guess.labels, ["x", "y"]);
    assert!(guess.is_whole);
}

#[test]
fn files_without_text_or_label_are_refused() {
    let message = |content: &str| of("t.csv", content).unwrap_err();
    insta::assert_snapshot!([
        message("text\na b c\nd e f\n"),
        message(&rows("id,text", |row| format!("{row},{}", sentence(row)))),
        message(&rows("id,label", |row| format!("{row},{}", row % 2))),
        message("text,label\n"),
    ].join("\n"), @"
    `t.csv`: no column looks like a label: there is only one column; the data has `text`; name it with `--label`
    `t.csv`: no column looks like a label: each has one value only, or another value in every row; the data has `id`, `text`; name it with `--label`
    `t.csv`: no column looks like a text: none beside the label has words; the data has `id`, `label`; name it with `--text`
    `t.csv`: there are no records; add some (a table needs rows below its header, or `columns` if it has no header)
    ");
}

#[test]
fn real_tables_are_understood() {
    let Some(folder) = super::super::testing::shared("text") else {
        return;
    };
    let names = [
        "movie_sentiment.tsv",
        "sms_spam.tsv",
        "wordnet_glosses.tsv",
        "wordnet_pairs.tsv",
        "movie_rating.tsv",
    ];
    let lines = names.map(|name| {
        let path = folder.join(name);
        line(&guess(&[path.as_path().into()], &ReadOptions::default(), &Wishes::default()).unwrap())
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    Classification: text -> label, accuracy
    Classification: text -> label, f1
    Classification: text -> label, accuracy
    Classification: word | definition -> label, accuracy
    Regression: text -> rating, rmse
    ");
}
