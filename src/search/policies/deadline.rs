//! Plans for the deadline: only the best model at the end of the wall budget counts, so completed trials come first.
//!
//! This policy wraps any other policy. While there is plenty of time it changes one thing: the first trial runs to the
//! end of its schedule before anything else (*insurance*). That trial is a sound recipe, or the configuration that the
//! user named. From then on the inner policy explores, as long as every slot can still *finish* the most promising
//! unfinished trial. Nothing is started or promoted that would leave no time for that. Then the slots finish trials,
//! the most promising first. A trial that cannot reach the end of its schedule in time cools down: its learning rate
//! falls to 0 over its remaining training. When nothing is left to finish, the best configuration is trained once more
//! with another seed.
//!
//! The speed of this machine enters through the [`Horizon`], which is folded from the journal, so a replay makes the
//! same decisions. Without a wall budget there is no horizon, and the inner policy decides alone.

mod outlook;

use outlook::Outlook;

use super::{AuditedTrial, Decision, Policy, Stop};
use crate::trials::{Horizon, Status, Trial, View};
use crate::units::Samples;

/// Largest share of the wall budget for finishing a promising trial. A longer remaining schedule is cooled down within
/// this share. Values from 0.25 to 0.7 gave the same results in simulations (`benches/deadline_quality`).
const MOST_FINISHING: f64 = 0.5;

/// A new trial may start while this share of the budget is left to finish it, because it may turn out to be the best.
const LEAST_FINISHING: f64 = 0.1;

/// A cooldown trains at least this share of the samples that the trial has seen. Cooldowns begin to pay at a tenth of
/// all training (Hu et al. 2024, §4.3: "10 % is enough, 2.5 % falls short").
const LEAST_COOLDOWN: f64 = 0.1;

/// Longest cooldown, as a share of the trial. If more training is left, the trial first continues at the rate of its
/// schedule. By then its speed is known better, and a cooldown of a fifth is as good as a longer one (Hägele et al.
/// 2024, §3.2).
const LONGEST_COOLDOWN: f64 = 0.2;

/// The training before the cooldown gets its own segment if it is at least this share of the remaining training.
const WORTH_A_PAUSE: f64 = 0.3;

/// Origin of a trial that repeats the best configuration with another seed.
const RESEED: &str = "reseed";

/// A policy that plans for the end of the wall budget.
pub struct Deadline {
    inner: Box<dyn Policy>,
}

impl Deadline {
    /// Wraps the policy `inner`.
    pub fn new(inner: Box<dyn Policy>) -> Self {
        Self { inner }
    }

    /// Starts the first trial with a segment up to its last rung but one: few pauses, and then its speed is known.
    fn begin(&self, next: Decision) -> Decision {
        match (next, self.inner.rungs()) {
            (
                Decision::Start {
                    configuration,
                    origin,
                    parent,
                    ..
                },
                [.., before_last, _],
            ) => Decision::Start {
                configuration,
                origin,
                to: *before_last,
                parent,
            },
            (next, _) => next,
        }
    }

    /// Continues the first trial as soon as it has paused; `None` while it runs, or once it is complete.
    fn insure(&self, planner: &Planner<'_>) -> Option<Decision> {
        let trials = planner.view.trials;
        let is_complete = |trial: &Trial| trial.status == Status::Completed;
        let first = trials.first()?;
        let insured = match first.status {
            Status::Running { .. } | Status::Completed => return None,
            Status::Paused => first,
            // A failed or pruned first trial insures nothing. Then the most promising trial does, until a trial is
            // complete.
            Status::Stopped | Status::Failed if trials.iter().any(is_complete) => return None,
            Status::Stopped | Status::Failed => planner.promising().next()?,
        };
        let next = self.inner.rungs().iter().copied().find(|&rung| rung > insured.reached);
        planner.complete(insured, next)
    }
}

impl Policy for Deadline {
    fn decide(&self, view: &View<'_>) -> Decision {
        let Some(horizon) = view.horizon else {
            return self.inner.decide(view);
        };
        let planner = Planner::new(view, horizon);
        if let Some(next) = self.insure(&planner) {
            return next;
        }
        if let Some(next) = planner.finish_cheaply() {
            return next;
        }
        let next = self.inner.decide(view);
        if view.trials.is_empty() {
            return self.begin(next);
        }
        if planner.affords(&next) {
            return next;
        }
        planner
            .finish()
            .or_else(|| planner.once_more())
            .unwrap_or(Decision::Wait)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.inner.observe(trial, view);
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        self.inner.prunes(trial, view)
    }

    fn rungs(&self) -> &[Samples] {
        self.inner.rungs()
    }

    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        self.inner.audited()
    }

    fn clones(&self) -> bool {
        self.inner.clones()
    }
}

/// Checks what still fits into the budget, for one decision.
struct Planner<'a> {
    view: &'a View<'a>,
    horizon: Horizon<'a>,
    outlook: Outlook<'a>,
}

impl<'a> Planner<'a> {
    fn new(view: &'a View<'a>, horizon: Horizon<'a>) -> Self {
        Self {
            view,
            horizon,
            outlook: Outlook::new(view),
        }
    }

