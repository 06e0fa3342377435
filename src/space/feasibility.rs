//! Which points satisfy the constraints, and which constraint is to blame when (nearly) none does.

use rand::RngExt as _;

use super::expression::Datum;
use super::{Configuration, Expression, Parameter, Space};
use crate::rng::{self, Rng};
use crate::units::Seed;

/// How many points are drawn in search of feasible ones.
const DRAWS: usize = 20_000;

/// So few feasible points among [`DRAWS`] are too few: a space in which fewer than one in ten thousand is feasible is a
/// mistake more often than a wish, and searching it by rejection would be slow.
const TOO_FEW: usize = 1;

/// What conditions and constraints read, resolved to places in the list of parameters once and for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wiring {
    /// For each parameter: the places that its condition refers to.
    conditions: Vec<Vec<usize>>,
    /// The same for each constraint.
    constraints: Vec<Vec<usize>>,
    /// The parameters that constraints depend on, through conditions too; parents before children.
    relevant: Vec<usize>,
}

/// Why a space has (nearly) no feasible point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// How many points were drawn.
    pub draws: usize,
    /// How many of them satisfy all of `blamed` together.
    pub together: usize,
    /// The constraints that rule each other (or all) out: without any one of them the rest leaves more than too few.
    pub blamed: Vec<Blamed>,
}

/// A constraint that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blamed {
    /// Its place in the list of constraints.
    pub index: usize,
    /// Its text.
    pub source: String,
    /// How many of the points drawn satisfy it alone.
    pub satisfied: usize,
}

impl Wiring {
    /// Of ordered parameters and the constraints on them, whose references are all known.
    pub(super) fn new(parameters: &[Parameter], constraints: &[Expression]) -> Self {
        let places: std::collections::BTreeMap<&str, usize> = parameters
            .iter()
            .enumerate()
            .map(|(place, parameter)| (parameter.name.as_str(), place))
            .collect();
        let references = |expression: &Expression| -> Vec<usize> {
            let names = expression.references();
            names.filter_map(|name| places.get(name).copied()).collect()
        };
        let conditions: Vec<Vec<usize>> = parameters
            .iter()
            .map(|parameter| parameter.condition.as_ref().map(references).unwrap_or_default())
            .collect();
        let constraints: Vec<Vec<usize>> = constraints.iter().map(references).collect();
        let mut is_relevant = vec![false; parameters.len()];
        for &place in constraints.iter().flatten() {
            is_relevant[place] = true;
        }
        // Parents come first, so going backwards meets every child before its parents.
        for place in (0..parameters.len()).rev().filter(|_| !constraints.is_empty()) {
            if is_relevant[place] {
                for &parent in &conditions[place] {
                    is_relevant[parent] = true;
                }
            }
        }
        let relevant = (0..parameters.len()).filter(|&place| is_relevant[place]).collect();
        Self {
            conditions,
            constraints,
            relevant,
        }
    }
}

impl Space {
    /// Whether `configuration` satisfies every constraint. One that depends on an inactive parameter is satisfied.
    pub fn is_feasible(&self, configuration: &Configuration) -> bool {
        self.violated(configuration).is_none()
    }

    /// The first constraint that `configuration` does not satisfy.
    pub fn violated(&self, configuration: &Configuration) -> Option<&Expression> {
        self.constraints()
            .iter()
            .find(|constraint| constraint.evaluate(configuration) == Some(false))
    }

    /// Whether the configuration at a point of the unit cube, as [`Self::decode`] reads it, satisfies every constraint.
    /// Much faster than decoding it.
    pub fn is_feasible_at(&self, unit: &[f64]) -> bool {
        let values = self.constrained_values(unit);
        (0..self.constraints().len()).all(|constraint| self.is_satisfied(constraint, &values))
    }

