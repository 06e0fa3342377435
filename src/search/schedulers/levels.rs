//! The resource levels at which trials are compared.

use crate::units::Samples;

/// The lengths of trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The least samples after which a trial may be judged.
    pub min: Samples,
    /// Samples of a complete trial.
    pub max: Samples,
    /// Samples of an epoch.
    pub epoch: Samples,
    /// True if the first comparison is at `min` itself, even if the levels from `max` down do not contain it. Under a
    /// wall budget every early comparison counts (`benches/deadline_quality`).
    pub reaches_min: bool,
}

/// Levels closer than this factor would compare the same trials twice.
const LEAST_RATIO: f64 = 1.5;

impl Lengths {
    /// The levels of [`geometric`], with `min` in front if it must be reached.
    pub(super) fn rungs(&self, eta: u32) -> Vec<Samples> {
        let mut levels = geometric(eta, self.min, self.max);
        if self.reaches_min && levels[0].0 as f64 >= LEAST_RATIO * self.min.0.max(1) as f64 {
            levels.insert(0, Samples(self.min.0.max(1)));
        }
        levels
    }

    /// The interval between comparisons, given in epochs; by default a tenth of a complete trial, but at least `min`.
    pub fn interval(&self, epochs: Option<f64>) -> Samples {
        match epochs {
            Some(epochs) => Samples::from_epochs(epochs, self.epoch),
            None => Samples(self.max.0.div_ceil(10)).max(self.min),
        }
    }
}

/// `max`, `max/eta`, `max/eta²`, … down to `min`, in ascending order. Rounded to samples; equal levels are merged.
pub(super) fn geometric(eta: u32, min: Samples, max: Samples) -> Vec<Samples> {
    let mut levels = vec![max];
    let mut level = max.0 as f64 / f64::from(eta);
    while level.round() as u64 >= min.0.max(1) && Samples(level.round() as u64) < levels[levels.len() - 1] {
        levels.push(Samples(level.round() as u64));
        level /= f64::from(eta);
    }
    levels.reverse();
    levels
}

/// Every `interval` from `min` on, then `max`. A last stretch of less than half an interval joins the one before.
pub(crate) fn even(interval: Samples, min: Samples, max: Samples) -> Vec<Samples> {
    let interval = interval.0.max(1);
    let first = min.0.max(1).div_ceil(interval);
    let last = max.0.saturating_sub(interval.div_ceil(2)) / interval;
    let inner = (first..=last).map(|number| Samples(number * interval));
    inner.filter(|level| *level < max).chain([max]).collect()
}

/// The first level above `reached`; the last level if there is none.
pub(crate) fn above(levels: &[Samples], reached: Samples) -> Samples {
    let index = levels.partition_point(|&level| level <= reached);
    levels[index.min(levels.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_powers_of_eta_down_to_the_minimum() {
        // The example of the ASHA paper: r = 1, R = 9, eta = 3.
        assert_eq!(geometric(3, Samples(1), Samples(9)), [1, 3, 9].map(Samples));
        assert_eq!(
            geometric(3, Samples(500), Samples(8000)),
            [889, 2667, 8000].map(Samples)
        );
        assert_eq!(geometric(2, Samples(1), Samples(3)), [1, 2, 3].map(Samples));
        assert_eq!(geometric(4, Samples(9), Samples(9)), [9].map(Samples));
    }

    #[test]
    fn with_a_wall_budget_the_first_rung_is_the_minimum() {
        let rungs = |min, reaches_min| {
            let lengths = Lengths {
                min: Samples(min),
                max: Samples(4000),
                epoch: Samples(1000),
                reaches_min,
            };
            lengths.rungs(3)
        };
        assert_eq!(rungs(500, false), [1333, 4000].map(Samples));
        assert_eq!(rungs(500, true), [500, 1333, 4000].map(Samples));
        assert_eq!(rungs(400, true), [444, 1333, 4000].map(Samples), "near enough");
    }

    #[test]
    fn intervals_are_even_and_the_last_one_is_no_stub() {
        let levels = |interval, min, max| even(Samples(interval), Samples(min), Samples(max));
        assert_eq!(levels(10, 10, 40), [10, 20, 30, 40].map(Samples));
        assert_eq!(levels(10, 15, 44), [20, 30, 44].map(Samples));
        assert_eq!(levels(10, 10, 36), [10, 20, 30, 36].map(Samples));
        assert_eq!(levels(10, 1, 7), [7].map(Samples));
        assert_eq!(levels(1, 1, 2), [1, 2].map(Samples));
    }

    #[test]
    fn above_the_last_level_there_is_the_last() {
        let levels = [1, 3, 9].map(Samples);
        assert_eq!(above(&levels, Samples(0)), Samples(1));
        assert_eq!(above(&levels, Samples(3)), Samples(9));
        assert_eq!(above(&levels, Samples(9)), Samples(9));
    }
}
