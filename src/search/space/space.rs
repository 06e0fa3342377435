//! The space and its map to the unit cube.

use std::collections::BTreeSet;

use super::feasibility::{Conflict, Wiring};
use super::order::parents_first;
use super::points::FirstPoint;
use super::{Configuration, Domain, Expression, Hints};
use crate::rng::Rng;

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique in its space.
    pub name: String,
    /// The values that it may take.
    pub domain: Domain,
    /// The condition under which the parameter is active; `None`: it is always active.
    pub condition: Option<Expression>,
    /// The user's prior knowledge about it.
    pub hints: Hints,
}

impl Parameter {
    /// A parameter that is always active and has no hints.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self {
            name: name.into(),
            domain,
            condition: None,
            hints: Hints::default(),
        }
    }
}

/// The parameters and the constraints on them. Parents come before the children whose conditions refer to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    pub(super) parameters: Vec<Parameter>,
    constraints: Vec<Expression>,
    pub(super) wiring: Wiring,
    /// A feasible configuration, used if random draws find no other.
    witness: Configuration,
    pub(super) first_points: Vec<FirstPoint>,
}

/// The reason why parameters and constraints do not form a space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// Two parameters have the same name.
    #[error("there are two parameters `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A condition or constraint refers to a parameter that the space does not have.
    #[error("`{expression}` refers to `{name}`, which is not a parameter")]
    Unknown {
        /// The text of the condition or constraint.
        expression: String,
        /// The name it refers to.
        name: String,
    },
    /// Conditions depend on each other in a cycle.
    #[error("the conditions depend on each other in a circle: {}", circle(.names))]
    Cycle {
        /// The parameters on the cycle; the condition of each refers to the next, and that of the last to the first.
        names: Vec<String>,
    },
    /// No configuration satisfies the constraints, or fewer than one in ten thousand do.
    #[error(transparent)]
    Infeasible(#[from] Conflict),
}

fn circle(names: &[String]) -> String {
    names
        .iter()
        .chain(names.first())
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" → ")
}

impl Space {
    /// Sorts parents before children, keeps the order otherwise, and checks that a feasible configuration exists.
    ///
    /// # Errors
    /// Returns [`SpaceError`] for a duplicate name, a reference to an unknown parameter, a cycle of conditions, or
    /// constraints that fewer than one in 10,000 random configurations satisfy.
    ///
    /// ```
    /// use automl_base::rng;
    /// use automl_search::space::{Domain, Expression, Parameter, Space};
    /// use automl_base::units::Seed;
    ///
    /// let rate = Domain::Float { min: 1e-5, max: 1e-1, log: true, step: None };
    /// let depth = Domain::Int { min: 1, max: 8, log: false, step: 1 };
    /// let both = Expression::parse("rate * depth < 0.1", &[("rate", &rate), ("depth", &depth)])?;
    /// let space = Space::new(vec![Parameter::new("rate", rate), Parameter::new("depth", depth)], vec![both])?;
    ///
    /// let configuration = space.sample(&mut rng::stream(Seed(1), "example", &[]));
    /// assert!(space.contains(&configuration));
    /// // A point of the unit cube, in which orders of magnitude of the rate are equally long.
    /// let point = space.encode(&configuration).ok_or("outside")?;
    /// assert!(point.iter().flatten().all(|position| (0.0..=1.0).contains(position)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(parameters: Vec<Parameter>, constraints: Vec<Expression>) -> Result<Self, SpaceError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = parameters
            .iter()
            .find(|parameter| !names.insert(parameter.name.as_str()))
        {
            return Err(SpaceError::Duplicate {
                name: twice.name.clone(),
            });
        }
        let conditions = parameters.iter().filter_map(|parameter| parameter.condition.as_ref());
        for expression in conditions.chain(&constraints) {
            if let Some(name) = expression.references().find(|name| !names.contains(name)) {
                return Err(SpaceError::Unknown {
                    expression: expression.source().to_owned(),
                    name: name.to_owned(),
                });
            }
        }
        let parameters = parents_first(parameters)?;
        let mut space = Self {
            wiring: Wiring::new(&parameters, &constraints),
            parameters,
            constraints,
            witness: Configuration::default(),
            first_points: Vec::new(),
        };
        space.witness = space.find_feasible()?;
        space.list_hinted_points();
        Ok(space)
    }

    /// The parameters, parents before children.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameter with that name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The constraints that every configuration must satisfy.
    pub fn constraints(&self) -> &[Expression] {
        &self.constraints
    }

    /// The configuration at a point of the unit cube: one number in `[0, 1]` for each of [`Self::parameters`], in their
    /// order. Numbers of inactive parameters are ignored; missing numbers count as 0.5.
    pub fn decode(&self, unit: &[f64]) -> Configuration {
        let mut configuration = Configuration::default();
        for (index, parameter) in self.parameters.iter().enumerate() {
            if parameter.is_active(&configuration) {
                let position = unit.get(index).copied().unwrap_or(0.5);
                configuration.set(&parameter.name, parameter.domain.decode(position));
            }
        }
        configuration
    }

    /// The configuration with this index among the `cardinality` of a finite space; the first parameter varies fastest.
    /// With conditions, several indices may give the same configuration.
    pub fn nth(&self, mut number: u64) -> Configuration {
        let mut configuration = Configuration::default();
        for parameter in &self.parameters {
            let values = parameter.domain.cardinality().unwrap_or(1);
            if parameter.is_active(&configuration) {
                configuration.set(&parameter.name, parameter.domain.nth(number % values));
            }
            number /= values;
        }
        configuration
    }

    /// The point of the unit cube for `configuration`: the middle of the sub-interval of each value, and `None` for
    /// inactive parameters. Returns `None` if it is not a configuration of this space: a value is missing or outside of
    /// its domain, or an inactive or unknown parameter has a value. Constraints are not checked.
    pub fn encode(&self, configuration: &Configuration) -> Option<Vec<Option<f64>>> {
        let mut known = 0;
        let unit = self
            .parameters
            .iter()
            .map(
                |parameter| match (parameter.is_active(configuration), configuration.get(&parameter.name)) {
                    (true, Some(value)) => {
                        known += 1;
                        parameter.domain.encode(value).map(Some)
                    }
                    (false, None) => Some(None),
                    (true, None) | (false, Some(_)) => None,
                },
            )
            .collect::<Option<Vec<_>>>()?;
        (known == configuration.iter().count()).then_some(unit)
    }

    /// Returns whether `configuration` gives every active parameter, and no other, a value of its domain.
    pub fn contains(&self, configuration: &Configuration) -> bool {
        self.encode(configuration).is_some()
    }

    /// A feasible configuration, drawn uniformly from the feasible part of the unit cube. (If 100,000 draws find none,
    /// it is always the same one.)
    pub fn sample(&self, rng: &mut Rng) -> Configuration {
        self.draw_feasible(rng)
            .map_or_else(|| self.witness.clone(), |unit| self.decode(&unit))
    }

    /// Upper bound on the number of configurations, if every domain is finite: the product of the domains' sizes.
    /// Conditions and constraints may leave fewer. Saturates at `u64::MAX`.
    pub fn cardinality(&self) -> Option<u64> {
        self.parameters.iter().try_fold(1_u64, |product, parameter| {
            parameter
                .domain
                .cardinality()
                .map(|values| product.saturating_mul(values))
        })
    }
}

impl Parameter {
    /// Returns whether the parameter is active, given the values of the parameters that its condition refers to.
    pub fn is_active(&self, configuration: &Configuration) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.is_true(configuration))
    }
}

#[cfg(test)]
mod tests;
