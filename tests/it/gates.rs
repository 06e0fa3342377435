//! A search that a batch job waits for: baselines, summaries, test results.

use crate::support::{SPHERE, Sandbox};

#[test]
fn a_worse_result_than_the_baseline_fails_the_job() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out base --trials 12").expect_code(0);
    let gate = "--baseline base/leaderboard.csv";
    let same = sandbox.run(&format!("search space.yaml --out same {gate}"));
    same.expect_code(0);
    let worse = sandbox.run(&format!("search space.yaml --out worse --trials 2 --seed 1 {gate}"));
    let worse = worse.expect_code(5);
    worse.says("failed: loss ").says("is worse than");
    let tolerant = format!("search space.yaml --out tolerant --trials 2 --seed 1 {gate} --tolerance 100");
    sandbox.run(&tolerant).expect_code(0);
}

#[test]
fn what_passed_is_written_for_people_and_for_programs() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out base --trials 4").expect_code(0);
    let flags = "--baseline base/leaderboard.csv --summary md --junit results.xml --set metric.target=0.0000001";
    let search = sandbox.run(&format!("search space.yaml --out study --trials 4 {flags}"));
    let search = search.expect_code(3);
    assert!(search.stdout.starts_with("## sphere: failed\n"), "{}", search.stdout);
    for part in [
        "| result | passed |",
        "| target | **failed** |",
        "| baseline | passed |",
        "| rank | trial | loss |",
    ] {
        assert!(search.stdout.contains(part), "no `{part}` in:\n{}", search.stdout);
    }
    let xml = sandbox.read("results.xml");
    assert!(xml.contains("tests=\"3\"") && xml.contains("failures=\"1\""), "{xml}");
}

#[test]
fn github_shows_the_summary_beside_its_job() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.write("summary.md", "before\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_automl"));
    command.args(["search", "space.yaml", "--out", "study", "--trials", "2"]);
    let mut command = sandbox.prepare(command);
    command.env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"));
    let search = sandbox.start_command(command, "search").finish().expect_code(0);
    assert_eq!(search.stdout, "");
    let summary = sandbox.read("summary.md");
    assert!(summary.starts_with("before\n## sphere: passed\n"), "{summary}");
}

#[test]
fn a_baseline_that_is_none_is_found_before_anything_is_run() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.write("other.csv", "rank,accuracy\n1,0.5\n");
    let refuse = |flags: &str| {
        sandbox
            .run(&format!("search space.yaml --out study {flags}"))
            .expect_code(2)
    };
    let said = [
        refuse("--baseline none.csv").message(),
        refuse("--baseline other.csv").message(),
        refuse("--junit nowhere/results.xml").message(),
    ];
    insta::assert_snapshot!(said.join("\n"));
    refuse("--tolerance 0.1");
    refuse("--baseline other.csv --tolerance -1");
    assert!(!sandbox.path("study").exists());
}
