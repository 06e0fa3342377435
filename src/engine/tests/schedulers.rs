//! Whole studies with every scheduler: they end, can be replayed from any event, and do not depend on the machine.

use std::collections::BTreeMap;

use rand::RngExt as _;

use crate::engine::{Simulation, simulate};
use crate::policies;
use crate::policies::variants::{LENGTHS, all, all_wrapped};
use crate::preference::Preference;
use crate::rng;
use crate::space::Value;
use crate::spec::{Criteria, EarlyTerminate, Metric, SchedulerSpec, SearcherSpec};
use crate::study::testing::{rate_and_depth, settings};
use crate::study::{EndReason, Event, InFlight, Outcome, Settings, Study};
use crate::trials::{Evaluation, Failure, FailureKind, SegmentReport, Status, TrainingCurve, Trial, Usage};
use crate::units::{Goal, Samples, Seed, TrialId};

fn study(early: EarlyTerminate, trials: u32, logical_workers: u32, preference: Option<Preference>) -> Study {
    let other = Metric {
        name: "cost".into(),
        goal: Goal::Minimize,
        target: None,
    };
    let policy = policies::build(SearcherSpec::by_chance(), early, preference.as_ref(), LENGTHS);
    let settings = Settings {
        criteria: Criteria {
            others: preference.iter().map(|_| other.clone()).collect(),
            preference: preference.unwrap_or_default(),
            constraints: vec![],
        },
        max_trials: Some(trials),
        epoch: LENGTHS.epoch,
        min: LENGTHS.min,
        max: LENGTHS.max,
        logical_workers,
        ..settings(rate_and_depth())
    };
    let cost = |configuration: &crate::space::Configuration, from: Samples, to: Samples| {
        let depth = configuration.get("depth").and_then(Value::as_f64).unwrap_or(0.0);
        (to.0 - from.0) as f64 * (8.0 - depth)
    };
    Study::new(settings, policy, Box::new(cost))
}

