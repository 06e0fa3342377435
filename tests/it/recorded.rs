//! `automl ask-tell --out`: a conversation as a study in a folder, which the looking verbs read and a crash does not lose.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::Sandbox;

/// A program that asks and tells.
struct Asker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Asker {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_automl"))
            .args(["ask-tell", "--out", "study"])
            .args(arguments)
            .current_dir(sandbox.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn call(&mut self, message: &Value) -> Value {
        writeln!(self.input, "{message}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {message}: `{line}`"))
    }

    /// Asks, and tells what comes of it up to where that ends; returns what was asked.
    fn run_one(&mut self, told: &mut Vec<(u64, f64)>) -> Value {
        let asked = self.call(&json!({"op": "ask"}));
        let from = asked["from_step"].as_u64().unwrap_or(1);
        self.tell_all(&asked, from, told);
        asked
    }

    fn tell_all(&mut self, asked: &Value, from: u64, told: &mut Vec<(u64, f64)>) {
        let id = asked["id"].as_u64().unwrap();
        for step in from..=asked["to_step"].as_u64().unwrap() {
            let value = value(asked, step);
            let tell = json!({"op": "tell", "id": id, "step": step, "value": value});
            let answer = self.call(&tell);
            if answer.get("error").is_none() {
                told.push((id, value));
            }
            if answer["stop"] == true {
                break;
            }
        }
    }

    /// Asks, tells one value, and returns the configuration.
    fn run_wide(&mut self) -> Value {
        let asked = self.call(&json!({"op": "ask"}));
        self.call(&json!({"op": "tell", "id": asked["id"], "step": 1, "value": 1.0, "final": true}));
        asked["params"].clone()
    }

