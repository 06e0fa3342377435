//! Several metrics, and constraints on metrics.

use std::collections::BTreeMap;

use crate::support::Sandbox;

const TWO: &str = "\
name: two
function: sphere
metric: [loss, cost]
parameters:
  x: {min: 0.0, max: 1.0}
  y: {min: 0.0, max: 1.0}
method: nsga2
epochs: {min: 1, max: 9}
early_terminate: none
budget: {trials: 30}
resources: {logical_workers: 4, workers: 2}
seed: 7
";

fn searched(spec: &str, overrides: &str) -> Sandbox {
    let sandbox = Sandbox::with_spec(spec);
    sandbox
        .run(&format!("search space.yaml --out study {overrides}"))
        .expect_code(0);
    sandbox
}

/// The rows of a CSV, by column.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or(f64::NAN)
}

fn is_on_front(row: &BTreeMap<String, String>, all: &[BTreeMap<String, String>]) -> bool {
    let both = |row| [number(row, "loss"), number(row, "cost")];
    let own = both(row);
    all.iter()
        .map(both)
        .all(|other| other == own || other[0] > own[0] || other[1] > own[1])
}

#[test]
fn a_list_of_metrics_leaves_a_front() {
    let sandbox = searched(TWO, "");
    let board = sandbox.leaderboard("study");
    insta::assert_snapshot!(board.lines().next().unwrap(), @r##"
rank,trial,status,loss,cost,pareto,score,best_epoch,metric_mean,metric_se,seeds,test_metric,epochs,max_epochs,rung,stop_reason,origin,config_hash,trainable_parameters,params.x,params.y
"##);
    let shown = sandbox
        .run("leaderboard study --format md --top 1")
        .expect_code(0)
        .stdout;
    let columns: Vec<&str> = shown
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .filter(|word| *word != "|")
        .collect();
    assert_eq!(
        columns,
        [
            "rank",
            "trial",
            "status",
            "loss",
            "cost",
            "pareto",
            "best_epoch",
            "epochs",
            "origin",
            "x",
            "y"
        ]
    );
    let rows = rows(&board);
    assert_eq!(rows.len(), 30);
    for row in &rows {
        assert_eq!(row["pareto"], is_on_front(row, &rows).to_string(), "{row:?}");
    }
    let front = rows.iter().filter(|row| row["pareto"] == "true").count();
    assert!(front > 3, "{board}");
    assert!(
        rows[..front].iter().all(|row| row["pareto"] == "true"),
        "the front comes first"
    );
    assert!(
        rows[..front].is_sorted_by_key(|row| number(row, "loss")),
        "by the first metric"
    );
    assert!(rows.iter().any(|row| row["origin"] == "nsga2"));
}

#[test]
fn the_curve_of_several_metrics_is_the_share_that_the_front_dominates() {
    let sandbox = searched(TWO, "");
    let curve = sandbox.read("study/incumbent.csv");
    assert_eq!(
        curve.lines().next(),
        Some("improvement,trial,loss,cost,hypervolume,trials,epochs,seconds")
    );
    let shares: Vec<f64> = rows(&curve).iter().map(|row| number(row, "hypervolume")).collect();
    assert!(
        shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)),
        "{shares:?}"
    );
    assert!(shares[shares.len() - 1] > 0.8, "{shares:?}");
}

