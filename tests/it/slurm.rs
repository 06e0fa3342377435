//! Workers that are submitted as jobs of Slurm. Small commands made here stand for it; `real_slurm` has a real one.

use crate::support::audit::{audit, story};
use crate::support::fake_slurm::FakeSlurm;
use crate::support::{Running, SPHERE, Sandbox, count, kill, processes};

const CLUSTER: &str = "cluster: {engine: slurm, workers: 2, listen: 127.0.0.1, lease: 3s}\n";

/// The pilots of a story: processes with a job.
fn pilots(sandbox: &Sandbox) -> Vec<u32> {
    let is_pilot = |pid: &u32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        words.first().is_some_and(|word| word.ends_with(b"automl")) && words.contains(&b"--job".as_slice())
    };
    processes(&sandbox.path("")).into_iter().filter(is_pilot).collect()
}

fn segments(sandbox: &Sandbox) -> usize {
    count(&sandbox.path("study"), "segment_ended")
}

fn wait_for_segments(study: &mut Running, sandbox: &Sandbox, least: usize) {
    study.wait_until("some results", || segments(sandbox) >= least);
}

#[test]
fn jobs_run_a_study_and_none_is_left_behind() {
    let (sandbox, alone) = story(
        "cluster: {engine: slurm, workers: 2, listen: 127.0.0.1, lease: 3s, partition: low, time: 1h, cpus: 1, \
         memory: 100MiB, setup: 'echo set up on $SLURM_ARRAY_TASK_ID', extra: ['--exclude=n13']}\n",
    );
    let slurm = FakeSlurm::new(&sandbox);
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 2);
    study.wait_until("two jobs in the status", || {
        let status: serde_json::Value = serde_json::from_str(&sandbox.run("status study --json").stdout).unwrap();
        let seat = &status["nodes"][0]["seats"][0];
        status["queue"]["jobs"][1]["state"] == "ready" && seat["job"].as_str().is_some_and(|job| job.starts_with("1_"))
    });
    let status = sandbox.run("status study").stdout;
    assert!(
        status.contains("queue     slurm: 2 of 2 jobs run") || status.contains("has ended"),
        "{status}"
    );
    study.finish().expect_code(0);
    let options = slurm.submitted().remove(0);
    for option in [
        "--array=1-2",
        "--partition=low",
        "--time=0-01:00:00",
        "--mem=100M",
        "--requeue",
        "--exclude=n13",
    ] {
        assert!(options.contains(option), "{option}: {options}");
    }
    assert!(sandbox.read("study/logs/slurm-1_1.log").contains("set up on 1"));
    assert!(
        !slurm
            .states()
            .iter()
            .any(|state| state == "RUNNING" || state == "PENDING")
    );
    assert!(pilots(&sandbox).is_empty());
    audit(&sandbox, &alone);
}

#[test]
fn a_pilot_that_dies_is_replaced() {
    let (sandbox, alone) = story(CLUSTER);
    let slurm = FakeSlurm::new(&sandbox);
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 1);
    kill(pilots(&sandbox)[0], "KILL");
    study.wait_until("another job", || slurm.submitted().len() >= 2);
    study.finish().expect_code(0);
    audit(&sandbox, &alone);
}

#[test]
fn before_a_time_limit_a_worker_saves_its_trial_and_leaves() {
    let (sandbox, alone) = story(CLUSTER);
    let slurm = FakeSlurm::new(&sandbox);
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 1);
    for pilot in pilots(&sandbox) {
        kill(pilot, "USR1");
    }
    study.wait_until("another job", || slurm.submitted().len() >= 2);
    study.finish().expect_code(0);
    assert_eq!(
        count(&sandbox.path("study"), "segment_lost"),
        0,
        "not charged to the trial"
    );
    audit(&sandbox, &alone);
}