    fn quit(mut self) {
        assert_eq!(self.call(&json!({"op": "quit"})), json!({"ok": true}));
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The value of a trial after a step: smaller is better.
fn value(asked: &Value, step: u64) -> f64 {
    let rate = asked["params"]["lr"].as_f64().unwrap();
    let is_sgd = asked["params"]["opt"] == "sgd";
    (rate.log10() + 2.0).powi(2) + f64::from(u8::from(is_sgd)) / 4.0 + 1.0 / step as f64
}

fn init(seed: u64) -> Value {
    json!({"op": "init", "seed": seed, "max_step": 9, "budget": 12, "space": [
        {"name": "lr", "type": "float", "low": 1e-5, "high": 1.0, "log": true},
        {"name": "opt", "type": "categorical", "choices": ["sgd", "adam"]},
        {"name": "momentum", "type": "float", "low": 0.0, "high": 1.0, "when": {"param": "opt", "in": ["sgd"]}},
    ]})
}

#[test]
fn a_recorded_conversation_is_a_study_that_the_other_verbs_read() {
    let sandbox = Sandbox::new();
    let mut told = Vec::new();
    let mut program = Asker::start(&sandbox, &[]);
    assert_eq!(program.call(&init(1)), json!({"ok": true, "trials": 0, "running": []}));
    assert!(program.call(&init(2))["error"].as_str().unwrap().contains("one search"));
    for _ in 0..12 {
        program.run_one(&mut told);
    }
    // While the program still asks.
    let status = sandbox.run("status study").expect_code(0);
    assert!(status.stdout.contains("is running"), "{}", status.stdout);
    program.quit();

    let (best, least) = told
        .iter()
        .copied()
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .unwrap();
    let rows: Value =
        serde_json::from_str(&sandbox.run("leaderboard study --format json").expect_code(0).stdout).unwrap();
    assert_eq!(rows[0]["trial"], best);
    assert_eq!(rows[0]["value"].as_f64().unwrap(), least);
    let shown = sandbox.run("best study --format json").expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert!(shown.to_string().contains("\"lr\""), "{shown}");
    let csv = std::fs::read_to_string(sandbox.path("study/leaderboard.csv")).unwrap();
    let trials = rows.as_array().unwrap().len();
    assert_eq!(csv.lines().count(), trials + 1);
    for verb in [
        "report study",
        "importance study",
        "status study --json",
        "compare study study",
    ] {
        sandbox.run(verb).expect_code(0);
    }
    assert!(sandbox.path("study/report.html").is_file());
    let status = sandbox.run("status study").expect_code(0);
    assert!(
        status.stdout.contains("`automl ask-tell --out study` continues it"),
        "{}",
        status.stdout
    );
    // Nothing of ours can run such trials.
    for verb in [
        "resume study",
        "search study/spec.yaml --out other",
        "plan study/spec.yaml",
    ] {
        let outcome = sandbox.run(verb).expect_code(2);
        assert!(
            outcome.message().contains("automl ask-tell --out DIR"),
            "{}",
            outcome.message()
        );
    }
    assert!(!sandbox.path("other").exists());
}

#[test]
fn a_conversation_goes_on_after_a_kill_as_if_nothing_had_happened() {
    for method in ["auto", "tpe", "blendsearch"] {
        let whole = Sandbox::new();
        let mut asked = Vec::new();
        let mut program = Asker::start(&whole, &["--method", method]);
        program.call(&init(3));
        for _ in 0..14 {
            asked.push(program.run_one(&mut Vec::new()));
        }
        program.quit();

        let broken = Sandbox::new();
        let mut program = Asker::start(&broken, &["--method", method]);
        program.call(&init(3));
        for expected in &asked[..6] {
            assert_eq!(&program.run_one(&mut Vec::new()), expected, "{method}");
        }
        // Killed in the middle of a trial of which one step was told.
        let half = program.call(&json!({"op": "ask"}));
        assert_eq!(half, asked[6], "{method}");
        let from = half["from_step"].as_u64().unwrap_or(1);
        let first = json!({"op": "tell", "id": half["id"], "step": from, "value": value(&half, from)});
        let stops = program.call(&first)["stop"] == true;
        program.kill();

        let mut program = Asker::start(&broken, &["--method", method]);
        let begun = program.call(&init(3));
        assert_eq!(
            begun["running"].as_array().unwrap().len(),
            usize::from(!stops),
            "{begun}"
        );
        for out in begun["running"].as_array().unwrap() {
            assert_eq!((&out["id"], &out["params"]), (&half["id"], &half["params"]), "{begun}");
            assert_eq!(out["from_step"], from + 1, "{begun}");
            program.tell_all(&half, from + 1, &mut Vec::new());
        }
        for expected in &asked[7..] {
            assert_eq!(&program.run_one(&mut Vec::new()), expected, "{method}");
        }
        program.quit();
        let rows = |sandbox: &Sandbox| {
            let shown = sandbox.run("leaderboard study --format csv --no-timing").expect_code(0);
            shown.stdout
        };
        assert_eq!(rows(&whole), rows(&broken), "{method}");
    }
}

#[test]
fn another_search_in_the_same_folder_is_refused_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let mut program = Asker::start(&sandbox, &[]);
    program.call(&init(1));
    program.run_one(&mut Vec::new());
    program.quit();
    let journal = sandbox.path("study/journal.jsonl");
    let before = std::fs::read(&journal).unwrap();
    let mut program = Asker::start(&sandbox, &[]);
    let answer = program.call(&init(2));
    assert!(
        answer["error"].as_str().unwrap().contains("holds another search"),
        "{answer}"
    );
    assert!(program.call(&json!({"op": "ask"}))["error"].is_string());
    program.kill();
    assert_eq!(std::fs::read(&journal).unwrap(), before);

    let full = Sandbox::new();
    std::fs::create_dir(full.path("study")).unwrap();
    std::fs::write(full.path("study/notes.txt"), "mine").unwrap();
    let mut program = Asker::start(&full, &[]);
    let answer = program.call(&init(1));
    assert!(answer["error"].as_str().unwrap().contains("is not empty"), "{answer}");
    program.kill();
}

#[test]
fn every_method_and_scheduler_can_be_recorded_and_taken_up_again() {
    let words = |flag: &str| -> Vec<String> {
        let outcome = Sandbox::new()
            .run(&format!("ask-tell {flag} nothing-like-it"))
            .expect_code(2);
        let message = outcome.message().trim_end().to_owned();
        let (_, known) = message.split_once("supported: ").expect("all are listed");
        known.split(", ").map(str::to_owned).collect()
    };
    let finite = json!({"op": "init", "max_step": 9, "objectives": ["minimize"], "space": [
        {"name": "lr", "type": "categorical", "choices": [0.1, 0.01, 1e-3, 1e-4]},
        {"name": "opt", "type": "categorical", "choices": ["sgd", "adam", "true", "1", "null", "a: b", ""]},
        {"name": "units", "type": "int", "low": -3, "high": 512, "step": 5},
    ]});
    let flags = words("--method").into_iter().map(|name| ["--method".to_owned(), name]);
    let flags = flags.chain(
        words("--scheduler")
            .into_iter()
            .map(|name| ["--scheduler".to_owned(), name]),
    );
    for flags in flags {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let sandbox = Sandbox::new();
        let mut program = Asker::start(&sandbox, &flags);
        assert_eq!(program.call(&finite)["ok"], true, "{flags:?}");
        for _ in 0..4 {
            program.run_one(&mut Vec::new());
        }
        program.kill();
        let mut program = Asker::start(&sandbox, &flags);
        let begun = program.call(&finite);
        assert_eq!(
            (&begun["ok"], &begun["running"]),
            (&json!(true), &json!([])),
            "{flags:?}: {begun}"
        );
        assert!(program.call(&json!({"op": "ask"}))["params"].is_object(), "{flags:?}");
        program.quit();
    }
}

#[test]
fn failed_and_final_trials_are_shown_as_such() {
    let sandbox = Sandbox::new();
    let mut program = Asker::start(&sandbox, &["--method", "random"]);
    let two = json!({"op": "init", "max_step": 9, "objectives": ["minimize", "maximize"],
        "parameters": {"lr": {"min": 0.0, "max": 1.0}}, "constraints": ["lr < 0.9"]});
    assert_eq!(program.call(&two)["ok"], true);
    let mut ask = |values: Value, is_final: bool| {
        let id = program.call(&json!({"op": "ask"}))["id"].clone();
        let answer = program.call(&json!({"op": "tell", "id": id, "step": 2, "values": values, "final": is_final}));
        assert!(answer.get("stop").is_some(), "{answer}");
    };
    ask(json!([0.5, 3.0]), true);
    ask(json!(["NaN", 3.0]), false);
    ask(json!([0.7, 4.0]), true);
    program.quit();
    let shown = sandbox.run("leaderboard study --format json").expect_code(0);
    let rows: Value = serde_json::from_str(&shown.stdout).unwrap();
    let status = |trial: u64| {
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row["trial"] == trial).unwrap()["status"].clone()
    };
    assert_eq!(
        [0, 1, 2].map(status),
        [json!("completed"), json!("failed"), json!("completed")],
        "{rows}"
    );
}

