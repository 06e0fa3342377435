//! The registry of searchers: one line each. Specs, `ask-tell`, the schema and the reference read it, and nobody else names one.

use super::{FirstPoints, Scalarised, Searcher};
use super::{auto, blendsearch, bohb, cfo, cma_es, evolution, gp, grid, nsga2, random, sobol, tpe};
use crate::preference::Preference;

/// Every searcher, the default first.
pub const SEARCHERS: &[&Entry] = &[
    &auto::ENTRY,
    &random::ENTRY,
    &grid::ENTRY,
    &sobol::ENTRY,
    &tpe::ENTRY,
    &gp::ENTRY,
    &cma_es::ENTRY,
    &cfo::ENTRY,
    &blendsearch::ENTRY,
    &evolution::ENTRY,
    &nsga2::ENTRY,
    &bohb::ENTRY,
];

/// The one that knows nothing and needs nothing: where there is nothing to search.
pub const BY_CHANCE: &Entry = &random::ENTRY;

/// A searcher that specs can name.
#[derive(Debug)]
pub struct Entry {
    /// What specs need to know of it.
    pub info: Info,
    /// Makes one that knows nothing yet.
    pub build: fn() -> Box<dyn Searcher>,
    /// How it searches for several metrics.
    pub several: Several,
}

/// What specs need to know of a method.
#[derive(Debug)]
pub struct Info {
    /// Its name.
    pub name: &'static str,
    /// Names that others give it.
    pub aliases: &'static [&'static str],
    /// What it does, one line.
    pub about: &'static str,
    /// What it cannot do without.
    pub needs: Needs,
}

/// What a method cannot do without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Finitely many configurations: it tries them all.
    pub finite_space: bool,
    /// One metric that is all that counts.
    pub one_metric: bool,
}

impl Needs {
    /// Any space and any metrics will do.
    pub const NOTHING: Self = Self {
        finite_space: false,
        one_metric: false,
    };
}

/// How a searcher searches for several metrics.
#[derive(Debug)]
pub enum Several {
    /// It minimizes one number made of them, another one for every proposal.
    Scalarised,
    /// Another searcher does that better.
    As(&'static Entry),
    /// It knows of trade-offs itself.
    ByItself,
}

/// A searcher, after the first points of the space; for several metrics if there is a preference.
pub fn build(entry: &'static Entry, preference: Option<&Preference>) -> Box<dyn Searcher> {
    match (preference, &entry.several) {
        (None, _) | (Some(Preference::Pareto), Several::ByItself) => Box::new(FirstPoints::new((entry.build)())),
        (Some(preference), Several::As(other)) => Box::new(Scalarised::new(other, preference.clone())),
        (Some(preference), Several::Scalarised | Several::ByItself) => {
            Box::new(Scalarised::new(entry, preference.clone()))
        }
    }
}
