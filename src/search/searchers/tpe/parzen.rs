//! A Parzen estimator of one group of parameters: one product kernel per sample, and one component for the prior.

use rand::RngExt as _;

use super::axis::{Axis, Rows};
use super::groups::Group;
use super::normal::log_sum_exp;
use super::split::Sample;
use crate::rng::Rng;
use crate::space::Space;

/// The weight of the prior, where samples have weight 1 (Bergstra et al. 2011, §4.2: the prior is one more component).
const PRIOR_WEIGHT: f64 = 1.0;

/// A density over the coordinates of one group, in the unit cube.
#[derive(Debug)]
pub(super) struct Parzen<'a> {
    group: &'a Group,
    axes: Vec<Axis>,
    /// Weights of the samples; the remainder up to 1 is the weight of the prior.
    weights: Vec<f64>,
    /// The log weight of each kernel, minus the logarithm of its normalisation.
    log_scales: Vec<f32>,
    log_prior_weight: f32,
    /// The space of the user's prior, if this density contains that prior; else the prior is uniform.
    prior: Option<&'a Space>,
}

impl<'a> Parzen<'a> {
    /// Fits one kernel to each sample in which the group is active, and adds the prior.
    pub(super) fn fit(space: &'a Space, group: &'a Group, samples: &[Sample<'_>], has_prior: bool) -> Self {
        let is_active = |sample: &&Sample<'_>| group.iter().all(|&index| sample.point[index].is_some());
        let active: Vec<&Sample<'_>> = samples.iter().filter(is_active).collect();
        let total = active.iter().map(|sample| sample.weight).sum::<f64>() + PRIOR_WEIGHT;
        let weights: Vec<f64> = active.iter().map(|sample| sample.weight / total).collect();
        let mut log_scales: Vec<f32> = weights
            .iter()
            .map(|&weight| weight.max(f64::MIN_POSITIVE).ln() as f32)
            .collect();
        let axes = group
            .iter()
            .map(|&index| {
                let centres = active
                    .iter()
                    .map(|sample| sample.point[index].unwrap_or(0.5) as f32)
                    .collect();
                let axis = Axis::fit(&space.parameters()[index].domain, centres, group.len());
                axis.normalise(&mut log_scales);
                axis
            })
            .collect();
        Self {
            group,
            axes,
            weights,
            log_scales,
            log_prior_weight: (PRIOR_WEIGHT / total).ln() as f32,
            prior: (has_prior && space.has_prior()).then_some(space),
        }
    }

    /// Draws a kernel by weight, and from it every coordinate of the group, into `unit`.
    pub(super) fn sample(&self, unit: &mut [f64], rng: &mut Rng) {
        let mut left: f64 = rng.random();
        let kernel = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let believed = match (kernel, self.prior) {
            (None, Some(space)) => space.encode(&space.sample_prior(rng)),
            (None, None) | (Some(_), _) => None,
        };
        for (axis, &index) in self.axes.iter().zip(self.group) {
            unit[index] = match kernel {
                Some(kernel) => axis.sample(kernel, rng),
                None => believed
                    .as_ref()
                    .and_then(|point| point[index])
                    .unwrap_or_else(|| rng.random()),
            };
        }
    }

    /// Adds the log density, times `sign`, to the score of every point in which the group is active.
    pub(super) fn add_log_densities(&self, points: &[Vec<Option<f64>>], sign: f64, scores: &mut [f64]) {
        let mut rows: Vec<Rows> = vec![Rows::new(); self.axes.len()];
        let mut terms = Vec::with_capacity(self.log_scales.len() + 1);
        for (point, score) in points.iter().zip(scores) {
            let coordinates: Option<Vec<f32>> = self
                .group
                .iter()
                .map(|&index| point[index].map(|position| position as f32))
                .collect();
            let Some(coordinates) = coordinates else { continue };
            terms.clear();
            terms.extend_from_slice(&self.log_scales);
            for ((axis, coordinate), rows) in self.axes.iter().zip(coordinates).zip(&mut rows) {
                axis.add_log_kernels(coordinate, rows, &mut terms);
            }
            terms.push(self.log_prior_weight + self.log_prior(point));
            *score += sign * log_sum_exp(&terms);
        }
    }

    fn log_prior(&self, point: &[Option<f64>]) -> f32 {
        self.prior.map_or(0.0, |space| {
            let mut own = vec![None; point.len()];
            for &index in self.group {
                own[index] = point[index];
            }
            space.log_prior(&own) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use crate::searchers::tpe::groups::groups;
    use crate::space::{Confidence, Domain, Parameter, Prior, Value};
    use crate::units::Seed;

    fn space() -> Space {
        let domains = [
            ("x", Domain::float(0.0, 1.0)),
            ("n", Domain::int(1, 4)),
            ("m", Domain::int(1, 9).log()),
            ("c", Domain::choice(["a", "b", "c"])),
        ];
        Space::new(
            domains.map(|(name, domain)| Parameter::new(name, domain)).to_vec(),
            vec![],
        )
        .unwrap()
    }

    fn samples(points: &[Vec<Option<f64>>]) -> Vec<Sample<'_>> {
        points.iter().map(|point| Sample { point, weight: 1.0 }).collect()
    }

    fn density(parzen: &Parzen<'_>, point: Vec<Option<f64>>) -> f64 {
        let mut score = [0.0];
        parzen.add_log_densities(&[point], 1.0, &mut score);
        score[0].exp()
    }

    #[test]
    fn the_density_integrates_to_one_over_the_shares_of_the_values() {
        let space = space();
        let groups = groups(&space);
        let configurations = [("a", 0.1, 1, 2), ("c", 0.9, 4, 9), ("b", 0.5, 2, 1)];
        let points: Vec<_> = configurations
            .iter()
            .map(|&(c, x, n, m)| {
                let values = [
                    ("x", Value::Float(x)),
                    ("n", Value::Int(n)),
                    ("m", Value::Int(m)),
                    ("c", Value::Text(c.into())),
                ];
                space.encode(&values.into_iter().collect()).unwrap()
            })
            .collect();
        let parzen = Parzen::fit(&space, &groups[0], &samples(&points), false);
        let domain = |index: usize| &space.parameters()[index].domain;
        let mut total = 0.0;
        let grid = 100;
        for x in 0..grid {
            for (n, m, c) in (0..4).flat_map(|n| (0..9).flat_map(move |m| (0..3).map(move |c| (n, m, c)))) {
                let shares = [(1, n), (2, m), (3, c)].map(|(index, number)| domain(index).share(number));
                let mut point = vec![Some((f64::from(x) + 0.5) / f64::from(grid))];
                point.extend(shares.iter().map(|share| Some(f64::midpoint(share.start, share.end))));
                let volume: f64 = shares.iter().map(|share| share.end - share.start).product();
                total += density(&parzen, point) * volume / f64::from(grid);
            }
        }
        assert!((total - 1.0).abs() < 2e-3, "{total}");
    }

    #[test]
    fn draws_gather_where_the_points_are() {
        let space = space();
        let groups = groups(&space);
        let points = vec![vec![Some(0.8), Some(0.875), Some(0.5), Some(0.5)]; 20];
        let parzen = Parzen::fit(&space, &groups[0], &samples(&points), false);
        let mut rng = rng::stream(Seed(1), "test", &[]);
        let mut near = 0;
        for _ in 0..500 {
            let mut unit = vec![-1.0; 4];
            parzen.sample(&mut unit, &mut rng);
            assert!(unit.iter().all(|position| (0.0..=1.0).contains(position)));
            near += u32::from((unit[0] - 0.8).abs() < 0.3 && (unit[3] - 0.5).abs() < 0.2);
        }
        assert!(near > 400, "{near}");
    }

    #[test]
    fn without_samples_the_density_is_the_users_prior() {
        let mut parameter = Parameter::new("x", Domain::float(0.0, 1.0));
        parameter.hints.prior = Some(Prior {
            value: Value::Float(0.2),
            confidence: Confidence::High,
        });
        let space = Space::new(vec![parameter], vec![]).unwrap();
        let groups = groups(&space);
        let (with, without) = (
            Parzen::fit(&space, &groups[0], &[], true),
            Parzen::fit(&space, &groups[0], &[], false),
        );
        for position in [0.1, 0.2, 0.9] {
            let point = vec![Some(position)];
            assert!((density(&with, point.clone()) - space.log_prior(&point).exp()).abs() < 1e-5);
            assert!((density(&without, point) - 1.0).abs() < 1e-6);
        }
    }
}
