//! Failures of trials: each kind has a name in the leaderboard, and the study continues without the trial.

#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::Duration;

use crate::support::{Outcome, Running, SPHERE, Sandbox, count, eventually, kill, on_a_quiet_machine, processes};

/// Six trials, some of which suffer a fault half-way.
fn with_fault(fault: &str, more: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::with_spec(&SPHERE.replace(
        "function: {name: sphere}",
        &format!("function: {{name: sphere, faults: {{{fault}: \"x > 0.6\"}}}}\n{more}"),
    ));
    let flags = "--trials 6 --set method=sobol --set early_terminate=none".to_owned();
    (sandbox, flags)
}

/// The stop reasons of the failed trials, and how many were completed.
fn fates(leaderboard: &str) -> (Vec<&str>, usize) {
    let header: Vec<&str> = leaderboard.lines().next().unwrap().split(',').collect();
    let index = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (status, reason) = (index("status"), index("stop_reason"));
    let rows: Vec<Vec<&str>> = leaderboard
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let failed = rows
        .iter()
        .filter(|row| row[status] == "failed")
        .map(|row| row[reason])
        .collect();
    (failed, rows.iter().filter(|row| row[status] == "completed").count())
}

fn everybody_else_completes(sandbox: &Sandbox, search: Outcome, reason: &str) {
    search.expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    let (failed, completed) = fates(&leaderboard);
    assert!(
        !failed.is_empty() && failed.iter().all(|failed| *failed == reason),
        "{leaderboard}"
    );
    assert_eq!(failed.len() + completed, 6, "{leaderboard}");
    eventually("nothing is left", || processes(&sandbox.path("")).is_empty());
}

#[test]
fn a_loss_that_is_no_number_is_diverged() {
    let (sandbox, flags) = with_fault("diverge", "");
    let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    everybody_else_completes(&sandbox, search, "diverged");
}

#[test]
fn a_panic_is_a_crash_of_its_trial_alone() {
    let (sandbox, flags) = with_fault("panic", "");
    let mut search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    // The one panic that a person is told of is the trial's own.
    search.stderr = search.stderr.replace("the training code panicked", "");
    everybody_else_completes(&sandbox, search, "crashed");
    assert!(
        sandbox
            .read("study/journal.jsonl")
            .contains("the training code panicked: this function was to panic here")
    );
}

#[test]
fn a_worker_that_dies_is_tried_once_more() {
    let (sandbox, flags) = with_fault("abort", "");
    let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    everybody_else_completes(&sandbox, search, "crashed");
    let failed = fates(&sandbox.leaderboard("study")).0.len();
    assert_eq!(count(&sandbox.path("study"), "segment_lost"), 2 * failed);
}

#[test]
fn a_worker_without_a_sign_of_life_is_replaced() {
    let (sandbox, flags) = with_fault("hang", "trial_limits: {silence: 700ms}");
    let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    everybody_else_completes(&sandbox, search, "timed_out");
}

/// A study in `undisturbed`, and the same, with these flags more, on its way in `study`.
fn half_way(more: &str) -> (Sandbox, Running) {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--trials 8 --set function.trial_seconds=0.3";
    sandbox
        .run(&format!("search space.yaml --out undisturbed {flags}"))
        .expect_code(0);
    let mut search = sandbox.start(&format!(
        "search space.yaml --out study {flags} --json --set trial_limits.silence=1s {more}"
    ));
    search.wait_until("results", || count(&sandbox.path("study"), "segment_delivered") >= 3);
    (sandbox, search)
}

#[test]
fn a_worker_that_is_halted_from_outside_is_replaced_and_nothing_is_lost() {
    let (sandbox, search) = half_way("");
    kill(search.workers()[0], "STOP");
    search.finish().expect_code(0);
    assert_eq!(sandbox.leaderboard("study"), sandbox.leaderboard("undisturbed"));
    assert_eq!(count(&sandbox.path("study"), "segment_lost"), 1);
}

#[test]
fn a_job_that_is_suspended_as_a_whole_goes_on_as_if_nothing_had_happened() {
    on_a_quiet_machine(|| {
        let (sandbox, search) = half_way("--set trial_limits.wall=4s");
        let workers = search.workers();
        search.signal("STOP");
        for &worker in &workers {
            kill(worker, "STOP");
        }
        // Longer than any limit.
        std::thread::sleep(Duration::from_secs(7));
        search.signal("CONT");
        std::thread::sleep(Duration::from_millis(500));
        for &worker in &workers {
            kill(worker, "CONT");
        }
        search.finish().expect_code(0);
        assert_eq!(sandbox.leaderboard("study"), sandbox.leaderboard("undisturbed"));
        assert_eq!(count(&sandbox.path("study"), "segment_lost"), 0);
    });
}

#[test]
fn an_earlier_workers_last_words_say_nothing_of_a_crash() {
    let (sandbox, flags) = with_fault("abort", "");
    std::fs::create_dir_all(sandbox.path("study/logs")).unwrap();
    for worker in 0..2 {
        let words = "memory allocation of 100 bytes failed\n";
        sandbox.write(&format!("study/logs/worker-{worker}.log"), words);
    }
    let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    everybody_else_completes(&sandbox, search, "crashed");
}

#[test]
fn a_worker_that_ran_out_of_memory_is_replaced_before_the_next_trial() {
    let first = "points_to_evaluate: [{x: 0.9, y: 0.1, kind: plain}]";
    let (sandbox, flags) = with_fault("exhaust_memory", &format!("trial_limits: {{memory: 400MB}}\n{first}"));
    let alone = "--set resources.workers=1 --set resources.logical_workers=1";
    let search = sandbox.run(&format!("search space.yaml --out study {flags} {alone}"));
    everybody_else_completes(&sandbox, search, "out_of_memory");
}

