//! Programs as trials, in the ways in which other people's programs behave: what they print, when they end, what they are told.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;

use crate::support::{Sandbox, count, eventually, processes};

/// The rows of a leaderboard, by column.
fn rows(leaderboard: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(leaderboard.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned));
        cells.collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// A spec whose trials are lines for a shell.
fn shell(line: &str, rest: &str) -> Sandbox {
    Sandbox::with_spec(&format!(
        "command: {{shell: '{line}'}}\nmethod: grid\nresources: {{workers: 1, logical_workers: 1}}\n{rest}\n"
    ))
}

const LOSS: &str = "metric: {name: loss, goal: minimize}\n";

#[test]
fn a_program_that_ends_by_a_rule_of_its_own_is_complete_and_may_win() {
    for scheduler in ["asha", "median", "hyperband", "successive_halving", "pasha", "none"] {
        let sandbox = Sandbox::with_spec(&format!(
            "command: [sh, train.sh]\n{LOSS}method: grid\nparameters: {{x: {{values: [1, 2, 3, 4, 5, 6]}}}}\nepochs: {{min: 1, max: 27}}\n\
             early_terminate: {{type: {scheduler}}}\nresources: {{logical_workers: 1}}\n"
        ));
        // Four epochs, then it has seen enough.
        sandbox.write(
            "train.sh",
            "at=$(cat \"$AUTOML_CHECKPOINT/at\" 2>/dev/null || echo 0)\n\
             while [ $at -lt $AUTOML_EPOCHS ] && [ $at -lt 4 ]; do\n  at=$((at + 1))\n  echo \"{\\\"epoch\\\": $at, \\\"loss\\\": $AUTOML_PARAM_X}\"\n  \
             echo $at > \"$AUTOML_CHECKPOINT/at\"\ndone\n",
        );
        sandbox.run("search space.yaml --out study -q").expect_code(0);
        let rows = rows(&sandbox.leaderboard("study"));
        assert!(
            rows.iter().all(|row| row["status"] != "failed"),
            "{scheduler}: {rows:?}"
        );
        assert_eq!(
            (rows[0]["trial"].as_str(), rows[0]["loss"].as_str()),
            ("0", "1"),
            "{scheduler}"
        );
        assert_eq!(rows[0]["status"], "completed", "{scheduler}");
    }
}

