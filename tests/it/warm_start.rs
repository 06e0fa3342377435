//! Studies that begin with what earlier ones found out.

use super::support::{SPHERE, Sandbox, events};

/// A finished study in `first`, and a second spec that begins with its leaderboard.
fn two_studies() -> Sandbox {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out first").expect_code(0);
    sandbox.write(
        "second.yaml",
        format!("{SPHERE}warm_start: [first/leaderboard.csv]\n").replace("trials: 12", "trials: 3"),
    );
    sandbox
}

#[test]
fn a_study_begins_with_what_an_earlier_one_found_out() {
    let sandbox = two_studies();
    let said = sandbox.run("search second.yaml --out second").expect_code(0).stderr;
    assert!(said.contains("warm start with 12 trials of earlier studies"), "{said}");
    let study = sandbox.path("second");
    assert_eq!(events(&study)[0]["event"]["past"].as_array().unwrap().len(), 12);
    // Twelve known trials are enough for a model, and none of them counts as a trial.
    let leaderboard = sandbox.leaderboard("second");
    assert_eq!(leaderboard.lines().count(), 4, "{leaderboard}");
    assert_eq!(leaderboard.matches(",tpe,").count(), 3, "{leaderboard}");
}

#[test]
fn a_begun_study_no_longer_needs_the_leaderboard() {
    let sandbox = two_studies();
    sandbox.run("search second.yaml --out whole").expect_code(0);
    let mut running = sandbox.start("search second.yaml --out second");
    running.wait_for_events(&sandbox.path("second"), 2);
    running.signal("KILL");
    drop(running);
    std::fs::remove_file(sandbox.path("first/leaderboard.csv")).unwrap();
    sandbox.run("resume second").expect_code(0);
    assert_eq!(sandbox.results("second"), sandbox.results("whole"));
}

#[test]
fn what_does_not_fit_is_explained() {
    let sandbox = two_studies();
    sandbox.write("gone.yaml", format!("{SPHERE}warm_start: nowhere.csv\n"));
    let said = sandbox.run("validate gone.yaml").expect_code(2).stderr;
    assert!(
        said.contains("there is no file") && said.contains("nowhere.csv"),
        "{said}"
    );
    let narrow = format!("{SPHERE}warm_start: first/leaderboard.csv\n").replace("[plain, fancy, odd]", "[plain]");
    sandbox.write("narrow.yaml", narrow);
    let said = sandbox.run("validate narrow.yaml").expect_code(0).stderr;
    assert!(said.contains("`kind` is outside of its domain here"), "{said}");
    sandbox.write("other.csv", "a,b\n1,2\n");
    sandbox.write("other.yaml", format!("{SPHERE}warm_start: other.csv\n"));
    let said = sandbox.run("validate other.yaml").expect_code(0).stderr;
    assert!(said.contains("is left out: it is not a leaderboard"), "{said}");
}
