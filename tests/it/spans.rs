//! Tasks in which places of a text matter, through the whole program: tagged words, and answers to questions.

use crate::support::{Outcome, Sandbox};

/// Sentences in which the word after `in` is a place.
fn sentences(count: usize) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let words = ["good", "bad", "film", "story", "quiet"];
    let sentence = |index: usize| {
        let [first, second] = [words[index % 5], words[(index / 5 + index) % 5]];
        if index.is_multiple_of(2) {
            (vec![first, "in", second, second], vec!["O", "O", "B-LOC", "I-LOC"])
        } else {
            (vec![second, first, "in", first], vec!["O", "O", "O", "B-LOC"])
        }
    };
    (0..count).map(sentence).collect()
}

fn conll(count: usize) -> String {
    let block = |(words, tags): (Vec<&str>, Vec<&str>)| {
        let lines = words.iter().zip(tags).map(|(word, tag)| format!("{word} {tag}\n"));
        lines.collect::<String>() + "\n"
    };
    sentences(count).into_iter().map(block).collect()
}

fn lists(count: usize) -> String {
    let line = |(words, tags)| serde_json::json!({"tokens": words, "ner_tags": tags}).to_string() + "\n";
    sentences(count).into_iter().map(line).collect()
}

fn spans(count: usize) -> String {
    let line = |(words, tags): (Vec<&str>, Vec<&str>)| {
        let start = tags.iter().position(|tag| *tag == "B-LOC").unwrap();
        let begin = words[..start].iter().map(|word| word.len() + 1).sum::<usize>();
        let text = words.join(" ");
        let span = serde_json::json!({"start": begin, "end": text.len(), "label": "LOC"});
        serde_json::json!({"text": text, "spans": [span]}).to_string() + "\n"
    };
    sentences(count).into_iter().map(line).collect()
}

/// Predictions for texts of the command line.
fn answered(sandbox: &Sandbox, texts: &[&str]) -> Outcome {
    let mut command = sandbox.command("predict model-out --format jsonl");
    for text in texts {
        command.args(["--text", text]);
    }
    sandbox.start_command(command, "predict --text").finish()
}

const TAGS: &str = "
task: token-classification
model: ./model
max_length: 8
data: {train: train.conll, split: {validation: 0.25, seed: 1}}
parameters: {learning_rate: {values: [0.01, 0.02]}, batch_size: 8}
epochs: 10
budget: {trials: 2}
resources: {workers: 1}
seed: 3
";

fn tagged() -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox.write("train.conll", conll(60));
    sandbox.write("space.yaml", TAGS);
    sandbox
}

#[test]
fn names_are_searched_trained_predicted_and_evaluated() {
    let sandbox = tagged();
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert!(leaderboard.lines().next().unwrap().contains("f1"), "{leaderboard}");
    // Outputs are not kept, but every evaluation has these metrics.
    sandbox.run("leaderboard study --metric recall").expect_code(0);
    sandbox
        .run("leaderboard study --metric f1_strict")
        .expect_code(2)
        .says("tagged words and answers keep none");
    // Every form of the data gives the same study.
    for (name, content) in [("lists.jsonl", lists(60)), ("spans.jsonl", spans(60))] {
        sandbox.write(name, content);
        let out = name.replace('.', "-");
        sandbox
            .run(&format!("search space.yaml --out {out} --set data.train={name}"))
            .expect_code(0);
        assert_eq!(sandbox.leaderboard(&out), leaderboard, "{name}");
    }
    let trained = sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    trained.says("on 15 validation examples");
    let config: serde_json::Value = serde_json::from_str(&sandbox.read("model-out/config.json")).unwrap();
    assert_eq!(config["architectures"][0], "BertForTokenClassification");
    assert_eq!(config["id2label"]["1"], "B-LOC");
    // Texts, lines, lists of words and CoNLL without tags.
    let given = answered(&sandbox, &["good in film film"]);
    let given: serde_json::Value = serde_json::from_str(&given.expect_code(0).stdout).unwrap();
    let entity = &given["entities"][0];
    let [start, end] = ["start", "end"].map(|end| entity[end].as_u64().unwrap() as usize);
    assert_eq!((entity["label"].as_str(), start), (Some("LOC"), 8), "{given}");
    assert_eq!(entity["text"].as_str().unwrap(), &"good in film film"[start..end]);
    sandbox.write("lines", "good in film film\n");
    sandbox.write(
        "words.jsonl",
        "{\"tokens\": [\"good\", \"in\", \"film\", \"film\"], \"id\": 7}\n",
    );
    let predicted = |data: &str| {
        let printed = sandbox.run(&format!("predict model-out {data} --format jsonl"));
        let row: serde_json::Value = serde_json::from_str(&printed.expect_code(0).stdout).unwrap();
        row["entities"].clone()
    };
    assert_eq!(predicted("lines"), given["entities"]);
    assert_eq!(predicted("words.jsonl"), given["entities"]);
    let measured = sandbox
        .run("evaluate model-out train.conll --json")
        .expect_code(0)
        .stdout;
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    assert_eq!(measured["examples"], 60);
    assert_eq!(measured["classes"][0]["label"], "LOC");
    assert!(measured["f1"].as_f64().unwrap() > 0.8, "{measured}");
}

