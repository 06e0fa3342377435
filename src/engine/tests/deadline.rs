//! Plans with a wall budget: insurance first, finished trials at the end, and no segment that cannot end in time.

use super::*;
use crate::policies::Deadline;
use crate::trials::{TrainingCurve, Trial};

/// Samples per second of a slot.
const SPEED: f64 = 100.0;

/// A study with a wall budget, whose trials have 810 samples (8.1 s).
fn planned(wall: f64, logical_workers: u32, can_cool_down: bool) -> Study {
    let model = study(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::default(),
        1,
        logical_workers,
    );
    let mut settings = model.settings().clone();
    settings.max_trials = None;
    settings.wall = Some(wall);
    settings.can_cool_down = can_cool_down;
    let policy = policies::build(
        SearcherSpec::named("random").unwrap(),
        SchedulerSpec::default(),
        None,
        settings.lengths(),
    );
    let policy = Box::new(Deadline::new(policy));
    Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
}

/// Plays a study; returns the complete trials with their training seconds, and the seconds that all of it took.
fn played(study: &mut Study, slots: usize, noise: f64, machine: u64) -> (Vec<(f64, TrialId)>, f64) {
    let wall = study.settings().wall.unwrap();
    let mut rng = rng::stream(Seed(machine), "machine", &[]);
    let simulation = Simulation {
        workers: slots,
        seconds: &mut |_, flight| {
            let samples = (flight.to.0 - flight.from.0) as f64;
            samples / SPEED * rng.random_range(1.0 - noise..=1.0 + noise)
        },
        outcome: &sound,
        journal: &mut |_| {},
    };
    let seconds = simulate_within(study, wall, simulation);
    let complete = study.trials().iter().filter(|trial| trial.status == Status::Completed);
    let complete = complete.map(|trial| (study.record(trial.id).usage.wall_seconds, trial.id));
    (complete.collect(), seconds)
}

