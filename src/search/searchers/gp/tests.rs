//! Tests of the searcher as a whole.

use rand::RngExt as _;

use super::super::Random;
use super::super::testing::{best, mixed_space, run};
use super::*;
use crate::space::{Configuration, Domain, Expression, Parameter, Space, Value};
use crate::trials::testing::{trial, view};
use crate::units::{Samples, Seed, TrialId};

/// The unit interval `x`.
fn interval() -> Space {
    Space::new(vec![Parameter::new("x", Domain::float(0.0, 1.0))], vec![]).unwrap()
}

fn number(configuration: &Configuration, name: &str) -> f64 {
    configuration.get(name).and_then(Value::as_f64).unwrap()
}

#[test]
fn a_smooth_function_is_solved_in_few_trials() {
    let parameters = ["x", "y", "z"].map(|name| Parameter::new(name, Domain::float(0.0, 1.0)));
    let space = Space::new(parameters.into(), vec![]).unwrap();
    let bowl = |configuration: &Configuration| {
        let away = |name, optimum: f64| (number(configuration, name) - optimum).powi(2);
        away("x", 0.3) + 2.0 * away("y", 0.8) + 0.5 * away("z", 0.1)
    };
    for seed in 0..3 {
        let found = best(&run(&Gp::default(), &space, seed, 25, &bowl));
        let by_chance = best(&run(&Random, &space, seed, 25, &bowl));
        assert!(found < 0.001 && found < 0.2 * by_chance, "{found} against {by_chance}");
    }
}

#[test]
fn the_middle_of_every_range_comes_first_on_its_scale() {
    let space = mixed_space();
    for seed in 0..3 {
        let first = Gp::default().propose(&view(&space, seed, &[]), 0).configuration;
        assert!((number(&first, "rate").log10() + 3.0).abs() < 1e-9, "{first:?}");
        let again = Gp::default().propose(&view(&space, seed, &[]), 1).configuration;
        assert!((number(&again, "rate").log10() + 3.0).abs() > 1e-9, "{again:?}");
    }
}

#[test]
fn a_middle_that_is_not_feasible_is_not_proposed() {
    let domain = Domain::float(0.0, 1.0);
    let constraint = Expression::parse("x <= 0.3", &[("x", &domain)]).unwrap();
    let space = Space::new(vec![Parameter::new("x", domain)], vec![constraint]).unwrap();
    let first = Gp::default().propose(&view(&space, 0, &[]), 0).configuration;
    assert!(number(&first, "x") <= 0.3, "{first:?}");
}

#[test]
fn choices_and_whole_numbers_are_found_with_the_rest() {
    let space = mixed_space();
    let objective = |configuration: &Configuration| {
        let rate = (number(configuration, "rate").log10() + 3.0).powi(2) / 4.0;
        let depth = (number(configuration, "depth") - 4.0).abs();
        let kind = f64::from(u8::from(configuration.get("kind") != Some(&Value::Text("b".into()))));
        rate + depth + kind
    };
    for seed in 0..3 {
        let found = best(&run(&Gp::default(), &space, seed, 35, &objective));
        assert!(found < 0.1, "{found}");
    }
}

#[test]
fn constraints_and_conditions_hold_for_every_proposal() {
    let kind = Domain::choice(["sgd", "adam"]);
    let domain = Domain::float(0.0, 1.0);
    let condition = Expression::one_of("kind", &[Value::Text("sgd".into())]);
    let constraint = Expression::parse("x + y <= 1.0", &[("x", &domain), ("y", &domain)]).unwrap();
    let space = Space::new(
        vec![
            Parameter::new("kind", kind),
            Parameter::new("x", domain.clone()),
            Parameter::new("y", domain.clone()),
            Parameter {
                condition: Some(condition),
                ..Parameter::new("momentum", domain)
            },
        ],
        vec![constraint],
    )
    .unwrap();
    let trials = run(&Gp::default(), &space, 1, 25, &|c| -number(c, "x") - number(c, "y"));
    for trial in &trials {
        assert!(space.contains(&trial.configuration) && space.is_feasible(&trial.configuration));
    }
    assert!(
        best(&trials) < -0.95,
        "the optimum lies on the constraint: {}",
        best(&trials)
    );
}

