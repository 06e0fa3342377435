//! `automl ask-tell`: the search as lines of JSON, and the Python example of its recipe.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::Sandbox;

const INIT: &str = r#"{"op":"init","seed":1,"minimize":true,"max_step":1,"budget":30,"space":[{"name":"lr","type":"float","low":0.00001,"high":1.0,"log":true},{"name":"opt","type":"categorical","choices":["sgd","adam"]},{"name":"momentum","type":"float","low":0.0,"high":1.0,"when":{"param":"opt","in":["sgd"]}}]}"#;

/// The answers of the program to all of `input`, and its exit code.
fn answers(input: &[u8], arguments: &[&str]) -> (Vec<serde_json::Value>, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_automl"))
        .arg("ask-tell")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Written while reading, or a long conversation fills both pipes; the program may end before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let parsed = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    (parsed.collect(), output.status.code())
}

#[test]
fn a_whole_search_over_the_pipe_is_the_same_again() {
    let mut conversation = format!("{INIT}\n");
    for id in 0..30 {
        conversation.push_str("{\"op\":\"ask\"}\n");
        let value = f64::from((id * 7) % 11);
        let tell = format!(r#"{{"op":"tell","id":{id},"step":1,"value":{value},"final":true}}"#);
        conversation.push_str(&tell);
        conversation.push('\n');
    }
    conversation.push_str("{\"op\":\"quit\"}\n");
    let (first, code) = answers(conversation.as_bytes(), &[]);
    assert_eq!(code, Some(0));
    assert_eq!(first.len(), 62);
    assert!(first.iter().all(|answer| answer.get("error").is_none()), "{first:#?}");
    for asked in first.iter().filter(|answer| answer.get("params").is_some()) {
        let params = &asked["params"];
        assert_eq!(params.get("momentum").is_some(), params["opt"] == "sgd", "{asked}");
    }
    assert_eq!(answers(conversation.as_bytes(), &[]).0, first);
}

#[test]
fn nonsense_is_answered_with_errors_and_never_ends_the_conversation() {
    let mut input = b"{\"op\":\"ask\"}\nnonsense\n\n\xff\xfe\n[1]\n".to_vec();
    input.extend("[".repeat(100_000).bytes());
    input.extend(format!("\n{INIT}\n{{\"op\":\"ask\"}}\n").bytes());
    input.extend(b"{\"op\":\"tell\",\"id\":0,\"step\":1,\"value\":NaN,\"final\":true}\n");
    input.extend(b"{\"op\":\"tell\",\"id\":0,\"step\":1,\"value\":null,\"final\":true}\n");
    let (answers, code) = answers(&input, &["--method", "random"]);
    assert_eq!(code, Some(0));
    let is_error: Vec<bool> = answers.iter().map(|answer| answer.get("error").is_some()).collect();
    assert_eq!(is_error, [true, true, true, true, true, false, false, false, true]);
    // A value that is not a number is a failed run; the same trial cannot end twice.
    assert_eq!(answers[7]["stop"], true);
}

#[test]
fn an_unknown_method_is_one_clear_error() {
    let outcome = Sandbox::new().run("ask-tell --method tpee").expect_code(2);
    assert_eq!(
        outcome.message().trim_end(),
        "error: `--method` cannot be `tpee`: did you mean `tpe`?"
    );
}

#[test]
fn every_scheduler_is_known_and_clones_name_their_parent() {
    let outcome = Sandbox::new().run("ask-tell --scheduler hyperbant").expect_code(2);
    assert_eq!(
        outcome.message().trim_end(),
        "error: `--scheduler` cannot be `hyperbant`: did you mean `hyperband`?"
    );
    let mut input = INIT.replace(r#""max_step":1"#, r#""max_step":20"#);
    input.push('\n');
    // Every running trial reports the last step that was asked of it.
    let mut parents = 0;
    for round in 0..120 {
        let asked = format!("{input}{{\"op\":\"ask\"}}\n");
        let (answers, _) = answers(asked.as_bytes(), &["--method", "random", "--scheduler", "pbt"]);
        let asked = answers.last().unwrap();
        parents += usize::from(asked.get("parent").is_some());
        let (id, step) = (asked["id"].as_u64().unwrap(), asked["to_step"].as_u64().unwrap());
        input.push_str("{\"op\":\"ask\"}\n");
        let value = id * 7 % 23;
        let tell = format!(r#"{{"op":"tell","id":{id},"step":{step},"value":{value}.0}}"#);
        input.extend([tell.as_str(), "\n"]);
        if round > 40 && parents > 0 {
            return;
        }
    }
    panic!("nobody was cloned");
}

#[test]
fn the_example_of_the_recipe_runs() {
    let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/recipes/ask-tell.md");
    let recipe = std::fs::read_to_string(recipe).unwrap();
    let mut examples = recipe
        .split("```python\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let example = examples.find(|example| example.contains("ask-tell")).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_automl"));
    let path = program.parent().unwrap().display();
    let run = Command::new("sh")
        .args([
            "-c",
            "PATH=\"$0:$PATH\" exec python3 -c \"$1\"",
            &path.to_string(),
            example,
        ])
        .output()
        .unwrap();
    if run.status.code() == Some(127) {
        println!("skipped: there is no `python3`");
        return;
    }
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("learning_rate"), "{said}");
}
