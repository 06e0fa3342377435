//! The space and its map to the unit cube.

use std::collections::BTreeSet;

use rand::RngExt as _;

use super::order::parents_first;
use super::{Configuration, Domain, Expression, Hints};
use crate::rng::{self, Rng};
use crate::units::Seed;

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique in its space.
    pub name: String,
    /// The values that it may take.
    pub domain: Domain,
    /// The parameter is active where this is true, and everywhere if there is none.
    pub condition: Option<Expression>,
    /// What the user knows of it already.
    pub hints: Hints,
}

impl Parameter {
    /// A parameter that is always active and of which nothing more is known.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self {
            name: name.into(),
            domain,
            condition: None,
            hints: Hints::default(),
        }
    }
}

/// The parameters, with parents before the children whose conditions refer to them, and the constraints on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
    constraints: Vec<Expression>,
    /// A feasible configuration, for when chance finds no other.
    witness: Configuration,
}

/// Why parameters and constraints make no space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// Two parameters have one name.
    #[error("there are two parameters `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A condition or constraint refers to a parameter that the space does not have.
    #[error("`{expression}` refers to `{name}`, which is no parameter")]
    Unknown {
        /// The text of the condition or constraint.
        expression: String,
        /// The name it refers to.
        name: String,
    },
    /// Conditions depend on each other in a circle.
    #[error("the conditions depend on each other in a circle: {}", circle(.names))]
    Cycle {
        /// The parameters on the circle; the condition of each refers to the next, that of the last to the first.
        names: Vec<String>,
    },
    /// No configuration satisfies the constraints, or so few that none was found.
    #[error("no configuration satisfies the constraints: of {draws} drawn, {satisfied} satisfy `{constraint}`")]
    Infeasible {
        /// The text of the constraint that fewest of the drawn configurations satisfy.
        constraint: String,
        /// Its place in the list of constraints.
        index: usize,
        /// How many drawn configurations satisfy it.
        satisfied: u32,
        /// How many were drawn.
        draws: u32,
    },
}

fn circle(names: &[String]) -> String {
    names
        .iter()
        .chain(names.first())
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" → ")
}

/// How many configurations are drawn in search of a feasible one. A space in which fewer than one in ten thousand is
/// feasible is a mistake more often than a wish, and searching it by rejection would be slow.
const FEASIBILITY_DRAWS: u32 = 10_000;

impl Space {
    /// Puts parents before children, otherwise keeping the given order, and makes sure that a feasible configuration exists.
    ///
    /// # Errors
    /// [`SpaceError`] for a name given twice, a reference to no parameter, conditions in a circle, and constraints that
    /// none of 10,000 random configurations satisfies.
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
            parameters,
            constraints,
            witness: Configuration::default(),
        };
        space.witness = space.find_feasible()?;
        Ok(space)
    }

    /// The parameters, parents before children.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What every configuration must satisfy.
    pub fn constraints(&self) -> &[Expression] {
        &self.constraints
    }

    /// The configuration at a point of the unit cube: one number in `[0, 1]` for each of [`Self::parameters`], in their
    /// order. Numbers of inactive parameters are ignored; missing ones count as 0.5.
    pub fn decode(&self, unit: &[f64]) -> Configuration {
        let mut configuration = Configuration::default();
        for (index, parameter) in self.parameters.iter().enumerate() {
            if parameter.is_active(&configuration) {
                let place = unit.get(index).copied().unwrap_or(0.5);
                configuration.set(&parameter.name, parameter.domain.decode(place));
            }
        }
        configuration
    }

    /// The configuration with this number among the `cardinality` of a finite space, the first parameter varying fastest.
    /// Where there are conditions, several numbers may be one configuration.
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

    /// The point of the unit cube that stands for `configuration`: the middle of its share for each parameter, `None`
    /// for an inactive one. `None` in all if it is not a configuration of this space: a value is missing or outside its
    /// domain, or there is one of an inactive or unknown parameter. Constraints are not looked at.
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

    /// Whether `configuration` gives every active parameter, and no other, a value of its domain.
    pub fn contains(&self, configuration: &Configuration) -> bool {
        self.encode(configuration).is_some()
    }

    /// Whether `configuration` satisfies every constraint. One that depends on an inactive parameter is satisfied.
    pub fn is_feasible(&self, configuration: &Configuration) -> bool {
        self.constraints
            .iter()
            .all(|constraint| is_satisfied(constraint, configuration))
    }

    /// A feasible configuration, drawn uniformly from the unit cube's feasible part.
    /// (Where 10,000 draws find none, always the same one.)
    pub fn sample(&self, rng: &mut Rng) -> Configuration {
        (0..FEASIBILITY_DRAWS)
            .map(|_| self.draw(rng))
            .find(|configuration| self.is_feasible(configuration))
            .unwrap_or_else(|| self.witness.clone())
    }

    /// How many configurations there are at most, if every domain is finite: the product of the domains' sizes, so an
    /// upper bound where there are conditions or constraints. Stops at `u64::MAX`.
    pub fn cardinality(&self) -> Option<u64> {
        self.parameters.iter().try_fold(1_u64, |product, parameter| {
            parameter
                .domain
                .cardinality()
                .map(|values| product.saturating_mul(values))
        })
    }

    fn draw(&self, rng: &mut Rng) -> Configuration {
        let unit: Vec<f64> = self.parameters.iter().map(|_| rng.random()).collect();
        self.decode(&unit)
    }

    fn find_feasible(&self) -> Result<Configuration, SpaceError> {
        let mut rng = rng::stream(Seed(0), "feasibility", &[]);
        let mut satisfied = vec![0; self.constraints.len()];
        for _ in 0..FEASIBILITY_DRAWS {
            let configuration = self.draw(&mut rng);
            let mut is_feasible = true;
            for (constraint, count) in self.constraints.iter().zip(&mut satisfied) {
                let holds = is_satisfied(constraint, &configuration);
                *count += u32::from(holds);
                is_feasible &= holds;
            }
            if is_feasible {
                return Ok(configuration);
            }
        }
        let (index, satisfied) = satisfied
            .into_iter()
            .enumerate()
            .min_by_key(|(_, count)| *count)
            .unwrap_or_default();
        let constraint = self
            .constraints
            .get(index)
            .map(|constraint| constraint.source().to_owned())
            .unwrap_or_default();
        Err(SpaceError::Infeasible {
            constraint,
            index,
            satisfied,
            draws: FEASIBILITY_DRAWS,
        })
    }
}

