//! Workers that are submitted as jobs of Ray: a server made here stands for it, or a real one at `$AUTOML_TEST_RAY`.

use crate::support::audit::{audit, story};
use crate::support::fake_ray::FakeRay;
use crate::support::{SPHERE, Sandbox, count};

fn cluster(address: &str) -> String {
    format!("cluster: {{engine: ray, address: '{address}', workers: 2, listen: 127.0.0.1, lease: 3s}}\n")
}

/// A story whose server is there before its spec.
fn ray_story() -> (Sandbox, String, FakeRay) {
    let (sandbox, alone) = story("");
    let ray = FakeRay::start(&sandbox);
    let spec = sandbox.read("space.yaml");
    sandbox.write("space.yaml", format!("{spec}{}", cluster(&ray.address)));
    (sandbox, alone, ray)
}

fn running(ray: &FakeRay) -> Vec<String> {
    let states = ray.states().into_iter().filter(|(_, state)| *state == "RUNNING");
    states.map(|(name, _)| name).collect()
}

#[test]
fn jobs_of_ray_run_a_study_and_a_dead_one_is_replaced() {
    let (sandbox, alone, ray) = ray_story();
    let mut study = sandbox.start("search space.yaml --out study");
    study.wait_until("some results", || count(&sandbox.path("study"), "segment_ended") >= 1);
    ray.kill(&running(&ray)[0]);
    study.wait_until("a third job", || ray.states().len() >= 3);
    study.finish().expect_code(0);
    assert_eq!(running(&ray), Vec::<String>::new(), "no job is left");
    audit(&sandbox, &alone);
}

#[test]
fn a_search_that_was_killed_adopts_its_jobs_of_ray() {
    let (sandbox, alone, ray) = ray_story();
    let mut study = sandbox.start("search space.yaml --out study");
    study.wait_until("some results", || count(&sandbox.path("study"), "segment_ended") >= 2);
    study.signal("KILL");
    drop(study);
    sandbox.run("resume study").expect_code(0);
    assert_eq!(ray.states().len(), 2, "no job was submitted again");
    audit(&sandbox, &alone);
}

#[test]
fn what_is_not_ray_is_said_at_once() {
    let sandbox = Sandbox::with_spec(&format!("{SPHERE}{}", cluster("http://127.0.0.1:9")));
    let outcome = sandbox.run("search space.yaml --out study").expect_code(2);
    assert!(
        outcome.message().contains("ray does not answer: http://127.0.0.1:9"),
        "{}",
        outcome.message()
    );
}

#[test]
fn a_bad_set_up_of_a_job_of_ray_is_shown() {
    let sandbox = Sandbox::new();
    let ray = FakeRay::start(&sandbox);
    let cluster = cluster(&ray.address).replace(
        "lease: 3s",
        "lease: 3s, max_worker_failures: 2, setup: 'echo no environment; exit 4'",
    );
    sandbox.write("space.yaml", format!("{SPHERE}{cluster}"));
    let outcome = sandbox.run("search space.yaml --out study").expect_code(2);
    assert!(outcome.stderr.contains("no environment"), "{}", outcome.stderr);
}

/// `AUTOML_TEST_RAY` is the address of the dashboard, `AUTOML_TEST_RAY_LISTEN` an address that its nodes can reach.
#[test]
#[expect(clippy::disallowed_methods, reason = "the one home of these variables")]
fn a_real_ray_runs_a_study() {
    let [ray, listen] = ["AUTOML_TEST_RAY", "AUTOML_TEST_RAY_LISTEN"].map(std::env::var);
    let (Ok(ray), Ok(listen)) = (ray, listen) else {
        println!("skipped: `AUTOML_TEST_RAY` does not name the dashboard of a Ray");
        return;
    };
    let (sandbox, alone) = story(&cluster(&ray).replace("127.0.0.1, lease: 3s", &format!("{listen}, lease: 4s")));
    sandbox.run("cluster check space.yaml").expect_code(0);
    sandbox.run("search space.yaml --out study").expect_code(0);
    audit(&sandbox, &alone);
}