#[test]
fn every_spelling_of_what_is_no_number_is_diverged() {
    let values = "nan -nan inf -inf NaN 1e400";
    let line = "set -- nan -nan inf -inf NaN 1e400; shift $AUTOML_PARAM_X; \
                echo \"{\\\"epoch\\\": 1, \\\"loss\\\": 0.01}\"; echo \"{\\\"epoch\\\": 2, \\\"loss\\\": $1, \\\"other\\\": 1}\"";
    let sandbox = shell(
        line,
        &format!(
            "{LOSS}parameters: {{x: {{min: 0, max: 5}}}}\nepochs: {{min: 2, max: 4}}\nbudget: {{max_failures: 0}}"
        ),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let rows = rows(&sandbox.leaderboard("study"));
    assert_eq!(rows.len(), values.split(' ').count());
    for row in rows {
        assert_eq!(
            (row["status"].as_str(), row["stop_reason"].as_str()),
            ("failed", "diverged"),
            "{row:?}"
        );
        assert_eq!(row["loss"], "0.01", "what it had measured counts: {row:?}");
    }
}

#[test]
fn what_was_said_instead_of_metrics_is_named() {
    for (printed, cause) in [
        (
            "echo \"{\\\"epoch\\\": 0.99, \\\"loss\\\": 0.3}\"",
            "only fractions of epochs such as 0.99",
        ),
        ("echo \"INFO {\\\"loss\\\": 0.3}\"", "behind other words in the line"),
        ("echo \"{\\\"losses\\\": [0.3]}\"", "within lists"),
        ("echo \"{\\\"loss\\\": \\\"0.3\\\"}\"", "without quotation marks"),
        ("echo hello", "no line of JSON with numbers"),
    ] {
        let sandbox = shell(
            printed,
            &format!("{LOSS}parameters: {{x: {{values: [1]}}}}\nepochs: {{min: 1, max: 9}}"),
        );
        sandbox.run("search space.yaml --out study -q").expect_code(4);
        let journal = sandbox.read("study/journal.jsonl");
        assert!(journal.contains(cause), "{printed}: {journal}");
    }
}

#[test]
fn nothing_that_fulfils_the_constraints_is_no_success() {
    let sandbox = shell(
        "echo \"{\\\"loss\\\": 0.$AUTOML_PARAM_X, \\\"latency\\\": 1$AUTOML_PARAM_X}\"",
        &format!("{LOSS}metric_constraints: [\"latency <= 5\"]\nparameters: {{x: {{values: [1, 2, 3]}}}}"),
    );
    let search = sandbox
        .run("search space.yaml --out study --summary md --junit study.xml")
        .expect_code(4);
    assert!(
        search.stdout.contains("| constraints | **failed** | no trial fulfils"),
        "{}",
        search.stdout
    );
    assert!(
        search.stderr.contains("no trial fulfils `latency <= 5`"),
        "{}",
        search.stderr
    );
    assert!(sandbox.read("study.xml").contains("<failure"));
    assert!(
        sandbox
            .read("study/best.yaml")
            .starts_with("# Warning: no trial fulfils")
    );
    sandbox
        .run("best study --format args")
        .expect_code(4)
        .says("no trial fulfils");
    assert!(
        sandbox
            .run("status study")
            .expect_code(0)
            .stdout
            .contains("no trial fulfils")
    );
    // One that does is.
    sandbox
        .run("search space.yaml --out other --set metric_constraints=[\"latency<=12\"]")
        .expect_code(0);
}

#[test]
fn a_metric_may_be_called_like_a_column() {
    for name in ["score", "epochs", "seeds", "status", "trial"] {
        let sandbox = shell(
            &format!("echo \"{{\\\"{name}\\\": 0.$AUTOML_PARAM_X}}\""),
            &format!("metric: {{name: {name}, goal: minimize}}\nparameters: {{x: {{values: [1, 2, 3]}}}}"),
        );
        sandbox.run("search space.yaml --out study -q").expect_code(0);
        let leaderboard = sandbox.leaderboard("study");
        let header: Vec<&str> = leaderboard.lines().next().unwrap().split(',').collect();
        let column = format!("metrics.{name}");
        assert_eq!(header.iter().filter(|other| **other == column).count(), 1, "{header:?}");
        let unique: std::collections::BTreeSet<&&str> = header.iter().collect();
        assert_eq!(unique.len(), header.len(), "{header:?}");
        assert_eq!(rows(&leaderboard)[0][&column], "0.1");
        let json = sandbox.run("leaderboard study --json").expect_code(0).stdout;
        assert!(json.contains(&format!("\"{column}\": 0.1")), "{json}");
        sandbox
            .run("search space.yaml --out again -q --baseline study/leaderboard.csv")
            .expect_code(0);
    }
}

#[test]
fn a_negated_scorer_is_maximised_and_nobody_is_told_that_this_is_wrong() {
    let sandbox = shell(
        "echo \"{\\\"neg_log_loss\\\": -$AUTOML_PARAM_X}\"",
        "metric: neg_log_loss\nparameters: {x: {values: [0.1, 0.5, 2.0]}}",
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert_eq!(rows(&sandbox.leaderboard("study"))[0]["params.x"], "0.1");
    let explicit = sandbox
        .read("space.yaml")
        .replace("metric: neg_log_loss", "metric: {name: neg_log_loss, goal: maximize}");
    sandbox.write("explicit.yaml", explicit);
    let explicit = sandbox.run("validate explicit.yaml").expect_code(0);
    assert!(!explicit.stderr.contains("worst trial wins"), "{}", explicit.stderr);
    sandbox
        .run("validate space.yaml --set metric=perplexity_score")
        .expect_code(2)
        .says("should `perplexity_score` be maximized or minimized?");
}

#[test]
fn values_of_other_types_are_other_configurations() {
    let sandbox = shell(
        "echo \"{\\\"loss\\\": 1}\"",
        &format!("{LOSS}parameters: {{x: {{values: [1, \"1\", true, \"true\", 2]}}}}"),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert_eq!(rows(&sandbox.leaderboard("study")).len(), 5);
}

#[test]
fn a_distance_gives_multiples_of_it() {
    let values = |parameter: &str| {
        let sandbox = shell(
            "echo \"{\\\"loss\\\": $AUTOML_PARAM_N}\"",
            &format!("{LOSS}parameters: {{n: {parameter}}}"),
        );
        sandbox.run("search space.yaml --out study -q").expect_code(0);
        let rows = rows(&sandbox.leaderboard("study"));
        rows.iter().map(|row| row["params.n"].clone()).collect::<Vec<_>>()
    };
    let sixteens = ["16", "32", "48", "64", "80", "96"];
    assert_eq!(
        values("{distribution: q_log_uniform_values, min: 1, max: 100, q: 16}"),
        sixteens
    );
    assert_eq!(
        values("{distribution: q_uniform, min: 1, max: 10, q: 3}"),
        ["3", "6", "9"]
    );
    assert_eq!(values("{min: 0.04, max: 0.31, q: 0.1}"), ["0.1", "0.2", "0.3"]);
}

#[test]
fn large_numbers_and_odd_texts_stay_in_their_cells() {
    let sandbox = shell(
        "echo \"{\\\"loss\\\": 3.2e300}\"",
        &format!("{LOSS}parameters: {{\"p|q\": {{values: [\"a|b\", \"x<y>\"]}}}}"),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let table = sandbox.run("leaderboard study").expect_code(0).stdout;
    assert!(
        table.contains("3.2e300") && table.lines().all(|line| line.chars().count() < 200),
        "{table}"
    );
    let markdown = sandbox.run("leaderboard study --format md").expect_code(0).stdout;
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let expected = cells(markdown.lines().next().unwrap());
    assert_eq!(markdown.lines().count(), 4, "{markdown}");
    assert!(markdown.lines().all(|line| cells(line) == expected), "{markdown}");
    assert!(
        markdown.contains("a\\|b") && markdown.contains("x&lt;y>") && markdown.contains("p\\|q"),
        "{markdown}"
    );
}

#[test]
fn a_program_that_cannot_work_ends_the_study_soon() {
    let sandbox = Sandbox::with_spec(&format!(
        "command: [sh, train.sh]\n{LOSS}method: random\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\nbudget: {{wall: 10m}}\n"
    ));
    sandbox.run("validate space.yaml").expect_code(2).says("`train.sh`");
    sandbox.write("train.sh", "exit 1");
    sandbox
        .run("search space.yaml --out study")
        .expect_code(4)
        .says("the first trials all failed alike");
    let rows_before = rows(&sandbox.leaderboard("study")).len();
    assert!((5..=20).contains(&rows_before), "{rows_before}");
    // The error is fixed: the study continues.
    sandbox.write("train.sh", "echo '{\"loss\": 1}'");
    let mut resumed = sandbox.start("resume study");
    let done = || count(&sandbox.path("study"), "segment_ended") > rows_before + 3;
    resumed.wait_until("results", done);
    resumed.signal("INT");
    resumed.finish().expect_code(130);
    assert!(rows(&sandbox.leaderboard("study"))[0]["loss"] == "1");
}

#[test]
fn words_of_a_sweep_are_those_of_weights_and_biases() {
    let told = |macro_word: &str| {
        let sandbox = Sandbox::with_spec(&format!(
            "program: train.sh\ncommand: [sh, \"${{program}}\", \"{macro_word}\"]\n{LOSS}method: grid\nresources: {{workers: 1, logical_workers: 1}}\nparameters:\n  \
             flag: {{values: [true, false]}}\n  lr: {{value: 1.0e-05}}\n  seed: {{value: 3}}\n  name: {{value: a b}}\n"
        ));
        sandbox.write(
            "train.sh",
            "printf '[%s]' \"$@\" >> told; echo >> told; echo '{\"loss\": 1}'\n",
        );
        sandbox.run("search space.yaml --out study -q").expect_code(0);
        let mut lines: Vec<String> = sandbox.read("told").lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        told("${args}"),
        [
            "[--flag=False][--lr=1e-05][--name=a b][--seed=3]",
            "[--flag=True][--lr=1e-05][--name=a b][--seed=3]"
        ]
    );
    assert_eq!(
        told("${args_no_boolean_flags}"),
        [
            "[--flag][--lr=1e-05][--name=a b][--seed=3]",
            "[--lr=1e-05][--name=a b][--seed=3]"
        ]
    );
    assert_eq!(
        told("${args_no_equals}")[0],
        "[--flag][False][--lr][1e-05][--name][a b][--seed][3]"
    );
    assert_eq!(
        told("${args_append_hydra}")[0],
        "[+flag=False][+lr=1e-05][+name=a b][+seed=3]"
    );
    assert_eq!(
        told("${args_override_hydra}")[0],
        "[++flag=False][++lr=1e-05][++name=a b][++seed=3]"
    );
    assert_eq!(
        told("${args_json}")[0],
        "[{\"flag\": false, \"lr\": 1e-05, \"name\": \"a b\", \"seed\": 3}]"
    );
    assert_eq!(told("${envvar:NOT_SET_ANYWHERE}")[0], "[NOT_SET_ANYWHERE]");
}

#[test]
fn a_sweep_over_seeds_is_one() {
    let sandbox = shell(
        "echo \"{\\\"loss\\\": $AUTOML_PARAM_SEED}\"",
        &format!("{LOSS}parameters: {{seed: {{values: [1, 2, 3]}}}}"),
    );
    sandbox.run("validate space.yaml").expect_code(0);
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert_eq!(rows(&sandbox.leaderboard("study")).len(), 3);
    // Fine-tuning has a seed of its own: nothing is left to search, and nothing is left behind.
    let texts = Sandbox::with_texts();
    let only_seeds = texts.read("space.yaml").replace(
        "  learning_rate: {min: 1e-4, max: 1e-1, log: true}\n  batch_size: {values: [4, 8], ordered: true}\n  freeze_depth: {min: 0, max: 2}\n",
        "  seed: {values: [1, 2]}\n",
    );
    texts.write("space.yaml", only_seeds);
    texts
        .run("validate space.yaml")
        .expect_code(2)
        .says("there are no `parameters` to search");
}

#[test]
fn a_spec_may_be_long_and_use_what_yaml_has() {
    let list = (0..10_000)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let sandbox = Sandbox::with_spec(&format!(
        "function: sphere\nmethod: random\nepochs: 1\nbudget: {{trials: 5}}\nparameters:\n  vocabulary: {{values: [{list}]}}\n"
    ));
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let points = "{vocabulary: 3}, ".repeat(10_000);
    sandbox.run("validate space.yaml").expect_code(0);
    sandbox.write(
        "points.yaml",
        format!("function: sphere\nbudget: {{trials: 5}}\nparameters: {{vocabulary: {{min: 0, max: 9}}}}\npoints_to_evaluate: [{points}]\n"),
    );
    sandbox.run("validate points.yaml").expect_code(0);
    sandbox.write(
        "numbers.yaml",
        "function: sphere\nmethod: grid\nepochs: 1\nparameters:\n  mask: {values: [0x10, 0x20, 0o17]}\n  steps: {min: 1_000, max: 2_000, q: 500}\n",
    );
    sandbox.run("search numbers.yaml --out numbers -q").expect_code(0);
    let rows = rows(&sandbox.leaderboard("numbers"));
    assert_eq!(rows.len(), 9);
    assert!(
        rows.iter()
            .all(|row| ["15", "16", "32"].contains(&row["params.mask"].as_str())),
        "{rows:?}"
    );
    sandbox.write(
        "sweep.yaml",
        "function: sphere\nmethod: random\nrun_cap: 4\nparameters:\n  a: &lr {distribution: log_uniform_values, min: 1e-5, max: 1e-2}\n  \
         b: *lr\n  c:\n    <<: *lr\n    max: 1e-1\n",
    );
    sandbox.run("search sweep.yaml --out sweep -q").expect_code(0);
}

#[test]
fn mixtures_of_tenths_are_all_found_and_wide_ranges_stay_finite() {
    let tenths = "{min: 0.0, max: 1.0, q: 0.1}";
    let sandbox = Sandbox::with_spec(&format!(
        "function: sphere\nmethod: grid\nepochs: 1\nparameters: {{a: {tenths}, b: {tenths}, c: {tenths}}}\nconstraints: [\"a + b + c == 1\"]\n"
    ));
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert_eq!(rows(&sandbox.leaderboard("study")).len(), 66);
    for method in ["cma-es", "cfo", "blendsearch", "gp", "tpe"] {
        sandbox.write(
            "wide.yaml",
            format!("function: sphere\nmethod: {method}\nparameters: {{x: {{min: 1e-300, max: 1e300, log: true}}}}\nearly_terminate: none\nbudget: {{trials: 25}}\n"),
        );
        sandbox
            .run(&format!("search wide.yaml --out {method} -q"))
            .expect_code(0);
        assert_eq!(rows(&sandbox.leaderboard(method)).len(), 25, "{method}");
    }
}

#[test]
fn epochs_with_a_min_alone_are_explained() {
    let sandbox = shell(
        "echo \"{\\\"epoch\\\": 1, \\\"loss\\\": 1}\"",
        &format!("{LOSS}parameters: {{x: {{values: [1]}}}}\nepochs: {{min: 2}}"),
    );
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("`epochs` lacks `max`");
}

#[test]
fn a_study_that_is_taken_away_ends_with_an_error() {
    for gone in ["journal.jsonl", "spec.yaml"] {
        let sandbox = shell(
            "sleep 0.05; echo \"{\\\"loss\\\": 1}\"",
            &format!("{LOSS}parameters: {{x: {{min: 1, max: 1000}}}}"),
        );
        let mut search = sandbox.start("search space.yaml --out study");
        search.wait_for_events(&sandbox.path("study"), 8);
        std::fs::remove_file(sandbox.path("study").join(gone)).unwrap();
        search.finish().expect_code(2).says("was removed or emptied");
    }
}

#[test]
fn two_processes_never_write_one_journal() {
    let sandbox = shell(
        "sleep 0.05; echo \"{\\\"loss\\\": 1}\"",
        &format!("{LOSS}parameters: {{x: {{min: 1, max: 60}}}}"),
    );
    let mut search = sandbox.start("search space.yaml --out study");
    search.wait_for_events(&sandbox.path("study"), 8);
    std::fs::remove_file(sandbox.path("study/lock")).unwrap();
    sandbox
        .run("resume study")
        .expect_code(2)
        .says("another process works on the study");
    search.finish().expect_code(0);
    assert_eq!(rows(&sandbox.leaderboard("study")).len(), 60);
}

#[test]
fn a_terminal_that_is_closed_is_an_interruption() {
    let sandbox = shell(
        "sleep 0.05; echo \"{\\\"loss\\\": 1}\"",
        &format!("{LOSS}parameters: {{x: {{min: 1, max: 1000}}}}"),
    );
    // These tests may themselves run under `nohup`, which their children inherit.
    let mut plain = std::process::Command::new("env");
    plain.args([
        "--default-signal=HUP",
        env!("CARGO_BIN_EXE_automl"),
        "search",
        "space.yaml",
    ]);
    plain.args(["--out", "study"]);
    let mut search = sandbox.start_command(sandbox.prepare(plain), "search space.yaml --out study");
    search.wait_for_events(&sandbox.path("study"), 8);
    search.signal("HUP");
    search.finish().expect_code(130);
    let mut nohup = std::process::Command::new("nohup");
    nohup.args([env!("CARGO_BIN_EXE_automl"), "resume", "study"]);
    let mut resumed = sandbox.start_command(sandbox.prepare(nohup), "nohup automl resume study");
    let before = count(&sandbox.path("study"), "segment_ended");
    resumed.wait_until("more", || count(&sandbox.path("study"), "segment_ended") > before);
    resumed.signal("HUP");
    let before = count(&sandbox.path("study"), "segment_ended");
    resumed.wait_until("more after that", || {
        count(&sandbox.path("study"), "segment_ended") > before + 2
    });
    resumed.signal("INT");
    resumed.finish().expect_code(130);
    eventually("nothing is left", || {
        crate::support::processes(&sandbox.path("")).is_empty()
    });
}

#[test]
fn a_log_has_a_limit() {
    let sandbox = shell(
        "head -c 40000000 /dev/zero | tr \"\\\\0\" x | fold -w 1000 >&2; echo \"{\\\"loss\\\": 1}\"",
        &format!("{LOSS}parameters: {{x: {{values: [1]}}}}"),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let length = sandbox.path("study/logs/trial-0.log").metadata().unwrap().len();
    assert!((8_000_000..18_000_000).contains(&length), "{length}");
}

#[test]
fn a_program_takes_lists_mappings_and_nothing_as_weights_and_biases_pass_them() {
    let sandbox = Sandbox::with_spec(&format!(
        "program: train.sh\ncommand: [sh, \"${{program}}\", \"${{args}}\"]\n{LOSS}method: grid\nresources: {{workers: 1, logical_workers: 1}}\n\
         parameters:\n  layers: {{values: [[8, 16], [32, 64, 128]]}}\n  tasks: {{value: [\"mlm\"]}}\n  limit: {{value: null}}\n"
    ));
    sandbox.write(
        "train.sh",
        "printf '[%s]' \"$@\" >> told; echo >> told; echo '{\"loss\": 1}'\n",
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let mut told: Vec<String> = sandbox.read("told").lines().map(str::to_owned).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "[--layers=[32, 64, 128]][--limit=None][--tasks=['mlm']]",
            "[--layers=[8, 16]][--limit=None][--tasks=['mlm']]"
        ]
    );
    assert_eq!(rows(&sandbox.leaderboard("study"))[0]["params.layers"], "[8,16]");
    // The resolved spec can be read again.
    sandbox.run("resume study").expect_code(0);
    let texts = Sandbox::with_texts();
    texts
        .run("validate space.yaml --set parameters.batch_size={values:[[4,8]]}")
        .expect_code(2)
        .says("batch_size");
}

#[test]
fn nothing_that_a_program_leaves_behind_outlives_its_trial() {
    // A daemon as daemons are made: of a session of its own, without a parent.
    let line = r#"setsid sh -c "sleep 300 & exec sleep 300" >/dev/null 2>&1 & echo "{\"epoch\": 1, \"loss\": 1}""#;
    let sandbox = shell(
        line,
        &format!("{LOSS}parameters: {{x: {{values: [1, 2]}}}}\nepochs: {{min: 1, max: 1}}"),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    assert!(processes(&sandbox.path("")).is_empty(), "daemons live on");
    // The same where worker and program are killed.
    let line = r#"setsid sh -c "sleep 300 & exec sleep 300" >/dev/null 2>&1 & sleep 1; kill -9 $PPID; sleep 300"#;
    let sandbox = shell(
        line,
        &format!("{LOSS}parameters: {{x: {{values: [1]}}}}\nepochs: {{min: 1, max: 1}}"),
    );
    sandbox.run("search space.yaml --out study -q").expect_code(4);
    assert!(processes(&sandbox.path("")).is_empty(), "daemons live on");
}

#[test]
fn a_limit_to_the_size_of_files_is_like_a_full_disk() {
    let sandbox = shell(
        r#"echo "{\"epoch\": 1, \"loss\": 1}""#,
        &format!(
            "{LOSS}parameters: {{x: {{min: 0.0, max: 1.0}}}}\nepochs: {{min: 1, max: 1}}\nbudget: {{trials: 40}}\n"
        ),
    );
    let spec = sandbox.read("space.yaml").replace("method: grid", "method: random");
    sandbox.write("space.yaml", spec);
    let mut limited = std::process::Command::new("sh");
    let line = format!(
        "ulimit -f 16; exec {} search space.yaml --out study -q",
        env!("CARGO_BIN_EXE_automl")
    );
    limited.args(["-c", &line]);
    let told = sandbox
        .start_command(sandbox.prepare(limited), &line)
        .finish()
        .expect_code(2);
    assert!(told.stderr.contains("File too large"), "{}", told.stderr);
    // With room, it continues.
    sandbox.run("resume study -q").expect_code(0);
}

/// A sweep's script as people write them: it knows of `wandb` alone.
const SWEPT: &str = r#"
import wandb

defaults = {"learning_rate": 0.5, "layers": 2, "optimizer": {"name": "sgd", "momentum": 0.0}}
run = wandb.init(project="films", config=defaults)
config = wandb.config
assert config.learning_rate == run.config["learning_rate"], config
assert config.layers == 2 and config["optimizer"]["name"] in ("sgd", "adam"), config
wandb.watch(None)
wandb.log({"examples": wandb.Image("picture")})
for epoch in range(3):
    wandb.log({"epoch": epoch, "val": {"loss": config.learning_rate / 2 ** epoch}, "note": "x"})
wandb.finish()
"#;

#[test]
fn a_script_of_a_sweep_finds_its_parameters_without_the_package() {
    let spec = "program: train.py\nwandb: shim\nmethod: grid\nmetric: {name: val.loss, goal: minimize}\nepochs: {min: 1, max: 3}\n\
                command: [python3, \"${program}\"]\n\
                parameters:\n  learning_rate: {values: [0.8, 0.4]}\n  optimizer: {parameters: {name: {values: [adam]}}}\n\
                resources: {workers: 1, logical_workers: 1}\n";
    let sandbox = Sandbox::with_spec(spec);
    sandbox.write("train.py", SWEPT);
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let rows = rows(&sandbox.leaderboard("study"));
    let best = &rows[0];
    assert_eq!(
        (best["params.learning_rate"].as_str(), best["val.loss"].as_str()),
        ("0.4", "0.1"),
        "{rows:?}"
    );
    assert_eq!(best["epochs"], "3");
    // It is only there on request, and no other program takes it.
    sandbox.write("space.yaml", spec.replace("wandb: shim\n", ""));
    sandbox.write("train.py", "import importlib.util, json\nprint(json.dumps({\"val.loss\": 1 if importlib.util.find_spec(\"wandb\") else 0}))\n");
    let hidden = sandbox
        .run("search space.yaml --out other -q --set epochs=1")
        .expect_code(0);
    drop(hidden);
    sandbox.write("space.yaml", format!("wandb: shim\n{}", crate::support::SPHERE));
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("`wandb` does not go together with `function`");
}

#[test]
fn metrics_are_found_in_the_text_that_a_program_prints() {
    let spec = "command: {shell: 'e=$AUTOML_FROM_EPOCH; while [ $e -lt $AUTOML_EPOCHS ]; do e=$((e + 1)); echo \"Epoch $e/9\"; \
                echo \"63/63 - 1s - loss: 7.0 - val_loss: 0.$AUTOML_PARAM_X$((9 - e)).\"; done'}\n\
                metrics: {val_loss: 'val_loss: (\\S+)', epoch: 'Epoch (\\d+)/'}\n\
                metric: {name: val_loss, goal: minimize}\nmethod: grid\nparameters: {x: {values: [1, 2, 3]}}\n\
                epochs: {min: 1, max: 9}\nresources: {logical_workers: 1}\n";
    let sandbox = Sandbox::with_spec(spec);
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    let leaderboard = sandbox.leaderboard("study");
    let best: Vec<&str> = leaderboard.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((best[2], best[3]), ("completed", "0.1"), "{leaderboard}");
    // The log contains the lines that the expressions find, and a study is the same after an interruption.
    assert!(sandbox.read("study/logs/trial-0.log").contains("val_loss: 0.18."));
    let shown = sandbox.run("validate study/spec.yaml").expect_code(0);
    assert!(!shown.stderr.contains("error"), "{}", shown.stderr);
    for (wrong, said) in [
        ("metrics: {val_loss: 'val_loss: \\S+'}", "the expression has no group"),
        ("metrics: {val_loss: '('}", "invalid regular expression"),
        ("metrics: {epoch: '(\\d+)'}", "names no metric"),
    ] {
        let line = spec.lines().find(|line| line.starts_with("metrics:")).unwrap();
        sandbox.write("wrong.yaml", spec.replace(line, wrong));
        sandbox.run("validate wrong.yaml").expect_code(2).says(said);
    }
    let late = spec
        .replace("echo \"Epoch $e/9\"; ", "")
        .replace("$((9 - e)).", "$((9 - e)).\"; echo \"Epoch $e/9");
    assert_ne!(late, spec);
    sandbox.write("late.yaml", late);
    sandbox
        .run("search late.yaml --out late --trials 1")
        .expect_code(4)
        .says("print the epoch first");
    sandbox.write("nothing.yaml", spec.replace("val_loss: (", "other: ("));
    sandbox
        .run("search nothing.yaml --out nothing --trials 1")
        .expect_code(4)
        .says("no line in which an expression of `metrics` finds a number");
}