#[test]
fn a_search_that_was_killed_adopts_its_jobs() {
    let (sandbox, alone) = story(CLUSTER);
    let slurm = FakeSlurm::new(&sandbox);
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 2);
    study.signal("KILL");
    drop(study);
    assert_eq!(pilots(&sandbox).len(), 2);
    slurm.start("resume study").finish().expect_code(0);
    assert_eq!(slurm.submitted().len(), 1, "no job was submitted again");
    assert!(pilots(&sandbox).is_empty());
    audit(&sandbox, &alone);
}

#[test]
fn stopping_a_study_cancels_its_jobs_and_resuming_submits_others() {
    let (sandbox, alone) = story(CLUSTER);
    let slurm = FakeSlurm::new(&sandbox);
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 2);
    sandbox.run("stop study").expect_code(0);
    study.finish().expect_code(130);
    assert!(
        !slurm.states().iter().any(|state| state == "RUNNING"),
        "{:?}",
        slurm.states()
    );
    slurm.start("resume study").finish().expect_code(0);
    assert_eq!(slurm.submitted().len(), 2);
    audit(&sandbox, &alone);
}

#[test]
fn held_jobs_are_replaced_and_a_silent_slurm_changes_nothing() {
    let (sandbox, alone) = story(CLUSTER);
    let slurm = FakeSlurm::new(&sandbox);
    slurm.set("hold", "");
    let mut study = slurm.start("search space.yaml --out study");
    wait_for_segments(&mut study, &sandbox, 1);
    study.wait_until("a job in place of the held one", || slurm.submitted().len() == 2);
    slurm.set("down", "");
    study.wait_until_said("the silence", |said| said.contains("does not answer"));
    wait_for_segments(&mut study, &sandbox, 5);
    assert_eq!(slurm.submitted().len(), 2, "unknown does not mean none");
    slurm.unset("down");
    study.finish().expect_code(0);
    audit(&sandbox, &alone);
}

#[test]
fn waiting_jobs_are_explained_and_their_time_does_not_count() {
    let sandbox = Sandbox::with_spec(&format!(
        "{}cluster: {{engine: slurm, workers: 2, listen: 127.0.0.1, lease: 3s}}\n",
        SPHERE.replace("trials: 12", "wall: 1h, trials: 12")
    ));
    let slurm = FakeSlurm::new(&sandbox);
    slurm.set("full", "");
    let mut study = slurm.start("search space.yaml --out study -v");
    study.wait_until_said("the queue", |said| said.contains("2 wait: all suitable nodes are busy"));
    slurm.release("1_1", "PENDING|BadConstraints|");
    study.wait_until_said("the obstacle", |said| {
        said.contains("no node has what `cluster` asks for")
    });
    let status: serde_json::Value = serde_json::from_str(&sandbox.run("status study --json").stdout).unwrap();
    assert_eq!(status["elapsed"], 0.0, "the budget counts from the first worker");
    slurm.unset("full");
    slurm.release("1_1", "CANCELLED|None|");
    slurm.release("1_2", "CANCELLED|None|");
    study.finish().expect_code(0);
}

#[test]
fn a_bad_set_up_stops_the_study_and_shows_the_log() {
    let sandbox = Sandbox::with_spec(&format!(
        "{SPHERE}cluster: {{engine: slurm, workers: 2, listen: 127.0.0.1, lease: 3s, max_worker_failures: 3, \
         setup: 'echo module not found: cuda >&2; exit 1'}}\n"
    ));
    let slurm = FakeSlurm::new(&sandbox);
    let outcome = slurm.start("search space.yaml --out study").finish().expect_code(2);
    let message = outcome.stderr;
    assert!(
        message.contains("in a row ended before their worker was ready") && message.contains("module not found: cuda"),
        "{message}"
    );
    let jobs = slurm.states().len();
    assert!((3..=6).contains(&jobs), "{jobs} jobs");
    // The cause is removed, and the study goes on.
    let spec = sandbox.read("study/spec.yaml");
    assert!(spec.contains("max_worker_failures: 3"), "{spec}");
}

