//! The kernel: the sum of a Matérn 5/2 kernel over all axes together (Rasmussen & Williams 2006, §4.2) and of one over
//! every axis alone (Duvenaud et al. 2011, "Additive Gaussian processes", §2). Most effects of hyperparameters are
//! additive, and these are learned from few trials; the joint part models the rest. Every axis has a length scale in
//! each part.
//!
//! Values without an order have distance 1 from each other, so that their axis has a length scale as every other has
//! (the Hamming distance of Hutter et al. 2011, §4.1).
//!
//! On the resource axis, 0 is a complete trial. Besides the distance, this axis adds a linear trend whose slope is not
//! known beforehand: training makes metrics better or worse in the whole space. Neither affects the covariance among
//! complete trials.

/// The kind of coordinate on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Numbers with a distance.
    Number,
    /// Indices of values without an order: equal or not.
    Category,
    /// The share of training that is still missing: 0 for a complete trial, 1 for the shortest.
    Resource,
}

impl Axis {
    /// The squared distance of two coordinates for a length scale of 1.
    fn squared_distance(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Number | Self::Resource => (left - right) * (left - right),
            Self::Category => f64::from(u8::from(left != right)),
        }
    }
}

/// One of the two parts of the kernel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// The length scale of every axis.
    pub(crate) length_scales: Vec<f64>,
    /// The variance of this part of the function.
    pub(crate) scale: f64,
}

/// The parameters of the kernel that are fitted to the data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hyperparameters {
    /// The part in which all axes act together.
    pub(crate) joint: Part,
    /// The part in which every axis acts alone.
    pub(crate) additive: Part,
    /// The variance of an observation around the function.
    pub(crate) noise: f64,
}

/// The variance of the trend's slope. Targets have variance 1, and a trend may explain most of it.
const TREND: f64 = 4.0;

/// The kernel with its hyperparameters.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    axes: Vec<Axis>,
    /// For the joint part, the reciprocal of the squared length scale of every axis.
    joint_weights: Vec<f64>,
    joint_scale: f64,
    /// The same for the additive part.
    additive_weights: Vec<f64>,
    /// The variance of the additive part on one axis.
    additive_share: f64,
    noise: f64,
}

impl Kernel {
    /// The kernel over `axes`.
    pub(crate) fn new(axes: &[Axis], hyperparameters: &Hyperparameters) -> Self {
        let weights = |part: &Part| {
            let length_scales = part.length_scales.iter();
            length_scales.map(|length| 1.0 / (length * length)).collect()
        };
        Self {
            axes: axes.to_vec(),
            joint_weights: weights(&hyperparameters.joint),
            joint_scale: hyperparameters.joint.scale,
            additive_weights: weights(&hyperparameters.additive),
            additive_share: hyperparameters.additive.scale / axes.len().max(1) as f64,
            noise: hyperparameters.noise,
        }
    }

    /// The covariance of the function at two points.
    pub(crate) fn covariance(&self, left: &[f64], right: &[f64]) -> f64 {
        let (mut squared, mut single) = (0.0, 0.0);
        for (index, axis) in self.axes.iter().enumerate() {
            let along = axis.squared_distance(left[index], right[index]);
            if along == 0.0 {
                single += 1.0;
                continue;
            }
            squared += self.joint_weights[index] * along;
            single += matern(self.additive_weights[index] * along).0;
        }
        self.joint_scale * matern(squared).0 + self.additive_share * single + trend(&self.axes, left, right)
    }

    /// The variance of the function at a point.
    pub(crate) fn variance(&self, point: &[f64]) -> f64 {
        self.joint_scale + self.additive_share * self.axes.len() as f64 + trend(&self.axes, point, point)
    }

    /// The variance of an observation around the function.
    pub(crate) fn noise(&self) -> f64 {
        self.noise
    }

