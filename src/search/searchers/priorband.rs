//! The ensemble of `PriorBand` (Mallik et al. 2023, §5.1): every proposal is a uniform draw, a draw from the user's
//! priors, or a change of the best trial.
//!
//! The share of the priors falls when good trials lie elsewhere, so a wrong prior costs little. Use it with a scheduler
//! that pauses or stops trials; the paper uses Hyperband.

use rand::RngExt as _;
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

use super::standing::{is_judged, rank};
use super::{Entry, Info, Needs, Proposal, Random, Searcher, Several};
use crate::rng::{self, Rng};
use crate::space::{Configuration, Parameter, Shape, Space};
use crate::trials::{Status, Trial, View};

/// The share of uniform draws: that of the paper's lowest rung, where every trial of ours begins.
const UNIFORM: f64 = 0.5;

/// One in so many trials tells where good values lie (the paper's η), but at least so many trials.
const GOOD: usize = 3;

/// The probability that a parameter of the best trial changes (§5.1).
const CHANGES: f64 = 0.5;

/// Standard deviation of a change in the unit interval (§5.1).
const WIDTH: f64 = 0.25;

/// Number of draws in search of a feasible change.
const DRAWS: usize = 50;

/// Draws from the priors as long as they prove right.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PriorBand;

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "priorband",
        aliases: &[],
        about: "draws half of the trials anywhere, the others near your priors or near the best trial, whichever has proved better",
        needs: Needs::NOTHING,
    },
    build: || Box::new(PriorBand),
    several: Several::Scalarised,
};

impl Searcher for PriorBand {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let mut rng = rng::stream(view.seed, "priorband", &[view.trials.len() as u64, u64::from(attempt)]);
        if rng.random::<f64>() < UNIFORM {
            return Random.propose(view, attempt);
        }
        let ranked = ranked(view.trials);
        // The best trial counts once one trial has been trained to the end.
        let best = ranked
            .first()
            .filter(|_| view.trials.iter().any(|trial| trial.reached >= view.max));
        if let Some(best) = best
            && rng.random::<f64>() < share_of_best(view.space, best, &ranked)
            && let Some(configuration) = changed(view.space, &best.configuration, &mut rng)
        {
            return Proposal {
                configuration,
                origin: self.name(),
            };
        }
        Proposal {
            configuration: view.space.sample_prior(&mut rng),
            origin: "prior",
        }
    }
}

/// The trials with a result, the best first.
fn ranked(trials: &[Trial]) -> Vec<&Trial> {
    let judged = trials
        .iter()
        .filter(|trial| is_judged(trial) && trial.status != Status::Failed);
    let mut judged: Vec<&Trial> = judged.collect();
    judged.sort_by_key(|trial| rank(trial));
    judged
}

/// The share of changes of the best trial among the draws that are not uniform (§5.1, equation 2): how much likelier
/// good trials are near the best one than under the priors. Better trials weigh more.
fn share_of_best(space: &Space, best: &Trial, ranked: &[&Trial]) -> f64 {
    let count = (ranked.len() / GOOD).max(GOOD).min(ranked.len());
    let (mut near_best, mut under_prior) = (0.0, 0.0);
    for (index, trial) in ranked[..count].iter().enumerate() {
        let weight = (count - index) as f64;
        let Some(point) = space.encode(&trial.configuration) else {
            continue;
        };
        near_best += weight * density(space, &best.configuration, &point);
        under_prior += weight * space.log_prior(&point).exp();
    }
    let sum = near_best + under_prior;
    if sum > 0.0 && sum.is_finite() {
        near_best / sum
    } else {
        0.5
    }
}

/// The density of a point among the changes of a configuration.
fn density(space: &Space, centre: &Configuration, point: &[Option<f64>]) -> f64 {
    let parameters = space.parameters().iter().zip(point);
    let densities = parameters.filter_map(|(parameter, at)| {
        let (centre, at) = (unit(parameter, centre)?, (*at)?);
        Some(match parameter.domain.shape() {
            Shape::Unordered { .. } => {
                let values = parameter.domain.cardinality().unwrap_or(1) as f64;
                let is_same = parameter.domain.decode(centre) == parameter.domain.decode(at);
                CHANGES + if is_same { (1.0 - CHANGES) * values } else { 0.0 }
            }
            Shape::Constant => 1.0,
            Shape::Ordered { .. } | Shape::Continuous => Change::around(centre)?.density(at),
        })
    });
    densities.product()
}

