//! Error messages of invalid specs.

use std::path::Path;

use super::*;
use crate::spec::load;
use crate::spec::{SchedulerSpec, SearcherSpec};

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
    insta::assert_snapshot!(errors_with("metod: random"), @r##"
error: unknown key `metod`
 --> space.yaml:4:1
  |
4 | metod: random
  | ^^^^^ did you mean `method`?
"##);
    insta::assert_snapshot!(errors_with("resources: {gpus: 3}"), @"
    error: unknown key `gpus` in `resources`
     --> space.yaml:4:13
      |
    4 | resources: {gpus: 3}
      |             ^^^^
      |
      = help: choose from `devices`, `workers`, `slots_per_device`, `threads_per_worker`, `logical_workers` and `cache`
    ");
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(errors_with("deterministic: 3"), @r##"
error: `deterministic` must be `true` or `false`
 --> space.yaml:4:16
  |
4 | deterministic: 3
  |                ^ this is an integer
"##);
    insta::assert_snapshot!(errors_with("resources: [cpu]"), @r##"
error: `resources` must be a mapping
 --> space.yaml:4:12
  |
4 | resources: [cpu]
  |            ^^^^^ this is a list
"##);
    insta::assert_snapshot!(errors_with("seed: \"7\""), @r##"
error: `seed` must be a whole number
 --> space.yaml:4:7
  |
4 | seed: "7"
  |       ^^^ this is a text
"##);
    insta::assert_snapshot!(function_errors("  x: {min: low, max: 3}"), @r##"
error: `min` must be a number
 --> space.yaml:4:12
  |
4 |   x: {min: low, max: 3}
  |            ^^^ this is a text
"##);
}

#[test]
fn a_duplicate_key() {
    insta::assert_snapshot!(errors("seed: 1\nname: a\nseed: 2\nname: b\n"), @r##"
error: the key `seed` is given twice
 --> space.yaml:3:1
  |
3 | seed: 2
  | ^^^^ given before in line 1

error: the key `name` is given twice
 --> space.yaml:4:1
  |
4 | name: b
  | ^^^^ given before in line 2
"##);
}

#[test]
fn an_unknown_model_or_data_set() {
    let text = "task: image-classification\nmodel: builtin:resnet8\ndata: builtin:fashion\nparameters: {dropout: 0}\nbudget: {trials: 5}\n";
    insta::assert_snapshot!(errors(text), @r##"
error: there is no built-in model `resnet8`
 --> space.yaml:2:8
  |
2 | model: builtin:resnet8
  |        ^^^^^^^^^^^^^^^ did you mean `builtin:resnet8-cifar10`?

error: there is no built-in data `fashion`
 --> space.yaml:3:7
  |
3 | data: builtin:fashion
  |       ^^^^^^^^^^^^^^^ did you mean `builtin:fashion-mini`?
"##);
    insta::assert_snapshot!(errors("model: resnet8-cifar10\ntask: text-classification\ndata: builtin:fashion-mini\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @r##"
error: the model `resnet8-cifar10` is a built-in one
 --> space.yaml:1:8
  |
1 | model: resnet8-cifar10
  |        ^^^^^^^^^^^^^^^ write `builtin:resnet8-cifar10`
"##);
}

#[test]
fn a_task_that_does_not_fit() {
    insta::assert_snapshot!(errors("model: org/name\ntask: text-classification\ndata: builtin:fashion-mini\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @r##"
error: the data set `fashion-mini` is for the task `image-classification`
 --> space.yaml:3:7
  |
3 | data: builtin:fashion-mini
  |       ^^^^^^^^^^^^^^^^^^^^
"##);
    insta::assert_snapshot!(errors("name: x\nparameters: {dropout: 0}\nbudget: {trials: 5}\n"), @r##"
error: the spec lacks `task`, `model` and `data`
 --> space.yaml:1:1
  |
1 | name: x
  | ^^^^^^^
  |
  = help: fine-tuning needs `task`, `model` and `data`; `automl init` writes a spec to begin with
"##);
    insta::assert_snapshot!(errors_with("model: org/name"), @r##"
error: `model` does not go together with `function`
 --> space.yaml:4:1
  |
4 | model: org/name
  | ^^^^^
  |
  = help: a function needs no model and no data: remove one of the two
"##);
}

#[test]
fn freeze_thaw_models_one_metric_and_needs_no_scheduler() {
    insta::assert_snapshot!(errors_with("method: freeze_thaw\nmetric: [loss, cost]"), @r##"
error: `method: freeze_thaw` models one metric only, but `metric` lists several
 --> space.yaml:4:9
  |
4 | method: freeze_thaw
  |         ^^^^^^^^^^^
  |
  = help: use another method, such as `bohb`, or keep one metric without constraints on it
"##);
    let constrained = errors_with("method: freeze_thaw\nmetric_constraints: [cost <= 1]");
    assert!(
        constrained.contains("does not support `metric_constraints`"),
        "{constrained}"
    );
    let said = warnings(&format!("{FUNCTION}method: freeze_thaw\nearly_terminate: asha\n"));
    assert!(said.contains("`early_terminate` has no effect"), "{said}");
    assert_eq!(warnings(&format!("{FUNCTION}method: freeze_thaw\n")), "");
}

#[test]
fn an_unknown_method_or_scheduler() {
    // The registries list the supported names.
    let shown = |text: &str, names: Vec<&str>| {
        let shown = errors_with(text);
        let (said, help) = shown.split_once("  = help: supported: ").unwrap();
        assert!(names.iter().all(|name| help.contains(&format!("`{name}`"))), "{help}");
        said.to_owned()
    };
    let methods = SearcherSpec::names().into_iter().map(|(name, _)| name).collect();
    insta::assert_snapshot!(shown("method: gird", methods), @r##"
error: `method` cannot be `gird`
 --> space.yaml:4:9
  |
4 | method: gird
  |         ^^^^ did you mean `grid`?
  |
"##);
    let rules = SchedulerSpec::names().into_iter().map(|(name, _)| name).collect();
    insta::assert_snapshot!(shown("early_terminate: {type: ahsa}", rules), @r##"
error: `type` cannot be `ahsa`
 --> space.yaml:4:25
  |
4 | early_terminate: {type: ahsa}
  |                         ^^^^ did you mean `asha`?
  |
"##);
}

#[test]
fn a_grid_over_endlessly_many_values() {
    let text = "function: sphere\nmethod: grid\nparameters:\n  x: {min: 0.0, max: 1.0}\n  y: {min: 0.0, max: 1.0, q: 0.1}\nbudget: {trials: 5}\n";
    insta::assert_snapshot!(errors(text), @r##"
error: `method: grid` needs finitely many values, but `x` is continuous
 --> space.yaml:4:6
  |
4 |   x: {min: 0.0, max: 1.0}
  |      ^^^^^^^^^^^^^^^^^^^^
  |
  = help: give a step as `q`, or list `values`
"##);
}

#[test]
fn a_name_that_is_no_folder() {
    insta::assert_snapshot!(errors_with("name: ../other"), @r##"
error: the name of a study is also the name of its folder
 --> space.yaml:4:7
  |
4 | name: ../other
  |       ^^^^^^^^
  |
  = help: use letters, digits, `-`, `_` and `.`, at most 100, and begin with a letter or digit
"##);
}

#[test]
fn a_metric_that_is_not_reported() {
    insta::assert_snapshot!(errors_with("metric: {name: accuracy, goal: maximise}"), @r##"
error: `metric` cannot be `accuracy`
 --> space.yaml:4:16
  |
4 | metric: {name: accuracy, goal: maximise}
  |                ^^^^^^^^ not supported
  |
  = help: supported: `loss` and `cost`

error: `goal` cannot be `maximise`
 --> space.yaml:4:32
  |
4 | metric: {name: accuracy, goal: maximise}
  |                                ^^^^^^^^ did you mean `maximize`?
  |
  = help: supported: `maximize` and `minimize`
"##);
}

#[test]
fn a_bad_split() {
    let table = |data: &str| {
        errors(&format!(
            "task: text-classification\nmodel: org/name\nrun_cap: 3\nparameters: {{dropout: 0}}\ndata: {data}\n"
        ))
    };
    insta::assert_snapshot!(table("{train: a.csv, split: {validation: 0.6, test: 0.5}}"), @r##"
error: validation and test leave no examples to train on
 --> space.yaml:5:29
  |
5 | data: {train: a.csv, split: {validation: 0.6, test: 0.5}}
  |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"##);
    insta::assert_snapshot!(table("{train: a.csv, validation: b.csv, split: {validation: 1.5}}"), @r##"
error: `validation` above already says which examples these are
 --> space.yaml:5:49
  |
5 | data: {train: a.csv, validation: b.csv, split: {validation: 1.5}}
  |                                                 ^^^^^^^^^^
  |
  = help: remove this, or `validation` above
"##);
    insta::assert_snapshot!(table("{train: [a.csv, builtin:fashion-mini]}"), @r##"
error: built-in data cannot be used together with files
 --> space.yaml:5:23
  |
5 | data: {train: [a.csv, builtin:fashion-mini]}
  |                       ^^^^^^^^^^^^^^^^^^^^
  |
  = help: name it alone, in `train`
"##);
    insta::assert_snapshot!(table("{train: a.csv, delimiter: semicolon}"), @r##"
error: `delimiter` must be one character, or `tab`
 --> space.yaml:5:33
  |
5 | data: {train: a.csv, delimiter: semicolon}
  |                                 ^^^^^^^^^
"##);
    insta::assert_snapshot!(table("{train: a.csv, label: [a, b]}"), @"
    error: several columns in `label` are for `task: regression`; several labels per row are in one column, with `multi_label`
     --> space.yaml:5:29
      |
    5 | data: {train: a.csv, label: [a, b]}
      |                             ^^^^^^
    ");
    insta::assert_snapshot!(table("{txt: a}"), @"
    error: the data lacks `train`
     --> space.yaml:5:7
      |
    5 | data: {txt: a}
      |       ^^^^^^^^
      |
      = help: name a file, `builtin:movie-reviews` or `builtin:fashion-mini`

    error: unknown key `txt` in `data`
     --> space.yaml:5:8
      |
    5 | data: {txt: a}
      |        ^^^ did you mean `text`?
    ");
    insta::assert_snapshot!(table("{train: builtin:fashion-mini, text: a}"), @r##"
error: the data set `fashion-mini` is for the task `image-classification`
 --> space.yaml:5:7
  |
5 | data: {train: builtin:fashion-mini, text: a}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: built-in data has no `text`
 --> space.yaml:5:37
  |
5 | data: {train: builtin:fashion-mini, text: a}
  |                                     ^^^^
  |
  = help: it comes with its own validation examples; only `train_limit` and `test` can be set
"##);
}

#[test]
fn a_bad_budget() {
    let with = |budget: &str| errors(&format!("function: sphere\nparameters: {{x: 1}}\n{budget}\n"));
    insta::assert_snapshot!(with("budget: {wall: 10 parsecs}"), @r##"
error: `wall` must be a duration
 --> space.yaml:3:16
  |
3 | budget: {wall: 10 parsecs}
  |                ^^^^^^^^^^
  |
  = help: write seconds as a number, or a text such as `90s`, `10m`, `1h30m`
"##);
    insta::assert_snapshot!(with("budget: {wall: 0}"), @r##"
error: `wall` must be more than 0 and less than a thousand years
 --> space.yaml:3:16
  |
3 | budget: {wall: 0}
  |                ^
"##);
    insta::assert_snapshot!(with("budget: {trials: 0}"), @r##"
error: `trials` must be at least 1
 --> space.yaml:3:18
  |
3 | budget: {trials: 0}
  |                  ^
"##);
    insta::assert_snapshot!(with("budget: {trials: 3}\nrun_cap: 4"), @r##"
error: `run_cap` and `budget.trials` say the same thing
 --> space.yaml:4:10
  |
4 | run_cap: 4
  |          ^
  |
  = help: keep one of them
"##);
    insta::assert_snapshot!(with("epochs: {min: 4, max: 1}\nbudget: {trials: 3}"), @r##"
error: the range of `epochs` is empty: `min` is greater than `max`
 --> space.yaml:3:15
  |
3 | epochs: {min: 4, max: 1}
  |               ^ greater than 1
"##);
}

#[test]
fn bad_yaml() {
    insta::assert_snapshot!(errors("name: a\nparameters: {x: [1, 2}\n"), @r##"
error: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'
 --> space.yaml:2:22
  |
2 | parameters: {x: [1, 2}
  |                      ^ here
"##);
    insta::assert_snapshot!(errors("name: a\n\tseed: 1\n"), @r##"
error: this is not valid YAML: while scanning a plain scalar, found a tab
 --> space.yaml:1:7
  |
1 | name: a
  |       ^ here
  |
  = help: indent with spaces, not with tabs
"##);
    insta::assert_snapshot!(errors("a: &x [*x]\n"), @r##"
error: this alias is within the value that it stands for
 --> space.yaml:1:8
  |
1 | a: &x [*x]
  |        ^^
  |
  = help: write the value out
"##);
    insta::assert_snapshot!(errors("name: a\n---\nname: b\n"), @r##"
error: a second document begins here
 --> space.yaml:2:1
  |
2 | ---
  | ^^^
  |
  = help: a spec is one document: remove `---` and what follows
"##);
    insta::assert_snapshot!(errors("just a text\n"), @r##"
error: `the spec` must be a mapping
 --> space.yaml:1:1
  |
1 | just a text
  | ^^^^^^^^^^^ this is a text
"##);
    insta::assert_snapshot!(errors("{a: 1}: 2\n"), @r##"
error: a key is a word, this is a mapping
 --> space.yaml:1:1
  |
1 | {a: 1}: 2
  | ^^^^^^
  |
  = help: a value that begins with `{` or `[` needs a key before it
"##);
}

#[test]
fn a_bad_file() {
    insta::assert_snapshot!(file(b""), @r##"
error: the spec is empty
 --> FOLDER/space.yaml:1:1
  |
1 |
  | ^
  |
  = help: `automl init` writes one to begin with
"##);
    insta::assert_snapshot!(file(b"name: caf\xe9\nseed: 1\n"), @r##"
error: the file is not UTF-8
 --> FOLDER/space.yaml:1:10
  |
1 | name: caf�
  |          ^ these bytes are not UTF-8
  |
  = help: save it with the encoding UTF-8
"##);
    insta::assert_snapshot!(file(&vec![b'#'; (1 << 20) + 1]), @r"error: `FOLDER/space.yaml` is larger than 1 MiB, so it is not a spec");
    insta::assert_snapshot!(load(Path::new("no/such/space.yaml"), &[]).unwrap_err().to_string(), @r##"
error: `no/such/space.yaml` cannot be read: No such file or directory (os error 2)
 |
 = help: `automl init` writes a spec to begin with
"##);
    insta::assert_snapshot!(file(b"\xef\xbb\xbfsed: 1\nfunction: sphere\nparameters: {x: 1}\nrun_cap: 1\n"), @r##"
error: unknown key `sed`
 --> FOLDER/space.yaml:1:1
  |
1 | sed: 1
  | ^^^ did you mean `seed`?
"##);
}

#[test]
fn a_file_that_is_not_there() {
    insta::assert_snapshot!(file(b"task: text-classification\nmodel: ./bert\ndata: {train: reviews.csv}\nparameters: {dropout: 0}\nrun_cap: 3\n"), @r##"
error: there is no directory `FOLDER/bert`
 --> FOLDER/space.yaml:2:8
  |
2 | model: ./bert
  |        ^^^^^^
  |
  = help: paths begin at the folder of the spec, `FOLDER`

error: there is no file `FOLDER/reviews.csv`
 --> FOLDER/space.yaml:3:15
  |
3 | data: {train: reviews.csv}
  |               ^^^^^^^^^^^
  |
  = help: paths begin at the folder of the spec, `FOLDER`
"##);
}

#[test]
fn an_override_is_shown_where_it_came_from() {
    let shown = |overrides: &[&str]| read_with(FUNCTION, overrides).unwrap_err().to_string();
    insta::assert_snapshot!(shown(&["budget.trials=0"]), @r##"
error: `trials` must be at least 1
 --> --set:1:15
  |
1 | budget.trials=0
  |               ^
"##);
    insta::assert_snapshot!(shown(&["parameters.x.maxi=1e-3"]), @r##"
error: unknown key `maxi` in the parameter `x`
 --> --set:1:1
  |
1 | parameters.x.maxi=1e-3
  | ^^^^^^^^^^^^^^^^^ did you mean `max`?
"##);
    insta::assert_snapshot!(shown(&["function.name.x=1"]), @r##"
error: `x` cannot be set inside a text
 --> --set:1:1
  |
1 | function.name.x=1
  | ^^^^^^^^^^^^^^^
  |
  = help: set the whole value, as in `key={min: 1, max: 2}`
"##);
    insta::assert_snapshot!(shown(&["seed=[1"]), @r##"
error: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'
 --> --set:1:8
  |
1 | seed=[1
  |        ^ here
"##);
}

#[test]
fn all_errors_of_a_file_are_found_at_once() {
    let text = "metod: random\nseed: x\nfunction: spere\nparameters:\n  x: {min: 2, max: 1}\n  y: {values: []}\n  z: {min: 0.0, max: 1.0, when: x > 1 and w}\n";
    let found = read(text).unwrap_err();
    let messages: Vec<&str> = found.diagnostics().iter().map(Diagnostic::message).collect();
    insta::assert_debug_snapshot!(messages, @r##"
[
    "unknown key `metod`",
    "there is no budget: the study will run until it is stopped",
    "`seed` must be a whole number",
    "`function` cannot be `spere`",
    "the range of `x` is empty: `min` is greater than `max`",
    "the parameter `y` has no values",
]
"##);
}

#[test]
fn what_may_be_meant_otherwise_is_a_warning() {
    let text = "function: sphere\nparameters:\n  x: {distribution: log_uniform, min: -9.21, max: 0}\n  seed: {values: [1, 2, 3]}\nmetric: {name: loss, goal: maximize}\n";
    insta::assert_snapshot!(warnings(text), @r##"
warning: the bounds of `log_uniform` are exponents of e: `x` is searched from 1.0003404299092957e-4 to 1e0
 --> space.yaml:3:21
  |
3 |   x: {distribution: log_uniform, min: -9.21, max: 0}
  |                     ^^^^^^^^^^^
  |
  = help: write `distribution: log_uniform_values` with the bounds themselves

warning: `seed` is searched like any other parameter: the best of many seeds is luck that a production run will not have
 --> space.yaml:4:3
  |
4 |   seed: {values: [1, 2, 3]}
  |   ^^^^
  |
  = help: to see how much is luck use `repeats`, or `selection` for the finalists

warning: `loss` is usually minimized: with `goal: maximize` the worst trial wins
 --> space.yaml:5:28
  |
5 | metric: {name: loss, goal: maximize}
  |                            ^^^^^^^^
  |
  = help: remove `goal`, unless this is meant

warning: there is no budget: the study will run until it is stopped
 --> space.yaml:1:1
  |
1 | function: sphere
  | ^^^^^^^^^^^^^^^^
  |
  = help: write `budget: {wall: 10m, trials: 50}`
"##);
}

#[test]
fn hostile_files_are_refused_quickly() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert!(!errors(bomb).contains("alias"), "that is little");
    let levels = (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10)));
    let bomb = format!("a0: &a0 [x, x]\n{}", levels.collect::<String>());
    assert!(errors(&bomb).contains("more than 200000 values"));
    assert!(errors(&"[".repeat(100_000)).contains("nested deeper"));
    assert!(errors_with(&format!("method: {}", "ä".repeat(100_000))).len() < 10_000);
    assert!(errors(&"a:\n".repeat(100)).contains("given twice"));
    assert!(function_errors(&format!("  x: {{values: [{}]}}", "1,".repeat(200_000))).contains("more than 20000 items"));
    let many: Vec<String> = (0..900).map(|key| format!("key{key}: 1")).collect();
    assert!(errors(&many.join("\n")).ends_with("more"));
    assert!(
        function_errors(&format!(
            "  x: {{min: 0, max: 1, when: \"{}x > 0\"}}",
            "(".repeat(3_000)
        ))
        .contains("nested deeper")
    );
}
