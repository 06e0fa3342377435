//! Fits the hyperparameters by maximising the posterior (Rasmussen & Williams 2006, §5.4.1). The priors are similar to
//! those of Hvarfner et al. 2024 ("Vanilla Bayesian optimization performs great in high dimensions", §4): length scales
//! grow with the square root of the number of axes.

use super::cholesky::{Cholesky, dot, row_start};
use super::kernel::{Axis, Hyperparameters, Part, matern, squared_distances, trend};
use super::minimise::{Effort, minimise};

/// A normal prior on the logarithm of a hyperparameter, truncated at the bounds.
#[derive(Clone, Copy, Debug)]
struct Belief {
    mean: f64,
    deviation: f64,
    bounds: (f64, f64),
}

/// The prior on the length scales of a part with this many axes. Hvarfner et al. (2024, §4.2) have a mean larger by the
/// root of 2 and three times the variance. The effects of hyperparameters turn out to have shorter length scales
/// (measured, as is the noise below).
fn length_scale(axes: usize) -> Belief {
    Belief {
        mean: 0.5 * (axes as f64).ln(),
        deviation: 1.0,
        bounds: (-4.0, 7.0),
    }
}

/// The prior on the variance of the joint part; targets have variance 1.
const JOINT_SCALE: Belief = Belief {
    mean: 0.0,
    deviation: 1.0,
    bounds: (-3.0, 4.0),
};

/// The prior on the variance of the additive part, which may explain most of the variance or none.
const ADDITIVE_SCALE: Belief = Belief {
    mean: -0.7,
    deviation: 1.0,
    bounds: (-7.0, 4.0),
};

/// The prior on the noise. Most objectives have little noise, and a model that mistakes differences for noise lingers
/// around the incumbent. So the prior is wide and nearer to Optuna's than to the -4 of Hvarfner et al.
const NOISE: Belief = Belief {
    mean: -8.0,
    deviation: 2.0,
    bounds: (-14.0, 1.0),
};

/// Length scales at which the descents start, as factors of the prior's mode: there are several local optima.
const STARTS: [f64; 2] = [0.1, 0.5];

const EFFORT: Effort = Effort {
    steps: 25,
    tolerance: 1e-3,
};

/// The best hyperparameters for these observations, and their negative log posterior (infinite if no hyperparameters
/// fit). `targets` should have mean 0 and variance 1.
pub(super) fn fit(axes: &[Axis], inputs: &[Vec<f64>], targets: &[f64]) -> (Hyperparameters, f64) {
    let posterior = Posterior::new(axes, inputs, targets);
    let bounds: Vec<(f64, f64)> = posterior.beliefs.iter().map(|belief| belief.bounds).collect();
    let centre: Vec<f64> = posterior.beliefs.iter().map(|belief| belief.mean).collect();
    let descents = STARTS.iter().filter_map(|factor: &f64| {
        let mut start = centre.clone();
        for logarithm in &mut start[..2 * axes.len()] {
            *logarithm += factor.ln();
        }
        minimise(&start, &bounds, EFFORT, |logarithms| posterior.evaluate(logarithms))
    });
    let best = descents.min_by(|left, right| left.1.total_cmp(&right.1));
    let (logarithms, value) = best.unwrap_or((centre, f64::INFINITY));
    (hyperparameters(&logarithms), value)
}

/// Builds them from the logarithms of the joint and the additive length scales, then of both scales, then of the noise.
fn hyperparameters(logarithms: &[f64]) -> Hyperparameters {
    let axes = (logarithms.len() - 3) / 2;
    let part = |index: usize| Part {
        length_scales: logarithms[index * axes..(index + 1) * axes]
            .iter()
            .map(|logarithm| logarithm.exp())
            .collect(),
        scale: logarithms[2 * axes + index].exp(),
    };
    Hyperparameters {
        joint: part(0),
        additive: part(1),
        noise: logarithms[2 * axes + 2].exp(),
    }
}

/// The negative log posterior of the hyperparameters, as a function of their logarithms.
struct Posterior<'a> {
    beliefs: Vec<Belief>,
    targets: &'a [f64],
    /// Squared distances along every axis for every pair of inputs, in the order of a packed triangle.
    distances: Vec<f64>,
    /// The covariance that does not depend on hyperparameters, for every pair of inputs.
    trends: Vec<f64>,
}

