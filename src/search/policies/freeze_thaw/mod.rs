//! Freeze-thaw: a model of learning curves decides when to continue (thaw) a paused trial and when to start a new one
//! (Swersky et al. 2014; Rakotoarison et al. 2024, "In-context freeze-thaw Bayesian optimization", ifBO).
//!
//! A free slot takes the first of these that is available:
//! 1. a trial promoted by quota: the best third of those that reached a rung continues, whatever the model predicts
//!    (asynchronous successive halving, as in MOBSTER, Klein et al. 2020, §3);
//! 2. the candidate that most probably meets a random aim ([`aim`]: an improvement within an amount of training), by a
//!    Gaussian process over configuration and resource ([`model`], [`kernel`]). The candidates are all paused trials,
//!    and new proposals of TPE and of the Gaussian process over complete trials.
//!
//! A new trial runs to the first rung or, less often, directly to a higher one (the brackets of asynchronous
//! Hyperband). Otherwise the model would hardly see curves that begin badly and end well.

mod aim;
mod history;
mod kernel;
mod model;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use rand::RngExt as _;

use aim::Aim;
use history::History;
use kernel::{Axis, Hyperparameters};
use model::{Datum, Model, Point};

use super::untried::Untried;
use super::{Decision, MethodEntry, Policy};
use crate::rng;
use crate::schedulers::{Asha, Scheduler as _};
use crate::searchers::{FirstPoints, Gp, Info, Needs, Proposal, Searcher as _, Tpe};
use crate::space::{Shape, Space};
use crate::trials::{Status, Trial, View};
use crate::units::Samples;

const NAME: &str = "freeze_thaw";

/// The registry entry of freeze-thaw.
pub(super) const ENTRY: MethodEntry = MethodEntry {
    info: Info {
        name: NAME,
        aliases: &[],
        about: "models learning curves, and also decides which trial continues: `early_terminate` is not used",
        needs: Needs {
            one_metric: true,
            ..Needs::NOTHING
        },
    },
    build: |lengths| Box::new(FreezeThaw::new(lengths.min, lengths.max)),
};

/// Number of trials before the model is used.
const STARTUP_TRIALS: usize = 10;

/// Most observations in the model, so that a decision takes milliseconds.
const MOST_DATA: usize = 256;

/// Most observations in a fit, so that it takes less than a second.
const MOST_FITTED: usize = 160;

/// Growth factor of the data from one fit to the next.
const GROWTH: f64 = 1.35;

/// One in `ETA` trials continues from a rung by quota (Li et al. 2020, §4.1: 3 or 4).
const ETA: u32 = 3;

/// Ratio of new trials that run directly to one rung and to the next. Hyperband's brackets of equal cost would need eta
/// (Li et al. 2018, §3); fewer short trials pay where early values mislead.
const BRACKET: f64 = 2.0;

/// Normal quantile of a 2 % chance to become the best: if no trial may start, worse trials do not continue.
const HOPELESS: f64 = -2.05;

/// Chooses between continuing and starting by a model of learning curves.
pub struct FreezeThaw {
    rungs: Vec<Samples>,
    quota: Asha,
    history: History,
    gp: FirstPoints,
    tpe: Tpe,
    untried: Untried,
    /// The newest fit and the number of values in it.
    fitted: RefCell<Option<(usize, Hyperparameters)>>,
}

/// The data of the model, which must outlive the model.
struct Evidence<'a> {
    axes: Vec<Axis>,
    hyperparameters: Hyperparameters,
    data: Vec<Datum>,
    trials: Vec<&'a Trial>,
    points: Vec<Point>,
}

impl FreezeThaw {
    /// Creates the policy for trials of `min` to `max` samples.
    pub fn new(min: Samples, max: Samples) -> Self {
        let quota = Asha::new(ETA, min, max);
        Self {
            rungs: quota.rungs().to_vec(),
            quota,
            history: History::default(),
            gp: FirstPoints::new(Box::new(Gp::default())),
            tpe: Tpe::default(),
            untried: Untried::default(),
            fitted: RefCell::new(None),
        }
    }

    /// All data so far, in the units of the model.
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

    /// The model given the evidence, with predicted values for running trials; `None` if there is none.
    fn model<'a>(&self, evidence: &'a Evidence<'a>) -> Option<Model<'a>> {
        let (axes, points) = (&evidence.axes, &evidence.points);
        let mut model = Model::new(&evidence.hyperparameters, axes, points, evidence.data.clone())?;
        for (member, trial) in evidence.trials.iter().enumerate() {
            if let Status::Running { to } = trial.status {
                model.believe(member, self.level(to));
            }
        }
        Some(model)
    }

    /// The paused trial that most probably meets the aim, with the quantile of that probability.
    fn thaw(&self, evidence: &Evidence<'_>, model: &Model<'_>, aim: Aim) -> Option<(f64, Decision)> {
        let trials = evidence.trials.iter().enumerate();
        let paused = trials.filter(|(_, trial)| trial.status == Status::Paused);
        let (quantile, trial) = paused
            .map(|(member, trial)| {
                let until = (self.level(trial.reached) + aim.horizon).min(self.level(self.last()));
                let belief = model.predict(&trial.point, Some(member), until);
                (aim.quantile(belief), trial)
            })
            .max_by(|left, right| left.0.total_cmp(&right.0))?;
        let to = self.rungs.iter().copied().find(|&rung| rung > trial.reached)?;
        Some((quantile, Decision::Continue { trial: trial.id, to }))
    }

