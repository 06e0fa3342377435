//! Trackers: each event reaches them once, also after crashes of the study or of a tracker.

use std::path::Path;
use std::time::Duration;

use crate::support::{Sandbox, count};

const SPEC: &str = "function: {name: sphere, trial_seconds: 0.3}\nparameters: {x: {min: -1.0, max: 1.0}, y: {min: -1.0, max: 1.0}}\n\
                    budget: {trials: 12}\nepochs: {min: 1, max: 9}\nseed: 4\n";

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let records = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.collect()
}

/// The evaluations in the journal: trial, samples, metric and value.
fn evaluations(sandbox: &Sandbox, study: &str) -> Vec<[String; 4]> {
    let mut found = Vec::new();
    for entry in crate::support::events(&sandbox.path(study)) {
        let event = &entry["event"];
        let report = &event["outcome"]["reached"];
        if event["type"] != "segment_ended" || report.is_null() {
            continue;
        }
        for evaluation in report["evaluations"].as_array().unwrap() {
            for (metric, value) in evaluation["metrics"].as_object().unwrap() {
                found.push([
                    event["trial"].to_string(),
                    evaluation["at"].to_string(),
                    metric.clone(),
                    value.as_f64().unwrap().to_string(),
                ]);
            }
        }
    }
    found
}

fn curves(path: &Path) -> Vec<[String; 4]> {
    let rows = rows(path).into_iter();
    rows.map(|row| [row[0].clone(), row[1].clone(), row[3].clone(), row[4].clone()])
        .collect()
}

#[test]
fn the_tables_have_everything_once() {
    let sandbox = Sandbox::with_spec(SPEC);
    sandbox
        .run("search space.yaml --out study --track csv --workers 2 -q")
        .expect_code(0);
    let folder = sandbox.path("study/tracking/csv");
    let told = curves(&folder.join("curves.csv"));
    assert_eq!(told, evaluations(&sandbox, "study"));
    assert!(told.len() > 20, "{}", told.len());
    assert_eq!(
        rows(&folder.join("trials.csv")),
        rows(&sandbox.path("study/leaderboard.csv"))
    );
    assert_eq!(
        rows(&folder.join("segments.csv")).len(),
        count(&sandbox.path("study"), "segment_ended")
    );
    let times = rows(&folder.join("curves.csv")).into_iter().map(|row| row[5].clone());
    assert!(
        times
            .into_iter()
            .all(|time| time.starts_with("20") && time.ends_with('Z'))
    );

    // The same of a study that is there already, elsewhere and again.
    sandbox.run("export study --to csv --out tables").expect_code(0);
    sandbox.run("export study --to csv").expect_code(0);
    for tables in ["tables", "study/tracking/csv"] {
        assert_eq!(curves(&sandbox.path(tables).join("curves.csv")), told, "{tables}");
    }
}

#[test]
fn a_study_that_is_killed_and_resumed_is_told_once() {
    let sandbox = Sandbox::with_spec(&format!("{SPEC}tracking: {{csv: {{folder: tables}}}}\n"));
    let study = sandbox.path("study");
    for events in [8, 20, 30] {
        let mut search = if events == 8 {
            sandbox.start("search space.yaml --out study --workers 2")
        } else {
            sandbox.start("resume study")
        };
        search.wait_until("some segments", || {
            crate::support::events(&study).len() > events && sandbox.path("tables/curves.csv").exists()
        });
        // While it waits for the next delivery, in the middle of one, or before the first.
        std::thread::sleep(Duration::from_millis(events as u64 * 13));
        search.signal("KILL");
        search.finish();
    }
    // Half a line, as a crash leaves it.
    let path = sandbox.path("tables/curves.csv");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("3,12");
    std::fs::write(&path, text).unwrap();
    sandbox.run("resume study -q").expect_code(0);
    assert_eq!(curves(&path), evaluations(&sandbox, "study"));
}

#[test]
fn a_tracker_that_fails_fails_no_study_and_catches_up() {
    let sandbox = Sandbox::with_spec(SPEC);
    // A file where the folder should be.
    sandbox.write("tables", "mine");
    let search = sandbox
        .run("search space.yaml --out study --set tracking.csv.folder=tables --workers 2")
        .expect_code(0);
    search.says("the tracker `csv` did not get everything");
    assert_eq!(sandbox.read("tables"), "mine");
    sandbox.run("export study --to csv").expect_code(2);
    std::fs::remove_file(sandbox.path("tables")).unwrap();
    sandbox.run("export study --to csv").expect_code(0);
    assert_eq!(
        curves(&sandbox.path("tables/curves.csv")),
        evaluations(&sandbox, "study")
    );
}

#[test]
fn a_table_that_was_taken_away_is_written_anew_and_no_tracking_leaves_all_out() {
    let sandbox = Sandbox::with_spec(&format!("{SPEC}tracking: [csv]\n"));
    sandbox
        .run("search space.yaml --out study --trials 6 --workers 2 -q")
        .expect_code(0);
    let folder = sandbox.path("study/tracking/csv");
    std::fs::remove_file(folder.join("curves.csv")).unwrap();
    sandbox.run("export study --to csv").expect_code(0);
    assert_eq!(curves(&folder.join("curves.csv")), evaluations(&sandbox, "study"));
    assert_eq!(
        rows(&folder.join("segments.csv")).len(),
        count(&sandbox.path("study"), "segment_ended")
    );
    sandbox
        .run("search space.yaml --out other --trials 3 --no-tracking -q")
        .expect_code(0);
    assert!(!sandbox.path("other/tracking").exists());
}

#[test]
fn mistakes_about_trackers_are_shown_with_their_position() {
    let sandbox = Sandbox::with_spec(SPEC);
    let refused = |tracking: &str| {
        sandbox.write("other.yaml", format!("{SPEC}tracking: {tracking}\n"));
        let outcome = sandbox.run("validate other.yaml").expect_code(2);
        outcome.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let errors = [
        refused("cvs"),
        refused("[csv, csv]"),
        refused("{csv: {flder: x}}"),
        refused("{mlflow: {}}"),
        refused("3"),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    error: `tracking` cannot be `cvs`
    error: the tracker `csv` stands there twice
    error: unknown key `flder` in `csv`
    error: unknown key `mlflow` in `tracking`
    error: `tracking` must be a text
    ");
    let outcome = sandbox.run("export study --to cvs").expect_code(2);
    assert!(outcome.stderr.contains("csv"), "{}", outcome.stderr);
}
