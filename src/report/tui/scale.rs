//! Ranges of axes, and round numbers for their ticks.

use crate::report::terminal::words;

/// Outer values may leave the chart if the full range is more than this multiple of the range of the inner values.
const OUTLYING: f64 = 8.0;

/// A range of numbers; both ends are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A tick on an axis and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Range {
    /// The range from `low` to `high`, widened a little if they are equal.
    pub(super) fn new(low: f64, high: f64) -> Self {
        let size = low.abs().max(high.abs());
        // A difference only in the last digits counts as equal.
        if high - low > size * 1e-9 {
            return Self { low, high };
        }
        let margin = if size == 0.0 { 0.5 } else { size * 0.05 };
        Self {
            low: low - margin,
            high: high + margin,
        }
    }

    /// A range in which most values can be told apart, with a margin; `None` without a finite value.
    ///
    /// Outliers would compress the other values. In that case the outer tenth at each end may lie outside, but never
    /// `best`.
    pub(super) fn of(values: impl Iterator<Item = f64>, best: Option<f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (&low, &high) = (values.first()?, values.last()?);
        let outer = values.len().div_ceil(10);
        let mut range = Self { low, high };
        if values.len() > 3 {
            let mut inner = Self {
                low: values[outer],
                high: values[values.len() - 1 - outer],
            };
            if let Some(best) = best.filter(|best| best.is_finite()) {
                inner.low = inner.low.min(best);
                inner.high = inner.high.max(best);
            }
            if inner.span() > 0.0 && range.span() > OUTLYING * inner.span() {
                range = inner;
            }
        }
        let range = Self::new(range.low, range.high);
        let margin = range.span() * 0.05;
        Some(Self {
            low: (range.low - margin).max(f64::MIN),
            high: (range.high + margin).min(f64::MAX),
        })
    }

    /// The range extended to `value`, unless it would become more than twice as large.
    pub(super) fn with(self, value: f64) -> Self {
        let wider = Self {
            low: self.low.min(value),
            high: self.high.max(value),
        };
        let margin = wider.span() * 0.05;
        if value.is_finite() && self.span() < wider.span() && wider.span() <= self.span() * 2.0 {
            return Self {
                low: if wider.low < self.low {
                    wider.low - margin
                } else {
                    self.low
                },
                high: if wider.high > self.high {
                    wider.high + margin
                } else {
                    self.high
                },
            };
        }
        self
    }

    /// Returns `true` if `value` lies in the range.
    pub(super) fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Position of `value` in the range, from 0 at the lower end to 1 at the upper end; clamped to the ends.
    pub(super) fn share(self, value: f64) -> f64 {
        // Halve first, since the difference of two large numbers may overflow.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) }
    }

    fn span(self) -> f64 {
        self.high - self.low
    }

    /// At most `count` round numbers in the range.
    pub(super) fn ticks(self, count: usize) -> Vec<Tick> {
        let Some(least) = self.least_step(count) else {
            return Vec::new();
        };
        let power = least.log10().floor();
        let unit = 10f64.powf(power);
        let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * unit >= least);
        let step = factor.unwrap_or(10.0) * unit;
        // A step of 0.5 needs one decimal, 5 needs none, and neither does 10 × 0.1.
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        self.multiples(step, |value| {
            if decimals > 5 || value.abs() >= 1e6 {
                words::metric(value)
            } else {
                format!("{value:.decimals$}")
            }
        })
    }

    /// At most `count` round times in the range, which is in seconds.
    pub(super) fn time_ticks(self, count: usize) -> Vec<Tick> {
        const STEPS: [f64; 16] = [
            1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14_400.0,
            43_200.0,
        ];
        let Some(least) = self.least_step(count) else {
            return Vec::new();
        };
        let days = (least / 86_400.0).ceil() * 86_400.0;
        let step = STEPS.into_iter().find(|&step| step >= least).unwrap_or(days);
        self.multiples(step, words::stopwatch)
    }

    fn least_step(self, count: usize) -> Option<f64> {
        let least = self.span() / count.max(1) as f64;
        (least.is_normal() && least > 0.0).then_some(least)
    }

    fn multiples(self, step: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        let count = (last - first).clamp(0.0, 100.0) as u32;
        (0..=count)
            // Adding zero turns a negative zero into a positive one.
            .map(|index| (first + f64::from(index)) * step + 0.0)
            .filter(|&at| self.contains(at))
            .map(|at| Tick { at, label: label(at) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let range = Range { low: 0.81, high: 0.93 };
        assert_eq!(labels(&range.ticks(3)), ["0.85", "0.90"]);
        let range = Range { low: -3.0, high: 12.0 };
        assert_eq!(labels(&range.ticks(4)), ["0", "5", "10"]);
        let range = Range { low: 0.0, high: 2e-7 };
        assert_eq!(labels(&range.ticks(2)), ["0.0000", "1.000e-7", "2.000e-7"]);
        let range = Range { low: 0.0, high: 725.0 };
        assert_eq!(labels(&range.time_ticks(5)), ["0:00", "5:00", "10:00"]);
    }

    #[test]
    fn equal_values_lie_in_the_middle() {
        for value in [0.0, 0.9132, -1e-12, 7e20] {
            let range = Range::of([value, value].into_iter(), None).unwrap();
            assert!((range.share(value) - 0.5).abs() < 1e-6, "{range:?}");
            assert!(!range.ticks(3).is_empty(), "{range:?}");
        }
        assert_eq!(Range::of([f64::NAN].into_iter(), None), None);
    }

    #[test]
    fn an_outlier_runs_off_but_never_the_best() {
        let losses = [90.0, 0.9, 0.8, 0.75, 0.7];
        let range = Range::of(losses.into_iter(), Some(0.7)).unwrap();
        assert!(range.high < 1.0 && range.contains(0.7), "{range:?}");
        let range = Range::of(losses.into_iter(), Some(90.0)).unwrap();
        assert!(range.contains(90.0), "{range:?}");
    }

    #[test]
    fn a_target_far_away_does_not_press_the_curve_flat() {
        let range = Range { low: 0.8, high: 0.9 };
        assert!(range.with(0.95).contains(0.95));
        assert_eq!(range.with(2.0), range);
    }

    proptest! {
        #[test]
        fn ticks_lie_in_the_range_and_are_few(values in prop::collection::vec(any::<f64>(), 0..6), count in 0usize..12) {
            if let Some(range) = Range::of(values.into_iter(), None) {
                for ticks in [range.ticks(count), range.time_ticks(count)] {
                    prop_assert!(ticks.len() <= count.max(1) + 1);
                    prop_assert!(ticks.iter().all(|tick| range.contains(tick.at)));
                }
            }
        }
    }
}
