//! Messages about invalid distributions, hints, points or constraints.

use super::*;

#[test]
fn distributions_that_make_no_sense() {
    insta::assert_snapshot!(function_errors("  x: {distribution: beta, a: 2, b: 3}"), @r##"
error: beta distributions are not supported
 --> space.yaml:4:21
  |
4 |   x: {distribution: beta, a: 2, b: 3}
  |                     ^^^^
  |
  = help: write `normal` with `mu`, `sigma`, `min` and `max`, or `uniform` with a `prior`
"##);
    insta::assert_snapshot!(function_errors("  x: {distribution: gaussian, mu: 0}"), @r##"
error: `distribution` cannot be `gaussian`
 --> space.yaml:4:21
  |
4 |   x: {distribution: gaussian, mu: 0}
  |                     ^^^^^^^^ not supported
  |
  = help: supported: `constant`, `categorical`, `categorical_w_probabilities`, `uniform`, `int_uniform`, `q_uniform`, `log_uniform_values`, `q_log_uniform_values`, `int_log_uniform_values`, `inv_log_uniform_values`, `log_uniform`, `q_log_uniform`, `inv_log_uniform`, `normal`, `q_normal`, `log_normal` and `q_log_normal`
"##);
    insta::assert_snapshot!(function_errors("  x: {distribution: normal, mu: 0, sigma: 0}"), @r##"
error: `sigma` must be greater than 0
 --> space.yaml:4:43
  |
4 |   x: {distribution: normal, mu: 0, sigma: 0}
  |                                           ^
"##);
    insta::assert_snapshot!(function_errors("  x: {distribution: normal, mu: 0, sigma: 1, min: 5, max: 6}"), @r##"
error: the range of `x` lies further than 4 `sigma` from `mu`
 --> space.yaml:4:51
  |
4 |   x: {distribution: normal, mu: 0, sigma: 1, min: 5, max: 6}
  |                                                   ^ the distribution lies between -4.0 and 4.0
"##);
    insta::assert_snapshot!(function_errors("  x: {distribution: q_normal, mu: 0.4, sigma: 0.01}"), @r##"
error: the range of `x` holds no multiple of `q`
 --> space.yaml:4:21
  |
4 |   x: {distribution: q_normal, mu: 0.4, sigma: 0.01}
  |                     ^^^^^^^^
"##);
    insta::assert_snapshot!(function_errors("  x: {distribution: log_normal, log: true}"), @r##"
error: `log` does not go together with a normal distribution
 --> space.yaml:4:33
  |
4 |   x: {distribution: log_normal, log: true}
  |                                 ^^^
  |
  = help: keep only `mu`, `sigma`, `min`, `max` and `q`
"##);
    insta::assert_snapshot!(fine_tune_errors("  learning_rate: {distribution: normal, mu: 0.001, sigma: 0.001}\n  batch_size: {distribution: normal, mu: 32, sigma: 5}"), @r##"
error: `learning_rate` must be greater than 0, but the distribution reaches from -0.003 to 0.005
 --> space.yaml:6:18
  |
6 |   learning_rate: {distribution: normal, mu: 0.001, sigma: 0.001}
  |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give it a `min` and a `max`

error: `batch_size` takes whole numbers
 --> space.yaml:7:30
  |
7 |   batch_size: {distribution: normal, mu: 32, sigma: 5}
  |                              ^^^^^^ write `q_normal`
"##);
}

#[test]
fn probabilities_that_make_no_sense() {
    insta::assert_snapshot!(function_errors("  x: {values: [a, b], probabilities: [0.5, 0.2]}"), @r##"
error: the probabilities of `x` must add up to 1
 --> space.yaml:4:38
  |
4 |   x: {values: [a, b], probabilities: [0.5, 0.2]}
  |                                      ^^^^^^^^^^ these add up to 0.700
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [a, b], probabilities: [0.5, 0.3, 0.2]}"), @r##"
error: `x` has 2 values, but 3 probabilities
 --> space.yaml:4:38
  |
4 |   x: {values: [a, b], probabilities: [0.5, 0.3, 0.2]}
  |                                      ^^^^^^^^^^^^^^^ one for each value
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [a, b], probabilities: [1, 0]}"), @r##"
error: `probabilities` must be at least 1e-6 and at most 1
 --> space.yaml:4:42
  |
4 |   x: {values: [a, b], probabilities: [1, 0]}
  |                                          ^
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [a, b], probabilities: 0.5}"), @r##"
error: `probabilities` must be a list
 --> space.yaml:4:38
  |
4 |   x: {values: [a, b], probabilities: 0.5}
  |                                      ^^^ this is a number
"##);
}

#[test]
fn bounds_that_are_exponents_are_warned_about() {
    insta::assert_snapshot!(warnings("function: sphere\nbudget: {trials: 5}\nparameters:\n  x: {distribution: log_uniform, min: -2, max: 0}\n"), @r##"
warning: the bounds of `log_uniform` are exponents of e: `x` is searched from 1.353352832366127e-1 to 1e0
 --> space.yaml:4:21
  |
4 |   x: {distribution: log_uniform, min: -2, max: 0}
  |                     ^^^^^^^^^^^
  |
  = help: write `distribution: log_uniform_values` with the bounds themselves
"##);
    insta::assert_snapshot!(warnings("function: sphere\nbudget: {trials: 5}\nparameters:\n  x: {distribution: inv_log_uniform, min: 0, max: 2}\n"), @r##"
warning: the bounds of `inv_log_uniform` are exponents of e: `x` is searched from 1.353352832366127e-1 to 1e0
 --> space.yaml:4:21
  |
4 |   x: {distribution: inv_log_uniform, min: 0, max: 2}
  |                     ^^^^^^^^^^^^^^^
  |
  = help: write `distribution: log_uniform_values` with the bounds themselves
"##);
}

#[test]
fn hints_outside_of_their_parameter() {
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 0.5, q: 0.05, prior: 0.07, init: 0.6}"), @r##"
error: `0.07` is not a value of `x`
 --> space.yaml:4:43
  |
4 |   x: {min: 0.0, max: 0.5, q: 0.05, prior: 0.07, init: 0.6}
  |                                           ^^^^ the nearest is 0.05

error: `0.6` is not a value of `x`
 --> space.yaml:4:55
  |
4 |   x: {min: 0.0, max: 0.5, q: 0.05, prior: 0.07, init: 0.6}
  |                                                       ^^^ it lies between 0 and 0.5
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [adam, sgd], prior: {value: adamw, confidence: hi}, low_cost: [adam]}"), @r##"
error: `adamw` is not a value of `x`
 --> space.yaml:4:43
  |
4 |   x: {values: [adam, sgd], prior: {value: adamw, confidence: hi}, low_cost: [adam]}
  |                                           ^^^^^ did you mean `adam`?

error: `confidence` cannot be `hi`
 --> space.yaml:4:62
  |
4 |   x: {values: [adam, sgd], prior: {value: adamw, confidence: hi}, low_cost: [adam]}
  |                                                              ^^ not supported
  |
  = help: supported: `low`, `medium` and `high`

error: `x` must be a number, a text or a boolean
 --> space.yaml:4:77
  |
4 |   x: {values: [adam, sgd], prior: {value: adamw, confidence: hi}, low_cost: [adam]}
  |                                                                             ^^^^^^ this is a list
"##);
    insta::assert_snapshot!(function_errors("  x: {values: [a, b], init: c}"), @r##"
error: `c` is not a value of `x`
 --> space.yaml:4:29
  |
4 |   x: {values: [a, b], init: c}
  |                             ^ it is one of a, b
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 1, max: 8, init: many}"), @r##"
error: `many` is not a value of `x`
 --> space.yaml:4:29
  |
4 |   x: {min: 1, max: 8, init: many}
  |                             ^^^^ it is a number from 1 to 8
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0, prior: {confidence: high}}"), @r##"
error: the prior has no `value`
 --> space.yaml:4:34
  |
4 |   x: {min: 0.0, max: 1.0, prior: {confidence: high}}
  |                                  ^^^^^^^^^^^^^^^^^^
"##);
}

#[test]
fn groups_of_parameters() {
    insta::assert_snapshot!(function_errors("  opt: {parameters: {rate: {min: 0.0, max: 1.0}}, min: 3}\n  opt.rate: {min: 0.0, max: 1.0}"), @r##"
error: unknown key `min` in the group `opt`
 --> space.yaml:4:51
  |
4 |   opt: {parameters: {rate: {min: 0.0, max: 1.0}}, min: 3}
  |                                                   ^^^
  |
  = help: choose from `parameters` and `when`

error: there are two parameters `opt.rate`
 --> space.yaml:5:3
  |
5 |   opt.rate: {min: 0.0, max: 1.0}
  |   ^^^^^^^^ this is the second
"##);
    insta::assert_snapshot!(function_errors("  opt: {parameters: {rate: {min: 1.0, max: 0.0}, decay: {min: 0.0, max: 1.0, when: opt.momentum > 0}}}"), @r##"
error: the range of `opt.rate` is empty: `min` is greater than `max`
 --> space.yaml:4:34
  |
4 |   opt: {parameters: {rate: {min: 1.0, max: 0.0}, decay: {min: 0.0, max: 1.0, when: opt.momentum > 0}}}
  |                                  ^^^ greater than 0

error: there is no parameter `opt.momentum`
 --> space.yaml:4:84
  |
4 |   opt: {parameters: {rate: {min: 1.0, max: 0.0}, decay: {min: 0.0, max: 1.0, when: opt.momentum > 0}}}
  |                                                                                    ^^^^^^^^^^^^ a text is written in quotes, as in `x == 'a'`
"##);
}

#[test]
fn points_that_are_none() {
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0}\n  k: {values: [a, b]}\n  y: {min: 0, max: 4, when: k == \"b\"}\npoints_to_evaluate:\n- {x: 2, z: 1}\n- {y: 3}\n- [1]\n- {x: 0.9}\nconstraints: [x <= 0.8]"), @r##"
error: `2` is not a value of `x`
 --> space.yaml:8:7
  |
8 | - {x: 2, z: 1}
  |       ^ it lies between 0 and 1

error: there is no parameter `z`
 --> space.yaml:8:10
  |
8 | - {x: 2, z: 1}
  |          ^
  |
  = help: choose from `x`, `k` and `y`

error: `y` is inactive at this point: its condition is not true there
 --> space.yaml:9:4
  |
9 | - {y: 3}
  |    ^

error: `points_to_evaluate` must be a list of mappings of parameters to values
  --> space.yaml:10:3
   |
10 | - [1]
   |   ^^^ this is a list

error: the point violates the constraint `x <= 0.8`
  --> space.yaml:11:3
   |
11 | - {x: 0.9}
   |   ^^^^^^^^
   |
   = help: what a point leaves out has its `init` value, its prior's or the middle of its range
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0}\npoints_to_evaluate: {x: 0.5}"), @r##"
error: `points_to_evaluate` must be a list of mappings of parameters to values
 --> space.yaml:5:21
  |
5 | points_to_evaluate: {x: 0.5}
  |                     ^^^^^^^^ this is a mapping
"##);
}

#[test]
fn init_values_that_are_not_feasible_are_warned_about() {
    insta::assert_snapshot!(warnings("function: sphere\nbudget: {trials: 5}\nparameters:\n  x: {min: 0.0, max: 1.0, init: 0.9}\nconstraints: [x <= 0.8]\n"), @r##"
warning: the `init` values together violate `x <= 0.8`: they are not tried first
 --> space.yaml:3:1
  |
3 | parameters:
  | ^^^^^^^^^^
  |
  = help: give other `init` values, or give more of them
"##);
}

#[test]
fn constraints_that_contradict_each_other_are_blamed_together() {
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0}\nconstraints:\n- x < 0.6\n- x > 0.1\n- x > 0.7"), @r##"
error: no configuration satisfies the constraints: 50000 were drawn
 --> space.yaml:8:3
  |
8 | - x > 0.7
  |   ^^^^^^^ the strictest of those that contradict each other
  |
  = help: alone, they are true: `x < 0.6` for 60.01 %, `x > 0.7` for 30 %; together, for 0 %: loosen one of them
"##);
    insta::assert_snapshot!(function_errors("  x: {min: 0.0, max: 1.0}\n  y: {min: 0.0, max: 1.0}\nconstraints: [x + y > 0.2, \"x < 0.01 and y < 0.001\"]"), @r##"
error: hardly any configuration satisfies the constraints: 50000 were drawn
 --> space.yaml:6:28
  |
6 | constraints: [x + y > 0.2, "x < 0.01 and y < 0.001"]
  |                            ^^^^^^^^^^^^^^^^^^^^^^^^ true for less than 0.01 % of them
  |
  = help: loosen this constraint or widen the ranges of its parameters
"##);
}

#[test]
fn everything_wrong_is_told_in_one_go() {
    insta::assert_snapshot!(function_errors("  a: {min: 0.0, max: 1.0, when: c > 0}\n  b: {parameters: {d: {min: 0.0, max: 1.0, when: a > 0}}, when: c > 0}\n  c: {min: 0.0, max: 1.0, when: b.d > 0}\n  e: {min: 1.0, max: 0.0}\n  f: {values: [], when: \"a >\"}\n  g: {min: 0, max: 3, prior: 4, qq: 3}\nconstraints: [g > 3 +, h < 2]\ndeterministic: 3\nepochs: {min: 3, max: 2}\nseed: x"), @r##"
error: the conditions depend on each other in a circle: `c` → `b.d` → `c`
 --> space.yaml:6:33
  |
6 |   c: {min: 0.0, max: 1.0, when: b.d > 0}
  |                                 ^^^^^^^
  |
  = help: a condition may refer only to parameters that do not, in the end, depend on it

error: the range of `e` is empty: `min` is greater than `max`
 --> space.yaml:7:12
  |
7 |   e: {min: 1.0, max: 0.0}
  |            ^^^ greater than 0

error: the parameter `f` has no values
 --> space.yaml:8:15
  |
8 |   f: {values: [], when: "a >"}
  |               ^^ empty

error: the expression ends where a parameter, a number or a text should follow
 --> space.yaml:8:29
  |
8 |   f: {values: [], when: "a >"}
  |                             ^

error: `4` is not a value of `g`
 --> space.yaml:9:30
  |
9 |   g: {min: 0, max: 3, prior: 4, qq: 3}
  |                              ^ it lies between 0 and 3

error: unknown key `qq` in the parameter `g`
 --> space.yaml:9:33
  |
9 |   g: {min: 0, max: 3, prior: 4, qq: 3}
  |                                 ^^ did you mean `q`?

error: the expression ends where a parameter, a number or a text should follow
  --> space.yaml:10:21
   |
10 | constraints: [g > 3 +, h < 2]
   |                     ^

error: there is no parameter `h`
  --> space.yaml:10:24
   |
10 | constraints: [g > 3 +, h < 2]
   |                        ^ a text is written in quotes, as in `x == 'a'`

error: `deterministic` must be `true` or `false`
  --> space.yaml:11:16
   |
11 | deterministic: 3
   |                ^ this is an integer

error: the range of `epochs` is empty: `min` is greater than `max`
  --> space.yaml:12:15
   |
12 | epochs: {min: 3, max: 2}
   |               ^ greater than 2

error: `seed` must be a whole number
  --> space.yaml:13:7
   |
13 | seed: x
   |       ^ this is a text
"##);
}
