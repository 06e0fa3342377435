//! A Parzen estimator over the unit cube: one product kernel per trial and one wide kernel for the prior.

use rand::RngExt as _;
use statrs::function::erf::{erf_inv, erfc};

use crate::rng::Rng;
use crate::space::{Domain, Space};

/// A density over points of the unit cube. An inactive coordinate (`None`) has density 1.
#[derive(Debug)]
pub(super) struct Parzen {
    axes: Vec<Axis>,
    /// `log_weights[kernel]`; the last kernel is the prior.
    log_weights: Vec<f64>,
}

/// One coordinate of all kernels.
#[derive(Debug)]
enum Axis {
    /// Normal kernels, cut off at 0 and 1. With `bins`, mass is spread over equal bins (integers, steps, ordered choices).
    Normal {
        centres: Vec<Option<f64>>,
        width: f64,
        log_masses: Vec<f64>,
        bins: Option<u64>,
    },
    /// Unordered choices: `log_probabilities[kernel][choice]`.
    Choice {
        log_probabilities: Vec<Option<Vec<f64>>>,
        choices: usize,
    },
}

impl Parzen {
    /// One kernel for each point, and the prior.
    pub(super) fn fit(space: &Space, points: &[&[Option<f64>]]) -> Self {
        let dimensions = space.parameters().len();
        let axes = space
            .parameters()
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let coordinates = points.iter().map(|point| point[index]);
                match &parameter.domain {
                    Domain::Choice { values, ordered: false } => Axis::choice(coordinates, values.len()),
                    domain => Axis::normal(coordinates, points.len(), dimensions, domain.cardinality()),
                }
            })
            .collect();
        let weights = weights(points.len());
        let total: f64 = weights.iter().sum();
        Self {
            axes,
            log_weights: weights.iter().map(|weight| (weight / total).ln()).collect(),
        }
    }

    /// A draw: a kernel by weight, then every coordinate from it.
    pub(super) fn sample(&self, rng: &mut Rng) -> Vec<f64> {
        let mut left: f64 = rng.random();
        let kernel = self
            .log_weights
            .iter()
            .position(|log_weight| {
                left -= log_weight.exp();
                left < 0.0
            })
            .unwrap_or(self.log_weights.len() - 1);
        self.axes.iter().map(|axis| axis.sample(kernel, rng)).collect()
    }

    /// The logarithm of the density at `point`.
    pub(super) fn log_density(&self, point: &[Option<f64>]) -> f64 {
        let mut kernels = self.log_weights.clone();
        for (axis, coordinate) in self.axes.iter().zip(point) {
            if let Some(coordinate) = coordinate {
                axis.add_log_densities(*coordinate, &mut kernels);
            }
        }
        log_sum_exp(&kernels)
    }
}

/// Width of a kernel for `n` points in `d` dimensions: 0.2·n^(−1/(d+4)), Scott's rule as Optuna uses it,
/// and never below 1/min(100, n + 2) ("magic clip", Bergstra et al. 2011).
fn kernel_width(points: usize, dimensions: usize) -> f64 {
    let scott = 0.2 * (points.max(1) as f64).powf(-1.0 / (dimensions as f64 + 4.0));
    scott.max(1.0 / (points as f64 + 2.0).min(100.0))
}

/// Recent trials weigh 1, older ones less when there are more than 25 (Bergstra et al. 2013, hyperopt's linear forgetting);
/// the prior weighs 1.
fn weights(points: usize) -> Vec<f64> {
    const FULL: usize = 25;
    let old = points.saturating_sub(FULL);
    let ramp = (0..old).map(|index| {
        let start = 1.0 / points as f64;
        if old == 1 {
            start
        } else {
            start + (1.0 - start) * index as f64 / (old - 1) as f64
        }
    });
    ramp.chain(std::iter::repeat_n(1.0, points - old + 1)).collect()
}

impl Axis {
    fn normal(
        coordinates: impl Iterator<Item = Option<f64>>,
        points: usize,
        dimensions: usize,
        bins: Option<u64>,
    ) -> Self {
        let width = kernel_width(points, dimensions);
        // Kernels of trials where the parameter is inactive say nothing about it.
        let centres: Vec<Option<f64>> = coordinates.chain([Some(PRIOR_CENTRE)]).collect();
        let prior = centres.len() - 1;
        let log_masses = centres
            .iter()
            .enumerate()
            .map(|(kernel, centre)| {
                let centre = centre.unwrap_or(PRIOR_CENTRE);
                let width = if kernel == prior { PRIOR_WIDTH } else { width };
                normal_mass((0.0 - centre) / width, (1.0 - centre) / width).ln()
            })
            .collect();
        Self::Normal {
            centres,
            width,
            log_masses,
            bins,
        }
    }

    fn choice(coordinates: impl Iterator<Item = Option<f64>>, choices: usize) -> Self {
        let centres: Vec<Option<f64>> = coordinates.collect();
        let kernels = centres.len() + 1;
        // A kernel puts 1 on its own choice and a share of the prior's weight 1 on every choice (Optuna's rule).
        let floor = 1.0 / kernels as f64;
        let total = 1.0 + floor * choices as f64;
        let mut log_probabilities: Vec<Option<Vec<f64>>> = centres
            .into_iter()
            .map(|coordinate| {
                let own = choice_index(coordinate?, choices);
                Some(
                    (0..choices)
                        .map(|choice| ((floor + f64::from(choice == own)) / total).ln())
                        .collect(),
                )
            })
            .collect();
        log_probabilities.push(Some(vec![-(choices as f64).ln(); choices]));
        Self::Choice {
            log_probabilities,
            choices,
        }
    }

