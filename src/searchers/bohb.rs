//! BOHB's way of searching (Falkner et al. 2018, §3): a Parzen model of the highest level that enough trials have reached,
//! and every third proposal drawn by chance, which keeps it from trusting what little training shows.
//!
//! To be paired with a scheduler that stops or pauses trials; BOHB pairs it with Hyperband.

use rand::RngExt as _;

use super::{Entry, Info, Needs, Proposal, Random, Searcher, Several, Tpe};
use crate::rng;
use crate::trials::View;

/// How much of the proposals is drawn by chance (Falkner et al. 2018, appendix D: 1/3).
const RANDOM_SHARE: f64 = 1.0 / 3.0;

/// A Parzen model, and now and then a draw by chance.
#[derive(Clone, Debug, Default)]
pub struct Bohb {
    model: Tpe,
}

/// Its line in the registry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "bohb",
        aliases: &[],
        about: "models the highest level that enough trials have reached by densities; every third draw is by chance",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Bohb::default()),
    several: Several::Scalarised,
};

impl Searcher for Bohb {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let mut rng = rng::stream(view.seed, "bohb", &[view.trials.len() as u64]);
        if rng.random::<f64>() < RANDOM_SHARE {
            return Random.propose(view, attempt);
        }
        self.model.propose(view, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::conformance::{mixed_space, run};

    #[test]
    fn a_third_of_the_proposals_is_drawn_by_chance() {
        let trials = run(&Bohb::default(), &mixed_space(), 1, 300, &|_| 1.0);
        let drawn = trials.iter().filter(|trial| trial.origin == "random").count();
        assert!((70..130).contains(&drawn), "{drawn}");
        assert!(trials.iter().skip(20).any(|trial| trial.origin == "tpe"));
    }
}
