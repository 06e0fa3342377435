//! Spaces, objectives and whole searches for the tests of searchers.

use super::{Configuration, Searcher};
use crate::space::{Domain, Parameter, Space, Value};
use crate::trials::Trial;
use crate::trials::testing::{trial, view};

pub(super) type Objective<'a> = &'a dyn Fn(&Configuration) -> f64;

/// One parameter of every kind.
pub(super) fn mixed_space() -> Space {
    let parameters = [
        ("rate", Domain::float(1e-6, 1.0).log()),
        ("share", Domain::float(0.0, 1.0).step(0.05)),
        ("depth", Domain::int(0, 6)),
        ("size", Domain::choice([8, 16, 32_i64]).ordered()),
        ("kind", Domain::choice(["a", "b", "c"])),
    ];
    let parameters = parameters.map(|(name, domain)| Parameter::new(name, domain));
    Space::new(parameters.into(), vec![]).unwrap()
}

/// The unit cube: `x0`, `x1`, …
pub(super) fn cube(dimensions: usize) -> Space {
    let parameter = |index| Parameter::new(format!("x{index}"), Domain::float(0.0, 1.0));
    Space::new((0..dimensions).map(parameter).collect(), vec![]).unwrap()
}

/// One coordinate of a configuration of the cube.
pub(super) fn number(configuration: &Configuration, index: usize) -> f64 {
    configuration.get(&format!("x{index}")).and_then(Value::as_f64).unwrap()
}

/// The squared distance from (0.7, 0.7, …).
pub(super) fn sphere(configuration: &Configuration) -> f64 {
    let numbers = configuration.iter().filter_map(|(_, value)| value.as_f64());
    numbers.map(|number| (number - 0.7).powi(2)).sum()
}

/// A trial of the cube that has not run yet.
pub(super) fn new_cube_trial(number: u32, point: &[f64], origin: &str) -> Trial {
    let cube = cube(point.len());
    trial(number).tries(cube.decode(point), &cube).proposed_by(origin)
}

/// A finished trial of the cube; an infinite loss makes it a failed one.
pub(super) fn cube_trial(number: u32, point: &[f64], loss: f64, origin: &str) -> Trial {
    new_cube_trial(number, point, origin).ended(1, loss)
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
        let loss = objective(&proposal.configuration);
        let trial = trial(number).tries(proposal.configuration, space);
        trials.push(trial.proposed_by(proposal.origin).ended(1, loss));
    }
    trials
}

/// The least loss.
pub(super) fn best(trials: &[Trial]) -> f64 {
    trials.iter().filter_map(Trial::loss).min().unwrap().get()
}
