//! A model in use: predictions, measurements, and training that notices other data.

use crate::support::{REVIEWS, Sandbox, write_reviews};

fn trained() -> Sandbox {
    let sandbox = Sandbox::with_texts();
    sandbox.run("search space.yaml --out study").expect_code(0);
    sandbox
        .run("train study/best.yaml --out model-out --check")
        .expect_code(0);
    sandbox
}

#[test]
fn predictions_are_of_every_row_in_order_and_as_good_as_evaluate_says() {
    let sandbox = trained();
    let predict = sandbox
        .run("predict model-out reviews.csv --out predictions.csv")
        .expect_code(0);
    predict.says(&format!("wrote {REVIEWS} predictions to `predictions.csv`"));
    let text = sandbox.read("predictions.csv");
    let header = text.lines().next().unwrap();
    assert_eq!(header, "row,line,text,label,probability,p.negative,p.positive");
    let predicted: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(predicted.len(), REVIEWS);
    for (index, row) in predicted.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        let sum: f64 = row[5..].iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{row:?}");
    }
    let reviews = sandbox.read("reviews.csv");
    let known = reviews.lines().skip(1).map(|line| line.rsplit(',').next().unwrap());
    let right = predicted
        .iter()
        .zip(known)
        .filter(|(row, label)| row[3] == *label)
        .count();
    let measured = sandbox.run("evaluate model-out reviews.csv --json").expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&measured.stdout).unwrap();
    let confusion = json["confusion"].as_array().unwrap();
    let cells = confusion.iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(cells.map(|cell| cell.as_u64().unwrap()).sum::<u64>(), REVIEWS as u64);
    let measured: serde_json::Value = serde_json::from_str(&measured.stdout).unwrap();
    assert_eq!(measured["examples"], REVIEWS);
    let accuracy = right as f64 / REVIEWS as f64;
    assert!(
        (measured["accuracy"].as_f64().unwrap() - accuracy).abs() < 1e-12,
        "{measured}"
    );
    let lines = sandbox
        .run("predict model-out reviews.csv --format jsonl")
        .expect_code(0)
        .stdout;
    assert_eq!(lines.lines().count(), REVIEWS);
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["label"], predicted[0][3]);
    let table = sandbox.run("evaluate model-out reviews.csv").expect_code(0).stdout;
    assert!(table.contains("95 %") && table.contains("precision"), "{table}");
}

#[test]
fn predictions_need_no_labels_and_say_what_is_wrong_with_a_table() {
    let sandbox = trained();
    sandbox.write("new.jsonl", "{\"text\": \"good\"}\n{\"text\": \"bad\"}\n");
    let lines = sandbox.run("predict model-out new.jsonl").expect_code(0).stdout;
    assert_eq!(lines.lines().count(), 3);
    sandbox.write("other.csv", "review\ngood\n");
    let wrong = [
        sandbox.run("predict model-out other.csv --out predictions.csv"),
        sandbox.run("predict model-out none.csv"),
        sandbox.run("predict nowhere new.jsonl"),
        sandbox.run("evaluate model-out new.jsonl"),
    ];
    let said = wrong.map(|outcome| outcome.expect_code(2).message());
    insta::assert_snapshot!(said.join("\n"));
    assert!(!sandbox.path("predictions.csv").exists());
    let odd = sandbox
        .run("predict model-out new.jsonl --out predictions.xlsx")
        .expect_code(2);
    odd.says("predictions are not written as `.xlsx`");
    assert!(!sandbox.path("predictions.xlsx").exists());
    sandbox
        .run("predict model-out other.csv --text-column review")
        .expect_code(0);
    sandbox.run("predict model-out other.csv --text review").expect_code(2);
}

#[test]
fn predictions_repeat_what_tells_one_row_from_another() {
    let sandbox = trained();
    sandbox.write(
        "new.csv",
        "id,customer,text,label\na7,ann,good,?\nb9,bob,\"bad, so bad\",?\n",
    );
    let rows = |arguments: &str| {
        let printed = sandbox.run(arguments).expect_code(0).stdout;
        let mut reader = csv::Reader::from_reader(printed.as_bytes());
        let mut rows = vec![reader.headers().unwrap().clone()];
        rows.extend(reader.records().map(Result::unwrap));
        rows
    };
    let known = rows("predict model-out new.csv");
    assert_eq!(
        known[0].iter().take(5).collect::<Vec<_>>(),
        ["row", "line", "id", "text", "label"]
    );
    assert_eq!(
        known[2].iter().skip(1).take(3).collect::<Vec<_>>(),
        ["3", "b9", "bad, so bad"]
    );
    let kept = rows("predict model-out new.csv --keep customer,label");
    assert_eq!(
        kept[0].iter().skip(2).take(5).collect::<Vec<_>>(),
        ["customer", "data.label", "id", "text", "label"]
    );
    sandbox
        .run("predict model-out new.csv --keep costumer")
        .expect_code(2)
        .says("did you mean `customer`");
    // Texts of the command line, without a file.
    let spoken = rows("predict model-out --text good --text bad");
    assert_eq!(spoken.len(), 3);
    let file = rows("predict model-out new.csv");
    assert_eq!(
        spoken[1].iter().skip(3).collect::<Vec<_>>(),
        file[1].iter().skip(4).collect::<Vec<_>>()
    );
}

