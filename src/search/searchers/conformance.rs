//! The contract of every searcher, checked for all of the registry.

use super::testing::{mixed_space, run};
use super::*;
use crate::trials::Status;
use crate::trials::testing::{trial, view};

/// Every searcher of the registry.
fn all() -> Vec<Box<dyn Searcher>> {
    SEARCHERS.iter().map(|entry| build(entry, None)).collect()
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
            let trial = trial(number).tries(proposal.configuration, &space);
            trials.push(trial.proposed_by(proposal.origin).running_to(1));
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
                let loss = trial.configuration.get("rate").unwrap().as_f64().unwrap();
                *trial = trial.clone().ended(1, loss);
            }
        }
        let hashes: std::collections::BTreeSet<String> = trials.iter().map(|t| t.configuration.hash()).collect();
        // Steps that reach a border may coincide there: the policy requests redraws for those.
        assert!(hashes.len() >= 45, "{}: {} different", searcher.name(), hashes.len());
    }
}
