//! Covariance of learning curves: of two observations, each of a configuration at a resource level.
//!
//! A curve is the sum of a final value and a part that decays during training. The decay is the kernel `βᵅ / (t + t' +
//! β)ᵅ` of an infinite mixture of exponential decays (Swersky et al. 2014, §3.1). Similar configurations share both
//! parts through a Matérn 5/2 kernel with a scale for each parameter. Each trial also has its own share of both parts,
//! so a curve is extrapolated from itself where similar configurations say little. A third part is the decay that all
//! curves have in common.

/// The kernel parameters, all positive: six variances, two of the decay, and an inverse length scale per coordinate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hyperparameters {
    logarithms: Vec<f64>,
    values: Vec<f64>,
}

/// Variance of final values, shared by similar configurations.
pub(super) const FINAL: usize = 0;
/// Variance of the decaying part, shared by similar configurations.
pub(super) const DECAY: usize = 1;
/// Variance of final values that is specific to a trial.
pub(super) const OWN_FINAL: usize = 2;
/// Variance of the decaying part that is specific to a trial.
pub(super) const OWN_DECAY: usize = 3;
/// Variance of the decay that all curves have in common.
pub(super) const COMMON_DECAY: usize = 4;
/// Variance of a single observation.
pub(super) const NOISE: usize = 5;
/// α of the decay.
pub(super) const POWER: usize = 6;
/// β of the decay, in units of the smallest level.
pub(super) const OFFSET: usize = 7;
/// Index of the first inverse length scale.
pub(super) const LENGTHS: usize = 8;

/// Variance of the mean of all final values. Nothing is known of the mean, and targets have variance one.
const MEAN: f64 = 1.0;

/// The type of a coordinate of a trial's point, for the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Differences are distances.
    Ordered,
    /// Two values are equal or not.
    Unordered,
}

impl Hyperparameters {
    /// Creates them from their logarithms.
    pub(super) fn new(logarithms: Vec<f64>) -> Self {
        let values = logarithms.iter().map(|logarithm| logarithm.exp()).collect();
        Self { logarithms, values }
    }

    /// The mode of the prior, from which the fit starts.
    pub(super) fn prior(dimensions: usize) -> Self {
        Self::new(
            (0..LENGTHS + dimensions)
                .map(|index| prior(index, dimensions).0)
                .collect(),
        )
    }

    /// The log density of the prior, up to a constant, and its derivatives with respect to the logarithms.
    pub(super) fn log_prior(&self) -> (f64, Vec<f64>) {
        let dimensions = self.values.len() - LENGTHS;
        let mut total = 0.0;
        let slopes = self.logarithms.iter().enumerate().map(|(index, value)| {
            let (mean, deviation) = prior(index, dimensions);
            let z = (value - mean) / deviation;
            total -= 0.5 * z * z;
            -z / deviation
        });
        let slopes = slopes.collect();
        (total, slopes)
    }

    pub(super) fn logarithms(&self) -> &[f64] {
        &self.logarithms
    }

    pub(super) fn at(&self, index: usize) -> f64 {
        self.values[index]
    }

    /// Squared distance of two points in length scales, given their squared differences by coordinate.
    pub(super) fn distance(&self, differences: &[f64]) -> f64 {
        let scales = self.values[LENGTHS..].iter();
        scales
            .zip(differences)
            .map(|(scale, square)| scale * scale * square)
            .sum()
    }

    /// The decay between two levels, in units of the smallest one.
    pub(super) fn decay(&self, level: f64, other: f64) -> f64 {
        (-self.at(POWER) * ((level + other) / self.at(OFFSET)).ln_1p()).exp()
    }

    /// Noise-free covariance of two observations, from the Matérn value of their points and the decay of their levels.
    pub(super) fn covariance(&self, near: f64, decay: f64, is_same_trial: bool) -> f64 {
        let own = if is_same_trial {
            self.at(OWN_FINAL) + self.at(OWN_DECAY) * decay
        } else {
            0.0
        };
        MEAN + self.at(COMMON_DECAY) * decay + near * (self.at(FINAL) + self.at(DECAY) * decay) + own
    }
}

/// Mean and standard deviation of the normal prior on a hyperparameter's logarithm, for targets of variance one.
///
/// The length scales grow with the square root of the number of dimensions (Hvarfner et al. 2024, §4). The other priors
/// are wide.
fn prior(index: usize, dimensions: usize) -> (f64, f64) {
    match index {
        FINAL => (0.5f64.ln(), 1.0),
        DECAY | COMMON_DECAY => (1.0f64.ln(), 1.0),
        OWN_FINAL | OWN_DECAY => (0.05f64.ln(), 1.0),
        NOISE => (1e-2f64.ln(), 1.0),
        POWER => (0.0, 0.5),
        OFFSET => (2.0f64.ln(), 1.0),
        _ => (-(0.5 * (dimensions.max(1) as f64).sqrt()).ln(), 0.5),
    }
}

/// Squared differences of two points by coordinate; an inactive coordinate counts as the midpoint.
pub(super) fn differences(axes: &[Axis], left: &[Option<f64>], right: &[Option<f64>]) -> Vec<f64> {
    let pairs = left.iter().zip(right);
    axes.iter()
        .zip(pairs)
        .map(|(axis, (left, right))| match axis {
            Axis::Ordered => (left.unwrap_or(0.5) - right.unwrap_or(0.5)).powi(2),
            Axis::Unordered => f64::from(u8::from(left != right)),
        })
        .collect()
}
