//! Messages about invalid parameters, conditions or constraints.

use super::*;

#[test]
fn an_unknown_hyperparameter() {
    insta::assert_snapshot!(fine_tune_errors("  learningrate: {min: 1e-5, max: 1e-3}"), @r##"
error: fine-tuning has no hyperparameter `learningrate`
 --> space.yaml:6:3
  |
6 |   learningrate: {min: 1e-5, max: 1e-3}
  |   ^^^^^^^^^^^^ did you mean `learning_rate`?
"##);
    insta::assert_snapshot!(fine_tune_errors("  epochs: {min: 1, max: 3}"), @r##"
error: fine-tuning has no hyperparameter `epochs`
 --> space.yaml:6:3
  |
6 |   epochs: {min: 1, max: 3}
  |   ^^^^^^
  |
  = help: epochs are what a trial spends, not what is searched: write `epochs: {min: 1, max: 8}` beside `parameters`
"##);
    insta::assert_snapshot!(fine_tune_errors("  nesterov: 0.9"), @"
    error: fine-tuning has no hyperparameter `nesterov`
     --> space.yaml:6:3
      |
    6 |   nesterov: 0.9
      |   ^^^^^^^^
      |
      = help: choose from `learning_rate`, `batch_size`, `dropout`, `weight_decay`, `freeze_depth`, `lr_schedule`, `warmup_ratio`, `max_grad_norm`, `max_length`, `lr_power`, `optimizer`, `adam_beta1`, `adam_beta2`, `adam_epsilon`, `momentum`, `layer_decay`, `head_learning_rate`, `decay_norms_and_biases`, `reinit_layers`, `adapter`, `lora_rank`, `lora_alpha`, `lora_dropout`, `lora_targets`, `lora_rslora`, `lora_full_layers`, `class_weights`, `focal_gamma`, `label_smoothing`, `horizontal_flip`, `crop_scale`, `crop_ratio`, `jitter_brightness`, `jitter_contrast`, `jitter_saturation`, `jitter_hue`, `randaugment_ops`, `randaugment_magnitude`, `random_erasing`, `mixup_alpha`, `cutmix_alpha`, `mix_probability`, `mix_switch`, `views`, `drop_path` and `ema`
    ");
}

#[test]
fn an_empty_range() {
    insta::assert_snapshot!(function_errors("  x: {values: []}"), @r##"
error: the parameter `x` has no values
 --> space.yaml:4:15
  |
4 |   x: {values: []}
  |               ^^ empty
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 3, max: 1}"), @r##"
error: the range of `x` is empty: `min` is greater than `max`
 --> space.yaml:4:12
  |
4 |   x: {min: 3, max: 1}
  |            ^ greater than 1
"##);
    insta::assert_snapshot!(function_errors("  x:"), @r##"
error: the parameter `x` has no values
 --> space.yaml:4:4
  |
4 |   x:
  |    ^
  |
  = help: write a value, `{values: [a, b]}` or `{min: 0.0, max: 1.0}`
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 3}"), @r##"
error: the parameter `x` lacks `max`
 --> space.yaml:4:6
  |
4 |   x: {min: 3}
  |      ^^^^^^^^
"##);
}

#[test]
fn a_range_that_makes_no_sense() {
    insta::assert_snapshot!(function_errors("  x: {min: 0, max: 1.0, log: true}"), @r##"
error: `x` is searched on a logarithmic scale, so `min` must be greater than 0
 --> space.yaml:4:12
  |
4 |   x: {min: 0, max: 1.0, log: true}
  |            ^ has no logarithm
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0, q: 0}"), @r##"
error: `q` must be greater than 0
 --> space.yaml:4:30
  |
4 |   x: {min: 0.0, max: 1.0, q: 0}
  |                              ^
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0, q: 1e-12}"), @r##"
error: the step divides the range of `x` into more than 1e9 steps
 --> space.yaml:4:30
  |
4 |   x: {min: 0.0, max: 1.0, q: 1e-12}
  |                              ^^^^^
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.2, max: 0.9, q: 1.0, log: true}"), @r##"
error: the range of `x` holds no multiple of `q`
 --> space.yaml:4:30
  |
4 |   x: {min: 0.2, max: 0.9, q: 1.0, log: true}
  |                              ^^^
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0, max: .inf}"), @r##"
error: `max` must be a finite number
 --> space.yaml:4:20
  |
4 |   x: {min: 0, max: .inf}
  |                    ^^^^
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [1, 2], min: 3}"), @r##"
error: `min` does not go together with values
 --> space.yaml:4:23
  |
