use std::path::Path;

use super::*;
use crate::spec::load;

fn function(parameters: &str) -> String {
    errors(&format!(
        "function: sphere\nbudget: {{trials: 5}}\nparameters:\n{parameters}\n"
    ))
}

fn fine_tune(parameters: &str) -> String {
    errors(&format!("{FINE_TUNE}parameters:\n{parameters}\n"))
}

fn with(line: &str) -> String {
    errors(&format!("{FUNCTION}{line}\n"))
}

/// The errors of a file with these bytes.
fn file(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("space.yaml");
    std::fs::write(&path, bytes).unwrap();
    let errors = load(&path, &[]).unwrap_err().to_string();
    errors.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(with("metod: random"), @"");
    insta::assert_snapshot!(with("resources: {gpus: 3}"), @"");
}

#[test]
fn an_unknown_hyperparameter() {
    insta::assert_snapshot!(fine_tune("  learningrate: {min: 1e-5, max: 1e-3}"), @"");
    insta::assert_snapshot!(fine_tune("  epochs: {min: 1, max: 3}"), @"");
    insta::assert_snapshot!(fine_tune("  momentum: 0.9"), @"");
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(with("deterministic: 3"), @"");
    insta::assert_snapshot!(with("resources: [cpu]"), @"");
    insta::assert_snapshot!(with("seed: \"7\""), @"");
    insta::assert_snapshot!(function("  x: {min: low, max: 3}"), @"");
}

#[test]
fn an_empty_range() {
    insta::assert_snapshot!(function("  x: {values: []}"), @"");
    insta::assert_snapshot!(function("  x: {min: 3, max: 1}"), @"");
    insta::assert_snapshot!(function("  x:"), @"");
    insta::assert_snapshot!(function("  x: {min: 3}"), @"");
}

#[test]
fn a_range_that_makes_no_sense() {
    insta::assert_snapshot!(function("  x: {min: 0, max: 1.0, log: true}"), @"");
    insta::assert_snapshot!(function("  x: {min: 0.0, max: 1.0, q: 0}"), @"");
    insta::assert_snapshot!(function("  x: {min: 0.0, max: 1.0, q: 1e-12}"), @"");
    insta::assert_snapshot!(function("  x: {min: 0, max: .inf}"), @"");
    insta::assert_snapshot!(function("  x: {values: [1, 2], min: 3}"), @"");
    insta::assert_snapshot!(function("  x: {values: [1, 2, 1.0]}"), @"");
    insta::assert_snapshot!(function("  x: {distribution: normal, mu: 0, sigma: 1}"), @"");
    insta::assert_snapshot!(function("  x: [1, 2]"), @"");
}

#[test]
fn a_value_that_a_hyperparameter_cannot_have() {
    let text = "  learning_rate: {min: 0, max: 1e-3}\n  batch_size: {values: [8, 0]}\n  dropout: 1\n  scheduler: {values: [linear, cosin]}";
    insta::assert_snapshot!(fine_tune(text), @"");
    insta::assert_snapshot!(fine_tune("  batch_size: {distribution: uniform, min: 8, max: 32}"), @"");
    insta::assert_snapshot!(fine_tune("  freeze_depth: {min: 0, max: 6}"), @"");
}

#[test]
fn a_duplicate_key() {
    insta::assert_snapshot!(errors("seed: 1\nname: a\nseed: 2\nname: b\n"), @"");
}

