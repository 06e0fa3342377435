use super::*;
use crate::preference::{Preference, hypervolume};
use crate::searchers::testing::{best, cube, mixed_space, run};
use crate::searchers::{Entry, SEARCHERS, build};
use crate::space::{Configuration, Space, Value};
use crate::trials::testing::{trial, view};
use crate::units::Samples;

/// ZDT1 (Zitzler, Deb & Thiele 2000): its front is `g = 1`, `f2 = 1 - sqrt(f1)`.
fn zdt1(configuration: &Configuration) -> [f64; 2] {
    let x: Vec<f64> = configuration.iter().filter_map(|(_, value)| value.as_f64()).collect();
    let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
    [x[0], g * (1.0 - (x[0] / g).sqrt())]
}

/// Runs a searcher on several metrics; `result` returns losses and the violation.
fn evolve<const METRICS: usize>(
    searcher: &mut dyn Searcher,
    space: &Space,
    (seed, count): (u64, u32),
    result: impl Fn(&Configuration) -> ([f64; METRICS], f64),
) -> Vec<Trial> {
    let mut trials: Vec<Trial> = Vec::new();
    for number in 0..count {
        let proposal = searcher.propose(&view(space, seed, &trials), 0);
        let (losses, violation) = result(&proposal.configuration);
        let trial = trial(number).tries(proposal.configuration, space);
        let trial = trial
            .proposed_by(proposal.origin)
            .scored(1, &losses, violation)
            .completed();
        searcher.observe(&trial);
        trials.push(trial);
    }
    trials
}

/// The hypervolume of the feasible results below (1.1, 6); that of ZDT1's front is about 6.26.
fn volume(trials: &[Trial]) -> f64 {
    let points: Vec<Vec<f64>> = trials
        .iter()
        .filter(|trial| trial.scores[0].is_feasible())
        .map(|trial| trial.scores[0].losses.iter().map(|loss| loss.get()).collect())
        .collect();
    hypervolume(&points, &[1.1, 6.0])
}

fn entry(name: &str) -> &'static Entry {
    SEARCHERS.iter().find(|entry| entry.info.name == name).unwrap()
}

fn mean_volume(searcher: &'static Entry, count: u32) -> f64 {
    let space = cube(6);
    let volumes = (0..5).map(|seed| {
        let mut searcher = build(searcher, Some(&Preference::Pareto));
        volume(&evolve(searcher.as_mut(), &space, (seed, count), |c| (zdt1(c), 0.0)))
    });
    volumes.sum::<f64>() / 5.0
}

#[test]
fn it_covers_more_of_zdt1_than_chance() {
    let (evolved, random) = (mean_volume(entry("nsga2"), 200), mean_volume(entry("random"), 200));
    assert!(evolved > random + 0.8, "{evolved} against {random}");
}

#[test]
fn a_searcher_of_one_number_covers_more_of_zdt1_than_chance_too() {
    let (modelled, random) = (mean_volume(entry("tpe"), 100), mean_volume(entry("random"), 100));
    assert!(modelled > random + 0.5, "{modelled} against {random}");
}

#[test]
fn it_minimises_a_single_metric_as_well() {
    let space = cube(4);
    let sphere = |configuration: &Configuration| {
        let distances = configuration
            .iter()
            .filter_map(|(_, value)| Some((value.as_f64()? - 0.3).powi(2)));
        distances.sum::<f64>()
    };
    let total = |searcher: &'static Entry| -> f64 {
        let losses = (0..5).map(|seed| best(&run(build(searcher, None).as_ref(), &space, seed, 150, &sphere)));
        losses.sum()
    };
    assert!(total(entry("nsga2")) < 0.3 * total(entry("random")));
}

#[test]
fn it_finds_the_feasible_part() {
    // Feasible where x0 and x1 are above 0.8: one random point in 25.
    let space = cube(3);
    let result = |configuration: &Configuration| {
        let x = |name: &str| configuration.get(name).and_then(Value::as_f64).unwrap();
        let violation = (0.8 - x("x0")).max(0.0) + (0.8 - x("x1")).max(0.0);
        (zdt1(configuration), violation)
    };
    for searcher in [entry("nsga2"), entry("tpe")] {
        let mut searcher = build(searcher, Some(&Preference::Pareto));
        let trials = evolve(searcher.as_mut(), &space, (1, 120), result);
        let feasible = trials[60..]
            .iter()
            .filter(|trial| trial.scores[0].is_feasible())
            .count();
        assert!(feasible > 20, "{}: {feasible} of 60", searcher.name());
    }
}

#[test]
fn results_that_were_trained_further_have_the_children() {
    let space = cube(2);
    let mut trials = evolve(&mut Nsga2, &space, (1, 40), |c| (zdt1(c), 0.0));
    for trial in &mut trials[5..10] {
        trial.observations[0].at = Samples(9);
    }
    let population = population(&trials);
    assert_eq!(population.len(), POPULATION);
    assert!(
        population[..5]
            .iter()
            .all(|member| trials[5..10].iter().any(|trial| trial.point == member.point))
    );
}

#[test]
fn a_searcher_told_other_numbers_proposes_the_same_after_a_replay() {
    let space = mixed_space();
    let result = |c: &Configuration| {
        let rate = c.get("rate").and_then(Value::as_f64).unwrap();
        ([rate, 1.0 - rate], 0.0)
    };
    for spec in SEARCHERS {
        let mut searcher = build(spec, Some(&Preference::Pareto));
        let trials = evolve(searcher.as_mut(), &space, (3, 30), result);
        let mut replayed = build(spec, Some(&Preference::Pareto));
        for trial in &trials {
            replayed.observe(trial);
        }
        let view = view(&space, 3, &trials);
        for attempt in 0..3 {
            assert_eq!(
                replayed.propose(&view, attempt),
                searcher.propose(&view, attempt),
                "{}",
                searcher.name()
            );
        }
        assert_ne!(
            searcher.propose(&view, 0),
            searcher.propose(&view, 1),
            "{}",
            searcher.name()
        );
    }
}