impl Parameter {
    /// Whether the parameter takes part, given the values of those that its condition refers to.
    pub fn is_active(&self, configuration: &Configuration) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.is_true(configuration))
    }
}

fn is_satisfied(constraint: &Expression, configuration: &Configuration) -> bool {
    constraint.evaluate(configuration).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Value;
    use super::*;

    fn float(min: f64, max: f64) -> Domain {
        Domain::Float {
            min,
            max,
            log: false,
            step: None,
        }
    }

    fn texts(texts: &[&str]) -> Domain {
        Domain::Choice {
            values: texts.iter().map(|text| Value::Text((*text).to_owned())).collect(),
            ordered: false,
        }
    }

    /// A space from (name, domain, condition) and constraints.
    fn space(parameters: &[(&str, Domain, &str)], constraints: &[&str]) -> Result<Space, SpaceError> {
        let domains: Vec<(&str, &Domain)> = parameters.iter().map(|(name, domain, _)| (*name, domain)).collect();
        let expression = |text: &str| Expression::parse(text, &domains).unwrap();
        let built = parameters.iter().map(|(name, domain, condition)| Parameter {
            condition: (!condition.is_empty()).then(|| expression(condition)),
            ..Parameter::new(*name, domain.clone())
        });
        Space::new(
            built.collect(),
            constraints.iter().map(|text| expression(text)).collect(),
        )
    }

    fn nested() -> Space {
        space(
            &[
                (
                    "power",
                    Domain::Int {
                        min: 1,
                        max: 3,
                        log: false,
                        step: 1,
                    },
                    "warmup > 0.1",
                ),
                ("warmup", float(0.0, 0.2), "scheduler != 'constant'"),
                ("scheduler", texts(&["linear", "cosine", "constant"]), ""),
                (
                    "dropout",
                    Domain::Float {
                        min: 0.0,
                        max: 0.5,
                        log: false,
                        step: Some(0.05),
                    },
                    "",
                ),
            ],
            &["warmup <= dropout"],
        )
        .unwrap()
    }

    #[test]
    fn parents_come_before_children_and_the_rest_keeps_its_order() {
        let names: Vec<String> = nested()
            .parameters()
            .iter()
            .map(|parameter| parameter.name.clone())
            .collect();
        assert_eq!(names, ["scheduler", "warmup", "power", "dropout"]);
    }

    #[test]
    fn a_circle_of_conditions_is_shown() {
        let error = space(
            &[
                ("a", float(0.0, 1.0), ""),
                ("b", float(0.0, 1.0), "c > a"),
                ("c", float(0.0, 1.0), "d > 0"),
                ("d", float(0.0, 1.0), "b > 0"),
            ],
            &[],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the conditions depend on each other in a circle: `b` → `c` → `d` → `b`"
        );
        let own = space(&[("a", float(0.0, 1.0), "a > 0.5")], &[]).unwrap_err();
        assert_eq!(
            own,
            SpaceError::Cycle {
                names: vec!["a".to_owned()]
            }
        );
    }

    #[test]
    fn the_constraint_that_leaves_nothing_is_blamed() {
        let error = space(
            &[("a", float(0.0, 1.0), ""), ("b", float(0.0, 1.0), "")],
            &["a < 0.9", "a + b > 2.5"],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no configuration satisfies the constraints: of 10000 drawn, 0 satisfy `a + b > 2.5`"
        );
        let together = space(&[("a", float(0.0, 1.0), "")], &["a < 0.6", "a > 0.7"]).unwrap_err();
        assert!(
            matches!(
                together,
                SpaceError::Infeasible {
                    index: 1,
                    satisfied: 2_000..4_000,
                    ..
                }
            ),
            "{together}"
        );
    }

    #[test]
    fn names_are_unique_and_references_known() {
        let twice = space(&[("a", float(0.0, 1.0), ""), ("a", float(0.0, 1.0), "")], &[]).unwrap_err();
        assert_eq!(twice, SpaceError::Duplicate { name: "a".to_owned() });
        let elsewhere = float(0.0, 1.0);
        let stranger = Expression::parse("b > 0", &[("b", &elsewhere)]).unwrap();
        let error = Space::new(Vec::new(), vec![stranger]).unwrap_err();
        assert_eq!(error.to_string(), "`b > 0` refers to `b`, which is no parameter");
    }

    #[test]
    fn an_empty_space_has_one_configuration() {
        let space = Space::new(Vec::new(), Vec::new()).unwrap();
        assert_eq!(space.cardinality(), Some(1));
        assert!(space.contains(&space.sample(&mut rng::stream(Seed(1), "test", &[]))));
    }

    #[test]
    fn cardinality_is_a_product_that_saturates() {
        let big = Domain::Int {
            min: 0,
            max: i64::MAX - 1,
            log: false,
            step: 1,
        };
        assert_eq!(nested().cardinality(), None);
        let choices = [
            ("a", texts(&["x", "y"]), ""),
            (
                "b",
                Domain::Int {
                    min: 1,
                    max: 9,
                    log: false,
                    step: 2,
                },
                "",
            ),
        ];
        assert_eq!(space(&choices, &[]).unwrap().cardinality(), Some(10));
        let huge = [("a", big.clone(), ""), ("b", big, "")];
        assert_eq!(space(&huge, &[]).unwrap().cardinality(), Some(u64::MAX));
    }

    #[test]
    fn values_of_inactive_and_unknown_parameters_are_not_contained() {
        let space = nested();
        let mut configuration = space.decode(&[0.9, 0.5, 0.5, 0.5]);
        assert_eq!(configuration.get("warmup"), None);
        assert!(space.contains(&configuration));
        let mut unknown = configuration.clone();
        unknown.set("momentum", Value::Float(0.9));
        assert!(!space.contains(&unknown));
        configuration.set("warmup", Value::Float(0.1));
        assert!(!space.contains(&configuration));
        assert!(!space.contains(&Configuration::default()));
    }

    proptest! {
        #[test]
        fn parameters_are_active_exactly_when_their_condition_is_true(unit in prop::collection::vec(0.0..=1.0, 4)) {
            let space = nested();
            let configuration = space.decode(&unit);
            for parameter in space.parameters() {
                let is_active = parameter.condition.as_ref().is_none_or(|condition| condition.is_true(&configuration));
                prop_assert_eq!(configuration.get(&parameter.name).is_some(), is_active);
            }
            let again = space.encode(&configuration).unwrap();
            let filled: Vec<f64> = again.iter().map(|place| place.unwrap_or(0.123)).collect();
            prop_assert_eq!(space.decode(&filled).hash().len(), 16);
            prop_assert!(space.contains(&space.decode(&filled)));
            for (parameter, place) in space.parameters().iter().zip(&again) {
                prop_assert_eq!(place.is_some(), configuration.get(&parameter.name).is_some());
            }
        }

        #[test]
        fn samples_are_contained_feasible_and_repeatable(seed: u64) {
            let space = nested();
            let configuration = space.sample(&mut rng::stream(Seed(seed), "test", &[]));
            prop_assert!(space.contains(&configuration));
            prop_assert!(space.is_feasible(&configuration));
            prop_assert_eq!(&configuration, &space.sample(&mut rng::stream(Seed(seed), "test", &[])));
        }
    }
}
