//! Freeze-thaw: a model of learning curves says which paused trial to thaw and which configuration to try (Swersky et al. 2014;
//! Wistuba et al. 2022; Rakotoarison et al. 2024), within the quotas of asynchronous successive halving (as in MOBSTER, Klein
//! et al. 2020, §3).
//!
//! A slot does the first of these that there is:
//! 1. what a quota promises: the best third of those that reached a rung goes on, whatever the model thinks of them;
//! 2. every second time, the paused trial with the largest expected improvement by remaining cost, by a Gaussian process over
//!    configuration and resource ([`model`], [`kernel`], [`acquisition`]): this completes trials that a quota would leave;
//! 3. a new configuration, by the same model or by TPE in turn by chance, so that neither's blind spots stay unseen. It runs
//!    to the first rung or, more seldom, to a higher one at once (the brackets of asynchronous Hyperband): curves that
//!    begin badly and end well are learned of only so.

mod acquisition;
mod candidates;
mod history;
mod kernel;
mod model;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use rand::RngExt as _;

use history::History;
use kernel::{Axis, Hyperparameters};
use model::{Belief, Datum, Model, Point};

use super::paired::listed;
use super::{Decision, Policy};
use crate::rng::{self, Rng};
use crate::schedulers::{Asha, Scheduler as _};
use crate::searchers::{Searcher as _, Tpe};
use crate::space::{Configuration, Shape, Space};
use crate::trials::{Status, Trial, View};
use crate::units::Samples;

const NAME: &str = "freeze_thaw";

/// Trials before the model speaks.
const STARTUP_TRIALS: usize = 10;

/// Data of the model, so that a decision takes milliseconds.
const MOST_DATA: usize = 256;

/// Data of a fit, so that it takes less than a second.
const MOST_FITTED: usize = 160;

/// Each fit has so many times the data of the one before.
const GROWTH: f64 = 1.35;

/// One in so many goes on from a rung by quota (Li et al. 2020, §4.1: 3 or 4).
const ETA: u32 = 3;

/// The share of decisions that look at paused trials before new ones. Half: either may be what the model is wrong about.
const THAWED: f64 = 0.5;

/// A trial is thawed with at least this chance to become the best.
const PROMISING: f64 = 0.3;

/// The share of new configurations that TPE proposes: half, as neither model is trusted more.
const BY_TPE: f64 = 0.5;

/// The share that is drawn by chance, so that no region is given up for ever (as Falkner et al. 2018, §3.1, keep a share).
const BY_CHANCE: f64 = 0.1;

/// Each rung is where so many times fewer trials begin than at the one below. Hyperband's brackets of equal cost would
/// ask for eta (Li et al. 2018, §3); fewer low beginnings pay where early values mislead.
const BRACKET: f64 = 2.0;

/// Redraws by TPE of a configuration that was tried before.
const REDRAWS: u32 = 10;

/// When nothing new may start, a trial goes on only with at least this chance to become the best.
const HOPELESS: f64 = 0.02;

/// Chooses between continuing and starting by a model of learning curves.
pub struct FreezeThaw {
    rungs: Vec<Samples>,
    quota: Asha,
    history: History,
    /// Hashes of all configurations so far: none is run twice.
    tried: HashSet<String>,
    /// The newest fit and how many values it has seen.
    fitted: RefCell<Option<(usize, Hyperparameters)>>,
}

/// What the model says now.
struct Forecast<'a> {
    model: Model<'a>,
    /// The trials that the model knows and where they would end, the most promising first.
    ends: Vec<(&'a Trial, Belief)>,
    /// The best target observed.
    best: f64,
    /// The level of a complete trial, in units of the smallest.
    end: f64,
}

/// What the model is about: it must outlive the forecast.
struct Evidence<'a> {
    axes: Vec<Axis>,
    hyperparameters: Hyperparameters,
    data: Vec<Datum>,
    trials: Vec<&'a Trial>,
    points: Vec<Point>,
}

impl FreezeThaw {
    /// For trials of `min` to `max` samples.
    pub fn new(min: Samples, max: Samples) -> Self {
        let quota = Asha::new(ETA, min, max);
        Self {
            rungs: quota.rungs().to_vec(),
            quota,
            history: History::default(),
            tried: HashSet::new(),
            fitted: RefCell::new(None),
        }
    }

