//! Searchers propose configurations. Each is one file behind [`Searcher`], listed in [`build`].
//!
//! Imports `trials` and below. Conformance tests run over every searcher of the registry.

mod random;
mod tpe;

pub use random::Random;
pub use tpe::Tpe;

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

/// The searcher that a spec names.
pub fn build(spec: SearcherSpec) -> Box<dyn Searcher> {
    match spec {
        // Freeze-thaw is a policy of its own; as a mere searcher it has nothing to say.
        SearcherSpec::Random | SearcherSpec::FreezeThaw => Box::new(Random),
        SearcherSpec::Tpe => Box::new(Tpe::default()),
    }
}

#[cfg(test)]
mod conformance;
