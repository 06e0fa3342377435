//! One coordinate of all kernels of a Parzen estimator.

use rand::RngExt as _;
use statrs::function::erf::{erf_inv, erfc};

use super::normal::cumulative;
use crate::rng::Rng;
use crate::space::{Domain, Shape};

/// One coordinate of all kernels.
#[derive(Debug)]
pub(super) enum Axis {
    /// Normal kernels of one width, truncated at 0 and 1.
    Continuous { centres: Vec<f32>, width: f32 },
    /// The same for a finite domain with sub-intervals that are not small: the mass of a kernel on each counts.
    Ordered {
        centres: Vec<f32>,
        width: f32,
        domain: Domain,
    },
    /// Kernels that prefer their own choice: the density of that choice and of every other choice.
    Unordered {
        centres: Vec<f32>,
        choices: u64,
        own: f32,
        other: f32,
    },
}

/// Cached log kernels at values of a finite domain.
pub(super) type Rows = Vec<(f32, Vec<f32>)>;

/// Sub-intervals up to this share of a kernel's width are treated as points, because the kernel is nearly linear over
/// them. (The midpoint rule errs by a 24th of the square of the share.)
const SMALL_SHARE: f64 = 0.25;

impl Axis {
    /// Fits kernels around `centres` in a group of this many `dimensions`.
    pub(super) fn fit(domain: &Domain, centres: Vec<f32>, dimensions: usize) -> Self {
        if let Shape::Unordered { count: choices } = domain.shape() {
            // A kernel has weight 1 on its own choice; the prior's weight of 1 on every choice is split among the
            // kernels (Optuna).
            let floor = 1.0 / (centres.len() as f32 + 1.0);
            let total = 1.0 + floor * choices as f32;
            return Self::Unordered {
                own: (1.0 + floor) / total * choices as f32,
                other: floor / total * choices as f32,
                centres,
                choices,
            };
        }
        let width = width(&centres, dimensions);
        let is_fine = match domain.shape() {
            Shape::Ordered { count } => {
                // The largest sub-interval is that of the lowest values (logarithmic) or any (linear).
                let largest = [0, 1, count - 1]
                    .map(|number| domain.share(number))
                    .map(|share| share.end - share.start);
                largest.iter().all(|&share| share <= SMALL_SHARE * f64::from(width))
            }
            Shape::Constant | Shape::Continuous | Shape::Unordered { .. } => true,
        };
        if is_fine {
            Self::Continuous { centres, width }
        } else {
            Self::Ordered {
                centres,
                width,
                domain: domain.clone(),
            }
        }
    }

    /// Reduces `log_scales` so that each kernel's mass on the unit interval is 1.
    pub(super) fn normalise(&self, log_scales: &mut [f32]) {
        let (centres, width, scale) = match self {
            Self::Continuous { centres, width } => (centres, *width, *width * (2.0 * std::f32::consts::PI).sqrt()),
            Self::Ordered { centres, width, .. } => (centres, *width, 1.0),
            Self::Unordered { .. } => return,
        };
        for (log_scale, &centre) in log_scales.iter_mut().zip(centres) {
            let inside = cumulative((1.0 - centre) / width) - cumulative(-centre / width);
            *log_scale -= (inside * scale).ln();
        }
    }

    /// A draw from one kernel.
    pub(super) fn sample(&self, kernel: usize, rng: &mut Rng) -> f64 {
        match self {
            Self::Continuous { centres, width } | Self::Ordered { centres, width, .. } => {
                draw_normal(f64::from(centres[kernel]), f64::from(*width), rng)
            }
            Self::Unordered {
                centres,
                choices,
                own,
                other,
            } => {
                let extra = f64::from(own - other) / *choices as f64;
                let left: f64 = rng.random();
                if left < extra {
                    f64::from(centres[kernel])
                } else {
                    (left - extra) / (1.0 - extra)
                }
            }
        }
    }

    /// Adds the log density of every kernel at `coordinate` to `terms`, without the part of [`Self::normalise`].
    pub(super) fn add_log_kernels(&self, coordinate: f32, rows: &mut Rows, terms: &mut [f32]) {
        if let Self::Continuous { centres, width } = self {
            let scale = std::f32::consts::FRAC_1_SQRT_2 / width;
            for (term, &centre) in terms.iter_mut().zip(centres) {
                let deviation = (coordinate - centre) * scale;
                *term -= deviation * deviation;
            }
            return;
        }
        let known = rows.iter().position(|(value, _)| *value == coordinate);
        let row = known.unwrap_or_else(|| {
            rows.push((coordinate, self.log_kernels(coordinate)));
            rows.len() - 1
        });
        for (term, &log_kernel) in terms.iter_mut().zip(&rows[row].1) {
            *term += log_kernel;
        }
    }

