//! Bayesian optimisation with a Gaussian process (Garnett 2023, "Bayesian Optimization").
//!
//! A regression over the observations predicts every configuration's loss and how sure that is; proposed is the
//! configuration whose expected improvement on the best is largest. Begin reading at [`Gp`]; the regression
//! (`regression`, `kernel`, `fit`) knows nothing of trials and stands on `cholesky` and `minimise`.

mod acquisition;
mod cholesky;
mod encoding;
mod expected_improvement;
mod fit;
mod kernel;
mod minimise;
mod observations;
mod regression;
mod warp;

use std::cell::RefCell;
use std::collections::HashSet;

pub(crate) use encoding::Encoding;
pub(crate) use expected_improvement::{LogImprovement, log_expected_improvement};
pub(crate) use fit::fit;
pub(crate) use kernel::{Axis, Hyperparameters, Kernel};
pub(crate) use observations::Observations;
pub(crate) use regression::{Prediction, Regression};
pub(crate) use warp::warp;

use acquisition::{Acquisition, key};

use super::{Proposal, Searcher};
use crate::rng::{self, Fingerprint};
use crate::space::{Configuration, Space};
use crate::trials::{Status, Trial, View};

/// Bayesian optimisation with a Gaussian process.
#[derive(Debug, Default)]
pub struct Gp {
    /// The latest fit and the fingerprint of the observations that it was made for. It could be made again from them.
    fitted: RefCell<Option<(u64, Hyperparameters)>>,
}
fn knob(n: &str, d: f64) -> f64 { std::env::var(n).ok().and_then(|v| v.parse().ok()).unwrap_or(d) }

/// Trials before the model decides, at least and at most; between, as many as there are parameters.
const STARTUP: (usize, usize) = (6, 10);

/// Local searches begin around so many of the best trials.
const AROUND: usize = 5;

/// How long a prior is trusted: its exponent is this over the number of trials (Hvarfner et al. 2022, §4.1: a tenth of the budget; we know of 100 trials).
const PRIOR_TRIALS: f64 = 10.0;

impl Searcher for Gp {
    fn name(&self) -> &'static str {
        "gp"
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let startup = view.space.parameters().len().clamp(STARTUP.0, STARTUP.1);
        let judged = view.trials.iter().filter(|trial| trial.loss().is_some()).count();
        let configuration = if judged < 2 || view.trials.len() < startup {
            startup_configuration(view, attempt)
        } else {
            self.improve(view, attempt)
                .unwrap_or_else(|| startup_configuration(view, attempt))
        };
        Proposal {
            configuration,
            origin: self.name(),
        }
    }
}

impl Gp {
    /// The configuration that promises the largest improvement.
    fn improve(&self, view: &View<'_>, attempt: u32) -> Option<Configuration> {
        let observations = Observations::new(view, view.trials);
        let targets = warp(&observations.losses);
        let hyperparameters = self.hyperparameters(view);
        let mut hyperparameters = hyperparameters;
        hyperparameters
            .length_scales
            .resize(observations.encoding.axes().len(), 1.0);
        let kernel = Kernel::new(observations.encoding.axes(), &hyperparameters);
        let mut regression = Regression::new(kernel, observations.inputs, targets)?;

        let coordinates = |trial: &Trial| observations.encoding.coordinates(view.space, &trial.point, 0.0);
        let known: Vec<&Trial> = view.trials.iter().filter(|trial| trial.best().is_some()).collect();
        let places: Vec<Vec<f64>> = known.iter().map(|trial| coordinates(trial)).collect();
        let mut ranking: Vec<(f64, &Trial)> = regression
            .predict(&places)
            .iter()
            .zip(known)
            .map(|(prediction, trial)| (prediction.mean, trial))
            .collect();
        ranking.sort_by(|left, right| left.0.total_cmp(&right.0));
        let best = ranking.first()?.0;
        let around: Vec<&[Option<f64>]> = ranking.iter().take(AROUND).map(|(_, trial)| trial.point.as_slice()).collect();

        for trial in view.trials {
            if matches!(trial.status, Status::Running { .. }) {
                regression.believe(coordinates(trial));
            }
        }
        let tried: HashSet<Vec<u64>> = view.trials.iter().map(|trial| key(&coordinates(trial))).collect();
        let acquisition = Acquisition {
            space: view.space,
            encoding: &observations.encoding,
            regression: &regression,
            best,
            prior_weight: if view.space.has_prior() {
                PRIOR_TRIALS / view.trials.len() as f64
            } else {
                0.0
            },
            log_cost: &|_| 0.0,
            tried,
        };
        let mut rng = rng::stream(view.seed, "gp", &[view.trials.len() as u64, u64::from(attempt)]);
        acquisition.maximise(&around, &mut rng, attempt == 0)
    }

    /// Fitted to the trials before the latest milestone, so that a fit serves several proposals. What they have shown by now counts, so it is a function of the view.
    fn hyperparameters(&self, view: &View<'_>) -> Hyperparameters {
        let count = milestone(view.trials.len());
        let observations = Observations::new(view, &view.trials[..count]);
        let fingerprint = fingerprint(&observations);
        if let Some((known, hyperparameters)) = &*self.fitted.borrow()
            && *known == fingerprint
        {
            return hyperparameters.clone();
        }
        let targets = warp(&observations.losses);
        let hyperparameters = fit(observations.encoding.axes(), &observations.inputs, &targets);
        *self.fitted.borrow_mut() = Some((fingerprint, hyperparameters.clone()));
        hyperparameters
    }
}

/// The number of trials to which the model is fitted when there are `trials`: all while that is cheap, then a new fit
/// for every sixteenth more.
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

/// The trials before the model decides: the user's belief, then a latin hypercube.
fn startup_configuration(view: &View<'_>, attempt: u32) -> Configuration {
    let number = view.trials.len();
    let mut rng = rng::stream(view.seed, "gp startup", &[number as u64, u64::from(attempt)]);
    if view.space.has_prior() {
        return view.space.sample_prior(&mut rng);
    }
    let sobol = sobol(view.space, view.seed.0, number as u32 + 1000 * attempt);
    sobol.unwrap_or_else(|| view.space.sample(&mut rng))
}

/// A point of the scrambled Sobol sequence (Burley 2020), if it is feasible and the space is not too large for it.
fn sobol(space: &Space, seed: u64, number: u32) -> Option<Configuration> {
    let dimensions = space.parameters().len() as u32;
    if dimensions > sobol_burley::NUM_DIMENSIONS || number >= 1 << 16 {
        return None;
    }
    let unit: Vec<f64> = (0..dimensions)
        .map(|dimension| f64::from(sobol_burley::sample(number, dimension, seed as u32)))
        .collect();
    let configuration = space.decode(&unit);
    space.is_feasible(&configuration).then_some(configuration)
}
