//! Small files of real users and public bug reports that once went wrong, each with what is right. The files are of the shared test
//! data; the same behaviour is tested elsewhere on files of our own.

use std::process::Command;

use crate::support::{Outcome, Sandbox, events, on_a_quiet_machine, shared};

/// A sandbox with the files of a case.
fn case(name: &str) -> Option<Sandbox> {
    let folder = shared(&format!("../cases/turn2/{name}"))?;
    let sandbox = Sandbox::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        sandbox.write(
            &path.file_name().unwrap().to_string_lossy(),
            std::fs::read(&path).unwrap(),
        );
    }
    Some(sandbox)
}

/// The outcome of a shell line in which `automl` is the program.
fn shell(sandbox: &Sandbox, line: &str) -> Outcome {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &line.replace("automl ", &format!("{} ", env!("CARGO_BIN_EXE_automl"))),
    ]);
    sandbox.start_command(sandbox.prepare(command), line).finish()
}

/// A case that is searched to its end, with exit code 0.
fn searched(name: &str, spec: &str) -> Option<Sandbox> {
    let sandbox = case(name)?;
    sandbox.run(&format!("search {spec} --out o -q")).expect_code(0);
    Some(sandbox)
}

/// The values of a column of the leaderboard, best first.
fn column(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let text = sandbox.leaderboard("o");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap();
    let index = header.iter().position(|known| known == name);
    let index = index.unwrap_or_else(|| panic!("no column {name} in {header:?}"));
    reader.records().map(|row| row.unwrap()[index].to_owned()).collect()
}

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values
}

/// The messages of failures in the journal.
fn failures(sandbox: &Sandbox) -> Vec<(String, String)> {
    let mut waiting: Vec<serde_json::Value> = events(&sandbox.path("o"));
    let mut found = Vec::new();
    while let Some(value) = waiting.pop() {
        if let (Some(kind), Some(message)) = (value["kind"].as_str(), value["message"].as_str()) {
            found.push((kind.to_owned(), message.to_owned()));
        }
        match value {
            serde_json::Value::Object(object) => waiting.extend(object.into_iter().map(|(_, value)| value)),
            serde_json::Value::Array(list) => waiting.extend(list),
            _ => {}
        }
    }
    found
}