#[test]
fn standard_input_is_a_table_lines_of_json_or_plain_texts() {
    let sandbox = trained();
    sandbox.write("plain", "good\n\nbad, so bad\n");
    sandbox.write("objects", "{\"text\": \"good\"}\n{\"text\": \"bad, so bad\"}\n");
    sandbox.write("table", "text,other\ngood,1\n\"bad, so bad\",2\n");
    let labels = |file: &str| {
        let line = format!("{} predict model-out - < {file}", env!("CARGO_BIN_EXE_automl"));
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]);
        let printed = sandbox
            .start_command(sandbox.prepare(command), &line)
            .finish()
            .expect_code(0);
        let mut reader = csv::Reader::from_reader(printed.stdout.as_bytes());
        let rows = reader
            .records()
            .map(|row| row.unwrap().iter().skip(2).map(str::to_owned).collect());
        rows.collect::<Vec<Vec<String>>>()
    };
    let plain = labels("plain");
    assert_eq!(plain.len(), 2);
    assert_eq!(plain[1][0], "bad, so bad");
    assert_eq!((labels("objects"), labels("table")), (plain.clone(), plain.clone()));
    // A document over several lines is not a list of texts.
    sandbox.write(
        "document",
        "[\n  {\n    \"text\": \"good\"\n  },\n  {\n    \"text\": \"bad, so bad\"\n  }\n]\n",
    );
    assert_eq!(labels("document"), plain);
    // Neither is an object on one line that holds them.
    sandbox.write(
        "wrapped",
        "{\"version\": 1, \"rows\": [{\"text\": \"good\"}, {\"text\": \"bad, so bad\"}]}\n",
    );
    assert_eq!(labels("wrapped"), plain);
    // Blank lines before the first object hide nothing.
    sandbox.write("objects", "\n \n{\"text\": \"good\"}\n{\"text\": \"bad, so bad\"}\n");
    assert_eq!(labels("objects"), plain);
    let line = format!(
        "{} predict model-out - --text-column reviw < table",
        env!("CARGO_BIN_EXE_automl")
    );
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &line]);
    let refused = sandbox.start_command(sandbox.prepare(command), &line).finish();
    refused.expect_code(2).says("no column `reviw`");
}

#[test]
fn a_line_of_standard_input_is_answered_at_once() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};

    let sandbox = trained();
    let mut command = Command::new(env!("CARGO_BIN_EXE_automl"));
    command.args(["predict", "model-out", "-", "--format", "jsonl"]);
    let mut child = sandbox
        .prepare(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for text in ["good", "bad"] {
        writeln!(input, "{text}").unwrap();
        // The next line is written only after this one was answered.
        assert!(
            output
                .next()
                .unwrap()
                .unwrap()
                .contains(&format!("\"text\":\"{text}\""))
        );
    }
    drop(input);
    assert!(child.wait().unwrap().success() && output.next().is_none());
}

#[test]
fn predictions_go_into_pipes_and_through_links() {
    use std::os::unix::fs::FileTypeExt as _;

    let sandbox = trained();
    let pipe = sandbox.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    sandbox
        .run("predict model-out --text good --out pipe --format csv")
        .expect_code(0);
    assert_eq!(reader.join().unwrap().lines().count(), 2);
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    sandbox.write("real.csv", "old");
    std::os::unix::fs::symlink("real.csv", sandbox.path("link.csv")).unwrap();
    sandbox
        .run("predict model-out --text good --out link.csv")
        .expect_code(0);
    assert!(sandbox.read("real.csv").starts_with("row,"));
    assert!(
        std::fs::symlink_metadata(sandbox.path("link.csv"))
            .unwrap()
            .file_type()
            .is_symlink()
    );
}

#[test]
fn labels_that_the_model_does_not_know_are_counted_and_named() {
    let sandbox = trained();
    let rows = "text,label\ngood,positive\nbad,Negative\nbad,negative\nfine,neutral\nbad,Negative\n";
    sandbox.write("new.csv", rows);
    let measured = sandbox.run("evaluate model-out new.csv --json").expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&measured.stdout).unwrap();
    assert_eq!(json["examples"], 2);
    assert_eq!(json["unknown_labels"], serde_json::json!({"Negative": 2, "neutral": 1}));
    sandbox
        .run("evaluate model-out new.csv")
        .expect_code(0)
        .says("2 of `Negative` (the first in line 3; did you mean `negative`), 1 of `neutral` (the first in line 5)");
    sandbox.write("none.csv", "text,label\ngood,other\n");
    sandbox
        .run("evaluate model-out none.csv")
        .expect_code(2)
        .says("`other`");
}

#[test]
fn training_notices_that_the_data_has_changed() {
    let sandbox = trained();
    write_reviews(&sandbox.path("reviews.csv"), 0..REVIEWS + 4);
    let refused = sandbox.run("train study/best.yaml --out again --check").expect_code(2);
    insta::assert_snapshot!(refused.message());
    assert!(!sandbox.path("again").exists());
    let warned = sandbox.run("train study/best.yaml --out again").expect_code(0);
    warned.says("warning: since `study/best.yaml` was found, the train examples have changed");
}
