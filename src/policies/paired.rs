//! A searcher proposes, a scheduler promotes: the policy of most studies.

use std::cell::Cell;
use std::collections::HashSet;

use rand::Rng as _;

use super::{Decision, Policy};
use crate::rng;
use crate::schedulers::Scheduler;
use crate::searchers::{Proposal, Random, Searcher};
use crate::trials::{Trial, View};
use crate::units::Samples;

/// Redraws by the searcher of a configuration that was tried before. A model that keeps coming back to what it knows has
/// nothing better to say after a few.
const REDRAWS: u32 = 10;

/// Independent draws after that.
const RANDOM_DRAWS: u32 = 100;

/// A finite space of at most so many configurations is searched for the last untried ones in order.
const LISTED: u64 = 100_000;

/// A searcher and a scheduler.
pub struct Paired {
    searcher: Box<dyn Searcher>,
    scheduler: Box<dyn Scheduler>,
    /// Hashes of all configurations so far: none is run twice.
    tried: HashSet<String>,
    is_exhausted: Cell<bool>,
}

impl Paired {
    /// Pairs the two.
    pub fn new(searcher: Box<dyn Searcher>, scheduler: Box<dyn Scheduler>) -> Self {
        Self {
            searcher,
            scheduler,
            tried: HashSet::new(),
            is_exhausted: Cell::new(false),
        }
    }

    /// A new trial, unless every configuration was tried before.
    fn start(&self, view: &View<'_>) -> Option<Decision> {
        if self.is_exhausted.get() {
            return None;
        }
        let is_new = |proposal: &Proposal| !self.tried.contains(&proposal.configuration.hash());
        let proposal = (0..REDRAWS)
            .map(|attempt| self.searcher.propose(view, attempt))
            .chain((0..RANDOM_DRAWS).map(|attempt| Random.propose(view, attempt)))
            .find(is_new)
            .or_else(|| listed(view).find(is_new));
        // What is tried stays tried: once exhausted, always exhausted.
        self.is_exhausted.set(proposal.is_none());
        proposal.map(|proposal| Decision::Start {
            configuration: proposal.configuration,
            origin: proposal.origin.to_owned(),
            to: self.scheduler.rungs()[0],
        })
    }
}

/// All feasible configurations of a small finite space, in an order of this study's own; none of a larger one.
pub(super) fn listed<'a>(view: &View<'a>) -> impl Iterator<Item = Proposal> + use<'a> {
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

impl Policy for Paired {
    fn decide(&self, view: &View<'_>) -> Decision {
        if let Some((trial, to)) = self.scheduler.promote(view) {
            return Decision::Continue { trial, to };
        }
        if view.may_start()
            && let Some(start) = self.start(view)
        {
            return start;
        }
        if view.running > 0 {
            return Decision::Wait;
        }
        // Nothing new can come: let the scheduler round up what is left.
        let last = View {
            trials_left: Some(0),
            ..*view
        };
        self.scheduler
            .promote(&last)
            .map_or(Decision::Finish, |(trial, to)| Decision::Continue { trial, to })
    }

    fn observe(&mut self, trial: &Trial) {
        if trial.segments == 0 {
            self.tried.insert(trial.configuration.hash());
        }
        self.searcher.observe(trial);
        self.scheduler.observe(trial);
    }

    fn rungs(&self) -> &[Samples] {
        self.scheduler.rungs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::Unscheduled;
    use crate::searchers::Random;
    use crate::space::{Domain, Parameter, Space, Value};
    use crate::trials::Status;
    use crate::units::{Seed, TrialId};

    #[test]
    fn a_finite_space_is_tried_out_without_repeats() {
        let domain = Domain::Choice {
            values: (0..7).map(Value::Int).collect(),
            ordered: false,
        };
        let space = Space::new(vec![Parameter::new("x", domain)], vec![]).unwrap();
        let mut policy = Paired::new(Box::new(Random), Box::new(Unscheduled::new(Samples(1))));
        let mut trials: Vec<Trial> = Vec::new();
        loop {
            let view = View {
                space: &space,
                seed: Seed(1),
                past: &[],
                trials: &trials,
                running: 0,
                trials_left: None,
                min: Samples(1),
                max: Samples(1),
                budget: None,
                cost: &|_, _, _| 1.0,
            };
            let Decision::Start {
                configuration, origin, ..
            } = policy.decide(&view)
            else {
                break;
            };
            let trial = Trial {
                id: TrialId(trials.len() as u32),
                point: space.encode(&configuration).unwrap(),
                configuration,
                origin,
                status: Status::Completed,
                reached: Samples(1),
                segments: 0,
                observations: vec![],
                scores: vec![],
            };
            policy.observe(&trial);
            trials.push(trial);
        }
        assert_eq!(trials.len(), 7);
    }
}
