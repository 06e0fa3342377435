//! The contract of every scheduler of the registry, checked with random losses, random ends and failures.
//!
//! `engine::tests` runs whole studies over all schedulers, with replay and several workers.

use std::collections::VecDeque;
use std::time::Instant;

use proptest::prelude::*;

use super::testing::Stand;
use super::*;
use crate::policies::variants::{LENGTHS, all, all_wrapped};
use crate::policies::{EarlyTerminate, SchedulerSpec};
use crate::preference::{Level, Preference, Scores, Tolerance};
use crate::space::{Configuration, Space};
use crate::trials::testing::view;
use crate::trials::{Observation, Status};
use crate::units::Goal;

/// The rules of [`all`] that are schedulers.
fn schedulers() -> Vec<SchedulerSpec> {
    let all = all().into_iter();
    all.filter(|rule| rule.scheduler().is_some()).collect()
}

fn build_whole(early: EarlyTerminate, preference: Option<&Preference>, lengths: Lengths) -> Box<dyn Scheduler> {
    let configured = early.scheduler.scheduler().unwrap();
    build(configured, early.patience, early.audit, preference, lengths)
}

/// The rules of [`all_wrapped`] that have a scheduler.
fn schedulers_wrapped() -> Vec<EarlyTerminate> {
    let all = all_wrapped().into_iter();
    all.filter(|early| early.scheduler.scheduler().is_some()).collect()
}

type Any = Stand<Box<dyn Scheduler>>;

fn preferences() -> [Option<Preference>; 3] {
    let level = Level {
        tolerance: Tolerance::Absolute(0.1),
        target: None,
    };
    let lexicographic = Preference::Lexicographic(vec![level, Level::default()]);
    [None, Some(Preference::Pareto), Some(lexicographic)]
}

/// The running trial whose segment ends next, chosen by `dice`.
fn running(stand: &Any, dice: u64) -> Option<u32> {
    let running = stand
        .trials
        .iter()
        .filter(|trial| matches!(trial.status, Status::Running { .. }));
    let running: Vec<u32> = running.map(|trial| trial.id.0).collect();
    let count = running.len() as u64;
    (count > 0).then(|| running[(dice % count) as usize])
}

/// Simulates a study of `count` trials on `slots`, in which every seventh trial fails at some time. `check` sees every
/// promotion before it happens.
fn play(stand: &mut Any, (count, slots, seed): (u32, usize, u64), check: &mut dyn FnMut(&Any)) {
    stand.epoch = Some(45);
    stand.trials_left = Some(count);
    let mut dice = seed;
    let mut roll = || {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        dice >> 33
    };
    for step in 0.. {
        assert!(step < 400 * count, "the study does not end");
        let view = stand.view();
        if view.running < slots {
            check(stand);
            if stand.go_on().is_some() {
                continue;
            }
            if stand.view().may_start() {
                stand.trials_left = stand.trials_left.map(|left| left - 1);
                stand.start_at_cost(1.0 + (roll() % 5) as f64);
                continue;
            }
        }
        let Some(id) = running(stand, roll()) else { return };
        if id % 7 == 3 && roll() % 4 == 0 {
            stand.fail(id);
            continue;
        }
        let quality = f64::from(id * 37 % 101) / 101.0;
        let noise = (roll() % 100) as f64 / 2_000.0;
        stand.end_with(id, &|at| quality + noise + 30.0 / (at + 30) as f64);
    }
}