    /// What is known, in the model's terms.
    fn evidence<'a>(&self, view: &View<'a>) -> Evidence<'a> {
        let axes = axes(view.space);
        let mut data = self.history.data(self.history.len(), MOST_DATA, &self.rungs);
        let is_running = |trial: &&Trial| matches!(trial.status, Status::Running { .. });
        let running = view.trials.iter().filter(is_running).map(|trial| trial.id.index());
        let trials = members(view, &mut data, running);
        Evidence {
            hyperparameters: self.hyperparameters(view, &axes),
            axes,
            data,
            points: trials.iter().map(|trial| trial.point.clone()).collect(),
            trials,
        }
    }

    /// The model given the evidence, with running trials believed; `None` while there is none.
    fn forecast<'a>(&self, evidence: &'a Evidence<'a>) -> Option<Forecast<'a>> {
        let best = evidence.data.iter().map(|datum| datum.target).min_by(f64::total_cmp)?;
        let (axes, points) = (&evidence.axes, &evidence.points);
        let mut model = Model::new(&evidence.hyperparameters, axes, points, evidence.data.clone())?;
        for (member, trial) in evidence.trials.iter().enumerate() {
            if let Status::Running { to } = trial.status {
                model.believe(member, self.level(to));
            }
        }
        let end = self.level(self.last());
        let trials = evidence.trials.iter().enumerate();
        let mut ends: Vec<(&Trial, Belief)> = trials
            .map(|(member, trial)| (*trial, model.predict(&trial.point, Some(member), end)))
            .collect();
        ends.sort_by(|left, right| left.1.mean.total_cmp(&right.1.mean));
        Some(Forecast { model, ends, best, end })
    }

    /// The paused trial that is worth most, and its chance to become the best.
    fn thaw(&self, view: &View<'_>, forecast: &Forecast<'_>) -> Option<(f64, Decision)> {
        let paused = forecast.ends.iter().filter(|(trial, _)| trial.status == Status::Paused);
        let (trial, belief) = paused
            .map(|(trial, belief)| {
                let cost = (view.cost)(&trial.configuration, trial.reached, self.last());
                (acquisition::log_value(*belief, forecast.best, cost), trial, belief)
            })
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, trial, belief)| (trial, belief))?;
        let to = self.rungs.iter().copied().find(|&rung| rung > trial.reached)?;
        let decision = Decision::Continue { trial: trial.id, to };
        Some((acquisition::chance(*belief, forecast.best), decision))
    }

    /// A new configuration, by the model or by TPE.
    fn propose(&self, view: &View<'_>, forecast: &Forecast<'_>, rng: &mut Rng) -> Option<Decision> {
        let is_new = |configuration: &Configuration| !self.tried.contains(&configuration.hash());
        let fate = rng.random::<f64>();
        if fate > 1.0 - BY_CHANCE
            && let Some(start) = self.draw(view)
        {
            return Some(start);
        }
        if fate < BY_TPE {
            let mut proposals = (0..REDRAWS).map(|attempt| Tpe::default().propose(view, attempt));
            if let Some(proposal) = proposals.find(|proposal| is_new(&proposal.configuration)) {
                return Some(self.start(view, proposal.configuration, proposal.origin));
            }
        }
        // Better than what the best trial will come to, not only than what it has shown.
        let mut alive = forecast.ends.iter().filter(|(trial, _)| trial.status != Status::Failed);
        let best = alive
            .next()
            .map_or(forecast.best, |(_, belief)| belief.mean.min(forecast.best));
        let value = |point: &[Option<f64>], configuration: &Configuration| {
            let belief = forecast.model.predict(point, None, forecast.end);
            acquisition::log_value(belief, best, (view.cost)(configuration, Samples(0), self.last()))
        };
        let parents: Vec<_> = forecast.ends.iter().map(|(trial, _)| trial.point.as_slice()).collect();
        let configuration = candidates::best(view.space, &parents, is_new, value, rng)?;
        Some(self.start(view, configuration, NAME))
    }

    /// The hyperparameters fitted at the last milestone: a function of the values that had arrived by then.
    fn hyperparameters(&self, view: &View<'_>, axes: &[Axis]) -> Hyperparameters {
        let count = milestone(self.history.len());
        let mut fitted = self.fitted.borrow_mut();
        if let Some((seen, known)) = fitted.as_ref()
            && *seen == count
        {
            return known.clone();
        }
        let mut data = self.history.data(count, MOST_FITTED, &self.rungs);
        let known = members(view, &mut data, std::iter::empty());
        let points: Vec<Point> = known.iter().map(|trial| trial.point.clone()).collect();
        let found = model::fit(axes, &points, &data);
        *fitted = Some((count, found.clone()));
        found
    }

    /// A configuration by chance, or the next untried one of a small space.
    fn draw(&self, view: &View<'_>) -> Option<Decision> {
        /// Draws before a space is taken for small.
        const DRAWS: usize = 100;
        let mut rng = rng::stream(view.seed, "freeze_thaw draw", &[view.trials.len() as u64]);
        let draws = (0..DRAWS).map(|_| candidates::draw(view.space, &mut rng));
        let configuration = draws
            .chain(listed(view).map(|proposal| proposal.configuration))
            .find(|configuration| !self.tried.contains(&configuration.hash()))?;
        Some(self.start(view, configuration, NAME))
    }

    /// Starts a trial, at a rung by chance.
    fn start(&self, view: &View<'_>, configuration: Configuration, origin: &str) -> Decision {
        let mut rng = rng::stream(view.seed, "freeze_thaw bracket", &[view.trials.len() as u64]);
        let weights: Vec<f64> = (0..self.rungs.len()).map(|rung| BRACKET.powi(-(rung as i32))).collect();
        let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
        let chosen = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        Decision::Start {
            configuration,
            origin: origin.to_owned(),
            to: self.rungs[chosen.unwrap_or(0)],
        }
    }

    fn last(&self) -> Samples {
        self.rungs[self.rungs.len() - 1]
    }

    /// A resource level in units of the smallest rung.
    fn level(&self, samples: Samples) -> f64 {
        samples.0 as f64 / self.rungs[0].0.max(1) as f64
    }

    /// What to do when no quota promises anything.
    fn choose(&self, view: &View<'_>) -> Option<Decision> {
        let evidence = self.evidence(view);
        let Some(forecast) = self.forecast(&evidence) else {
            return view.may_start().then(|| self.draw(view)).flatten();
        };
        let thawed = self.thaw(view, &forecast);
        if view.may_start() {
            let mut rng = rng::stream(view.seed, NAME, &moment(view));
            let thaws = rng.random::<f64>() < THAWED;
            if let Some((chance, decision)) = &thawed
                && thaws
                && *chance > PROMISING
            {
                return Some(decision.clone());
            }
            if let Some(start) = self.propose(view, &forecast, &mut rng).or_else(|| self.draw(view)) {
                return Some(start);
            }
        }
        // Nothing new can come: what may still become the best goes on.
        let is_complete = |trial: &Trial| trial.status == Status::Completed;
        let has_result = view.trials.iter().any(is_complete);
        thawed
            .filter(|(chance, _)| *chance >= HOPELESS || !has_result)
            .map(|(_, decision)| decision)
    }
}

