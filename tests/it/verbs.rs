//! The verbs around a search: looking at it and stopping it from another terminal.

#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::Value;

use crate::support::{SPHERE, Sandbox, count, eventually, on_a_quiet_machine, processes};

/// Slow enough to be caught in the act.
const SLOW: &str = "--trials 16 --set function.trial_seconds=0.3";

/// The output of `automl status --json`.
fn status(sandbox: &Sandbox, study: &str) -> Value {
    let status = sandbox.run(&format!("status {study} --json")).expect_code(0);
    serde_json::from_str(&status.stdout).unwrap()
}

#[test]
fn a_running_study_is_stopped_from_outside_and_resumes_to_the_same_results() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox
        .run(&format!("search space.yaml --out undisturbed {SLOW}"))
        .expect_code(0);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW}"));
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    let running = status(&sandbox, "study");
    assert_eq!(
        (&running["state"], &running["pid"]),
        (&"running".into(), &search.pid().into())
    );
    let stop = sandbox.run("stop study").expect_code(0);
    insta::assert_snapshot!(stop.filtered(), @"stopped (pid [PID]); the study in `study` is interrupted: `automl resume study` continues it");
    search.finish().expect_code(130);
    eventually("no process left behind", || processes(&sandbox.path("")).is_empty());
    assert_eq!(status(&sandbox, "study")["state"], "interrupted");
    sandbox.run("resume study").expect_code(0);
    assert_eq!(sandbox.results("study"), sandbox.results("undisturbed"));
    assert_eq!(status(&sandbox, "study")["state"], "ended");
}

#[test]
fn what_does_not_run_cannot_be_stopped() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let stop = sandbox.run("stop study").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: `study` holds no study (there is no `journal.jsonl` in it, or it is empty)");
    sandbox.run("search space.yaml --out study --trials 2").expect_code(0);
    let stop = sandbox.run("stop study").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: no process works on the study in `study`, so there is none to stop");
    let stop = sandbox.run("stop study --timeout soon").expect_code(2);
    insta::assert_snapshot!(stop.message(), @"error: `--timeout soon` is not a duration: write it like `90s`, `10m` or `1h30m`");
}

#[test]
fn a_study_that_takes_long_to_stop_says_so_and_a_second_stop_ends_it() {
    let sandbox = Sandbox::with_spec(SPHERE);
    // The first stop has to wait for a step of twenty seconds.
    let flags = "--workers 1 --trials 2 --set function.trial_seconds=200 --set epochs=1 --set early_terminate=none";
    let mut search = sandbox.start(&format!("search space.yaml --out study {flags} --json"));
    search.wait_until_said("a segment", |said| said.contains("\"segment_started\""));
    let stop = sandbox.run("stop study --timeout 0.2").expect_code(2);
    assert!(
        stop.message().contains("still works on the study in `study`"),
        "{}",
        stop.stderr
    );
    sandbox.run("stop study").expect_code(0);
    search.finish().expect_code(130);
}

#[test]
fn the_status_of_a_finished_study_is_told_from_its_journal_alone() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    for name in ["leaderboard.csv", "incumbent.csv", "best.yaml", "elapsed", "lock"] {
        std::fs::remove_file(sandbox.path(&format!("study/{name}"))).ok();
    }
    let shown = sandbox.run("status study").expect_code(0);
    let shown: Vec<&str> = shown
        .stdout
        .lines()
        .filter(|line| !line.starts_with("time ") && !line.starts_with("updated "))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    sphere  has ended: all trials of the budget have run
    trials    12 of 12: 2 completed, 10 paused
    rungs         1 epoch: 12 reached it, 6 wait there, 6 promoted
                 3 epochs: 6 reached it, 4 wait there, 2 promoted
                 9 epochs: 2 reached it
    best      loss 0.0648 · trial 9 (sobol) · epoch 9 · x 0.393, y 0.00513, kind fancy
    ");
}

