//! The first configurations of a study: those that the user gives, and those that follow from hints.

use super::hints::Prior;
use super::{Configuration, Domain, Parameter, Shape, Space, Value};

/// A configuration that is tried before the searcher proposes any.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstPoint {
    /// The configuration to try.
    pub configuration: Configuration,
    /// The key of the spec that it comes from: `points_to_evaluate`, `init` or `prior`.
    pub origin: &'static str,
}

/// The reason why a point cannot be tried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PointError {
    /// The point names an unknown parameter.
    #[error("there is no parameter `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A value is not in the domain of its parameter.
    #[error("`{value}` is not a value of `{name}`")]
    Outside {
        /// The parameter.
        name: String,
        /// The value.
        value: Value,
    },
    /// The point gives a value to a parameter that is inactive at this point.
    #[error("`{name}` is inactive at this point: its condition is not true there")]
    Inactive {
        /// The parameter.
        name: String,
    },
    /// The point violates a constraint.
    #[error("the point violates the constraint `{constraint}`")]
    Infeasible {
        /// The constraint's text.
        constraint: String,
    },
}

impl Space {
    /// The points that are tried before the searcher proposes any, in this order and without duplicates. First the
    /// points that were added, then the `init` values, then the likeliest values under the priors.
    pub fn first_points(&self) -> &[FirstPoint] {
        &self.first_points
    }

    /// The points that [`Self::add_point`] added, completed.
    pub fn points(&self) -> impl Iterator<Item = &Configuration> {
        let points = self.first_points.iter();
        points
            .filter(|point| point.origin == ADDED)
            .map(|point| &point.configuration)
    }

    /// Adds a point to try before the searcher proposes any. A parameter that `given` leaves out has its `init` value,
    /// else the value of its prior, else the middle of its domain (for unordered choices: the first or the likeliest).
    ///
    /// # Errors
    /// Returns every error of the point; then nothing is added.
    pub fn add_point(&mut self, given: &Configuration) -> Result<(), Vec<PointError>> {
        let point = self.complete(given)?;
        let added = self.points().count();
        if self.points().all(|earlier| *earlier != point) {
            self.first_points.retain(|hinted| hinted.configuration != point);
            let listed = FirstPoint {
                configuration: point,
                origin: ADDED,
            };
            self.first_points.insert(added, listed);
        }
        Ok(())
    }

    /// The configuration of all `init` values, which may be infeasible; `None` if no parameter has one.
    pub fn init_point(&self) -> Option<Configuration> {
        let has_init = self.parameters().iter().any(|parameter| parameter.hints.init.is_some());
        has_init.then(|| self.fill(|parameter| parameter.hints.init.clone().or_else(|| prior(parameter))))
    }

    /// The configuration of the likeliest values, which may be infeasible; `None` without a prior.
    pub fn prior_point(&self) -> Option<Configuration> {
        self.has_prior()
            .then(|| self.fill(|parameter| prior(parameter).or_else(|| parameter.hints.init.clone())))
    }

    /// Lists the points that follow from the hints of the parameters.
    pub(super) fn list_hinted_points(&mut self) {
        self.first_points.retain(|point| point.origin == ADDED);
        for (point, origin) in [(self.init_point(), "init"), (self.prior_point(), "prior")] {
            if let Some(configuration) = point.filter(|point| self.is_feasible(point))
                && self
                    .first_points
                    .iter()
                    .all(|earlier| earlier.configuration != configuration)
            {
                self.first_points.push(FirstPoint { configuration, origin });
            }
        }
    }

    fn complete(&self, given: &Configuration) -> Result<Configuration, Vec<PointError>> {
        let is_known = |name: &str| self.parameters().iter().any(|parameter| parameter.name == name);
        let unknown = given.iter().filter(|(name, _)| !is_known(name));
        let mut errors: Vec<PointError> = unknown
            .map(|(name, _)| PointError::Unknown { name: name.to_owned() })
            .collect();
        let point = self.fill(|parameter| {
            let hints = &parameter.hints;
            let given = given.get(&parameter.name).cloned();
            given.or_else(|| hints.init.clone()).or_else(|| prior(parameter))
        });
        for parameter in self.parameters() {
            let name = parameter.name.clone();
            match given.get(&name) {
                Some(value) if parameter.domain.encode(value).is_none() => errors.push(PointError::Outside {
                    name,
                    value: value.clone(),
                }),
                Some(_) if point.get(&name).is_none() => errors.push(PointError::Inactive { name }),
                Some(_) | None => {}
            }
        }
        if errors.is_empty()
            && let Some(constraint) = self.violated(&point)
        {
            errors.push(PointError::Infeasible {
                constraint: constraint.source().to_owned(),
            });
        }
        if errors.is_empty() { Ok(point) } else { Err(errors) }
    }

    /// The configuration that gives every active parameter the value from `pick`, or else its default.
    fn fill(&self, pick: impl Fn(&Parameter) -> Option<Value>) -> Configuration {
        let mut configuration = Configuration::default();
        for parameter in self.parameters() {
            if parameter.is_active(&configuration) {
                let picked = pick(parameter).and_then(|value| parameter.domain.canonical(&value));
                let value = picked.unwrap_or_else(|| parameter.domain.default_value());
                configuration.set(&parameter.name, value);
            }
        }
        configuration
    }
}

