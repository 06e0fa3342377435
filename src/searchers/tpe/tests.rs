use super::*;
use crate::searchers::conformance::{Objective, mixed_space, run};

/// A valley in two numbers, and one choice that is right.
fn valley(configuration: &Configuration) -> f64 {
    let number = |name: &str| {
        configuration
            .get(name)
            .and_then(crate::space::Value::as_f64)
            .unwrap_or(0.0)
    };
    let right = configuration.get("kind").and_then(|kind| kind.as_str()) == Some("b");
    (number("rate").log10() + 3.0).powi(2) + (number("share") - 0.3).powi(2) * 10.0 + f64::from(!right)
}

#[test]
fn tpe_needs_fewer_trials_than_random_search() {
    let space = mixed_space();
    let objective: Objective<'_> = &valley;
    let mean_best = |searcher: &dyn Searcher| {
        let seeds = 10;
        (0..seeds)
            .map(|seed| {
                let trials = run(searcher, &space, seed, 60, objective);
                trials
                    .iter()
                    .filter_map(|trial| Some(trial.loss()?.get()))
                    .fold(f64::INFINITY, f64::min)
            })
            .sum::<f64>()
            / seeds as f64
    };
    let (tpe, random) = (mean_best(&Tpe::default()), mean_best(&Random));
    assert!(tpe < 0.5 * random, "tpe {tpe}, random {random}");
}

#[test]
fn a_running_trial_keeps_others_away() {
    let space = mixed_space();
    let mut trials = run(&Tpe::default(), &space, 3, 40, &valley);
    let proposal = |trials: &[Trial]| {
        let view = crate::searchers::conformance::view(&space, 3, trials);
        let judged = trials.iter().filter(|trial| trial.loss().is_some()).count();
        let known: Vec<&Trial> = view.known().collect();
        let (good, bad) = split(&known, judged);
        (Parzen::fit(&space, &good), Parzen::fit(&space, &bad))
    };
    let best = trials.iter().min_by_key(|trial| trial.loss()).unwrap().clone();
    let ratio = |(good, bad): &(Parzen, Parzen)| good.log_density(&best.point) - bad.log_density(&best.point);
    let before = ratio(&proposal(&trials));
    trials.push(Trial {
        id: crate::units::TrialId(40),
        status: Status::Running {
            to: crate::units::Samples(1),
        },
        observations: vec![],
        ..best.clone()
    });
    assert!(ratio(&proposal(&trials)) < before);
}

#[test]
fn a_tenth_of_the_trials_is_good_but_at_most_25() {
    assert_eq!([1, 10, 11, 100, 1000].map(good_count), [1, 1, 2, 10, 25]);
}
