//! Audit of pruning: a share of the trials runs to its end regardless of the scheduler, to measure what pruning costs.
//!
//! The scheduler is not affected. Instead of an audited trial it sees a shadow. The shadow continues only when the
//! scheduler promotes it, and it arrives at a rung with the result that the trial really had there. So the scheduler
//! decides about all other trials as without the audit, except for the order in which slots become free. A shadow that
//! is not promoted would have been pruned. The audit costs slots but adds no bias.

use std::collections::{BTreeMap, VecDeque};

use rand::RngExt as _;

use super::{Scheduler, Stop};
use crate::rng;
use crate::trials::{Status, Trial, View};
use crate::units::{Samples, TrialId};

/// A trial that runs to its end regardless of the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditedTrial {
    /// The trial.
    pub trial: TrialId,
    /// The level at which it would have been pruned, or would be waiting now; `None`: not pruned so far.
    pub pruned_at: Option<Samples>,
}

/// A scheduler with an audit.
pub struct Audited {
    scheduler: Box<dyn Scheduler>,
    share: f64,
    shadows: BTreeMap<TrialId, Shadow>,
    /// Number of trials of the study so far.
    created: usize,
    /// Paused audited trials, with the ends of their next segments.
    going: BTreeMap<TrialId, Samples>,
    /// Number of running audited trials, and of shadows that run from the scheduler's point of view.
    running: (usize, usize),
    /// The trials to prune after the last observation.
    stops: Vec<Stop>,
}

/// The scheduler's view of an audited trial.
#[derive(Clone)]
struct Shadow {
    /// Its state as the scheduler last observed it.
    told: Trial,
    /// Segment ends of the trial that the shadow has not reached yet.
    ahead: VecDeque<Trial>,
}

impl Audited {
    /// Audits this share of the trials.
    pub fn new(scheduler: Box<dyn Scheduler>, share: f64) -> Self {
        Self {
            scheduler,
            share,
            shadows: BTreeMap::new(),
            created: 0,
            going: BTreeMap::new(),
            running: (0, 0),
            stops: Vec::new(),
        }
    }

    /// The view for the scheduler, in which shadows replace their trials.
    fn seen<'a>(&self, view: &View<'a>) -> View<'a> {
        let (trials, shadows) = self.running;
        View {
            running: (view.running + shadows).saturating_sub(trials),
            ..*view
        }
    }

    /// Lets the scheduler observe a shadow, and also its end if it is pruned.
    fn tell(&mut self, trial: &Trial, view: &View<'_>) {
        if let Some(shadow) = self.shadows.get_mut(&trial.id) {
            self.running.1 -= usize::from(is_running(&shadow.told));
            self.running.1 += usize::from(is_running(trial));
            shadow.told = trial.clone();
        }
        let seen = self.seen(view);
        self.scheduler.observe(trial, &seen);
        let stops = self.scheduler.prunes(trial, &seen);
        self.prune(stops, view);
    }

    /// Stops the pruned trials that are shadows; the study stops the others.
    fn prune(&mut self, stops: Vec<Stop>, view: &View<'_>) {
        for stop in stops {
            let Some(shadow) = self.shadows.get_mut(&stop.trial) else {
                self.stops.push(stop);
                continue;
            };
            if shadow.told.status == Status::Paused {
                shadow.told.status = Status::Stopped;
                let stopped = shadow.told.clone();
                let seen = self.seen(view);
                self.scheduler.observe(&stopped, &seen);
            }
        }
    }

    /// Resumes shadows as long as the scheduler promotes one.
    fn advance(&mut self, view: &View<'_>) {
        while let Some((id, to)) = self.scheduler.promote(&self.seen(view))
            && let Some(shadow) = self.shadows.get(&id)
        {
            let going = Trial {
                status: Status::Running { to },
                ..shadow.told.clone()
            };
            self.tell(&going, view);
            self.catch_up(id, view);
        }
    }

    /// Moves a running shadow to the next segment end that its trial has reached.
    fn catch_up(&mut self, id: TrialId, view: &View<'_>) {
        let Some(shadow) = self.shadows.get_mut(&id) else {
            return;
        };
        if is_running(&shadow.told)
            && let Some(next) = shadow.ahead.pop_front()
        {
            self.tell(&next, view);
        }
    }

    fn copy(&self) -> Self {
        Self {
            scheduler: self.scheduler.boxed(),
            shadows: self.shadows.clone(),
            going: self.going.clone(),
            stops: self.stops.clone(),
            ..*self
        }
    }

    fn is_chosen(&self, trial: &Trial, view: &View<'_>) -> bool {
        rng::stream(view.seed, "audit", &[u64::from(trial.id.0)]).random::<f64>() < self.share
    }
}

fn is_running(trial: &Trial) -> bool {
    matches!(trial.status, Status::Running { .. })
}

impl Scheduler for Audited {
    fn name(&self) -> &'static str {
        self.scheduler.name()
    }

    fn rungs(&self) -> &[Samples] {
        self.scheduler.rungs()
    }

    fn first(&self) -> Samples {
        self.scheduler.first()
    }

    fn next(&self, trial: &Trial) -> Samples {
        self.scheduler.next(trial)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.stops.clear();
        let id = trial.id;
        let is_new = id.index() >= self.created;
        self.created = self.created.max(id.index() + 1);
        if is_new && self.is_chosen(trial, view) {
            let shadow = Shadow {
                told: trial.clone(),
                ahead: VecDeque::new(),
            };
            self.shadows.insert(id, shadow);
            self.running = (self.running.0 + 1, self.running.1 + 1);
            self.scheduler.observe(trial, &self.seen(view));
        } else if let Some(shadow) = self.shadows.get_mut(&id) {
            self.going.remove(&id);
            if is_running(trial) {
                self.running.0 += 1;
            } else {
                self.running.0 -= 1;
                shadow.ahead.push_back(trial.clone());
                self.catch_up(id, view);
            }
            if trial.status == Status::Paused {
                self.going.insert(id, self.scheduler.next(trial));
            }
        } else {
            let seen = self.seen(view);
            self.scheduler.observe(trial, &seen);
            let stops = self.scheduler.prunes(trial, &seen);
            self.prune(stops, view);
        }
        self.advance(view);
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        if let Some((&trial, &to)) = self.going.first_key_value() {
            return Some((trial, to));
        }
        let promoted = self.scheduler.promote(&self.seen(view))?;
        if !self.shadows.contains_key(&promoted.0) {
            return Some(promoted);
        }
        // Shadows always advance as soon as they can, except at the end of a study, when shares are rounded up. The
        // scheduler sees the end of the study only in this call. The trials of these shadows are complete, so the next
        // one is promoted.
        let mut later = self.copy();
        later.advance(view);
        let promoted = later.scheduler.promote(&later.seen(view));
        promoted.filter(|(trial, _)| !self.shadows.contains_key(trial))
    }

    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        self.stops.clone()
    }

    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        let audited = self.shadows.iter().map(|(&trial, shadow)| AuditedTrial {
            trial,
            pruned_at: match shadow.told.status {
                Status::Paused | Status::Stopped => Some(shadow.told.reached),
                Status::Running { .. } | Status::Completed | Status::Failed => None,
            },
        });
        Some(audited.collect())
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(self.copy())
    }
}
