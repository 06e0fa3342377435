//! Maximises the acquisition function in spaces of every kind. It first takes random draws, then improves the best of
//! them: by gradient ascent in continuous parameters, and by steps to neighbours in the others.
//!
//! Every point is evaluated at its decoded configuration, so that whole numbers and choices have their actual effect
//! (Garrido-Merchán & Hernández-Lobato 2020, §3.2).

use std::collections::HashSet;

use rand::RngExt as _;

use super::encoding::Encoding;
use super::expected_improvement::log_expected_improvement;
use super::minimise::{Effort, minimise};
use super::regression::Regression;
use crate::rng::Rng;
use crate::space::{Configuration, Shape, Space};

/// The function to maximise: the log expected improvement plus the weighted log prior, less the log cost.
pub(super) struct Acquisition<'a> {
    pub(super) space: &'a Space,
    pub(super) encoding: &'a Encoding,
    pub(super) regression: &'a Regression,
    /// The loss to improve on.
    pub(super) best: f64,
    /// The weight of the user's prior (Hvarfner et al. 2022, equation 6).
    pub(super) prior_weight: f64,
    /// The logarithm of a configuration's cost to some power; it is subtracted.
    pub(super) log_cost: &'a dyn Fn(&Configuration) -> f64,
    /// Coordinates of configurations that were already tried, which are not proposed again.
    pub(super) tried: HashSet<Vec<u64>>,
}

/// A candidate for the proposal.
#[derive(Clone, Debug)]
struct Candidate {
    /// Its coordinate for every parameter, active or not.
    unit: Vec<f64>,
    point: Vec<Option<f64>>,
    coordinates: Vec<f64>,
    configuration: Configuration,
}

/// A key that is equal exactly for equal coordinates.
pub(super) fn key(coordinates: &[f64]) -> Vec<u64> {
    coordinates.iter().map(|coordinate| coordinate.to_bits()).collect()
}

/// Number of draws while there are few observations: half over the whole space, half around the best trials.
const DRAWS: usize = 512;

/// Upper limit on draws times observations: the cost of a prediction grows with both.
const WORK: usize = 100_000;

/// Number of the best draws from which ascents start.
const ASCENTS: usize = 4;

/// Ordered parameters with more values than this are improved along the gradient first.
const FINE: u64 = 12;

const EFFORT: Effort = Effort {
    steps: 20,
    tolerance: 1e-4,
};

/// Rounds of gradient ascent and neighbour search in one ascent.
const ROUNDS: usize = 4;

