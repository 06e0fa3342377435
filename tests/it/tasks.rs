//! Tasks other than one label per text, from a table to predictions.

use crate::support::{Sandbox, TEXTS};

/// The search, the training of its winner, its evaluation and its predictions; returns the last two.
fn through(sandbox: &Sandbox, flags: &str) -> (String, String) {
    sandbox
        .run(&format!("search space.yaml --out study --trials 3 {flags}"))
        .expect_code(0);
    sandbox.run("train study/best.yaml --out trained").expect_code(0);
    let told = sandbox.run("evaluate trained table.csv --json").expect_code(0);
    sandbox
        .run("predict trained table.csv --out predicted.csv")
        .expect_code(0);
    (told.stdout, sandbox.read("predicted.csv"))
}

#[test]
fn several_labels_per_text_are_learnt_measured_and_predicted() {
    let sandbox = Sandbox::with_texts();
    let spec = TEXTS
        .replace("train: reviews.csv", "train: table.csv, multi_label: \"|\"")
        .replace("metric: accuracy", "metric: f1_micro");
    sandbox.write("space.yaml", spec);
    let row = |index: usize| {
        [
            "good fine,pos|long\n",
            "bad poor,neg\n",
            "good bad,pos|neg\n",
            "fine,pos\n",
        ][index % 4]
            .to_owned()
    };
    let rows: String = (0..80).map(row).collect();
    sandbox.write("table.csv", format!("text,label\n{rows}"));
    let (told, predicted) = through(&sandbox, "");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    for name in ["f1_micro", "f1_macro", "hamming_loss", "accuracy", "loss"] {
        let value = told["metrics"][name].as_f64().unwrap();
        assert!((0.0..=5.0).contains(&value), "{name}: {value}");
    }
    assert!(told["metrics"].get("mcc").is_none(), "another task's metric");
    let header = predicted.lines().next().unwrap();
    assert!(header.ends_with("labels,p.long,p.neg,p.pos"), "{header}");
    assert_eq!(predicted.lines().count(), 81);
    let notes: serde_json::Value = serde_json::from_str(&sandbox.read("trained/automl.json")).unwrap();
    let thresholds: Vec<f64> = ["long", "neg", "pos"]
        .map(|label| notes["thresholds"][label].as_f64().unwrap())
        .into();
    assert!(thresholds.iter().all(|threshold| (0.0..=1.0).contains(threshold)));
    // Another threshold in the notes is another decision, in predictions and in metrics.
    let notes = sandbox.read("trained/automl.json").replace(
        &format!("\"pos\": {}", serde_json::json!(thresholds[2])),
        "\"pos\": 0.0",
    );
    sandbox.write("trained/automl.json", notes);
    sandbox.run("predict trained table.csv --out all.csv").expect_code(0);
    let all = sandbox.read("all.csv");
    for row in csv::Reader::from_reader(all.as_bytes()).records() {
        let labels = row.unwrap().iter().rev().nth(3).unwrap().to_owned();
        assert!(labels.split(';').any(|label| label == "pos"), "{labels}");
    }
    let told = sandbox
        .run("evaluate trained table.csv --json --metric recall:pos")
        .expect_code(0);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["metrics"]["recall:pos"], 1.0);
    // Without validation examples nothing can be tuned.
    let told = sandbox
        .run("train study/best.yaml --out whole --with-validation")
        .expect_code(0);
    assert!(told.stderr.contains("a probability of 0.5"), "{}", told.stderr);
    assert!(!sandbox.read("whole/automl.json").contains("thresholds"));
}

#[test]
fn numbers_are_learnt_measured_and_predicted() {
    let sandbox = Sandbox::with_texts();
    let spec = TEXTS
        .replace("task: text-classification", "task: regression")
        .replace("train: reviews.csv", "train: table.csv")
        .replace("metric: accuracy", "metric: spearman");
    sandbox.write("space.yaml", spec);
    let row = |index: usize| ["good fine,1.5\n", "bad poor,-1\n", "good,1\n", "poor,-0.5\n"][index % 4].to_owned();
    let rows: String = (0..80).map(row).collect();
    sandbox.write("table.csv", format!("text,label\n{rows}"));
    let (told, predicted) = through(&sandbox, "");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    for name in ["rmse", "mae", "loss", "spearman"] {
        assert!(told["metrics"][name].is_number(), "{name}: {told}");
    }
    let rmse = told["metrics"]["rmse"].as_f64().unwrap();
    assert!((rmse * rmse - told["metrics"]["loss"].as_f64().unwrap()).abs() < 1e-6);
    let header = predicted.lines().next().unwrap();
    assert!(header.ends_with("text,prediction"), "{header}");

    sandbox.write("table.csv", format!("text,label\n{rows}good,very\n"));
    let told = sandbox.run("validate space.yaml").expect_code(2);
    assert!(
        told.message().contains("line 82: the label `very` is not a number"),
        "{}",
        told.message()
    );
}

#[test]
fn a_metric_of_one_class_leads_a_search() {
    let sandbox = Sandbox::with_texts();
    sandbox.write(
        "space.yaml",
        TEXTS.replace("metric: accuracy", "metric: \"recall:positive\""),
    );
    sandbox.run("search space.yaml --out study --trials 2").expect_code(0);
    assert!(sandbox.leaderboard("study").contains("recall:positive"));
    sandbox.write(
        "space.yaml",
        TEXTS.replace("metric: accuracy", "metric: \"recall:good\""),
    );
    let told = sandbox.run("validate space.yaml").expect_code(2);
    insta::assert_snapshot!(told.message(), @"error: `metric: recall:good` names the class `good`, but the labels of the data are `negative`, `positive`");
    sandbox.write("space.yaml", TEXTS.replace("metric: accuracy", "metric: rmse"));
    let told = sandbox.run("validate space.yaml").expect_code(2);
    assert!(
        told.message().contains("`metric` cannot be `rmse`"),
        "{}",
        told.message()
    );
}
