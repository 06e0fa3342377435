//! The speed of this machine: predicts the seconds of future segments from those of past segments.
//!
//! The costs of the virtual clock are right up to a factor for the machine. They also leave out some effects: how well
//! some sizes fit the caches, and what a kind of trial does beside its matrix products. So the factor is estimated,
//! mostly from segments with a similar cost per sample. The estimate is the median of seconds over cost, weighted by
//! similarity (a kernel regression, Nadaraya 1964 and Watson 1964, that a single outlier does not move). With few
//! similar segments, the factor of all segments dominates.
//!
//! The four numbers below did best in a replay of the studies in `benches/PERFORMANCE.md`, or as well as any values
//! near them. That replay was made before the length of a segment was taken into account.

use crate::units::Samples;

/// Segments whose costs per sample differ by this share have a similarity of one half.
const WIDTH: f64 = 0.2;

/// The factor of all segments has the weight of this many similar segments.
const PRIOR: f64 = 0.1;

/// The weight of a segment shrinks by this factor with each later similar segment. The first one at a depth also
/// computes the cached activations, and the load of a machine changes.
const FADING: f64 = 0.7;

/// Number of segments that are remembered; beyond it the oldest are forgotten.
const REMEMBERED: usize = 200;

/// An amount of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Samples from start to end.
    pub samples: Samples,
    /// Its predicted cost on the virtual clock.
    pub cost: f64,
}

impl Work {
    /// The logarithm of the cost per sample; without a cost, that of a very cheap sample.
    fn kind(self) -> f64 {
        (self.cost / self.samples.0.max(1) as f64).max(f64::MIN_POSITIVE).ln()
    }
}

/// A segment that ended.
#[derive(Clone, Copy, Debug)]
struct Known {
    kind: f64,
    cost: f64,
    /// Its seconds over its cost.
    factor: f64,
}

/// The durations of past segments.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The segments that ended, oldest first.
    known: Vec<Known>,
    /// The total cost of all segments.
    cost: f64,
    seconds: f64,
}

impl Pace {
    /// Adds the duration of a segment.
    pub fn learn(&mut self, work: Work, seconds: f64) {
        if work.cost > 0.0 && seconds > 0.0 {
            self.cost += work.cost;
            self.seconds += seconds;
            if self.known.len() == REMEMBERED {
                self.known.remove(0);
            }
            self.known.push(Known {
                kind: work.kind(),
                cost: work.cost,
                factor: seconds / work.cost,
            });
        }
    }

    /// The seconds that a segment will take; `None` before the first segment has ended.
    pub fn seconds(&self, work: Work) -> Option<f64> {
        if self.cost <= 0.0 {
            return None;
        }
        let kind = work.kind();
        let mut later = 0.0;
        let alike = self.known.iter().rev().map(|other| {
            let distance = (other.kind - kind) / WIDTH;
            // A short segment says little about a long one: start and end may be most of it.
            let length = (other.cost / work.cost.max(f64::MIN_POSITIVE)).min(1.0);
            let likeness = length * 0.5_f64.powf(distance * distance);
            let weight = likeness * FADING.powf(later);
            later += likeness;
            (other.factor, weight)
        });
        let mut factors: Vec<(f64, f64)> = alike.chain([(self.seconds / self.cost, PRIOR)]).collect();
        factors.sort_by(|one, other| one.0.total_cmp(&other.0));
        Some(work.cost * median(&factors))
    }
}

/// The weighted median: half of the weight lies on each side. `values` are in ascending order, each with its weight.
fn median(values: &[(f64, f64)]) -> f64 {
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    let found = values.iter().find(|(_, weight)| {
        below += weight;
        below >= half
    });
    found.or(values.last()).map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn work(samples: u64, cost: f64) -> Work {
        Work {
            samples: Samples(samples),
            cost,
        }
    }

    #[test]
    fn nothing_is_predicted_before_a_segment_has_ended() {
        assert_eq!(Pace::default().seconds(work(100, 1.0)), None);
        let mut pace = Pace::default();
        pace.learn(work(100, 0.0), 1.0);
        assert_eq!(pace.seconds(work(100, 1.0)), None);
    }

    #[test]
    fn kinds_of_trials_have_factors_of_their_own() {
        let mut pace = Pace::default();
        // A sample costs 1 and takes 2 s, or it costs 0.01 and takes 0.05 s.
        for _ in 0..5 {
            pace.learn(work(100, 100.0), 200.0);
            pace.learn(work(100, 1.0), 5.0);
        }
        let near = |found: Option<f64>, expected: f64| (found.unwrap() / expected - 1.0).abs() < 0.1;
        assert!(near(pace.seconds(work(300, 300.0)), 600.0));
        assert!(near(pace.seconds(work(300, 3.0)), 15.0));
        // No similar segment is known, so the factor of all segments dominates.
        assert!(near(pace.seconds(work(100, 1e6)), 1e6 * 1025.0 / 505.0));
    }

    #[test]
    fn a_kind_is_remembered_over_many_others() {
        let mut pace = Pace::default();
        for kind in 0..15 {
            let cost = 10.0_f64.powi(kind);
            pace.learn(work(100, cost), cost * f64::from(kind + 1));
        }
        let seconds = pace.seconds(work(100, 1.0)).unwrap();
        assert!((seconds - 1.0).abs() < 1e-9, "{seconds}");
    }

    #[test]
    fn what_was_first_is_outgrown() {
        let mut pace = Pace::default();
        pace.learn(work(100, 1.0), 3.0);
        for _ in 0..9 {
            pace.learn(work(100, 1.0), 1.0);
        }
        let seconds = pace.seconds(work(100, 1.0)).unwrap();
        assert!((1.0..1.15).contains(&seconds), "{seconds}");
    }

    #[test]
    fn a_short_segment_says_little_of_a_long_one() {
        let mut pace = Pace::default();
        pace.learn(work(1000, 1000.0), 1000.0);
        pace.learn(work(50, 50.0), 150.0);
        assert!(pace.seconds(work(1000, 1000.0)).unwrap() < 1200.0);
        assert_eq!(pace.seconds(work(50, 50.0)), Some(150.0));
    }

    proptest! {
        #[test]
        fn a_machine_of_one_speed_is_known_exactly(
            costs in prop::collection::vec((1_u64..1000, 1e-3..1e3_f64), 1..300),
            speed in 1e-3..1e3_f64,
        ) {
            let mut pace = Pace::default();
            for &(samples, cost) in &costs {
                pace.learn(work(samples, cost), cost * speed);
            }
            let seconds = pace.seconds(work(7, 5.0)).unwrap();
            prop_assert!((seconds / (5.0 * speed) - 1.0).abs() < 1e-9);
        }
    }
}
