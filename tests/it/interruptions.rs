//! A study that was ended early resumes as if nothing had happened, and leaves no process behind.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Running, SPHERE, Sandbox, count, events, eventually, kill, on_a_quiet_machine, processes};

/// Slow enough to be caught in the act, quick enough for many of them.
const SLOW: &str = "--trials 16 --set function.trial_seconds=0.3";

/// The results of `space.yaml` when nothing disturbs it.
fn undisturbed(sandbox: &Sandbox, flags: &str) -> String {
    let line = format!("search space.yaml --out undisturbed {flags}");
    sandbox.run(&line).expect_code(0);
    sandbox.results("undisturbed")
}

fn nothing_is_left(sandbox: &Sandbox) {
    eventually("no process left behind", || processes(&sandbox.path("")).is_empty());
}

#[test]
fn a_killed_search_resumes_to_the_same_results() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let expected = undisturbed(&sandbox, SLOW);
    let length = events(&sandbox.path("undisturbed")).len();
    // From the first event, in which nothing has been planned yet, to the last but few.
    for (number, moment) in [1, 7, length / 3, length / 2, length - 6].into_iter().enumerate() {
        let study = format!("killed-{number}");
        let mut search = sandbox.start(&format!("search space.yaml --out {study} {SLOW}"));
        search.wait_for_events(&sandbox.path(&study), moment);
        search.signal("KILL");
        assert_eq!(search.finish().code, None);
        nothing_is_left(&sandbox);
        sandbox.run(&format!("resume {study}")).expect_code(0);
        assert_eq!(
            sandbox.results(&study),
            expected,
            "killed after {moment} of {length} events"
        );
    }
}

#[test]
fn a_search_survives_being_killed_again_and_again() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let expected = undisturbed(&sandbox, SLOW);
    let study = sandbox.path("study");
    let mut line = format!("search space.yaml --out study {SLOW}");
    for _ in 0..4 {
        let before = events(&study).len();
        let mut search = sandbox.start(&line);
        // More than the event that says that it was resumed.
        search.wait_for_events(&study, before + 6);
        search.signal("KILL");
        search.finish();
        "resume study".clone_into(&mut line);
    }
    sandbox.run(&line).expect_code(0);
    assert_eq!(count(&study, "study_resumed"), 4);
    assert_eq!(sandbox.results("study"), expected);
}

#[test]
fn a_killed_fine_tuning_resumes_to_the_same_results() {
    let sandbox = Sandbox::with_texts();
    let flags = "--trials 4 --workers 2 --set early_terminate.type=asha --set epochs.max=9";
    let expected = undisturbed(&sandbox, flags);
    for moment in [3, 8, 14] {
        let study = format!("killed-{moment}");
        let mut search = sandbox.start(&format!("search space.yaml --out {study} {flags}"));
        search.wait_for_events(&sandbox.path(&study), moment);
        search.signal("KILL");
        search.finish();
        nothing_is_left(&sandbox);
        sandbox.run(&format!("resume {study}")).expect_code(0);
        assert_eq!(sandbox.results(&study), expected, "killed after {moment} events");
    }
}

#[test]
fn a_killed_worker_costs_nothing_but_time() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let expected = undisturbed(&sandbox, SLOW);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW} --json"));
    for round in 1..=3 {
        let delivered = count(&study, "segment_delivered");
        search.wait_until("more results", || count(&study, "segment_delivered") > delivered + 2);
        let workers = search.workers();
        assert!(!workers.is_empty());
        kill(workers[round % workers.len()], "KILL");
        let said = |search: &Running| search.printed().matches("\"worker_lost\"").count();
        eventually("the loss is noticed", || said(&search) == round);
        // A trial may lose one worker, not two: so the next one has to wait.
        search.wait_until("the lost segment's end", || is_made_up(&study));
    }
    search.finish().expect_code(0);
    assert_eq!(sandbox.results("study"), expected);
    nothing_is_left(&sandbox);
}

/// Returns whether every lost segment has ended since.
fn is_made_up(study: &Path) -> bool {
    let mut lost = BTreeSet::new();
    for entry in events(study) {
        let event = &entry["event"];
        match event["type"].as_str() {
            Some("segment_lost") => lost.insert(event["trial"].as_u64()),
            Some("segment_ended") => lost.remove(&event["trial"].as_u64()),
            _ => false,
        };
    }
    lost.is_empty()
}

