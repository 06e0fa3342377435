//! The points of the space, each repeated: nothing is searched, and nothing is stopped early.
//!
//! The number of a trial keys its seed, so another trial of the same configuration differs only by its seed.

use super::{Decision, Policy};
use crate::trials::{Trial, View};
use crate::units::Samples;

/// Runs every point of the space to its end, with several seeds.
pub struct Listed {
    repeats: usize,
    rungs: [Samples; 1],
}

impl Listed {
    /// Runs every point `repeats` times, for `max` samples.
    pub fn new(repeats: u32, max: Samples) -> Self {
        Self {
            repeats: repeats as usize,
            rungs: [max],
        }
    }
}

impl Policy for Listed {
    fn decide(&self, view: &View<'_>) -> Decision {
        let count = view.space.points().count();
        let number = view.trials.len();
        // Points take turns: if the budget ends early, the numbers of seeds per point differ by at most one.
        let point = (number < count * self.repeats).then(|| view.space.points().nth(number % count));
        match point.flatten().filter(|_| view.may_start()) {
            Some(configuration) => Decision::Start {
                parent: None,
                configuration: configuration.clone(),
                origin: "repeats".to_owned(),
                to: self.rungs[0],
            },
            None if view.running > 0 => Decision::Wait,
            None => Decision::Finish,
        }
    }

    fn observe(&mut self, _trial: &Trial, _view: &View<'_>) {}

    fn rungs(&self) -> &[Samples] {
        &self.rungs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Configuration, Domain, Parameter, Space, Value};
    use crate::trials::testing::{trial, view};

    #[test]
    fn every_point_is_run_so_many_times_in_turn() {
        let mut space = Space::new(vec![Parameter::new("x", Domain::choice(0..7_i64))], vec![]).unwrap();
        let point = |value: i64| -> Configuration { [("x", Value::Int(value))].into_iter().collect() };
        space.add_point(&point(5)).unwrap();
        space.add_point(&point(2)).unwrap();
        let policy = Listed::new(3, Samples(9));
        let mut trials: Vec<Trial> = Vec::new();
        let last = loop {
            let view = View {
                max: Samples(9),
                ..view(&space, 1, &trials)
            };
            match policy.decide(&view) {
                Decision::Start { configuration, to, .. } => trials.push(Trial {
                    reached: to,
                    segments: 1,
                    ..trial(trials.len() as u32).tries(configuration, &space).completed()
                }),
                other => break other,
            }
        };
        assert_eq!(last, Decision::Finish);
        let values: Vec<&Value> = trials.iter().filter_map(|trial| trial.configuration.get("x")).collect();
        assert_eq!(values, [5, 2, 5, 2, 5, 2].map(Value::Int).iter().collect::<Vec<_>>());
        assert!(trials.iter().all(|trial| trial.reached == Samples(9)));
    }
}
