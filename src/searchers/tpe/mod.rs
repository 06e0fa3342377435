//! The tree-structured Parzen estimator, multivariate (Bergstra et al. 2011, §4; Falkner et al. 2018, §3; Watanabe 2023).
//!
//! Trials are split into the best few and the rest ([`split`]); for every group of parameters that are active together
//! ([`groups`]) each part becomes a density over the unit cube ([`parzen`], from kernels along each [`axis`]). Of some draws
//! from the good densities, the feasible one with the largest ratio of good to bad is proposed. Running and failed trials
//! count as bad, so that parallel workers spread out and what fails is left alone.

mod axis;
mod groups;
mod normal;
mod parzen;
mod split;

use groups::{Group, groups};
use parzen::Parzen;
use split::{Split, split};

use super::middle::middle;
use super::{Entry, Info, Needs, Proposal, Searcher, Several, Sobol};
use crate::rng::{self, Rng};
use crate::space::{Configuration, Space};
use crate::trials::{Trial, View};

/// Trials before there is a model. Optuna takes 10 independent draws, hyperopt 20; so many points of a Sobol sequence fill
/// every eighth of every axis (Owen 1995), and a model from there on did no worse at any later count.
const STARTUP_TRIALS: usize = 8;

/// Draws from the good density that compete (Bergstra et al. 2011, §5; Optuna's and hyperopt's default).
const CANDIDATES: usize = 24;

/// Draws for each candidate wanted, so that constraints leave some.
const DRAWS: usize = 10;

/// The multivariate tree-structured Parzen estimator. The first trials are the middle of the space and points of the Sobol sequence.
#[derive(Clone, Debug, Default)]
pub struct Tpe {
    startup: Sobol,
}

/// Its line in the registry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "tpe",
        aliases: &[],
        about: "models good and bad trials by densities: the tree-structured Parzen estimator",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Tpe::default()),
    several: Several::Scalarised,
};

impl Searcher for Tpe {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let number = view.trials.len() as u64;
        let mut rng = rng::stream(view.seed, "tpe", &[number, u64::from(attempt)]);
        let known: Vec<&Trial> = view.known().collect();
        let judged = known.iter().filter(|trial| trial.loss().is_some());
        if judged.take(STARTUP_TRIALS).count() < STARTUP_TRIALS {
            // A prior may be wrong: it gets every second trial of the first ones (Mallik et al. 2023, §5, begin with equal shares).
            if view.space.has_prior() && number.is_multiple_of(2) {
                return Proposal {
                    configuration: view.space.sample_prior(&mut rng),
                    origin: "prior",
                };
            }
            if known.is_empty()
                && attempt == 0
                && let Some(configuration) = middle(view.space, &mut rng)
            {
                return Proposal {
                    configuration,
                    origin: self.name(),
                };
            }
            return self.startup.propose(view, attempt);
        }
        let groups = groups(view.space);
        let model = Model::fit(view.space, &groups, &split(&known));
        Proposal {
            configuration: model.propose(CANDIDATES, &mut rng),
            origin: self.name(),
        }
    }
}

/// What good and bad configurations look like: a density of each for every group of parameters.
struct Model<'a> {
    space: &'a Space,
    good: Vec<Parzen<'a>>,
    bad: Vec<Parzen<'a>>,
}

impl<'a> Model<'a> {
    fn fit(space: &'a Space, groups: &'a [Group], split: &Split<'_>) -> Self {
        let density = |samples, has_prior| {
            let of_group = |group| Parzen::fit(space, group, samples, has_prior);
            groups.iter().map(of_group).collect()
        };
        Self {
            space,
            good: density(&split.good, true),
            // A prior in both densities would cancel out.
            bad: density(&split.bad, false),
        }
    }

    /// The best of some candidates: the largest ratio of the densities, which is the largest expected improvement
    /// (Bergstra et al. 2011, §4.1).
    fn propose(&self, candidates: usize, rng: &mut Rng) -> Configuration {
        let (points, mut configurations) = self.candidates(candidates, rng);
        let scores = self.scores(&points);
        let best = (0..scores.len()).max_by(|&left, &right| scores[left].total_cmp(&scores[right]));
        best.map_or_else(|| self.space.sample(rng), |best| configurations.swap_remove(best))
    }

    /// The logarithm of the ratio of good to bad at every point.
    fn scores(&self, points: &[Vec<Option<f64>>]) -> Vec<f64> {
        let mut scores = vec![0.0; points.len()];
        for density in &self.good {
            density.add_log_densities(points, 1.0, &mut scores);
        }
        for density in &self.bad {
            density.add_log_densities(points, -1.0, &mut scores);
        }
        scores
    }

    /// Feasible draws from the good densities, with the points that their decoded values stand for.
    fn candidates(&self, count: usize, rng: &mut Rng) -> (Vec<Vec<Option<f64>>>, Vec<Configuration>) {
        let mut found = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut unit = vec![0.5; self.space.parameters().len()];
        for _ in 0..count * DRAWS {
            if found.0.len() == count {
                break;
            }
            for density in &self.good {
                density.sample(&mut unit, rng);
            }
            let configuration = self.space.decode(&unit);
            if self.space.is_feasible(&configuration)
                && let Some(point) = self.space.encode(&configuration)
            {
                found.0.push(point);
                found.1.push(configuration);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
