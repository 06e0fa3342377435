//! Trials of known functions, for the tests of this folder.

use super::{Focus, Importance, Landscape};
use crate::rng;
use crate::space::{Configuration, Domain, Expression, Parameter, Space, Value};
use crate::units::Seed;

/// A trial as a landscape reads it.
pub(super) type Trial = (Vec<Option<f64>>, f64);

/// A space of parameters that are always active.
pub(super) fn space<const N: usize>(parameters: [(&str, Domain); N]) -> Space {
    let parameters = parameters.map(|(name, domain)| Parameter::new(name, domain));
    Space::new(parameters.to_vec(), vec![]).unwrap()
}

/// A space of `dimensions` numbers between 0 and 1, called `x0`, `x1` and so on.
pub(super) fn cube(dimensions: usize) -> Space {
    let parameter = |index| Parameter::new(format!("x{index}"), Domain::float(0.0, 1.0));
    Space::new((0..dimensions).map(parameter).collect(), vec![]).unwrap()
}

/// A space in which each of `children` is active only where its condition is true.
pub(super) fn conditional<const N: usize, const M: usize>(
    parents: [(&str, Domain); N],
    children: [(&str, Domain, &str); M],
) -> Space {
    let mut parameters = parents.map(|(name, domain)| Parameter::new(name, domain)).to_vec();
    for (name, domain, condition) in children {
        let scope: Vec<(&str, &Domain)> = parameters
            .iter()
            .map(|known| (known.name.as_str(), &known.domain))
            .collect();
        let condition = Expression::parse(condition, &scope).unwrap();
        parameters.push(Parameter {
            condition: Some(condition),
            ..Parameter::new(name, domain)
        });
    }
    Space::new(parameters, vec![]).unwrap()
}

/// Trials drawn uniformly, and their losses.
pub(super) fn draw(space: &Space, count: u64, loss: impl Fn(&Configuration) -> f64) -> Vec<Trial> {
    let mut rng = rng::stream(Seed(1), "draw", &[]);
    let draw = |_| {
        let configuration = space.sample(&mut rng);
        (space.encode(&configuration).unwrap(), loss(&configuration))
    };
    (0..count).map(draw).collect()
}

/// The landscape learnt from trials.
pub(super) fn learn(space: &Space, trials: &[Trial]) -> Option<Landscape> {
    learn_focused(space, trials, Focus::default())
}

/// The landscape learnt from trials with a focus.
pub(super) fn learn_focused(space: &Space, trials: &[Trial], focus: Focus) -> Option<Landscape> {
    let trials = trials.iter().map(|(point, loss)| (point.as_slice(), *loss));
    Landscape::learn(space, trials, focus, Seed(1))
}

/// The value of a number in a configuration; 0 if it is inactive.
pub(super) fn number(configuration: &Configuration, name: &str) -> f64 {
    configuration.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

/// Returns whether a parameter has this text as its value.
pub(super) fn is(configuration: &Configuration, name: &str, text: &str) -> bool {
    configuration.get(name).and_then(Value::as_str) == Some(text)
}

/// The share of one parameter.
pub(super) fn effect(importance: &Importance, parameter: usize) -> f64 {
    let mut effects = importance.effects.iter();
    effects.find(|effect| effect.parameter == parameter).unwrap().share.mean
}

/// The share of a pair.
pub(super) fn interaction(importance: &Importance, parameters: [usize; 2]) -> f64 {
    let mut interactions = importance.interactions.iter();
    interactions
        .find(|pair| pair.parameters == parameters)
        .unwrap()
        .share
        .mean
}

/// Asserts that two numbers are near each other.
#[track_caller]
pub(super) fn assert_near(value: f64, expected: f64, distance: f64) {
    assert!((value - expected).abs() <= distance, "{value} is not near {expected}");
}
