//! Converts trials into data for the regression.

use super::encoding::Encoding;
use crate::space::Space;
use crate::trials::{Status, Trial, View};
use crate::units::{Loss, Samples};

/// Inputs and losses, in the order of the trials.
#[derive(Clone, Debug)]
pub(super) struct Observations {
    /// The assignment of parameters to the axes of the inputs.
    pub(super) encoding: Encoding,
    /// The coordinates of each observation.
    pub(super) inputs: Vec<Vec<f64>>,
    /// The observed losses; infinite for a failed trial.
    pub(super) losses: Vec<f64>,
}

/// Observations of one trial at levels closer than this factor are nearly redundant: only the later one is used.
const LEVELS: u64 = 3;

/// Above this number, observations at earlier levels are left out: the cost of the regression grows with the cube.
const MOST: usize = 400;

impl Observations {
    /// The observations of earlier studies and of `trials`, the first trials of this study.
    ///
    /// A complete trial is observed at its end. If some trials are unfinished, every trial is observed at a few levels
    /// on its way, and the resource becomes an axis, so that unfinished trials can be used.
    pub(super) fn new(view: &View<'_>, trials: &[Trial]) -> Self {
        let is_unfinished = |trial: &Trial| trial.best_observation().is_some() && !is_complete(trial, view.max);
        let known = || view.past.iter().chain(trials);
        let with_resource = view.max > view.min && known().any(is_unfinished);
        let mut observations = Self {
            encoding: Encoding::new(view.space, with_resource),
            inputs: Vec::new(),
            losses: Vec::new(),
        };
        let levels = if with_resource { levels(view) } else { vec![] };
        for trial in known() {
            observations.add(view, trial, &levels);
        }
        if observations.losses.len() > MOST && with_resource {
            (observations.inputs, observations.losses) = (Vec::new(), Vec::new());
            for trial in known() {
                observations.add(view, trial, &[]);
            }
        }
        observations
    }

    /// At most `most` of the observations: the best ones up to half of `most`, and an even selection of the rest. The
    /// model must be exact near good configurations; elsewhere a part of the observations is enough.
    pub(super) fn thinned(self, most: usize) -> Self {
        let count = self.losses.len();
        if count <= most {
            return self;
        }
        let mut ranking: Vec<usize> = (0..count).collect();
        ranking.sort_by(|&left, &right| self.losses[left].total_cmp(&self.losses[right]).then(left.cmp(&right)));
        let (best, rest) = ranking.split_at(most / 2);
        let wanted = most - best.len();
        let others = (0..wanted).map(|number| rest[number * rest.len() / wanted]);
        let mut kept: Vec<usize> = best.iter().copied().chain(others).collect();
        kept.sort_unstable();
        Self {
            inputs: kept.iter().map(|&index| self.inputs[index].clone()).collect(),
            losses: kept.iter().map(|&index| self.losses[index]).collect(),
            encoding: self.encoding,
        }
    }

    fn add(&mut self, view: &View<'_>, trial: &Trial, levels: &[Samples]) {
        if trial.status == Status::Failed {
            self.push(view.space, trial, 0.0, Loss::WORST);
            return;
        }
        let Some(best) = trial.best_observation() else {
            return;
        };
        let last = if is_complete(trial, view.max) {
            view.max
        } else {
            trial
                .observations
                .iter()
                .map(|observation| observation.at)
                .max()
                .unwrap_or(view.max)
        };
        for &level in levels.iter().filter(|level| level.0.saturating_mul(LEVELS) <= last.0) {
            let until = trial.observations.iter().filter(|observation| observation.at <= level);
            if let Some(loss) = until.map(|observation| observation.loss).min() {
                self.push(view.space, trial, missing(view, level), loss);
            }
        }
        self.push(view.space, trial, missing(view, last), best.loss);
    }

    fn push(&mut self, space: &Space, trial: &Trial, missing: f64, loss: Loss) {
        self.inputs
            .push(self.encoding.coordinates(space, &trial.point, missing));
        self.losses.push(loss.get());
    }
}

fn is_complete(trial: &Trial, max: Samples) -> bool {
    match trial.status {
        Status::Completed => true,
        Status::Running { .. } | Status::Paused | Status::Stopped => trial.reached >= max,
        Status::Failed => false,
    }
}

/// Resource levels from the lowest on, each [`LEVELS`] times the one before.
fn levels(view: &View<'_>) -> Vec<Samples> {
    let next = |level: &Samples| Some(Samples(level.0.saturating_mul(LEVELS))).filter(|next| *next < view.max);
    std::iter::successors(Some(Samples(view.min.0.max(1))), next).collect()
}

/// The share of training that is missing at a level, on a logarithmic scale: 0 at the end, 1 at the lowest level.
pub(super) fn missing(view: &View<'_>, level: Samples) -> f64 {
    let logarithm = |samples: Samples| (samples.0.max(1) as f64).ln();
    let range = logarithm(view.max) - logarithm(view.min);
    if range <= 0.0 {
        return 0.0;
    }
    ((logarithm(view.max) - logarithm(level)) / range).clamp(0.0, 1.0)
}
