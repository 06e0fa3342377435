//! Proposes the user's first points before the searcher's own proposals.
//!
//! First points are known good configurations (Optuna's `enqueue_trial`, FLAML's `points_to_evaluate`), `init` values,
//! and the mode of the priors (which Mallik et al. 2023 evaluate first, too).

use super::{Proposal, Searcher};
use crate::trials::{Trial, View};

/// A searcher whose proposals start after the space's first points.
pub struct FirstPoints {
    searcher: Box<dyn Searcher>,
}

impl FirstPoints {
    /// Puts the first points of the searched space before the proposals of `searcher`.
    pub fn new(searcher: Box<dyn Searcher>) -> Self {
        Self { searcher }
    }
}

impl Searcher for FirstPoints {
    fn name(&self) -> &'static str {
        self.searcher.name()
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        // The trial's number selects the point; a redraw means that this point was already tried.
        match view.space.first_points().get(view.trials.len()) {
            Some(point) if attempt == 0 => Proposal {
                configuration: point.configuration.clone(),
                origin: point.origin,
            },
            Some(_) | None => self.searcher.propose(view, attempt),
        }
    }

    fn observe(&mut self, trial: &Trial) {
        self.searcher.observe(trial);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{mixed_space, run};
    use super::super::{Random, SEARCHERS, build};
    use super::*;
    use crate::space::{Confidence, Configuration, Prior, Space, Value};

    fn hinted() -> Space {
        let mut parameters = mixed_space().parameters().to_vec();
        parameters[0].hints.init = Some(Value::Float(1e-3));
        parameters[2].hints.prior = Some(Prior {
            value: Value::Int(5),
            confidence: Confidence::High,
        });
        let mut space = Space::new(parameters, vec![]).unwrap();
        let listed: Configuration = [("rate", Value::Float(0.5))].into_iter().collect();
        space.add_point(&listed).unwrap();
        space
    }

    #[test]
    fn the_first_trials_of_every_searcher_are_what_the_user_listed() {
        let space = hinted();
        for entry in SEARCHERS {
            let name = entry.info.name;
            let trials = run(build(entry, None).as_ref(), &space, 1, 5, &|_| 1.0);
            let origins: Vec<&str> = trials.iter().map(|trial| trial.origin.as_str()).collect();
            assert_eq!(origins[..2], ["points_to_evaluate", "init"], "{name}");
            assert!(!origins[2..].contains(&"init"), "{name}");
            assert_eq!(trials[0].configuration.get("rate"), Some(&Value::Float(0.5)));
            assert_eq!(trials[0].configuration.get("depth"), Some(&Value::Int(5)));
            assert_eq!(trials[1].configuration.get("rate"), Some(&Value::Float(1e-3)));
        }
    }

    #[test]
    fn without_hints_the_searcher_is_asked_at_once() {
        let space = mixed_space();
        let wrapped = run(&FirstPoints::new(Box::new(Random)), &space, 1, 3, &|_| 1.0);
        let plain = run(&Random, &space, 1, 3, &|_| 1.0);
        assert_eq!(wrapped[0].configuration, plain[0].configuration);
        assert_eq!(wrapped[0].origin, "random");
    }
}
