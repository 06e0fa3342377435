//! The selection after the search: finalists with fresh seeds, the test examples, and interruptions in each part.

use crate::support::{SPHERE, Sandbox, count, events, on_a_quiet_machine};

const SELECTION: &str = "\nselection: {rule: one_se, top_k: 3, reseeds: 3, holdout: true}\n";

fn noisy() -> Sandbox {
    let spec = SPHERE.replace("{name: sphere}", "{name: sphere, noise: 0.05}");
    Sandbox::with_spec(&format!("{spec}{SELECTION}"))
}

/// The rows of the leaderboard as objects.
fn rows(sandbox: &Sandbox, study: &str) -> Vec<serde_json::Value> {
    let shown = sandbox.run(&format!("leaderboard {study} --json")).expect_code(0);
    serde_json::from_str(&shown.stdout).unwrap()
}

#[test]
fn finalists_are_trained_again_and_the_winner_is_measured_once() {
    let sandbox = noisy();
    let search = sandbox.run("search space.yaml --out study -v").expect_code(0);
    let search = search.says("training 3 finalists again, each with 3 fresh seeds");
    search.says("on the test examples: loss");
    let rows = rows(&sandbox, "study");
    let of = |origin: &str| rows.iter().filter(|row| row["origin"] == origin).count();
    assert_eq!((of("reseed"), of("test"), rows.len()), (9, 1, 12 + 10));
    let winner = &rows[0];
    assert_eq!((&winner["rank"], &winner["seeds"]), (&1.into(), &3.into()));
    assert!(
        winner["metric_se"].is_number() && winner["test_metric"].is_number(),
        "{winner}"
    );
    assert!(rows[1..].iter().all(|row| row["test_metric"].is_null()));
    let best = sandbox.run("best study --json").expect_code(0);
    let best: serde_json::Value = serde_json::from_str(&best.stdout).unwrap();
    assert_eq!(best["trial"], winner["trial"]);
    assert_eq!(best["test"], winner["test_metric"]);
    assert_eq!(best["expected"]["mean"], winner["metric_mean"]);
    let status = sandbox.run("status study --json").expect_code(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["best"]["trial"], winner["trial"]);
    let later = sandbox.run("search space.yaml --out later --set warm_start=study/leaderboard.csv");
    later.expect_code(0).says("warm start with 12 trials");
    let yaml = sandbox.read("study/best.yaml");
    for line in ["provenance:", "  seeds: 3", "# To be expected of it:"] {
        assert!(yaml.contains(line), "{yaml}");
    }
}

#[test]
fn any_number_of_workers_and_any_interruption_choose_the_same_winner() {
    let sandbox = noisy();
    sandbox.run("search space.yaml --out whole --workers 1").expect_code(0);
    let slow = "--set function.trial_seconds=0.2";
    let mut search = sandbox.start(&format!("search space.yaml --out study --workers 3 {slow}"));
    let study = sandbox.path("study");
    search.wait_until("the selection", || {
        count(&study, "search_closed") == 1 && events(&study).len() > 60
    });
    search.signal("KILL");
    search.finish();
    sandbox.run("resume study --workers 2").expect_code(0);
    assert_eq!(sandbox.leaderboard("study"), sandbox.leaderboard("whole"));
}

#[test]
fn a_wall_budget_keeps_time_for_the_finalists() {
    on_a_quiet_machine(|| {
        let sandbox = noisy();
        let flags =
            "--trials 500 --budget 14s --workers 2 --set function.trial_seconds=0.8 --set resources.logical_workers=2";
        let search = sandbox
            .run(&format!("search space.yaml --out study {flags}"))
            .expect_code(0);
        assert!(search.seconds.as_secs_f64() < 16.5, "{:?}", search.seconds);
        let search = search.says("the search is over (the rest of the wall budget is kept for the finalists)");
        search.says("fresh seeds (in the search");
        let rows = rows(&sandbox, "study");
        // The number that fits depends on the load of the machine.
        assert!(rows[0]["seeds"].as_u64().unwrap() >= 1, "{}", rows[0]);
    });
}

#[test]
fn an_impossible_selection_is_refused_with_its_position() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let refuse = |set: &str| {
        let flags: Vec<String> = set.split('&').map(|set| format!("--set selection.{set}")).collect();
        let flags = flags.join(" ");
        let search = sandbox
            .run(&format!("search space.yaml --out study {flags}"))
            .expect_code(2);
        search.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let said = [
        refuse("rule=one_se&reseeds=1"),
        refuse("rule=pareto"),
        refuse("rule=first"),
        refuse("top_k=0"),
        refuse("seeds=3"),
    ];
    insta::assert_snapshot!(said.join("\n"));
    assert!(!sandbox.path("study").exists());
}
