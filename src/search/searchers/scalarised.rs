//! Adapts any searcher to several metrics: it minimises one number computed from them, a new one for every proposal.
//!
//! For trade-offs this is `ParEGO` with the model of the searcher (Knowles 2006, §III). The weights are drawn anew for
//! each trial, so that successive proposals aim at different parts of the front.

use std::cell::RefCell;

use super::{Entry, Proposal, Searcher, build};
use crate::preference::{Preference, Scores};
use crate::rng;
use crate::trials::{Story, Trial, View};
use crate::units::Goal;

/// A searcher that observes one number instead of several metrics.
pub struct Scalarised {
    entry: &'static Entry,
    preference: Preference,
    untold: Box<dyn Searcher>,
    story: Story<()>,
    /// The searcher after the recorded changes, kept for redraws.
    told: RefCell<Option<Told>>,
}

struct Told {
    changes: usize,
    trials: Vec<Trial>,
    searcher: Box<dyn Searcher>,
}

impl Scalarised {
    /// Wraps a searcher of the registry under a preference.
    pub fn new(entry: &'static Entry, preference: Preference) -> Self {
        Self {
            entry,
            preference,
            untold: build(entry, None),
            story: Story::default(),
            told: RefCell::default(),
        }
    }

    /// Builds a searcher that has observed everything so far, with the weights of the next trial.
    fn tell(&self, view: &View<'_>) -> Told {
        let mut searcher = build(self.entry, None);
        let trials = self.scalarised(view);
        self.story.tell(&trials, |all| all, |trial, ()| searcher.observe(trial));
        Told {
            changes: self.story.length(),
            trials,
            searcher,
        }
    }

    /// The trials with one number instead of the scores of every observation.
    fn scalarised(&self, view: &View<'_>) -> Vec<Trial> {
        let mut rng = rng::stream(view.seed, "scalarised", &[view.trials.len() as u64]);
        let mut trials = view.trials.to_vec();
        let scores: Vec<Scores> = trials
            .iter_mut()
            .flat_map(|trial| {
                let known = std::mem::take(&mut trial.scores);
                let missing = trial.observations.iter().skip(known.len());
                let missing: Vec<Scores> = missing.map(|observation| Scores::single(observation.loss)).collect();
                known.into_iter().chain(missing)
            })
            .collect();
        let scores: Vec<&Scores> = scores.iter().collect();
        let numbers = self.preference.scalarise(&scores, &mut rng);
        let observations = trials.iter_mut().flat_map(|trial| &mut trial.observations);
        for (observation, number) in observations.zip(numbers) {
            observation.loss = Goal::Minimize.loss(number);
        }
        trials
    }
}

impl Searcher for Scalarised {
    fn name(&self) -> &'static str {
        self.untold.name()
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let mut told = self.told.borrow_mut();
        let is_current = |told: &Told| told.changes == self.story.length() && told.trials.len() == view.trials.len();
        if !told.as_ref().is_some_and(is_current) {
            *told = None;
        }
        let told = told.get_or_insert_with(|| self.tell(view));
        told.searcher.propose(
            &View {
                trials: &told.trials,
                ..*view
            },
            attempt,
        )
    }

    fn observe(&mut self, trial: &Trial) {
        self.story.note(trial, ());
    }
}
