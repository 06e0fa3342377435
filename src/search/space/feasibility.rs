//! Feasibility: which points satisfy the constraints, and which constraints are to blame if (nearly) none does.

use rand::RngExt as _;

use super::expression::Datum;
use super::{Configuration, Expression, Parameter, Space};
use crate::rng::{self, Rng};
use crate::units::Seed;

/// Number of points that are drawn in search of feasible ones.
const MOST_DRAWS: usize = 50_000;

/// If fewer than one point in this many is feasible, the constraints are more often a mistake than intended, and
/// rejection sampling would be slow. The limit is lenient because the share is estimated from few points.
const RAREST: usize = 12_500;

/// Most evaluation steps of expressions, which take a fraction of a second. A very long spec gets fewer draws.
const MOST_STEPS: usize = 20_000_000;

/// The parameters that conditions and constraints read, resolved once to indices in the list of parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wiring {
    /// For each parameter, the indices of the parameters that its condition refers to.
    conditions: Vec<Vec<usize>>,
    /// For each constraint, the indices of the parameters that it refers to.
    constraints: Vec<Vec<usize>>,
    /// The parameters that constraints depend on, directly or through conditions; parents before children.
    relevant: Vec<usize>,
}

/// The reason why a space has (nearly) no feasible point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Number of points that were drawn.
    pub draws: usize,
    /// Number of those points that satisfy all of `blamed` together.
    pub together: usize,
    /// An irreducible set of conflicting constraints: without any one of them, the rest leaves enough feasible points.
    pub blamed: Vec<Blamed>,
}

/// A constraint that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blamed {
    /// Its index in the list of constraints.
    pub index: usize,
    /// Its text.
    pub source: String,
    /// Number of drawn points that satisfy this constraint alone.
    pub satisfied: usize,
}

impl Wiring {
    /// Resolves ordered parameters and the constraints on them. All references must be known.
    pub(super) fn new(parameters: &[Parameter], constraints: &[Expression]) -> Self {
        let indices: std::collections::BTreeMap<&str, usize> = parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| (parameter.name.as_str(), index))
            .collect();
        let references = |expression: &Expression| -> Vec<usize> {
            let names = expression.references();
            names.filter_map(|name| indices.get(name).copied()).collect()
        };
        let conditions: Vec<Vec<usize>> = parameters
            .iter()
            .map(|parameter| parameter.condition.as_ref().map(references).unwrap_or_default())
            .collect();
        let constraints: Vec<Vec<usize>> = constraints.iter().map(references).collect();
        let mut is_relevant = vec![false; parameters.len()];
        for &index in constraints.iter().flatten() {
            is_relevant[index] = true;
        }
        // Parents come first, so the reverse order visits every child before its parents.
        for index in (0..parameters.len()).rev().filter(|_| !constraints.is_empty()) {
            if is_relevant[index] {
                for &parent in &conditions[index] {
                    is_relevant[parent] = true;
                }
            }
        }
        let relevant = (0..parameters.len()).filter(|&index| is_relevant[index]).collect();
        Self {
            conditions,
            constraints,
            relevant,
        }
    }
}

impl Space {
    /// Returns whether `configuration` satisfies every constraint. A constraint on an inactive parameter is satisfied.
    pub fn is_feasible(&self, configuration: &Configuration) -> bool {
        self.violated(configuration).is_none()
    }

    /// The first constraint that `configuration` does not satisfy.
    pub fn violated(&self, configuration: &Configuration) -> Option<&Expression> {
        self.constraints()
            .iter()
            .find(|constraint| constraint.evaluate(configuration) == Some(false))
    }

    /// Returns whether the configuration at a point of the unit cube, as [`Self::decode`] reads it, satisfies every
    /// constraint. Much faster than decoding it.
    pub fn is_feasible_at(&self, unit: &[f64]) -> bool {
        let values = self.constrained_values(unit);
        (0..self.constraints().len()).all(|constraint| self.is_satisfied(constraint, &values))
    }