/// A valley with a learning curve that rises again in bad regions, evaluated every epoch; one trial in 20 diverges.
fn outcome(trial: &Trial, flight: &InFlight) -> Outcome {
    if trial.id.0 % 20 == 13 {
        return Outcome::Failed(Failure {
            kind: FailureKind::Diverged,
            message: "NaN".into(),
        });
    }
    let number = |name| trial.configuration.get(name).and_then(Value::as_f64).unwrap_or(1.0);
    let distance = (number("rate").log10() + 3.0).powi(2);
    let evaluation = |at: u64| {
        let loss = distance + 100.0 / at as f64 + distance * at as f64 / 4_000.0;
        Evaluation {
            at: Samples(at),
            metrics: BTreeMap::from([("loss".into(), loss), ("cost".into(), number("depth"))]),
        }
    };
    let between = (flight.from.0 + 1..flight.to.0).filter(|at| at % LENGTHS.epoch.0 == 0);
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: between.chain([flight.to.0]).map(evaluation).collect(),
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

/// The decisions of a study, in order.
fn decisions(events: &[Event]) -> Vec<&Event> {
    let is_decision = |event: &&Event| {
        matches!(
            event,
            Event::SegmentPlanned { .. } | Event::SegmentDelivered { .. } | Event::StudyEnded { .. }
        )
    };
    events.iter().filter(is_decision).collect()
}

fn count(study: &Study, status: Status) -> usize {
    study.trials().iter().filter(|trial| trial.status == status).count()
}

#[test]
fn a_study_of_thousands_of_trials_ends_under_every_scheduler() {
    for scheduler in all() {
        let mut study = study(scheduler.into(), 3_000, 50, None);
        let events = run(&mut study, 50, 1);
        assert_eq!(study.ended(), Some(EndReason::Trials), "{scheduler:?}");
        assert_eq!(study.trials().len(), 3_000, "{scheduler:?}");
        // While the order of its rungs is stable, PASHA trains only the best trial to its end.
        let least = if scheduler.name() == "pasha" { 1 } else { 10 };
        assert!(count(&study, Status::Completed) >= least, "{scheduler:?}");
        let mut reached: BTreeMap<TrialId, Samples> = BTreeMap::new();
        for event in &events {
            if let Event::SegmentPlanned { trial, created, to, .. } = event {
                let parent = created.as_ref().and_then(|created| created.parent);
                let from = parent.map_or(Samples(0), |parent| {
                    assert!(
                        reached[&parent.trial] >= parent.at,
                        "a parent has been where its clone begins"
                    );
                    parent.at
                });
                let before = reached.insert(*trial, *to);
                assert_eq!(before.is_none(), created.is_some());
                assert!(*to > before.unwrap_or(from) && *to <= LENGTHS.max, "{scheduler:?}");
                assert!(study.rungs().contains(to), "{scheduler:?}");
            }
        }
    }
}

#[test]
fn no_machine_changes_a_study_and_any_cut_can_be_resumed() {
    let preferences = [None, Some(Preference::Pareto)];
    for (early, preference) in all_wrapped()
        .into_iter()
        .flat_map(|early| preferences.clone().map(|of| (early, of)))
    {
        let make = || study(early, 30, 4, preference.clone());
        let mut expected = make();
        let events = run(&mut expected, 1, 1);
        assert!(expected.ended().is_some(), "{early:?} does not end");
        for workers in [2, 4] {
            let mut other = make();
            let found = run(&mut other, workers, workers as u64);
            assert_eq!(decisions(&found), decisions(&events), "{early:?} on {workers}");
            assert_eq!(other.audited(), expected.audited());
        }
        for cut in [events.len() / 3, events.len() * 4 / 5] {
            let mut resumed = make();
            for event in &events[..cut] {
                resumed.apply(event, 0.0);
            }
            let mut all = events[..cut].to_vec();
            all.extend(run(&mut resumed, 3, 7));
            assert_eq!(decisions(&all), decisions(&events), "{early:?} from {cut}");
            let story =
                |study: &Study| -> Vec<String> { study.trials().iter().map(|trial| format!("{trial:?}")).collect() };
            assert_eq!(story(&resumed), story(&expected));
        }
    }
}

#[test]
fn an_audit_finds_what_pruning_cost() {
    let early = EarlyTerminate {
        audit: 0.2,
        ..SchedulerSpec::default().into()
    };
    let mut study = study(early, 300, 8, None);
    run(&mut study, 4, 1);
    let audited = study.audited().unwrap();
    assert!((30..90).contains(&audited.len()), "a fifth of 300: {}", audited.len());
    for audited in &audited {
        let trial = &study.trials()[audited.trial.index()];
        assert!(matches!(trial.status, Status::Completed | Status::Failed));
    }
    let pruned = audited.iter().filter(|audited| audited.pruned_at.is_some()).count();
    assert!(
        pruned > audited.len() / 2,
        "most of them would have been pruned: {pruned}"
    );
}

#[test]
fn patience_ends_what_gets_worse_and_its_best_counts() {
    let early = EarlyTerminate {
        patience: Some(crate::spec::Patience {
            epochs: 2.0,
            min_delta: 0.0,
        }),
        ..SchedulerSpec::named("none").unwrap().into()
    };
    let mut study = study(early, 100, 8, None);
    run(&mut study, 4, 1);
    assert!(count(&study, Status::Stopped) > 50);
    for trial in study.trials().iter().filter(|trial| trial.status == Status::Stopped) {
        let best = trial.best_observation().unwrap();
        assert_eq!(trial.reached.0, best.at.0 + 2 * LENGTHS.epoch.0);
        assert_eq!(study.record(trial.id).stopped_by, Some("patience"));
    }
}

#[test]
fn clones_keep_their_lineage_and_their_share_of_the_samples() {
    let pbt = SchedulerSpec::named("pbt").unwrap().with("population", 8);
    let mut study = study(pbt.into(), 60, 4, None);
    let events = run(&mut study, 4, 1);
    let clones: Vec<&Trial> = study.trials().iter().filter(|trial| trial.parent.is_some()).collect();
    assert!(clones.len() > 5, "{}", clones.len());
    assert!(clones.iter().all(|trial| trial.origin == "pbt"));
    assert_eq!(count(&study, Status::Paused), 0);
    // Resources count what was trained, not what was inherited.
    let planned = events.iter().filter_map(|event| match event {
        Event::SegmentEnded {
            outcome: Outcome::Reached(report),
            ..
        } => Some(report.evaluations.len()),
        _ => None,
    });
    assert!(planned.sum::<usize>() > 0);
    for clone in clones {
        let parent = clone.parent.unwrap();
        assert!(clone.reached >= parent.at);
        assert!(clone.observations.iter().all(|seen| seen.at > parent.at));
    }
    let line = serde_json::to_string(&events).unwrap();
    let again: Vec<Event> = serde_json::from_str(&line).unwrap();
    assert_eq!(again, events);
}