#[test]
fn a_killed_study_with_a_torn_journal_still_has_a_status() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let study = sandbox.path("study");
    let mut search = sandbox.start(&format!("search space.yaml --out study {SLOW} --budget 10m"));
    search.wait_until("results", || count(&study, "segment_delivered") >= 4);
    let pid = search.pid();
    search.signal("KILL");
    search.finish();
    let mut journal = OpenOptions::new()
        .append(true)
        .open(study.join("journal.jsonl"))
        .unwrap();
    journal.write_all(b"{\"seq\": 9").unwrap();
    let died = status(&sandbox, "study");
    assert_eq!((&died["state"], &died["pid"]), (&"died".into(), &pid.into()));
    assert!(died["trials"]["all"].as_u64().unwrap() >= 4, "{died}");
    assert!(died["wall_left"].as_f64().unwrap() < 600.0, "{died}");
    let shown = sandbox.run("status study").expect_code(0).stdout;
    assert!(
        shown.contains("killed or crashed; `automl resume study` continues it"),
        "{shown}"
    );
    assert!(shown.contains("torn its last line"), "{shown}");
    let stop = sandbox.run("stop study").expect_code(2);
    assert!(
        stop.message().contains("no process works on the study"),
        "{}",
        stop.stderr
    );
    sandbox.run("resume study").expect_code(0);
    assert_eq!(status(&sandbox, "study")["state"], "ended");
}

#[test]
fn a_folder_without_a_study_has_no_status() {
    let status = Sandbox::new().run("status nothing").expect_code(2);
    insta::assert_snapshot!(status.message(), @"error: `nothing` holds no study (there is no `journal.jsonl` in it, or it is empty)");
    assert_eq!(status.stdout, "");
}

