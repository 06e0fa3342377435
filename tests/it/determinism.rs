//! The same seed gives the same results, on any number of workers of any speed.

use crate::support::{PICTURES, SPHERE, Sandbox};

/// The results of one study of `space.yaml`, run with each of these flags, and whether all are the same to the byte.
fn same_results(sandbox: &Sandbox, common: &str, flags: &[&str]) {
    let mut first: Option<String> = None;
    for (number, flag) in flags.iter().enumerate() {
        let line = format!("search space.yaml --out study-{number} {common} {flag}");
        sandbox.run(&line).expect_code(0);
        let results = sandbox.results(&format!("study-{number}"));
        match &first {
            None => first = Some(results),
            Some(first) => assert_eq!(*first, results, "`{flag}` against `{}`", flags[0]),
        }
    }
}

const WORKERS: [&str; 3] = ["--workers 1", "--workers 2", "--workers 4"];

#[test]
fn the_number_of_workers_changes_no_result_with_asha() {
    let sandbox = Sandbox::with_spec(SPHERE);
    same_results(&sandbox, "--trials 20 --set function.trial_seconds=0.1", &WORKERS);
}

#[test]
fn the_number_of_workers_changes_no_result_of_whole_trials() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let common = "--set early_terminate=none --set function.trial_seconds=0.1";
    same_results(&sandbox, common, &WORKERS);
}

#[test]
fn delays_by_chance_change_no_result() {
    let sandbox = Sandbox::with_spec(SPHERE);
    same_results(&sandbox, "--trials 20 --set function.jitter=0.1", &WORKERS);
}

#[test]
fn the_number_of_workers_changes_no_result_with_random_search() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let common = "--set method=random --set function.trial_seconds=0.05 --set resources.logical_workers=3";
    same_results(&sandbox, common, &WORKERS);
}

#[test]
fn the_number_of_workers_changes_no_result_of_fine_tuning_texts() {
    let sandbox = Sandbox::with_texts();
    let common = "--trials 5 --set early_terminate.type=asha --set early_terminate.eta=2 --set method=tpe";
    same_results(&sandbox, common, &["--workers 1", "--workers 2"]);
}

#[test]
fn the_number_of_workers_changes_no_result_of_fine_tuning_pictures() {
    let sandbox = Sandbox::with_spec(PICTURES);
    same_results(&sandbox, "", &["--workers 1", "--workers 2"]);
}

#[test]
fn the_number_of_workers_changes_no_result_of_any_scheduler() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for scheduler in [
        "hyperband",
        "successive_halving",
        "pasha",
        "median",
        "pbt",
        "{type: asha, mode: stopping, audit: 0.2}",
        "{type: asha, cost_aware: true, patience: 2}",
    ] {
        sandbox.write("space.yaml", SPHERE.replace("{type: asha, eta: 3}", scheduler));
        same_results(
            &sandbox,
            "--trials 20 --set function.jitter=0.02",
            &["--workers 1", "--workers 4"],
        );
        for number in 0..2 {
            std::fs::remove_dir_all(sandbox.path(&format!("study-{number}"))).unwrap();
        }
    }
}

#[test]
fn another_seed_gives_another_leaderboard() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out one --seed 1").expect_code(0);
    sandbox.run("search space.yaml --out two --seed 2").expect_code(0);
    assert_ne!(sandbox.leaderboard("one"), sandbox.leaderboard("two"));
}
