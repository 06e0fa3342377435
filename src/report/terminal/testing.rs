//! A small study with all kinds of events, for the tests of this folder.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::engine::EngineEvent;
use crate::finetune::Device;
use crate::policies;
use crate::space::{Domain, Parameter, Space, Value};
use crate::spec::{Criteria, EarlyTerminate, SchedulerSpec, SearcherSpec};
use crate::study::{EndReason, Event, InFlight, Outcome, Settings, Study};
use crate::trials::{Evaluation, Failure, FailureKind, Progress, SegmentReport, TrainingCurve, Trial, Usage};
use crate::units::{Goal, Samples, Seed, TrialId};
use crate::worker::Slot;

use super::DisplayFacts;

pub(in crate::report) fn facts() -> DisplayFacts {
    DisplayFacts {
        name: "movie-sentiment".into(),
        epoch: Samples(1000),
        wall: Some(180.0),
        folder: "results/movie-sentiment".into(),
    }
}

pub(in crate::report) fn slots() -> Vec<Slot> {
    let slot = Slot {
        gpu: None,
        node: None,
        device: Device::Cpu,
        threads: 1,
    };
    vec![slot.clone(), slot]
}

pub(in crate::report) fn asha() -> SchedulerSpec {
    SchedulerSpec::default()
}

/// A study with trials of 4 epochs, two parameters and two workers.
pub(in crate::report) fn study(early: impl Into<EarlyTerminate>, max_trials: Option<u32>) -> Study {
    let parameter = |name: &str, domain| Parameter::new(name, domain);
    let rate = Domain::Float {
        min: 1e-5,
        max: 1.0,
        log: true,
        step: None,
    };
    let size = Domain::Int {
        min: 8,
        max: 64,
        log: false,
        step: 8,
    };
    let parameters = vec![parameter("learning_rate", rate), parameter("batch_size", size)];
    let (min, max) = (Samples(400), Samples(4000));
    let settings = Settings {
        space: Space::new(parameters, vec![]).unwrap(),
        seed: Seed(5),
        metric: "accuracy".into(),
        goal: Goal::Maximize,
        target: None,
        criteria: Criteria::default(),
        max_trials,
        wall: None,
        max_failures: None,
        selection: None,
        epoch: Samples(1000),
        min,
        max,
        logical_workers: 2,
        is_deterministic: true,
        can_cool_down: false,
        folds: 1,
    };
    let policy = policies::build(SearcherSpec::named("random").unwrap(), early, None, settings.lengths());
    Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
}

pub(in crate::report) fn evaluation(at: u64, accuracy: f64) -> Evaluation {
    Evaluation {
        at: Samples(at),
        metrics: BTreeMap::from([("accuracy".into(), accuracy)]),
    }
}

/// The accuracy is best near a learning rate of 0.003 and improves with more epochs; trial 3 diverges.
fn outcome(trial: &Trial, flight: &InFlight) -> Outcome {
    if trial.id == TrialId(3) {
        return Outcome::Failed(Failure {
            kind: FailureKind::Diverged,
            message: "the training loss is NaN after 120 samples".into(),
        });
    }
    let rate = trial
        .configuration
        .get("learning_rate")
        .and_then(Value::as_f64)
        .unwrap_or(1.0);
    let accuracy = 0.9 - 0.02 * (rate.log10() + 2.5).powi(2) - 40.0 / flight.to.0 as f64;
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: vec![evaluation(flight.to.0, accuracy)],
        training: TrainingCurve::default(),
        trainable_parameters: 1,
        usage: Usage {
            wall_seconds: (flight.to.0 - flight.from.0) as f64 / 100.0,
            ..Usage::default()
        },
    })
}