#[test]
fn what_slurm_refuses_is_said_at_once() {
    let sandbox = Sandbox::with_spec(&format!("{SPHERE}{CLUSTER}"));
    let slurm = FakeSlurm::new(&sandbox);
    slurm.set("refuse", "sbatch: error: invalid partition specified: gpu\n");
    let outcome = slurm.start("search space.yaml --out study").finish().expect_code(2);
    insta::assert_snapshot!(outcome.message(), @"error: slurm refused the jobs: invalid partition specified: gpu; `automl cluster check SPEC` looks for the reason");
    let mut command = sandbox.command("search space.yaml --out other");
    command.env("PATH", sandbox.path("nothing"));
    let outcome = sandbox.start_command(command, "search").finish().expect_code(2);
    assert!(
        outcome.message().contains("cannot run `squeue`"),
        "{}",
        outcome.message()
    );
}

#[test]
fn a_check_says_what_is_missing() {
    let sandbox = Sandbox::with_spec(&format!("{SPHERE}{CLUSTER}"));
    let slurm = FakeSlurm::new(&sandbox);
    let outcome = slurm
        .start("cluster check space.yaml --wait 1m")
        .finish()
        .expect_code(0);
    for words in [
        "the partition `low` is up",
        "sees the folder",
        "can reach this machine",
        "a job runs on",
    ] {
        assert!(outcome.stdout.contains(words), "{words}: {}", outcome.stdout);
    }
    let line = "cluster check space.yaml --set cluster.partition=gpu --set cluster.setup=exit --wait 1m";
    let outcome = slurm.start(line).finish().expect_code(2);
    assert!(
        outcome
            .stdout
            .contains("there is no partition `gpu`; there are: low, high"),
        "{}",
        outcome.stdout
    );
    slurm.set("full", "");
    let outcome = slurm
        .start("cluster check space.yaml --wait 1s")
        .finish()
        .expect_code(2);
    assert!(
        outcome
            .stdout
            .contains("has not started in 1 s: all suitable nodes are busy"),
        "{}",
        outcome.stdout
    );
    assert_eq!(sandbox.list("results"), Vec::<String>::new(), "nothing is left");
    let outcome = sandbox
        .run("cluster check space.yaml --set cluster.engine=local")
        .expect_code(2);
    assert!(
        outcome.message().contains("no cluster to check"),
        "{}",
        outcome.message()
    );
}

#[test]
fn keys_of_another_engine_are_refused() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for (set, says) in [
        (
            "cluster.engine=tcp --set cluster.partition=gpu",
            "`partition` needs `engine: slurm`, but the engine is `tcp`",
        ),
        ("cluster.engine=ray", "`engine: ray` needs `address`"),
        (
            "cluster.engine=ray --set cluster.address=head:8265",
            "must begin with `http://`",
        ),
        (
            "cluster.engine=slurm --set cluster.address=http://head:8265",
            "`address` needs `engine: ray`",
        ),
        (
            "cluster.engine=slurm --set cluster.time=10s",
            "from one minute to a year",
        ),
        (
            "cluster.engine=slurm --set cluster.gpus=1 --set cluster.gres=gpu:1",
            "say the same thing",
        ),
    ] {
        let outcome = sandbox.run(&format!("validate space.yaml --set {set}")).expect_code(2);
        assert!(outcome.stderr.contains(says), "{set}: {}", outcome.stderr);
    }
}

#[test]
fn a_manifest_for_kubernetes_has_a_pod_for_each_worker() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let line = "cluster manifest space.yaml --image registry/automl:1 --claim shared";
    let outcome = sandbox.run(line).expect_code(2);
    assert!(outcome.message().contains("engine: tcp"), "{}", outcome.message());
    let line = format!("{line} --set cluster.engine=tcp --set cluster.workers=3");
    insta::assert_snapshot!(sandbox.run(&line).expect_code(0).stdout);
}