    /// The log density of every kernel at a value of a finite domain.
    fn log_kernels(&self, coordinate: f32) -> Vec<f32> {
        match self {
            Self::Continuous { centres, .. } => {
                let mut terms = vec![0.0; centres.len()];
                self.add_log_kernels(coordinate, &mut Vec::new(), &mut terms);
                terms
            }
            Self::Ordered { centres, width, domain } => {
                let share = domain.share(domain.number_at(f64::from(coordinate)));
                let (low, high) = (share.start as f32, share.end as f32);
                let mass = |&centre: &f32| {
                    let mass = cumulative((high - centre) / width) - cumulative((low - centre) / width);
                    // The lower limit is below the resolution of single precision.
                    mass.max(1e-9) / (high - low)
                };
                centres.iter().map(mass).map(f32::ln).collect()
            }
            Self::Unordered {
                centres,
                choices,
                own,
                other,
            } => {
                let (own, other) = (own.ln(), other.ln());
                let reach = 0.5 / *choices as f32;
                let is_own = |&centre: &f32| (centre - coordinate).abs() < reach;
                centres
                    .iter()
                    .map(|centre| if is_own(centre) { own } else { other })
                    .collect()
            }
        }
    }
}

/// A draw from the normal distribution truncated at 0 and 1.
fn draw_normal(centre: f64, width: f64, rng: &mut Rng) -> f64 {
    let below = |position: f64| 0.5 * erfc((centre - position) / (width * std::f64::consts::SQRT_2));
    let (low, high) = (below(0.0), below(1.0));
    let quantile = low + rng.random::<f64>() * (high - low);
    (centre + width * std::f64::consts::SQRT_2 * erf_inv(2.0 * quantile - 1.0)).clamp(0.0, 1.0)
}

/// The width of normal kernels by Scott's rule, 1.059·min(σ, IQR/1.34)·n^(−1/(d+4)), with the spread of the points
/// themselves (Watanabe 2023, §3.3). It is never below 1/min(100, n + 2) ("magic clip", Bergstra et al. 2011) and never
/// above 1.
fn width(centres: &[f32], dimensions: usize) -> f32 {
    let count = centres.len() as f32;
    let spread = deviation(centres).min(interquartile_range(centres) / 1.34);
    let scott = 1.059 * spread * count.max(1.0).powf(-1.0 / (dimensions as f32 + 4.0));
    scott.clamp(1.0 / (count + 2.0).min(100.0), 1.0)
}

/// The standard deviation of a sample.
fn deviation(centres: &[f32]) -> f32 {
    let count = centres.len() as f32;
    let mean = centres.iter().sum::<f32>() / count.max(1.0);
    let squares: f32 = centres.iter().map(|centre| (centre - mean) * (centre - mean)).sum();
    (squares / (count - 1.0).max(1.0)).sqrt()
}

/// The distance between the quartiles.
fn interquartile_range(centres: &[f32]) -> f32 {
    if centres.len() < 2 {
        return 0.0;
    }
    let mut sorted = centres.to_vec();
    let (_, upper, _) = sorted.select_nth_unstable_by(centres.len() * 3 / 4, f32::total_cmp);
    let upper = *upper;
    let (_, lower, _) = sorted.select_nth_unstable_by(centres.len() / 4, f32::total_cmp);
    upper - *lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_scotts_rule_between_their_limits() {
        assert_eq!(width(&[], 3), 0.5, "the magic clip of no points");
        assert!(
            (width(&[0.5; 8], 3) - 0.1).abs() < 1e-6,
            "the magic clip of points at one position"
        );
        // 1000 evenly spaced points: σ = 1/√12 = 0.289, IQR/1.34 = 0.373.
        let even: Vec<f32> = (0..1000).map(|index| index as f32 / 1000.0).collect();
        let scott = 1.059 / 12.0_f32.sqrt() * 1000.0_f32.powf(-1.0 / 8.0);
        assert!((width(&even, 4) - scott).abs() < 1e-3);
    }
}
