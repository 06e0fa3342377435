mod deadline;
mod schedulers;
mod selection;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::policies;
use crate::rng;
use crate::space::{Domain, Parameter, Space, Value};
use crate::spec::{EarlyTerminate, SchedulerSpec, SearcherSpec};
use crate::study::{EndReason, Event, InFlight, Outcome, Settings, Study, testing};
use crate::trials::{Evaluation, Failure, FailureKind, SegmentReport, Status, TrainingCurve, Trial, Usage};
use crate::units::{Goal, Loss, Samples, Seed, TrialId};

/// The settings of a study of `rate` and `depth`.
fn settings(trials: u32, logical_workers: u32) -> Settings {
    Settings {
        max_trials: Some(trials),
        epoch: Samples(100),
        min: Samples(10),
        max: Samples(810),
        logical_workers,
        ..testing::settings(testing::rate_and_depth())
    }
}

fn study(searcher: SearcherSpec, early: impl Into<EarlyTerminate>, trials: u32, logical_workers: u32) -> Study {
    study_of(searcher, early, settings(trials, logical_workers))
}

fn study_of(searcher: SearcherSpec, early: impl Into<EarlyTerminate>, settings: Settings) -> Study {
    let cost = Box::new(
        |configuration: &crate::space::Configuration, from: Samples, to: Samples| {
            let depth = configuration.get("depth").and_then(Value::as_f64).unwrap_or(0.0);
            (to.0 - from.0) as f64 * (8.0 - depth)
        },
    );
    let policy = policies::build(searcher, early, None, settings.lengths());
    Study::new(settings, policy, cost)
}

/// A valley with a learning curve; one trial in 20 diverges.
fn outcome(trial: &Trial, flight: &InFlight) -> Outcome {
    if trial.id.0 % 20 == 13 {
        return Outcome::Failed(Failure {
            kind: FailureKind::Diverged,
            message: "NaN".into(),
        });
    }
    let rate = trial.configuration.get("rate").and_then(Value::as_f64).unwrap_or(1.0);
    let loss = (rate.log10() + 3.0).powi(2) + 100.0 / flight.to.0 as f64;
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: vec![Evaluation {
            at: flight.to,
            metrics: BTreeMap::from([("loss".into(), loss)]),
        }],
        training: TrainingCurve::default(),
        trainable_parameters: 1,
        usage: Usage::default(),
    })
}

/// Runs a study on a machine whose speed is random.
fn run(study: &mut Study, workers: usize, machine: u64) -> Vec<Event> {
    let mut rng = rng::stream(Seed(machine), "machine", &[]);
    let mut events = Vec::new();
    let simulation = Simulation {
        workers,
        seconds: &mut |_, flight| (flight.to.0 - flight.from.0) as f64 * rng.random_range(0.1..10.0),
        outcome: &outcome,
        journal: &mut |event| events.push(event.clone()),
    };
    simulate(study, simulation);
    events
}

/// Everything about a study that must not depend on the machine.
fn story(study: &Study) -> Vec<String> {
    study.trials().iter().map(|trial| format!("{trial:?}")).collect()
}

#[test]
fn ten_thousand_trials_are_simulated() {
    let mut study = study(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::default(),
        10_000,
        64,
    );
    run(&mut study, 64, 1);
    assert_eq!(study.ended(), Some(EndReason::Trials));
    assert_eq!(study.trials().len(), 10_000);
    let completed = study
        .trials()
        .iter()
        .filter(|trial| trial.status == Status::Completed)
        .count();
    // Four promotions of one in three, and some more because promotions cannot be undone.
    assert!((100..400).contains(&completed), "{completed}");
}

#[test]
fn a_wrong_machine_never_changes_a_deterministic_study() {
    let make = || study(SearcherSpec::named("tpe").unwrap(), SchedulerSpec::default(), 60, 4);
    let mut expected = make();
    run(&mut expected, 1, 1);
    for (workers, machine) in [(1, 2), (2, 3), (3, 4), (8, 5)] {
        let mut other = make();
        run(&mut other, workers, machine);
        assert_eq!(story(&other), story(&expected), "{workers} workers");
    }
}

#[test]
fn without_determinism_results_count_in_the_order_of_their_arrival() {
    let mut study = study_of(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        Settings {
            is_deterministic: false,
            ..settings(20, 4)
        },
    );
    let events = run(&mut study, 4, 9);
    let ended = events.iter().filter_map(|event| match event {
        Event::SegmentEnded { trial, .. } => Some(*trial),
        _ => None,
    });
    let delivered = events.iter().filter_map(|event| match event {
        Event::SegmentDelivered { trial } => Some(*trial),
        _ => None,
    });
    assert!(ended.eq(delivered));
}

