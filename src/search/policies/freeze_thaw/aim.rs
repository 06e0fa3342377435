//! The aim of a decision: an improvement of a random size within a random amount of training (Rakotoarison et al. 2024,
//! "In-context freeze-thaw Bayesian optimization", the acquisition MFPI-random).
//!
//! No single horizon and no single threshold suits all studies. A near aim prefers trials that are about to improve, a
//! far one prefers exploration. A new draw for every decision makes a portfolio of both.

use rand::RngExt as _;

use super::model::Belief;
use crate::rng::Rng;

/// Range of the base-10 exponent of the improvement, in standard deviations of all observed losses. The paper measures
/// it as a share of the distance to a perfect score, which a loss in general does not have.
const POWERS: std::ops::Range<f64> = -4.0..0.0;

/// A horizon and a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    /// Amount of training, in units of the smallest level.
    pub(super) horizon: f64,
    /// Target to fall below.
    threshold: f64,
}

impl Aim {
    /// Draws an aim for a study whose best target is `best` and whose trials end at `end`.
    pub(super) fn draw(best: f64, end: f64, rng: &mut Rng) -> Self {
        let horizon = rng.random_range(0.0..=end.max(1.0)).max(1.0);
        let improvement = 10.0_f64.powf(rng.random_range(POWERS));
        Self {
            horizon,
            threshold: best - improvement,
        }
    }

    /// The aim of becoming the best by the end.
    pub(super) fn best(best: f64, end: f64) -> Self {
        Self {
            horizon: end,
            threshold: best,
        }
    }

    /// Standard normal quantile of the probability that a value with this belief meets the aim. It compares like the
    /// probability, and is still exact where that rounds to 0 or 1.
    pub(super) fn quantile(self, belief: Belief) -> f64 {
        (self.threshold - belief.mean) / belief.deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use crate::units::Seed;

    #[test]
    fn aims_are_of_every_horizon_and_ask_for_an_improvement() {
        let mut rng = rng::stream(Seed(1), "test", &[]);
        let aims: Vec<Aim> = (0..500).map(|_| Aim::draw(-1.0, 27.0, &mut rng)).collect();
        assert!(aims.iter().all(|aim| (1.0..=27.0).contains(&aim.horizon)));
        assert!(aims.iter().any(|aim| aim.horizon < 3.0) && aims.iter().any(|aim| aim.horizon > 24.0));
        assert!(aims.iter().all(|aim| (-2.0..=-1.0001).contains(&aim.threshold)));
    }

    #[test]
    fn of_two_trials_a_near_aim_takes_the_sure_and_a_far_one_the_unsure() {
        let sure = Belief {
            mean: 0.0,
            deviation: 0.1,
        };
        let unsure = Belief {
            mean: 0.3,
            deviation: 1.0,
        };
        let aim = |threshold| Aim {
            horizon: 1.0,
            threshold,
        };
        assert!(aim(0.0).quantile(sure) > aim(0.0).quantile(unsure));
        assert!(aim(-1.0).quantile(sure) < aim(-1.0).quantile(unsure));
    }
}