    /// The gradient of the covariance with respect to the coordinates of `point`; 0 on axes without an order.
    pub(crate) fn gradient(&self, point: &[f64], other: &[f64], gradient: &mut [f64]) {
        let mut squared = 0.0;
        for (index, axis) in self.axes.iter().enumerate() {
            squared += self.joint_weights[index] * axis.squared_distance(point[index], other[index]);
        }
        let joint = 2.0 * self.joint_scale * matern(squared).1;
        for (index, axis) in self.axes.iter().enumerate() {
            gradient[index] = match axis {
                Axis::Number => {
                    let away = point[index] - other[index];
                    let weight = self.additive_weights[index];
                    let single = 2.0 * self.additive_share * matern(weight * away * away).1;
                    (joint * self.joint_weights[index] + single * weight) * away
                }
                Axis::Category | Axis::Resource => 0.0,
            }
        }
    }
}

/// The squared distances of two points along every axis, for length scales of 1.
pub(crate) fn squared_distances<'a>(
    axes: &'a [Axis],
    left: &'a [f64],
    right: &'a [f64],
) -> impl Iterator<Item = f64> + 'a {
    let coordinates = axes.iter().zip(left).zip(right);
    coordinates.map(|((axis, &left), &right)| axis.squared_distance(left, right))
}

/// The part of the covariance of two points that comes from the trend along the resource.
pub(crate) fn trend(axes: &[Axis], left: &[f64], right: &[f64]) -> f64 {
    let coordinates = axes.iter().zip(left).zip(right);
    coordinates
        .filter(|((axis, _), _)| **axis == Axis::Resource)
        .map(|((_, left), right)| TREND * left * right)
        .sum()
}

/// The Matérn 5/2 correlation at a squared distance, and its derivative with respect to the squared distance (Rasmussen
/// & Williams 2006, equation 4.17).
pub(crate) fn matern(squared_distance: f64) -> (f64, f64) {
    let root = (5.0 * squared_distance).sqrt();
    let decay = (-root).exp();
    (
        (1.0 + root + root * root / 3.0) * decay,
        -5.0 / 6.0 * (1.0 + root) * decay,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correlation_falls_from_one_as_its_derivative_says() {
        assert_eq!(matern(0.0), (1.0, -5.0 / 6.0));
        for squared in [0.01, 0.3, 1.0, 4.0] {
            let step = 1e-6;
            let slope = (matern(squared + step).0 - matern(squared - step).0) / (2.0 * step);
            assert!((slope - matern(squared).1).abs() < 1e-6);
        }
    }

    fn kernel(axes: &[Axis], scales: (f64, f64)) -> Kernel {
        let part = |scale| Part {
            length_scales: vec![0.5; axes.len()],
            scale,
        };
        let hyperparameters = Hyperparameters {
            joint: part(scales.0),
            additive: part(scales.1),
            noise: 0.0,
        };
        Kernel::new(axes, &hyperparameters)
    }

    #[test]
    fn complete_trials_are_as_alike_as_without_a_resource() {
        let plain = kernel(&[Axis::Number, Axis::Category], (1.3, 0.0));
        let with_resource = kernel(&[Axis::Number, Axis::Category, Axis::Resource], (1.3, 0.0));
        let expected = plain.covariance(&[0.1, 2.0], &[0.4, 1.0]);
        assert_eq!(with_resource.covariance(&[0.1, 2.0, 0.0], &[0.4, 1.0, 0.0]), expected);
        assert!(with_resource.covariance(&[0.1, 2.0, 0.0], &[0.4, 1.0, 1.0]) < expected);
    }

    #[test]
    fn categories_are_equally_far_from_each_other() {
        let kernel = kernel(&[Axis::Category], (1.0, 0.5));
        assert_eq!(kernel.covariance(&[0.0], &[1.0]), kernel.covariance(&[0.0], &[4.0]));
        assert_eq!(kernel.covariance(&[3.0], &[3.0]), 1.5);
        assert_eq!(kernel.variance(&[3.0]), 1.5);
    }

    #[test]
    fn what_an_axis_does_alone_is_known_wherever_the_others_are() {
        let additive = kernel(&[Axis::Number, Axis::Number], (0.0, 1.0));
        assert!(additive.covariance(&[0.2, 0.0], &[0.2, 100.0]) > 0.499);
        let joint = kernel(&[Axis::Number, Axis::Number], (1.0, 0.0));
        assert!(joint.covariance(&[0.2, 0.0], &[0.2, 100.0]) < 1e-6);
    }
}
