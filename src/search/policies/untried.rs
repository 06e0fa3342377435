//! Avoids wasted trials: proposals that were tried before, or that need too much memory, are drawn again.
//!
//! A configuration needs too much memory if it needs at least as much as one that ran out of memory.

use std::cell::Cell;
use std::collections::HashSet;

use rand::Rng as _;

use crate::rng;
use crate::searchers::{Proposal, Random, Searcher};
use crate::space::{Configuration, Space};
use crate::trials::{Trial, View};

/// Number of redraws by the searcher of a configuration that was tried before. A model that keeps returning to known
/// configurations has nothing better to propose after a few.
const REDRAWS: u32 = 10;

/// Number of independent random draws after that.
const RANDOM_DRAWS: u32 = 100;

/// Largest number of configurations in a finite space that is enumerated for the last untried ones.
const LISTED: u64 = 100_000;

/// The configurations that a study has tried so far.
#[derive(Debug, Default)]
pub(super) struct Untried {
    /// Hashes of all configurations so far.
    tried: HashSet<String>,
    /// Configurations that ran out of memory.
    too_large: Vec<Configuration>,
    /// True if every configuration of an enumerated space was found tried or too large.
    is_exhausted: Cell<bool>,
}

impl Untried {
    /// Records a trial that changed.
    pub(super) fn observe(&mut self, trial: &Trial) {
        if trial.segments == 0 {
            self.tried.insert(trial.configuration.hash());
        }
        if trial.is_out_of_memory {
            self.too_large.push(trial.configuration.clone());
        }
    }

    /// A new configuration: by the searcher, else a random one, else the next one of a small space.
    ///
    /// `None` once every configuration was tried.
    pub(super) fn propose(&self, searcher: &dyn Searcher, view: &View<'_>) -> Option<Proposal> {
        if self.is_exhausted.get() {
            return None;
        }
        let proposal = self.redraw(searcher, view).or_else(|| {
            let by_chance = (0..RANDOM_DRAWS).map(|attempt| Random.propose(view, attempt));
            by_chance
                .chain(listed(view))
                .find(|proposal| self.is_welcome(proposal, view))
        });
        // A tried configuration stays tried, so an exhausted space need not be enumerated again.
        self.is_exhausted.set(proposal.is_none() && is_listed(view.space));
        proposal
    }

    /// A new configuration by the searcher alone.
    pub(super) fn redraw(&self, searcher: &dyn Searcher, view: &View<'_>) -> Option<Proposal> {
        let mut draws = (0..REDRAWS).map(|attempt| searcher.propose(view, attempt));
        draws.find(|proposal| self.is_welcome(proposal, view))
    }

    /// Returns whether a configuration was not tried, and needs less memory than any that ran out of it.
    fn is_welcome(&self, proposal: &Proposal, view: &View<'_>) -> bool {
        let is_new = !self.tried.contains(&proposal.configuration.hash());
        is_new && self.is_bearable(&proposal.configuration, view)
    }

    fn is_bearable(&self, configuration: &Configuration, view: &View<'_>) -> bool {
        let known = self.too_large.iter().filter_map(|known| (view.memory)(known));
        match (known.min(), (view.memory)(configuration)) {
            (Some(too_much), Some(needed)) => needed < too_much,
            // Nothing ran out of memory, or the memory needs are unknown.
            (None, _) | (_, None) => true,
        }
    }
}

fn is_listed(space: &Space) -> bool {
    space.cardinality().is_some_and(|count| count <= LISTED)
}

/// All feasible configurations of a small finite space, from a random start of this study; none of a larger space.
fn listed<'a>(view: &View<'a>) -> impl Iterator<Item = Proposal> + use<'a> {
    let space = view.space;
    let count = space.cardinality().filter(|_| is_listed(space)).unwrap_or(0);
    let start = rng::stream(view.seed, "listed", &[]).next_u64() % count.max(1);
    (0..count)
        .map(move |index| space.nth((start + index) % count))
        .filter(|configuration| space.is_feasible(configuration))
        .map(|configuration| Proposal {
            configuration,
            origin: "listed",
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Parameter, Value};
    use crate::trials::testing::{trial, view};

    fn size(configuration: &Configuration) -> u64 {
        configuration.get("size").and_then(Value::as_i64).unwrap() as u64
    }

    #[test]
    fn nothing_as_large_as_what_ran_out_of_memory_is_proposed_again() {
        let sizes = Parameter::new("size", Domain::choice(0..10_i64).ordered());
        let space = Space::new(vec![sizes], vec![]).unwrap();
        let mut untried = Untried::default();
        let mut trials: Vec<Trial> = Vec::new();
        let mut sizes = Vec::new();
        loop {
            let view = View {
                memory: &|configuration| Some(size(configuration)),
                ..view(&space, 1, &trials)
            };
            let Some(proposal) = untried.propose(&Random, &view) else {
                break;
            };
            let mut trial = trial(trials.len() as u32).tries(proposal.configuration, &space);
            untried.observe(&trial);
            trial.segments = 1;
            trial.is_out_of_memory = size(&trial.configuration) >= 4;
            untried.observe(&trial);
            sizes.push(size(&trial.configuration));
            trials.push(trial);
        }
        let (large, mut small): (Vec<u64>, Vec<u64>) = sizes.iter().partition(|&&size| size >= 4);
        assert!(large.windows(2).all(|pair| pair[1] < pair[0]), "{sizes:?}");
        small.sort_unstable();
        assert_eq!(small, [0, 1, 2, 3], "what fits is tried all the same");
    }
}
