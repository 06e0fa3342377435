//! The hyperparameters that explain the data best: the maximum of the posterior (Rasmussen & Williams 2006, §5.4.1),
//! under the priors of Hvarfner et al. 2024 ("Vanilla Bayesian optimization performs great in high dimensions", §4),
//! whose length scales grow with the root of the number of axes.

use super::cholesky::{Cholesky, dot, row_start};
use super::kernel::{Axis, Hyperparameters, matern, squared_distances, trend};
use super::minimise::{Effort, minimise};

/// The logarithm of a hyperparameter is believed to be normal, and never outside of its bounds.
#[derive(Clone, Copy, Debug)]
struct Belief {
    mean: f64,
    deviation: f64,
    bounds: (f64, f64),
}

/// The length scales of a space with so many axes (Hvarfner et al. 2024, §4.2).
fn length_scale(axes: usize) -> Belief {
    Belief {
        mean: std::f64::consts::SQRT_2 + 0.5 * (axes as f64).ln(),
        deviation: 3.0_f64.sqrt(),
        bounds: (-4.0, 7.0),
    }
}

/// The function's variance: targets have variance 1.
const SCALE: Belief = Belief {
    mean: 0.0,
    deviation: 1.0,
    bounds: (-3.0, 4.0),
};

/// The noise (Hvarfner et al. 2024, §4.2).
const NOISE: Belief = Belief {
    mean: -4.0,
    deviation: 1.0,
    bounds: (-12.0, 1.0),
};

/// Length scales at which a descent begins, as factors of the prior's mode: the surface has several valleys.
const STARTS: [f64; 2] = [0.1, 0.5];

const EFFORT: Effort = Effort {
    steps: 25,
    tolerance: 1e-3,
};

/// The best hyperparameters for these observations; `targets` should have mean 0 and variance 1.
pub(crate) fn fit(axes: &[Axis], inputs: &[Vec<f64>], targets: &[f64]) -> Hyperparameters {
    let posterior = Posterior::new(axes, inputs, targets);
    let bounds: Vec<(f64, f64)> = posterior.beliefs.iter().map(|belief| belief.bounds).collect();
    let centre: Vec<f64> = posterior.beliefs.iter().map(|belief| belief.mean).collect();
    let descents = STARTS.iter().filter_map(|factor: &f64| {
        let mut start = centre.clone();
        for logarithm in &mut start[..axes.len()] {
            *logarithm += factor.ln();
        }
        minimise(&start, &bounds, EFFORT, |logarithms| posterior.evaluate(logarithms))
    });
    let best = descents.min_by(|left, right| left.1.total_cmp(&right.1));
    hyperparameters(&best.map_or(centre, |(logarithms, _)| logarithms))
}

/// Logarithms of the length scales, then of the scale, then of the noise.
fn hyperparameters(logarithms: &[f64]) -> Hyperparameters {
    let axes = logarithms.len() - 2;
    Hyperparameters {
        length_scales: logarithms[..axes].iter().map(|logarithm| logarithm.exp()).collect(),
        scale: logarithms[axes].exp(),
        noise: logarithms[axes + 1].exp(),
    }
}

/// The negative logarithm of the posterior density of hyperparameters, as a function of their logarithms.
struct Posterior<'a> {
    beliefs: Vec<Belief>,
    targets: &'a [f64],
    /// For every pair of inputs, in the order of a packed triangle: squared distances along every axis.
    distances: Vec<f64>,
    /// For every pair of inputs, the covariance that does not depend on hyperparameters.
    trends: Vec<f64>,
}

impl<'a> Posterior<'a> {
    fn new(axes: &[Axis], inputs: &[Vec<f64>], targets: &'a [f64]) -> Self {
        let mut beliefs = vec![length_scale(axes.len()); axes.len()];
        beliefs.extend([SCALE, NOISE]);
        let pairs = || (0..inputs.len()).flat_map(|row| (0..=row).map(move |column| (row, column)));
        Self {
            beliefs,
            targets,
            distances: pairs()
                .flat_map(|(row, column)| squared_distances(axes, &inputs[row], &inputs[column]))
                .collect(),
            trends: pairs()
                .map(|(row, column)| trend(axes, &inputs[row], &inputs[column]))
                .collect(),
        }
    }