impl<'a> Posterior<'a> {
    fn new(axes: &[Axis], inputs: &[Vec<f64>], targets: &'a [f64]) -> Self {
        let mut beliefs = vec![length_scale(axes.len()); axes.len()];
        beliefs.extend(vec![length_scale(1); axes.len()]);
        beliefs.extend([JOINT_SCALE, ADDITIVE_SCALE, NOISE]);
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

    /// The value and its gradient; `None` if the covariance cannot be factored.
    fn evaluate(&self, logarithms: &[f64]) -> Option<(f64, Vec<f64>)> {
        let axes = (logarithms.len() - 3) / 2;
        let size = self.targets.len();
        let Hyperparameters { joint, additive, noise } = hyperparameters(logarithms);
        let weights = |part: &Part| -> Vec<f64> {
            let length_scales = part.length_scales.iter();
            length_scales.map(|length| 1.0 / (length * length)).collect()
        };
        let (joint_weights, additive_weights) = (weights(&joint), weights(&additive));
        let share = additive.scale / axes.max(1) as f64;

        // For every pair: both correlations, and their derivatives with respect to the squared distances.
        let pairs = self.trends.len();
        let mut correlations = Vec::with_capacity(pairs);
        let mut joint_slopes = Vec::with_capacity(pairs);
        let mut additive_slopes = Vec::with_capacity(pairs * axes);
        let mut lower = Vec::with_capacity(pairs);
        for (pair, trend) in self.trends.iter().enumerate() {
            let distances = &self.distances[pair * axes..(pair + 1) * axes];
            let (together, slope) = matern(dot(distances, &joint_weights));
            let mut alone = 0.0;
            for (distance, weight) in distances.iter().zip(&additive_weights) {
                let (correlation, slope) = if *distance == 0.0 {
                    (1.0, 0.0)
                } else {
                    matern(distance * weight)
                };
                alone += correlation;
                additive_slopes.push(slope);
            }
            correlations.push((together, alone));
            joint_slopes.push(slope);
            lower.push(joint.scale * together + share * alone + trend);
        }
        for row in 0..size {
            lower[row_start(row) + row] += noise;
        }
        let factor = Cholesky::factor(size, lower)?;
        let mut solved = self.targets.to_vec();
        factor.solve_lower(&mut solved);
        let mut value = 0.5 * dot(&solved, &solved) + factor.half_log_determinant();
        factor.solve_upper(&mut solved);

        // Only one of a symmetric pair of entries is stored, so it counts twice (Rasmussen & Williams 2006, equation
        // 5.9).
        let inverse = factor.inverse();
        let mut by_weight = vec![0.0; 2 * axes];
        let (mut by_joint, mut by_additive, mut by_noise) = (0.0, 0.0, 0.0);
        for row in 0..size {
            for column in 0..=row {
                let pair = row_start(row) + column;
                let mut sensitivity = inverse[pair] - solved[row] * solved[column];
                if row == column {
                    sensitivity *= 0.5;
                    by_noise += sensitivity * noise;
                }
                by_joint += sensitivity * joint.scale * correlations[pair].0;
                by_additive += sensitivity * share * correlations[pair].1;
                let (joint_factor, additive_factor) =
                    (sensitivity * joint.scale * joint_slopes[pair], sensitivity * share);
                let along = pair * axes..(pair + 1) * axes;
                let both = self.distances[along.clone()].iter().zip(&additive_slopes[along]);
                for (index, (distance, slope)) in both.enumerate() {
                    by_weight[index] += joint_factor * distance;
                    by_weight[axes + index] += additive_factor * slope * distance;
                }
            }
        }
        let all_weights = joint_weights.iter().chain(&additive_weights);
        let by_length = by_weight
            .iter()
            .zip(all_weights)
            .map(|(sum, weight)| -2.0 * sum * weight);
        let mut gradient: Vec<f64> = by_length.chain([by_joint, by_additive, by_noise]).collect();
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
        let at = [-0.7, 0.4, 0.1, 0.3, -0.2, 0.5, 0.3, -0.9, 0.2, -0.4, -3.0];
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
        let (fitted, _) = fit(&AXES, &inputs, &smooth);
        let alone = &fitted.additive.length_scales;
        assert!(alone[1..].iter().all(|&other| other > 3.0 * alone[0]), "{fitted:?}");
        let mut rng = rng::stream(Seed(4), "test", &[]);
        let noisy: Vec<f64> = smooth.iter().map(|y| y + rng.random_range(-1.0..1.0)).collect();
        assert!(fit(&AXES, &inputs, &noisy).0.noise > 10.0 * fitted.noise, "{fitted:?}");
    }
}
