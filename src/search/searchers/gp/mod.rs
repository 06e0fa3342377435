//! Bayesian optimisation with a Gaussian process (Garnett 2023, "Bayesian Optimization").
//!
//! A regression over the observations predicts the loss of every configuration, with its uncertainty. The configuration
//! with the largest expected improvement on the best is proposed. Begin reading at [`Gp`].
//!
//! `observations`, `encoding` and `warp` turn trials into numbers. `kernel`, `fit` and `regression` model these numbers
//! and do not depend on trials. `acquisition` searches for the next trial. `cholesky` and `minimise` provide the
//! numerics.

mod acquisition;
pub(crate) mod cholesky;
mod encoding;
mod expected_improvement;
mod fit;
pub(crate) mod kernel;
mod minimise;
mod observations;
mod regression;
mod startup;
mod warp;

use std::cell::RefCell;

use acquisition::{Acquisition, key};
use fit::fit;
use kernel::{Hyperparameters, Kernel};
use observations::Observations;
use regression::Regression;
use warp::{POWERS, warp};

use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::rng::{self, Fingerprint};
use crate::space::Configuration;
use crate::trials::{Status, Trial, View};

/// Bayesian optimisation with a Gaussian process.
#[derive(Debug, Default)]
pub struct Gp {
    /// The latest fit, with the fingerprint of its observations. It can be recomputed from them.
    fitted: RefCell<Option<(u64, Model)>>,
}

/// The result of a fit.
#[derive(Clone, Debug)]
struct Model {
    hyperparameters: Hyperparameters,
    /// The power of the transform of the losses.
    power: f64,
}

/// Most observations of the regression, whose cost grows with their cube.
const MOST_OBSERVATIONS: usize = 600;

/// Most observations of the fit, which runs dozens of regressions.
const MOST_FITTED: usize = 128;

/// Most running trials that the model takes into account, the newest: each slows down every later proposal.
const MOST_BELIEVED: usize = 128;

/// Number of the best observed trials among which the incumbent is sought.
const CONTENDERS: usize = 64;

/// Number of the best trials around which searches start.
const AROUND: usize = 5;

/// The exponent of a prior is this over the number of trials (Hvarfner et al. 2022, §5.1: a tenth of a budget of 100).
const PRIOR_TRUST: f64 = 10.0;

/// The same under a wall budget (a few dozen trials). With more, flat early results let the prior alone decide.
const SHORT_PRIOR_TRUST: f64 = 2.0;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "gp",
        aliases: &["bayes", "bayesian"],
        about: "models the metric by a Gaussian process: Bayesian optimization",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Gp::default()),
    several: Several::Scalarised,
};

impl Searcher for Gp {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let observed = view.known().filter(|trial| trial.best_observation().is_some()).count();
        let improved = if observed < 2 || view.known().count() < startup::trials(view.space) {
            None
        } else {
            self.improve(view, attempt)
        };
        Proposal {
            configuration: improved.unwrap_or_else(|| startup::configuration(view, attempt)),
            origin: self.name(),
        }
    }
}

impl Gp {
    /// The configuration with the largest expected improvement.
    fn improve(&self, view: &View<'_>, attempt: u32) -> Option<Configuration> {
        let observations = Observations::new(view, view.trials).thinned(MOST_OBSERVATIONS);
        let encoding = &observations.encoding;
        let model = self.model(view, encoding.axes().len());
        let kernel = Kernel::new(encoding.axes(), &model.hyperparameters);
        let targets = warp(&observations.losses, model.power).targets;
        let mut regression = Regression::new(kernel, observations.inputs, targets)?;

        let coordinates = |trial: &Trial| encoding.coordinates(view.space, &trial.point, 0.0);
        let ranking = ranking(view.known(), &regression, coordinates);
        let mut best = ranking.first()?.0;
        let around: Vec<&[Option<f64>]> = ranking
            .iter()
            .take(AROUND)
            .map(|(_, trial)| trial.point.as_slice())
            .collect();
        let running = view.trials.iter();
        let running = running.filter(|trial| matches!(trial.status, Status::Running { .. }));
        let older = running.clone().count().saturating_sub(MOST_BELIEVED);
        for trial in running.skip(older) {
            best = best.min(regression.believe(coordinates(trial)));
        }
        let cooling = cooling(view);
        let log_cost = |configuration: &Configuration| {
            if cooling == 0.0 {
                return 0.0;
            }
            cooling
                * (view.cost)(configuration, view.min, view.max)
                    .max(f64::MIN_POSITIVE)
                    .ln()
        };
        let acquisition = Acquisition {
            space: view.space,
            encoding,
            regression: &regression,
            best: best - ambition(view.trials),
            prior_weight: if view.space.has_prior() {
                let trust = if view.horizon.is_some() {
                    SHORT_PRIOR_TRUST
                } else {
                    PRIOR_TRUST
                };
                trust / view.known().count() as f64
            } else {
                0.0
            },
            log_cost: &log_cost,
            tried: view.trials.iter().map(|trial| key(&coordinates(trial))).collect(),
        };
        let mut rng = rng::stream(view.seed, "gp", &[view.trials.len() as u64, u64::from(attempt)]);
        // A redraw means that the best proposal cannot be used: then any other good one is enough.
        acquisition.maximise(&around, &mut rng, attempt == 0)
    }