    /// The value and its gradient; `None` where the covariance cannot be factored.
    fn evaluate(&self, logarithms: &[f64]) -> Option<(f64, Vec<f64>)> {
        let axes = logarithms.len() - 2;
        let size = self.targets.len();
        let Hyperparameters {
            length_scales,
            scale,
            noise,
        } = hyperparameters(logarithms);
        let weights: Vec<f64> = length_scales.iter().map(|length| 1.0 / (length * length)).collect();
        let correlations: Vec<(f64, f64)> = if axes == 0 {
            vec![(1.0, 0.0); row_start(size)]
        } else {
            let pairs = self.distances.chunks_exact(axes);
            pairs.map(|distances| matern(dot(distances, &weights))).collect()
        };
        let covariances = correlations.iter().zip(&self.trends);
        let mut lower: Vec<f64> = covariances.map(|((value, _), trend)| scale * value + trend).collect();
        for row in 0..size {
            lower[row_start(row) + row] += noise;
        }
        let factor = Cholesky::factor(size, lower)?;
        let mut solved = self.targets.to_vec();
        factor.solve_lower(&mut solved);
        let mut value = 0.5 * dot(&solved, &solved) + factor.half_log_determinant();
        factor.solve_upper(&mut solved);

        // Of a symmetric pair of entries only one is stored: it counts twice (Rasmussen & Williams 2006, equation 5.9).
        let inverse = factor.inverse();
        let mut by_weight = vec![0.0; axes];
        let (mut by_scale, mut by_noise) = (0.0, 0.0);
        for row in 0..size {
            for column in 0..=row {
                let pair = row_start(row) + column;
                let sensitivity = inverse[pair] - solved[row] * solved[column];
                let (correlation, slope) = correlations[pair];
                if row == column {
                    by_scale += 0.5 * sensitivity * scale;
                    by_noise += 0.5 * sensitivity * noise;
                    continue;
                }
                by_scale += sensitivity * scale * correlation;
                let factor = sensitivity * scale * slope;
                let distances = &self.distances[pair * axes..(pair + 1) * axes];
                for (sum, distance) in by_weight.iter_mut().zip(distances) {
                    *sum += factor * distance;
                }
            }
        }
        let by_length = by_weight.iter().zip(&weights).map(|(sum, weight)| -2.0 * sum * weight);
        let mut gradient: Vec<f64> = by_length.chain([by_scale, by_noise]).collect();
        for ((slope, logarithm), belief) in gradient.iter_mut().zip(logarithms).zip(&self.beliefs) {
            let away = (logarithm - belief.mean) / belief.deviation;
            value += 0.5 * away * away;
            *slope += away / belief.deviation;
        }
        value.is_finite().then_some((value, gradient))
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::*;
    use crate::rng;
    use crate::units::Seed;

    const AXES: [Axis; 4] = [Axis::Number, Axis::Number, Axis::Category, Axis::Resource];

    fn inputs(count: usize) -> Vec<Vec<f64>> {
        let mut rng = rng::stream(Seed(3), "test", &[]);
        (0..count)
            .map(|_| {
                vec![
                    rng.random(),
                    rng.random(),
                    f64::from(rng.random_range(0..3_u32)),
                    rng.random(),
                ]
            })
            .collect()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let inputs = inputs(15);
        let targets: Vec<f64> = inputs.iter().map(|x| (5.0 * x[0]).sin() + 0.3 * x[2] - x[3]).collect();
        let posterior = Posterior::new(&AXES, &inputs, &targets);
        let at = [-0.7, 0.4, 0.1, 0.3, 0.2, -3.0];
        let (_, gradient) = posterior.evaluate(&at).unwrap();
        for index in 0..at.len() {
            let moved = |by: f64| {
                let mut at = at;
                at[index] += by;
                posterior.evaluate(&at).unwrap().0
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (gradient[index] - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{index}"
            );
        }
    }

    #[test]
    fn axes_without_effect_get_long_scales_and_noise_is_recognised() {
        let inputs = inputs(60);
        let smooth: Vec<f64> = inputs.iter().map(|x| 1.4 * (6.0 * x[0]).sin()).collect();
        let fitted = fit(&AXES, &inputs, &smooth);
        let others = fitted.length_scales[1..].iter();
        assert!(
            others.copied().fold(f64::INFINITY, f64::min) > 5.0 * fitted.length_scales[0],
            "{fitted:?}"
        );
        let mut rng = rng::stream(Seed(4), "test", &[]);
        let noisy: Vec<f64> = smooth.iter().map(|y| y + rng.random_range(-1.0..1.0)).collect();
        assert!(fit(&AXES, &inputs, &noisy).noise > 10.0 * fitted.noise, "{fitted:?}");
    }
}