4 |   x: {values: [1, 2], min: 3}
  |                       ^^^
  |
  = help: keep only `values`, `probabilities` and `ordered`
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [1, 2, 1.0]}"), @r##"
error: `1.0` is given twice
 --> space.yaml:4:22
  |
4 |   x: {values: [1, 2, 1.0]}
  |                      ^^^ given before
"##);
    insta::assert_snapshot!(function_errors("  x: [1, 2]"), @r##"
error: the parameter `x` must be a value or a mapping
 --> space.yaml:4:6
  |
4 |   x: [1, 2]
  |      ^^^^^^
  |
  = help: write `{values: […]}` around the list
"##);
}

#[test]
fn a_value_that_a_hyperparameter_cannot_have() {
    let text = "  learning_rate: {min: 0, max: 1e-3}\n  batch_size: {values: [8, 0]}\n  dropout: 1\n  scheduler: {values: [linear, cosin]}";
    insta::assert_snapshot!(fine_tune_errors(text), @r##"
error: `learning_rate` must be greater than 0
 --> space.yaml:6:24
  |
6 |   learning_rate: {min: 0, max: 1e-3}
  |                        ^

error: `batch_size` must be at least 1
 --> space.yaml:7:28
  |
7 |   batch_size: {values: [8, 0]}
  |                            ^

error: `dropout` must be at least 0 and less than 1
 --> space.yaml:8:12
  |
8 |   dropout: 1
  |            ^

error: `scheduler` must be one of linear, cosine, constant, polynomial, one_cycle
 --> space.yaml:9:32
  |
9 |   scheduler: {values: [linear, cosin]}
  |                                ^^^^^ did you mean `cosine`?
"##);
    insta::assert_snapshot!(fine_tune_errors("  batch_size: {distribution: uniform, min: 8, max: 32}"), @r##"
error: `batch_size` takes whole numbers
 --> space.yaml:6:30
  |
6 |   batch_size: {distribution: uniform, min: 8, max: 32}
  |                              ^^^^^^^ write `int_uniform`
"##);
    insta::assert_snapshot!(fine_tune_errors("  freeze_depth: {min: 0, max: 6}"), @r##"
error: the largest `freeze_depth` of `resnet8-cifar10` is 4
 --> space.yaml:6:17
  |
6 |   freeze_depth: {min: 0, max: 6}
  |                 ^^^^^^^^^^^^^^^^
"##);
}

#[test]
fn a_bad_condition_is_shown_inside_its_text() {
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0}\n  y: {min: 0.0, max: 1.0, when: \"z > 0.5\"}"), @r##"
error: there is no parameter `z`
 --> space.yaml:5:34
  |
5 |   y: {min: 0.0, max: 1.0, when: "z > 0.5"}
  |                                  ^ a text is written in quotes, as in `x == 'a'`
"##);
    insta::assert_snapshot!(function_errors("  method: {values: [a, b]}\n  y: {min: 0.0, max: 1.0, when: 'method == ''a'' and metod != ''b'''}"), @r##"
error: there is no parameter `metod`
 --> space.yaml:5:54
  |
5 |   y: {min: 0.0, max: 1.0, when: 'method == ''a'' and metod != ''b'''}
  |                                                      ^^^^^ did you mean `method`?
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0, when: x >}"), @r##"
error: the expression ends where a parameter, a number or a text should follow
 --> space.yaml:4:35
  |
4 |   x: {min: 0.0, max: 1.0, when: x >}
  |                                   ^
"##);
    insta::assert_snapshot!(function_errors("  ä: {values: [ü, b]}\n  y: {min: 0.0, max: 1.0, when: \"ä > 3\"}"), @r##"
error: a text is compared with a number
 --> space.yaml:5:34
  |
5 |   y: {min: 0.0, max: 1.0, when: "ä > 3"}
  |                                  ^^^^^
"##);
}

#[test]
fn conditions_in_a_circle() {
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0, when: y > 0}\n  y: {min: 0.0, max: 1.0, when: \"x > 0\"}"), @r##"
error: the conditions depend on each other in a circle: `x` → `y` → `x`
 --> space.yaml:4:33
  |
4 |   x: {min: 0.0, max: 1.0, when: y > 0}
  |                                 ^^^^^
  |
  = help: a condition may refer only to parameters that do not, in the end, depend on it
"##);
}

#[test]
fn constraints_that_nothing_satisfies() {
    insta::assert_snapshot!(errors_with("constraints: [\"x > 0.1\", \"x > 2\"]"), @r##"
error: no configuration satisfies the constraints: 50000 were drawn
 --> space.yaml:4:26
  |
4 | constraints: ["x > 0.1", "x > 2"]
  |                          ^^^^^^^ true for 0 % of them
  |
  = help: loosen this constraint or widen the ranges of its parameters
"##);
}

#[test]
fn a_function_without_its_parameters() {
    insta::assert_snapshot!(errors("function: {name: branin}\nrun_cap: 3\nparameters: {x1: {min: 0.0, max: 1.0}}\n"), @r##"
error: `branin` is a function of the numbers `x1` and `x2`
 --> space.yaml:3:1
  |
3 | parameters: {x1: {min: 0.0, max: 1.0}}
  | ^^^^^^^^^^
  |
  = help: write `x1: {min: -5.0, max: 10.0}` and `x2: {min: 0.0, max: 15.0}`
"##);
    insta::assert_snapshot!(errors("function: {trial_seconds: -1}\nrun_cap: 3\nparameters: {x: 1}\n"), @r##"
error: the function has no `name`
 --> space.yaml:1:11
  |
1 | function: {trial_seconds: -1}
  |           ^^^^^^^^^^^^^^^^^^^
  |
  = help: supported: `sphere` and `branin`

error: `trial_seconds` must be at least 0 and at most 1000000
 --> space.yaml:1:27
  |
1 | function: {trial_seconds: -1}
  |                           ^^
"##);
    insta::assert_snapshot!(errors("function: sphere\nrun_cap: 3\nparameters: {}\n"), @r##"
error: there are no `parameters` to search
 --> space.yaml:3:1
  |
3 | parameters: {}
  | ^^^^^^^^^^
  |
  = help: add some, such as `learning_rate: {min: 1e-5, max: 1e-3, log: true}`
"##);
}

#[test]
fn two_steps_or_one_on_a_logarithmic_scale() {
    insta::assert_snapshot!(function_errors("  x: {min: 1, max: 9, q: 2, step: 3}"), @r##"
error: `x` has two steps: `q` counts multiples of a number, `step` counts from `min`
 --> space.yaml:4:35
  |
4 |   x: {min: 1, max: 9, q: 2, step: 3}
  |                                   ^
  |
  = help: keep one of them
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 1, max: 9, log: true, step: 3}"), @r##"
error: `x` is searched on a logarithmic scale, so it has no `step`
 --> space.yaml:4:40
  |
4 |   x: {min: 1, max: 9, log: true, step: 3}
  |                                        ^
  |
  = help: write `q` for multiples of a number
"##);
}
