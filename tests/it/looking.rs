//! Looking at a finished study: leaderboard queries, importance, comparisons, the report.

use crate::support::{SPHERE, Sandbox};

fn searched(flags: &str) -> Sandbox {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run(&format!("search space.yaml --out study --set budget.trials=30 {flags}"))
        .expect_code(0);
    sandbox
}

/// A command whose arguments have blanks in them.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Outcome {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_automl"));
    command.args(arguments);
    let command = sandbox.prepare(command);
    sandbox.start_command(command, &arguments.join(" ")).finish()
}

#[test]
fn a_leaderboard_is_filtered_sorted_and_cut() {
    let sandbox = searched("");
    let condition = "loss < 0.3 and kind == 'fancy' or x > 0.9";
    let shown = run(
        &sandbox,
        &["leaderboard", "study", "--json", "--where", condition, "--sort", "-x"],
    );
    let rows: Vec<serde_json::Value> = serde_json::from_str(&shown.expect_code(0).stdout).unwrap();
    assert!(!rows.is_empty() && rows.len() < 30);
    let x: Vec<f64> = rows.iter().map(|row| row["params.x"].as_f64().unwrap()).collect();
    assert!(x.iter().rev().is_sorted(), "{x:?}");
    for row in &rows {
        let (loss, x) = (row["loss"].as_f64().unwrap(), row["params.x"].as_f64().unwrap());
        assert!((loss < 0.3 && row["params.kind"] == "fancy") || x > 0.9, "{row}");
    }
    let first = run(
        &sandbox,
        &[
            "leaderboard",
            "study",
            "--sort",
            "trial",
            "--top",
            "1",
            "--format",
            "csv",
        ],
    );
    let first = first.expect_code(0).stdout;
    assert_eq!(first.lines().nth(1).unwrap().split(',').nth(1), Some("0"));
    let wrong = run(&sandbox, &["leaderboard", "study", "--where", "los < 0.3"]).expect_code(2);
    insta::assert_snapshot!(wrong.message(), @"error: cannot read the condition `los < 0.3`: there is no column `los`; did you mean `loss`?");
    let wrong = run(&sandbox, &["leaderboard", "study", "--sort", "los"]).expect_code(2);
    insta::assert_snapshot!(wrong.message(), @"error: the leaderboard has no column `los`; did you mean `loss`?");
}

#[test]
fn importance_tells_what_matters_and_says_when_it_cannot() {
    let sandbox = searched("--set budget.trials=60 --set method=random --set early_terminate.type=none");
    let shown = sandbox.run("importance study --json").expect_code(0);
    let importance: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let shares = importance["parameters"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|share| share["share"].as_f64().unwrap()).sum();
    assert!(sum > 0.5 && sum <= 1.0 + 1e-9, "{importance}");
    assert_eq!(importance["trials"], 60);
    let table = sandbox.run("importance study").expect_code(0).stdout;
    assert!(
        table.contains("share of variance") && table.contains("from 60 trials"),
        "{table}"
    );
    sandbox.run("importance study --best 20").expect_code(0);
    sandbox.run("search space.yaml --out short --trials 3").expect_code(0);
    let short = sandbox.run("importance short").expect_code(2);
    insta::assert_snapshot!(short.message(), @"error: the study in `short` says nothing about its parameters: fewer than 8 trials have a result, or all results are equal");
}

#[test]
fn studies_of_the_same_metric_are_compared() {
    let sandbox = searched("");
    sandbox
        .run("search space.yaml --out other --trials 10 --set method=random")
        .expect_code(0);
    let shown = sandbox.run("compare study other --json").expect_code(0);
    let compared: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let differences = compared["comparison"]["differences"].to_string();
    assert!(
        differences.contains("method") && differences.contains("random"),
        "{differences}"
    );
    assert_eq!(compared["studies"].as_array().unwrap().len(), 2);
    let table = sandbox.run("compare study other").expect_code(0).stdout;
    assert!(table.contains("Best loss:"), "{table}");
    sandbox
        .run("search space.yaml --out costs --trials 3 --set metric=cost")
        .expect_code(0);
    let wrong = sandbox.run("compare study costs").expect_code(2);
    insta::assert_snapshot!(wrong.message(), @"error: studies of different metrics cannot be compared: `loss (minimize)` and `cost (minimize)`");
}