    /// The values of the parameters that constraints depend on, by index.
    fn constrained_values(&self, unit: &[f64]) -> Vec<Option<Datum<'_>>> {
        let mut values: Vec<Option<Datum<'_>>> = vec![None; self.parameters().len()];
        for &index in &self.wiring.relevant {
            let parameter = &self.parameters()[index];
            let read = |reference: usize| values[self.wiring.conditions[index][reference]];
            let is_active = parameter
                .condition
                .as_ref()
                .is_none_or(|condition| condition.evaluate_with(read) == Some(true));
            values[index] = is_active.then(|| parameter.domain.datum(unit.get(index).copied().unwrap_or(0.5)));
        }
        values
    }

    fn is_satisfied<'a>(&'a self, constraint: usize, values: &[Option<Datum<'a>>]) -> bool {
        let read = |reference: usize| values[self.wiring.constraints[constraint][reference]];
        self.constraints()[constraint].evaluate_with(read) != Some(false)
    }

    /// A feasible point of the unit cube, drawn uniformly; `None` if many draws find none.
    pub(super) fn draw_feasible(&self, rng: &mut Rng) -> Option<Vec<f64>> {
        /// Ten draws for each feasible point that the scarcest space is expected to have.
        const DRAWS: usize = 100_000;
        (0..DRAWS)
            .map(|_| self.draw(rng))
            .find(|unit| self.is_feasible_at(unit))
    }

    fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        self.parameters().iter().map(|_| rng.random()).collect()
    }

    /// Returns a feasible configuration, or the reason why there is (nearly) none.
    pub(super) fn find_feasible(&self) -> Result<Configuration, Conflict> {
        let mut rng = rng::stream(Seed(0), "feasibility", &[]);
        let draws = self.affordable_draws();
        let mut found = Vec::new();
        for _ in 0..draws {
            let unit = self.draw(&mut rng);
            if self.is_feasible_at(&unit) {
                found.push(unit);
                if found.len() > draws / RAREST {
                    return Ok(self.decode(&found[0]));
                }
            }
        }
        Err(self.conflict(draws))
    }

    fn affordable_draws(&self) -> usize {
        /// With fewer draws, rare and impossible could not be told apart.
        const FEWEST: usize = 200;
        /// Drawing and decoding one coordinate takes as long as this many evaluation steps.
        const STEPS_OF_A_COORDINATE: usize = 4;
        let conditions = self
            .parameters()
            .iter()
            .filter_map(|parameter| parameter.condition.as_ref());
        let steps: usize = conditions.chain(self.constraints()).map(Expression::size).sum();
        let steps = steps + STEPS_OF_A_COORDINATE * self.parameters().len();
        (MOST_STEPS / steps.max(1)).clamp(FEWEST, MOST_DRAWS)
    }

    /// Removes constraints, the least strict first, while the others alone still leave too few points. The rest is an
    /// irreducible conflict (the deletion filter of Chinneck & Dravnieks 1991, on a sample of the space).
    fn conflict(&self, draws: usize) -> Conflict {
        let mut rng = rng::stream(Seed(0), "feasibility", &[]);
        let count = self.constraints().len();
        let mut violations = vec![Bits::new(draws); count];
        for point in 0..draws {
            let unit = self.draw(&mut rng);
            let values = self.constrained_values(&unit);
            for (constraint, violations) in violations.iter_mut().enumerate() {
                if !self.is_satisfied(constraint, &values) {
                    violations.insert(point);
                }
            }
        }
        let satisfied: Vec<usize> = violations.iter().map(|violations| draws - violations.count()).collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&constraint| std::cmp::Reverse(satisfied[constraint]));
        // The points that violate a constraint or any stricter one.
        let mut stricter = vec![Bits::new(draws)];
        for &constraint in order.iter().rev() {
            let union = stricter[stricter.len() - 1].union(&violations[constraint]);
            stricter.push(union);
        }
        let mut kept = Vec::new();
        let mut violated = Bits::new(draws);
        for (position, &constraint) in order.iter().enumerate() {
            let others = violated.union(&stricter[count - 1 - position]);
            if draws - others.count() > draws / RAREST {
                kept.push(constraint);
                violated = violated.union(&violations[constraint]);
            }
        }
        kept.sort_unstable();
        let blamed = kept.into_iter().map(|index| Blamed {
            index,
            source: self.constraints()[index].source().to_owned(),
            satisfied: satisfied[index],
        });
        Conflict {
            draws,
            together: draws - violated.count(),
            blamed: blamed.collect(),
        }
    }
}

/// A set of points, by index.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(points: usize) -> Self {
        Self(vec![0; points.div_ceil(64)])
    }

    fn insert(&mut self, point: usize) {
        self.0[point / 64] |= 1 << (point % 64);
    }

    fn union(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(left, right)| left | right).collect())
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quantity = if self.together == 0 { "no" } else { "hardly any" };
        let sources: Vec<String> = self
            .blamed
            .iter()
            .map(|blamed| format!("`{}`", blamed.source))
            .collect();
        let together = match sources.as_slice() {
            [_] => "",
            _ => " together",
        };
        write!(
            formatter,
            "{quantity} configuration satisfies the constraints: of {} drawn, {} satisfy {}{together}",
            self.draws,
            self.together,
            sources.join(" and ")
        )
    }
}

impl std::error::Error for Conflict {}