#[test]
fn the_end_shows_the_front_and_its_best_in_the_first_metric() {
    let sandbox = Sandbox::with_spec(TWO);
    let search = sandbox.run("search space.yaml --out study --trials 8").expect_code(0);
    let summary: Vec<&str> = search
        .stderr
        .lines()
        .filter_map(|line| Some(line.split_once("] ")?.1))
        .skip_while(|line| !line.starts_with("best     "))
        .filter(|line| !line.starts_with("slots"))
        .collect();
    insta::assert_snapshot!(summary.join("\n"), @r##"
best     loss 0.0010 · cost 0.2884 · trial 0 (random) · epoch 9
         x  0.313
         y  0.328
front    4 trials, none of which another beats in every metric
         trial 0: loss 0.0010 · cost 0.2884
         trial 2: loss 0.0118 · cost 0.2595
         trial 4: loss 0.0320 · cost 0.2052
         trial 6: loss 0.1478 · cost 0.0395
results  study
"##);
    insta::assert_snapshot!(sandbox.read("study/best.yaml").lines().take(10).collect::<Vec<_>>().join("\n"), @r##"
# Trial 0 of the study `two`: loss 0.0009513429338468269, cost 0.2883858974970383 on the validation data, at epoch 9.
name: two-best
function:
  name: sphere
  trial_seconds: 0.0
metric:
  pareto:
    - {name: loss, goal: minimize}
    - {name: cost, goal: minimize}
method: random
"##);
    sandbox.run("search study/best.yaml --out again").expect_code(0);
    let best = sandbox.run("best study --format json").expect_code(0).stdout;
    let best: serde_json::Value = serde_json::from_str(&best).unwrap();
    assert!(best["others"]["cost"].is_number(), "{best}");
}

#[test]
fn every_method_and_scheduler_serves_several_metrics_the_same_on_any_machine() {
    for method in ["tpe", "nsga2", "random"] {
        let flags = format!("--set method={method} --set early_terminate=asha --trials 40");
        let sandbox = searched(TWO, &format!("{flags} --workers 1"));
        sandbox
            .run(&format!("search space.yaml --out other {flags} --workers 4"))
            .expect_code(0);
        assert_eq!(
            sandbox.leaderboard("study"),
            sandbox.leaderboard("other"),
            "{method} on one and on four workers"
        );
        let rows = rows(&sandbox.leaderboard("study"));
        assert!(rows.iter().any(|row| row["status"] == "completed"), "{method}");
        assert!(rows.iter().any(|row| row["status"] == "pruned"), "{method}");
    }
}

#[test]
fn a_trial_that_violates_a_constraint_is_behind_all_that_do_not() {
    let spec = TWO.replace(
        "metric: [loss, cost]",
        "metric: loss\nmetric_constraints: [cost <= 0.1]",
    );
    for method in ["tpe", "nsga2"] {
        let sandbox = searched(&spec, &format!("--set method={method}"));
        let rows = rows(&sandbox.leaderboard("study"));
        assert!(
            rows.iter()
                .all(|row| (number(row, "cost") <= 0.1) == (number(row, "violation") == 0.0))
        );
        let violations: Vec<f64> = rows.iter().map(|row| number(row, "violation")).collect();
        assert!(violations[0] == 0.0 && violations.is_sorted(), "{violations:?}");
        let best = sandbox.run("best study --format json").expect_code(0).stdout;
        let best: serde_json::Value = serde_json::from_str(&best).unwrap();
        assert_eq!(best["trial"].to_string(), rows[0]["trial"]);
        assert!(best["others"]["cost"].as_f64().unwrap() <= 0.1);
    }
}

#[test]
fn metrics_by_priority_give_way_within_their_tolerance() {
    let order = "metric: {lexicographic: [{name: loss, tolerance: 0.1}, cost]}";
    let sandbox = searched(&TWO.replace("metric: [loss, cost]", order), "--set method=tpe");
    let rows = rows(&sandbox.leaderboard("study"));
    let least = rows.iter().map(|row| number(row, "loss")).fold(f64::INFINITY, f64::min);
    let near: Vec<_> = rows.iter().filter(|row| number(row, "loss") <= least + 0.1).collect();
    assert!(near.len() > 1);
    assert!(near.iter().all(|row| number(row, "cost") >= number(&rows[0], "cost")));
    assert!(number(&rows[0], "loss") <= least + 0.1);
    assert!(
        !rows[0].contains_key("pareto"),
        "one is the best, and there is no front"
    );
    let curve = sandbox.read("study/incumbent.csv");
    assert_eq!(
        curve.lines().next(),
        Some("improvement,trial,loss,cost,trials,epochs,seconds")
    );
}

#[test]
fn a_target_of_two_metrics_is_met_by_one_trial() {
    let targets = "metric: [{name: loss, target: 0.12}, {name: cost, target: 0.12}]";
    let sandbox = searched(&TWO.replace("metric: [loss, cost]", targets), "--trials 200");
    let rows = rows(&sandbox.leaderboard("study"));
    assert!(rows.len() < 200, "it ended early");
    assert!(
        rows.iter()
            .any(|row| number(row, "loss") <= 0.12 && number(row, "cost") <= 0.12)
    );
    sandbox.run("search space.yaml --out missed --trials 2").expect_code(3);
}

#[test]
fn fine_tuning_trades_accuracy_for_trained_parameters() {
    let sandbox = Sandbox::with_texts();
    let spec = sandbox.read("space.yaml");
    let several = "metric: [accuracy, trainable_parameters]\nmetric_constraints: [loss < 100]";
    sandbox.write("space.yaml", spec.replace("metric: accuracy", several));
    sandbox.run("search space.yaml --out study").expect_code(0);
    let board = sandbox.leaderboard("study");
    let header: Vec<&str> = board.lines().next().unwrap().split(',').collect();
    assert_eq!(
        header[..7],
        ["rank", "trial", "status", "accuracy", "loss", "pareto", "violation"]
    );
    assert_eq!(header.iter().filter(|name| **name == "trainable_parameters").count(), 1);
    let rows = rows(&board);
    let fewest = rows
        .iter()
        .map(|row| number(row, "trainable_parameters"))
        .fold(f64::INFINITY, f64::min);
    let smallest = rows.iter().filter(|row| number(row, "trainable_parameters") == fewest);
    assert!(smallest.into_iter().any(|row| row["pareto"] == "true"), "{board}");
}