impl Policy for FreezeThaw {
    fn decide(&self, view: &View<'_>) -> Decision {
        if let Some((trial, to)) = self.quota.promote(view) {
            return Decision::Continue { trial, to };
        }
        if view.may_start()
            && view.trials.len() < STARTUP_TRIALS
            && let Some(start) = self.draw(view)
        {
            return start;
        }
        if let Some(decision) = self.choose(view) {
            return decision;
        }
        if view.running > 0 {
            return Decision::Wait;
        }
        // As of a study that may start nothing: the quotas round up, so that none ends without a complete trial.
        let last = View {
            trials_left: Some(0),
            ..*view
        };
        let promoted = self.quota.promote(&last);
        promoted.map_or(Decision::Finish, |(trial, to)| Decision::Continue { trial, to })
    }

    fn observe(&mut self, trial: &Trial) {
        if trial.segments == 0 {
            self.tried.insert(trial.configuration.hash());
        }
        self.history.observe(trial, &self.rungs);
        self.quota.observe(trial);
    }

    fn rungs(&self) -> &[Samples] {
        &self.rungs
    }
}

/// The trials that data are about, and some more; each datum then names its trial by the place in this list.
fn members<'a>(view: &View<'a>, data: &mut [Datum], more: impl Iterator<Item = usize>) -> Vec<&'a Trial> {
    let numbers: BTreeSet<usize> = data.iter().map(|datum| datum.trial).chain(more).collect();
    let places: HashMap<usize, usize> = numbers
        .iter()
        .enumerate()
        .map(|(place, &number)| (number, place))
        .collect();
    for datum in data {
        datum.trial = places[&datum.trial];
    }
    numbers.into_iter().map(|number| &view.trials[number]).collect()
}

/// The largest number of values up to `count` at which a fit is made.
fn milestone(count: usize) -> usize {
    let mut milestone = STARTUP_TRIALS;
    loop {
        let next = (milestone as f64 * GROWTH).ceil() as usize;
        if next > count {
            return milestone.min(count);
        }
        milestone = next;
    }
}

/// What names this decision among all of a study: it changes with every start, every continuation and every end of a segment.
fn moment(view: &View<'_>) -> [u64; 3] {
    let segments = view.trials.iter().map(|trial| u64::from(trial.segments)).sum();
    [view.trials.len() as u64, segments, view.running as u64]
}

fn axes(space: &Space) -> Vec<Axis> {
    let shapes = space.parameters().iter().map(|parameter| parameter.domain.shape());
    shapes
        .map(|shape| match shape {
            Shape::Constant | Shape::Continuous | Shape::Ordered { .. } => Axis::Ordered,
            Shape::Unordered { .. } => Axis::Unordered,
        })
        .collect()
}

#[cfg(test)]
mod tests;
