//! The state of a study, and its changes by events.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::timing::Timing;
use super::{Created, EndReason, Event, Identity, Improvement, Outcome, Record, Repeat, Settings};
use crate::policies::{AuditedTrial, Policy, Stop};
use crate::spec::{InputPart, Spec};
use crate::trials::{CostModel, Failure, FailureKind, MemoryModel, PastTrial, Status, Trial, View, Work};
use crate::units::{Cooldown, Loss, Samples, TrialId};

/// Predicted seconds of training a configuration from one level to another, on the virtual clock. A pure function.
pub type Cost = Box<CostModel>;

/// A study: the fold of all events so far.
pub struct Study {
    pub(super) settings: Settings,
    pub(super) policy: Box<dyn Policy>,
    pub(super) cost: Cost,
    memory: Arc<MemoryModel>,
    /// Pruned trials, in order.
    given_up: Vec<TrialId>,
    /// The version of the program that created the study, and the inputs of the study.
    origin: Option<(String, Identity)>,
    past: Vec<Trial>,
    pub(super) trials: Vec<Trial>,
    pub(super) records: Vec<Record>,
    pub(super) flights: BTreeMap<TrialId, InFlight>,
    /// Undelivered segments in the order of the virtual clock.
    pub(super) due: BTreeSet<DueAt>,
    /// Arrived but undelivered segments, in order of arrival.
    pub(super) arrivals: BTreeMap<u64, TrialId>,
    pub(super) idle_workers: BTreeSet<u32>,
    /// The virtual clock.
    pub(super) now: f64,
    arrived: u64,
    /// The best delivered trial, if only one metric counts.
    pub(super) incumbent: Option<(Loss, TrialId)>,
    /// The best delivered trials, if more than one metric counts.
    pub(super) front: Vec<TrialId>,
    pub(super) improvements: Vec<Improvement>,
    pub(super) samples_delivered: u64,
    added_wall: f64,
    pub(super) timing: Timing,
    pub(super) is_deadline_reached: bool,
    /// Number of failed trials when the study was last resumed.
    pub(super) failures_seen: u32,
    /// The reason why the search ended, if a selection follows.
    pub(super) closed: Option<EndReason>,
    pub(super) ended: Option<EndReason>,
}

/// A planned segment whose outcome has not been delivered.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// The level at which it begins.
    pub from: Samples,
    /// The level at which it ends.
    pub to: Samples,
    /// The logical worker it occupies.
    pub worker: u32,
    /// Its end on the virtual clock; outcomes are delivered in this order.
    pub finish: f64,
    /// Number of times that it was lost.
    pub lost: u32,
    /// Seconds that the study had run when a slot was free for it; `None` while it waits for a slot.
    pub(super) begun_at: Option<f64>,
    /// Its outcome, once that has arrived, with its number in the order of arrival.
    pub(super) arrived: Option<(u64, Outcome)>,
}

/// Position of a segment in the order of the virtual clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DueAt {
    /// Bits of its end. The bits of non-negative numbers sort like the numbers.
    finish: u64,
    worker: u32,
    pub(super) trial: TrialId,
}

impl DueAt {
    fn of(trial: TrialId, flight: &InFlight) -> Self {
        Self {
            finish: flight.finish.max(0.0).to_bits(),
            worker: flight.worker,
            trial,
        }
    }
}

impl InFlight {
    /// Returns whether a slot works on it, as far as the study knows.
    pub(super) fn is_running(&self) -> bool {
        self.begun_at.is_some() && self.arrived.is_none()
    }

    /// Returns whether its outcome is known, even if not delivered yet.
    pub fn has_arrived(&self) -> bool {
        self.arrived.is_some()
    }
}