#[test]
fn an_unknown_model_or_data_set() {
    let text = "task: image-classification\nmodel: builtin:resnet8\ndata: builtin:fashion\nparameters: {dropout: 0}\nbudget: {trials: 5}\n";
    insta::assert_snapshot!(errors(text), @"");
    insta::assert_snapshot!(errors("model: resnet8-cifar10\ntask: text-classification\ndata: builtin:fashion-mini\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @"");
}

#[test]
fn a_task_that_does_not_fit() {
    insta::assert_snapshot!(errors("model: org/name\ntask: text-classification\ndata: builtin:fashion-mini\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @"");
    insta::assert_snapshot!(errors("name: x\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @"");
    insta::assert_snapshot!(with("model: org/name"), @"");
}

#[test]
fn an_unknown_method_or_scheduler() {
    insta::assert_snapshot!(with("method: gird"), @"");
    insta::assert_snapshot!(with("early_terminate: {type: hyperband, min_iter: 3}"), @"");
    insta::assert_snapshot!(with("command: [python, train.py]"), @"");
}

#[test]
fn a_bad_budget() {
    let with = |budget: &str| errors(&format!("function: sphere\nparameters: {{x: 1}}\n{budget}\n"));
    insta::assert_snapshot!(with("budget: {wall: 10 parsecs}"), @"");
    insta::assert_snapshot!(with("budget: {wall: 0}"), @"");
    insta::assert_snapshot!(with("budget: {trials: 0}"), @"");
    insta::assert_snapshot!(with("budget: {trials: 3}\nrun_cap: 4"), @"");
    insta::assert_snapshot!(with("epochs: {min: 4, max: 1}\nbudget: {trials: 3}"), @"");
}

#[test]
fn bad_yaml() {
    insta::assert_snapshot!(errors("name: a\nparameters: {x: [1, 2}\n"), @"");
    insta::assert_snapshot!(errors("name: a\n\tseed: 1\n"), @"");
    insta::assert_snapshot!(errors("a: &x 1\nb: *x\n"), @"");
    insta::assert_snapshot!(errors("name: a\n---\nname: b\n"), @"");
    insta::assert_snapshot!(errors("just a text\n"), @"");
    insta::assert_snapshot!(errors("{a: 1}: 2\n"), @"");
}

#[test]
fn a_bad_file() {
    insta::assert_snapshot!(file(b""), @"");
    insta::assert_snapshot!(file(b"name: caf\xe9\nseed: 1\n"), @"");
    insta::assert_snapshot!(file(&vec![b'#'; (1 << 20) + 1]), @"");
    insta::assert_snapshot!(load(Path::new("no/such/space.yaml"), &[]).unwrap_err().to_string(), @"");
    insta::assert_snapshot!(file(b"\xef\xbb\xbfsed: 1\nfunction: sphere\nparameters: {x: 1}\nrun_cap: 1\n"), @"");
}

#[test]
fn a_file_that_is_not_there() {
    insta::assert_snapshot!(file(b"task: text-classification\nmodel: ./bert\ndata: {train: reviews.csv}\nparameters: {dropout: 0}\nrun_cap: 3\n"), @"");
}

#[test]
fn a_bad_condition_is_shown_inside_its_text() {
    insta::assert_snapshot!(function("  x: {min: 0.0, max: 1.0}\n  y: {min: 0.0, max: 1.0, when: \"z > 0.5\"}"), @"");
    insta::assert_snapshot!(function("  method: {values: [a, b]}\n  y: {min: 0.0, max: 1.0, when: 'method == ''a'' and metod != ''b'''}"), @"");
    insta::assert_snapshot!(function("  x: {min: 0.0, max: 1.0, when: x >}"), @"");
    insta::assert_snapshot!(function("  ä: {values: [ü, b]}\n  y: {min: 0.0, max: 1.0, when: \"ä > 3\"}"), @"");
}

#[test]
fn conditions_in_a_circle() {
    insta::assert_snapshot!(function("  x: {min: 0.0, max: 1.0, when: y > 0}\n  y: {min: 0.0, max: 1.0, when: \"x > 0\"}"), @"");
}

#[test]
fn constraints_that_nothing_satisfies() {
    insta::assert_snapshot!(with("constraints: [\"x > 0.1\", \"x > 2\"]"), @"");
}

#[test]
fn an_override_is_shown_where_it_came_from() {
    let shown = |overrides: &[&str]| read_with(FUNCTION, overrides).unwrap_err().to_string();
    insta::assert_snapshot!(shown(&["budget.trials=0"]), @"");
    insta::assert_snapshot!(shown(&["parameters.x.maxi=1e-3"]), @"");
    insta::assert_snapshot!(shown(&["function.name.x=1"]), @"");
    insta::assert_snapshot!(shown(&["seed=[1"]), @"");
}

#[test]
fn all_errors_of_a_file_are_found_at_once() {
    let text = "metod: random\nseed: x\nfunction: spere\nparameters:\n  x: {min: 2, max: 1}\n  y: {values: []}\n  z: {min: 0.0, max: 1.0, when: x > 1 and w}\n";
    let found = read(text).unwrap_err();
    let messages: Vec<&str> = found.diagnostics().iter().map(Diagnostic::message).collect();
    insta::assert_debug_snapshot!(messages, @"");
}

#[test]
fn what_may_be_meant_otherwise_is_a_warning() {
    let text = "function: sphere\nparameters:\n  x: {distribution: log_uniform, min: -9.21, max: 0}\n  seed: {values: [1, 2, 3]}\nmetric: {name: loss, goal: maximize}\n";
    insta::assert_snapshot!(warnings(text), @"");
}

#[test]
fn hostile_files_are_refused_quickly() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert!(errors(bomb).contains("aliases are not supported"));
    assert!(errors(&"[".repeat(100_000)).contains("nested deeper"));
    assert!(errors(&"a:\n".repeat(100)).contains("given twice"));
    assert!(
        function(&format!(
            "  x: {{min: 0, max: 1, when: \"{}x > 0\"}}",
            "(".repeat(3_000)
        ))
        .contains("nested deeper")
    );
}
