//! A test bench for schedulers: tests start and end trials by hand, and the scheduler observes them as in a study.

use super::{AuditedTrial, Scheduler, Stop};
use crate::space::{Configuration, Space, Value};
use crate::trials::testing::view;
use crate::trials::{Observation, Status, Trial, View};
use crate::units::{Goal, Samples, TrialId};

/// A scheduler and the trials that it has observed.
pub(super) struct Stand<S> {
    pub(super) scheduler: S,
    pub(super) trials: Vec<Trial>,
    pub(super) trials_left: Option<u32>,
    /// True if no configuration is left: promotions are then requested as for a study that may start no trial.
    pub(super) is_exhausted: bool,
    /// Between segment ends, there is an evaluation at every multiple of this.
    pub(super) epoch: Option<u64>,
    space: Space,
    /// All trials as they were at every change, with the trial that had changed.
    told: Vec<(TrialId, Vec<Trial>, Option<u32>)>,
}

/// The cost of training from one level to another.
fn cost(configuration: &Configuration, from: Samples, to: Samples) -> f64 {
    let each = configuration.get("cost").and_then(Value::as_f64).unwrap_or(1.0);
    each * (to.0 - from.0) as f64
}

impl<S: Scheduler> Stand<S> {
    pub(super) fn new(scheduler: S) -> Self {
        Self {
            scheduler,
            trials: Vec::new(),
            trials_left: None,
            is_exhausted: false,
            epoch: None,
            space: Space::new(vec![], vec![]).unwrap(),
            told: Vec::new(),
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        let trials_left = if self.is_exhausted { Some(0) } else { self.trials_left };
        seen(&self.space, &self.trials, trials_left)
    }

    /// Starts a new trial, to the level that the scheduler chooses.
    pub(super) fn start(&mut self) -> u32 {
        self.start_at_cost(1.0)
    }

    /// The same for a trial with this cost per unit of the resource.
    pub(super) fn start_at_cost(&mut self, cost: f64) -> u32 {
        let id = TrialId(self.trials.len() as u32);
        let configuration = [("cost", Value::Float(cost))].into_iter().collect();
        let mut trial = Trial::new(id, configuration, &self.space, "test".into(), None);
        trial.status = Status::Running {
            to: self.scheduler.first(),
        };
        self.trials.push(trial);
        self.observe(id);
        id.0
    }

    /// Ends the segment of a trial with a loss; returns the trials that were pruned by that.
    pub(super) fn end(&mut self, id: u32, loss: f64) -> Vec<u32> {
        self.end_with(id, &|_| loss)
    }

    /// The same with a loss for every evaluation.
    pub(super) fn end_with(&mut self, id: u32, loss: &dyn Fn(u64) -> f64) -> Vec<u32> {
        let max = self.scheduler.rungs()[self.scheduler.rungs().len() - 1];
        let trial = &mut self.trials[id as usize];
        let Status::Running { to } = trial.status else {
            panic!("trial {id} is not running");
        };
        let between = (trial.reached.0 + 1..to.0).filter(|at| self.epoch.is_some_and(|epoch| at % epoch == 0));
        for at in between.chain([to.0]) {
            trial.observations.push(Observation {
                at: Samples(at),
                loss: Goal::Minimize.loss(loss(at)),
            });
        }
        trial.reached = to;
        trial.segments += 1;
        trial.status = if to == max { Status::Completed } else { Status::Paused };
        self.deliver(id)
    }

    /// Fails a trial during its segment.
    pub(super) fn fail(&mut self, id: u32) -> Vec<u32> {
        self.trials[id as usize].status = Status::Failed;
        self.deliver(id)
    }

    /// Starts a trial and ends its first segment.
    pub(super) fn run(&mut self, loss: f64) -> Vec<u32> {
        let id = self.start();
        self.end(id, loss)
    }

    /// The trial that the scheduler would promote, and the level.
    pub(super) fn promoted(&self) -> Option<(u32, u64)> {
        let promoted = self.scheduler.promote(&self.view());
        promoted.map(|(id, to)| (id.0, to.0))
    }

    /// Starts the next segment of the trial that the scheduler promotes.
    pub(super) fn go_on(&mut self) -> Option<(u32, u64)> {
        let (id, to) = self.scheduler.promote(&self.view())?;
        let trial = &mut self.trials[id.index()];
        assert_eq!(trial.status, Status::Paused, "only who waits can go on");
        assert!(to > trial.reached);
        trial.status = Status::Running { to };
        self.observe(id);
        Some((id.0, to.0))
    }

    pub(super) fn status(&self, id: u32) -> Status {
        self.trials[id as usize].status
    }

    fn deliver(&mut self, id: u32) -> Vec<u32> {
        let id = TrialId(id);
        self.observe(id);
        let mut stops = self.scheduler.prunes(&self.trials[id.index()], &self.view());
        let mut stopped = Vec::new();
        while let Some(Stop { trial: id, .. }) = stops.pop() {
            if self.trials[id.index()].status == Status::Paused {
                self.trials[id.index()].status = Status::Stopped;
                stopped.push(id.0);
                self.observe(id);
                stops.extend(self.scheduler.prunes(&self.trials[id.index()], &self.view()));
            }
        }
        stopped.sort_unstable();
        stopped
    }

    fn observe(&mut self, id: TrialId) {
        let view = seen(&self.space, &self.trials, self.trials_left);
        self.scheduler.observe(&self.trials[id.index()], &view);
        self.told.push((id, self.trials.clone(), self.trials_left));
    }

    /// Replays all observations of this scheduler to another one.
    pub(super) fn retell(&self, other: &mut dyn Scheduler) {
        for (id, trials, trials_left) in &self.told {
            other.observe(&trials[id.index()], &seen(&self.space, trials, *trials_left));
        }
    }
}

fn seen<'a>(space: &'a Space, trials: &'a [Trial], trials_left: Option<u32>) -> View<'a> {
    View {
        trials_left,
        max: Samples(u64::MAX),
        cost: &cost,
        ..view(space, 5, trials)
    }
}

impl<S: Scheduler + ?Sized> Scheduler for Box<S> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn rungs(&self) -> &[Samples] {
        (**self).rungs()
    }

    fn first(&self) -> Samples {
        (**self).first()
    }

    fn next(&self, trial: &Trial) -> Samples {
        (**self).next(trial)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        (**self).observe(trial, view);
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        (**self).promote(view)
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        (**self).prunes(trial, view)
    }

    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        (**self).audited()
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        (**self).boxed()
    }
}