#[test]
fn ask_tell_takes_pythons_nan_for_a_failed_run() {
    let Some(sandbox) = case("ask-tell-nan") else { return };
    let said = shell(&sandbox, "automl ask-tell < messages.jsonl")
        .expect_code(0)
        .stdout;
    let answers: Vec<&str> = said.lines().collect();
    assert_eq!(answers[2], r#"{"stop":true}"#, "{said}");
}

#[test]
fn ask_tell_refuses_unknown_keys() {
    let Some(sandbox) = case("ask-tell-unknown-keys") else {
        return;
    };
    let said = shell(&sandbox, "automl ask-tell < messages.jsonl")
        .expect_code(0)
        .stdout;
    assert!(said.starts_with(r#"{"error":"#) && said.contains("stepp"), "{said}");
}

#[test]
fn conversion_keeps_what_flaml_knows_of_costs_and_points() {
    let Some(sandbox) = case("convert-flaml-low-cost") else {
        return;
    };
    let spec = sandbox.run("convert --from ray tune.py").expect_code(0).stdout;
    assert!(spec.contains("low_cost: 1"), "{spec}");
    assert!(spec.contains("points_to_evaluate:") && spec.contains("x: 5"), "{spec}");
}

#[test]
fn conversion_knows_median_stopping_and_populations() {
    let Some(sandbox) = case("convert-median-and-pbt") else {
        return;
    };
    let optuna = sandbox.run("convert --from optuna optuna.py").expect_code(0).stdout;
    assert!(optuna.contains("early_terminate: {type: median"), "{optuna}");
    let katib = sandbox
        .run("convert --from katib experiment.yaml")
        .expect_code(0)
        .stdout;
    assert!(katib.contains("type: median") || katib.contains("type: pbt"), "{katib}");
    assert!(katib.contains("command:"), "{katib}");
}

#[test]
fn a_report_of_many_parameters_keeps_the_deadline() {
    on_a_quiet_machine(|| {
        let Some(sandbox) = case("deadline-and-report") else {
            return;
        };
        let search = sandbox.run("search space.yaml --out o -q").expect_code(0);
        // The budget is five seconds, and the end comes at most two later; the machine of the test may be slow.
        assert!(search.seconds.as_secs_f64() < 15.0, "{:?}", search.seconds);
    });
}

#[test]
fn decimals_add_up_as_they_are_written() {
    let Some(sandbox) = searched("decimal-grid-equality", "space.yaml") else {
        return;
    };
    assert_eq!(column(&sandbox, "trial").len(), 66);
}

#[test]
fn a_program_that_stops_early_by_its_own_rule_keeps_its_result() {
    let Some(sandbox) = searched("early-stop-own-rule", "space.yaml") else {
        return;
    };
    assert_eq!(column(&sandbox, "params.x")[0], "1");
    assert!(!column(&sandbox, "status").contains(&"failed".to_owned()));
}

#[test]
fn a_minimum_of_epochs_alone_lacks_a_maximum() {
    let Some(sandbox) = case("epochs-min-alone") else {
        return;
    };
    // A command has no default: the message says what is missing.
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("`epochs` lacks `max`");
}

#[test]
fn fractions_of_epochs_are_named_as_what_is_wrong() {
    let Some(sandbox) = case("fractional-epoch-message") else {
        return;
    };
    sandbox.run("search space.yaml --out o -q");
    let failures = failures(&sandbox);
    assert!(failures[0].1.contains("0.99"), "{failures:?}");
}

#[test]
fn negated_scores_are_better_when_they_are_larger() {
    let Some(sandbox) = case("goal-of-negated-scorer") else {
        return;
    };
    let begun = sandbox.run("search space.yaml --out o -q");
    if begun.code == Some(0) {
        assert_eq!(column(&sandbox, "params.x")[0], "0.1");
    } else {
        // A question which way is right too.
        begun.expect_code(2).says("goal");
    }
    let explicit = sandbox.run("validate explicit.yaml").expect_code(0);
    assert!(!explicit.stderr.contains("worst trial wins"), "{}", explicit.stderr);
}

#[test]
fn a_memory_error_that_was_handled_is_none() {
    let Some(sandbox) = case("handled-memory-error") else {
        return;
    };
    sandbox.run("search space.yaml --out o -q").expect_code(4);
    for (kind, message) in failures(&sandbox) {
        assert_eq!(kind, "crashed");
        assert!(message.contains("ValueError: unknown optimizer"), "{message}");
    }
}

#[test]
fn large_numbers_are_short_in_tables() {
    let Some(sandbox) = searched("large-numbers-in-tables", "space.yaml") else {
        return;
    };
    let table = sandbox.run("leaderboard o").expect_code(0).stdout;
    assert!(table.contains("3.2e300"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() < 100), "{table}");
}

#[test]
fn cells_of_markdown_are_escaped() {
    let Some(sandbox) = searched("markdown-cells", "space.yaml") else {
        return;
    };
    let table = sandbox.run("leaderboard o --format md").expect_code(0).stdout;
    assert!(table.contains(r"a\|b") && !table.contains("<b>"), "{table}");
    assert_eq!(table.trim_end().lines().count(), 2 + 3, "{table}");
}

#[test]
fn a_metric_may_be_called_like_a_column() {
    let Some(sandbox) = searched("metric-named-like-a-column", "space.yaml") else {
        return;
    };
    let header = sandbox.leaderboard("o").lines().next().unwrap().to_owned();
    let mut names: Vec<&str> = header.split(',').collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{header}");
    let json = sandbox.run("leaderboard o --json").expect_code(0).stdout;
    assert!(json.contains("\"metrics.score\": 0.1"), "{json}");
}

#[test]
fn many_values_are_taken() {
    let Some(sandbox) = case("more-than-1000-values") else {
        return;
    };
    sandbox.run("validate space.yaml").expect_code(0);
}

#[test]
fn multiples_stay_within_the_bounds_of_nni() {
    let Some(sandbox) = case("nni-quniform-below-low") else {
        return;
    };
    let spec = sandbox
        .run("convert --from nni search_space.json")
        .expect_code(0)
        .stdout;
    assert!(!spec.contains("min: 0,"), "{spec}");
    assert!(spec.contains("[1, 3, 6, 9]"), "{spec}");
}

#[test]
fn every_spelling_of_a_lost_loss_is_understood() {
    let Some(sandbox) = searched("non-finite-spellings", "space.yaml") else {
        return;
    };
    let (xs, statuses, epochs) = (
        column(&sandbox, "params.x"),
        column(&sandbox, "status"),
        column(&sandbox, "epochs"),
    );
    let of = |x: &str| xs.iter().position(|known| known == x).unwrap();
    assert_eq!(statuses[of("1")], "failed");
    assert_eq!(epochs[of("2")].parse::<f64>().unwrap(), 9.0);
    assert!(failures(&sandbox).iter().all(|(kind, _)| kind == "diverged"));
}

#[test]
fn a_script_that_is_not_there_is_found_before_anything_is_spent() {
    let Some(sandbox) = case("nothing-but-failures") else {
        return;
    };
    for verb in ["validate space.yaml", "search space.yaml --out o"] {
        sandbox.run(verb).expect_code(2).says("missing.py");
    }
    assert!(!sandbox.path("o").exists());
}

#[test]
fn a_search_without_a_feasible_trial_fails() {
    let Some(sandbox) = case("nothing-feasible-passes") else {
        return;
    };
    let search = sandbox
        .run("search space.yaml --out o --summary md --junit o.xml")
        .expect_code(4)
        .says("no trial fulfils `latency <= 5`");
    assert!(search.stdout.contains("failed"), "{}", search.stdout);
    assert!(sandbox.read("o.xml").contains("<failure"));
    sandbox.run("best o --format args").says("latency <= 5");
}

#[test]
fn quantised_values_are_multiples() {
    let Some(sandbox) = searched("q-is-a-multiple", "sweep.yaml") else {
        return;
    };
    let mut sizes: Vec<u64> = column(&sandbox, "params.batch_size")
        .iter()
        .map(|size| size.parse().unwrap())
        .collect();
    sizes.sort_unstable();
    // W&B rounds to a multiple; what lies outside of the bounds is brought back to them.
    assert!(
        sizes.iter().all(|size| size % 16 == 0 || *size == 1 || *size == 100),
        "{sizes:?}"
    );
    assert!([16, 32, 96].iter().all(|size| sizes.contains(size)), "{sizes:?}");
}

#[test]
fn values_of_different_types_are_different() {
    let Some(sandbox) = searched("same-words-other-types", "space.yaml") else {
        return;
    };
    assert_eq!(column(&sandbox, "trial").len(), 5);
}

#[test]
fn a_sweep_over_seeds_alone_runs() {
    let Some(sandbox) = case("sweep-over-seeds-only") else {
        return;
    };
    sandbox.run("validate sweep.yaml").expect_code(0);
    sandbox.run("search sweep.yaml --out o -q").expect_code(0);
    assert_eq!(column(&sandbox, "trial").len(), 3);
}

#[test]
fn a_tokenizer_that_does_not_fit_its_model_is_found_by_validate() {
    let Some(sandbox) = case("tokenizer-beyond-model") else {
        return;
    };
    let made = shell(&sandbox, "python3 make.py");
    if made.code != Some(0) {
        println!("skipped: make.py needs packages that are not here: {}", made.stderr);
        return;
    }
    sandbox.run("validate space.yaml").expect_code(2).says("30522");
}

#[test]
fn booleans_reach_a_script_as_python_writes_them() {
    let Some(sandbox) = searched("wandb-booleans-as-python", "sweep.yaml") else {
        return;
    };
    let losses: Vec<f64> = column(&sandbox, "loss")
        .iter()
        .map(|loss| loss.parse().unwrap())
        .collect();
    for expected in [0.1, 0.2, 1.1, 1.2] {
        assert!(losses.iter().any(|loss| (loss - expected).abs() < 1e-9), "{losses:?}");
    }
}

#[test]
fn lists_reach_a_script_as_python_writes_them() {
    let Some(sandbox) = searched("wandb-list-values", "sweep.yaml") else {
        return;
    };
    assert_eq!(sorted(column(&sandbox, "params.layers")), ["[32,64,128]", "[8,16]"]);
}

#[test]
fn all_macros_of_arguments_are_known() {
    let Some(sandbox) = case("wandb-more-args-macros") else {
        return;
    };
    // The script itself is not part of the case.
    sandbox.write("train.py", "");
    sandbox.run("validate sweep.yaml").expect_code(0);
}

#[test]
fn a_very_wide_range_is_searched_within_its_bounds() {
    let Some(sandbox) = searched("wide-log-range", "space.yaml") else {
        return;
    };
    let values: Vec<f64> = column(&sandbox, "params.x")
        .iter()
        .map(|x| x.parse().unwrap())
        .collect();
    assert_eq!(values.len(), 25);
    assert!(values.iter().all(|x| (1e-300..=1e300).contains(x)), "{values:?}");
    sandbox.run("resume o").expect_code(0);
}

#[test]
fn anchors_and_aliases_are_yaml() {
    let Some(sandbox) = case("yaml-aliases") else { return };
    sandbox.write("train.py", "");
    sandbox.run("validate sweep.yaml").expect_code(0);
}

#[test]
fn numbers_of_other_bases_are_numbers() {
    let Some(sandbox) = searched("yaml-numbers", "space.yaml") else {
        return;
    };
    let mut masks = sorted(column(&sandbox, "params.mask"));
    masks.dedup();
    assert_eq!(masks, ["15", "16", "32"]);
    assert_eq!(column(&sandbox, "trial").len(), masks.len() * 3);
}
