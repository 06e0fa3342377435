//! A Gaussian process over learning curves: fitted to all observations, predicts the value of a trial at any level.

use super::kernel::{
    self, Axis, COMMON_DECAY, DECAY, FINAL, Hyperparameters, LENGTHS, NOISE, OFFSET, OWN_DECAY, OWN_FINAL, POWER,
};
use crate::searchers::gp::cholesky::{Cholesky, dot};
use crate::searchers::gp::kernel::matern;

/// The loss of one trial at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Datum {
    /// Index of the trial among the points.
    pub(super) trial: usize,
    /// The resource level, in units of the smallest.
    pub(super) level: f64,
    /// The target: smaller is better, variance is about one.
    pub(super) target: f64,
}

/// A normal prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Belief {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// A trial's point in the unit cube; `None` where a parameter is inactive.
pub(super) type Point = Vec<Option<f64>>;

/// The process conditioned on data.
pub(super) struct Model<'a> {
    hyperparameters: &'a Hyperparameters,
    axes: &'a [Axis],
    points: &'a [Point],
    data: Vec<Datum>,
    factor: Cholesky,
    weights: Vec<f64>,
}

impl<'a> Model<'a> {
    /// Conditions the process on data; `None` if that is numerically impossible.
    pub(super) fn new(
        hyperparameters: &'a Hyperparameters,
        axes: &'a [Axis],
        points: &'a [Point],
        data: Vec<Datum>,
    ) -> Option<Self> {
        let near = Nearness::new(hyperparameters, &Differences::new(axes, points));
        let factor = Cholesky::factor(data.len(), covariance(hyperparameters, &near, &data))?;
        let mut weights: Vec<f64> = data.iter().map(|datum| datum.target).collect();
        factor.solve_lower(&mut weights);
        factor.solve_upper(&mut weights);
        Some(Self {
            hyperparameters,
            axes,
            points,
            data,
            factor,
            weights,
        })
    }

    /// Adds the expected result of a running trial at the end of its segment: its predicted mean (the "kriging
    /// believer" of Ginsbourger et al. 2010, §2.2.1). No other mean changes, and the uncertainty of the neighbours
    /// shrinks.
    pub(super) fn believe(&mut self, trial: usize, level: f64) {
        let mut row = self.covariances(&self.points[trial], Some(trial), level);
        let mean = dot(&row, &self.weights);
        let variance = self.variance(level, true) + self.hyperparameters.at(NOISE);
        row.push(variance);
        if self.factor.append(&row).is_some() {
            self.data.push(Datum {
                trial,
                level,
                target: mean,
            });
            self.weights.push(0.0);
        }
    }

    /// Predicts the value at a level of a trial, or of an untried configuration.
    pub(super) fn predict(&self, point: &[Option<f64>], trial: Option<usize>, level: f64) -> Belief {
        let row = self.covariances(point, trial, level);
        let mean = dot(&row, &self.weights);
        let mut solved = row;
        self.factor.solve_lower(&mut solved);
        let variance = self.variance(level, true) - dot(&solved, &solved);
        Belief {
            mean,
            deviation: variance.max(1e-12).sqrt(),
        }
    }

    fn variance(&self, level: f64, is_same_trial: bool) -> f64 {
        let decay = self.hyperparameters.decay(level, level);
        self.hyperparameters.covariance(1.0, decay, is_same_trial)
    }

    /// Covariances of an observation with all data.
    fn covariances(&self, point: &[Option<f64>], trial: Option<usize>, level: f64) -> Vec<f64> {
        let hyperparameters = self.hyperparameters;
        let near: Vec<f64> = self
            .points
            .iter()
            .map(|other| matern(hyperparameters.distance(&kernel::differences(self.axes, point, other))).0)
            .collect();
        self.data
            .iter()
            .map(|datum| {
                let decay = hyperparameters.decay(level, datum.level);
                hyperparameters.covariance(near[datum.trial], decay, trial == Some(datum.trial))
            })
            .collect()
    }
}

