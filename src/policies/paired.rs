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
                horizon: None,
                epoch: Samples(1),
                cost: &|_, _, _| 1.0,
                memory: &|_| None,
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
                cooldown: None,
                is_out_of_memory: false,
                parent: None,
            };
            policy.observe(&trial, &view);
            trials.push(trial);
        }
        assert_eq!(trials.len(), 7);
    }
}
