//! A simulated machine: the same study, with workers that take invented time. A million times faster than training.

use std::collections::BTreeMap;

use crate::study::{Event, InFlight, Outcome, Study};
use crate::trials::{SegmentReport, TrainingCurve, Trial, Usage};
use crate::units::{Samples, TrialId};

/// A simulated machine.
pub struct Simulation<'a> {
    /// Number of physical workers.
    pub workers: usize,
    /// Duration of a segment on this machine, in simulated seconds, above 0.
    pub seconds: &'a mut dyn FnMut(&Trial, &InFlight) -> f64,
    /// Outcome of a segment: a pure function of trial and segment.
    pub outcome: &'a dyn Fn(&Trial, &InFlight) -> Outcome,
    /// Sees every event before it is applied.
    pub journal: &'a mut dyn FnMut(&Event),
}

/// Runs a study to its end; returns the simulated seconds that it took.
///
/// ```
/// use std::{collections::BTreeMap, path::Path};
///
/// use automl::engine::{Simulation, simulate};
/// use automl::study::{Outcome, Settings, Study};
/// use automl::trials::{Evaluation, SegmentReport, Usage};
/// use automl::units::Samples;
/// use automl::{spec, study};
///
/// let text = "
/// function: {name: sphere}
/// parameters: {x: {min: 0.0, max: 1.0}}
/// epochs: {min: 1, max: 9}
/// early_terminate: {type: asha, eta: 3}
/// budget: {trials: 20}
/// ";
/// let (spec, _) = spec::from_text(text, Path::new("space.yaml"), &[])?;
/// let settings = Settings::new(&spec, Samples(1));
/// let metric = settings.metric.clone();
/// let policy = study::policy(&spec, settings.lengths());
/// let mut study = Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64));
/// let mut events = 0;
/// let took = simulate(&mut study, Simulation {
///     workers: 2,
///     // On this machine an epoch takes three seconds, whatever is trained.
///     seconds: &mut |_, flight| 3.0 * (flight.to.0 - flight.from.0) as f64,
///     outcome: &|trial, flight| {
///         let x = trial.configuration.get("x").and_then(|value| value.as_f64()).unwrap_or(1.0);
///         let loss = (x - 0.3).powi(2) + 1.0 / flight.to.0 as f64;
///         Outcome::Reached(SegmentReport {
///             reached: flight.to,
///             evaluations: vec![Evaluation { at: flight.to, metrics: BTreeMap::from([(metric.clone(), loss)]) }],
///             training: automl::trials::TrainingCurve::default(),
///             trainable_parameters: 1,
///             usage: Usage::default(),
///         })
///     },
///     journal: &mut |_| events += 1,
/// });
/// assert_eq!(study.trials().len(), 20);
/// assert!(study.incumbent().is_some_and(|(_, loss)| loss.get() < 0.2));
/// assert!(took > 0.0 && events > 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate(study: &mut Study, simulation: Simulation<'_>) -> f64 {
    simulate_within(study, f64::INFINITY, simulation)
}

/// Runs a study until it ends or its wall budget of `wall` seconds is spent; returns the simulated seconds that it
/// took.
///
/// As in the engine, segments that run at the deadline are cut off and evaluated at the level that they have reached.
/// In a study that does not plan for its deadline, no segment starts that would end too late.
pub fn simulate_within(study: &mut Study, wall: f64, simulation: Simulation<'_>) -> f64 {
    let Simulation {
        workers,
        seconds,
        outcome,
        journal,
    } = simulation;
    let mut clock = 0.0;
    let is_planned = study.settings().wall.is_some();
    let opened = Event::SlotsOpened { slots: workers as u32 };
    journal(&opened);
    study.apply(&opened, clock);
    // For each running segment, its end on this machine and its duration.
    let mut running: BTreeMap<TrialId, (f64, f64)> = BTreeMap::new();
    loop {
        while let Some(event) = study.decide() {
            journal(&event);
            study.apply(&event, clock);
        }
        if study.ended().is_some() {
            return clock;
        }
        let planned = study.waiting(|trial| running.contains_key(&trial));
        let is_waiting = !planned.is_empty();
        for (trial, flight) in planned {
            if running.len() >= workers {
                break;
            }
            let taken = seconds(&study.trials()[trial.index()], &flight);
            if clock + taken <= wall || (is_planned && clock < wall) {
                running.insert(trial, (clock + taken, taken));
            }
        }
        let next = running.iter().min_by(|left, right| left.1.0.total_cmp(&right.1.0));
        let Some((&trial, &(end, taken))) = next else {
            if is_waiting {
                // Nothing runs, and the planned segments would end too late.
                journal(&Event::DeadlineReached);
                study.apply(&Event::DeadlineReached, clock);
                continue;
            }
            // Nothing runs and nothing is planned, although the study has not ended: the policy waits for nothing.
            return clock;
        };
        running.remove(&trial);
        if end > wall {
            let event = cut_off(study, trial, (end, taken), wall, outcome);
            journal(&event);
            study.apply(&event, wall);
            clock = wall;
            if running.is_empty() {
                journal(&Event::DeadlineReached);
                study.apply(&Event::DeadlineReached, clock);
            }
            continue;
        }
        clock = end;
        let mut outcome = outcome(&study.trials()[trial.index()], &study.flights()[&trial]);
        if let Outcome::Reached(report) = &mut outcome {
            report.usage.wall_seconds = taken;
        }
        let event = Event::SegmentEnded {
            trial,
            outcome,
            device: "simulated".into(),
            started_at: String::new(),
            finished_at: String::new(),
        };
        journal(&event);
        study.apply(&event, clock);
    }
}

/// The event for a segment that the deadline cuts off, with its progress so far.
fn cut_off(
    study: &Study,
    trial: TrialId,
    (end, taken): (f64, f64),
    wall: f64,
    outcome: &dyn Fn(&Trial, &InFlight) -> Outcome,
) -> Event {
    let flight = &study.flights()[&trial];
    let share = 1.0 - (end - wall) / taken;
    let trained = (flight.to.0 - flight.from.0) as f64 * share;
    let reached = Samples(flight.from.0 + trained as u64);
    let mut until = flight.clone();
    until.to = reached;
    let report = match outcome(&study.trials()[trial.index()], &until) {
        Outcome::Reached(report) if reached > flight.from => report,
        Outcome::Reached(_) | Outcome::Failed(_) => SegmentReport {
            reached: flight.from,
            evaluations: Vec::new(),
            training: TrainingCurve::default(),
            trainable_parameters: 0,
            usage: Usage::default(),
        },
    };
    Event::SegmentInterrupted { trial, report }
}
