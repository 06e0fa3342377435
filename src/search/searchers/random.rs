//! Random search: independent draws (Bergstra & Bengio 2012). Hard to beat for the first few trials.

use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::rng;
use crate::trials::View;

/// Independent draws from the space.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "random",
        aliases: &[],
        about: "draws every configuration at random, whatever the results so far",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Random),
    several: Several::Scalarised,
};

impl Searcher for Random {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let mut rng = rng::stream(view.seed, "random", &[view.trials.len() as u64, u64::from(attempt)]);
        Proposal {
            configuration: view.space.sample(&mut rng),
            origin: self.name(),
        }
    }
}
