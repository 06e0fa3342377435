//! Workers that join over TCP, as on a cluster. Processes of this machine stand for the machines.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::support::{Running, SPHERE, Sandbox, count, events, eventually, kill};

/// A short lease, so that its end is soon seen.
const LEASE: &str = "cluster: {engine: tcp, listen: 127.0.0.1, lease: 2s}\n";

/// A story with a study on a cluster, and the leaderboard of the same study on one machine.
fn story(trial_seconds: f64) -> (Sandbox, String) {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out alone").expect_code(0);
    let alone = sandbox.leaderboard("alone");
    let function = format!("function: {{name: sphere, trial_seconds: {trial_seconds}}}");
    let spec = SPHERE.replace("function: {name: sphere}", &function);
    sandbox.write("space.yaml", format!("{spec}{LEASE}"));
    (sandbox, alone)
}

/// Starts the study, which waits for workers.
fn search(sandbox: &Sandbox) -> Running {
    let mut study = sandbox.start("search space.yaml --out study");
    let endpoint = sandbox.path("study/endpoint.json");
    study.wait_until("an endpoint", || endpoint.exists());
    study
}

fn worker(sandbox: &Sandbox) -> Running {
    sandbox.start("worker --connect study")
}

/// Fails unless every trial counts once, and nothing else is in the leaderboard than in that of one machine.
#[track_caller]
fn audit(sandbox: &Sandbox, alone: &str) {
    assert_eq!(sandbox.leaderboard("study"), alone);
    let entries = events(&sandbox.path("study"));
    let mut ends: Vec<String> = Vec::new();
    for entry in entries.iter().filter(|entry| entry["event"]["type"] == "segment_ended") {
        let outcome = &entry["event"]["outcome"]["reached"]["reached"];
        ends.push(format!("{} {outcome}", entry["event"]["trial"]));
    }
    let all = ends.len();
    ends.sort();
    ends.dedup();
    assert_eq!(ends.len(), all, "a segment counts once");
}

#[test]
fn workers_of_two_machines_give_the_leaderboard_of_one() {
    let (sandbox, alone) = story(0.5);
    let mut study = search(&sandbox);
    let mode = std::fs::metadata(sandbox.path("study/endpoint.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "the token is a secret");
    let first = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 8);
    // One that comes late takes part as well.
    let second = worker(&sandbox);
    let both = |status: &str| {
        let status: serde_json::Value = serde_json::from_str(status).unwrap();
        status["nodes"][0]["workers"] == 2
    };
    study.wait_until("two workers in the status", || {
        both(&sandbox.run("status study --json").stdout)
    });
    let status = sandbox.run("status study").expect_code(0).stdout;
    // The study may have ended in between.
    let is_shown = status.contains("nodes ") && status.contains("2 workers");
    assert!(
        is_shown || !both(&sandbox.run("status study --json").stdout),
        "{status}"
    );
    study.finish().expect_code(0);
    for worker in [first, second] {
        worker
            .finish()
            .expect_code(0)
            .says("joined the study")
            .says("does not need this worker any more");
    }
    assert!(
        !sandbox.path("study/endpoint.json").exists(),
        "nobody can join any more"
    );
    audit(&sandbox, &alone);
}

#[test]
fn a_machine_that_dies_costs_one_segment() {
    let (sandbox, alone) = story(1.0);
    let mut study = search(&sandbox);
    let (doomed, _other) = (worker(&sandbox), worker(&sandbox));
    let path = sandbox.path("study");
    study.wait_until("some results", || count(&path, "segment_ended") >= 3);
    doomed.signal("KILL");
    study.finish().expect_code(0).says("nothing was received from");
    audit(&sandbox, &alone);
}

#[test]
fn a_worker_process_that_is_killed_is_reported_by_its_machine() {
    let (sandbox, alone) = story(1.0);
    let mut study = search(&sandbox);
    let mut machine = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 6);
    machine.wait_until("a worker", || !machine_workers(&sandbox, &study).is_empty());
    for pid in machine_workers(&sandbox, &study) {
        kill(pid, "KILL");
    }
    study.finish().expect_code(0).says("signal: 9");
    machine.finish().expect_code(0).says("another one starts");
    assert_eq!(count(&sandbox.path("study"), "segment_lost"), 1);
    audit(&sandbox, &alone);
}

/// The worker processes of machines: those whose command names the study's folder by `--study`.
fn machine_workers(sandbox: &Sandbox, study: &Running) -> Vec<u32> {
    let processes = crate::support::processes(&sandbox.path(""));
    let is_worker = |pid: &u32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("--study")
    };
    let own = study.pid();
    processes
        .into_iter()
        .filter(|pid| *pid != own && is_worker(pid))
        .collect()
}

#[test]
fn a_suspended_machine_returns_and_its_result_is_refused() {
    let (sandbox, alone) = story(1.0);
    let mut study = search(&sandbox);
    let sleeper = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 6);
    let workers = machine_workers(&sandbox, &study);
    assert_eq!(workers.len(), 1);
    // Both at once, as when the machine is suspended: the worker cannot stop in time, and has a result when it wakes.
    for pid in workers.iter().chain([&sleeper.pid()]) {
        kill(*pid, "STOP");
    }
    let other = worker(&sandbox);
    study.wait_until("the end of the lease", || {
        count(&sandbox.path("study"), "segment_lost") == 1
    });
    for pid in workers.iter().chain([&sleeper.pid()]) {
        kill(*pid, "CONT");
    }
    study.finish().expect_code(0);
    other.finish().expect_code(0);
    sleeper.finish().expect_code(0);
    audit(&sandbox, &alone);
}