fn stand(early: EarlyTerminate, preference: Option<&Preference>) -> Any {
    Stand::new(build_whole(early, preference, LENGTHS))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn nobody_gets_more_than_a_rung_allows_nobody_starves_and_studies_end(
        seed: u64,
        count in 1_u32..60,
        slots in 1_usize..9,
    ) {
        for early in schedulers_wrapped() {
            let mut stand = stand(early, None);
            let rungs = stand.scheduler.rungs().to_vec();
            play(&mut stand, (count, slots, seed), &mut |stand| {
                if let Some((id, to)) = stand.promoted() {
                    let trial = &stand.trials[id as usize];
                    let next = stand.scheduler.next(trial);
                    assert_eq!(Samples(to), next, "{early:?}: {id} from {:?}", trial.reached);
                    let is_plain = early.patience.is_none() && early.scheduler.name() != "hyperband";
                    assert!(next == levels::above(&rungs, trial.reached) || !is_plain);
                }
            });
            prop_assert_eq!(stand.trials.len(), count as usize);
            for trial in &stand.trials {
                prop_assert!(trial.reached <= LENGTHS.max);
                let is_running = matches!(trial.status, Status::Running { .. });
                prop_assert!(!is_running);
            }
            prop_assert_eq!(stand.promoted(), None);
            let is = |status| stand.trials.iter().any(|trial| trial.status == status);
            let ends_early = early.patience.is_some();
            prop_assert!(is(Status::Completed) || is(Status::Failed) || ends_early, "{early:?} completes nobody");
        }
    }

    #[test]
    fn who_was_never_asked_decides_the_same(seed: u64, count in 1_u32..16, slots in 1_usize..5) {
        for (early, preference) in schedulers_wrapped().into_iter().flat_map(|early| preferences().map(|preference| (early, preference))) {
            let mut live = stand(early, preference.as_ref());
            let mut decisions = 0;
            play(&mut live, (count, slots, seed), &mut |stand| {
                decisions += 1;
                if decisions % 7 != 0 {
                    return;
                }
                let mut silent = build_whole(early, preference.as_ref(), LENGTHS);
                stand.retell(&mut silent);
                let now = stand.view();
                assert_eq!(silent.promote(&now), stand.scheduler.promote(&now), "{early:?}");
                assert_eq!(silent.first(), stand.scheduler.first());
                assert_eq!(silent.audited(), stand.scheduler.audited());
            });
        }
    }
}

/// The end of a study whose trials run one after the other.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// After the last trial of the budget.
    Budget,
    /// After the last configuration, which only a request for another one reveals.
    Exhausted,
}

/// The level that each of `count` sequential trials reaches, and the audited trials.
fn fates(early: EarlyTerminate, preference: Option<&Preference>, ending: Ending, seed: u64) -> Fates {
    const COUNT: u32 = 50;
    let loss = |id: u32| f64::from((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(id) % 1_000) as u32);
    let mut stand = stand(early, preference);
    let end = |stand: &mut Any, id: u32| {
        if preference.is_some() {
            end_with_scores(stand, id, loss(id));
        } else {
            stand.end(id, loss(id));
        }
    };
    for number in 0..COUNT {
        if ending == Ending::Budget {
            stand.trials_left = Some(COUNT - number - 1);
        }
        let id = stand.start();
        end(&mut stand, id);
        stand.is_exhausted = ending == Ending::Exhausted && number + 1 == COUNT;
        while let Some((id, _)) = stand.go_on() {
            end(&mut stand, id);
        }
    }
    let reached = stand.trials.iter().map(|trial| trial.reached).collect();
    (reached, stand.scheduler.audited().unwrap_or_default())
}

type Fates = (Vec<Samples>, Vec<AuditedTrial>);

#[test]
fn an_audit_changes_next_to_nothing_for_the_others() {
    for (scheduler, ending) in schedulers()
        .into_iter()
        .flat_map(|scheduler| [Ending::Budget, Ending::Exhausted].map(|ending| (scheduler, ending)))
    {
        let (mut others, mut shadows, mut differences) = (0, 0, 0);
        for seed in 1..40 {
            let (expected, nobody) = fates(scheduler.into(), None, ending, seed);
            assert!(nobody.is_empty());
            let early = EarlyTerminate {
                audit: 0.3,
                ..scheduler.into()
            };
            let (found, audited) = fates(early, None, ending, seed);
            for (id, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                let of_shadow = audited.iter().find(|audited| audited.trial.index() == id);
                let fate = match of_shadow {
                    None => {
                        others += 1;
                        found
                    }
                    Some(audited) => {
                        assert_eq!(found, LENGTHS.max, "it runs to its end");
                        shadows += 1;
                        if ending == Ending::Exhausted {
                            // A scheduler cannot know from observations alone that shares are rounded up at the end.
                            continue;
                        }
                        audited.pruned_at.unwrap_or(LENGTHS.max)
                    }
                };
                differences += usize::from(fate != expected);
            }
        }
        assert!(others > 1_000 && shadows > 400);
        // Two trials promoted at the same time may swap, because an audited one is trained in between.
        let is_synchronous = ["successive_halving", "none"].contains(&scheduler.name());
        let most = if is_synchronous && ending == Ending::Budget {
            0
        } else {
            (others + shadows) / 200
        };
        assert!(differences <= most, "{scheduler:?}: {differences} fates are others");
    }
}

#[test]
fn metrics_that_agree_decide_as_one_of_them() {
    // The median of losses and that of positions may lie on different sides of a trial; soft ranks depend on distances.
    let is_of_ranks = |scheduler: &SchedulerSpec| !["median", "pasha"].contains(&scheduler.name());
    for scheduler in schedulers().into_iter().filter(is_of_ranks) {
        for seed in 1..4 {
            let (expected, _) = fates(scheduler.into(), None, Ending::Budget, seed);
            let (found, _) = fates(scheduler.into(), Some(&Preference::Pareto), Ending::Budget, seed);
            assert_eq!(found, expected, "{scheduler:?}");
        }
    }
}