/// A valley with a learning curve; nothing fails.
fn sound(trial: &Trial, flight: &InFlight) -> Outcome {
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

#[test]
fn the_first_trial_is_complete_first_and_the_slots_finish_what_is_best() {
    for slots in [1, 2, 4] {
        for runs in [2.0, 4.0, 8.0] {
            let mut study = planned(8.1 * runs + 1.0, slots, true);
            let (complete, seconds) = played(&mut study, slots as usize, 0.02, 1);
            let first = &study.trials()[0];
            assert_eq!(first.status, Status::Completed, "{runs} runs on {slots} slots");
            assert!(complete.len() > 1, "{runs} runs on {slots} slots: {complete:?}");
            let wall = study.settings().wall.unwrap();
            assert!(seconds <= wall, "{seconds} of {wall}");
            // The best trial is complete, or its learning rate was falling when the deadline came.
            let (best, _) = study.incumbent().unwrap();
            let best = &study.trials()[best.index()];
            let is_finished = best.status == Status::Completed || best.cooldown.is_some();
            assert!(is_finished, "{runs} runs on {slots} slots: {best:?}");
            let again = study.trials().iter().filter(|trial| trial.origin == "reseed").count();
            assert!(again <= slots as usize, "{again} second runs on {slots} slots");
        }
    }
}

#[test]
fn a_schedule_that_does_not_fit_is_cooled_down_in_time() {
    for slots in [1, 2] {
        let mut study = planned(6.0, slots, true);
        let (complete, seconds) = played(&mut study, slots as usize, 0.02, 1);
        assert!(!complete.is_empty());
        assert!((5.0..=6.0).contains(&seconds), "{seconds}");
        let first = &study.trials()[0];
        let cooldown = first.cooldown.unwrap();
        assert_eq!((first.status, first.reached), (Status::Completed, cooldown.to));
        assert!(cooldown.to < study.settings().max);
    }
}

#[test]
fn little_time_is_left_unused() {
    for slots in [1, 2, 4, 8] {
        for wall in [10.0, 20.0, 40.0, 80.0] {
            let mut study = planned(wall, slots, true);
            let (_, seconds) = played(&mut study, slots as usize, 0.1, 3);
            assert!(
                seconds <= wall && seconds > 0.93 * wall,
                "{seconds} of {wall} on {slots} slots"
            );
        }
    }
}

#[test]
fn results_count_as_they_arrive_once_time_is_short() {
    for machine in 0..5 {
        let mut study = planned(30.0, 2, true);
        let events = std::cell::RefCell::new(Vec::new());
        let mut rng = rng::stream(Seed(machine), "machine", &[]);
        let simulation = Simulation {
            workers: 2,
            seconds: &mut |_, flight| (flight.to.0 - flight.from.0) as f64 / SPEED * rng.random_range(0.5..1.5),
            outcome: &sound,
            journal: &mut |event| events.borrow_mut().push(event.clone()),
        };
        simulate_within(&mut study, 30.0, simulation);
        let events = events.into_inner();
        let ended = |event: &Event| match event {
            Event::SegmentEnded { trial, .. } => Some(*trial),
            _ => None,
        };
        let delivered = |event: &Event| match event {
            Event::SegmentDelivered { trial } => Some(*trial),
            _ => None,
        };
        // In the order of the virtual clock, some would wait longer at the end.
        let last: Vec<TrialId> = events.iter().filter_map(ended).rev().take(4).collect();
        let order: Vec<TrialId> = events.iter().filter_map(delivered).rev().take(4).collect();
        assert_eq!(last, order, "machine {machine}");
    }
}

#[test]
fn a_long_rest_is_trained_in_whole_epochs_before_it_cools_down() {
    let mut study = planned(6.0, 1, true);
    played(&mut study, 1, 0.0, 1);
    let first = &study.trials()[0];
    let cooldown = first.cooldown.unwrap();
    let epoch = study.settings().epoch.0;
    assert!(
        cooldown.from.0.is_multiple_of(epoch),
        "{cooldown:?} in epochs of {epoch}"
    );
    let share = (cooldown.to.0 - cooldown.from.0) as f64 / cooldown.to.0 as f64;
    let longest = 0.2 + epoch as f64 / cooldown.to.0 as f64;
    assert!((0.1..=longest).contains(&share), "{share}");
}

/// The events of a study on a machine whose speed changes.
fn journalled(study: &mut Study, slots: usize) -> Vec<Event> {
    let events = std::cell::RefCell::new(Vec::new());
    let mut rng = rng::stream(Seed(5), "machine", &[]);
    let simulation = Simulation {
        workers: slots,
        seconds: &mut |_, flight| (flight.to.0 - flight.from.0) as f64 / SPEED * rng.random_range(0.9..1.1),
        outcome: &sound,
        journal: &mut |event| events.borrow_mut().push(event.clone()),
    };
    let wall = study.settings().wall.unwrap();
    simulate_within(study, wall, simulation);
    events.into_inner()
}

#[test]
fn the_same_times_give_the_same_decisions() {
    let mut first = planned(30.0, 2, true);
    let mut second = planned(30.0, 2, true);
    let (one, other) = (journalled(&mut first, 2), journalled(&mut second, 2));
    assert!(one == other);
    let cools = |event: &&Event| matches!(event, Event::SegmentPlanned { cools_down: true, .. });
    assert!(one.iter().filter(cools).count() > 0, "something cools down");
}

#[test]
fn a_decision_is_a_function_of_the_events_and_their_times() {
    // A fresh study with a prefix of events and their times makes the next decision of the live one.
    let mut live = planned(20.0, 2, true);
    let mut entries: Vec<(Event, f64)> = Vec::new();
    let mut clock = 0.0;
    let opened = Event::SlotsOpened { slots: 2 };
    live.apply(&opened, clock);
    entries.push((opened, clock));
    for step in 0..200 {
        while let Some(event) = live.decide() {
            let mut again = planned(20.0, 2, true);
            for (event, elapsed) in &entries {
                again.apply(event, *elapsed);
            }
            assert_eq!(again.decide().as_ref(), Some(&event), "after {} events", entries.len());
            live.apply(&event, clock);
            entries.push((event, clock));
        }
        let Some((trial, flight)) = live.waiting(|_| false).into_iter().next() else {
            break;
        };
        let taken = (flight.to.0 - flight.from.0) as f64 / SPEED;
        clock += taken / 2.0 + 0.001 * f64::from(step % 7);
        let mut outcome = sound(&live.trials()[trial.index()], &flight);
        if let Outcome::Reached(report) = &mut outcome {
            report.usage.wall_seconds = taken;
        }
        let ended = Event::SegmentEnded {
            trial,
            outcome,
            device: String::new(),
            started_at: String::new(),
            finished_at: String::new(),
        };
        live.apply(&ended, clock);
        entries.push((ended, clock));
    }
    assert!(entries.len() > 20);
}
