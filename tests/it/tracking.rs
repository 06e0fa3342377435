//! Trackers: each event reaches them once, also after crashes of the study or of a tracker.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{MlFlow, Mood, Outcome, Sandbox, count};

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
        refused("{mflow: {}}"),
        refused("3"),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    error: `tracking` cannot be `cvs`
    error: the tracker `csv` stands there twice
    error: unknown key `flder` in `csv`
    error: unknown key `mflow` in `tracking`
    error: `tracking` must be a text
    ");
    let outcome = sandbox.run("export study --to cvs").expect_code(2);
    assert!(outcome.stderr.contains("csv"), "{}", outcome.stderr);
}

/// The program with environment variables.
fn run_with(sandbox: &Sandbox, arguments: &str, variables: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_automl"));
    command.args(arguments.split_whitespace());
    let mut command = sandbox.prepare(command);
    command.envs(variables.iter().copied());
    sandbox.start_command(command, arguments).finish()
}

/// The points on a server, as [`evaluations`] has them; sorted.
fn told(server: &MlFlow) -> Vec<[String; 4]> {
    let mut found = Vec::new();
    for run in server.runs() {
        for (key, step, _, value) in run.points {
            let is_ours = key == "epoch" || key.starts_with("system/") || key.starts_with("best_");
            if !is_ours {
                found.push([
                    run.tags["automl.trial"].clone(),
                    step.to_string(),
                    key,
                    value.to_string(),
                ]);
            }
        }
    }
    found.sort();
    found
}

/// Every run, parameter and point is on the server once.
fn assert_told_once(server: &MlFlow, sandbox: &Sandbox, study: &str) {
    let mut expected = evaluations(sandbox, study);
    expected.sort();
    assert_eq!(told(server), expected);
    let runs = server.runs();
    let mut trials: Vec<&str> = runs.iter().map(|run| run.tags["automl.trial"].as_str()).collect();
    trials.sort_unstable();
    trials.dedup();
    assert_eq!(trials.len(), runs.len(), "{trials:?}");
    let leaderboard = rows(&sandbox.path(study).join("leaderboard.csv"));
    assert_eq!(runs.len(), leaderboard.len() + 1);
    for run in runs.iter().filter(|run| run.tags["automl.trial"] != "study") {
        assert_eq!(run.status, "FINISHED");
        assert_eq!(run.params.len(), 2);
        assert!(run.tags.contains_key("mlflow.parentRunId"));
    }
    for file in ["report.html", "leaderboard.csv", "best.yaml", "spec.yaml"] {
        assert!(server.files().iter().any(|known| known == file), "{file}");
    }
}

#[test]
fn a_server_that_is_down_slow_or_refuses_changes_nothing_and_gets_everything_later() {
    let sandbox = Sandbox::with_spec(SPEC);
    sandbox
        .run("search space.yaml --out alone --workers 2 -q")
        .expect_code(0);
    for (index, mood) in [
        Mood::Status(500),
        Mood::Status(429),
        Mood::Slow(Duration::from_secs(20)),
    ]
    .into_iter()
    .enumerate()
    {
        let server = MlFlow::start(mood);
        let study = format!("study{index}");
        let outcome = sandbox
            .run(&format!(
                "search space.yaml --out {study} --workers 2 -q --track mlflow={}",
                server.address
            ))
            .expect_code(0);
        assert_eq!(outcome.stderr.matches("warning").count(), 1, "{}", outcome.stderr);
        assert!(server.requests() < 20, "{}", server.requests());
        assert_eq!(sandbox.leaderboard(&study), sandbox.leaderboard("alone"));
        server.set(Mood::Good);
        for _ in 0..2 {
            let export = format!("export {study} --to mlflow");
            run_with(&sandbox, &export, &[("MLFLOW_TRACKING_URI", &server.address)]).expect_code(0);
        }
        assert_told_once(&server, &sandbox, &study);
    }
}