#[test]
fn a_report_is_one_file_that_asks_for_nothing() {
    let sandbox = searched("--set selection.top_k=2");
    sandbox
        .run("report study")
        .expect_code(0)
        .says("wrote `study/report.html`");
    let page = sandbox.read("study/report.html");
    for outside in ["http://", "https://", "src=\"/", "@import"] {
        let without_names = page.replace("http://www.w3.org/", "");
        assert!(!without_names.contains(outside), "the page has `{outside}`");
    }
    let (_, rest) = page.split_once("id=\"view\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let view: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(view["studies"][0]["name"], "sphere");
    let printed = sandbox.run("report study --json").expect_code(0).stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["studies"], view["studies"]);
}

#[test]
fn completions_and_manual_pages_know_every_verb() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&format!("completions {shell}")).expect_code(0).stdout;
        assert!(script.contains("leaderboard") && script.contains("baseline"), "{shell}");
    }
    assert!(sandbox.run("man").expect_code(0).stdout.contains(".TH automl"));
    sandbox.run("man --out manual").expect_code(0);
    let pages = sandbox.list("manual");
    assert!(
        ["automl-search.1", "automl-worker.1"]
            .iter()
            .all(|page| pages.contains(&(*page).to_owned())),
        "{pages:?}"
    );
}

/// The output of a command with `--json`.
fn json(sandbox: &Sandbox, command: &str, code: i32) -> serde_json::Value {
    serde_json::from_str(&sandbox.run(command).expect_code(code).stdout).unwrap()
}

#[test]
fn a_program_reads_what_is_wrong_with_a_spec_and_where() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let valid = json(&sandbox, "validate space.yaml --json", 0);
    assert_eq!(valid["valid"], true);
    assert_eq!(
        (&valid["parameters"], &valid["workers"], &valid["configurations"]),
        (&3.into(), &2.into(), &serde_json::Value::Null)
    );
    assert_eq!(valid["diagnostics"], serde_json::json!([]));
    sandbox.write(
        "space.yaml",
        SPHERE
            .replacen("method:", "metod:", 1)
            .replacen("budget: {trials: 12}\n", "", 1),
    );
    let wrong = json(&sandbox, "validate space.yaml --json", 2);
    assert_eq!(wrong["valid"], false);
    insta::assert_snapshot!(format!("{:#}", wrong["diagnostics"]), @r#"
    [
      {
        "column": 1,
        "file": "space.yaml",
        "help": "write `budget: {wall: 10m, trials: 50}`",
        "line": 1,
        "message": "there is no budget: the study will run until it is stopped",
        "severity": "warning"
      },
      {
        "column": 1,
        "file": "space.yaml",
        "help": null,
        "line": 7,
        "message": "unknown key `metod`",
        "severity": "error"
      }
    ]
    "#);
    let gone = json(&sandbox, "validate gone.yaml --json", 2);
    assert_eq!(gone["valid"], false);
    assert!(
        gone["diagnostics"][0]["message"]
            .as_str()
            .unwrap()
            .contains("gone.yaml"),
        "{gone}"
    );
}

#[test]
fn a_grid_ends_by_itself() {
    let grid = "function: {name: sphere}\nparameters:\n  x: {values: [0.1, 0.2, 0.3]}\n  y: {values: [0.4, 0.5]}\nmethod: grid\n";
    let sandbox = Sandbox::with_spec(grid);
    let plan = json(&sandbox, "plan space.yaml --json", 0);
    assert_eq!(plan["max_trials"], 6);
    let search = sandbox.run("search space.yaml --out study").expect_code(0);
    assert!(!search.stderr.contains("there is no budget"), "{}", search.stderr);
    let lines = sandbox.read("study/leaderboard.csv").lines().count();
    assert_eq!(lines, 7, "all six, and the header");
}

#[test]
fn what_a_crash_after_the_end_left_out_is_written_by_a_resumption() {
    let sandbox = searched("");
    let whole = ["leaderboard.csv", "best.yaml", "report.html"].map(|file| sandbox.read(&format!("study/{file}")));
    for file in ["leaderboard.csv", "best.yaml", "report.html"] {
        std::fs::remove_file(sandbox.path(&format!("study/{file}"))).unwrap();
    }
    sandbox.run("resume study").expect_code(0);
    let again = ["leaderboard.csv", "best.yaml", "report.html"].map(|file| sandbox.read(&format!("study/{file}")));
    assert_eq!(again[0], whole[0]);
    assert_eq!(again[1], whole[1]);
    assert_eq!(again[2].len(), whole[2].len());
}
