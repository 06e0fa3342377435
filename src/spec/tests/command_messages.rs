//! Messages about an invalid `command` or `trial_limits`.

use super::*;

/// The errors of a spec that has this line as its first.
fn errors_of(line: &str) -> String {
    errors(&format!(
        "{line}\nmetric: accuracy\nbudget: {{trials: 5}}\nparameters:\n  rate: {{min: 0.0, max: 1.0}}\n  momentum: {{min: 0.0, max: 1.0, when: \"rate > 0.5\"}}\n"
    ))
}

#[test]
fn a_command_is_a_list_of_words() {
    insta::assert_snapshot!(errors_of("command: python train.py --rate={rate}"), @r#"
    error: `command` must be a list of words, because no shell splits the text
     --> space.yaml:1:10
      |
    1 | command: python train.py --rate={rate}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it like `command: [python, train.py, "${args}"]`, or `command: {shell: "…"}` to ask for a shell
    "#);
    insta::assert_snapshot!(errors_of("command: []"), @r#"
    error: the command has no words
     --> space.yaml:1:10
      |
    1 | command: []
      |          ^^
      |
      = help: write it like `command: [python, train.py, "${args}"]`
    "#);
    insta::assert_snapshot!(errors_of("command: [\"${args}\"]"), @r#"
    error: a command begins with its program
     --> space.yaml:1:11
      |
    1 | command: ["${args}"]
      |           ^^^^^^^^^
      |
      = help: write it like `command: [python, train.py, "${args}"]`
    "#);
    insta::assert_snapshot!(errors_of("command: {folder: .}"), @r#"
    error: the command has neither `run` nor `shell`
     --> space.yaml:1:10
      |
    1 | command: {folder: .}
      |          ^^^^^^^^^^^
      |
      = help: write it like `command: {run: [python, train.py, "${args}"]}`
    "#);
    insta::assert_snapshot!(errors_of("command: {run: [a], shell: b}"), @"
    error: `shell` and `run` do not go together
     --> space.yaml:1:21
      |
    1 | command: {run: [a], shell: b}
      |                     ^^^^^
      |
      = help: keep one of them
    ");
}

#[test]
fn a_misspelt_parameter_in_a_command() {
    insta::assert_snapshot!(errors_of("command: [python, train.py, \"--lr={rat}\"]"), @r#"
    error: there is no parameter `rat` for `{rat}`
     --> space.yaml:1:29
      |
    1 | command: [python, train.py, "--lr={rat}"]
      |                             ^^^^^^^^^^^^ did you mean `rate`?
    "#);
    insta::assert_snapshot!(errors_of("command: [python, train.py, \"${arg}\"]"), @r#"
    error: there is no `${arg}`
     --> space.yaml:1:30
      |
    1 | command: [python, train.py, "${arg}"]
      |                              ^^^^^^
      |
      = help: did you mean `${args}`?
    "#);
    insta::assert_snapshot!(errors_of("command: [python, \"${program}\"]"), @r#"
    error: the spec has no `program` that `${program}` could stand for
     --> space.yaml:1:20
      |
    1 | command: [python, "${program}"]
      |                    ^^^^^^^^^^
      |
      = help: write the program's name in its place, or add `program: train.py`
    "#);
    insta::assert_snapshot!(errors_of("command: [python, \"--all=${args}\"]"), @r#"
    error: `${args}` stands for whole arguments, so it must be a separate word
     --> space.yaml:1:26
      |
    1 | command: [python, "--all=${args}"]
      |                          ^^^^^^^
      |
      = help: write `"${args}"` as an item of the list
    "#);
}

#[test]
fn a_parameter_that_may_be_missing_is_no_word_of_its_own() {
    insta::assert_snapshot!(errors_of("command: [train, --momentum, \"{momentum}\"]"), @r#"
    error: `momentum` is not always active, and without its value the word would be empty
     --> space.yaml:1:30
      |
    1 | command: [train, --momentum, "{momentum}"]
      |                              ^^^^^^^^^^^^
      |
      = help: write `"--momentum={momentum}"` as one word, which is left out then, or use `${args}`
    "#);
}

#[test]
fn a_shell_is_given_no_values_as_text() {
    insta::assert_snapshot!(errors_of("command: {shell: \"train --rate {rate}\"}"), @r#"
    error: a shell gets parameters from the environment: `{rate}` stays as it is
     --> space.yaml:1:10
      |
    1 | command: {shell: "train --rate {rate}"}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write `"$AUTOML_PARAM_RATE"`
    "#);
}

#[test]
fn a_metric_of_a_command_is_named() {
    let text = |metric: &str| format!("command: [train]\n{metric}budget: {{trials: 5}}\nparameters: {{rate: 1}}\n");
    insta::assert_snapshot!(errors(&text("")), @"
    error: `metric` is missing: which of the numbers of the command should be optimized?
     --> space.yaml:1:1
      |
    1 | command: [train]
      | ^^^^^^^^^^^^^^^^
      |
      = help: write `metric: {name: accuracy, goal: maximize}`
    ");
    insta::assert_snapshot!(errors(&text("metric: quality\n")), @"
    error: should `quality` be maximized or minimized?
     --> space.yaml:2:9
      |
    2 | metric: quality
      |         ^^^^^^^
      |
      = help: write `metric: {name: quality, goal: maximize}`, or `minimize`
    ");
    assert_eq!(
        spec(&text("metric: eval/macro_f1\n")).metric.goal,
        crate::units::Goal::Maximize
    );
    assert_eq!(
        spec(&text("metric: val_loss\n")).metric.goal,
        crate::units::Goal::Minimize
    );
}

#[test]
fn a_command_and_a_model_contradict_each_other() {
    insta::assert_snapshot!(errors_of("command: [train]\ntask: text-classification"), @"
    error: `task` does not go together with `command`
     --> space.yaml:2:1
      |
    2 | task: text-classification
      | ^^^^
      |
      = help: a trial runs one thing: remove one of the two
    ");
}

#[test]
fn limits_of_a_trial() {
    insta::assert_snapshot!(errors_with("trial_limits: {memory: 4, wall: soon, time: 3}"), @"
    error: `memory` must be at least 1 MiB and at most 1e18 bytes
     --> space.yaml:4:24
      |
    4 | trial_limits: {memory: 4, wall: soon, time: 3}
      |                        ^

    error: `wall` must be a duration
     --> space.yaml:4:33
      |
    4 | trial_limits: {memory: 4, wall: soon, time: 3}
      |                                 ^^^^
      |
      = help: write seconds as a number, or a text such as `90s`, `10m`, `1h30m`

    error: unknown key `time` in `trial_limits`
     --> space.yaml:4:39
      |
    4 | trial_limits: {memory: 4, wall: soon, time: 3}
      |                                       ^^^^
      |
      = help: choose from `wall`, `memory` and `silence`
    ");
    insta::assert_snapshot!(errors_with("trial_limits: {memory: lots}"), @"
    error: `memory` must be an amount of memory
     --> space.yaml:4:24
      |
    4 | trial_limits: {memory: lots}
      |                        ^^^^
      |
      = help: write bytes as a number, or a text such as `4GB` or `512MiB`
    ");
}

#[test]
fn faults_of_a_function() {
    insta::assert_snapshot!(errors("budget: {trials: 5}\nparameters: {x: {min: 0.0, max: 1.0}}\nfunction: {name: sphere, faults: {panic: \"y > 1\", hang: \"x >\"}}\n"), @r#"
    error: there is no parameter `y`
     --> space.yaml:3:43
      |
    3 | function: {name: sphere, faults: {panic: "y > 1", hang: "x >"}}
      |                                           ^
    "#);
}

#[test]
fn two_parameters_cannot_share_a_variable() {
    insta::assert_snapshot!(errors("command: [train]\nmetric: accuracy\nbudget: {trials: 5}\nparameters:\n  a.b: {min: 0.0, max: 1.0}\n  a_b: {min: 0.0, max: 1.0}\n"), @"
    error: `a.b` and `a_b` would both be the environment variable `AUTOML_PARAM_A_B`
     --> space.yaml:6:8
      |
    6 |   a_b: {min: 0.0, max: 1.0}
      |        ^^^^^^^^^^^^^^^^^^^^
      |
      = help: give one of them another name
    ");
}
