//! A configuration near that of the parent, for a clone.

use rand::RngExt as _;

use crate::rng::Rng;
use crate::space::{Configuration, Domain, Shape, Space, Value};

/// Factors by which a number changes, down and up (Jaderberg et al. 2017, §4.1.1: 1.2 and 0.8).
const FACTORS: [f64; 2] = [0.8, 1.2];

/// Smallest change on a linear scale, as a share of the range: 0 would never change by a factor.
const LEAST: f64 = 0.05;

/// The parameters that a clone keeps: a checkpoint holds only what its trial trains, and the state of its optimizer, so
/// the clone trains the same.
const KEPT: [&str; 6] = [
    "freeze_depth",
    "adapter",
    "lora_rank",
    "lora_targets",
    "lora_full_layers",
    "optimizer",
];

/// Number of tries at a feasible configuration. After that the clone keeps the configuration of its parent.
const DRAWS: u32 = 50;

/// A feasible configuration near `parent`: each value changes a little, or with probability `resample` is drawn anew.
pub(super) fn explore(space: &Space, parent: &Configuration, resample: f64, rng: &mut Rng) -> Configuration {
    let draws = (0..DRAWS).map(|_| draw(space, parent, resample, rng));
    let mut feasible = draws.filter(|drawn| space.is_feasible(drawn));
    feasible.next().unwrap_or_else(|| parent.clone())
}

fn draw(space: &Space, parent: &Configuration, resample: f64, rng: &mut Rng) -> Configuration {
    let mut drawn = Configuration::default();
    for parameter in space.parameters() {
        if !parameter.is_active(&drawn) {
            continue;
        }
        let domain = &parameter.domain;
        let inherited = parent.get(&parameter.name);
        if let Some(value) = inherited.filter(|_| KEPT.contains(&parameter.name.as_str())) {
            drawn.set(&parameter.name, value.clone());
            continue;
        }
        let value = match inherited.filter(|_| rng.random::<f64>() >= resample) {
            Some(value) => changed(domain, value, rng.random::<bool>()),
            // A parameter that was not active in the parent has no value to change.
            None => domain.decode(rng.random()),
        };
        drawn.set(&parameter.name, value);
    }
    drawn
}

/// A neighbour of a value: above it if `up`, else below it, for ordered values. Unordered values stay the same.
fn changed(domain: &Domain, value: &Value, up: bool) -> Value {
    match (domain.shape(), domain.bounds(), value.as_f64()) {
        (Shape::Continuous, Some((min, max)), Some(number)) => {
            Value::Float(moved(domain, number, (min, max), up).clamp(min, max))
        }
        (Shape::Ordered { count }, Some(bounds), Some(number)) => {
            let step = domain
                .nth(1)
                .as_f64()
                .zip(domain.nth(0).as_f64())
                .map_or(1.0, |(one, zero)| one - zero);
            let steps = ((moved(domain, number, bounds, up) - number).abs() / step).round() as u64;
            neighbour(domain, value, count, steps.max(1), up)
        }
        (Shape::Ordered { count }, _, _) => neighbour(domain, value, count, 1, up),
        (Shape::Constant | Shape::Unordered { .. } | Shape::Continuous, _, _) => value.clone(),
    }
}

/// A number times a factor; on a linear scale moved by at least a share of the range.
fn moved(domain: &Domain, number: f64, (min, max): (f64, f64), up: bool) -> f64 {
    let factor = FACTORS[usize::from(up)];
    if is_logarithmic(domain) {
        return number * factor;
    }
    let least = (max - min) * LEAST;
    let distance = (number * (factor - 1.0)).abs().max(least);
    if up { number + distance } else { number - distance }
}

/// The value `steps` positions away in a list of values.
fn neighbour(domain: &Domain, value: &Value, count: u64, steps: u64, up: bool) -> Value {
    let Some(number) = domain.number(value) else {
        return value.clone();
    };
    let number = if up {
        number.saturating_add(steps).min(count - 1)
    } else {
        number.saturating_sub(steps)
    };
    domain.nth(number)
}

fn is_logarithmic(domain: &Domain) -> bool {
    match domain {
        Domain::Float { log, .. } | Domain::Int { log, .. } => *log,
        Domain::Normal { range, .. } => is_logarithmic(range),
        Domain::Choice { .. } | Domain::Weighted { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng;
    use crate::space::{Expression, Parameter};
    use crate::units::Seed;

    #[test]
    fn numbers_change_by_a_fifth_and_lists_by_a_position() {
        let rate = Domain::float(1e-5, 1.0).log();
        let close = |value: Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-12;
        assert!(close(changed(&rate, &Value::Float(0.01), true), 0.012));
        assert!(close(changed(&rate, &Value::Float(0.01), false), 0.008));
        assert!(
            close(changed(&rate, &Value::Float(0.9), true), 1.0),
            "never beyond the range"
        );
        let share = Domain::float(0.0, 1.0);
        assert!(close(changed(&share, &Value::Float(0.5), false), 0.4));
        assert!(close(changed(&share, &Value::Float(0.0), true), 0.05), "0 is no trap");
        let depth = Domain::int(0, 6);
        assert_eq!(changed(&depth, &Value::Int(3), true), Value::Int(4));
        assert_eq!(changed(&depth, &Value::Int(0), false), Value::Int(0));
        let units = Domain::int(8, 512).log();
        assert_eq!(changed(&units, &Value::Int(100), true), Value::Int(120));
        let stepped = Domain::float(0.0, 1.0).step(0.05);
        assert!(close(changed(&stepped, &Value::Float(0.5), true), 0.6));
        let sizes = Domain::choice([8, 16, 32_i64]).ordered();
        assert_eq!(changed(&sizes, &Value::Int(16), true), Value::Int(32));
        let kinds = Domain::choice(["a", "b"]);
        assert_eq!(changed(&kinds, &Value::from("a"), true), Value::from("a"));
    }

    fn space() -> Space {
        let mut momentum = Parameter::new("momentum", Domain::float(0.0, 1.0));
        momentum.condition = Some(Expression::one_of("kind", &[Value::from("sgd")]));
        let (rate, size) = (
            Domain::float(1e-5, 1.0).log(),
            Domain::choice([8, 16, 32, 64_i64]).ordered(),
        );
        let constraint = Expression::parse("size * rate <= 16", &[("rate", &rate), ("size", &size)]).unwrap();
        let parameters = vec![
            Parameter::new("kind", Domain::choice(["sgd", "adam"])),
            momentum,
            Parameter::new("rate", rate),
            Parameter::new("size", size),
            Parameter::new("noise", Domain::float(0.0, 9.0).normal(3.0, 2.0)),
        ];
        Space::new(parameters, vec![constraint]).unwrap()
    }

    proptest! {
        #[test]
        fn whatever_is_explored_is_feasible(seed: u64, resample in 0.0..1.0_f64) {
            let space = space();
            let mut rng = rng::stream(Seed(seed), "test", &[]);
            let mut configuration = space.sample(&mut rng);
            for _ in 0..20 {
                configuration = explore(&space, &configuration, resample, &mut rng);
                prop_assert!(space.contains(&configuration) && space.is_feasible(&configuration));
            }
        }
    }
}