#[test]
fn a_small_finite_space_is_tried_to_its_last_configuration() {
    let parameter = |(name, count): (&str, i64)| Parameter::new(name, Domain::choice(0..count).ordered());
    let parameters = [("a", 4), ("b", 5), ("c", 3)].map(parameter);
    let mut study = study_of(
        SearcherSpec::named("tpe").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        Settings {
            space: Space::new(parameters.into(), vec![]).unwrap(),
            ..settings(1000, 3)
        },
    );
    run(&mut study, 2, 1);
    assert_eq!(study.ended(), Some(EndReason::Exhausted));
    assert_eq!(study.trials().len(), 60);
}

#[test]
fn a_trial_that_fails_later_keeps_what_it_has_measured() {
    let mut study = study(SearcherSpec::named("random").unwrap(), SchedulerSpec::default(), 9, 1);
    let simulation = Simulation {
        workers: 1,
        seconds: &mut |_, _| 1.0,
        outcome: &|trial, flight| {
            if flight.from > Samples(0) {
                return Outcome::Failed(Failure {
                    kind: FailureKind::Diverged,
                    message: "NaN".into(),
                });
            }
            outcome(trial, flight)
        },
        journal: &mut |_| {},
    };
    simulate(&mut study, simulation);
    let has_failed_later = |trial: &&Trial| trial.status == Status::Failed && trial.segments == 1;
    let failed: Vec<&Trial> = study.trials().iter().filter(has_failed_later).collect();
    assert!(!failed.is_empty());
    for trial in &failed {
        assert_eq!(trial.loss(), Some(Loss::WORST), "searchers see a failure");
        assert!(
            study.best_observation(trial.id).is_some(),
            "people see what it was worth"
        );
    }
    // The best of all evaluations, whatever happened to their trials later.
    let losses = study
        .trials()
        .iter()
        .filter_map(|trial| Some((trial.best_observation()?.loss, trial.id)));
    assert_eq!(study.incumbent().map(|(id, loss)| (loss, id)), losses.min());
}

#[test]
fn what_a_segment_had_measured_before_it_failed_counts() {
    let mut study = study(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        1,
        1,
    );
    let planned = study.decide().unwrap();
    study.apply(&planned, 0.0);
    let trial = TrialId(0);
    let evaluation = |at: u64, loss: f64| Evaluation {
        at: Samples(at),
        metrics: BTreeMap::from([("loss".into(), loss)]),
    };
    let report = SegmentReport {
        reached: Samples(250),
        evaluations: vec![evaluation(100, 0.5), evaluation(200, 0.4)],
        training: TrainingCurve::default(),
        trainable_parameters: 7,
        usage: Usage::default(),
    };
    study.apply(&Event::SegmentInterrupted { trial, report }, 1.0);
    let failure = Failure {
        kind: FailureKind::TimedOut,
        message: "too long".into(),
    };
    let ended = Event::SegmentEnded {
        trial,
        outcome: Outcome::Failed(failure),
        device: String::new(),
        started_at: String::new(),
        finished_at: String::new(),
    };
    study.apply(&ended, 2.0);
    while let Some(event) = study.decide() {
        study.apply(&event, 2.0);
    }
    assert_eq!(study.trials()[0].status, Status::Failed);
    assert_eq!(study.best_observation(trial).map(|best| best.at), Some(Samples(200)));
    assert_eq!(study.incumbent().map(|(id, _)| id), Some(trial));
    assert_eq!(study.pieces(trial, Samples(200)), [100, 200].map(Samples));
    assert_eq!(study.record(trial).evaluations.len(), 2);
}

#[test]
fn what_was_measured_before_an_interruption_counts_only_if_the_wall_budget_ends_the_study() {
    let mut study = study(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        2,
        1,
    );
    let planned = study.decide().unwrap();
    study.apply(&planned, 0.0);
    let evaluations = vec![Evaluation {
        at: Samples(100),
        metrics: BTreeMap::from([("loss".into(), 0.5)]),
    }];
    let (reached, usage) = (Samples(150), Usage::default());
    let report = SegmentReport {
        reached,
        evaluations,
        training: TrainingCurve::default(),
        trainable_parameters: 7,
        usage,
    };
    study.apply(
        &Event::SegmentInterrupted {
            trial: TrialId(0),
            report,
        },
        1.0,
    );
    assert_eq!(study.incumbent(), None);
    study.apply(&Event::DeadlineReached, 1.0);
    study.apply(
        &Event::StudyEnded {
            reason: EndReason::Wall,
        },
        1.0,
    );
    assert_eq!(study.incumbent(), Some((TrialId(0), Goal::Minimize.loss(0.5))));
    study.apply(&Event::StudyResumed { added_wall: 9.0 }, 1.0);
    assert_eq!(study.incumbent(), None);
}

