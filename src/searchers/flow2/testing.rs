//! Helpers of the tests of local search.

use crate::space::{Configuration, Domain, Parameter, Space, Value};
use crate::trials::{Observation, Status, Trial};
use crate::units::{Goal, Samples, TrialId};

/// The unit cube: `x0`, `x1`, …
pub(in crate::searchers) fn cube(dimensions: usize) -> Space {
    let parameter = |index| {
        let domain = Domain::Float {
            min: 0.0,
            max: 1.0,
            log: false,
            step: None,
        };
        Parameter::new(format!("x{index}"), domain)
    };
    Space::new((0..dimensions).map(parameter).collect(), vec![]).unwrap()
}

/// One coordinate of a configuration of the cube.
pub(in crate::searchers) fn number(configuration: &Configuration, index: usize) -> f64 {
    configuration.get(&format!("x{index}")).and_then(Value::as_f64).unwrap()
}

/// The squared distance from (0.7, 0.7, …).
pub(in crate::searchers) fn sphere(configuration: &Configuration) -> f64 {
    let numbers = configuration.iter().filter_map(|(_, value)| value.as_f64());
    numbers.map(|number| (number - 0.7).powi(2)).sum()
}

/// A finished trial of the cube; an infinite loss makes it a failed one.
pub(in crate::searchers) fn trial(number: u32, point: &[f64], loss: f64, origin: &str) -> Trial {
    let values = point.iter().enumerate();
    let loss = Goal::Minimize.loss(loss);
    Trial {
        scores: vec![],
        cooldown: None,
        is_out_of_memory: false,
        parent: None,
        id: TrialId(number),
        configuration: values
            .map(|(index, value)| (format!("x{index}"), Value::Float(*value)))
            .collect(),
        point: point.iter().copied().map(Some).collect(),
        origin: origin.into(),
        status: if loss.get().is_finite() {
            Status::Completed
        } else {
            Status::Failed
        },
        reached: Samples(1),
        segments: 1,
        observations: vec![Observation { at: Samples(1), loss }],
    }
}
