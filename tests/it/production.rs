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
    assert_eq!(header, "row,line,label,probability,p.negative,p.positive");
    let predicted: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(predicted.len(), REVIEWS);
    for (index, row) in predicted.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        let sum: f64 = row[4..].iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{row:?}");
    }
    let reviews = sandbox.read("reviews.csv");
    let known = reviews.lines().skip(1).map(|line| line.rsplit(',').next().unwrap());
    let right = predicted
        .iter()
        .zip(known)
        .filter(|(row, label)| row[2] == *label)
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
    assert_eq!(first["label"], predicted[0][2]);
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
    sandbox.run("predict model-out other.csv --text review").expect_code(0);
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