#[test]
fn a_target_ends_the_study() {
    let mut study = study_of(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        Settings {
            target: Some(1.0),
            ..settings(1000, 4)
        },
    );
    run(&mut study, 2, 1);
    assert_eq!(study.ended(), Some(EndReason::Target));
    assert!(study.trials().len() < 100);
}

#[test]
fn at_the_deadline_what_waits_for_its_turn_counts_and_keeps_waiting() {
    let mut study = study(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::named("none").unwrap(),
        10,
        4,
    );
    for _ in 0..4 {
        let event = study.decide().unwrap();
        study.apply(&event, 0.0);
    }
    // The last segment on the virtual clock arrives first, so nothing can be delivered yet.
    let (&last, flight) = study
        .flights()
        .iter()
        .max_by(|a, b| a.1.finish.total_cmp(&b.1.finish))
        .unwrap();
    let outcome = outcome(&study.trials()[last.index()], flight);
    let (device, started_at, finished_at) = (String::new(), String::new(), String::new());
    study.apply(
        &Event::SegmentEnded {
            trial: last,
            outcome,
            device,
            started_at,
            finished_at,
        },
        1.0,
    );
    assert_eq!(study.decide(), None);
    study.apply(&Event::DeadlineReached, 2.0);
    let end = Event::StudyEnded {
        reason: EndReason::Wall,
    };
    assert_eq!(study.decide().as_ref(), Some(&end));
    assert_eq!(
        (study.standing(last), study.incumbent()),
        (Status::Running { to: Samples(810) }, None)
    );
    study.apply(&end, 2.0);
    assert_eq!(study.standing(last), Status::Completed);
    assert_eq!(study.incumbent().map(|(trial, _)| trial), Some(last));
    study.apply(&Event::StudyResumed { added_wall: 1.0 }, 2.0);
    assert_eq!(study.decide(), None, "it is still not its turn");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_deadline_at_any_moment_and_more_time_give_the_same_study(cut in 0.0..1.0f64, machine: u64) {
        let make = || study(SearcherSpec::named("tpe").unwrap(), SchedulerSpec::default(), 25, 3);
        let mut expected = make();
        let events = run(&mut expected, 2, machine);
        let mut resumed = make();
        for event in &events[..(events.len() as f64 * cut) as usize] {
            resumed.apply(event, 0.0);
        }
        resumed.apply(&Event::DeadlineReached, 0.0);
        while let Some(event) = resumed.decide() {
            resumed.apply(&event, 0.0);
        }
        prop_assert!(resumed.ended().is_some());
        resumed.apply(&Event::StudyResumed { added_wall: 1.0 }, 0.0);
        run(&mut resumed, 3, machine ^ 1);
        prop_assert_eq!(story(&resumed), story(&expected));
    }

    #[test]
    fn replaying_any_prefix_and_going_on_gives_the_same_study(cut in 0.0..1.0f64, workers in 1usize..5, machine: u64) {
        let make = || study(SearcherSpec::named("tpe").unwrap(), SchedulerSpec::default(), 25, 3);
        let mut expected = make();
        let events = run(&mut expected, 2, machine);
        let mut resumed = make();
        for event in &events[..(events.len() as f64 * cut) as usize] {
            resumed.apply(event, 0.0);
        }
        run(&mut resumed, workers, machine ^ 1);
        prop_assert_eq!(story(&resumed), story(&expected));
    }

    #[test]
    fn no_trial_gets_more_than_its_rung_allows_and_none_runs_twice(seed: u64, workers in 1usize..6) {
        let mut study = study(SearcherSpec::named("random").unwrap(), SchedulerSpec::default(), 40, 5);
        let events = run(&mut study, workers, seed);
        let rungs = study.rungs().to_vec();
        let mut reached: BTreeMap<TrialId, Samples> = BTreeMap::new();
        for event in &events {
            if let Event::SegmentPlanned { trial, created, to, .. } = event {
                let before = reached.insert(*trial, *to);
                prop_assert_eq!(before.is_none(), created.is_some());
                let next = before.map_or(0, |level| rungs.iter().position(|&rung| rung == level).unwrap() + 1);
                prop_assert_eq!(*to, rungs[next]);
            }
        }
        let completed = study.trials().iter().filter(|trial| trial.status == Status::Completed).count();
        prop_assert!(completed >= 1, "a study completes at least one trial");
    }
}
