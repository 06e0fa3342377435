//! A search from its spec to its results, and everything that shows them.

use crate::support::{SPHERE, Sandbox};

/// A story in which `automl search` has run the study `study`.
fn searched(overrides: &str) -> Sandbox {
    let sandbox = Sandbox::with_spec(SPHERE);
    let line = format!("search space.yaml --out study {overrides}");
    sandbox.run(&line).expect_code(0);
    sandbox
}

#[test]
fn a_search_leaves_its_results_and_nothing_else() {
    let sandbox = searched("--set early_terminate=none");
    assert_eq!(
        sandbox.list("study"),
        [
            "best.yaml",
            "checkpoints",
            "elapsed",
            "incumbent.csv",
            "journal.jsonl",
            "leaderboard.csv",
            "lock",
            "logs",
            "logs/worker-0.log",
            "logs/worker-1.log",
            "manifest.json",
            "report.html",
            "spec.yaml"
        ]
        .into_iter()
        .filter(|name| *name != "elapsed" || sandbox.path("study/elapsed").exists())
        .collect::<Vec<_>>()
    );
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("study/manifest.json")).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    for worker in ["study/logs/worker-0.log", "study/logs/worker-1.log"] {
        assert_eq!(sandbox.read(worker), "", "workers have nothing to complain about");
    }
    assert_eq!(sandbox.read("study/leaderboard.csv").lines().count(), 1 + 12);
    let curve = sandbox.read("study/incumbent.csv");
    assert!(curve.lines().count() >= 2, "there was a best trial:\n{curve}");
}

