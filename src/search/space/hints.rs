//! The user's prior knowledge about a parameter, and the density over the unit cube that follows from it.

use rand::RngExt as _;

use super::normal::TruncatedNormal;
use super::{Configuration, Space, Value};
use crate::rng::Rng;

/// The user's knowledge about one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// The region where the best value probably lies.
    pub prior: Option<Prior>,
    /// The value to try first.
    pub init: Option<Value>,
    /// A value at which a trial is cheap (FLAML's `low_cost_init_value`).
    pub low_cost: Option<Value>,
}

/// A prior about where the best value lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// The likeliest value.
    pub value: Value,
    /// The user's confidence in that value.
    pub confidence: Confidence,
}

/// The confidence in a prior (Hvarfner et al. 2022 use such a weight; Mallik et al. 2023 use the same three words).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confidence {
    /// Anywhere in the neighbourhood.
    Low,
    /// Near the value.
    #[default]
    Medium,
    /// Very near the value.
    High,
}

impl Confidence {
    /// The standard deviation of the prior in the unit interval.
    fn width(self) -> f64 {
        match self {
            Self::Low => 0.5,
            Self::Medium => 0.25,
            Self::High => 0.125,
        }
    }

    /// The confidence whose width is nearest to this, on a logarithmic scale.
    fn of_width(width: f64) -> Self {
        let distance = |confidence: &Self| (confidence.width() / width).ln().abs();
        let all = [Self::Low, Self::Medium, Self::High];
        let nearest = all
            .into_iter()
            .min_by(|one, other| distance(one).total_cmp(&distance(other)));
        nearest.unwrap_or_default()
    }

    /// The extra probability of the likeliest among several unordered choices, beyond its equal share.
    fn favour(self) -> f64 {
        match self {
            Self::Low => 0.25,
            Self::Medium => 0.5,
            Self::High => 0.75,
        }
    }
}

impl Space {
    /// Adds a wide prior to a parameter that has none: the best value probably lies near the domain's value nearest to
    /// `value`. Does nothing if there is no such parameter or no such value.
    ///
    /// On a logarithmic range, `spread` is the width of the prior in orders of magnitude. On other domains the prior
    /// has the largest width.
    pub fn believe(&mut self, name: &str, value: &Value, spread: f64) {
        let Some(parameter) = self.parameters.iter_mut().find(|parameter| parameter.name == name) else {
            return;
        };
        let (Some(value), None) = (parameter.domain.nearest(value), &parameter.hints.prior) else {
            return;
        };
        let confidence = match parameter.domain.magnitudes() {
            Some(magnitudes) if magnitudes > 0.0 => Confidence::of_width(spread / magnitudes),
            Some(_) | None => Confidence::Low,
        };
        parameter.hints.prior = Some(Prior { value, confidence });
        self.list_hinted_points();
    }

    /// Returns whether any parameter has a prior.
    pub fn has_prior(&self) -> bool {
        self.parameters()
            .iter()
            .any(|parameter| parameter.hints.prior.is_some())
    }

    /// The log density of the prior at a point of the unit cube; 0 everywhere without a prior.
    pub fn log_prior(&self, point: &[Option<f64>]) -> f64 {
        let beliefs = self.parameters().iter().zip(point);
        beliefs
            .filter_map(|(parameter, coordinate)| {
                let belief = Belief::new(parameter)?;
                Some(belief.density((*coordinate)?).ln())
            })
            .sum()
    }

    /// A feasible configuration drawn from the prior; parameters without one are drawn uniformly.
    pub fn sample_prior(&self, rng: &mut Rng) -> Configuration {
        /// As in `sample`. A prior may lie outside the feasible region: then the draw is uniform.
        const DRAWS: usize = 1_000;
        let parameters = self.parameters().len();
        let drawn = (0..DRAWS).find_map(|_| {
            let shares: Vec<f64> = (0..parameters).map(|_| rng.random::<f64>()).collect();
            self.at_prior(&shares)
        });
        drawn.unwrap_or_else(|| self.sample(rng))
    }