#[test]
fn a_trial_that_kills_its_workers_fails_alone() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let flags = "--workers 1 --trials 3 --set function.trial_seconds=0.9 --set early_terminate=none";
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags} --json"));
    for losses in 0..2 {
        search.wait_until_said("a worker at work", |said| {
            let after = said.split("\"worker_lost\"").collect::<Vec<_>>();
            after.len() == losses + 1 && after[losses].contains("\"progressed\"")
        });
        kill(search.workers()[0], "KILL");
    }
    search.finish().expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    assert_eq!(leaderboard.matches(",failed,").count(), 1, "{leaderboard}");
    assert_eq!(leaderboard.matches(",completed,").count(), 2, "{leaderboard}");
}

#[test]
fn an_interrupted_search_says_so_and_resumes_to_the_same_results() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::with_spec(SPHERE);
        let expected = undisturbed(&sandbox, SLOW);
        let study = sandbox.path("study");
        let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW}"));
        search.wait_until("results", || count(&study, "segment_delivered") >= 4);
        search.signal(signal);
        let search = search.finish().expect_code(130);
        assert!(search.stderr.contains("`automl resume study`"), "{}", search.stderr);
        nothing_is_left(&sandbox);
        let leaderboard = sandbox.read("study/leaderboard.csv");
        assert!(leaderboard.lines().count() > 4, "{leaderboard}");
        assert_eq!(
            sandbox.leaderboard("study").lines().count(),
            leaderboard.lines().count()
        );
        sandbox.run("resume study").expect_code(0);
        assert_eq!(sandbox.results("study"), expected, "after SIG{signal}");
    }
}

#[test]
fn a_signal_to_the_whole_job_is_one_interruption_and_no_lost_worker() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::with_spec(SPHERE);
        let expected = undisturbed(&sandbox, SLOW);
        let study = sandbox.path("study");
        let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW}"));
        search.wait_until("results", || count(&study, "segment_delivered") >= 4);
        // As a batch system or `timeout` does it: the workers first, so that they could die of it before the engine knows.
        for worker in search.workers() {
            kill(worker, signal);
        }
        search.signal(signal);
        search.finish().expect_code(130);
        assert_eq!(count(&study, "segment_lost"), 0, "SIG{signal}");
        assert_ne!(count(&study, "segment_interrupted"), 0, "SIG{signal}");
        sandbox.run("resume study").expect_code(0);
        assert_eq!(sandbox.results("study"), expected, "after SIG{signal}");
    }
}

#[test]
fn a_study_does_not_go_on_with_other_data() {
    let sandbox = Sandbox::with_texts();
    sandbox
        .run("search space.yaml --out study --budget 1h --trials 1")
        .expect_code(0);
    let results = sandbox.results("study");
    let reviews = sandbox.read("reviews.csv");
    sandbox.write("reviews.csv", format!("{reviews}{}\n", reviews.lines().last().unwrap()));
    let resume = sandbox.run("resume study --add-budget 1h").expect_code(2);
    assert!(
        resume.message().contains("the data of the study in `study` changed"),
        "{}",
        resume.stderr
    );
    assert_eq!(sandbox.results("study"), results);
}

#[test]
fn an_interrupted_study_may_be_moved() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let expected = undisturbed(&sandbox, SLOW);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW}"));
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    search.signal("INT");
    search.finish().expect_code(130);
    std::fs::create_dir(sandbox.path("archive")).unwrap();
    std::fs::rename(&study, sandbox.path("archive/moved")).unwrap();
    std::fs::remove_file(sandbox.path("space.yaml")).unwrap();
    sandbox.run("resume archive/moved").expect_code(0);
    assert_eq!(sandbox.results("archive/moved"), expected);
}

#[test]
fn an_interrupted_fine_tuning_resumes_inside_its_segment() {
    let sandbox = Sandbox::with_texts();
    let flags = "--trials 2 --workers 2 --set epochs.max=30";
    let expected = undisturbed(&sandbox, flags);
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags} --json"));
    search.wait_until_said("both at work", |said| {
        [0, 1]
            .iter()
            .all(|trial| said.contains(&format!("\"trial\":{trial},\"at\"")))
    });
    search.signal("INT");
    search.finish().expect_code(130);
    sandbox.run("resume study --workers 1").expect_code(0);
    assert_eq!(sandbox.results("study"), expected);
}

#[test]
fn a_second_interrupt_ends_at_once() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::with_spec(SPHERE);
        // The first interrupt has to wait for a step of twenty seconds.
        let flags = "--workers 1 --trials 2 --set function.trial_seconds=200 --set epochs=1 --set early_terminate=none";
        let mut search = sandbox.start(&format!("search space.yaml --out study {flags} --json"));
        search.wait_until_said("a segment", |said| said.contains("\"segment_started\""));
        let begun = Instant::now();
        search.signal("INT");
        search.wait_until_said("that it stops", |said| said.contains("\"stopping\""));
        search.signal("INT");
        search.finish().expect_code(130);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        nothing_is_left(&sandbox);
    });
}