#[test]
fn a_machine_alone_that_is_suspended_stops_its_worker_before_its_lease_ends() {
    let (sandbox, alone) = story(1.0);
    let mut study = search(&sandbox);
    let sleeper = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 6);
    let workers = machine_workers(&sandbox, &study);
    sleeper.signal("STOP");
    // The worker itself still runs, and exits although nobody tells it to.
    eventually("the worker exits", || {
        machine_workers(&sandbox, &study).is_empty() || is_zombie(workers[0])
    });
    assert_eq!(
        count(&sandbox.path("study"), "segment_lost"),
        0,
        "before its trial is given away"
    );
    sleeper.signal("CONT");
    study.finish().expect_code(0);
    sleeper.finish().expect_code(0);
    audit(&sandbox, &alone);
}

fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[test]
fn workers_outlive_their_engine_and_join_the_next_one() {
    let (sandbox, alone) = story(0.5);
    let mut study = search(&sandbox);
    let (first, second) = (worker(&sandbox), worker(&sandbox));
    study.wait_for_events(&sandbox.path("study"), 9);
    study.signal("KILL");
    drop(study);
    std::thread::sleep(Duration::from_millis(200));
    sandbox.run("resume study").expect_code(0);
    for worker in [first, second] {
        worker.finish().expect_code(0);
    }
    audit(&sandbox, &alone);
}

#[test]
fn a_worker_that_is_asked_to_leave_saves_its_trial() {
    let (sandbox, alone) = story(1.0);
    let mut study = search(&sandbox);
    let leaving = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 6);
    leaving.signal("TERM");
    leaving.finish().expect_code(0);
    let _other = worker(&sandbox);
    study.finish().expect_code(0);
    assert_eq!(
        count(&sandbox.path("study"), "segment_lost"),
        0,
        "nothing is charged to the trial"
    );
    audit(&sandbox, &alone);
}

#[test]
fn only_who_knows_the_token_may_join() {
    let (sandbox, _) = story(0.0);
    let mut study = search(&sandbox);
    let endpoint = sandbox.read("study/endpoint.json");
    let mut parsed: serde_json::Value = serde_json::from_str(&endpoint).unwrap();
    parsed["token"] = "0".repeat(64).into();
    sandbox.write("study/endpoint.json", parsed.to_string());
    let refused = sandbox.run("worker --connect study").expect_code(2);
    insta::assert_snapshot!(refused.message(), @"error: the token is not that of the study: use its current `endpoint.json`");
    // A machine in between has another certificate.
    parsed["fingerprint"] = "0".repeat(64).into();
    sandbox.write("study/endpoint.json", parsed.to_string());
    let refused = sandbox.run("worker --connect study --wait 1s").expect_code(2);
    assert!(
        refused.stderr.contains("the study did not answer"),
        "{}",
        refused.stderr
    );
    sandbox.write("study/endpoint.json", endpoint);
    let joined = worker(&sandbox);
    study.wait_for_events(&sandbox.path("study"), 3);
    study.finish().expect_code(0);
    joined.finish().expect_code(0);
}

#[test]
fn the_folder_must_be_that_of_the_study() {
    let (sandbox, _) = story(0.0);
    let study = search(&sandbox);
    sandbox.write("elsewhere/endpoint.json", sandbox.read("study/endpoint.json"));
    sandbox.write("elsewhere/spec.yaml", sandbox.read("study/spec.yaml") + "\n");
    let outcome = sandbox.run("worker --connect elsewhere").expect_code(2);
    assert!(
        outcome.message().contains("cannot write into `elsewhere/checkpoints`"),
        "{}",
        outcome.message()
    );
    std::fs::create_dir_all(sandbox.path("elsewhere/checkpoints")).unwrap();
    std::fs::create_dir_all(sandbox.path("elsewhere/logs")).unwrap();
    let outcome = sandbox.run("worker --connect elsewhere").expect_code(2);
    insta::assert_snapshot!(outcome.message(), @"error: `elsewhere` is not the folder of the study that listens there: the study's folder must be on a file system that all machines share");
    sandbox.run("worker").expect_code(2).says("`--connect DIR` is missing");
    let outcome = sandbox.run("worker --connect nowhere").expect_code(2);
    assert!(outcome.stderr.contains("nowhere"), "{}", outcome.stderr);
    study.signal("INT");
    study.finish().expect_code(130);
}

#[test]
fn bad_addresses_and_leases_are_refused() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for (set, says) in [
        ("cluster.listen=0.0.0.0", "stands for every address"),
        ("cluster.listen=here", "not an address"),
        ("cluster.lease=0.1", "must be from 1s to 24h"),
        ("cluster.engine=kubernetes", "kubernetes"),
        ("cluster.worker=3", "workers"),
    ] {
        let line = format!("search space.yaml --out study --set {set}");
        let outcome = sandbox.run(&line).expect_code(2);
        assert!(outcome.stderr.contains(says), "{set}: {}", outcome.stderr);
    }
    let line = "search space.yaml --out study --set cluster.engine=tcp --set cluster.listen=192.0.2.1";
    sandbox
        .run(line)
        .expect_code(2)
        .says("cannot listen for workers on `192.0.2.1:0`");
}