/// The origin of points that were added.
const ADDED: &str = "points_to_evaluate";

fn prior(parameter: &Parameter) -> Option<Value> {
    parameter.hints.prior.as_ref().map(|Prior { value, .. }| value.clone())
}

impl Domain {
    /// The value of a parameter without any hint: the middle; for unordered choices the first, or the likeliest.
    fn default_value(&self) -> Value {
        match self.shape() {
            Shape::Unordered { count } => {
                let width = |number: &u64| {
                    let share = self.share(*number);
                    share.end - share.start
                };
                // The widths of equal choices may differ by rounding.
                let widest = (0..count).reduce(|best, next| {
                    if width(&next) > width(&best) * (1.0 + 1e-9) {
                        next
                    } else {
                        best
                    }
                });
                self.nth(widest.unwrap_or(0))
            }
            Shape::Constant | Shape::Continuous | Shape::Ordered { .. } => self.decode(0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Confidence, Expression, Hints, Prior};
    use super::*;

    /// A space with `optimizer`, its `momentum` if it is sgd, and a `rate` of at most 0.5.
    fn space(hints: impl Fn(&str) -> Hints) -> Space {
        let domains = [
            ("optimizer", Domain::choice(["adam", "sgd"])),
            ("momentum", Domain::float(0.0, 1.0).step(0.1)),
            ("rate", Domain::float(0.0, 1.0)),
        ];
        let known: Vec<(&str, &Domain)> = domains.iter().map(|(name, domain)| (*name, domain)).collect();
        let expression = |text: &str| Expression::parse(text, &known).unwrap();
        let parameters = domains.iter().map(|(name, domain)| Parameter {
            condition: (*name == "momentum").then(|| expression("optimizer == 'sgd'")),
            hints: hints(name),
            ..Parameter::new(*name, domain.clone())
        });
        Space::new(parameters.collect(), vec![expression("rate <= 0.5")]).unwrap()
    }

    fn given(values: &[(&str, Value)]) -> Configuration {
        values.iter().cloned().collect()
    }

    #[test]
    fn what_a_point_leaves_out_is_filled_in() {
        let mut space = space(|_| Hints::default());
        space.add_point(&given(&[("optimizer", "sgd".into())])).unwrap();
        space.add_point(&given(&[("rate", Value::Int(0))])).unwrap();
        let points: Vec<_> = space.points().cloned().collect();
        let sgd = given(&[
            ("optimizer", "sgd".into()),
            ("momentum", 0.5.into()),
            ("rate", 0.5.into()),
        ]);
        assert_eq!(
            points,
            [sgd, given(&[("optimizer", "adam".into()), ("rate", 0.0.into())])]
        );
    }

    #[test]
    fn everything_wrong_with_a_point_is_told() {
        let mut space = space(|_| Hints::default());
        let wrong = given(&[
            ("momentum", 0.25.into()),
            ("rate", 2.0.into()),
            ("depth", Value::Int(3)),
        ]);
        let errors: Vec<String> = space
            .add_point(&wrong)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            errors,
            [
                "there is no parameter `depth`",
                "`0.25` is not a value of `momentum`",
                "`2.0` is not a value of `rate`"
            ]
        );
        let inactive = space.add_point(&given(&[("momentum", 0.2.into())])).unwrap_err();
        assert_eq!(
            inactive,
            [PointError::Inactive {
                name: "momentum".to_owned()
            }]
        );
        let infeasible = space.add_point(&given(&[("rate", 0.75.into())])).unwrap_err();
        assert_eq!(
            infeasible[0].to_string(),
            "the point violates the constraint `rate <= 0.5`"
        );
        assert!(space.first_points().is_empty());
    }

    #[test]
    fn points_come_before_init_values_and_those_before_priors() {
        let hints = |name: &str| Hints {
            init: (name == "rate").then_some(Value::Float(0.1)),
            prior: Some(Prior {
                value: if name == "rate" {
                    0.2.into()
                } else if name == "momentum" {
                    0.9.into()
                } else {
                    "sgd".into()
                },
                confidence: Confidence::Medium,
            }),
            low_cost: None,
        };
        let mut space = space(hints);
        space.add_point(&given(&[("rate", 0.2.into())])).unwrap();
        space.add_point(&given(&[("rate", 0.4.into())])).unwrap();
        let listed: Vec<_> = space
            .first_points()
            .iter()
            .map(|point| {
                (
                    point.origin,
                    point.configuration.get("rate").and_then(Value::as_f64).unwrap(),
                )
            })
            .collect();
        // The prior's point equals the first one and is not listed twice.
        assert_eq!(
            listed,
            [("points_to_evaluate", 0.2), ("points_to_evaluate", 0.4), ("init", 0.1)]
        );
        assert!(
            space
                .first_points()
                .iter()
                .all(|point| space.contains(&point.configuration))
        );
    }

    #[test]
    fn hints_that_break_a_constraint_are_not_tried() {
        let hints = |name: &str| Hints {
            init: (name == "rate").then_some(Value::Float(0.9)),
            ..Hints::default()
        };
        let space = space(hints);
        assert!(space.init_point().is_some());
        assert!(space.first_points().is_empty());
    }
}
