use super::*;
use crate::searchers::Random;
use crate::searchers::testing::{Objective, best, mixed_space, run};
use crate::space::{Confidence, Domain, Expression, Parameter, Prior, Value};
use crate::trials::testing::view;
use crate::trials::{Observation, Status, Trial};
use crate::units::{Goal, Samples, TrialId};

fn unit() -> Domain {
    Domain::float(0.0, 1.0)
}

/// A function with a minimum in two numbers and one right choice.
fn valley(configuration: &Configuration) -> f64 {
    let number = |name: &str| configuration.get(name).and_then(Value::as_f64).unwrap_or(0.0);
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
            .map(|seed| best(&run(searcher, &space, seed, 60, objective)))
            .sum::<f64>()
            / seeds as f64
    };
    let (tpe, random) = (mean_best(&Tpe::default()), mean_best(&Random));
    assert!(tpe < 0.5 * random, "tpe {tpe}, random {random}");
}

/// The score of a point under a model of trials of the mixed space.
fn score(trials: &[Trial], point: &[Option<f64>]) -> f64 {
    let space = mixed_space();
    let groups = groups(&space);
    Model::fit(&space, &groups, &split(&trials.iter().collect::<Vec<_>>())).scores(&[point.to_vec()])[0]
}

#[test]
fn a_running_trial_keeps_others_away() {
    let space = mixed_space();
    let mut trials = run(&Tpe::default(), &space, 3, 40, &valley);
    let best = trials.iter().min_by_key(|trial| trial.loss()).unwrap().clone();
    let before = score(&trials, &best.point);
    trials.push(Trial {
        id: TrialId(40),
        status: Status::Running { to: Samples(1) },
        observations: vec![],
        ..best.clone()
    });
    assert!(score(&trials, &best.point) < before);
}

#[test]
fn a_failed_trial_is_bad_however_good_it_looked() {
    let space = mixed_space();
    let mut trials = run(&Tpe::default(), &space, 3, 40, &valley);
    let best = trials.iter().min_by_key(|trial| trial.loss()).unwrap().id.index();
    let before = score(&trials, &trials[best].point);
    trials[best].status = Status::Failed;
    assert!(score(&trials, &trials[best].point) < before);
}

#[test]
fn fifteen_of_a_hundred_trials_are_good_but_at_most_25() {
    assert_eq!([1, 6, 7, 20, 100, 1000].map(split::good_count), [1, 1, 2, 3, 15, 25]);
}

#[test]
fn the_better_a_good_trial_is_the_more_it_weighs() {
    let trials = run(&Tpe::default(), &mixed_space(), 3, 20, &valley);
    let parts = split(&trials.iter().collect::<Vec<_>>());
    assert_eq!((parts.good.len(), parts.bad.len()), (3, 17));
    let mean = parts.good.iter().map(|sample| sample.weight).sum::<f64>() / 3.0;
    assert!((mean - 1.0).abs() < 1e-12);
    let mut by_loss: Vec<_> = trials
        .iter()
        .map(|trial| (trial.loss(), trial.point.as_slice()))
        .collect();
    by_loss.sort_by_key(|(loss, _)| *loss);
    let weight = |rank: usize| {
        let is_it = |sample: &&split::Sample<'_>| sample.point == by_loss[rank].1;
        parts.good.iter().find(is_it).unwrap().weight
    };
    assert!(weight(0) > weight(1) && weight(1) > weight(2));
}

#[test]
fn trials_are_compared_at_the_highest_level_that_enough_have_reached() {
    let mut trials = run(&Random, &mixed_space(), 3, 40, &valley);
    trials.sort_by_key(|trial| std::cmp::Reverse(trial.loss()));
    let further = |trials: &mut [Trial], count: usize| {
        for (number, trial) in trials.iter_mut().enumerate() {
            trial.id = TrialId(number as u32);
            let first = trial.observations[0];
            trial.observations.truncate(1);
            trial.reached = Samples(1);
            if number < count {
                // The worst trials at the first level continued and improved much, the last of them most.
                trial.reached = Samples(3);
                trial.observations.push(Observation {
                    at: Samples(3),
                    loss: Goal::Minimize.loss(-first.loss.get().abs() - number as f64 * 100.0),
                });
            }
        }
    };
    let good = |trials: &[Trial]| -> Vec<usize> {
        let is_good = |trial: &&Trial| {
            split(&trials.iter().collect::<Vec<_>>())
                .good
                .iter()
                .any(|sample| std::ptr::eq(sample.point, trial.point.as_slice()))
        };
        trials.iter().filter(is_good).map(|trial| trial.id.index()).collect()
    };
    further(&mut trials, 8);
    assert_eq!(good(&trials), [6, 7], "eight trials are enough for five parameters");
    further(&mut trials, 7);
    assert_eq!(good(&trials), [34, 35, 36, 37, 38, 39], "seven are not");
}

#[test]
fn the_newest_of_many_bad_trials_are_kept_and_weigh_most() {
    let space = mixed_space();
    let few = run(&Random, &space, 3, 40, &valley);
    let trials: Vec<Trial> = (0..1_200)
        .map(|number| Trial {
            id: TrialId(number),
            ..few[number as usize % 40].clone()
        })
        .collect();
    let bad = split(&trials.iter().collect::<Vec<_>>()).bad;
    assert_eq!(bad.len(), 1_000);
    assert!(bad.is_sorted_by(|left, right| left.weight <= right.weight));
    assert_eq!((bad[0].weight, bad[975].weight, bad[999].weight), (0.001, 1.0, 1.0));
}

#[test]
fn constraints_and_conditions_hold() {
    let (x, y) = (unit(), unit());
    let constraint = Expression::parse("x + y < 0.5", &[("x", &x), ("y", &y)]).unwrap();
    let mut child = Parameter::new("z", unit());
    child.condition = Some(Expression::parse("x > 0.2", &[("x", &x)]).unwrap());
    let parameters = vec![Parameter::new("x", x), Parameter::new("y", y), child];
    let space = Space::new(parameters, vec![constraint]).unwrap();
    let trials = run(&Tpe::default(), &space, 1, 60, &|configuration| {
        -configuration.get("x").and_then(Value::as_f64).unwrap_or(0.0)
    });
    assert!(
        trials
            .iter()
            .all(|trial| space.is_feasible(&trial.configuration) && space.contains(&trial.configuration))
    );
    assert_eq!(trials.last().unwrap().origin, "tpe");
}

#[test]
fn the_first_trials_follow_the_prior_every_second_time() {
    let mut parameter = Parameter::new("x", unit());
    parameter.hints.prior = Some(Prior {
        value: Value::Float(0.25),
        confidence: Confidence::Medium,
    });
    let space = Space::new(vec![parameter], vec![]).unwrap();
    let trials = run(&Tpe::default(), &space, 1, 9, &|_| 1.0);
    let origins: Vec<&str> = trials.iter().map(|trial| trial.origin.as_str()).collect();
    assert_eq!(origins[..3], ["prior", "sobol", "prior"]);
    assert_eq!(origins[7..], ["sobol", "tpe"]);
}

#[test]
fn a_searcher_that_saw_nothing_proposes_the_same_as_one_that_lived_through_it() {
    let space = mixed_space();
    let live = Tpe::default();
    let trials = run(&live, &space, 2, 25, &valley);
    for count in [3, 7, 8, 25] {
        let view = view(&space, 2, &trials[..count]);
        assert_eq!(live.propose(&view, 0), Tpe::default().propose(&view, 0));
    }
}
