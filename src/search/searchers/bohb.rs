//! The searcher of BOHB (Falkner et al. 2018, §3): a Parzen model of the highest level that enough trials have reached.
//! Every third proposal is random, which guards against misleading results after little training.
//!
//! Use it with a scheduler that stops or pauses trials; BOHB uses Hyperband.

use rand::RngExt as _;

use super::{Entry, Info, Needs, Proposal, Random, Searcher, Several, Tpe};
use crate::rng;
use crate::trials::View;

/// The share of random proposals (Falkner et al. 2018, appendix D: 1/3).
const RANDOM_SHARE: f64 = 1.0 / 3.0;

/// A Parzen model with some random proposals.
#[derive(Clone, Debug, Default)]
pub struct Bohb {
    model: Tpe,
}

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "bohb",
        aliases: &[],
        about: "proposes as `tpe` does, but draws every third configuration on average at random",
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
    use crate::searchers::testing::{mixed_space, run};

    #[test]
    fn a_third_of_the_proposals_is_drawn_by_chance() {
        let trials = run(&Bohb::default(), &mixed_space(), 1, 300, &|_| 1.0);
        let drawn = trials.iter().filter(|trial| trial.origin == "random").count();
        assert!((70..130).contains(&drawn), "{drawn}");
        assert!(trials.iter().skip(20).any(|trial| trial.origin == "tpe"));
    }
}
