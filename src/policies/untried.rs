//! No configuration is run twice: a proposal that was tried before is drawn again.

use std::cell::Cell;
use std::collections::HashSet;

use rand::Rng as _;

use crate::rng;
use crate::searchers::{Proposal, Random, Searcher};
use crate::trials::{Trial, View};

/// Redraws by the searcher of a configuration that was tried before. A model that keeps coming back to what it knows has
/// nothing better to say after a few.
const REDRAWS: u32 = 10;

/// Independent draws after that.
const RANDOM_DRAWS: u32 = 100;

/// A finite space of at most so many configurations is searched for the last untried ones in order.
const LISTED: u64 = 100_000;

/// What a study has tried so far, and so what it has not.
#[derive(Debug, Default)]
pub(super) struct Untried {
    /// Hashes of all configurations so far.
    tried: HashSet<String>,
    is_exhausted: Cell<bool>,
}

impl Untried {
    /// Takes note of a trial that changed.
    pub(super) fn observe(&mut self, trial: &Trial) {
        if trial.segments == 0 {
            self.tried.insert(trial.configuration.hash());
        }
    }

    /// A new configuration by the searcher, else by chance, else the next of a small space; `None` once every configuration
    /// was tried.
    pub(super) fn propose(&self, searcher: &dyn Searcher, view: &View<'_>) -> Option<Proposal> {
        if self.is_exhausted.get() {
            return None;
        }
        let proposal = self.redraw(searcher, view).or_else(|| {
            let by_chance = (0..RANDOM_DRAWS).map(|attempt| Random.propose(view, attempt));
            by_chance.chain(listed(view)).find(|proposal| self.is_new(proposal))
        });
        // What is tried stays tried: once exhausted, always exhausted.
        self.is_exhausted.set(proposal.is_none());
        proposal
    }

    /// A new configuration by the searcher alone.
    pub(super) fn redraw(&self, searcher: &dyn Searcher, view: &View<'_>) -> Option<Proposal> {
        let mut draws = (0..REDRAWS).map(|attempt| searcher.propose(view, attempt));
        draws.find(|proposal| self.is_new(proposal))
    }

    fn is_new(&self, proposal: &Proposal) -> bool {
        !self.tried.contains(&proposal.configuration.hash())
    }
}

/// All feasible configurations of a small finite space, in an order of this study's own; none of a larger one.
fn listed<'a>(view: &View<'a>) -> impl Iterator<Item = Proposal> + use<'a> {
    let space = view.space;
    let count = space.cardinality().filter(|&count| count <= LISTED).unwrap_or(0);
    let start = rng::stream(view.seed, "listed", &[]).next_u64() % count.max(1);
    (0..count)
        .map(move |index| space.nth((start + index) % count))
        .filter(|configuration| space.is_feasible(configuration))
        .map(|configuration| Proposal {
            configuration,
            origin: "listed",
        })
}