#[test]
fn what_was_told_and_not_yet_counted_when_the_process_died_counts_afterwards() {
    let sandbox = Sandbox::new();
    let mut program = Asker::start(&sandbox, &["--method", "random"]);
    program.call(&init(1));
    let first = program.call(&json!({"op": "ask"}));
    // Better than anything that comes after, so that it is promoted.
    program.call(&json!({"op": "tell", "id": first["id"], "step": first["to_step"], "value": -9.0}));
    program.kill();
    // Killed between the two lines of the last tell, or in the middle of the second.
    let journal = sandbox.read("study/journal.jsonl");
    let whole: Vec<&str> = journal.lines().collect();
    for torn in [String::new(), whole[whole.len() - 1][..20].to_owned()] {
        let cut = format!("{}\n{torn}", whole[..whole.len() - 1].join("\n"));
        sandbox.write("study/journal.jsonl", cut);
        let mut program = Asker::start(&sandbox, &["--method", "random"]);
        assert_eq!(program.call(&init(1))["running"], json!([]));
        let mut goes_on = false;
        for _ in 0..9 {
            goes_on |= program.run_one(&mut Vec::new())["id"] == first["id"];
        }
        assert!(goes_on, "the first trial was never promoted: this test proves nothing");
        program.quit();
        let rows = sandbox.run("leaderboard study --format csv").expect_code(0);
        assert!(rows.stdout.lines().count() > 3, "{}", rows.stdout);
    }
}

#[test]
fn a_failure_is_remembered_with_its_step() {
    let ask = json!({"op": "ask"});
    let long = json!({"op": "init", "max_step": 27, "space": [{"name": "x", "type": "float", "low": 0, "high": 1}]});
    let flags = ["--method", "random", "--scheduler", "hyperband"];
    let play = |kills: bool| {
        let sandbox = Sandbox::new();
        let mut program = Asker::start(&sandbox, &flags);
        program.call(&long);
        let mut answers = Vec::new();
        for number in 0..20 {
            let asked = program.call(&ask);
            let value = if number % 3 == 0 {
                Value::Null
            } else {
                json!(asked["params"]["x"])
            };
            program.call(&json!({"op": "tell", "id": asked["id"], "step": asked["to_step"], "value": value}));
            answers.push(asked);
            if kills && number % 5 == 4 {
                program.kill();
                program = Asker::start(&sandbox, &flags);
                assert_eq!(program.call(&long)["ok"], true);
            }
        }
        program.quit();
        answers
    };
    assert_eq!(play(false), play(true));
}