#[test]
fn a_server_that_loses_answers_gets_everything_once_through_crashes() {
    let sandbox = Sandbox::with_spec(SPEC);
    let server = MlFlow::start(Mood::Flaky);
    let study = sandbox.path("study");
    let track = format!("--workers 2 --track mlflow={}", server.address);
    for events in [8, 20, 30] {
        let mut search = if events == 8 {
            sandbox.start(&format!("search space.yaml --out study {track}"))
        } else {
            sandbox.start(&format!("resume study {track}"))
        };
        search.wait_until("some segments", || crate::support::events(&study).len() > events);
        std::thread::sleep(Duration::from_millis(events as u64 * 17));
        search.signal("KILL");
        search.finish();
    }
    sandbox.run(&format!("resume study -q {track}")).expect_code(0);
    server.set(Mood::Good);
    let export = format!("export study --to mlflow --out {}", server.address);
    sandbox.run(&export).expect_code(0);
    assert_told_once(&server, &sandbox, "study");
    // Without its cursor it asks the server what is there.
    std::fs::remove_dir_all(study.join("tracking")).unwrap();
    sandbox.run(&export).expect_code(0);
    assert_told_once(&server, &sandbox, "study");
}

#[test]
fn passwords_are_shown_nowhere() {
    let sandbox = Sandbox::with_spec(SPEC);
    let server = MlFlow::start(Mood::Status(401));
    let secrets = ["hunter2hunter2", "bWU6aHVudGVyMmh1bnRlcjI="];
    let variables = [
        ("MLFLOW_TRACKING_URI", server.address.as_str()),
        ("MLFLOW_TRACKING_USERNAME", "me"),
        ("MLFLOW_TRACKING_PASSWORD", secrets[0]),
    ];
    let search = "search space.yaml --out study --trials 4 --workers 2 --track mlflow";
    let searched = run_with(&sandbox, search, &variables).expect_code(0);
    let requests = server.requests();
    assert_eq!(requests, 1, "a wrong password is tried once");
    let exported = run_with(&sandbox, "export study --to mlflow", &variables).expect_code(2);
    assert!(searched.stderr.contains("401"), "{}", searched.stderr);
    assert!(
        exported.stderr.contains("MLFLOW_TRACKING_PASSWORD"),
        "{}",
        exported.stderr
    );
    let mut shown = format!(
        "{}{}{}{}",
        searched.stdout, searched.stderr, exported.stdout, exported.stderr
    );
    for name in sandbox.list("study") {
        let content = std::fs::read(sandbox.path("study").join(name)).unwrap_or_default();
        shown.push_str(&String::from_utf8_lossy(&content));
    }
    assert!(
        secrets.iter().all(|secret| !shown.contains(secret)),
        "{}",
        exported.stderr
    );
    let address = server.address.replace("http://", "http://me:hunter2hunter2@");
    let refused = sandbox
        .run(&format!("search space.yaml --out other --track mlflow={address}"))
        .expect_code(2);
    assert!(
        refused.stderr.contains("MLFLOW_TRACKING_USERNAME"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains(secrets[0]) && !sandbox.path("other").exists());
    sandbox
        .run("search space.yaml --out other --track mlflow")
        .expect_code(2)
        .says("MLFLOW_TRACKING_URI");
}

#[test]
fn files_of_trackers_are_the_same_after_crashes() {
    let sandbox = Sandbox::with_spec(&format!("{SPEC}tracking: [tensorboard, optuna, wandb, comet]\n"));
    let study = sandbox.path("study");
    for events in [8, 20, 30] {
        let mut search = if events == 8 {
            sandbox.start("search space.yaml --out study --workers 2")
        } else {
            sandbox.start("resume study")
        };
        search.wait_until("some segments", || {
            crate::support::events(&study).len() > events && study.join("tracking/optuna.log").exists()
        });
        std::thread::sleep(Duration::from_millis(events as u64 * 13));
        search.signal("KILL");
        search.finish();
    }
    sandbox.run("resume study -q").expect_code(0);
    sandbox.run("export study --to optuna --out optuna.log").expect_code(0);
    assert_eq!(sandbox.read("study/tracking/optuna.log"), sandbox.read("optuna.log"));
    for tracker in ["tensorboard", "wandb", "comet"] {
        sandbox
            .run(&format!("export study --to {tracker} --out {tracker}"))
            .expect_code(0);
        let files = sandbox.list(tracker);
        let own = format!("study/tracking/{tracker}");
        assert_eq!(files, sandbox.list(&own));
        assert!(files.len() > 12, "{files:?}");
        for file in files {
            let read = |folder: &str| std::fs::read(sandbox.path(folder).join(&file)).unwrap_or_default();
            assert!(read(tracker) == read(&own), "{tracker}: {file}");
        }
    }
}

#[test]
fn an_upload_stays_known_until_a_run_has_news() {
    let sandbox = Sandbox::with_spec(SPEC);
    sandbox
        .run("search space.yaml --out study --trials 3 --workers 2 -q --track wandb")
        .expect_code(0);
    let folder = sandbox.path("study/tracking/wandb");
    let runs: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
    assert_eq!(runs.len(), 4);
    let marks: Vec<_> = runs
        .iter()
        .map(|run| {
            let files = std::fs::read_dir(run.path()).unwrap().flatten();
            let mut logs = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "wandb"));
            let log = logs.next().unwrap().path();
            std::path::PathBuf::from(format!("{}.synced", log.display()))
        })
        .collect();
    for mark in &marks {
        std::fs::write(mark, "").unwrap();
    }
    sandbox.run("export study --to wandb").expect_code(0);
    assert!(marks.iter().all(|mark| mark.exists()));
}