/// Simulates 100,000 segments of a study on 1,000 slots; returns the seconds that the scheduler took.
fn large_study(early: EarlyTerminate) -> f64 {
    const SEGMENTS: usize = 100_000;
    const SLOTS: usize = 1_000;
    let mut scheduler = build_whole(early, None, LENGTHS);
    let space = Space::new(vec![], vec![]).unwrap();
    let mut trials: Vec<Trial> = Vec::new();
    let mut running = VecDeque::new();
    let mut seconds = 0.0;
    for segment in 0..SEGMENTS {
        let begun = Instant::now();
        while running.len() < SLOTS {
            let promoted = scheduler.promote(&seen(&space, &trials, running.len()));
            let id = if let Some((id, to)) = promoted {
                trials[id.index()].status = Status::Running { to };
                id
            } else {
                let id = TrialId(trials.len() as u32);
                let mut trial = Trial::new(id, Configuration::default(), &space, "test".into(), None);
                trial.status = Status::Running { to: scheduler.first() };
                trials.push(trial);
                id
            };
            running.push_back(id);
            scheduler.observe(&trials[id.index()], &seen(&space, &trials, running.len()));
        }
        running.rotate_left(segment * 7 % SLOTS);
        let id = running.pop_front().unwrap();
        let trial = &mut trials[id.index()];
        let Status::Running { to } = trial.status else {
            panic!("{id} is not running")
        };
        let quality = f64::from(id.0.wrapping_mul(2_654_435_761) >> 8);
        let loss = Goal::Minimize.loss(quality * (1.0 + 30.0 / to.0 as f64));
        trial.observations.push(Observation { at: to, loss });
        (trial.reached, trial.segments) = (to, trial.segments + 1);
        trial.status = if to == LENGTHS.max {
            Status::Completed
        } else {
            Status::Paused
        };
        scheduler.observe(&trials[id.index()], &seen(&space, &trials, running.len()));
        for stop in scheduler.prunes(&trials[id.index()], &seen(&space, &trials, running.len())) {
            trials[stop.trial.index()].status = Status::Stopped;
            scheduler.observe(&trials[stop.trial.index()], &seen(&space, &trials, running.len()));
        }
        seconds += begun.elapsed().as_secs_f64();
    }
    seconds
}

/// The number of running trials is given: counting them would take most of the time.
fn seen<'a>(space: &'a Space, trials: &'a [Trial], running: usize) -> View<'a> {
    View {
        trials,
        running,
        min: LENGTHS.min,
        max: LENGTHS.max,
        ..view(space, 5, &[])
    }
}

#[test]
fn a_segment_of_a_large_study_costs_less_than_a_millisecond() {
    // Plain, and with both patience and audit.
    let alike = |early: &EarlyTerminate| early.patience.is_some() == (early.audit > 0.0);
    for early in schedulers_wrapped().into_iter().filter(alike) {
        let seconds = large_study(early);
        assert!(seconds < 100.0, "{early:?} takes {seconds} s for 100,000 segments");
    }
}

#[test]
fn positions_of_several_metrics_are_as_good_as_losses() {
    // The second metric agrees with the first, so there is one order, and every scheduler ends with the best trial
    // complete.
    for scheduler in schedulers() {
        for preference in preferences().into_iter().flatten() {
            let mut stand = stand(scheduler.into(), Some(&preference));
            stand.trials_left = Some(30);
            for number in 0..30_u32 {
                stand.trials_left = Some(29 - number);
                let id = stand.start();
                end_with_scores(&mut stand, id, f64::from(id * 7 % 30));
                while let Some((id, _)) = stand.go_on() {
                    end_with_scores(&mut stand, id, f64::from(id * 7 % 30));
                }
            }
            let complete = stand.trials.iter().filter(|trial| trial.status == Status::Completed);
            let best = complete.map(|trial| trial.id.0 * 7 % 30).min();
            assert_eq!(best, Some(0), "{scheduler:?} under {preference:?}");
        }
    }
}

fn end_with_scores(stand: &mut Any, id: u32, loss: f64) {
    let loss = Goal::Minimize.loss(loss);
    stand.trials[id as usize].scores.push(Scores {
        losses: vec![loss, loss],
        violation: 0.0,
    });
    stand.end(id, loss.get());
}