#[test]
fn a_study_that_was_moved_goes_on_and_whole_numbers_may_be_conditions() {
    let sandbox = Sandbox::new();
    let space = json!({"op": "init", "space": [
        {"name": "n", "type": "int", "low": 1, "high": 3},
        {"name": "units", "type": "int", "low": 8, "high": 64, "when": {"param": "n", "in": [2, 3]}},
        {"name": "opt", "type": "categorical", "choices": [1.0, "b", true], "log": null},
        {"name": "x", "type": "float", "low": 0, "high": 1, "when": {"param": "opt", "in": [1, true]}},
    ]});
    let mut program = Asker::start(&sandbox, &[]);
    assert_eq!(program.call(&space)["ok"], true);
    for _ in 0..8 {
        let params = program.run_wide();
        assert_eq!(params.get("units").is_some(), params["n"] != 1, "{params}");
        assert_eq!(params.get("x").is_some(), params["opt"] != "b", "{params}");
    }
    program.quit();
    std::fs::rename(sandbox.path("study"), sandbox.path("moved")).unwrap();
    std::fs::create_dir(sandbox.path("study")).unwrap();
    std::fs::remove_dir(sandbox.path("study")).unwrap();
    std::fs::rename(sandbox.path("moved"), sandbox.path("study")).unwrap();
    let status = std::process::Command::new("sh")
        .args([
            "-c",
            "mv study other && cd other && printf '%s\\n' \"$1\" | exec \"$0\" ask-tell --out .",
        ])
        .arg(env!("CARGO_BIN_EXE_automl"))
        .arg(space.to_string())
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8(status.stdout).unwrap();
    assert!(said.starts_with(r#"{"ok":true,"trials":8"#), "{said}");
}

#[test]
fn nothing_is_written_where_nothing_was_begun() {
    let sandbox = Sandbox::with_spec("function: sphere\nparameters: {x: {min: 0.0, max: 1.0}}\nbudget: {trials: 3}\n");
    sandbox.run("search space.yaml --out study -q").expect_code(0);
    std::fs::write(sandbox.path("study/leaderboard.csv"), "mine").unwrap();
    let mut program = Asker::start(&sandbox, &[]);
    let answer = program.call(&init(1));
    assert!(
        answer["error"].as_str().unwrap().contains("holds another search"),
        "{answer}"
    );
    program.quit();
    assert_eq!(sandbox.read("study/leaderboard.csv"), "mine");
}

#[test]
fn a_signal_ends_the_conversation_with_its_results_written() {
    let sandbox = Sandbox::new();
    let mut program = Asker::start(&sandbox, &[]);
    program.call(&init(1));
    program.run_one(&mut Vec::new());
    let stopped = sandbox.run("stop study").expect_code(0);
    stopped.says("`automl ask-tell --out study` continues it");
    assert_eq!(program.child.wait().unwrap().code(), Some(130));
    assert!(sandbox.read("study/leaderboard.csv").lines().count() > 1);
    let status = sandbox.run("status study").expect_code(0);
    assert!(status.stdout.contains("was interrupted"), "{}", status.stdout);
}

#[test]
fn what_a_spec_cannot_say_is_refused_in_the_words_of_the_message() {
    let sandbox = Sandbox::new();
    let mut program = Asker::start(&sandbox, &[]);
    let mut refused = |space: Value, more: Value| {
        let mut message = json!({"op": "init", "space": space});
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        program.call(&message)["error"]
            .as_str()
            .unwrap_or("accepted")
            .to_owned()
    };
    let x = json!([{"name": "x", "type": "float", "low": 0, "high": 1}]);
    let errors = [
        refused(x, json!({"max_step": 2_000_000})),
        refused(
            json!([{"name": "a`b", "type": "float", "low": 0, "high": 1}]),
            json!({}),
        ),
        refused(json!(["x"]), json!({})),
        refused(
            json!([{"name": "x", "type": "float", "low": "0", "high": 1}]),
            json!({}),
        ),
        refused(
            json!([{"name": "x", "type": "float", "low": 0, "high": 1, "choices": [1]}]),
            json!({}),
        ),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    this search cannot be recorded: `max_step` is above 1000000
    this search cannot be recorded: a parameter's name has 1 to 100 letters, none of them a backtick
    a parameter must be an object with a `name`, such as {"name": "lr", "type": "float", "low": 1e-5, "high": 1}, not `"x"`
    the parameter `x` has a `low` that is not a number: `"0"`
    the parameter `x` is of type `float`, which has no `choices`; it has `low`, `high`, `log`, `step`
    "#);
    assert!(!sandbox.path("study").exists());
}
