//! A searcher proposes, a scheduler promotes: the policy of most studies.

use super::untried::Untried;
use super::{Decision, Policy};
use crate::schedulers::{AuditedTrial, Scheduler, Stop};
use crate::searchers::Searcher;
use crate::trials::{Trial, View};
use crate::units::Samples;

/// A searcher and a scheduler.
pub struct Paired {
    searcher: Box<dyn Searcher>,
    scheduler: Box<dyn Scheduler>,
    untried: Untried,
}

impl Paired {
    /// Pairs the two.
    pub fn new(searcher: Box<dyn Searcher>, scheduler: Box<dyn Scheduler>) -> Self {
        Self {
            searcher,
            scheduler,
            untried: Untried::default(),
        }
    }

    /// Starts a new trial; `None` if every configuration was tried before.
    fn start(&self, view: &View<'_>) -> Option<Decision> {
        let proposal = self.untried.propose(self.searcher.as_ref(), view)?;
        Some(Decision::Start {
            configuration: proposal.configuration,
            origin: proposal.origin.to_owned(),
            to: self.scheduler.first(),
            parent: None,
        })
    }
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
        // No new trial is possible: let the scheduler round up its quotas.
        let last = View {
            trials_left: Some(0),
            ..*view
        };
        match self.scheduler.promote(&last) {
            Some((trial, to)) => Decision::Continue { trial, to },
            None if view.running > 0 => Decision::Wait,
            None => Decision::Finish,
        }
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.untried.observe(trial);
        self.searcher.observe(trial);
        self.scheduler.observe(trial, view);
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        self.scheduler.prunes(trial, view)
    }

    fn rungs(&self) -> &[Samples] {
        self.scheduler.rungs()
    }

    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        self.scheduler.audited()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::Unscheduled;
    use crate::searchers::Random;
    use crate::space::{Domain, Parameter, Space};
    use crate::trials::testing::{trial, view};

    #[test]
    fn a_finite_space_is_tried_out_without_repeats() {
        let space = Space::new(vec![Parameter::new("x", Domain::choice(0..7_i64))], vec![]).unwrap();
        let mut policy = Paired::new(Box::new(Random), Box::new(Unscheduled::new(Samples(1))));
        let mut trials: Vec<Trial> = Vec::new();
        loop {
            let view = view(&space, 1, &trials);
            let Decision::Start { configuration, .. } = policy.decide(&view) else {
                break;
            };
            let trial = Trial {
                reached: Samples(1),
                ..trial(trials.len() as u32).tries(configuration, &space).completed()
            };
            policy.observe(&trial, &view);
            trials.push(trial);
        }
        assert_eq!(trials.len(), 7);
    }
}
