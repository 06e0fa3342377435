//! Budgets are true, and the exit code says what came of them.

use std::time::Duration;

use crate::support::{SPHERE, Sandbox, count, on_a_quiet_machine};

#[test]
fn the_number_of_trials_is_a_total() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for trials in [1, 5, 13] {
        let study = format!("study-{trials}");
        sandbox
            .run(&format!("search space.yaml --out {study} --trials {trials}"))
            .expect_code(0);
        assert_eq!(sandbox.leaderboard(&study).lines().count(), 1 + trials);
        sandbox.run(&format!("resume {study}")).expect_code(0);
        assert_eq!(
            sandbox.leaderboard(&study).lines().count(),
            1 + trials,
            "after a resume"
        );
    }
}

#[test]
fn a_small_space_is_searched_once() {
    let spec = SPHERE.replace("  x: {min: 0.0, max: 1.0}\n  y: {min: 1e-4, max: 1.0, log: true}\n", "");
    let sandbox = Sandbox::with_spec(&spec);
    sandbox.run("search space.yaml --out study").expect_code(0);
    assert_eq!(sandbox.leaderboard("study").lines().count(), 1 + 3);
}

#[test]
fn a_search_ends_with_its_time() {
    on_a_quiet_machine(|| {
        for scheduler in ["asha", "pbt", "none"] {
            let sandbox = Sandbox::with_spec(SPHERE);
            let flags = "--budget 2s --trials 100000 --set function.trial_seconds=0.3";
            let search = sandbox.run(&format!(
                "search space.yaml --out study {flags} --set early_terminate={scheduler}"
            ));
            assert!(
                search.seconds < Duration::from_secs(4),
                "budget of 2 s took {:?}",
                search.seconds
            );
            assert!(
                search.seconds > Duration::from_secs(1),
                "stopped after {:?}",
                search.seconds
            );
            search.expect_code(0);
            let leaderboard = sandbox.leaderboard("study");
            assert!(leaderboard.lines().count() > 2, "{leaderboard}");
            assert!(leaderboard.lines().nth(1).unwrap().starts_with("1,"), "{leaderboard}");
            sandbox.run("best study").expect_code(0);
        }
    });
}

#[test]
fn a_search_whose_first_trial_is_too_long_ends_with_its_time_too() {
    on_a_quiet_machine(|| {
        // Measured once a second until it is cut off, and never measured.
        for (trial_seconds, code) in [(9, 0), (90, 4)] {
            let sandbox = Sandbox::with_spec(SPHERE);
            let flags = format!("--budget 3s --set function.trial_seconds={trial_seconds} --set early_terminate=none");
            let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
            assert!(search.seconds < Duration::from_secs(5), "3 s took {:?}", search.seconds);
            search.expect_code(code);
            sandbox.run("best study").expect_code(code);
            assert_eq!(sandbox.path("study/best.yaml").exists(), code == 0);
            assert!(sandbox.leaderboard("study").contains(",pruned,"));
        }
    });
}

#[test]
fn more_time_continues_the_same_trials() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::with_spec(SPHERE);
        let flags = "--budget 2s --trials 14 --set function.trial_seconds=1.5";
        sandbox
            .run(&format!("search space.yaml --out study {flags}"))
            .expect_code(0);
        let study = sandbox.path("study");
        let before = configurations(&sandbox);
        assert!(!before.is_empty() && count(&study, "study_ended") == 1);
        let resumed = sandbox.run("resume study --add-budget 2s");
        assert!(
            resumed.seconds < Duration::from_secs(4),
            "2 s more took {:?}",
            resumed.seconds
        );
        resumed.expect_code(0);
        sandbox.run("resume study --add-budget 1m").expect_code(0);
        let after = configurations(&sandbox);
        assert_eq!(after.len(), 14);
        assert!(
            before.iter().all(|trial| after.contains(trial)),
            "{before:?}\n{after:?}"
        );
    });
}

/// The number and the configuration of every trial.
fn configurations(sandbox: &Sandbox) -> Vec<(String, String)> {
    let leaderboard = sandbox.leaderboard("study");
    let mut reader = csv::Reader::from_reader(leaderboard.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    let (trial, hash) = (column("trial"), column("config_hash"));
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| (record[trial].to_owned(), record[hash].to_owned()))
        .collect()
}

#[test]
fn a_target_that_is_missed_is_exit_code_3() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::with_spec(SPHERE);
        let target = "--set metric.name=loss --set metric.target=-1";
        sandbox
            .run(&format!("search space.yaml --out study {target}"))
            .expect_code(3);
        assert_eq!(sandbox.leaderboard("study").lines().count(), 1 + 12);
        sandbox.run("best study").expect_code(0);
        let in_time = "--budget 1s --trials 1000 --set function.trial_seconds=0.3";
        sandbox
            .run(&format!("search space.yaml --out timed {target} {in_time}"))
            .expect_code(3);
    });
}

#[test]
fn a_target_that_is_met_ends_the_search() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--trials 1000 --set metric.name=loss --set metric.target=0.3";
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(0);
    let best = sandbox.run("best study --format json").expect_code(0);
    let best: serde_json::Value = serde_json::from_str(&best.stdout).unwrap();
    assert!(best["value"].as_f64().unwrap() <= 0.3, "{best}");
    assert!(sandbox.leaderboard("study").lines().count() < 100);
    sandbox.run("resume study").expect_code(0);
}

#[test]
fn a_search_in_which_every_trial_fails_is_exit_code_4() {
    let sandbox = Sandbox::with_texts();
    let flags = "--trials 3 --set parameters.learning_rate=1e30 --set parameters.max_grad_norm=1e30";
    let search = sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(4);
    assert!(search.stderr.contains("diverged"), "{}", search.stderr);
    let leaderboard = sandbox.leaderboard("study");
    assert_eq!(leaderboard.matches(",failed,").count(), 3, "{leaderboard}");
    let best = sandbox.run("best study").expect_code(4);
    insta::assert_snapshot!(best.filtered(), @"no trial of `reviews` has a value of `accuracy`");
    assert_eq!(best.stdout, "");
}

#[test]
fn thousands_of_workers_to_plan_for_take_no_time_of_their_own() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::with_spec(SPHERE);
        let flags = "--budget 3s --trials 100000 --set resources.logical_workers=4096 --set function.trial_seconds=0.3";
        let search = sandbox.run(&format!("search space.yaml --out study {flags} --set method=gp"));
        assert!(search.seconds < Duration::from_secs(6), "{:?}", search.seconds);
        search.expect_code(0);
        assert!(count(&sandbox.path("study"), "segment_ended") > 2);
    });
}
