//! Several metrics and constraints on metrics.

use super::*;
use crate::preference::{Level, Preference, Tolerance};
use crate::spec::Metric;
use crate::units::Goal;

fn fine_tune(line: &str) -> Spec {
    spec(&format!("{FINE_TUNE}parameters: {{dropout: 0.1}}\n{line}\n"))
}

fn names(spec: &Spec) -> Vec<&str> {
    let others = spec.criteria.others.iter().map(|metric| metric.name.as_str());
    std::iter::once(spec.metric.name.as_str()).chain(others).collect()
}

#[test]
fn one_metric_is_all_that_counts() {
    for line in [
        "",
        "metric: f1",
        "metric: {name: f1}",
        "metric: [f1]",
        "metric: {lexicographic: [{name: f1, tolerance: 1}]}",
    ] {
        let spec = fine_tune(line);
        assert!(spec.criteria.is_plain(), "{line}");
        assert_eq!(spec.criteria.preference, Preference::Pareto, "{line}");
    }
}

#[test]
fn a_list_asks_for_all_trade_offs() {
    for text in [
        "[accuracy, {name: trainable_parameters, target: 1000}]",
        "{pareto: [accuracy, {name: trainable_parameters, target: 1e3}]}",
    ] {
        let spec = fine_tune(&format!("metric: {text}"));
        assert_eq!(names(&spec), ["accuracy", "trainable_parameters"]);
        let smaller = Metric {
            name: "trainable_parameters".to_owned(),
            goal: Goal::Minimize,
            target: Some(1000.0),
        };
        assert_eq!(spec.criteria.others, [smaller]);
        assert_eq!(spec.criteria.preference, Preference::Pareto);
    }
}

#[test]
fn a_lexicographic_list_has_a_tolerance_and_a_target_each() {
    let spec = fine_tune(
        "metric: {lexicographic: [{name: accuracy, tolerance: \"1%\", target: 0.95}, {name: loss, tolerance: 0.2}, trainable_parameters]}",
    );
    assert_eq!(names(&spec), ["accuracy", "loss", "trainable_parameters"]);
    let level = |tolerance, target| Level { tolerance, target };
    let levels = vec![
        level(Tolerance::Percent(1.0), Some(Goal::Maximize.loss(0.95))),
        level(Tolerance::Absolute(0.2), None),
        Level::default(),
    ];
    assert_eq!(spec.criteria.preference, Preference::Lexicographic(levels));
}

#[test]
fn constraints_are_conditions_over_the_metrics() {
    let spec = fine_tune("metric_constraints: [\"trainable_parameters < 5e6\", \"accuracy > 0.5 or f1 > 0.5\"]");
    let sources: Vec<&str> = spec
        .criteria
        .constraints
        .iter()
        .map(crate::space::Expression::source)
        .collect();
    assert_eq!(sources, ["trainable_parameters < 5e6", "accuracy > 0.5 or f1 > 0.5"]);
    assert!(!spec.criteria.is_plain());
    assert_eq!(
        fine_tune("metric_constraints: accuracy > 0.5")
            .criteria
            .constraints
            .len(),
        1
    );
}

#[test]
fn what_a_machine_measures_needs_a_study_that_may_depend_on_it() {
    assert_eq!(
        names(&fine_tune("metric: [accuracy, latency_ms]\ndeterministic: false")),
        ["accuracy", "latency_ms"]
    );
    insta::assert_snapshot!(errors(&format!("{FINE_TUNE}parameters: {{dropout: 0.1}}\nmetric_constraints: [latency_ms <= 20]\n")), @r##"
error: `latency_ms` is measured on this machine: a deterministic study cannot use it
 --> space.yaml:6:21
  |
6 | metric_constraints: [latency_ms <= 20]
  |                     ^^^^^^^^^^^^^^^^^^
  |
  = help: set `deterministic: false`, or use `trainable_parameters`
"##);
}

#[test]
fn several_metrics_survive_being_written() {
    for lines in [
        "metric: [loss, {name: cost, target: 0.1}]",
        "metric: {lexicographic: [{name: loss, tolerance: 0.07}, {name: cost, tolerance: \"7.1%\", goal: minimize}]}",
        "metric_constraints: [cost <= 0.3, \"loss < 2 and cost > 0\"]",
        "metric: [cost, loss]\nmetric_constraints: cost <= 0.3",
    ] {
        let before = spec(&format!("{FUNCTION}{lines}\n"));
        assert_eq!(spec(&before.to_yaml()), before, "{}", before.to_yaml());
    }
    let written = spec(&format!(
        "{FUNCTION}metric: {{lexicographic: [{{name: loss, tolerance: \"1%\"}}, cost]}}\nmetric_constraints: cost < 1\n"
    ));
    let metric: Vec<String> = written.to_yaml().lines().skip(4).take(6).map(str::to_owned).collect();
    insta::assert_snapshot!(metric.join("\n"), @r##"
    metric:
      lexicographic:
        - {name: loss, goal: minimize, tolerance: "1.0%"}
        - {name: cost, goal: minimize, tolerance: 0.0}
    metric_constraints:
      - "cost < 1"
    "##);
}

#[test]
fn what_is_wrong_with_metrics_is_explained() {
    let lines = [
        "metric: []",
        "metric: [loss, loss]",
        "metric: [loss, {name: cost, tolerance: 0.1}]",
        "metric: {lexicographic: [{name: loss, tolerance: lots}]}",
        "metric: {lexicographic: loss}",
        "metric: [los, {nme: cost}]",
        "metric_constraints: [cots < 1, loss + 1]",
    ];
    let shown: Vec<String> = lines.iter().map(|line| errors_with(line)).collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
error: the list of metrics is empty
 --> space.yaml:4:9
  |
4 | metric: []
  |         ^^
  |
  = help: write `metric: loss`
error: the metric `loss` is listed twice
 --> space.yaml:4:16
  |
4 | metric: [loss, loss]
  |                ^^^^
  |
  = help: keep one of them
error: `tolerance` has no meaning for trade-offs
 --> space.yaml:4:40
  |
4 | metric: [loss, {name: cost, tolerance: 0.1}]
  |                                        ^^^
  |
  = help: write `metric: {lexicographic: […]}` for metrics by priority
error: `tolerance` must be a number of 0 or more, or a percentage
 --> space.yaml:4:50
  |
4 | metric: {lexicographic: [{name: loss, tolerance: lots}]}
  |                                                  ^^^^
  |
  = help: write it like `tolerance: 0.01` or `tolerance: "1%"`
error: `lexicographic` must be a list of metrics
 --> space.yaml:4:25
  |
4 | metric: {lexicographic: loss}
  |                         ^^^^ this is a text
error: `metric` cannot be `los`
 --> space.yaml:4:10
  |
4 | metric: [los, {nme: cost}]
  |          ^^^ did you mean `loss`?
  |
  = help: supported: `loss` and `cost`

error: unknown key `nme` in `metric`
 --> space.yaml:4:16
  |
4 | metric: [los, {nme: cost}]
  |                ^^^ did you mean `name`?
error: there is no metric `cots`
 --> space.yaml:4:22
  |
4 | metric_constraints: [cots < 1, loss + 1]
  |                      ^^^^ did you mean `cost`?

error: expected true or false, but this is a number
 --> space.yaml:4:32
  |
4 | metric_constraints: [cots < 1, loss + 1]
  |                                ^^^^^^^^ compare it, as in `x > 3` or `x == 'a'`
"##);
}