/// The output of `automl plan`, without the parts that depend on the machine.
fn plan(sandbox: &Sandbox, flags: &str) -> String {
    let plan = sandbox.run(&format!("plan space.yaml {flags}")).expect_code(0);
    let shown = plan
        .stdout
        .replace(&sandbox.path("").display().to_string(), "[FOLDER]/");
    let timed = ["slots ", "memory ", "full run ", "budget ", "forecast "];
    let lines = shown.lines().map(|line| {
        let label = timed.iter().find(|label| line.starts_with(**label));
        label.map_or_else(|| line.to_owned(), |label| format!("{label} [MEASURED]"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plan_of_a_function_is_exact_and_writes_nothing() {
    let sandbox = Sandbox::with_spec(SPHERE);
    let plan = sandbox
        .run("plan space.yaml --set function.trial_seconds=2 --set budget.wall=20")
        .expect_code(0);
    insta::assert_snapshot!(plan.stdout, @"
    sphere  the function sphere
    epoch     100 samples
    rungs     1 epoch (100 samples) · 3 epochs (300 samples) · 9 epochs (900 samples)
    slots     2 workers here (cpu); decisions are made for 4 logical ones
    memory    of a worker is not known beforehand
    full run  takes 2 s on one worker
    budget    20 s, in which 20 full runs fit; at most 12 trials
    forecast  about 12 trials, of which 12 reach 1 epoch, 5 reach 3 epochs, 3 reach 9 epochs; then it ends after 6 s
    the first 10 configurations, while no result is known:
      0  x 0.5, y 0.01, kind odd (tpe)
      1  x 0.822, y 0.0119, kind fancy (sobol)
      2  x 0.0309, y 0.00126, kind odd (sobol)
      3  x 0.521, y 0.0006, kind fancy (sobol)
      4  x 0.448, y 0.19, kind plain (sobol)
      5  x 0.296, y 0.000192, kind fancy (sobol)
      6  x 0.652, y 0.437, kind odd (sobol)
      7  x 0.993, y 0.00782, kind plain (sobol)
      8  x 0.166, y 0.0729, kind odd (sobol)
      9  x 0.393, y 0.00513, kind fancy (sobol)
    from trial 4 on, results that are known by then may change them
    ");
    assert_eq!(sandbox.list(""), ["space.yaml"]);
    // The same that the search then tries.
    sandbox.run("search space.yaml --out study").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    let planned = sandbox.run("plan space.yaml --json").expect_code(0);
    let planned: Value = serde_json::from_str(&planned.stdout).unwrap();
    for proposal in planned["first"].as_array().unwrap().iter().take(4) {
        let x = proposal["configuration"]["x"].as_f64().unwrap().to_string();
        assert!(leaderboard.contains(&x), "{x} in\n{leaderboard}");
    }
}

#[test]
fn a_plan_of_fine_tuning_times_real_steps() {
    let sandbox = Sandbox::with_texts();
    let before = sandbox.list("");
    insta::assert_snapshot!(plan(&sandbox, "--set budget.wall=1m"), @"
    reviews  text-classification with [FOLDER]/model on [FOLDER]/reviews.csv
    data      36 examples to train on, 12 to compare trials on
    epoch     36 samples
    rungs     4 epochs (144 samples)
    slots  [MEASURED]
    memory  [MEASURED]
    full run  [MEASURED]
    budget  [MEASURED]
    forecast  [MEASURED]
    the first 4 configurations, while no result is known:
      0  learning_rate 0.0003, batch_size 8, freeze_depth 0 (points_to_evaluate)
      1  learning_rate 0.0009, batch_size 8, freeze_depth 0 (points_to_evaluate)
      2  learning_rate 0.003, batch_size 8, freeze_depth 1 (points_to_evaluate)
      3  learning_rate 0.00214, batch_size 4, freeze_depth 1 (random)
    from trial 2 on, results that are known by then may change them
    ");
    assert_eq!(sandbox.list(""), before);
    let json = sandbox
        .run("plan space.yaml --set budget.wall=1m --json")
        .expect_code(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let seconds = json["full_run"]["median"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 60.0, "{json}");
    assert!(json["full_runs"].as_f64().unwrap() >= 1.0, "{json}");
    let memory = json["memory"]["greatest"].as_u64().unwrap();
    assert!(memory > 10 << 20 && memory < 1 << 30, "{json}");
    assert_eq!(json["forecast"]["trials"], 4);
}

#[test]
fn a_plan_of_what_cannot_run_is_refused_as_a_search_is() {
    let sandbox = Sandbox::with_spec(&SPHERE.replacen("method:", "metod:", 1));
    let plan = sandbox.run("plan space.yaml").expect_code(2);
    assert_eq!(plan.stdout, "");
    assert_eq!(
        plan.message(),
        sandbox.run("validate space.yaml").expect_code(2).message()
    );
}

#[test]
fn a_search_with_little_time_says_at_the_start_what_it_has_and_soon_what_fits() {
    on_a_quiet_machine(|| {
        let sandbox = Sandbox::with_spec(SPHERE);
        let flags = "--budget 3s --trials 1000 --set function.trial_seconds=0.5";
        let search = sandbox
            .run(&format!("search space.yaml --out study {flags}"))
            .expect_code(0);
        let search = search.says("plan: 0:03 on 2 slots, rungs at 1, 3 and 9 epochs");
        // Half a second and what a busy machine adds.
        search.says("plan: a full run takes about 0.");
    });
}

/// The rows of a study's `rerun.csv`, and the index of a column.
fn rerun_rows(sandbox: &Sandbox, name: &str) -> (Vec<csv::StringRecord>, impl Fn(&str) -> usize) {
    let mut reader = csv::Reader::from_path(sandbox.path(name)).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows = reader.records().map(Result::unwrap).collect();
    (rows, move |name: &str| {
        header.iter().position(|known| known == name).unwrap()
    })
}

#[test]
fn the_best_configurations_are_run_again_and_an_interruption_changes_nothing() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study").expect_code(0);
    let rerun = sandbox.run("rerun study --top 2 --seeds 3").expect_code(0);
    insta::assert_snapshot!(rerun.stdout, @"
    ┌──────┬───────┬───────────────┬─────────────┬─────────┬─────────┬───────┬────────┐
    │ rank ┆ trial ┆ original loss ┆ mean ± se   ┆ min     ┆ max     ┆ seeds ┆ failed │
    ╞══════╪═══════╪═══════════════╪═════════════╪═════════╪═════════╪═══════╪════════╡
    │ 1    ┆ 9     ┆ 0.06483       ┆ 0.06483 ± 0 ┆ 0.06483 ┆ 0.06483 ┆ 3     ┆ 0      │
    │ 2    ┆ 5     ┆ 0.09259       ┆ 0.09259 ± 0 ┆ 0.09259 ┆ 0.09259 ┆ 3     ┆ 0      │
    └──────┴───────┴───────────────┴─────────────┴─────────┴─────────┴───────┴────────┘
    ");
    let leaderboard = sandbox.leaderboard("study/rerun");
    insta::assert_snapshot!(leaderboard, @"
    rank,trial,status,loss,score,best_epoch,metric_mean,metric_se,seeds,test_metric,epochs,max_epochs,rung,stop_reason,origin,config_hash,trainable_parameters,params.x,params.y,params.kind
    1,0,completed,0.06482646536439748,-0.06482646536439748,9,0.06482646536439748,0,3,,9,9,1,max_epochs,repeats,5e7ba791b0ee392a,0,0.39262139797210693,0.0051270378516724046,fancy
    2,2,completed,0.06482646536439748,-0.06482646536439748,9,0.06482646536439748,0,3,,9,9,1,max_epochs,repeats,5e7ba791b0ee392a,0,0.39262139797210693,0.0051270378516724046,fancy
    3,4,completed,0.06482646536439748,-0.06482646536439748,9,0.06482646536439748,0,3,,9,9,1,max_epochs,repeats,5e7ba791b0ee392a,0,0.39262139797210693,0.0051270378516724046,fancy
    4,1,completed,0.09259294134775296,-0.09259294134775296,9,0.09259294134775296,0,3,,9,9,1,max_epochs,repeats,03e4b165e2108df4,0,0.29616689682006836,0.0001917794659677876,fancy
    5,3,completed,0.09259294134775296,-0.09259294134775296,9,0.09259294134775296,0,3,,9,9,1,max_epochs,repeats,03e4b165e2108df4,0,0.29616689682006836,0.0001917794659677876,fancy
    6,5,completed,0.09259294134775296,-0.09259294134775296,9,0.09259294134775296,0,3,,9,9,1,max_epochs,repeats,03e4b165e2108df4,0,0.29616689682006836,0.0001917794659677876,fancy
    ");
    // A study like any other: killed in the middle and called again, it comes to the same.
    let line = "rerun slow --top 2 --seeds 3 --out again";
    sandbox
        .run("search space.yaml --out slow --set function.trial_seconds=0.3")
        .expect_code(0);
    let again = sandbox.path("again");
    let mut begun = sandbox.start(line);
    begun.wait_until("results", || count(&again, "segment_delivered") >= 2);
    begun.signal("KILL");
    begun.finish();
    let finished = sandbox.run(line).expect_code(0);
    assert_eq!(finished.stdout, rerun.stdout);
    assert_eq!(count(&again, "study_resumed"), 1);
    assert_eq!(sandbox.leaderboard("again"), leaderboard);
    // Once more, there is nothing to do but to show it.
    let shown = sandbox.run(line).expect_code(0).says("has ended");
    assert_eq!(shown.stdout, rerun.stdout);
}

#[test]
fn other_seeds_give_other_results_with_a_mean_and_an_error() {
    let sandbox = Sandbox::with_texts();
    sandbox
        .run("search space.yaml --out study --set metric=loss")
        .expect_code(0);
    sandbox.run("rerun study --top 2 --seeds 3 --workers 1").expect_code(0);
    let (rows, column) = rerun_rows(&sandbox, "study/rerun/rerun.csv");
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let number = |name: &str| row[column(name)].parse::<f64>().unwrap();
        assert!(number("standard_error") > 0.0, "{row:?}");
        assert!(
            number("min") < number("mean") && number("mean") < number("max"),
            "{row:?}"
        );
        assert_eq!(number("seeds"), 3.0);
    }
    let means: Vec<f64> = rows.iter().map(|row| row[column("mean")].parse().unwrap()).collect();
    assert!(means.is_sorted(), "{means:?}");
}

#[test]
fn what_has_no_result_cannot_be_run_again() {
    let sandbox = Sandbox::with_texts();
    let flags = "--trials 1 --set parameters.learning_rate=1e30 --set parameters.max_grad_norm=1e30";
    sandbox
        .run(&format!("search space.yaml --out study {flags}"))
        .expect_code(4);
    let rerun = sandbox.run("rerun study").expect_code(2);
    insta::assert_snapshot!(rerun.message(), @"error: no trial of the study in `study` has a value of `accuracy`: there is nothing to run again");
    assert!(!sandbox.path("study/rerun").exists());
}

#[test]
fn a_rerun_does_not_mix_with_another() {
    let sandbox = Sandbox::with_spec(SPHERE);
    sandbox.run("search space.yaml --out study --trials 4").expect_code(0);
    sandbox.run("rerun study --top 1 --seeds 2").expect_code(0);
    let rerun = sandbox.run("rerun study --top 2 --seeds 2").expect_code(2);
    insta::assert_snapshot!(rerun.message(), @"error: `study/rerun` holds a study of another spec: choose another folder with `--out`, or remove it");
}