#[test]
fn fine_tuning_tells_its_losses_and_learning_rates_also_after_an_interruption() {
    let sandbox = Sandbox::with_texts();
    let server = MlFlow::start(Mood::Good);
    sandbox
        .run(&format!(
            "search space.yaml --out study --trials 3 -q --track csv --track mlflow={}",
            server.address
        ))
        .expect_code(0);
    let told = curves(&sandbox.path("study/tracking/csv/curves.csv"));
    let values = |trial: usize, metric: &str| -> Vec<f64> {
        let rows = told
            .iter()
            .filter(|row| row[0] == trial.to_string() && row[2] == metric);
        rows.map(|row| row[3].parse().unwrap()).collect()
    };
    for trial in 0..3 {
        let (losses, rates) = (values(trial, "train/loss"), values(trial, "train/learning_rate"));
        assert!((3..=200).contains(&losses.len()), "{losses:?}");
        assert_eq!(losses.len(), rates.len());
        assert!(
            losses.iter().all(|loss| *loss > 0.0) && rates.iter().all(|rate| *rate >= 0.0),
            "{losses:?} {rates:?}"
        );
        // Evaluations and steps of training are not mixed up.
        assert_eq!(values(trial, "accuracy").len(), 4);
    }
    let points = server.runs().into_iter().flat_map(|run| run.points);
    let points = points.filter(|(key, ..)| key == "train/loss").count();
    assert_eq!(
        points,
        (0..3).map(|trial| values(trial, "train/loss").len()).sum::<usize>()
    );

    let study = sandbox.path("other");
    let mut search = sandbox.start("search space.yaml --out other --trials 3 --track csv");
    search.wait_until("a segment", || crate::support::events(&study).len() > 4);
    search.signal("INT");
    search.finish();
    sandbox.run("resume other -q").expect_code(0);
    let mut again = curves(&study.join("tracking/csv/curves.csv"));
    let mut told = told;
    // Times in a metric depend on the machine.
    for rows in [&mut again, &mut told] {
        rows.retain(|row| row[2] != "latency_ms");
        rows.sort();
    }
    assert_eq!(again, told);
}
