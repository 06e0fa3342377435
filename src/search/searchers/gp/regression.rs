//! Gaussian-process regression: predictions at unseen points (Rasmussen & Williams 2006, Algorithm 2.1).

use super::cholesky::{Cholesky, dot, row_start};
use super::kernel::Kernel;

/// The predicted distribution of the function at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prediction {
    /// The mean.
    pub(super) mean: f64,
    /// The variance of the function, without the noise of an observation.
    pub(super) variance: f64,
}

/// A Gaussian process conditioned on observations.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    kernel: Kernel,
    inputs: Vec<Vec<f64>>,
    targets: Vec<f64>,
    factor: Cholesky,
    /// The inverse of the covariance of the observations, times the targets.
    weights: Vec<f64>,
}

/// Lower bound on a variance, as a share of the prior variance: rounding error allows nothing smaller.
const LEAST_VARIANCE: f64 = 1e-10;

/// Values to add to the diagonal, tried in order until rounding does not spoil the factor.
const JITTERS: [f64; 7] = [0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3];

/// Number of points that are predicted together.
const BLOCK: usize = 32;

impl Regression {
    /// Fits observations; `None` if their covariance cannot be factored, for example with numbers that are not finite.
    pub(super) fn new(kernel: Kernel, inputs: Vec<Vec<f64>>, targets: Vec<f64>) -> Option<Self> {
        let size = inputs.len();
        let mut lower = Vec::with_capacity(row_start(size));
        for (row, input) in inputs.iter().enumerate() {
            lower.extend(inputs[..row].iter().map(|other| kernel.covariance(input, other)));
            lower.push(kernel.variance(input) + kernel.noise());
        }
        let factor = JITTERS.iter().find_map(|jitter| {
            let mut lower = lower.clone();
            for row in 0..size {
                lower[row_start(row) + row] += jitter;
            }
            Cholesky::factor(size, lower)
        })?;
        let mut regression = Self {
            kernel,
            inputs,
            targets,
            factor,
            weights: Vec::new(),
        };
        regression.weigh();
        Some(regression)
    }

    /// Number of observations.
    pub(super) fn observations(&self) -> usize {
        self.inputs.len()
    }

    fn weigh(&mut self) {
        self.weights.clone_from(&self.targets);
        self.factor.solve_lower(&mut self.weights);
        self.factor.solve_upper(&mut self.weights);
    }

    /// Treats the expected value at `point` as observed, as if a running trial had ended with it (the Kriging believer
    /// of Ginsbourger et al. 2010, §4.2). The mean stays, and the uncertainty around the point vanishes. Returns the
    /// expected value.
    pub(super) fn believe(&mut self, point: Vec<f64>) -> f64 {
        let mean = self.predict_one(&point).mean;
        let mut row = self.covariances(&point);
        row.push(self.kernel.variance(&point) + self.kernel.noise().max(JITTERS[1]));
        // If the point is so near to another that rounding spoils the factor, it has no uncertainty left.
        if self.factor.append(&row).is_some() {
            self.inputs.push(point);
            self.targets.push(mean);
            self.weigh();
        }
        mean
    }

    /// The predictions at `points`.
    pub(super) fn predict(&self, points: &[Vec<f64>]) -> Vec<Prediction> {
        points
            .chunks(BLOCK)
            .flat_map(|points| self.predict_block(points))
            .collect()
    }

    fn predict_block(&self, points: &[Vec<f64>]) -> Vec<Prediction> {
        let width = points.len();
        let mut block = Vec::with_capacity(self.inputs.len() * width);
        for input in &self.inputs {
            block.extend(points.iter().map(|point| self.kernel.covariance(input, point)));
        }
        let mut means = vec![0.0; width];
        for (row, weight) in block.chunks_exact(width).zip(&self.weights) {
            for (mean, covariance) in means.iter_mut().zip(row) {
                *mean += weight * covariance;
            }
        }
        self.factor.solve_lower_block(&mut block, width);
        let mut explained = vec![0.0; width];
        for row in block.chunks_exact(width) {
            for (sum, value) in explained.iter_mut().zip(row) {
                *sum += value * value;
            }
        }
        let all = points.iter().zip(means).zip(explained);
        all.map(|((point, mean), explained)| self.prediction(point, mean, explained))
            .collect()
    }

    fn predict_one(&self, point: &[f64]) -> Prediction {
        let mut covariances = self.covariances(point);
        let mean = dot(&covariances, &self.weights);
        self.factor.solve_lower(&mut covariances);
        self.prediction(point, mean, dot(&covariances, &covariances))
    }