    /// Paused trials, the most promising first.
    fn promising(&self) -> impl Iterator<Item = &'a Trial> {
        self.outlook.paused().iter().copied()
    }

    /// Returns whether the slot can still finish a trial afterwards. A segment of unknown length is affordable.
    fn affords(&self, next: &Decision) -> bool {
        let (configuration, from, to, id) = match next {
            Decision::Wait | Decision::Finish | Decision::CoolDown { .. } => return true,
            Decision::Start {
                configuration,
                to,
                parent,
                ..
            } => (configuration, parent.map_or(Samples(0), |parent| parent.at), *to, None),
            Decision::Continue { trial, to } => {
                let trial = &self.view.trials[trial.index()];
                (&trial.configuration, trial.reached, *to, Some(trial.id))
            }
        };
        let max = self.view.max;
        let Some(needed) = self.horizon.seconds(self.view, configuration, from, to) else {
            return true;
        };
        // Afterwards the slot finishes a promising trial: this one, or one that would beat the completed ones. Every
        // slot takes a different one, so the time for the longest of them is reserved.
        let own = self.horizon.seconds(self.view, configuration, to, max).unwrap_or(0.0);
        let others = self.outlook.better().iter().filter(|trial| Some(trial.id) != id);
        let longest = others
            .take(self.horizon.slots)
            .map(|trial| self.rest_of(trial))
            .reduce(f64::max);
        let kept = match longest {
            Some(rest) => self.shortened(rest, MOST_FINISHING),
            None if id.is_some() => self.shortened(own, MOST_FINISHING),
            None => self.shortened(own, LEAST_FINISHING),
        };
        needed + kept <= self.horizon.room()
    }

    /// Seconds to the end of a trial's schedule.
    fn rest_of(&self, trial: &Trial) -> f64 {
        let rest = self
            .horizon
            .seconds(self.view, &trial.configuration, trial.reached, self.view.max);
        rest.unwrap_or(0.0)
    }

    /// Seconds to reserve for a remaining schedule: at most this share of the budget if the trial can be cooled down.
    fn shortened(&self, rest: f64, share: f64) -> f64 {
        if self.horizon.can_cool_down {
            rest.min(self.horizon.wall * share)
        } else {
            rest
        }
    }

    /// Trains the most promising paused trial to its end if that costs no more than starting another one.
    ///
    /// Models with few trainable parameters cost next to nothing. While no trial is complete, any such trial will do:
    /// it is a free insurance. The virtual clock decides what is cheap, so the decision does not depend on the machine
    /// while there is plenty of time.
    fn finish_cheaply(&self) -> Option<Decision> {
        let view = self.view;
        let beginning = (view.cost)(&view.trials.first()?.configuration, Samples(0), view.min);
        let is_cheap = |trial: &&Trial| {
            let rest = (view.cost)(&trial.configuration, trial.reached, view.max);
            rest <= beginning && self.rest_of(trial) <= self.horizon.room()
        };
        let is_any_complete = view.trials.iter().any(|trial| trial.status == Status::Completed);
        let cheap = if is_any_complete {
            self.promising().next().filter(is_cheap)
        } else {
            self.promising().find(is_cheap)
        };
        cheap.map(|trial| Decision::Continue {
            trial: trial.id,
            to: view.max,
        })
    }

    /// Trains to its end the most promising paused trial that can be finished.
    fn finish(&self) -> Option<Decision> {
        self.promising().find_map(|trial| self.complete(trial, None))
    }

    /// Trains a trial to its end, or first to the level `by` before the end.
    ///
    /// If the time is too short for the whole schedule, the trial cools down. If it cannot cool down, it trains to the
    /// last whole epoch that fits.
    fn complete(&self, trial: &Trial, by: Option<Samples>) -> Option<Decision> {
        let (view, max) = (self.view, self.view.max);
        let id = trial.id;
        let room = self.horizon.room();
        let is_known = self
            .horizon
            .seconds(view, &trial.configuration, trial.reached, max)
            .is_some();
        let reach = if is_known {
            self.horizon
                .reach(view, &trial.configuration, (trial.reached, max), room)
        } else {
            max
        };
        if reach >= max {
            let to = by.unwrap_or(max);
            return Some(Decision::Continue { trial: id, to });
        }
        let gained = reach.0.saturating_sub(trial.reached.0) as f64;
        if self.horizon.can_cool_down {
            let is_worth_it = gained >= (LEAST_COOLDOWN * trial.reached.0 as f64).max(1.0);
            // Whole epochs are evaluated anyway.
            let before = Samples((reach.0 as f64 * (1.0 - LONGEST_COOLDOWN)) as u64);
            return match self.outlook.level_up_to(before) {
                Some(before) if before.0 as f64 > trial.reached.0 as f64 + WORTH_A_PAUSE * gained => {
                    Some(Decision::Continue { trial: id, to: before })
                }
                Some(_) | None => is_worth_it.then_some(Decision::CoolDown { trial: id, to: reach }),
            };
        }
        let to = self.outlook.level_up_to(reach)?;
        (to > trial.reached).then_some(Decision::Continue { trial: id, to })
    }

    /// Repeats the configuration of the best complete trial with another seed, if there is time for all of it. At most
    /// one repeat per slot, even if repeats are cheap.
    fn once_more(&self) -> Option<Decision> {
        let again = self.view.trials.iter().filter(|trial| trial.origin == RESEED);
        if !self.view.may_start() || again.count() >= self.horizon.slots {
            return None;
        }
        let complete = self
            .view
            .trials
            .iter()
            .filter(|trial| trial.status == Status::Completed);
        let best = complete.min_by_key(|trial| (trial.loss(), trial.id))?;
        let max = self.view.max;
        let needed = self.horizon.seconds(self.view, &best.configuration, Samples(0), max)?;
        (needed <= self.horizon.room()).then(|| Decision::Start {
            configuration: best.configuration.clone(),
            origin: RESEED.to_owned(),
            to: max,
            parent: None,
        })
    }
}