    fn sample(&self, kernel: usize, rng: &mut Rng) -> f64 {
        match self {
            Self::Normal { centres, width, .. } => {
                let Some(centre) = centres[kernel] else {
                    return rng.random();
                };
                let width = if kernel == centres.len() - 1 {
                    PRIOR_WIDTH
                } else {
                    *width
                };
                let (low, high) = (cumulative((0.0 - centre) / width), cumulative((1.0 - centre) / width));
                let quantile: f64 = low + rng.random::<f64>() * (high - low);
                let deviation = std::f64::consts::SQRT_2 * erf_inv(2.0 * quantile - 1.0);
                (centre + width * deviation).clamp(0.0, 1.0)
            }
            Self::Choice {
                log_probabilities,
                choices,
            } => {
                let mut left: f64 = rng.random();
                let choice = match &log_probabilities[kernel] {
                    None => (left * *choices as f64) as usize,
                    Some(log_probabilities) => log_probabilities
                        .iter()
                        .position(|log_probability| {
                            left -= log_probability.exp();
                            left < 0.0
                        })
                        .unwrap_or(choices - 1),
                };
                (choice as f64 + 0.5) / *choices as f64
            }
        }
    }

    fn add_log_densities(&self, coordinate: f64, kernels: &mut [f64]) {
        match self {
            Self::Normal {
                centres,
                width,
                log_masses,
                bins,
            } => {
                let prior = centres.len() - 1;
                for (kernel, centre) in centres.iter().enumerate() {
                    let Some(centre) = centre else { continue };
                    let width = if kernel == prior { PRIOR_WIDTH } else { *width };
                    kernels[kernel] -= log_masses[kernel];
                    kernels[kernel] += if let Some(bins) = bins {
                        // The mass of the value's bin, relative to a uniform bin, so that it is a density.
                        let half = 0.5 / *bins as f64;
                        let (low, high) = ((coordinate - half).max(0.0), (coordinate + half).min(1.0));
                        let mass = normal_mass((low - centre) / width, (high - centre) / width);
                        mass.max(f64::MIN_POSITIVE).ln() - (2.0 * half).ln()
                    } else {
                        let deviation = (coordinate - centre) / width;
                        -0.5 * deviation * deviation - width.ln() - LOG_SQRT_TWO_PI
                    };
                }
            }
            Self::Choice {
                log_probabilities,
                choices,
            } => {
                let choice = choice_index(coordinate, *choices);
                for (kernel, log_probabilities) in log_probabilities.iter().enumerate() {
                    if let Some(log_probabilities) = log_probabilities {
                        kernels[kernel] += log_probabilities[choice] + (*choices as f64).ln();
                    }
                }
            }
        }
    }
}

const PRIOR_CENTRE: f64 = 0.5;
const PRIOR_WIDTH: f64 = 1.0;
const LOG_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_7;

fn choice_index(coordinate: f64, choices: usize) -> usize {
    ((coordinate * choices as f64) as usize).min(choices - 1)
}

fn cumulative(deviation: f64) -> f64 {
    0.5 * erfc(-deviation / std::f64::consts::SQRT_2)
}

/// The mass of the standard normal distribution between two points.
fn normal_mass(low: f64, high: f64) -> f64 {
    // On the upper side, mirror: differences of numbers near 1 lose their digits.
    if low > 0.0 {
        cumulative(-low) - cumulative(-high)
    } else {
        cumulative(high) - cumulative(low)
    }
}

fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use crate::space::{Parameter, Value};
    use crate::units::Seed;

    fn space() -> Space {
        let parameter = |name: &str, domain| Parameter::new(name, domain);
        Space::new(
            vec![
                parameter(
                    "x",
                    Domain::Float {
                        min: 0.0,
                        max: 1.0,
                        log: false,
                        step: None,
                    },
                ),
                parameter(
                    "n",
                    Domain::Int {
                        min: 1,
                        max: 4,
                        log: false,
                        step: 1,
                    },
                ),
                parameter(
                    "c",
                    Domain::Choice {
                        values: ["a", "b", "c"].map(|name| Value::Text(name.into())).to_vec(),
                        ordered: false,
                    },
                ),
            ],
            vec![],
        )
        .unwrap()
    }

    #[test]
    fn the_density_integrates_to_one() {
        let space = space();
        let points: [&[Option<f64>]; 3] = [
            &[Some(0.1), Some(0.125), Some(0.5)],
            &[Some(0.9), Some(0.875), Some(0.1)],
            &[Some(0.5), None, Some(0.9)],
        ];
        let density = Parzen::fit(&space, &points);
        let mut total = 0.0;
        let grid = 200;
        for x in 0..grid {
            for n in 0..4 {
                for c in 0..3 {
                    let point = [
                        Some((f64::from(x) + 0.5) / f64::from(grid)),
                        Some((f64::from(n) + 0.5) / 4.0),
                        Some((f64::from(c) + 0.5) / 3.0),
                    ];
                    total += density.log_density(&point).exp() / f64::from(grid * 4 * 3);
                }
            }
        }
        assert!((total - 1.0).abs() < 1e-3, "{total}");
    }

    #[test]
    fn draws_gather_where_the_points_are() {
        let space = space();
        let points: Vec<&[Option<f64>]> = vec![&[Some(0.8), Some(0.875), Some(0.5)]; 20];
        let density = Parzen::fit(&space, &points);
        let mut rng = rng::stream(Seed(1), "test", &[]);
        let draws: Vec<_> = (0..500).map(|_| density.sample(&mut rng)).collect();
        assert!(
            draws
                .iter()
                .flatten()
                .all(|coordinate| (0.0..=1.0).contains(coordinate))
        );
        let near = draws
            .iter()
            .filter(|draw| (draw[0] - 0.8).abs() < 0.3 && (draw[2] - 0.5).abs() < 0.2)
            .count();
        assert!(near > 400, "{near}");
    }
}