impl Study {
    /// A study without events.
    pub fn new(settings: Settings, policy: Box<dyn Policy>, cost: Cost) -> Self {
        Self {
            idle_workers: (0..settings.logical_workers).collect(),
            settings,
            policy,
            cost,
            memory: Arc::new(|_| None),
            given_up: Vec::new(),
            origin: None,
            past: Vec::new(),
            trials: Vec::new(),
            records: Vec::new(),
            flights: BTreeMap::new(),
            due: BTreeSet::new(),
            arrivals: BTreeMap::new(),
            now: 0.0,
            arrived: 0,
            incumbent: None,
            front: Vec::new(),
            improvements: Vec::new(),
            samples_delivered: 0,
            added_wall: 0.0,
            timing: Timing::default(),
            is_deadline_reached: false,
            failures_seen: 0,
            closed: None,
            ended: None,
        }
    }

    /// A study to be read from its journal, but not run: it has no model of training costs.
    pub fn to_look_at(spec: &Spec, epoch: Samples) -> Self {
        let settings = Settings::new(spec, epoch);
        let policy = super::policy(spec, settings.lengths());
        Self::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
    }

    /// Adds a model of the memory that configurations need. Then no configuration is tried that needs as much as one
    /// that ran out of memory.
    #[must_use]
    pub fn with_memory(self, memory: Arc<MemoryModel>) -> Self {
        Self { memory, ..self }
    }

    /// The settings of the study.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All trials, by number.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The details of a trial.
    pub fn record(&self, trial: TrialId) -> &Record {
        &self.records[trial.index()]
    }

    /// Segments that are planned or running, or whose outcome is not delivered yet.
    pub fn flights(&self) -> &BTreeMap<TrialId, InFlight> {
        &self.flights
    }

    /// Planned segments that have not ended and that no worker has begun (`is_begun`), in the order in which their
    /// outcomes are needed. With a wall budget the first trial comes first: it guarantees a result.
    pub fn waiting(&self, is_begun: impl Fn(TrialId) -> bool) -> Vec<(TrialId, InFlight)> {
        let in_turn = self.due.iter().map(|turn| turn.trial).filter(|&trial| !is_begun(trial));
        let waiting = in_turn.filter_map(|trial| Some((trial, self.flights.get(&trial)?)));
        let mut waiting: Vec<(TrialId, InFlight)> = waiting
            .filter(|(_, flight)| !flight.has_arrived())
            .map(|(trial, flight)| (trial, flight.clone()))
            .collect();
        if self.settings.wall.is_some() {
            waiting.sort_by_key(|(trial, _)| *trial != TrialId(0));
        }
        waiting
    }

    /// Every new incumbent, or every new result on the front, in order.
    pub fn improvements(&self) -> &[Improvement] {
        &self.improvements
    }

    /// The pruned trials, in the order in which that was decided.
    pub fn given_up(&self) -> &[TrialId] {
        &self.given_up
    }

    /// The model and the data of the study, if they were recorded.
    pub fn inputs(&self) -> &[InputPart] {
        self.origin.as_ref().map_or(&[], |(_, inputs)| &inputs.parts)
    }

    /// Returns whether the study has its first event.
    pub(super) fn is_created(&self) -> bool {
        self.origin.is_some()
    }

    /// The version of the program that created the study.
    pub fn version(&self) -> &str {
        self.origin.as_ref().map_or("", |(version, _)| version)
    }

    /// The reason why the study ended, if it did.
    pub fn ended(&self) -> Option<EndReason> {
        self.ended
    }

    /// Seconds that resumptions have added to the wall budget.
    pub fn added_wall(&self) -> f64 {
        self.added_wall
    }

    /// The predicted cost of training a trial from one level to another, on the virtual clock. Only ratios of costs are
    /// meaningful.
    pub fn cost(&self, trial: TrialId, from: Samples, to: Samples) -> f64 {
        (self.cost)(&self.trials[trial.index()].configuration, from, to)
    }

    /// The work of training a trial from one level to another.
    pub fn work(&self, trial: TrialId, from: Samples, to: Samples) -> Work {
        Work {
            samples: Samples(to.0.saturating_sub(from.0)),
            cost: self.cost(trial, from, to),
        }
    }

