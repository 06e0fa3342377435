//! The normal distribution that CMA-ES adapts (Hansen 2016, "The CMA Evolution Strategy: A Tutorial"; its equation
//! numbers and defaults are used), with the margin for discrete parameters (Hamano et al. 2022, "CMA-ES with Margin",
//! §4).

use statrs::function::erf::{erf_inv, erfc};

use super::eigen::Eigen;

/// Constants that follow from the number of dimensions and the size of a generation (Hansen 2016, table 1).
#[derive(Clone, Debug)]
pub(super) struct Rates {
    /// Weights of the ranked members, best first: the positive ones sum to 1, the others are negative.
    pub(super) weights: Vec<f64>,
    selected: f64,
    sigma: f64,
    damping: f64,
    path: f64,
    rank_one: f64,
    rank_mu: f64,
    /// The expected length of a standard normal vector.
    expected: f64,
}

impl Rates {
    /// The defaults for `dimensions` and generations of `size`.
    pub(super) fn new(dimensions: usize, size: usize) -> Self {
        let n = dimensions.max(1) as f64;
        let raw: Vec<f64> = (1..=size)
            .map(|rank| f64::midpoint(size as f64, 1.0).ln() - (rank as f64).ln())
            .collect();
        let effective = |part: &[f64]| {
            let squares: f64 = part.iter().map(|weight| weight * weight).sum();
            part.iter().sum::<f64>().powi(2) / squares.max(f64::MIN_POSITIVE)
        };
        let (positive, negative) = raw.split_at(size / 2);
        let (selected, rejected) = (effective(positive), effective(negative));
        let path = (4.0 + selected / n) / (n + 4.0 + 2.0 * selected / n);
        let rank_one = 2.0 / ((n + 1.3).powi(2) + selected);
        let rank_mu =
            (1.0 - rank_one).min(2.0 * (0.25 + selected + 1.0 / selected - 2.0) / ((n + 2.0).powi(2) + selected));
        let sigma = (selected + 2.0) / (n + selected + 5.0);
        let damping = 1.0 + 2.0 * (((selected - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + sigma;
        let total: f64 = positive.iter().sum();
        let reject = (1.0 + rank_one / rank_mu)
            .min(1.0 + 2.0 * rejected / (selected + 2.0))
            .min((1.0 - rank_one - rank_mu) / (n * rank_mu));
        let rejected_total: f64 = negative.iter().map(|weight| weight.abs()).sum();
        let weights = positive
            .iter()
            .map(|weight| weight / total)
            .chain(negative.iter().map(|weight| weight * reject / rejected_total))
            .collect();
        Self {
            weights,
            selected,
            sigma,
            damping,
            path,
            rank_one,
            rank_mu,
            expected: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }
}

/// A normal distribution over some coordinates of the unit cube, with its evolution paths.
#[derive(Clone, Debug)]
pub(super) struct Gaussian {
    pub(super) mean: Vec<f64>,
    sigma: f64,
    covariance: Vec<Vec<f64>>,
    eigen: Eigen,
    /// Stretches coordinates for the margin: the diagonal of A in Hamano et al. 2022.
    stretch: Vec<f64>,
    sigma_path: Vec<f64>,
    path: Vec<f64>,
    generation: i32,
}

impl Gaussian {
    /// An isotropic distribution.
    pub(super) fn new(mean: Vec<f64>, sigma: f64) -> Self {
        let size = mean.len();
        let covariance: Vec<Vec<f64>> = (0..size)
            .map(|row| (0..size).map(|column| f64::from(u8::from(row == column))).collect())
            .collect();
        Self {
            mean,
            sigma,
            eigen: Eigen::new(&covariance),
            covariance,
            stretch: vec![1.0; size],
            sigma_path: vec![0.0; size],
            path: vec![0.0; size],
            generation: 0,
        }
    }

    /// The point that corresponds to a standard normal vector (equations 38–40).
    pub(super) fn at(&self, normal: &[f64]) -> Vec<f64> {
        let scaled = self.eigen.scaled(normal);
        let steps = scaled
            .iter()
            .zip(&self.stretch)
            .map(|(step, stretch)| self.sigma * stretch * step);
        self.mean.iter().zip(steps).map(|(mean, step)| mean + step).collect()
    }

    /// The standard deviation of one coordinate.
    pub(super) fn deviation(&self, index: usize) -> f64 {
        self.sigma * self.stretch[index] * self.covariance[index][index].sqrt()
    }

    /// Returns whether the covariance is too ill-conditioned to compute with.
    pub(super) fn is_degenerate(&self) -> bool {
        !self.mean.is_empty() && self.eigen.condition() > 1e13
    }

    /// Adapts to the members of a generation, best first, one for each weight (equations 41–47).
    pub(super) fn adapt(&mut self, ranked: &[Vec<f64>], rates: &Rates) {
        let size = self.mean.len();
        if size == 0 {
            return;
        }
        let steps: Vec<Vec<f64>> = ranked.iter().map(|member| self.step_to(member)).collect();
        let mut mean_step = vec![0.0; size];
        for (step, weight) in steps.iter().zip(&rates.weights).filter(|(_, weight)| **weight > 0.0) {
            add(&mut mean_step, step, *weight);
        }
        for ((mean, step), stretch) in self.mean.iter_mut().zip(&mean_step).zip(&self.stretch) {
            *mean = (*mean + self.sigma * stretch * step).clamp(0.0, 1.0);
        }
        self.generation += 1;
        let kept = 1.0 - rates.sigma;
        scale(&mut self.sigma_path, kept);
        let whitened = self.eigen.whitened(&mean_step);
        add(
            &mut self.sigma_path,
            &whitened,
            (rates.sigma * (2.0 - rates.sigma) * rates.selected).sqrt(),
        );
        let length = norm(&self.sigma_path);
        // Equation (43), and the stall of the path in the same section.
        let usual = length / (1.0 - kept.powi(2 * self.generation)).sqrt();
        let moves = usual < (1.4 + 2.0 / (size as f64 + 1.0)) * rates.expected;
        scale(&mut self.path, 1.0 - rates.path);
        if moves {
            add(
                &mut self.path,
                &mean_step,
                (rates.path * (2.0 - rates.path) * rates.selected).sqrt(),
            );
        }
        self.adapt_covariance(&steps, rates, moves);
        self.sigma *= ((rates.sigma / rates.damping) * (length / rates.expected - 1.0))
            .min(1.0)
            .exp();
        // A distribution wider than the cube has no meaning.
        let widest = (0..size).map(|index| self.deviation(index)).fold(0.0, f64::max);
        self.sigma /= (widest / WIDEST).max(1.0);
        self.eigen = Eigen::new(&self.covariance);
    }

    /// The step to a member, in units of the distribution. Members that were not drawn from it (other searchers'
    /// trials, late trials) may lie far out. Their steps are shortened to a length that a drawn one might have (Hansen
    /// 2011, "Injecting External Solutions Into CMA-ES", §3).
    fn step_to(&self, member: &[f64]) -> Vec<f64> {
        let differences = member.iter().zip(&self.mean).zip(&self.stretch);
        let mut step: Vec<f64> = differences
            .map(|((at, mean), stretch)| (at - mean) / (self.sigma * stretch))
            .collect();
        let n = self.mean.len() as f64;
        let longest = n.sqrt() + 2.0 * n / (n + 2.0);
        let length = norm(&self.eigen.whitened(&step));
        if length > longest {
            scale(&mut step, longest / length);
        }
        step
    }

    fn adapt_covariance(&mut self, steps: &[Vec<f64>], rates: &Rates, moves: bool) {
        let n = self.mean.len() as f64;
        let weights: Vec<f64> = steps
            .iter()
            .zip(&rates.weights)
            .map(|(step, &weight)| {
                // Equation (46): a rejected step counts as if it had the usual length, so that the matrix stays
                // positive definite.
                let length = norm(&self.eigen.whitened(step)).max(1e-8);
                if weight < 0.0 {
                    weight * n / (length * length)
                } else {
                    weight
                }
            })
            .collect();
        let stalled = if moves { 0.0 } else { rates.path * (2.0 - rates.path) };
        let total: f64 = rates.weights.iter().sum();
        let kept = 1.0 + rates.rank_one * stalled - rates.rank_one - rates.rank_mu * total;
        for (row, line) in self.covariance.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                let rank_mu: f64 = steps
                    .iter()
                    .zip(&weights)
                    .map(|(step, weight)| weight * step[row] * step[column])
                    .sum();
                *cell = kept * *cell + rates.rank_one * self.path[row] * self.path[column] + rates.rank_mu * rank_mu;
            }
        }
    }

    /// Keeps the probability of leaving the likeliest value of a discrete coordinate at `margin` (both sides together)
    /// or more, by moving the mean and widening the coordinate (Hamano et al. 2022, §4). `low` and `high` are the
    /// bounds of the sub-interval of that value; `None` if it is the first or the last value.
    pub(super) fn keep_margin(&mut self, index: usize, low: Option<f64>, high: Option<f64>, margin: f64) {
        let (mean, deviation) = (self.mean[index], self.deviation(index));
        match (low, high) {
            (None, None) => {}
            (Some(edge), None) | (None, Some(edge)) => {
                let farthest = deviation * quantile(1.0 - margin);
                self.mean[index] = edge + (mean - edge).clamp(-farthest, farthest);
            }
            (Some(low), Some(high)) => {
                let below = cumulative((low - mean) / deviation);
                let above = cumulative((mean - high) / deviation);
                let half = margin / 2.0;
                if below >= half && above >= half {
                    return;
                }
                let inside = (1.0 - below - above).max(half);
                let (below, above) = (below.max(half), above.max(half));
                let surplus = 1.0 - below - above - inside;
                let room = below + above + inside - 3.0 * half;
                let share = |part: f64| part + surplus * (part - half) / room;
                let (left, right) = (-quantile(share(below)), -quantile(share(above)));
                let widened = (high - low) / (left + right);
                if !(widened.is_finite() && widened > 0.0) {
                    return;
                }
                self.mean[index] = low + widened * left;
                self.stretch[index] *= widened / deviation;
            }
        }
    }
}

/// Upper limit on a standard deviation: at half the cube's width most draws would miss the cube.
const WIDEST: f64 = 0.5;

/// The standard normal distribution function.
pub(super) fn cumulative(deviation: f64) -> f64 {
    0.5 * erfc(-deviation / std::f64::consts::SQRT_2)
}

/// The inverse of [`cumulative`].
pub(super) fn quantile(probability: f64) -> f64 {
    std::f64::consts::SQRT_2 * erf_inv(2.0 * probability - 1.0)
}

fn add(sum: &mut [f64], vector: &[f64], weight: f64) {
    for (sum, part) in sum.iter_mut().zip(vector) {
        *sum += weight * part;
    }
}

fn scale(vector: &mut [f64], factor: f64) {
    for part in vector {
        *part *= factor;
    }
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|part| part * part).sum::<f64>().sqrt()
}