#[test]
fn the_columns_of_the_leaderboard_are_stable() {
    let sandbox = searched("--trials 2");
    let header = |flags: &str| {
        let csv = sandbox
            .run(&format!("leaderboard study --format csv {flags}"))
            .expect_code(0);
        csv.stdout.lines().next().unwrap().replace(',', "\n")
    };
    insta::assert_snapshot!(header(""), @r##"
rank
trial
status
loss
score
best_epoch
metric_mean
metric_se
seeds
test_metric
epochs
max_epochs
rung
stop_reason
origin
config_hash
trainable_parameters
params.x
params.y
params.kind
train_seconds
wall_seconds
samples_per_second
peak_memory_mb
device
started_at
finished_at
"##);
    let all = header("");
    assert!(all.starts_with(&header("--no-timing")), "timing columns come last");
    assert_eq!(header("--no-timing").lines().last(), Some("params.kind"));
    assert_eq!(
        sandbox
            .read("study/leaderboard.csv")
            .lines()
            .next()
            .unwrap()
            .replace(',', "\n"),
        all
    );
}

#[test]
fn the_leaderboard_comes_in_four_formats() {
    let sandbox = searched("--set method=random");
    let show = |format: &str| {
        let line = format!("leaderboard study --top 3 --no-timing --format {format}");
        let shown = sandbox.run(&line).expect_code(0);
        assert_eq!(shown.stderr, "");
        shown.stdout
    };
    insta::assert_snapshot!(show("table"), @r##"
┌──────┬───────┬───────────┬─────────┬────────────┬────────┬────────┬────────┬──────────┬───────┐
│ rank ┆ trial ┆ status    ┆ loss    ┆ best_epoch ┆ epochs ┆ origin ┆ x      ┆ y        ┆ kind  │
╞══════╪═══════╪═══════════╪═════════╪════════════╪════════╪════════╪════════╪══════════╪═══════╡
│ 1    ┆ 2     ┆ completed ┆ 0.02962 ┆ 9          ┆ 9      ┆ random ┆ 0.4075 ┆ 0.001355 ┆ plain │
│ 2    ┆ 1     ┆ completed ┆ 0.03936 ┆ 9          ┆ 9      ┆ random ┆ 0.3778 ┆ 0.000503 ┆ plain │
│ 3    ┆ 4     ┆ pruned    ┆ 0.06976 ┆ 3          ┆ 3      ┆ random ┆ 0.3047 ┆ 0.008225 ┆ plain │
└──────┴───────┴───────────┴─────────┴────────────┴────────┴────────┴────────┴──────────┴───────┘
"##);
    insta::assert_snapshot!(show("md"), @r##"
| rank | trial | status    | loss    | best_epoch | epochs | origin | x      | y        | kind  |
|------|-------|-----------|---------|------------|--------|--------|--------|----------|-------|
| 1    | 2     | completed | 0.02962 | 9          | 9      | random | 0.4075 | 0.001355 | plain |
| 2    | 1     | completed | 0.03936 | 9          | 9      | random | 0.3778 | 0.000503 | plain |
| 3    | 4     | pruned    | 0.06976 | 3          | 3      | random | 0.3047 | 0.008225 | plain |
"##);
    let csv = show("csv");
    assert_eq!(csv.lines().count(), 4);
    let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&show("json")).unwrap();
    assert_eq!(rows.len(), 3);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    for (row, record) in rows.iter().zip(reader.records()) {
        assert_eq!(row.len(), header.len());
        for (name, cell) in header.iter().zip(record.unwrap().iter()) {
            let text = match &row[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let is_same = text == cell || text.parse::<f64>().ok() == cell.parse().ok();
            assert!(is_same, "{name}: {text} in JSON, {cell} in CSV");
        }
    }
    assert_eq!(rows[0]["rank"], 1);
    assert_eq!(rows[0]["test_metric"], serde_json::Value::Null);
}

#[test]
fn the_best_configuration_comes_in_four_formats() {
    let sandbox = searched("--set method=random");
    let show = |format: &str| {
        sandbox
            .run(&format!("best study --format {format}"))
            .expect_code(0)
            .stdout
    };
    assert_eq!(show("yaml"), sandbox.read("study/best.yaml"));
    insta::assert_snapshot!(show("yaml"), @r##"
# Trial 2 of the study `sphere`: loss 0.029615576320254335 on the validation data, at epoch 9.
name: sphere-best
function:
  name: sphere
  trial_seconds: 0.0
metric:
  name: loss
  goal: minimize
method: random
deterministic: true
seed: 2389175434029427
parameters:
  kind:
    values: [plain]
    ordered: false
  x:
    values: [0.4074660005987608]
    ordered: false
  y:
    values: [0.0013552418219978017]
    ordered: false
epochs:
  min: 1.0
  max: 9.0
  stops: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
early_terminate:
  type: none
budget:
  trials: 1
resources:
  devices: auto
  workers: auto
  slots_per_device: auto
  threads_per_worker: 1
  logical_workers: 4
  cache: 10000000000
provenance:
  version: "0.1.0"
  study: sphere
  trial: 2
  run: 2
  metric: loss
  seeds: 0
  validation: 0.029615576320254335
"##);
    insta::assert_snapshot!(show("json"), @r##"
{
  "best_epoch": 9.0,
  "config_hash": "34757657bd50951b",
  "configuration": {
    "kind": "plain",
    "x": 0.4074660005987608,
    "y": 0.0013552418219978017
  },
  "max_epochs": 9.0,
  "metric": "loss",
  "run": 2,
  "seed": 2389175434029427,
  "trial": 2,
  "value": 0.029615576320254335
}
"##);
    insta::assert_snapshot!(show("env"), @r##"
AUTOML_PARAM_KIND=plain
AUTOML_PARAM_X=0.4074660005987608
AUTOML_PARAM_Y=0.0013552418219978017
"##);
    insta::assert_snapshot!(show("args"), @"--kind=plain --x=0.4074660005987608 --y=0.0013552418219978017");
}

#[test]
fn the_best_configuration_is_a_valid_spec() {
    let sandbox = searched("");
    sandbox.run("validate study/best.yaml").expect_code(0);
    sandbox.run("search study/best.yaml --out again").expect_code(0);
    let metric = |study: &str| {
        let best = sandbox.run(&format!("best {study} --format json")).expect_code(0);
        serde_json::from_str::<serde_json::Value>(&best.stdout).unwrap()["value"].clone()
    };
    assert!(metric("again").is_number());
    assert!(
        sandbox.leaderboard("again").contains(",completed,"),
        "its one trial runs to its end"
    );
}

#[test]
fn what_the_user_listed_is_tried_first() {
    let hinted = SPHERE
        .replace("x: {min: 0.0, max: 1.0}", "x: {min: 0.0, max: 1.0, init: 0.25}")
        .replace("[plain, fancy, odd]}", "[plain, fancy, odd], prior: fancy}");
    let sandbox = Sandbox::with_spec(&format!("{hinted}points_to_evaluate: [{{kind: odd, y: 0.5}}]\n"));
    // A model would continue with the prior after these.
    sandbox
        .run("search space.yaml --out study --set method=random")
        .expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    let origin = |name: &str| leaderboard.matches(&format!(",{name},")).count();
    // The `init` values leave `kind` to its prior, so that the priors' point is the same one.
    assert_eq!(
        (origin("points_to_evaluate"), origin("init"), origin("prior")),
        (1, 1, 0)
    );
    let listed = leaderboard.lines().find(|line| line.contains(",points_to_evaluate,"));
    assert!(
        listed.is_some_and(|line| line.ends_with(",0.25,0.5,odd")),
        "{leaderboard}"
    );
    // The files that are left say the same.
    sandbox.run("search study/spec.yaml --out again").expect_code(0);
    assert_eq!(sandbox.leaderboard("again"), leaderboard);
}

#[test]
fn standard_output_is_for_results_only() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for (flags, is_silent) in [("", false), ("-v", false), ("-q", true), ("--json", true)] {
        let folder = format!("study{}", flags.trim_start_matches('-'));
        let search = sandbox
            .run(&format!("search space.yaml --out {folder} {flags}"))
            .expect_code(0);
        let is_json = flags == "--json";
        assert_eq!(search.stdout.is_empty(), !is_json, "of search {flags}");
        assert_eq!(search.stderr.is_empty(), is_silent, "search {flags}");
        assert!(!search.stderr.contains('\u{1b}'), "escape codes without a terminal");
    }
    assert_eq!(sandbox.run("validate space.yaml").expect_code(0).stdout, "");
}

#[test]
fn every_line_for_machines_is_an_object() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let search = sandbox.run("search space.yaml --out study --json").expect_code(0);
    let moments: Vec<serde_json::Value> = search
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(moments.first().unwrap()["moment"], "started");
    let last = moments.last().unwrap();
    assert_eq!((&last["moment"], &last["reason"]), (&"ended".into(), &"trials".into()));
    let delivered = moments.iter().filter(|moment| moment["moment"] == "delivered").count();
    assert_eq!(
        delivered,
        crate::support::count(&sandbox.path("study"), "segment_delivered")
    );
}

#[test]
fn a_fresh_spec_is_valid_and_never_overwrites() {
    let sandbox = Sandbox::new();
    sandbox.run("init").expect_code(0);
    let written = sandbox.read("space.yaml");
    let valid = sandbox.run("validate space.yaml").expect_code(0);
    insta::assert_snapshot!(valid.filtered().replace(|c: char| c.is_ascii_digit(), "N"), @r"
    method auto: gp, because the space has only N parameters; tpe after NNN trials
    `space.yaml` is valid: N parameters, infinitely many configurations, an epoch of NNNN samples, N workers here
    ");
    let again = sandbox.run("init").expect_code(2);
    insta::assert_snapshot!(again.message(), @"error: `space.yaml` exists already and stays as it is: name another file, as in `automl init other.yaml`");
    assert_eq!(sandbox.read("space.yaml"), written);
    sandbox.run("init other.yaml").expect_code(0);
    assert_eq!(sandbox.read("other.yaml"), written);
}

#[test]
fn a_search_without_a_folder_takes_the_next_free_one() {
    let sandbox = Sandbox::with_spec(SPHERE);
    for expected in ["results/sphere", "results/sphere-2", "results/sphere-3"] {
        assert!(!sandbox.path(expected).exists());
        sandbox.run("search space.yaml --trials 1").expect_code(0);
        sandbox.run(&format!("best {expected}")).expect_code(0);
    }
}

#[test]
fn overrides_have_the_last_word() {
    let sandbox = searched("--trials 9 --seed 1 --set budget.trials=3 --set parameters.x=0.25");
    let leaderboard = sandbox.leaderboard("study");
    assert_eq!(leaderboard.lines().count(), 1 + 3);
    assert!(
        leaderboard.lines().skip(1).all(|row| row.contains(",0.25,")),
        "{leaderboard}"
    );
    assert!(sandbox.read("study/spec.yaml").contains("seed: 1\n"));
}

#[test]
fn the_help_says_what_there_is() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("--help").expect_code(0).stdout, @"
    Finds the best way to fine-tune a pretrained model on your data before a deadline

    Usage: automl [OPTIONS] <COMMAND>

    Commands:
      fit          Make a model from a file of labelled texts: choose the settings, search within a
                   budget, save the winner
      search       Search: run trials until the budget is spent, and leave a leaderboard and the best
                   configuration
      resume       Resume a study that was interrupted, or give a finished one more budget
      watch        Show a study in a full-screen view, while it runs elsewhere or afterwards
      status       Show the state of a study, while it runs or afterwards
      stop         Stop a running study from another terminal, and save its checkpoints
      data         Show what a data set holds and what is wrong with it; for a study, which labels are
                   likely wrong
      validate     Check a spec, its model and its data, without running anything
      plan         Estimate the cost and the progress of a search without running it
      init         Write an annotated spec to start from
      schema       Print the JSON Schema of specs, for editors that complete and check
      convert      Convert a search space of another program into a spec
      leaderboard  Show the trials of a study, best first
      best         Show the best configuration of a study
      report       Write one file of HTML that shows everything about a study, or compares several
      export       Export a study in the format of another program
      serve        Serve the report as a page that updates itself, on this machine only
      importance   Show which parameters matter
      compare      Show studies side by side
      rerun        Run the best configurations again with other seeds, to see how much was luck
      train        Train a model for production from a `best.yaml`
      predict      Predict the classes of examples with a trained model
      serve-model  Answer requests over HTTP with the predictions of a trained model: JSON in, JSON out
      evaluate     Measure a trained model on labelled examples
      ask-tell     Run a search for another program, over lines of JSON on standard input and output
      completions  Print completions for a shell
      man          Print the manual page, or write one for every command
      cluster      Check a cluster for a spec, or print what Kubernetes needs to run its workers
      worker       Join a study that runs on another machine, and run its trials here until it ends
      help         Print this message or the help of the given subcommand(s)

    Options:
      -v, --verbose  Print log lines instead of a progress display
      -q, --quiet    Print only errors
      -h, --help     Print help
      -V, --version  Print version
    ");
    insta::assert_snapshot!(sandbox.run("search --help").expect_code(0).stdout, @r##"
Search: run trials until the budget is spent, and leave a leaderboard and the best configuration

Usage: automl search [OPTIONS] <SPEC>

Arguments:
  <SPEC>  The spec, such as `space.yaml`

Options:
      --out <DIR>                The study's folder [default: results/NAME]
  -v, --verbose                  Print log lines instead of a progress display
  -q, --quiet                    Print only errors
      --workers <N>              Worker processes
      --trials <N>               Total number of trials
      --budget <TIME>            Total time, such as `90s`, `10m` or `1h30m`
      --seed <N>                 The seed of all random decisions
      --set <KEY=VALUE>          Change a value of the spec, such as `parameters.dropout.max=0.3`;
                                 paths are relative to the current folder
      --offline                  Download nothing: a model of the hub must be in the cache.
                                 `HF_HUB_OFFLINE=1` does the same
      --json                     Print progress as JSON on standard output, one object per line
      --tui                      Show the study in a full-screen view; without a terminal, as lines
      --track <TRACKER[=WHERE]>  Show the study in this tracker too; may be repeated [possible
                                 values: csv, tensorboard, optuna, mlflow, wandb, comet]
      --no-tracking              Ignore the trackers of the spec
      --baseline <CSV>           Exit with 5 if the winner is worse than the winner of this
                                 `leaderboard.csv`
      --tolerance <X>            How much worse than the baseline the winner may be
      --summary <FORMAT>         Print a summary on standard output [possible values: md]
      --junit <FILE>             Write the checks as test results, in the format of `JUnit`
  -h, --help                     Print help

Example:
  automl search space.yaml --budget 30m --set parameters.dropout.max=0.3 --out results/reviews
"##);
    let version = sandbox.run("--version").expect_code(0);
    assert_eq!(version.stdout.trim(), format!("automl {}", env!("CARGO_PKG_VERSION")));
    for verb in ["resume", "validate", "init", "leaderboard", "best", "train"] {
        assert_eq!(sandbox.run(&format!("{verb} --help")).expect_code(0).stderr, "");
    }
}
