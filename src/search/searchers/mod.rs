//! Searchers propose configurations. Each is one file behind [`Searcher`] and one line in [`SEARCHERS`].
//!
//! Conformance tests run over every searcher of the registry.

mod auto;
mod blendsearch;
mod bohb;
mod cfo;
mod cma_es;
mod evolution;
mod first_points;
mod flow2;
mod folded;
pub(crate) mod gp;
mod grid;
mod middle;
mod nsga2;
mod priorband;
mod random;
mod registry;
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
pub use registry::{BY_CHANCE, Entry, Info, Needs, SEARCHERS, Several, build};
pub use scalarised::Scalarised;
pub use sobol::Sobol;
pub use tpe::Tpe;

use crate::space::Configuration;
use crate::trials::{Trial, View};

/// Proposes configurations.
///
/// A proposal is a pure function of the view and of the observed trials, which contain the same information. A searcher
/// keeps no random generator, and it could rebuild everything it remembers by observing the trials again.
pub trait Searcher: Send {
    /// Its name in specs and in the leaderboard's `origin`.
    fn name(&self) -> &'static str;

    /// A configuration for the next trial. `attempt` counts redraws for the same trial, which are requested if an
    /// earlier proposal repeats a configuration that was already tried.
    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal;

    /// Records a trial that changed.
    fn observe(&mut self, _trial: &Trial) {}
}

/// A configuration and its proposer.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The configuration to try.
    pub configuration: Configuration,
    /// The searcher, or the part of it, that proposed it.
    pub origin: &'static str,
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod testing;