#[test]
fn a_trial_beyond_its_memory_is_out_of_memory() {
    let (sandbox, flags) = with_fault("exhaust_memory", "trial_limits: {memory: 400MB}");
    let search = sandbox.run(&format!("search space.yaml --out study {flags}"));
    everybody_else_completes(&sandbox, search, "out_of_memory");
}

#[test]
fn a_machine_without_more_memory_is_told_from_a_crash() {
    let (sandbox, flags) = with_fault("exhaust_memory", "");
    // An address space of 2 GB for the engine and for each worker.
    let script = format!("ulimit -v 2000000; exec \"$0\" search space.yaml --out study {flags}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_automl")]);
    let search = sandbox
        .start_command(sandbox.prepare(command), "a search with little memory")
        .finish();
    everybody_else_completes(&sandbox, search, "out_of_memory");
}

#[test]
fn a_trial_beyond_its_time_is_timed_out() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--trials 2 --set early_terminate=none --set function.trial_seconds=60 --set trial_limits.wall=1s";
    let search = sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(4);
    assert!(search.seconds < Duration::from_secs(30), "{:?}", search.seconds);
    assert_eq!(fates(&sandbox.leaderboard("study")).0, ["timed_out", "timed_out"]);
}

#[test]
fn a_damaged_checkpoint_is_replaced_by_the_one_before() {
    let sandbox = Sandbox::with_texts();
    let flags = "--trials 4 --workers 1 --set early_terminate.type=asha --set epochs.max=9";
    sandbox
        .run(&format!("search space.yaml --out undisturbed {flags}"))
        .expect_code(0);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags}"));
    search.wait_until("a promoted trial", || {
        sandbox
            .list("study/checkpoints")
            .iter()
            .filter(|name| name.ends_with(".safetensors"))
            .count()
            > 4
    });
    search.signal("KILL");
    search.finish();
    // Every trial's newest checkpoint loses its middle.
    let mut newest = std::collections::BTreeMap::new();
    for name in sandbox.list("study/checkpoints") {
        if let Some((trial, file)) = name.split_once('/')
            && let Some(level) = file
                .strip_prefix("checkpoint-")
                .and_then(|rest| rest.strip_suffix(".safetensors"))
        {
            let level: u64 = level.parse().unwrap();
            let known = newest.entry(trial.to_owned()).or_insert(level);
            *known = level.max(*known);
        }
    }
    assert!(!newest.is_empty());
    for (trial, level) in newest {
        let path = study.join(format!("checkpoints/{trial}/checkpoint-{level}.safetensors"));
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() * 3 / 4;
        bytes[middle..middle + 8].copy_from_slice(&[0x55; 8]);
        std::fs::write(&path, bytes).unwrap();
    }
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
    let said = sandbox.read("study/logs/worker-0.log");
    assert!(said.contains("going back to an earlier checkpoint"), "{said}");
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--trials 16 --budget 1h --set function.trial_seconds=0.3";
    sandbox
        .run(&format!("search space.yaml --out undisturbed {flags}"))
        .expect_code(0);
    // The time of day of the program and its workers, a year ahead, then a year back. Durations are the system's own.
    sandbox.write("clock", "+365d\n");
    // Its own variable would win over the file, so it is taken away again.
    let mut command = Command::new("faketime");
    command.args(["-f", "+0", "env", "-u", "FAKETIME", env!("CARGO_BIN_EXE_automl")]);
    command.args(format!("search space.yaml --out study {flags}").split_whitespace());
    let mut command = sandbox.prepare(command);
    command
        .env("FAKETIME_TIMESTAMP_FILE", sandbox.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("DONT_FAKE_MONOTONIC", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    if Command::new("faketime").arg("--version").output().is_err() {
        println!("skipped: there is no `faketime`");
        return;
    }
    let study = sandbox.path("study");
    let mut search = sandbox.start_command(command, "a search with a clock that jumps");
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    sandbox.write("clock", "-365d\n");
    search.finish().expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
    let years = |name: &str| {
        let text = sandbox.read(name);
        let starts = text.split("\"started_at\":\"").skip(1).map(|rest| rest[..4].to_owned());
        starts.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(
        (years("study/journal.jsonl"), years("undisturbed/journal.jsonl")),
        (2, 1),
        "the clock did jump"
    );
    let elapsed: f64 = sandbox.read("study/elapsed").trim().parse().unwrap();
    assert!(elapsed < 600.0, "{elapsed}");
}

#[test]
fn a_fine_tuning_without_memory_is_tried_once_more_in_smaller_steps() {
    let sandbox = Sandbox::with_texts();
    // Less than the worker needs with no trial at all.
    let flags =
        "--trials 2 --workers 1 --set trial_limits.memory=2MiB --set epochs.max=400 --set parameters.freeze_depth=0";
    sandbox.run(&format!("search space.yaml --out study {flags}"));
    assert_eq!(
        fates(&sandbox.leaderboard("study")).0,
        ["out_of_memory", "out_of_memory"]
    );
    // Epochs that were evaluated before memory ran out count all the same.
    let events = crate::support::events(&sandbox.path("study"));
    let lost = events
        .iter()
        .filter(|entry| entry["event"]["kind"] == "out_of_memory")
        .count();
    assert_eq!(lost, 2);
}