    /// The values of the parameters that constraints depend on, by place.
    fn constrained_values(&self, unit: &[f64]) -> Vec<Option<Datum<'_>>> {
        let mut values: Vec<Option<Datum<'_>>> = vec![None; self.parameters().len()];
        for &place in &self.wiring.relevant {
            let parameter = &self.parameters()[place];
            let read = |reference: usize| values[self.wiring.conditions[place][reference]];
            let is_active = parameter
                .condition
                .as_ref()
                .is_none_or(|condition| condition.evaluate_with(read) == Some(true));
            values[place] = is_active.then(|| parameter.domain.datum(unit.get(place).copied().unwrap_or(0.5)));
        }
        values
    }

    fn is_satisfied<'a>(&'a self, constraint: usize, values: &[Option<Datum<'a>>]) -> bool {
        let read = |reference: usize| values[self.wiring.constraints[constraint][reference]];
        self.constraints()[constraint].evaluate_with(read) != Some(false)
    }

    /// A feasible point of the unit cube, drawn uniformly; nothing if many draws find none.
    pub(super) fn draw_feasible(&self, rng: &mut Rng) -> Option<Vec<f64>> {
        /// Ten for each feasible point that the scarcest space is expected to have.
        const DRAWS: usize = 100_000;
        (0..DRAWS)
            .map(|_| self.draw(rng))
            .find(|unit| self.is_feasible_at(unit))
    }

    fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        self.parameters().iter().map(|_| rng.random()).collect()
    }

    /// A feasible configuration, or why there are (nearly) none.
    pub(super) fn find_feasible(&self) -> Result<Configuration, Conflict> {
        let mut rng = rng::stream(Seed(0), "feasibility", &[]);
        let mut witness = None;
        let mut found = 0;
        for _ in 0..DRAWS {
            let unit = self.draw(&mut rng);
            if self.is_feasible_at(&unit) {
                found += 1;
                let witness = witness.get_or_insert(unit);
                if found > TOO_FEW {
                    return Ok(self.decode(witness));
                }
            }
        }
        Err(self.conflict())
    }

    /// Takes away constraints, the least strict first, as long as the others alone leave too few points: what remains is
    /// an irreducible conflict (the deletion filter of Chinneck & Dravnieks 1991, §3, on a sample of the space).
    fn conflict(&self) -> Conflict {
        let mut rng = rng::stream(Seed(0), "conflict", &[]);
        let count = self.constraints().len();
        // Bits by constraint: the points that violate it.
        let mut violated = vec![vec![0_u64; DRAWS.div_ceil(64)]; count];
        for point in 0..DRAWS {
            let unit = self.draw(&mut rng);
            let values = self.constrained_values(&unit);
            for (constraint, bits) in violated.iter_mut().enumerate() {
                bits[point / 64] |= u64::from(!self.is_satisfied(constraint, &values)) << (point % 64);
            }
        }
        let satisfied_by = |kept: &[usize]| -> usize {
            let violations = (0..DRAWS.div_ceil(64)).map(|word| {
                let any = kept.iter().fold(0, |any, &constraint| any | violated[constraint][word]);
                any.count_ones() as usize
            });
            DRAWS - violations.sum::<usize>()
        };
        let mut kept: Vec<usize> = (0..count).collect();
        kept.sort_by_key(|&constraint| std::cmp::Reverse(satisfied_by(&[constraint])));
        let mut next = 0;
        while next < kept.len() && kept.len() > 1 {
            let without: Vec<usize> = kept.iter().copied().filter(|&other| other != kept[next]).collect();
            if satisfied_by(&without) <= TOO_FEW {
                kept = without;
            } else {
                next += 1;
            }
        }
        kept.sort_unstable();
        Conflict {
            draws: DRAWS,
            together: satisfied_by(&kept),
            blamed: kept
                .into_iter()
                .map(|index| Blamed {
                    index,
                    source: self.constraints()[index].source().to_owned(),
                    satisfied: satisfied_by(&[index]),
                })
                .collect(),
        }
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quantity = if self.together == 0 { "no" } else { "hardly any" };
        let sources: Vec<String> = self.blamed.iter().map(|blamed| format!("`{}`", blamed.source)).collect();
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
