//! The verbs around a search: looking at it and stopping it from another terminal.

#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::Value;

use crate::support::{SPHERE, Sandbox, count, eventually, processes};

/// Slow enough to be caught in the act.
const SLOW: &str = "--trials 16 --set function.trial_seconds=0.3";

/// What `automl status --json` says.
fn status(sandbox: &Sandbox, study: &str) -> Value {
    let status = sandbox.run(&format!("status {study} --json")).expect_code(0);
    serde_json::from_str(&status.stdout).unwrap()
}

#[test]
fn a_running_study_is_stopped_from_outside_and_resumes_to_the_same_results() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run(&format!("search space.yaml --out undisturbed {SLOW}"))
        .expect_code(0);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW}"));
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    let running = status(&sandbox, "study");
    assert_eq!(
        (&running["state"], &running["pid"]),
        (&"running".into(), &search.pid().into())
    );
    let stop = sandbox.run("stop study").expect_code(0);
    insta::assert_snapshot!(stop.filtered(), @"stopped (pid [PID]); the study in `study` is interrupted: `automl resume study` goes on");
    search.finish().expect_code(130);
    eventually("no process left behind", || processes(&sandbox.path("")).is_empty());
    assert_eq!(status(&sandbox, "study")["state"], "interrupted");
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
    assert_eq!(status(&sandbox, "study")["state"], "ended");
}

#[test]
fn what_does_not_run_cannot_be_stopped() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let stop = sandbox.run("stop study").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: `study` holds no study (there is no `journal.jsonl` in it, or it is empty)");
    sandbox.run("search space.yaml --out study --trials 2").expect_code(0);
    let stop = sandbox.run("stop study").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: no process works on the study in `study`, so there is none to stop");
    let stop = sandbox.run("stop study --timeout soon").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: `--timeout soon` is no time: write it like `90s`, `10m` or `1h30m`");
}

#[test]
fn a_study_that_takes_long_to_stop_says_so_and_a_second_stop_ends_it() {
    let sandbox = Sandbox::with_spec(SPHERE);
    // The first stop has to wait for a step of twenty seconds.
    let flags = "--workers 1 --trials 2 --set function.trial_seconds=200 --set epochs=1 --set early_terminate=none";
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags} --json"));
    search.wait_until_said("a segment", |said| said.contains("\"segment_started\""));
    let stop = sandbox.run("stop study --timeout 0.2").expect_code(2);
    assert!(
        stop.message().contains("still works on the study in `study`"),
        "{}",
        stop.stderr
    );
    sandbox.run("stop study").expect_code(0);
    search.finish().expect_code(130);
}

#[test]
fn the_status_of_a_finished_study_is_told_from_its_journal_alone() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    for name in ["leaderboard.csv", "incumbent.csv", "best.yaml", "elapsed", "lock"] {
        std::fs::remove_file(sandbox.path(&format!("study/{name}"))).ok();
    }
    let shown = sandbox.run("status study").expect_code(0);
    let shown: Vec<&str> = shown
        .stdout
        .lines()
        .filter(|line| !line.starts_with("time ") && !line.starts_with("updated "))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    sphere  has ended: all trials of the budget have run
    trials    12 of 12: 2 completed, 10 paused
    rungs         1 epoch: 12 reached it, 6 wait there, 6 went on
                 3 epochs: 6 reached it, 4 wait there, 2 went on
                 9 epochs: 2 reached it
    best      loss 0.0648 · trial 9 (sobol) · epoch 9 · x 0.393, y 0.00513, kind fancy
    ");
}

#[test]
fn a_killed_study_with_a_torn_journal_still_has_a_status() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW} --budget 10m"));
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    let pid = search.pid();
    search.signal("KILL");
    search.finish();
    let mut journal = OpenOptions::new()
        .append(true)
        .open(study.join("journal.jsonl"))
        .unwrap();
    journal.write_all(b"{\"seq\": 9").unwrap();
    let died = status(&sandbox, "study");
    assert_eq!((&died["state"], &died["pid"]), (&"died".into(), &pid.into()));
    assert!(died["trials"]["all"].as_u64().unwrap() >= 4, "{died}");
    assert!(died["wall_left"].as_f64().unwrap() < 600.0, "{died}");
    let shown = sandbox.run("status study").expect_code(0).stdout;
    assert!(
        shown.contains("killed or crashed; `automl resume study` goes on"),
        "{shown}"
    );
    assert!(shown.contains("torn its last line"), "{shown}");
    let stop = sandbox.run("stop study").expect_code(2);
    assert!(
        stop.message().contains("no process works on the study"),
        "{}",
        stop.stderr
    );
    sandbox.run("resume study").expect_code(0);
    assert_eq!(status(&sandbox, "study")["state"], "ended");
}

#[test]
fn a_folder_without_a_study_has_no_status() {
    let status = Sandbox::new().run("status nothing").expect_code(2);
    insta::assert_snapshot!(status.message(), @"error: `nothing` holds no study (there is no `journal.jsonl` in it, or it is empty)");
    assert_eq!(status.stdout, "");
}