impl Acquisition<'_> {
    /// The best configuration found; `None` if no untried one was drawn. `around` are points of the best trials.
    pub(super) fn maximise(&self, around: &[&[Option<f64>]], rng: &mut Rng, climbs: bool) -> Option<Configuration> {
        let mut ranked = self.judge(self.draw(around, rng));
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        ranked.truncate(if climbs { ASCENTS } else { 1 });
        if climbs {
            for entry in &mut ranked {
                *entry = self.climb(entry.clone(), rng);
            }
        }
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        ranked.into_iter().next().map(|(_, candidate)| candidate.configuration)
    }

    fn draw(&self, around: &[&[Option<f64>]], rng: &mut Rng) -> Vec<Candidate> {
        let mut candidates = Vec::with_capacity(DRAWS);
        let draws = DRAWS.min(WORK / self.regression.observations().max(1)) / 2;
        for number in 0..draws {
            let configuration = if self.prior_weight > 0.0 && number % 2 == 0 {
                self.space.sample_prior(rng)
            } else {
                self.space.sample(rng)
            };
            candidates.extend(self.candidate_of(configuration));
        }
        for number in 0..draws {
            let Some(centre) = around.get(number % around.len().max(1)) else {
                break;
            };
            let unit = self.perturbed(centre, rng);
            candidates.extend(self.candidate(&unit));
        }
        candidates
    }

    /// A point near `centre`: some coordinates move by a step of random size, some values are redrawn.
    fn perturbed(&self, centre: &[Option<f64>], rng: &mut Rng) -> Vec<f64> {
        let count = self.encoding.parameters().len().max(1);
        let width = 0.3 * 0.5_f64.powi(rng.random_range(0..6));
        // Few coordinates at a time in large spaces (Regis & Shoemaker 2013, DYCORS), but at least one.
        let share = (f64::from(rng.random_range(1..=4_u32)) / count as f64).min(1.0);
        let certain = self.encoding.parameters()[rng.random_range(0..count)];
        let mut unit: Vec<f64> = centre
            .iter()
            .map(|position| position.unwrap_or_else(|| rng.random()))
            .collect();
        for &index in self.encoding.parameters() {
            if index != certain && rng.random::<f64>() > share {
                continue;
            }
            match self.space.parameters()[index].domain.shape() {
                Shape::Unordered { .. } => unit[index] = rng.random(),
                Shape::Constant => {}
                Shape::Continuous | Shape::Ordered { .. } => {
                    // A sum of four uniform numbers is nearly normal; this scale makes its standard deviation 1.
                    let step = (0..4).map(|_| rng.random::<f64>() - 0.5).sum::<f64>() * 3.0_f64.sqrt();
                    let moved = unit[index] + width * step;
                    unit[index] = moved.clamp(0.0, 1.0);
                }
            }
        }
        unit
    }

    fn candidate(&self, unit: &[f64]) -> Option<Candidate> {
        self.candidate_at(unit, self.space.decode(unit))
    }

    fn candidate_of(&self, configuration: Configuration) -> Option<Candidate> {
        self.candidate_at(&[], configuration)
    }

    fn candidate_at(&self, unit: &[f64], configuration: Configuration) -> Option<Candidate> {
        if !self.space.is_feasible(&configuration) {
            return None;
        }
        let point = self.space.encode(&configuration)?;
        let coordinates = self.encoding.coordinates(self.space, &point, 0.0);
        if self.tried.contains(&key(&coordinates)) {
            return None;
        }
        let positions = point.iter().enumerate();
        let unit = positions
            .map(|(index, position)| position.or(unit.get(index).copied()).unwrap_or(0.5))
            .collect();
        Some(Candidate {
            unit,
            point,
            coordinates,
            configuration,
        })
    }

    /// Pairs every candidate with its acquisition value.
    fn judge(&self, candidates: Vec<Candidate>) -> Vec<(f64, Candidate)> {
        let coordinates: Vec<Vec<f64>> = candidates
            .iter()
            .map(|candidate| candidate.coordinates.clone())
            .collect();
        let predictions = self.regression.predict(&coordinates);
        let judged = predictions.into_iter().zip(candidates);
        judged
            .map(|(prediction, candidate)| {
                let improvement = log_expected_improvement(prediction, self.best).value;
                let prior = self.log_prior(&candidate.point);
                (
                    improvement + prior - (self.log_cost)(&candidate.configuration),
                    candidate,
                )
            })
            .collect()
    }

    fn log_prior(&self, point: &[Option<f64>]) -> f64 {
        if self.prior_weight > 0.0 {
            self.prior_weight * self.space.log_prior(point)
        } else {
            0.0
        }
    }

    /// Improves a candidate by gradients and neighbours until neither helps.
    fn climb(&self, start: (f64, Candidate), rng: &mut Rng) -> (f64, Candidate) {
        let mut best = start;
        for _ in 0..ROUNDS {
            let before = best.0;
            if let Some(higher) = self.ascend(&best.1)
                && higher.0 > best.0
            {
                best = higher;
            }
            let neighbours = self.neighbours(&best.1, rng);
            if let Some(higher) = self.judge(neighbours).into_iter().max_by(|l, r| l.0.total_cmp(&r.0))
                && higher.0 > best.0
            {
                best = higher;
            }
            if best.0 - before < EFFORT.tolerance {
                break;
            }
        }
        best
    }

    /// Follows the gradient over the active numbers with many values.
    fn ascend(&self, from: &Candidate) -> Option<(f64, Candidate)> {
        let parameters = self.encoding.parameters();
        let moving: Vec<usize> = (0..parameters.len())
            .filter(|&axis| {
                let index = parameters[axis];
                from.point[index].is_some()
                    && match self.space.parameters()[index].domain.shape() {
                        Shape::Continuous => true,
                        Shape::Ordered { count } => count > FINE,
                        Shape::Constant | Shape::Unordered { .. } => false,
                    }
            })
            .collect();
        if moving.is_empty() {
            return None;
        }
        let start: Vec<f64> = moving.iter().map(|&axis| from.coordinates[axis]).collect();
        let bounds = vec![(0.0, 1.0); moving.len()];
        let mut coordinates = from.coordinates.clone();
        let mut point = from.point.clone();
        let (end, _) = minimise(&start, &bounds, EFFORT, |positions| {
            for (&axis, &position) in moving.iter().zip(positions) {
                coordinates[axis] = position;
                point[parameters[axis]] = Some(position);
            }
            let (prediction, by_mean, by_variance) = self.regression.predict_with_gradients(&coordinates);
            let improvement = log_expected_improvement(prediction, self.best);
            let mut gradient: Vec<f64> = moving
                .iter()
                .map(|&axis| -improvement.by_mean * by_mean[axis] - improvement.by_variance * by_variance[axis])
                .collect();
            if self.prior_weight > 0.0 {
                for (slope, &axis) in gradient.iter_mut().zip(&moving) {
                    *slope -= self.prior_slope(&mut point, parameters[axis]);
                }
            }
            let value = -improvement.value - self.log_prior(&point);
            value.is_finite().then_some((value, gradient))
        })?;
        let mut unit = from.unit.clone();
        for (&axis, &position) in moving.iter().zip(&end) {
            unit[parameters[axis]] = position;
        }
        let judged = self.judge(self.candidate(&unit).into_iter().collect());
        judged.into_iter().next()
    }

    /// The derivative of the weighted log prior along one parameter, by a finite difference.
    fn prior_slope(&self, point: &mut [Option<f64>], index: usize) -> f64 {
        const STEP: f64 = 1e-5;
        let position = point[index];
        let mut at = |moved: f64| {
            point[index] = position.map(|position| position + moved);
            self.log_prior(point)
        };
        let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        point[index] = position;
        slope
    }

    /// Candidates that differ from `from` in one parameter, by a neighbouring value.
    fn neighbours(&self, from: &Candidate, rng: &mut Rng) -> Vec<Candidate> {
        /// Choices with more values than this are sampled.
        const MOST_VALUES: u64 = 16;
        let mut neighbours = Vec::new();
        for &index in self.encoding.parameters() {
            let Some(position) = from.point[index] else {
                continue;
            };
            let domain = &self.space.parameters()[index].domain;
            let number = domain.number_at(position);
            let numbers: Vec<u64> = match domain.shape() {
                Shape::Constant | Shape::Continuous => continue,
                Shape::Unordered { count } if count > MOST_VALUES => {
                    (0..MOST_VALUES).map(|_| rng.random_range(0..count)).collect()
                }
                Shape::Unordered { count } => (0..count).collect(),
                Shape::Ordered { count } => (0..5)
                    .flat_map(|power| [number.checked_sub(1 << power), number.checked_add(1 << power)])
                    .flatten()
                    .filter(|&other| other < count)
                    .collect(),
            };
            for other in numbers.into_iter().filter(|&other| other != number) {
                let share = domain.share(other);
                let mut unit = from.unit.clone();
                unit[index] = 0.5 * (share.start + share.end);
                neighbours.extend(self.candidate(&unit));
            }
        }
        neighbours
    }
}