/// The configuration with some of its parameters moved; parameters that become active by that are random.
fn changed(space: &Space, centre: &Configuration, rng: &mut Rng) -> Option<Configuration> {
    let mut draws = (0..DRAWS).map(|_| {
        let units: Vec<f64> = space
            .parameters()
            .iter()
            .map(|parameter| match unit(parameter, centre) {
                Some(unit) if rng.random::<f64>() >= CHANGES => unit,
                Some(unit) if !matches!(parameter.domain.shape(), Shape::Unordered { .. }) => {
                    let share = rng.random();
                    Change::around(unit).map_or(unit, |change| change.quantile(share))
                }
                Some(_) | None => rng.random(),
            })
            .collect();
        space.decode(&units)
    });
    draws.find(|drawn| space.is_feasible(drawn) && drawn != centre)
}

/// The position of a configuration's value in its domain.
fn unit(parameter: &Parameter, configuration: &Configuration) -> Option<f64> {
    parameter.domain.encode(configuration.get(&parameter.name)?)
}

/// The distribution of a moved value: normal, cut off at 0 and 1.
struct Change {
    normal: Normal,
    /// The probabilities below 0 and below 1 without the cut.
    below: (f64, f64),
}

impl Change {
    fn around(centre: f64) -> Option<Self> {
        let normal = Normal::new(centre, WIDTH).ok()?;
        let below = (normal.cdf(0.0), normal.cdf(1.0));
        Some(Self { normal, below })
    }

    fn density(&self, at: f64) -> f64 {
        self.normal.pdf(at) / (self.below.1 - self.below.0)
    }

    fn quantile(&self, share: f64) -> f64 {
        let (low, high) = self.below;
        self.normal.inverse_cdf(low + share * (high - low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cube, number, run, sphere};
    use super::*;
    use crate::space::{Confidence, Prior, Value};

    /// The cube of two dimensions with priors at this point.
    fn believed(at: f64) -> Space {
        let mut parameters = cube(2).parameters().to_vec();
        for parameter in &mut parameters {
            parameter.hints.prior = Some(Prior {
                value: Value::Float(at),
                confidence: Confidence::High,
            });
        }
        Space::new(parameters, vec![]).unwrap()
    }

    fn count(trials: &[Trial], origin: &str) -> usize {
        trials.iter().filter(|trial| trial.origin == origin).count()
    }

    #[test]
    fn half_of_the_draws_are_uniform_and_the_rest_begins_with_the_priors() {
        let trials = run(&PriorBand, &believed(0.2), 1, 400, &sphere);
        assert!(
            (160..240).contains(&count(&trials, "random")),
            "{}",
            count(&trials, "random")
        );
        let first = trials.iter().find(|trial| trial.origin == "prior").unwrap();
        assert!((number(&first.configuration, 0) - 0.2).abs() < 0.4);
    }

    #[test]
    fn a_wrong_prior_loses_its_share_and_a_right_one_keeps_more() {
        // The best point is at 0.7.
        let later = |at: f64| -> usize {
            let trials = run(&PriorBand, &believed(at), 3, 300, &sphere);
            count(&trials[100..], "prior")
        };
        let (right, wrong) = (later(0.7), later(0.1));
        assert!(wrong < 10 && right > 3 * wrong + 20, "{right} and {wrong}");
    }

    #[test]
    fn the_best_trial_counts_by_the_papers_scores() {
        // One dimension, one good trial at the prior's mode and at the best trial itself: the densities by hand.
        let mut parameters = cube(1).parameters().to_vec();
        parameters[0].hints.prior = Some(Prior {
            value: Value::Float(0.5),
            confidence: Confidence::High,
        });
        let space = Space::new(parameters, vec![]).unwrap();
        let trial = super::super::testing::cube_trial(0, &[0.5], 1.0, "random");
        // Two standard deviations on each side of a normal density hold 0.9545 of it.
        let near_best = 1.0 / (WIDTH * (2.0 * std::f64::consts::PI).sqrt()) / 0.954_499_736;
        let under_prior = space.log_prior(&[Some(0.5)]).exp();
        let expected = near_best / (near_best + under_prior);
        assert!((share_of_best(&space, &trial, &[&trial]) - expected).abs() < 1e-8);
        assert!(expected < 0.5, "the prior is narrower than the changes: {expected}");
    }
}