    /// The configuration at these quantiles of the prior, one for each parameter; `None` if it is not feasible.
    /// Quantiles that are uniform in the unit cube give values that are distributed as the prior is.
    pub fn at_prior(&self, shares: &[f64]) -> Option<Configuration> {
        let parameters = self.parameters().iter().zip(shares);
        let unit: Vec<f64> = parameters
            .map(|(parameter, &share)| Belief::new(parameter).map_or(share, |belief| belief.quantile(share)))
            .collect();
        self.is_feasible_at(&unit).then(|| self.decode(&unit))
    }
}

/// A prior as a density over the unit interval.
enum Belief {
    /// A normal density, truncated to the interval from 0 to 1.
    Normal(TruncatedNormal),
    /// More weight on the sub-interval `from..to` of an unordered choice.
    Choice { from: f64, to: f64, favour: f64 },
}

impl Belief {
    fn new(parameter: &super::Parameter) -> Option<Self> {
        let prior = parameter.hints.prior.as_ref()?;
        let domain = &parameter.domain;
        if let super::Shape::Unordered { .. } = domain.shape() {
            let share = domain.share(domain.number(&prior.value)?);
            return Some(Self::Choice {
                from: share.start,
                to: share.end,
                favour: prior.confidence.favour(),
            });
        }
        let centre = domain.encode(&prior.value)?;
        Some(Self::Normal(TruncatedNormal::new(
            centre,
            prior.confidence.width(),
            0.0,
            1.0,
        )))
    }

    fn density(&self, at: f64) -> f64 {
        match *self {
            Self::Normal(curve) => curve.density(at),
            Self::Choice { from, to, favour } => {
                let inside = if (from..to).contains(&at) {
                    favour / (to - from)
                } else {
                    0.0
                };
                1.0 - favour + inside
            }
        }
    }

    fn quantile(&self, share: f64) -> f64 {
        match *self {
            Self::Normal(curve) => curve.quantile(share),
            Self::Choice { from, to, favour } => {
                if share < favour {
                    from + share / favour * (to - from)
                } else {
                    (share - favour) / (1.0 - favour)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Domain, Parameter};
    use super::*;
    use crate::rng;
    use crate::units::Seed;

    fn space(prior: Value, domain: Domain) -> Space {
        let mut parameter = Parameter::new("x", domain);
        parameter.hints.prior = Some(Prior {
            value: prior,
            confidence: Confidence::Medium,
        });
        Space::new(vec![parameter], vec![]).unwrap()
    }

    fn spaces() -> [Space; 2] {
        let float = Domain::Float {
            min: 1e-6,
            max: 1e-2,
            log: true,
            step: None,
        };
        let choice = Domain::Choice {
            values: (0..4).map(Value::Int).collect(),
            ordered: false,
        };
        [space(Value::Float(1e-5), float), space(Value::Int(2), choice)]
    }

    #[test]
    fn the_density_integrates_to_one_and_is_highest_at_the_prior() {
        for space in spaces() {
            let density = |at: f64| space.log_prior(&[Some(at)]).exp();
            let total: f64 = (0..1_000)
                .map(|i| density((f64::from(i) + 0.5) / 1_000.0) / 1_000.0)
                .sum();
            assert!((total - 1.0).abs() < 1e-3, "{total}");
            let parameter = &space.parameters()[0];
            let best = parameter.hints.prior.as_ref().unwrap();
            let peak = density(parameter.domain.encode(&best.value).unwrap());
            assert!((0..100).all(|i| density(f64::from(i) / 100.0) <= peak + 1e-12));
        }
    }

    #[test]
    fn draws_gather_around_the_prior() {
        let mut rng = rng::stream(Seed(1), "test", &[]);
        for space in spaces() {
            let mean_log = |draw: &mut dyn FnMut() -> Configuration| -> f64 {
                let points = (0..2_000).map(|_| space.log_prior(&space.encode(&draw()).unwrap()));
                points.sum::<f64>() / 2_000.0
            };
            let believed = mean_log(&mut || space.sample_prior(&mut rng.clone_and_step()));
            let uniform = mean_log(&mut || space.sample(&mut rng.clone_and_step()));
            assert!(believed > uniform + 0.1, "{believed} against {uniform}");
        }
    }

    trait CloneAndStep {
        fn clone_and_step(&mut self) -> Rng;
    }

    impl CloneAndStep for Rng {
        /// A different stream on each call.
        fn clone_and_step(&mut self) -> Rng {
            use rand::Rng as _;
            rng::stream(Seed(self.next_u64()), "step", &[])
        }
    }
}