type See<'a> = &'a mut dyn FnMut(&EngineEvent<'_>, &Study, f64);

/// Applies all decisions that are due, and reports delivered segments to `see`.
fn settle(study: &mut Study, see: See<'_>, elapsed: f64) {
    while let Some(event) = study.decide() {
        study.apply(&event, elapsed);
        if let Event::SegmentDelivered { trial } = event {
            see(&EngineEvent::Delivered { trial }, study, elapsed);
        }
    }
}

fn next(study: &Study) -> Option<(TrialId, InFlight)> {
    let flights = study.flights().iter().filter(|(_, flight)| !flight.has_arrived());
    let turn = |(id, flight): &(&TrialId, &InFlight)| (flight.finish as u64, flight.worker, **id);
    flights.min_by_key(turn).map(|(&trial, flight)| (trial, flight.clone()))
}

/// Ends a planned segment with these evaluations.
pub(in crate::report) fn arrive(study: &mut Study, trial: TrialId, evaluations: Vec<Evaluation>) {
    let outcome = Outcome::Reached(SegmentReport {
        reached: study.flights()[&trial].to,
        evaluations,
        training: TrainingCurve::default(),
        trainable_parameters: 1,
        usage: Usage::default(),
    });
    let event = Event::SegmentEnded {
        trial,
        outcome,
        device: "cpu".into(),
        started_at: String::new(),
        finished_at: String::new(),
    };
    study.apply(&event, 0.0);
}

/// Starts the next segment, trains half of it, and loses its worker if `is_lost`.
fn begin(study: &mut Study, see: See<'_>, elapsed: f64, is_lost: bool) -> Option<(usize, TrialId, InFlight)> {
    let (trial, flight) = next(study)?;
    let slot = flight.worker as usize;
    let (from, to) = (flight.from, flight.to);
    see(&EngineEvent::SegmentStarted { slot, trial, from, to }, study, elapsed);
    let half = from.0.midpoint(to.0);
    let progress = Progress {
        at: Samples(half),
        train_loss: Some(0.612),
        evaluation: (half > 600).then(|| evaluation(half, 0.75)),
    };
    let event = EngineEvent::Progressed {
        slot,
        trial,
        progress: &progress,
    };
    see(&event, study, elapsed + 2.0);
    if is_lost {
        let message = "killed by signal 9";
        let event = EngineEvent::WorkerLost {
            slot,
            trial: Some(trial),
            message,
            is_retried: true,
        };
        see(&event, study, elapsed + 2.5);
        let message = message.to_owned();
        study.apply(
            &Event::SegmentLost {
                trial,
                message,
                kind: None,
            },
            elapsed + 2.5,
        );
    }
    Some((slot, trial, flight))
}

fn end(study: &mut Study, see: See<'_>, (slot, trial, flight): (usize, TrialId, InFlight), elapsed: f64) {
    let outcome = outcome(&study.trials()[trial.index()], &flight);
    let event = Event::SegmentEnded {
        trial,
        outcome: outcome.clone(),
        device: "cpu".into(),
        started_at: String::new(),
        finished_at: String::new(),
    };
    study.apply(&event, elapsed);
    let event = EngineEvent::SegmentEnded {
        slot,
        trial,
        outcome: Some(&outcome),
    };
    see(&event, study, elapsed);
}

/// Runs a study to the end of its wall budget. `see` gets the engine's events, the study and elapsed seconds.
pub(in crate::report) fn story(see: See<'_>) -> Study {
    let mut study = study(asha(), Some(24));
    let slots = slots();
    let event = EngineEvent::Started {
        slots: &slots,
        is_resumed: false,
    };
    see(&event, &study, 0.0);
    let mut elapsed = 0.5;
    for step in 0..14 {
        settle(&mut study, see, elapsed);
        if step == 4 {
            begin(&mut study, see, elapsed, true);
        }
        let Some(run) = begin(&mut study, see, elapsed + 3.0, false) else {
            break;
        };
        elapsed += 8.0;
        end(&mut study, see, run, elapsed);
    }
    settle(&mut study, see, elapsed);
    let run = begin(&mut study, see, elapsed, false);
    see(&EngineEvent::Tick, &study, elapsed + 2.0);
    let why = "the wall budget is spent";
    see(&EngineEvent::Stopping { why }, &study, 179.5);
    if let Some((slot, trial, _)) = run {
        let event = EngineEvent::SegmentEnded {
            slot,
            trial,
            outcome: None,
        };
        see(&event, &study, 179.8);
    }
    study.apply(&Event::DeadlineReached, 180.0);
    settle(&mut study, see, 180.0);
    let reason = Some(EndReason::Wall);
    let event = EngineEvent::Ended {
        reason,
        idle_share: 0.118,
    };
    see(&event, &study, 180.0);
    study
}

pub(in crate::report) fn ended_study() -> Study {
    story(&mut |_, _, _| {})
}

/// A study run to its end in which about one trial in three is audited.
pub(super) fn audited_study() -> Study {
    let early = EarlyTerminate {
        audit: 0.3,
        ..asha().into()
    };
    let mut study = study(early, Some(24));
    loop {
        settle(&mut study, &mut |_, _, _| {}, 0.0);
        let Some((trial, flight)) = next(&study) else {
            return study;
        };
        end(&mut study, &mut |_, _, _| {}, (0, trial, flight), 0.0);
    }
}

/// A study after nine segments.
pub(in crate::report) fn study_under_way() -> Study {
    let mut study = study(asha(), Some(24));
    for step in 0..9 {
        settle(&mut study, &mut |_, _, _| {}, f64::from(step));
        let Some((trial, flight)) = next(&study) else { break };
        end(&mut study, &mut |_, _, _| {}, (0, trial, flight), f64::from(step));
    }
    settle(&mut study, &mut |_, _, _| {}, 9.0);
    study
}

/// A writer whose pipe is closed.
pub(in crate::report) struct BrokenPipe;

impl Write for BrokenPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}