    /// A model with this many axes, fitted to the trials before the latest milestone, so that one fit serves several
    /// proposals. It uses everything that those trials have shown by now, which makes it a function of the view.
    fn model(&self, view: &View<'_>, axes: usize) -> Model {
        let observations = Observations::new(view, &view.trials[..milestone(view.trials.len())]);
        let fingerprint = fingerprint(&observations);
        let known = self.fitted.borrow().clone();
        let mut model = match known {
            Some((known, model)) if known == fingerprint => model,
            Some(_) | None => {
                let model = fitted(&observations.thinned(MOST_FITTED));
                *self.fitted.borrow_mut() = Some((fingerprint, model.clone()));
                model
            }
        };
        // The first unfinished trial may have come after the milestone, and with it the resource axis.
        let Hyperparameters { joint, additive, .. } = &mut model.hyperparameters;
        joint.length_scales.resize(axes, 1.0);
        additive.length_scales.resize(axes, 1.0);
        model
    }
}

/// The likeliest model among all powers.
fn fitted(observations: &Observations) -> Model {
    let models = POWERS.map(|power| {
        let warped = warp(&observations.losses, power);
        let axes = observations.encoding.axes();
        let (hyperparameters, value) = fit(axes, &observations.inputs, &warped.targets);
        (value - warped.log_jacobian, Model { hyperparameters, power })
    });
    let [first, others @ ..] = models;
    let likelier = |best: (f64, Model), other: (f64, Model)| if other.0 < best.0 { other } else { best };
    others.into_iter().fold(first, likelier).1
}

/// Number of trials without an improvement after which the search explores further.
const PATIENCE: usize = 5;

/// The required improvement on the best when exploring, in standard deviations of the targets.
const AMBITION: f64 = 0.1;

/// The amount by which a trial must beat the best to count as an improvement: 0 while the search makes progress. After
/// some trials without progress, every other trial requires more than the little that a plateau around the incumbent
/// promises (Jones 2001, §5, on targets below the best).
fn ambition(trials: &[Trial]) -> f64 {
    let losses = trials
        .iter()
        .filter_map(|trial| Some((trial.best_observation()?.loss, trial.id)));
    let since = losses.min().map_or(0, |(_, id)| trials.len() - id.index());
    if since > PATIENCE && trials.len() % 2 == 1 {
        AMBITION
    } else {
        0.0
    }
}

/// The most promising trials with their predictions for complete training: noise is smoothed out, and unfinished trials
/// are extrapolated to their end.
fn ranking<'a>(
    trials: impl Iterator<Item = &'a Trial>,
    regression: &Regression,
    coordinates: impl Fn(&Trial) -> Vec<f64>,
) -> Vec<(f64, &'a Trial)> {
    let known = trials.filter(|trial| trial.status != Status::Failed);
    let mut known: Vec<_> = known
        .filter_map(|trial| trial.best_observation().map(|best| (best.loss, trial)))
        .collect();
    known.sort_by_key(|&(loss, trial)| (loss, trial.id));
    known.truncate(CONTENDERS);
    let points: Vec<Vec<f64>> = known.iter().map(|(_, trial)| coordinates(trial)).collect();
    let predicted = regression.predict(&points).into_iter().zip(known);
    let mut ranking: Vec<(f64, &Trial)> = predicted
        .map(|(prediction, (_, trial))| (prediction.mean, trial))
        .collect();
    ranking.sort_by(|left, right| left.0.total_cmp(&right.0));
    ranking
}

/// The power of the predicted cost by which improvements are divided: the share of the budget that is left, so that
/// cheap trials come first (Lee et al. 2020, "Cost-aware Bayesian optimization", §3.2).
///
/// It is 0 without a budget of training. Under a budget of trials, a cheap trial counts as much as an expensive one.
/// Dividing by costs would only draw the search to cheap and poor trials, such as models that train nothing but their
/// head.
fn cooling(view: &View<'_>) -> f64 {
    let Some(budget) = view.budget else { return 0.0 };
    let left = 1.0 - view.spent().0 as f64 / budget.0.max(1) as f64;
    left.clamp(0.0, 1.0)
}

/// The number of trials to which the model is fitted when there are `trials`: all of them while that is cheap, then a
/// new fit whenever their number has grown by about a sixteenth.
fn milestone(trials: usize) -> usize {
    const ALWAYS: usize = 64;
    const SHARE: usize = 16;
    if trials <= ALWAYS {
        return trials;
    }
    trials - trials % (trials / SHARE)
}

fn fingerprint(observations: &Observations) -> u64 {
    let mut fingerprint = Fingerprint::new();
    for (input, loss) in observations.inputs.iter().zip(&observations.losses) {
        for coordinate in input.iter().chain([loss]) {
            fingerprint.number(coordinate.to_bits());
        }
    }
    fingerprint.finish()
}

#[cfg(test)]
mod tests;