    /// The new configuration that most probably meets the aim, with the quantile of that probability.
    ///
    /// The Gaussian process and TPE both propose, so that each covers the blind spots of the other. `None` once every
    /// configuration was tried.
    fn propose(&self, view: &View<'_>, model: &Model<'_>, aim: Aim) -> Option<(f64, Decision)> {
        let quantile = |proposal: &Proposal| {
            let point = view.space.encode(&proposal.configuration)?;
            Some(aim.quantile(model.predict(&point, None, aim.horizon)))
        };
        let first = self.untried.propose(&self.gp, view)?;
        let proposals = std::iter::once(first).chain(self.untried.redraw(&self.tpe, view));
        let valued = proposals.filter_map(|proposal| Some((quantile(&proposal)?, proposal)));
        let (quantile, proposal) = valued.max_by(|left, right| left.0.total_cmp(&right.0))?;
        Some((quantile, self.start(view, proposal)))
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

    /// Starts a new trial without the model of curves.
    fn begin(&self, view: &View<'_>) -> Option<Decision> {
        let proposal = self.untried.propose(&self.gp, view)?;
        Some(self.start(view, proposal))
    }

    /// Starts a trial that runs to a random rung.
    fn start(&self, view: &View<'_>, proposal: Proposal) -> Decision {
        let mut rng = rng::stream(view.seed, "freeze_thaw bracket", &[view.trials.len() as u64]);
        let weights: Vec<f64> = (0..self.rungs.len()).map(|rung| BRACKET.powi(-(rung as i32))).collect();
        let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
        let chosen = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        Decision::Start {
            configuration: proposal.configuration,
            origin: proposal.origin.to_owned(),
            to: self.rungs[chosen.unwrap_or(0)],
            parent: None,
        }
    }

    fn last(&self) -> Samples {
        self.rungs[self.rungs.len() - 1]
    }

    /// A resource level in units of the smallest rung.
    fn level(&self, samples: Samples) -> f64 {
        samples.0 as f64 / self.rungs[0].0.max(1) as f64
    }

    /// The decision when the quota promotes nothing.
    fn choose(&self, view: &View<'_>) -> Option<Decision> {
        let evidence = self.evidence(view);
        let best = evidence.data.iter().map(|datum| datum.target).min_by(f64::total_cmp);
        let (Some(best), Some(model)) = (best, self.model(&evidence)) else {
            return view.may_start().then(|| self.begin(view)).flatten();
        };
        let end = self.level(self.last());
        if view.may_start() {
            let mut rng = rng::stream(view.seed, NAME, &moment(view));
            let aim = Aim::draw(best, end, &mut rng);
            if let Some(new) = self.propose(view, &model, aim) {
                let either = self.thaw(&evidence, &model, aim).into_iter().chain([new]);
                let chosen = either.max_by(|left, right| left.0.total_cmp(&right.0));
                return chosen.map(|(_, decision)| decision);
            }
        }
        // No new trial is possible: trials that may still become the best continue to their end.
        let has_result = view.trials.iter().any(|trial| trial.status == Status::Completed);
        let thawed = self.thaw(&evidence, &model, Aim::best(best, end));
        thawed
            .filter(|(quantile, _)| *quantile >= HOPELESS || !has_result)
            .map(|(_, decision)| decision)
    }
}

impl Policy for FreezeThaw {
    fn decide(&self, view: &View<'_>) -> Decision {
        if let Some((trial, to)) = self.quota.promote(view) {
            return Decision::Continue { trial, to };
        }
        if view.may_start()
            && view.trials.len() < STARTUP_TRIALS.max(view.space.first_points().len())
            && let Some(start) = self.begin(view)
        {
            return start;
        }
        if let Some(decision) = self.choose(view) {
            return decision;
        }
        if view.running > 0 {
            return Decision::Wait;
        }
        // Decide as in a study that may start nothing: the quotas round up, so no study ends without a complete trial.
        let last = View {
            trials_left: Some(0),
            ..*view
        };
        let promoted = self.quota.promote(&last);
        promoted.map_or(Decision::Finish, |(trial, to)| Decision::Continue { trial, to })
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.untried.observe(trial);
        self.history.observe(trial, &self.rungs);
        self.quota.observe(trial, view);
        self.gp.observe(trial);
        self.tpe.observe(trial);
    }

    fn rungs(&self) -> &[Samples] {
        &self.rungs
    }
}

/// The trials that the data or `more` refer to. Afterwards each datum refers to its trial by the index in this list.
fn members<'a>(view: &View<'a>, data: &mut [Datum], more: impl Iterator<Item = usize>) -> Vec<&'a Trial> {
    let numbers: BTreeSet<usize> = data.iter().map(|datum| datum.trial).chain(more).collect();
    let indices: HashMap<usize, usize> = numbers
        .iter()
        .enumerate()
        .map(|(index, &number)| (number, index))
        .collect();
    for datum in data {
        datum.trial = indices[&datum.trial];
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

/// A key for this decision within the study: it changes whenever a trial starts or continues or a segment ends.
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
