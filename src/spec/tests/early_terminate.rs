//! The section `early_terminate`: its meaning, and its error messages.

use super::*;
use crate::spec::{EarlyTerminate, Patience, SchedulerSpec};

fn rule(name: &str) -> SchedulerSpec {
    SchedulerSpec::named(name).unwrap()
}

fn read_section(section: &str) -> EarlyTerminate {
    spec(&format!("{FUNCTION}early_terminate: {section}\n")).early_terminate
}

#[test]
fn every_scheduler_is_known_by_its_name_alone() {
    for (name, scheduler) in SchedulerSpec::names() {
        assert_eq!(read_section(name), scheduler.into());
        assert_eq!(read_section(&format!("{{type: {name}}}")), scheduler.into());
        assert_eq!(scheduler.name(), name);
    }
}

#[test]
fn every_key_has_its_meaning() {
    let asha = rule("asha").with("eta", 4).with("mode", "stopping");
    assert_eq!(
        read_section("{eta: 4, mode: stopping, cost_aware: false, patience: 1.5, min_delta: 0.01, audit: 0.05}"),
        EarlyTerminate {
            scheduler: asha,
            patience: Some(Patience {
                epochs: 1.5,
                min_delta: 0.01
            }),
            audit: 0.05
        }
    );
    assert_eq!(
        read_section("{type: successive_halving, eta: 2, bracket: 8}").scheduler,
        rule("successive_halving").with("eta", 2).with("bracket", 8)
    );
    assert_eq!(
        read_section("{type: median, interval: 0.5, min_trials: 3}").scheduler,
        rule("median").with("interval", 0.5).with("min_trials", 3)
    );
    assert_eq!(
        read_section("{type: pbt, population: 8, interval: 2, quantile: 0.25, resample: 0}").scheduler,
        rule("pbt")
            .with("population", 8)
            .with("interval", 2.0)
            .with("quantile", 0.25)
            .with("resample", 0.0)
    );
    assert_eq!(
        read_section("{type: none, patience: 2}").patience,
        Some(Patience {
            epochs: 2.0,
            min_delta: 0.0
        })
    );
}

#[test]
fn hyperband_of_weights_and_biases_stops_and_says_how_long_trials_are() {
    let read = |section: &str| {
        let spec = spec(&format!("{FUNCTION}early_terminate: {section}\n"));
        (spec.early_terminate.scheduler, spec.epochs.min, spec.epochs.max)
    };
    let stopping = |eta: u32| rule("asha").with("eta", eta).with("mode", "stopping");
    assert_eq!(read("{type: hyperband, min_iter: 3}"), (stopping(3), 3.0, 27.0));
    assert_eq!(read("{type: hyperband, max_iter: 27, s: 2}"), (stopping(3), 3.0, 27.0));
    assert_eq!(read("{type: hyperband, max_iter: 8, eta: 2}"), (stopping(2), 4.0, 8.0));
    // Without its own keys, the default of the algorithm applies.
    assert_eq!(
        read("{type: hyperband, eta: 4}"),
        (SchedulerSpec::named("hyperband").unwrap().with("eta", 4), 1.0, 3.0)
    );
    // Values in the spec take precedence.
    let own = spec(&format!(
        "{FUNCTION}epochs: {{min: 2, max: 9}}\nearly_terminate: {{type: hyperband, min_iter: 3}}\n"
    ));
    assert_eq!((own.epochs.min, own.epochs.max), (2.0, 9.0));
    let own = spec(&format!(
        "{FUNCTION}epochs: 9\nearly_terminate: {{type: hyperband, min_iter: 3}}\n"
    ));
    assert_eq!((own.epochs.min, own.epochs.max), (3.0, 9.0));
    let said = warnings(&format!(
        "{FUNCTION}early_terminate: {{type: hyperband, min_iter: 3, strict: true}}\n"
    ));
    assert!(said.contains("`strict` has no effect"), "{said}");
}