/// The most probable hyperparameters, by gradient ascent from the mode of their prior.
///
/// The method is resilient back-propagation without weight backtracking (Igel & Hüsken 2000; Blum & Riedmiller 2013 for
/// Gaussian processes). It needs no line search and no step size.
pub(super) fn fit(axes: &[Axis], points: &[Point], data: &[Datum]) -> Hyperparameters {
    /// Enough to converge; a few dozen suffice for a dozen hyperparameters (Blum & Riedmiller 2013, §3).
    const STEPS: usize = 30;
    /// Largest change per step of a hyperparameter's logarithm.
    const LONGEST: f64 = 0.7;
    let differences = Differences::new(axes, points);
    let mut current = Hyperparameters::prior(axes.len());
    let mut best = (f64::NEG_INFINITY, current.clone());
    let mut logarithms = current.logarithms().to_vec();
    let mut lengths = vec![0.2; logarithms.len()];
    let mut previous = vec![0.0; logarithms.len()];
    for _ in 0..STEPS {
        let Some((value, mut slopes)) = posterior(&current, &differences, data) else {
            break;
        };
        if value > best.0 {
            best = (value, current.clone());
        }
        for (index, slope) in slopes.iter_mut().enumerate() {
            let agreement = *slope * previous[index];
            if agreement > 0.0 {
                lengths[index] = (lengths[index] * 1.2f64).min(LONGEST);
            } else if agreement < 0.0 {
                lengths[index] *= 0.5;
                *slope = 0.0;
            }
            if *slope != 0.0 {
                logarithms[index] += slope.signum() * lengths[index];
            }
        }
        previous = slopes;
        current = Hyperparameters::new(logarithms.clone());
    }
    best.1
}

/// The log posterior density of hyperparameters and its derivatives (Rasmussen & Williams 2006, equations 5.8 and 5.9).
fn posterior(hyperparameters: &Hyperparameters, differences: &Differences, data: &[Datum]) -> Option<(f64, Vec<f64>)> {
    let near = Nearness::new(hyperparameters, differences);
    let factor = Cholesky::factor(data.len(), covariance(hyperparameters, &near, data))?;
    let targets: Vec<f64> = data.iter().map(|datum| datum.target).collect();
    let mut weights = targets.clone();
    factor.solve_lower(&mut weights);
    factor.solve_upper(&mut weights);
    let inverse = factor.inverse();
    let (log_prior, mut slopes) = hyperparameters.log_prior();
    let value = log_prior - 0.5 * dot(&targets, &weights) - factor.half_log_determinant();

    let value_of = |index| hyperparameters.at(index);
    let (power, offset) = (value_of(POWER), value_of(OFFSET));
    // Derivative with respect to the Matérn value of each pair of trials.
    let mut by_pair = vec![0.0; near.0.len()];
    for (i, left) in data.iter().enumerate() {
        for (j, right) in data.iter().enumerate().take(i + 1) {
            // An entry off the diagonal counts twice.
            let weight = (weights[i] * weights[j] - inverse[index(i, j)]) * if i == j { 0.5 } else { 1.0 };
            let sum = left.level + right.level;
            let decay = hyperparameters.decay(left.level, right.level);
            let pair = index(left.trial, right.trial);
            let near = near.0[pair];
            let is_same = left.trial == right.trial;
            slopes[FINAL] += weight * value_of(FINAL) * near;
            slopes[DECAY] += weight * value_of(DECAY) * near * decay;
            slopes[COMMON_DECAY] += weight * value_of(COMMON_DECAY) * decay;
            if is_same {
                slopes[OWN_FINAL] += weight * value_of(OWN_FINAL);
                slopes[OWN_DECAY] += weight * value_of(OWN_DECAY) * decay;
            } else {
                by_pair[pair] += weight * (value_of(FINAL) + value_of(DECAY) * decay);
            }
            if i == j {
                slopes[NOISE] += weight * value_of(NOISE);
            }
            let own = if is_same { value_of(OWN_DECAY) } else { 0.0 };
            let decaying = weight * decay * (value_of(COMMON_DECAY) + value_of(DECAY) * near + own);
            slopes[POWER] -= decaying * power * (sum / offset).ln_1p();
            slopes[OFFSET] += decaying * power * sum / (offset + sum);
        }
    }
    for (pair, weight) in by_pair.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
        let squares = &differences.0[pair];
        let by_distance = weight * matern(hyperparameters.distance(squares)).1;
        for (coordinate, square) in squares.iter().enumerate() {
            let scale = hyperparameters.at(LENGTHS + coordinate);
            slopes[LENGTHS + coordinate] += by_distance * 2.0 * scale * scale * square;
        }
    }
    Some((value, slopes))
}

/// Squared differences of all pairs of points, by coordinate.
struct Differences(Vec<Vec<f64>>);

