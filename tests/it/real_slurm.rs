//! Studies on a real Slurm of three nodes, with the faults that clusters have. Skipped where Slurm is not installed.

use crate::support::audit::{audit, story};
use crate::support::real_slurm::RealSlurm;
use crate::support::{Sandbox, count, eventually, kill, processes};

fn segments(sandbox: &Sandbox) -> usize {
    count(&sandbox.path("study"), "segment_ended")
}

fn pilots(sandbox: &Sandbox) -> Vec<u32> {
    let is_pilot = |pid: &u32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        words.first().is_some_and(|word| word.ends_with(b"automl")) && words.contains(&b"--job".as_slice())
    };
    processes(&sandbox.path("")).into_iter().filter(is_pilot).collect()
}

#[test]
fn fine_tuning_through_slurm_gives_the_leaderboard_of_one_machine() {
    let Some(slurm) = RealSlurm::start() else { return };
    let sandbox = Sandbox::with_texts();
    sandbox.run("search space.yaml --out alone").expect_code(0);
    let spec = sandbox.read("space.yaml");
    sandbox.write(
        "space.yaml",
        format!("{spec}{}", RealSlurm::cluster(", time: 10m, cpus: 1, memory: 500MiB")),
    );
    let check = slurm
        .start_in(&sandbox, "cluster check space.yaml --wait 1m")
        .finish()
        .expect_code(0);
    assert!(check.stdout.contains("`n1` can reach this machine"), "{}", check.stdout);
    slurm
        .start_in(&sandbox, "search space.yaml --out study")
        .finish()
        .expect_code(0);
    assert_eq!(sandbox.leaderboard("study"), sandbox.leaderboard("alone"));
    eventually("all jobs end", || slurm.jobs().is_empty());
}

#[test]
fn a_killed_worker_costs_one_segment() {
    let Some(slurm) = RealSlurm::start() else { return };
    let (sandbox, alone) = story(&RealSlurm::cluster(""));
    let mut study = slurm.start_in(&sandbox, "search space.yaml --out study");
    study.wait_until("some results", || segments(&sandbox) >= 1);
    kill(pilots(&sandbox)[0], "KILL");
    study.finish().expect_code(0);
    audit(&sandbox, &alone);
}

#[test]
fn a_killed_search_adopts_its_jobs() {
    let Some(slurm) = RealSlurm::start() else { return };
    let (sandbox, alone) = story(&RealSlurm::cluster(""));
    let mut study = slurm.start_in(&sandbox, "search space.yaml --out study");
    study.wait_until("some results", || segments(&sandbox) >= 2);
    study.signal("KILL");
    drop(study);
    let before = slurm.jobs();
    slurm.start_in(&sandbox, "resume study").finish().expect_code(0);
    assert!(before.len() == 2, "{before:?}");
    let all = slurm.ask("squeue -h -r -t all -o '%i'");
    assert_eq!(all.lines().count(), 2, "no job was submitted again: {all}");
    audit(&sandbox, &alone);
}

#[test]
fn a_job_of_higher_priority_gets_the_node_and_the_trial_continues() {
    let Some(slurm) = RealSlurm::start() else { return };
    let (sandbox, alone) = story(&RealSlurm::cluster(", cpus: 2"));
    let mut study = slurm.start_in(&sandbox, "search space.yaml --out study");
    study.wait_until("some results", || segments(&sandbox) >= 2);
    slurm.ask("sbatch -p high -N3 -c2 --ntasks-per-node=1 -o /dev/null --wrap 'sleep 3'");
    study.wait_until("the other job", || {
        slurm.ask("squeue -h -p high -t R").lines().count() == 1
    });
    study.finish().expect_code(0);
    assert_eq!(
        count(&sandbox.path("study"), "segment_lost"),
        0,
        "not charged to the trials"
    );
    audit(&sandbox, &alone);
}

#[test]
fn a_node_that_is_cut_off_stops_before_its_trial_runs_elsewhere() {
    let Some(slurm) = RealSlurm::start() else { return };
    let (sandbox, alone) = story(&RealSlurm::cluster(", cpus: 2"));
    let mut study = slurm.start_in(&sandbox, "search space.yaml --out study");
    study.wait_until("some results", || segments(&sandbox) >= 1);
    assert!(slurm.script("cut 1"));
    study.wait_until("the end of the lease", || {
        count(&sandbox.path("study"), "segment_lost") >= 1
    });
    study.wait_until("more results", || segments(&sandbox) >= 4);
    assert!(slurm.script("heal 1"));
    study.finish().expect_code(0);
    audit(&sandbox, &alone);
}

#[test]
fn a_held_job_is_replaced() {
    let Some(slurm) = RealSlurm::start() else { return };
    let (sandbox, alone) = story(&RealSlurm::cluster(""));
    let mut study = slurm.start_in(&sandbox, "search space.yaml --out study");
    study.wait_until("some results", || segments(&sandbox) >= 1);
    let job = slurm.ask("squeue -h -r -t R -o %i | head -1");
    slurm.ask(&format!("scontrol requeuehold {job}"));
    study.wait_until("another job", || {
        slurm.ask("squeue -h -r -t all -o '%i'").lines().count() >= 3
    });
    study.finish().expect_code(0);
    audit(&sandbox, &alone);
}