#[test]
fn another_type_by_hand_leaves_the_keys_of_the_files_unused() {
    let text = format!("{FUNCTION}early_terminate: {{type: asha, eta: 3, mode: stopping, patience: 2}}\n");
    let read = |set: &[&str]| read_with(&text, set).map(|(spec, _)| spec.early_terminate);
    let none = read(&["early_terminate.type=none"]).unwrap();
    assert_eq!(
        (none.scheduler, none.patience.is_some()),
        (SchedulerSpec::named("none").unwrap(), true)
    );
    let hyperband = read(&["early_terminate.type=hyperband"]).unwrap();
    assert_eq!(
        hyperband.scheduler,
        SchedulerSpec::named("hyperband").unwrap().with("eta", 3)
    );
    let wrong = read(&["early_terminate.type=none", "early_terminate.eta=4"]).unwrap_err();
    assert!(
        wrong
            .to_string()
            .contains("`early_terminate` of type `none` has no key `eta`"),
        "{wrong}"
    );
}

#[test]
fn keys_that_are_wrong_or_of_another_type() {
    insta::assert_snapshot!(errors_with("early_terminate: {type: hyperband, mode: stopping, patiense: 2}"), @r##"
error: `early_terminate` of type `hyperband` has no key `mode`
 --> space.yaml:4:36
  |
4 | early_terminate: {type: hyperband, mode: stopping, patiense: 2}
  |                                    ^^^^
  |
  = help: it is one of `asha`

error: unknown key `patiense` in `early_terminate`
 --> space.yaml:4:52
  |
4 | early_terminate: {type: hyperband, mode: stopping, patiense: 2}
  |                                                    ^^^^^^^^ did you mean `patience`?
"##);
    insta::assert_snapshot!(errors_with("early_terminate: {mode: stopping, cost_aware: true}"), @"
    error: `cost_aware` is a rule of promotion, and with `mode: stopping` no trial is promoted
     --> space.yaml:4:35
      |
    4 | early_terminate: {mode: stopping, cost_aware: true}
      |                                   ^^^^^^^^^^
      |
      = help: keep one of the two
    ");
    insta::assert_snapshot!(errors_with("early_terminate: {type: none, interval: 2}"), @r##"
error: `early_terminate` of type `none` has no key `interval`
 --> space.yaml:4:31
  |
4 | early_terminate: {type: none, interval: 2}
  |                               ^^^^^^^^
  |
  = help: it is one of `median` and `pbt`
"##);
    insta::assert_snapshot!(errors_with("early_terminate: {mode: promote, audit: 5, patience: 0, min_delta: -1}"), @"
    error: `mode` cannot be `promote`
     --> space.yaml:4:25
      |
    4 | early_terminate: {mode: promote, audit: 5, patience: 0, min_delta: -1}
      |                         ^^^^^^^ did you mean `promotion`?
      |
      = help: supported: `promotion` and `stopping`

    error: `audit` must be from 0 to 1
     --> space.yaml:4:41
      |
    4 | early_terminate: {mode: promote, audit: 5, patience: 0, min_delta: -1}
      |                                         ^

    error: `patience` must be greater than 0 and at most a million
     --> space.yaml:4:54
      |
    4 | early_terminate: {mode: promote, audit: 5, patience: 0, min_delta: -1}
      |                                                      ^

    error: `min_delta` must be 0 or more
     --> space.yaml:4:68
      |
    4 | early_terminate: {mode: promote, audit: 5, patience: 0, min_delta: -1}
      |                                                                    ^^
    ");
}

#[test]
fn keys_without_effect() {
    let said = |section: &str| warnings(&format!("{FUNCTION}early_terminate: {section}\n"));
    assert!(said("{min_delta: 0.1}").contains("`min_delta` has no effect: there is no `patience`"));
    assert!(said("{type: none, audit: 0.1}").contains("`audit` has no effect: no trial is pruned"));
    assert!(said("{type: pbt, patience: 2}").contains("`patience` has no effect"));
    // The function's budget is 5 trials.
    assert!(said("{type: pbt}").contains("leaves no room for clones"));
    assert_eq!(said("{type: pbt, population: 2}"), "");
    assert_eq!(said("{patience: 2, min_delta: 0.1, audit: 0.1}"), "");
}