    /// The trials that run to their end whatever the scheduler decides; `None` if there is no audit.
    pub fn audited(&self) -> Option<Vec<AuditedTrial>> {
        self.policy.audited()
    }

    /// Returns whether trials may begin as clones of others.
    pub fn has_clones(&self) -> bool {
        self.policy.clones()
    }

    /// The resource levels at which trials pause.
    pub fn rungs(&self) -> &[Samples] {
        self.policy.rungs()
    }

    /// The inputs of a decision.
    pub(super) fn view(&self) -> View<'_> {
        let Self {
            settings, past, trials, ..
        } = self;
        View {
            horizon: self.horizon(),
            ..view(settings, past, trials, self.flights.len(), (&self.cost, &*self.memory))
        }
    }

    /// Applies one event, `elapsed` seconds after the start of the study. With a wall budget decisions depend on
    /// `elapsed`; otherwise it is only recorded.
    pub fn apply(&mut self, event: &Event, elapsed: f64) {
        self.timing.elapsed = self.timing.elapsed.max(elapsed);
        match event {
            Event::StudyCreated {
                past, version, inputs, ..
            } => {
                self.origin = Some((version.clone(), inputs.clone()));
                let Settings {
                    space,
                    goal,
                    epoch,
                    max,
                    ..
                } = &self.settings;
                self.past = PastTrial::to_trials(past, space, *goal, *epoch, *max);
            }
            Event::SlotsOpened { slots } => self.timing.slots = *slots,
            Event::StudyResumed { added_wall } => {
                self.added_wall += added_wall;
                self.ended = None;
                let failed = self.records.iter().filter(|record| record.failure.is_some());
                self.failures_seen = failed.count() as u32;
                self.is_deadline_reached = false;
                let is_begun = self.records.iter().any(|record| record.repeat.is_some());
                if *added_wall > 0.0 && self.closed == Some(EndReason::Wall) && !is_begun {
                    self.reopen();
                }
            }
            Event::SegmentPlanned {
                trial,
                created,
                to,
                cools_down,
                worker,
                start,
                finish,
            } => {
                if let Some(created) = created {
                    self.create(*trial, created);
                    // Later readers of the journal have no cost model, but must reach the same choice.
                    self.records[trial.index()].cost = created.repeat.map(|_| finish - start);
                }
                self.plan(*trial, (*to, *cools_down), *worker, *finish);
            }
            Event::SegmentEnded {
                trial,
                outcome,
                device,
                started_at,
                finished_at,
            } => {
                self.arrive(*trial, outcome, device, started_at, finished_at);
            }
            Event::SegmentInterrupted { trial, report } => {
                self.records[trial.index()].interrupt(report);
            }
            Event::SegmentLost { trial, kind, .. } => {
                if let Some(flight) = self.flights.get_mut(trial) {
                    flight.lost += 1;
                }
                if *kind == Some(FailureKind::OutOfMemory) {
                    self.records[trial.index()].splits += 1;
                }
            }
            Event::SegmentDelivered { trial } => self.deliver(*trial, elapsed),
            Event::SearchClosed { reason } => self.close_search(*reason),
            Event::DeadlineReached => self.is_deadline_reached = true,
            Event::StudyEnded { reason } => self.ended = Some(*reason),
        }
    }

    fn create(&mut self, id: TrialId, created: &Created) {
        debug_assert_eq!(id.index(), self.trials.len(), "trials are numbered in order");
        let Created {
            configuration,
            origin,
            parent,
            repeat,
        } = created.clone();
        let space = &self.settings.space;
        self.trials.push(Trial::new(id, configuration, space, origin, parent));
        self.records.push(Record {
            repeat,
            ..Record::default()
        });
    }

    fn plan(&mut self, id: TrialId, (to, cools_down): (Samples, bool), worker: u32, finish: f64) {
        let begun_at = self.has_free_slot().then_some(self.timing.elapsed);
        let inherited = self.inherited_cooldown(id);
        let trial = &mut self.trials[id.index()];
        trial.status = Status::Running { to };
        trial.cooldown = if cools_down {
            let from = trial.reached;
            Some(Cooldown { from, to })
        } else {
            inherited
        };
        let flight = InFlight {
            from: trial.reached,
            to,
            worker,
            finish,
            lost: 0,
            begun_at,
            arrived: None,
        };
        self.due.insert(DueAt::of(id, &flight));
        self.flights.insert(id, flight);
        self.idle_workers.remove(&worker);
        if self.repeat(id).is_none() {
            self.observe(id);
        }
    }

    /// The cooldown of the repeated trial: a repeat is trained in the same way.
    fn inherited_cooldown(&self, id: TrialId) -> Option<Cooldown> {
        let (Repeat::Reseed { of, .. } | Repeat::Test { of, .. }) = self.repeat(id)?;
        self.trials[of.index()].cooldown
    }

    /// Ends the search. Segments in flight no longer count, except for their evaluations so far if time was up.
    fn close_search(&mut self, reason: EndReason) {
        self.closed = Some(reason);
        self.due.clear();
        self.arrivals.clear();
        self.idle_workers = (0..self.settings.logical_workers).collect();
    }

    /// Resumes the search: there is more time, and no finalist has begun.
    fn reopen(&mut self) {
        self.closed = None;
        for (&id, flight) in &self.flights {
            self.due.insert(DueAt::of(id, flight));
            self.idle_workers.remove(&flight.worker);
            if let Some((number, _)) = flight.arrived {
                self.arrivals.insert(number, id);
            }
        }
    }

    /// Informs the policy that a trial has changed.
    fn observe(&mut self, id: TrialId) {
        let Self {
            settings,
            past,
            trials,
            flights,
            cost,
            memory,
            policy,
            ..
        } = self;
        let view = view(settings, past, trials, flights.len(), (cost, &**memory));
        policy.observe(&trials[id.index()], &view);
    }

    /// Prunes trials after a segment of this trial has ended.
    fn prune(&mut self, id: TrialId) {
        let mut stops = self.policy.prunes(&self.trials[id.index()], &self.view());
        while let Some(Stop { trial: id, by }) = stops.pop() {
            let trial = &mut self.trials[id.index()];
            if trial.status == Status::Paused {
                trial.status = Status::Stopped;
                self.records[id.index()].stopped_by = Some(by);
                self.given_up.push(id);
                self.observe(id);
                // Pruning one trial may decide about others.
                stops.extend(self.policy.prunes(&self.trials[id.index()], &self.view()));
            }
        }
    }

    fn arrive(&mut self, id: TrialId, outcome: &Outcome, device: &str, started_at: &str, finished_at: &str) {
        let Some(flight) = self.flights.get_mut(&id) else {
            return;
        };
        if flight.arrived.is_some() {
            return;
        }
        if let Outcome::Reached(report) = outcome {
            let work = Work {
                samples: Samples(flight.to.0.saturating_sub(flight.from.0)),
                cost: (self.cost)(&self.trials[id.index()].configuration, flight.from, flight.to),
            };
            self.timing.learn(work, &report.usage);
        }
        flight.arrived = Some((self.arrived, outcome.clone()));
        if self.due.contains(&DueAt::of(id, flight)) {
            self.arrivals.insert(self.arrived, id);
        }
        self.arrived += 1;
        self.begin_next();
        let record = &mut self.records[id.index()];
        device.clone_into(&mut record.device);
        finished_at.clone_into(&mut record.finished_at);
        if record.started_at.is_empty() {
            started_at.clone_into(&mut record.started_at);
        }
    }

    /// Returns whether a segment that is planned now begins immediately. Only plans for a deadline need this.
    fn has_free_slot(&self) -> bool {
        let running = self.flights.values().filter(|flight| flight.is_running());
        self.settings.wall.is_some() && running.count() < self.slots()
    }

    /// Gives a free slot the next segment that waits for one.
    fn begin_next(&mut self) {
        if !self.has_free_slot() {
            return;
        }
        let is_begun = |trial| self.flights.get(&trial).is_some_and(|flight| flight.begun_at.is_some());
        let next = self.waiting(is_begun).into_iter().next();
        if let Some(flight) = next.and_then(|(trial, _)| self.flights.get_mut(&trial)) {
            flight.begun_at = Some(self.timing.elapsed);
        }
    }

    fn deliver(&mut self, id: TrialId, elapsed: f64) {
        let Some(flight) = self.flights.remove(&id) else { return };
        self.due.remove(&DueAt::of(id, &flight));
        let Some((arrival, outcome)) = flight.arrived else {
            return;
        };
        self.arrivals.remove(&arrival);
        self.now = self.now.max(flight.finish);
        self.idle_workers.insert(flight.worker);
        let record = &mut self.records[id.index()];
        let partial = record.partial.take();
        let repeat = record.repeat;
        let trial = &mut self.trials[id.index()];
        let before = trial.best_scores().map(Cow::into_owned);
        match outcome {
            Outcome::Reached(report) => {
                self.samples_delivered += report.reached.0.saturating_sub(trial.reached.0);
                let is_test = matches!(repeat, Some(Repeat::Test { .. }));
                for evaluation in report.evaluations.iter().filter(|_| !is_test) {
                    let (observation, scores) = self.settings.measure(evaluation);
                    trial.observations.push(observation);
                    trial.scores.extend(scores);
                }
                trial.reached = report.reached;
                trial.segments += 1;
                trial.status = if trial.reached >= trial.end(self.settings.max) || repeat.is_some() {
                    Status::Completed
                } else {
                    Status::Paused
                };
                if is_test {
                    // Test results are for people only.
                } else if trial.observations.last().is_none_or(|last| last.loss == Loss::WORST) {
                    // Without its metric a trial cannot be compared, so it counts as failed.
                    trial.status = Status::Failed;
                    let message = format!("there was no finite {} at the end of a segment", self.settings.metric);
                    record.failure = Some(Failure {
                        kind: FailureKind::Diverged,
                        message,
                    });
                }
                record.take(report);
            }
            Outcome::Failed(failure) => {
                // Its evaluations so far count, although searchers and schedulers see a failure.
                let known = trial.observations.last().map_or(Samples(0), |last| last.at);
                if let Some(mut partial) = partial {
                    partial.evaluations.retain(|evaluation| evaluation.at > known);
                    for evaluation in &partial.evaluations {
                        let (observation, scores) = self.settings.measure(evaluation);
                        trial.observations.push(observation);
                        trial.scores.extend(scores);
                    }
                    record.take(partial);
                }
                trial.status = Status::Failed;
                trial.is_out_of_memory = failure.kind == FailureKind::OutOfMemory;
                record.failure = Some(failure);
            }
        }
        if repeat.is_some() {
            return;
        }
        self.observe(id);
        self.prune(id);
        if self.settings.criteria.is_plain() {
            self.note_incumbent(id, elapsed);
        } else {
            self.note_front(id, before.as_ref(), elapsed);
        }
    }
}

/// The inputs of a decision without the horizon, from single fields, so that the policy can be borrowed mutably.
fn view<'a>(
    settings: &'a Settings,
    past: &'a [Trial],
    trials: &'a [Trial],
    running: usize,
    (cost, memory): (&'a Cost, &'a MemoryModel),
) -> View<'a> {
    View {
        space: &settings.space,
        seed: settings.seed,
        past,
        trials,
        running,
        trials_left: settings.max_trials.map(|max| max.saturating_sub(trials.len() as u32)),
        min: settings.min,
        max: settings.max,
        epoch: settings.epoch,
        budget: None,
        horizon: None,
        cost: &**cost,
        memory,
    }
}