    /// The prediction at a point, and the gradients of its mean and of its variance with respect to the point's
    /// coordinates (0 on axes without an order).
    pub(super) fn predict_with_gradients(&self, point: &[f64]) -> (Prediction, Vec<f64>, Vec<f64>) {
        let mut solved = self.covariances(point);
        let mean = dot(&solved, &self.weights);
        self.factor.solve_lower(&mut solved);
        let prediction = self.prediction(point, mean, dot(&solved, &solved));
        self.factor.solve_upper(&mut solved);
        let mut by_mean = vec![0.0; point.len()];
        let mut by_variance = vec![0.0; point.len()];
        let mut gradient = vec![0.0; point.len()];
        for ((input, weight), solved) in self.inputs.iter().zip(&self.weights).zip(&solved) {
            self.kernel.gradient(point, input, &mut gradient);
            for (index, slope) in gradient.iter().enumerate() {
                by_mean[index] += weight * slope;
                by_variance[index] -= 2.0 * solved * slope;
            }
        }
        (prediction, by_mean, by_variance)
    }

    fn covariances(&self, point: &[f64]) -> Vec<f64> {
        let inputs = self.inputs.iter();
        inputs.map(|input| self.kernel.covariance(input, point)).collect()
    }

    fn prediction(&self, point: &[f64], mean: f64, explained: f64) -> Prediction {
        let before = self.kernel.variance(point);
        Prediction {
            mean,
            variance: (before - explained).max(LEAST_VARIANCE * before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::{Axis, Hyperparameters, Part};
    use super::*;

    fn kernel(noise: f64) -> Kernel {
        let part = |scale| Part {
            length_scales: vec![0.3, 1.0],
            scale,
        };
        let hyperparameters = Hyperparameters {
            joint: part(0.7),
            additive: part(0.3),
            noise,
        };
        Kernel::new(&[Axis::Number, Axis::Category], &hyperparameters)
    }

    fn function(point: &[f64]) -> f64 {
        (4.0 * point[0]).sin() + 0.5 * point[1]
    }

    fn regression(noise: f64) -> Regression {
        let inputs: Vec<Vec<f64>> = (0..16)
            .map(|i| vec![f64::from(i / 2) / 7.0, f64::from(i % 2)])
            .collect();
        let targets = inputs.iter().map(|input| function(input)).collect();
        Regression::new(kernel(noise), inputs, targets).unwrap()
    }

    #[test]
    fn without_noise_the_mean_goes_through_the_observations_and_is_near_between_them() {
        let regression = regression(0.0);
        let predictions = regression.predict(&regression.inputs);
        for (prediction, target) in predictions.iter().zip(&regression.targets) {
            assert!((prediction.mean - target).abs() < 1e-6 && prediction.variance < 1e-6);
        }
        let between = regression.predict(&[vec![0.35, 1.0]])[0];
        assert!((between.mean - function(&[0.35, 1.0])).abs() < 0.02 && between.variance < 0.01);
    }

    #[test]
    fn far_from_everything_nothing_is_known() {
        let far = regression(0.01).predict(&[vec![50.0, 7.0]])[0];
        // Except for the covariance with the other categories, which are at distance 1.
        assert!(far.mean.abs() < 0.2 && far.variance > 0.9, "{far:?}");
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let regression = regression(0.01);
        let (_, by_mean, by_variance) = regression.predict_with_gradients(&[0.43, 1.0]);
        let near = regression.predict(&[vec![0.43 + 1e-5, 1.0], vec![0.43 - 1e-5, 1.0]]);
        assert!((by_mean[0] - (near[0].mean - near[1].mean) / 2e-5).abs() < 1e-5);
        assert!((by_variance[0] - (near[0].variance - near[1].variance) / 2e-5).abs() < 1e-5);
        assert_eq!((by_mean[1], by_variance[1]), (0.0, 0.0));
    }

    #[test]
    fn a_believed_point_leaves_the_mean_and_takes_the_uncertainty() {
        let mut regression = regression(1e-4);
        let points = [vec![0.5, 0.0], vec![1.3, 0.0]];
        let before = regression.predict(&points);
        regression.believe(points[1].clone());
        let after = regression.predict(&points);
        assert!((before[0].mean - after[0].mean).abs() < 1e-6 && (before[1].mean - after[1].mean).abs() < 1e-6);
        assert!(after[1].variance < 0.01 * before[1].variance);
    }
}
