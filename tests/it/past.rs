//! Studies of earlier versions open with this one, for ever.

use std::path::Path;

use crate::support::{Sandbox, on_a_quiet_machine};

/// A study that was run when journals had format 1.
const FORMAT_1: &str = "tests/assets/study-format-1";

/// One that its wall budget ended when journals had format 2, and no study planned for its deadline.
const FORMAT_2: &str = "tests/assets/study-format-2";

/// A sandbox with a copy of a kept study in the folder `past`.
fn with_study(kept: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        sandbox.write(&format!("past/{name}"), std::fs::read(&path).unwrap());
    }
    sandbox
}

#[test]
fn a_study_of_format_1_is_shown_as_it_was_and_goes_on() {
    let sandbox = with_study(FORMAT_1);
    let shown = sandbox.run("leaderboard past --format csv").expect_code(0).stdout;
    assert_eq!(shown, sandbox.read("past/leaderboard.csv"));
    for verb in ["status past", "best past", "report past", "importance past"] {
        sandbox.run(verb).expect_code(0);
    }
    sandbox.run("resume past").expect_code(0).says("has ended");
    sandbox.run("rerun past --top 1 --seeds 2").expect_code(0);
}

#[test]
fn a_study_of_format_2_is_shown_as_it_was_and_goes_on_with_more_time() {
    on_a_quiet_machine(|| {
        let sandbox = with_study(FORMAT_2);
        let shown = sandbox.run("leaderboard past --format csv").expect_code(0).stdout;
        assert_eq!(shown, sandbox.read("past/leaderboard.csv"));
        let before = shown.lines().count();
        sandbox.run("resume past --add-budget 4s").expect_code(0);
        assert!(sandbox.leaderboard("past").lines().count() > before);
        sandbox.run("report past").expect_code(0);
    });
}

#[test]
fn the_example_opens_with_every_verb_that_looks() {
    let sandbox = with_study("results/example");
    let shown = sandbox.run("leaderboard past --format csv").expect_code(0).stdout;
    assert_eq!(shown, sandbox.read("past/leaderboard.csv"));
    for verb in [
        "status past",
        "best past",
        "report past",
        "compare past past",
        "watch past",
    ] {
        sandbox.run(verb).expect_code(0);
    }
}

#[test]
fn a_study_of_the_future_is_refused() {
    let sandbox = with_study(FORMAT_1);
    sandbox.write("past/manifest.json", r#"{"format": 99, "version": "9.0.0"}"#);
    let refused = sandbox.run("leaderboard past").expect_code(2);
    insta::assert_snapshot!(refused.message(), @"error: the study in `past` was made by a later version of this program (9.0.0): use that one");
    sandbox.run("resume past").expect_code(2);
}