#[test]
fn two_workers_give_the_same_names_as_one() {
    let sandbox = tagged();
    sandbox.run("search space.yaml --out one").expect_code(0);
    sandbox
        .run("search space.yaml --out two --set resources.workers=2")
        .expect_code(0);
    assert_eq!(sandbox.leaderboard("two"), sandbox.leaderboard("one"));
}

#[test]
fn what_a_spec_of_such_tasks_cannot_have_is_said() {
    let sandbox = tagged();
    let message = |set: &str| {
        let told = sandbox.run(&format!("validate space.yaml --set {set}")).expect_code(2);
        told.message().lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!([
        message("data.multi_label=true"),
        message("data.truncation=head_tail"),
        message("data.text=[a,b]"),
        message("data.label=[a,b]"),
        message("data.text=\"{a}{b}\""),
        message("data.on_missing=skip"),
        message("metric=f1:PER"),
        message("metric=rmse"),
        message("parameters.label_smoothing=0.1"),
    ].join("\n"), @"
    error: `multi_label` is for `task: text-classification`
    error: this task cuts nothing off: a long text becomes several windows; `stride` says how far they overlap
    error: `task: token-classification` has one column of words or texts
    error: this task has one column of labels
    error: this task finds places in a text, so a template cannot make it
    error: `on_missing` is for tasks with one label for each row
    error: `metric: f1:PER` names the class `PER`, but the labels of the data are `LOC`
    error: `metric` cannot be `rmse`
    error: `parameters` does not fit the model `[FOLDER]/model`: `label_smoothing` is for classes or labels, but the task is token classification: leave it out
    ");
    sandbox.write(
        "space.yaml",
        TAGS.replace("token-classification", "text-classification"),
    );
    sandbox
        .run("validate space.yaml --set data.stride=2")
        .expect_code(2)
        .says("`stride` is for `truncation: windows`");
}

/// Questions about the word behind `in`, each with its context; every third one has no answer.
fn questions(count: usize) -> Vec<serde_json::Value> {
    let words = ["good", "bad", "film", "story", "quiet"];
    let question = |index: usize| {
        let [first, second] = [words[index % 5], words[(index / 5 + index) % 5]];
        let context = format!("{first} {first} in {second}");
        let start = context.len() - second.len();
        let answers = if index % 3 == 2 {
            serde_json::json!({"text": [], "answer_start": []})
        } else {
            serde_json::json!({"text": [second], "answer_start": [start]})
        };
        serde_json::json!({"id": index, "question": "in", "context": context, "answers": answers})
    };
    (0..count).map(question).collect()
}

#[test]
fn questions_are_searched_trained_answered_and_evaluated() {
    let sandbox = Sandbox::with_texts();
    let lines = |count| {
        let rows: Vec<String> = questions(count).iter().map(ToString::to_string).collect();
        rows.join("\n")
    };
    sandbox.write("train.jsonl", lines(60));
    let spec = TAGS
        .replace("token-classification", "question-answering")
        .replace("train.conll", "train.jsonl");
    sandbox.write("space.yaml", spec);
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert!(leaderboard.lines().next().unwrap().contains(",f1,"), "{leaderboard}");
    let squad: Vec<serde_json::Value> = questions(60)
        .into_iter()
        .map(|row| {
            let texts = row["answers"]["text"].as_array().unwrap();
            let answers: Vec<serde_json::Value> = texts
                .iter()
                .map(|text| serde_json::json!({"text": text, "answer_start": row["answers"]["answer_start"][0]}))
                .collect();
            let qas = serde_json::json!([{"id": row["id"].to_string(), "question": "in", "answers": answers,
                "is_impossible": texts.is_empty()}]);
            serde_json::json!({"context": row["context"], "qas": qas})
        })
        .collect();
    let squad = serde_json::json!({"version": "v2.0", "data": [{"title": "t", "paragraphs": squad}]});
    sandbox.write("squad.json", squad.to_string());
    sandbox
        .run("search space.yaml --out squad --set data.train=squad.json")
        .expect_code(0);
    assert_eq!(sandbox.leaderboard("squad"), leaderboard);
    sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    let config: serde_json::Value = serde_json::from_str(&sandbox.read("model-out/config.json")).unwrap();
    assert_eq!(config["architectures"][0], "BertForQuestionAnswering");
    let printed = answered(&sandbox, &["in", "good good in film"]).expect_code(0).stdout;
    let row: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let [start, end] = ["start", "end"].map(|end| row[end].as_u64().unwrap() as usize);
    assert_eq!(row["answer"].as_str().unwrap(), &"good good in film"[start..end]);
    assert!((0.0..=1.0).contains(&row["no_answer"].as_f64().unwrap()), "{row}");
    let predicted = sandbox
        .run("predict model-out train.jsonl --keep context")
        .expect_code(0)
        .stdout;
    assert_eq!(predicted.lines().count(), 61);
    assert!(
        predicted.starts_with("row,line,context,id,question,answer,score,start,end,no_answer\n"),
        "{predicted}"
    );
    let measured = sandbox
        .run("evaluate model-out squad.json --json")
        .expect_code(0)
        .stdout;
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    assert_eq!(measured["examples"], 60);
    assert!(measured["metrics"]["exact_match"].is_number(), "{measured}");
    sandbox
        .run("predict model-out --text in")
        .expect_code(2)
        .says("give `--text` twice for each");
}
