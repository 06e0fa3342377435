//! The registry of searchers, one line each. Specs, `ask-tell`, the schema and the reference use only this list.

use super::{FirstPoints, Scalarised, Searcher};
use super::{auto, blendsearch, bohb, cfo, cma_es, evolution, gp, grid, nsga2, priorband, random, sobol, tpe};
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
    &priorband::ENTRY,
];

/// Random search, which needs nothing: used if there is nothing to search.
pub const BY_CHANCE: &Entry = &random::ENTRY;

/// A searcher that specs can name.
#[derive(Debug)]
pub struct Entry {
    /// The facts about it that specs need.
    pub info: Info,
    /// Builds one without any observations.
    pub build: fn() -> Box<dyn Searcher>,
    /// The way in which it handles several metrics.
    pub several: Several,
}

/// The facts about a method that specs need.
#[derive(Debug)]
pub struct Info {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// A description in one line.
    pub about: &'static str,
    /// Its requirements.
    pub needs: Needs,
}

/// The requirements of a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Requires finitely many configurations, because it tries them all.
    pub finite_space: bool,
    /// Requires a single metric and nothing else that counts.
    pub one_metric: bool,
}

impl Needs {
    /// No requirements: works with any space and any metrics.
    pub const NOTHING: Self = Self {
        finite_space: false,
        one_metric: false,
    };
}

/// The way in which a searcher handles several metrics.
#[derive(Debug)]
pub enum Several {
    /// It minimizes one number computed from them, a new one for every proposal.
    Scalarised,
    /// Another searcher is used instead, because it does better.
    As(&'static Entry),
    /// It handles trade-offs itself.
    ByItself,
}

/// Builds a searcher that first proposes the first points of the space; for several metrics if there is a preference.
pub fn build(entry: &'static Entry, preference: Option<&Preference>) -> Box<dyn Searcher> {
    match (preference, &entry.several) {
        (None, _) | (Some(Preference::Pareto), Several::ByItself) => Box::new(FirstPoints::new((entry.build)())),
        (Some(preference), Several::As(other)) => Box::new(Scalarised::new(other, preference.clone())),
        (Some(preference), Several::Scalarised | Several::ByItself) => {
            Box::new(Scalarised::new(entry, preference.clone()))
        }
    }
}
