//! Plans for the deadline: what is best when the wall budget ends is what counts, so finished models come first.
//!
//! Around any other policy. While time is plenty it changes one thing: the first trial, a sound recipe or what the user named,
//! runs to the end of its schedule before anything else (*insurance*). From then on the policy inside explores, as long as every
//! slot can still *finish* the most promising unfinished trial: nothing is started or promoted that would leave no time for
//! that. Then the slots finish trials, the most promising first. A trial that cannot reach the end of its schedule in time cools
//! down: its learning rate falls to 0 over what it can still train. When nothing is left to finish, the winner's configuration is
//! trained once more with another seed.
//!
//! The speed of this machine enters through the [`Horizon`], which is folded from the journal: a replay decides the same. Without
//! a wall budget there is no horizon, and the policy inside decides alone.

mod outlook;

use outlook::Outlook;

use super::{AuditedTrial, Decision, Policy, Stop};
use crate::trials::{Horizon, Status, Trial, View};
use crate::units::Samples;

/// Finishing a promising trial takes at most this share of the wall budget; a longer rest of a schedule is cooled down within it.
/// Anything from a quarter to seven tenths came to the same in simulations (`benches/deadline_quality`).
const MOST_FINISHING: f64 = 0.5;

/// A new trial is begun while there is this share of the budget to finish it with: it may turn out to be the best.
const LEAST_FINISHING: f64 = 0.1;

/// A cooldown trains at least this share of what the trial has seen: a tenth of all training is where it begins to pay (Hu et
/// al. 2024, §4.3: "10 % is enough, 2.5 % falls short").
const LEAST_COOLDOWN: f64 = 0.1;

/// Before a cooldown that is longer than this share of the trial, its trial goes on at the schedule's own rate: later the speed is
/// known better, and a fifth is as good as any more (Hägele et al. 2024, §3.2).
const LONGEST_COOLDOWN: f64 = 0.2;

/// That stretch is worth a segment of its own if it is at least this share of what is left.
const WORTH_A_PAUSE: f64 = 0.3;

/// The origin of a second run of the best configuration.
const RESEED: &str = "reseed";

/// A policy that plans for the end of the wall budget.
pub struct Deadline {
    inner: Box<dyn Policy>,
}

impl Deadline {
    /// Plans around what `inner` wants to do.
    pub fn new(inner: Box<dyn Policy>) -> Self {
        Self { inner }
    }

    /// The first trial runs through to the last comparison before its end: few pauses, and from there on its speed is known.
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

    /// The first trial goes on as soon as it has paused; `None` while it runs, or once it is complete.
    fn insure(&self, planner: &Planner<'_>) -> Option<Decision> {
        let trials = planner.view.trials;
        let is_complete = |trial: &Trial| trial.status == Status::Completed;
        let first = trials.first()?;
        let insured = match first.status {
            Status::Running { .. } | Status::Completed => return None,
            Status::Paused => first,
            // One that failed or was given up insures nothing: then it is the most promising one, until a trial is complete.
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

/// One decision's view of what still fits.
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

    /// Whether after this decision its slot can still finish a trial. A segment of unknown length is affordable.
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
        // Afterwards the slot finishes a promising trial: this one, or one that would be better than what is complete. Every slot takes
        // a different one, so the time for the longest of them is kept.
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

    /// Seconds that are kept for such a rest, at most this share of the budget where it can be cooled down.
    fn shortened(&self, rest: f64, share: f64) -> f64 {
        if self.horizon.can_cool_down {
            rest.min(self.horizon.wall * share)
        } else {
            rest
        }
    }

    /// Trains the most promising paused trial to its end if that costs no more than to begin another one: models of which little is
    /// trained cost next to nothing. While no trial is complete any such trial will do: it insures for nothing. What is cheap is told by
    /// the virtual clock, so that it does not depend on the machine while time is plenty.
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

    /// Trains the most promising paused trial that can be finished to its end.
    fn finish(&self) -> Option<Decision> {
        self.promising().find_map(|trial| self.complete(trial, None))
    }

    /// Trains a trial to its end, or at first to the level `by` on the way there. Where the time is too short for all of its
    /// schedule it cools down; where it cannot, it is trained to the last whole epoch that fits.
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
            // Whole epochs, which are evaluated anyway.
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

    /// The configuration of the best complete trial with another seed, if there is time for all of it: one for each slot, however cheap
    /// they are.
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
