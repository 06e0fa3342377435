//! CFO, frugal search for costly parameters: successive local searches (Wu, Wang & Huang 2021, algorithm 2; FLAML).
//!
//! It starts at a point known to be cheap or good, or else in the middle. Then it tries a few random points, and
//! descends by FLOW² from the best of them. After a search has converged, a new one starts from a random point.

use super::flow2::{self, PACE, Thread};
use super::folded::Folded;
use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::rng;
use crate::trials::{Trial, View};

/// Local search by FLOW² with restarts.
#[derive(Debug, Default)]
pub struct Cfo {
    folded: Folded<Option<Thread>>,
}

/// Number of trials after which the local search starts, from the best of them. FLAML starts after one. A few more cost
/// little, while a start in a bad valley costs much (measured: 0.25 to 0.21 in regret after 100 evaluations).
pub(super) const LOOKS: usize = 4;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "cfo",
        aliases: &[],
        about: "searches locally from a cheap start, with restarts: FLAML's FLOW²",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Cfo::default()),
    several: Several::Scalarised,
};

impl Searcher for Cfo {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        if let Some(first) = flow2::first(view, attempt) {
            return self.start(first);
        }
        let thread = self
            .folded
            .state(view, || None, |thread, trial| self.take(view, thread, trial));
        let step = thread
            .filter(|thread| view.trials.len() >= LOOKS && !thread.is_converged())
            .and_then(|thread| thread.propose(view, attempt));
        step.map_or_else(
            || {
                let mut rng = rng::stream(view.seed, "cfo", &[view.trials.len() as u64, u64::from(attempt)]);
                self.start(view.space.sample(&mut rng))
            },
            |configuration| Proposal {
                configuration,
                origin: flow2::STEP,
            },
        )
    }
}

impl Cfo {
    fn start(&self, configuration: crate::space::Configuration) -> Proposal {
        Proposal {
            configuration,
            origin: self.name(),
        }
    }

    /// Adds a trial. Trials of other searchers count too: the search continues from a better one.
    fn take(&self, view: &View<'_>, thread: &mut Option<Thread>, trial: &Trial) {
        let is_restart = trial.origin == self.name() && trial.id.index() >= LOOKS;
        match thread {
            Some(thread) if !is_restart => {
                thread.take(view, trial, trial.origin == flow2::STEP);
            }
            _ => *thread = Some(Thread::new(trial, flow2::position_of(trial, &[]), PACE.first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::Random;
    use crate::searchers::testing::{best, cube, mixed_space, run, sphere};
    use crate::space::Value;

    #[test]
    fn the_first_trial_is_the_cheap_one_and_the_middle_where_nothing_is_known() {
        let mut parameters = mixed_space().parameters().to_vec();
        parameters[2].hints.low_cost = Some(Value::Int(1));
        let space = crate::space::Space::new(parameters, vec![]).unwrap();
        let first = &run(&Cfo::default(), &space, 1, 1, &|_| 0.0)[0].configuration;
        assert_eq!(first.get("depth"), Some(&Value::Int(1)));
        assert_eq!(first.get("share"), Some(&Value::Float(0.5)));
    }

    #[test]
    fn it_goes_downhill_faster_than_chance() {
        let space = cube(5);
        for seed in 0..5 {
            let own = best(&run(&Cfo::default(), &space, seed, 150, &sphere));
            let random = best(&run(&Random, &space, seed, 150, &sphere));
            assert!(own < 0.05 * random, "seed {seed}: {own} against {random}");
        }
    }

    #[test]
    fn a_converged_search_is_followed_by_another() {
        let trials = run(&Cfo::default(), &cube(2), 3, 200, &sphere);
        let starts: Vec<u32> = trials
            .iter()
            .filter(|trial| trial.origin == "cfo")
            .map(|trial| trial.id.0)
            .collect();
        assert!(starts.len() > LOOKS, "{starts:?}");
        assert_eq!(starts[..LOOKS], [0, 1, 2, 3]);
    }
}
