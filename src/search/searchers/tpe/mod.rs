//! Multivariate tree-structured Parzen estimator (Bergstra et al. 2011, §4; Falkner et al. 2018, §3; Watanabe 2023).
//!
//! Trials are split into the best few and the rest ([`split`]). For every group of parameters that are active together
//! ([`groups`]), each part becomes a density over the unit cube ([`parzen`], from kernels along each [`axis`]). Several
//! configurations are drawn from the good densities, and the feasible one with the largest ratio of good to bad is
//! proposed. Running and failed trials count as bad, so that parallel workers spread out and failing regions are
//! avoided.

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

/// Trials before there is a model. Optuna takes 10 independent draws, hyperopt 20. This many points of a Sobol sequence
/// cover every eighth of every axis (Owen 1995), and a later start of the model did no better.
const STARTUP_TRIALS: usize = 8;

/// Number of draws from the good density that compete (Bergstra et al. 2011, §5; Optuna's and hyperopt's default).
const CANDIDATES: usize = 24;

/// Draws per candidate, so that some of them satisfy the constraints.
const DRAWS: usize = 10;

/// The multivariate tree-structured Parzen estimator. It starts with the middle of the space and Sobol points.
#[derive(Clone, Debug, Default)]
pub struct Tpe {
    startup: Sobol,
}

/// The registry entry.
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
            // A prior may be wrong, so it gets every second of the first trials (Mallik et al. 2023, §5, start with
            // equal shares).
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

/// The model of good and bad configurations: a density of each for every group of parameters.
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

    /// The best of some candidates: the one with the largest ratio of the densities, which has the largest expected
    /// improvement (Bergstra et al. 2011, §4.1).
    fn propose(&self, candidates: usize, rng: &mut Rng) -> Configuration {
        let (points, mut configurations) = self.candidates(candidates, rng);
        let scores = self.scores(&points);
        let best = (0..scores.len()).max_by(|&left, &right| scores[left].total_cmp(&scores[right]));
        best.map_or_else(|| self.space.sample(rng), |best| configurations.swap_remove(best))
    }

    /// The log ratio of the good to the bad density at every point.
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

    /// Feasible draws from the good densities, with the points of their decoded values.
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
