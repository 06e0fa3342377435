//! Searchers propose configurations. Each is one file behind [`Searcher`], listed in [`build`].
//!
//! Imports `trials` and below. Conformance tests run over every searcher of the registry.

mod auto;
mod blendsearch;
mod bohb;
mod cfo;
mod cma_es;
mod first_points;
mod flow2;
mod folded;
pub(crate) mod gp;
mod grid;
mod middle;
mod nsga2;
mod random;
mod scalarised;
mod sobol;
mod standing;
mod tpe;

pub use auto::Auto;
pub use blendsearch::BlendSearch;
pub use bohb::Bohb;
pub use cfo::Cfo;
pub use cma_es::CmaEs;
pub use first_points::FirstPoints;
pub use gp::Gp;
pub use grid::Grid;
pub use nsga2::Nsga2;
pub use random::Random;
pub use scalarised::Scalarised;
pub use sobol::Sobol;
pub use tpe::Tpe;

use crate::preference::Preference;
use crate::space::Configuration;
use crate::spec::SearcherSpec;
use crate::trials::{Trial, View};

/// Proposes configurations.
///
/// A proposal is a pure function of the view (and of what was observed, which is the same events): a searcher keeps no
/// generator, and whatever it remembers it could rebuild by observing the trials again.
pub trait Searcher: Send {
    /// Its name in specs and in the leaderboard's `origin`.
    fn name(&self) -> &'static str;

    /// A configuration for the trial that would be created next. `attempt` counts redraws for the same trial,
    /// asked for when an earlier proposal repeats a configuration that was already tried.
    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal;

    /// Takes note of a trial that changed.
    fn observe(&mut self, _trial: &Trial) {}
}

/// A configuration and who thought of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What to try.
    pub configuration: Configuration,
    /// The searcher, or the part of it, that proposed it.
    pub origin: &'static str,
}

/// The searcher that a spec names, after the first points of the space.
pub fn build(spec: SearcherSpec) -> Box<dyn Searcher> {
    let searcher: Box<dyn Searcher> = match spec {
        // Freeze-thaw is a policy of its own, which `policies::build` makes; what it draws anew is drawn by chance.
        SearcherSpec::Random | SearcherSpec::FreezeThaw => Box::new(Random),
        SearcherSpec::Tpe => Box::new(Tpe::default()),
        SearcherSpec::Gp => Box::new(Gp::default()),
        SearcherSpec::Auto => Box::new(Auto::default()),
        SearcherSpec::Cfo => Box::new(Cfo::default()),
        SearcherSpec::BlendSearch => Box::new(BlendSearch::default()),
        SearcherSpec::CmaEs => Box::new(CmaEs::default()),
        SearcherSpec::Sobol => Box::new(Sobol::default()),
        SearcherSpec::Grid => Box::new(Grid),
        SearcherSpec::Bohb => Box::new(Bohb::default()),
        SearcherSpec::Nsga2 => Box::new(Nsga2),
    };
    Box::new(FirstPoints::new(searcher))
}

/// The searcher that a spec names, for a study with several metrics or with constraints on metrics.
pub fn build_for(spec: SearcherSpec, preference: &Preference) -> Box<dyn Searcher> {
    match (spec, preference) {
        // It knows of trade-offs itself.
        (SearcherSpec::Nsga2, Preference::Pareto) => build(spec),
        // The numbers that stand for several metrics change with every trial: a model that is cheap to fit suits them best.
        (SearcherSpec::Auto, _) => Box::new(Scalarised::new(SearcherSpec::Tpe, preference.clone())),
        _ => Box::new(Scalarised::new(spec, preference.clone())),
    }
}

#[cfg(test)]
mod conformance;
