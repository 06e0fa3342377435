//! The contract of every searcher, checked for all of the registry.

use super::*;
use crate::space::{Domain, Parameter, Space, Value};
use crate::trials::{Observation, Status};
use crate::units::{Goal, Samples, Seed, TrialId};

pub(super) type Objective<'a> = &'a dyn Fn(&Configuration) -> f64;

/// Every searcher of the registry.
fn all() -> Vec<Box<dyn Searcher>> {
    SEARCHERS.iter().map(|entry| build(entry, None)).collect()
}

/// One parameter of every kind.
pub(super) fn mixed_space() -> Space {
    let parameter = |name: &str, domain| Parameter::new(name, domain);
    let texts = ["a", "b", "c"].map(|text| Value::Text(text.into())).to_vec();
    Space::new(
        vec![
            parameter(
                "rate",
                Domain::Float {
                    min: 1e-6,
                    max: 1.0,
                    log: true,
                    step: None,
                },
            ),
            parameter(
                "share",
                Domain::Float {
                    min: 0.0,
                    max: 1.0,
                    log: false,
                    step: Some(0.05),
                },
            ),
            parameter(
                "depth",
                Domain::Int {
                    min: 0,
                    max: 6,
                    log: false,
                    step: 1,
                },
            ),
            parameter(
                "size",
                Domain::Choice {
                    values: [8, 16, 32].map(Value::Int).to_vec(),
                    ordered: true,
                },
            ),
            parameter(
                "kind",
                Domain::Choice {
                    values: texts,
                    ordered: false,
                },
            ),
        ],
        vec![],
    )
    .unwrap()
}

pub(super) fn view<'a>(space: &'a Space, seed: u64, trials: &'a [Trial]) -> View<'a> {
    let running = trials
        .iter()
        .filter(|trial| matches!(trial.status, Status::Running { .. }))
        .count();
    View {
        memory: &|_| None,
        space,
        seed: Seed(seed),
        past: &[],
        trials,
        running,
        trials_left: None,
        min: Samples(1),
        max: Samples(1),
        budget: None,
        horizon: None,
        epoch: Samples(1),
        cost: &|_, from, to| (to.0 - from.0) as f64,
    }
}

/// Runs trials one after the other, each to its end.
pub(super) fn run(
    searcher: &dyn Searcher,
    space: &Space,
    seed: u64,
    count: u32,
    objective: Objective<'_>,
) -> Vec<Trial> {
    let mut trials = Vec::new();
    for number in 0..count {
        let proposal = searcher.propose(&view(space, seed, &trials), 0);
        let loss = Goal::Minimize.loss(objective(&proposal.configuration));
        trials.push(Trial {
            id: TrialId(number),
            point: space.encode(&proposal.configuration).unwrap(),
            configuration: proposal.configuration,
            origin: proposal.origin.into(),
            status: if loss.get().is_finite() {
                Status::Completed
            } else {
                Status::Failed
            },
            reached: Samples(1),
            segments: 1,
            observations: vec![Observation { at: Samples(1), loss }],
            scores: vec![],
            cooldown: None,
            is_out_of_memory: false,
            parent: None,
        });
    }
    trials
}

#[test]
fn a_proposal_is_a_pure_function_of_the_view() {
    let space = mixed_space();
    for searcher in all() {
        let trials = run(searcher.as_ref(), &space, 5, 30, &|_| 1.0);
        let again = run(searcher.as_ref(), &space, 5, 30, &|_| 1.0);
        let configurations = |trials: &[Trial]| -> Vec<_> { trials.iter().map(|t| t.configuration.clone()).collect() };
        assert_eq!(configurations(&trials), configurations(&again), "{}", searcher.name());
        let other = run(searcher.as_ref(), &space, 6, 30, &|_| 1.0);
        let is_seeded = configurations(&trials) != configurations(&other);
        assert_eq!(is_seeded, searcher.name() != "grid", "{}", searcher.name());
    }
}

#[test]
fn proposals_are_points_of_the_space_and_redraws_differ() {
    let space = mixed_space();
    for searcher in all() {
        let trials = run(searcher.as_ref(), &space, 1, 50, &|c| {
            c.get("rate").unwrap().as_f64().unwrap()
        });
        assert!(
            trials.iter().all(|trial| space.contains(&trial.configuration)),
            "{}",
            searcher.name()
        );
        let view = view(&space, 1, &trials);
        assert_ne!(
            searcher.propose(&view, 0),
            searcher.propose(&view, 1),
            "{}",
            searcher.name()
        );
    }
}

#[test]
fn failed_trials_and_worthless_metrics_do_not_stop_a_searcher() {
    let space = mixed_space();
    for searcher in all() {
        let trials = run(searcher.as_ref(), &space, 1, 40, &|_| f64::NAN);
        assert_eq!(trials.len(), 40, "{}", searcher.name());
    }
}

#[test]
fn a_searcher_that_has_seen_nothing_proposes_the_same_as_one_that_was_there() {
    // Resuming is replay: a searcher must be able to restore everything it remembers from the trials.
    let space = mixed_space();
    for live in all() {
        let trials = run(live.as_ref(), &space, 9, 60, &|c| {
            c.get("rate").unwrap().as_f64().unwrap()
        });
        for count in [1, 7, 30, 59] {
            let fresh = all().into_iter().find(|fresh| fresh.name() == live.name()).unwrap();
            let proposal = fresh.propose(&view(&space, 9, &trials[..count]), 0).configuration;
            assert_eq!(proposal, trials[count].configuration, "{} at {count}", live.name());
        }
    }
}

#[test]
fn several_trials_at_once_are_all_different_and_late_results_are_taken_in() {
    let space = mixed_space();
    for searcher in all() {
        let mut trials: Vec<Trial> = Vec::new();
        for number in 0..60_u32 {
            let proposal = searcher.propose(&view(&space, 2, &trials), 0);
            assert!(space.contains(&proposal.configuration), "{}", searcher.name());
            trials.push(Trial {
                scores: vec![],
                cooldown: None,
                is_out_of_memory: false,
                parent: None,
                id: TrialId(number),
                point: space.encode(&proposal.configuration).unwrap(),
                configuration: proposal.configuration,
                origin: proposal.origin.into(),
                status: Status::Running { to: Samples(1) },
                reached: Samples(0),
                segments: 0,
                observations: vec![],
            });
            // Four run in parallel; sometimes the newest ends first, sometimes the oldest.
            let running = || {
                trials
                    .iter()
                    .filter(|trial| matches!(trial.status, Status::Running { .. }))
                    .map(|trial| trial.id)
            };
            let ends = if number % 2 == 0 {
                running().next_back()
            } else {
                running().next()
            };
            if let Some(ends) = ends.filter(|_| running().count() >= 4) {
                let trial = &mut trials[ends.index()];
                let loss = Goal::Minimize.loss(trial.configuration.get("rate").unwrap().as_f64().unwrap());
                trial.observations = vec![Observation { at: Samples(1), loss }];
                (trial.status, trial.reached, trial.segments) = (Status::Completed, Samples(1), 1);
            }
        }
        let hashes: std::collections::BTreeSet<String> = trials.iter().map(|t| t.configuration.hash()).collect();
        // Steps that reach a border may coincide there: the policy requests redraws for those.
        assert!(hashes.len() >= 45, "{}: {} different", searcher.name(), hashes.len());
    }
}
