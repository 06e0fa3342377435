//! The state of a study.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::in_flight::{DueAt, InFlight};
use super::timing::Timing;
use super::{EndReason, Identity, Improvement, Record, Settings};
use crate::policies::{AuditedTrial, Policy};
use crate::spec::{InputPart, Spec};
use crate::trials::{CostModel, MemoryModel, Trial, View, Work};
use crate::units::{Loss, Samples, TrialId};

/// Predicted seconds of training a configuration from one level to another, on the virtual clock. A pure function.
pub type Cost = Box<CostModel>;

/// A study: the fold of all events so far.
pub struct Study {
    pub(super) settings: Settings,
    pub(super) policy: Box<dyn Policy>,
    pub(super) cost: Cost,
    pub(super) memory: Arc<MemoryModel>,
    /// Pruned trials, in order.
    pub(super) given_up: Vec<TrialId>,
    /// The version of the program that created the study, and the inputs of the study.
    pub(super) origin: Option<(String, Identity)>,
    pub(super) past: Vec<Trial>,
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
    pub(super) arrived: u64,
    /// The best delivered trial, if only one metric counts.
    pub(super) incumbent: Option<(Loss, TrialId)>,
    /// The best delivered trials, if more than one metric counts.
    pub(super) front: Vec<TrialId>,
    pub(super) improvements: Vec<Improvement>,
    pub(super) samples_delivered: u64,
    pub(super) added_wall: f64,
    pub(super) timing: Timing,
    pub(super) is_deadline_reached: bool,
    /// Number of failed trials when the study was last resumed.
    pub(super) failures_seen: u32,
    /// The reason why the search ended, if a selection follows.
    pub(super) closed: Option<EndReason>,
    pub(super) ended: Option<EndReason>,
}

impl Study {
    /// A study without events. `cost` is that of training one fold.
    pub fn new(settings: Settings, policy: Box<dyn Policy>, cost: Cost) -> Self {
        Self {
            idle_workers: (0..settings.logical_workers).collect(),
            cost: settings.cost_of_folds(cost),
            settings,
            policy,
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
}

/// The inputs of a decision without the horizon, from single fields, so that the policy can be borrowed mutably.
pub(super) fn view<'a>(
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