/// Matérn values of all pairs of points.
struct Nearness(Vec<f64>);

impl Differences {
    fn new(axes: &[Axis], points: &[Point]) -> Self {
        let rows = points.iter().enumerate();
        Self(
            rows.flat_map(|(i, left)| {
                points[..=i]
                    .iter()
                    .map(move |right| kernel::differences(axes, left, right))
            })
            .collect(),
        )
    }
}

impl Nearness {
    fn new(hyperparameters: &Hyperparameters, differences: &Differences) -> Self {
        let distances = differences.0.iter().map(|squares| hyperparameters.distance(squares));
        Self(distances.map(|distance| matern(distance).0).collect())
    }
}

/// Index of a pair in a packed lower triangle.
fn index(left: usize, right: usize) -> usize {
    let (low, high) = (left.min(right), left.max(right));
    high * (high + 1) / 2 + low
}

/// The lower triangle of the covariance of data, packed by rows, noise included.
fn covariance(hyperparameters: &Hyperparameters, near: &Nearness, data: &[Datum]) -> Vec<f64> {
    /// Keeps the matrix invertible where observations repeat.
    const JITTER: f64 = 1e-3;
    let noise = hyperparameters.at(NOISE) + JITTER;
    let rows = data.iter().enumerate();
    rows.flat_map(|(i, left)| {
        let mut row: Vec<f64> = data[..=i]
            .iter()
            .map(|right| {
                let decay = hyperparameters.decay(left.level, right.level);
                let near = near.0[index(left.trial, right.trial)];
                hyperparameters.covariance(near, decay, left.trial == right.trial)
            })
            .collect();
        row[i] += noise;
        row
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toy() -> (Vec<Axis>, Vec<Point>, Vec<Datum>) {
        let axes = vec![Axis::Ordered, Axis::Unordered];
        let points: Vec<Point> = (0..8)
            .map(|i| vec![Some(f64::from(i) / 7.0), Some(f64::from(i % 2))])
            .collect();
        let mut data = Vec::new();
        for (trial, point) in points.iter().enumerate() {
            let x = point[0].unwrap();
            for level in [1.0, 2.0, 4.0].into_iter().take(1 + trial % 3) {
                let target = (3.0 * x).sin() + 0.3 * point[1].unwrap() + 1.0 / level;
                data.push(Datum { trial, level, target });
            }
        }
        (axes, points, data)
    }

    #[test]
    fn the_slopes_are_those_of_the_posterior() {
        let (axes, points, data) = toy();
        let differences = Differences::new(&axes, &points);
        let at = Hyperparameters::new((0..LENGTHS + 2).map(|i| 0.1 * i as f64 - 0.7).collect());
        let (_, slopes) = posterior(&at, &differences, &data).unwrap();
        for index in 0..slopes.len() {
            let moved = |by: f64| {
                let mut other = at.logarithms().to_vec();
                other[index] += by;
                posterior(&Hyperparameters::new(other), &differences, &data).unwrap().0
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (numeric - slopes[index]).abs() < 1e-4 * (1.0 + numeric.abs()),
                "{index}: {numeric} {}",
                slopes[index]
            );
        }
    }

    #[test]
    fn a_fit_is_more_probable_than_the_prior_and_repeats_the_data() {
        let (axes, points, data) = toy();
        let differences = Differences::new(&axes, &points);
        let fitted = fit(&axes, &points, &data);
        let value = |hyperparameters| posterior(hyperparameters, &differences, &data).unwrap().0;
        assert!(value(&fitted) > value(&Hyperparameters::prior(2)) + 1.0);
        let model = Model::new(&fitted, &axes, &points, data.clone()).unwrap();
        for datum in &data {
            let belief = model.predict(&points[datum.trial], Some(datum.trial), datum.level);
            assert!((belief.mean - datum.target).abs() < 0.2, "{datum:?} {belief:?}");
        }
    }

    #[test]
    fn believing_a_running_trial_changes_no_mean_and_shrinks_uncertainty() {
        let (axes, points, data) = toy();
        let fitted = fit(&axes, &points, &data);
        let mut model = Model::new(&fitted, &axes, &points, data).unwrap();
        let before = model.predict(&points[6], Some(6), 4.0);
        model.believe(6, 2.0);
        let after = model.predict(&points[6], Some(6), 4.0);
        assert!((before.mean - after.mean).abs() < 1e-9);
        assert!(after.deviation < before.deviation);
    }
}
