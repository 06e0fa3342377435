//! An audit of pruning: a share of the trials runs to its end whatever the scheduler says, so that one can see what was lost
//! with those that it would have pruned.
//!
//! The scheduler does not notice. Of an audited trial it sees a shadow that goes on only when the scheduler lets it, and
//! arrives at a rung with what the trial really had shown there. So it decides about all others as without the audit (but for
//! the order in which slots come free), and about the shadow as about any other: whose shadow is left behind would have been
//! pruned. The audit costs slots, and no bias.

use std::collections::{BTreeMap, VecDeque};

use rand::RngExt as _;

use super::{Scheduler, Stop};
use crate::rng;
use crate::trials::{Status, Trial, View};
use crate::units::{Samples, TrialId};

/// A trial that runs to its end whatever the scheduler says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditedTrial {
    /// The trial.
    pub trial: TrialId,
    /// Where it would have been pruned, or would wait as it is; `None`: nowhere up to now.
    pub pruned_at: Option<Samples>,
}

/// A scheduler under audit.
pub struct Audited {
    scheduler: Box<dyn Scheduler>,
    share: f64,
    shadows: BTreeMap<TrialId, Shadow>,
    /// Trials of the study so far.
    created: usize,
    /// Audited trials that are paused, and where they go.
    going: BTreeMap<TrialId, Samples>,
    /// How many audited trials run, and how many shadows do in the scheduler's eyes.
    running: (usize, usize),
    /// The trials that are pruned after the last observation.
    stops: Vec<Stop>,
}

/// What the scheduler sees of an audited trial.
#[derive(Clone)]
struct Shadow {
    /// As it was told last.
    told: Trial,
    /// The ends of the trial's segments that the shadow has yet to live through.
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

    /// The study as the scheduler knows it: shadows run in place of their trials.
    fn seen<'a>(&self, view: &View<'a>) -> View<'a> {
        let (trials, shadows) = self.running;
        View {
            running: (view.running + shadows).saturating_sub(trials),
            ..*view
        }
    }

    /// Tells the scheduler of a shadow; and of its end, if it is given up.
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

    /// Stops the shadows among those that are given up; the others are for the study to stop.
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

    /// Lets shadows go on while it is their turn.
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

    /// A shadow that is on its way arrives where its trial has been.
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
        // Only at the end of a study, when shares are rounded up, shadows have not gone on as soon as they could: whether it
        // is the end is known to those who ask alone. Their trials are complete, so who comes after them is next.
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
