//! Grid search: every configuration of a finite space once, in order; the last parameter varies fastest.

use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::space::{Configuration, Parameter, Space};
use crate::trials::{Trial, View};

/// Number of configurations that are checked in search of the next feasible and new one.
const STEPS: usize = 100_000;

/// Every configuration of a finite space, from the lowest values to the highest. The seed has no effect.
///
/// A parameter with infinitely many values keeps its lowest value; specs reject such spaces. After the last
/// configuration, it is proposed again. That ends the search, because no configuration is tried twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "grid",
        aliases: &[],
        about: "tries every configuration of a finite space, in order",
        needs: Needs {
            finite_space: true,
            ..Needs::NOTHING
        },
    },
    build: || Box::new(Grid),
    several: Several::Scalarised,
};

impl Searcher for Grid {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let (own, others): (Vec<&Trial>, Vec<&Trial>) =
            view.trials.iter().partition(|trial| trial.origin == self.name());
        let is_wanted = |configuration: &Configuration| {
            view.space.is_feasible(configuration) && others.iter().all(|other| other.configuration != *configuration)
        };
        let last = own.last().map(|trial| trial.configuration.clone());
        let first = last.as_ref().map_or_else(
            || Some(complete(view.space.parameters(), Configuration::default())),
            |last| successor(view.space, last),
        );
        let mut grid = std::iter::successors(first, |before| successor(view.space, before));
        let found = grid.by_ref().take(STEPS).filter(is_wanted).nth(attempt as usize);
        Proposal {
            configuration: found.or(last).unwrap_or_else(|| view.space.decode(&[])),
            origin: self.name(),
        }
    }
}

/// The configuration after this one: the last active parameter that can still rise does so, and all after it start from
/// their lowest values. `None` after the last configuration.
fn successor(space: &Space, configuration: &Configuration) -> Option<Configuration> {
    let parameters = space.parameters();
    let (rising, number) = parameters.iter().enumerate().rev().find_map(|(index, parameter)| {
        let number = parameter.domain.number(configuration.get(&parameter.name)?)?;
        (number + 1 < parameter.domain.cardinality()?).then_some((index, number + 1))
    })?;
    let mut next = Configuration::default();
    for parameter in &parameters[..rising] {
        if let Some(value) = configuration.get(&parameter.name) {
            next.set(&parameter.name, value.clone());
        }
    }
    next.set(&parameters[rising].name, parameters[rising].domain.nth(number));
    Some(complete(&parameters[rising + 1..], next))
}

/// Sets every active one of the `parameters` to its lowest value.
fn complete(parameters: &[Parameter], mut configuration: Configuration) -> Configuration {
    for parameter in parameters {
        if parameter.is_active(&configuration) {
            configuration.set(&parameter.name, parameter.domain.nth(0));
        }
    }
    configuration
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::searchers::testing::run;
    use crate::space::{Domain, Expression, Value};
    use crate::trials::testing::view;

    fn numbers(max: i64) -> Domain {
        Domain::int(1, max)
    }

    fn shown(trials: &[Trial]) -> Vec<String> {
        let show = |trial: &Trial| {
            let values = trial.configuration.iter().map(|(_, value)| value.to_string());
            values.collect::<Vec<_>>().join(" ")
        };
        trials.iter().map(show).collect()
    }

    fn space() -> Space {
        let (kind, power) = (Domain::choice(["a", "b"]), numbers(3));
        let condition = Expression::parse("a_kind == 'b'", &[("a_kind", &kind)]).unwrap();
        let constraint = Expression::parse("c_power != 2", &[("c_power", &power)]).unwrap();
        let depth = Parameter {
            condition: Some(condition),
            ..Parameter::new("b_depth", numbers(2))
        };
        let parameters = vec![Parameter::new("a_kind", kind), depth, Parameter::new("c_power", power)];
        Space::new(parameters, vec![constraint]).unwrap()
    }

    #[test]
    fn the_last_parameter_varies_fastest_and_conditions_and_constraints_hold() {
        let space = space();
        let order: Vec<String> = space
            .parameters()
            .iter()
            .map(|parameter| parameter.name.clone())
            .collect();
        assert_eq!(order, ["a_kind", "b_depth", "c_power"]);
        let trials = run(&Grid, &space, 1, 6, &|_| 1.0);
        assert_eq!(shown(&trials), ["a 1", "a 3", "b 1 1", "b 1 3", "b 2 1", "b 2 3"]);
        assert_eq!(
            shown(&run(&Grid, &space, 2, 6, &|_| 1.0)),
            shown(&trials),
            "whatever the seed"
        );
        assert_eq!(
            Grid.propose(&view(&space, 1, &trials), 0).configuration,
            trials[5].configuration,
            "over"
        );
    }

    #[test]
    fn what_others_tried_is_left_out() {
        let space = space();
        let mut trials = run(&Grid, &space, 1, 3, &|_| 1.0);
        trials[1].origin = "init".to_owned();
        trials[1].configuration = [("a_kind", "b")]
            .map(|(name, value)| (name, Value::Text(value.into())))
            .into_iter()
            .collect();
        trials[1].configuration.set("b_depth", Value::Int(1));
        trials[1].configuration.set("c_power", Value::Int(3));
        let next = Grid.propose(&view(&space, 1, &trials), 0).configuration;
        assert_eq!(next.get("b_depth"), Some(&Value::Int(2)));
    }

    #[test]
    fn a_large_grid_is_enumerated_without_repeats() {
        let sizes = [3, 4, 5, 2];
        let parameters = sizes
            .iter()
            .enumerate()
            .map(|(index, &size)| Parameter::new(format!("x{index}"), numbers(size)));
        let space = Space::new(parameters.collect(), vec![]).unwrap();
        let trials = run(&Grid, &space, 1, 120, &|_| 1.0);
        let different: BTreeSet<String> = trials.iter().map(|trial| trial.configuration.hash()).collect();
        assert_eq!(different.len(), 120);
    }
}