#[test]
fn running_trials_are_kept_away_from() {
    let space = interval();
    let mut trials = run(&Gp::default(), &space, 2, 8, &|c| (20.0 * number(c, "x")).sin());
    let gp = Gp::default();
    let mut proposed = Vec::new();
    for id in 8..11 {
        let proposal = gp.propose(&view(&space, 2, &trials), 0);
        proposed.push(number(&proposal.configuration, "x"));
        let trial = trial(id).tries(proposal.configuration, &space);
        trials.push(trial.running_to(1));
    }
    for (index, position) in proposed.iter().enumerate() {
        let nearest = proposed[..index].iter().map(|other| (position - other).abs());
        assert!(nearest.fold(1.0, f64::min) > 1e-3, "{proposed:?}");
    }
}

#[test]
fn unfinished_trials_show_where_to_look() {
    let space = interval();
    let mut rng = rng::stream(Seed(5), "test", &[]);
    // Only trials far from 0.7 have run to their end.
    let trials: Vec<Trial> = (0..24)
        .map(|id| {
            let configuration = space.decode(&[rng.random()]);
            let away = (number(&configuration, "x") - 0.7).abs();
            let is_complete = away > 0.4;
            let at = if is_complete { 9 } else { 1 };
            let trial = trial(id).tries(configuration, &space);
            let observed = trial.observed(at, away * away + 1.0 / at as f64);
            if is_complete { observed.completed() } else { observed }
        })
        .collect();
    let view = View {
        max: Samples(9),
        ..view(&space, 5, &trials)
    };
    let proposed = number(&Gp::default().propose(&view, 0).configuration, "x");
    assert!((proposed - 0.7).abs() < 0.15, "{proposed}");
}

#[test]
fn a_searcher_that_saw_nothing_before_proposes_the_same() {
    let space = mixed_space();
    let trials = run(&Gp::default(), &space, 4, 70, &|c| number(c, "rate").ln().abs());
    let mut used = Gp::default();
    for count in [66, 68, 70] {
        used.propose(&view(&space, 4, &trials[..count]), 0);
        for trial in &trials[..count] {
            used.observe(trial);
        }
    }
    let view = view(&space, 4, &trials);
    assert_eq!(used.propose(&view, 0), Gp::default().propose(&view, 0));
}

#[test]
fn what_earlier_studies_found_is_where_the_first_trial_begins() {
    let space = interval();
    let bowl = |configuration: &Configuration| (number(configuration, "x") - 0.3).powi(2);
    let mut past = run(&Random, &space, 1, 20, &bowl);
    for (number, trial) in past.iter_mut().enumerate() {
        trial.id = TrialId(u32::MAX - number as u32);
    }
    let informed = View {
        past: &past,
        ..view(&space, 0, &[])
    };
    let first = Gp::default().propose(&informed, 0).configuration;
    assert!(bowl(&first) < 0.01, "{first:?}");
}

/// Mean position on the unit interval that a searcher of a noisy, flat function proposes after a few trials.
fn gaze(space: &Space, look: impl Fn(View<'_>) -> Configuration) -> f64 {
    let flat = |configuration: &Configuration| (number(configuration, "x") * 1e3).sin() * 0.01;
    let gazes = (0..12).map(|seed| {
        let trials = run(&Random, space, seed, 10, &flat);
        number(&look(view(space, seed, &trials)), "x")
    });
    gazes.sum::<f64>() / 12.0
}

#[test]
fn a_prior_draws_the_search_to_it() {
    let plain = Parameter::new("x", Domain::float(0.0, 1.0));
    let mut believed = plain.clone();
    believed.hints.prior = Some(crate::space::Prior {
        value: Value::Float(0.9),
        confidence: crate::space::Confidence::High,
    });
    let look = |parameter: &Parameter| {
        let space = Space::new(vec![parameter.clone()], vec![]).unwrap();
        gaze(&space, |view| Gp::default().propose(&view, 0).configuration)
    };
    let (without, with) = (look(&plain), look(&believed));
    assert!(with > without + 0.15, "{with} against {without}");
}

#[test]
fn where_trials_cost_more_they_must_promise_more_while_there_is_budget() {
    let space = interval();
    // With a training budget; under a budget of trials, a cheap trial counts as much as an expensive one.
    let look = |budget: Option<u64>, trials_left| {
        gaze(&space, |view| {
            let view = View {
                budget: budget.map(Samples),
                trials_left,
                cost: &|configuration, _, _| 100_f64.powf(number(configuration, "x")),
                ..view
            };
            Gp::default().propose(&view, 0).configuration
        })
    };
    let (early, late) = (look(Some(1_000_000), None), look(Some(1), None));
    assert!(early < late - 0.1, "{early} early, {late} late");
    assert_eq!(look(None, Some(90)), look(None, None));
}
