//! Settings of studies for tests.

use super::Settings;
use crate::space::{Domain, Parameter, Space};
use crate::spec::Criteria;
use crate::units::{Goal, Samples, Seed};

/// A deterministic study of one `loss` without a limit, whose complete trials have one sample. Tests change the rest:
/// `Settings { max: Samples(9), ..settings(space) }`.
pub(crate) fn settings(space: Space) -> Settings {
    Settings {
        space,
        seed: Seed(11),
        metric: "loss".into(),
        goal: Goal::Minimize,
        target: None,
        criteria: Criteria::default(),
        max_trials: None,
        wall: None,
        max_failures: None,
        selection: None,
        epoch: Samples(1),
        min: Samples(1),
        max: Samples(1),
        logical_workers: 1,
        is_deterministic: true,
        can_cool_down: false,
        folds: 1,
    }
}

/// A `rate` on a logarithmic scale and a whole `depth`.
pub(crate) fn rate_and_depth() -> Space {
    let parameters = vec![
        Parameter::new("rate", Domain::float(1e-6, 1.0).log()),
        Parameter::new("depth", Domain::int(0, 6)),
    ];
    Space::new(parameters, vec![]).unwrap()
}
