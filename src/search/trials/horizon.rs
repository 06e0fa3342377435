//! The remaining wall budget for a decision: the time until training must end, and the speed of this machine.
//!
//! All of it is computed from the journal, so that a replay makes the same decisions as the live study.

use super::{Pace, View, Work};
use crate::space::Configuration;
use crate::units::Samples;

/// Least reserve for the last checkpoint and the results: this share of the budget, at most `RESERVE_SECONDS`.
const RESERVE: f64 = 0.03;
const RESERVE_SECONDS: f64 = 0.5;

/// Reserve for a step that is running at the end: this many times the longest step, including its checkpoint.
const STEPS_KEPT: f64 = 1.5;

/// The reserve never exceeds this share of the budget.
const MOST_RESERVE: f64 = 0.2;

/// Predictions can be too short by this factor, so a segment must fit with this margin.
pub const MARGIN: f64 = 1.05;

/// Seconds before the deadline at which training must end, if a step takes `longest_step` seconds.
pub fn reserve(wall: f64, longest_step: f64) -> f64 {
    let least = RESERVE_SECONDS.min(wall * RESERVE);
    least.max((longest_step * STEPS_KEPT).min(wall * MOST_RESERVE))
}

/// The remaining part of a wall budget.
#[derive(Clone, Copy, Debug)]
pub struct Horizon<'a> {
    /// The whole budget in seconds.
    pub wall: f64,
    /// Seconds until training must end.
    pub left: f64,
    /// Seconds until a segment that is planned now would start: 0 while a slot is free.
    pub wait: f64,
    /// Number of slots that work on the study.
    pub slots: usize,
    /// The speed of this machine, from the segments so far.
    pub pace: &'a Pace,
    /// True if a trial can end at any level, with its learning rate falling to 0 over its last segment.
    pub can_cool_down: bool,
}

impl Horizon<'_> {
    /// Predicted seconds of training a configuration from one level to another, with the safety margin; `None` before
    /// any segment has ended.
    pub fn seconds(&self, view: &View<'_>, configuration: &Configuration, from: Samples, to: Samples) -> Option<f64> {
        let work = Work {
            samples: Samples(to.0.saturating_sub(from.0)),
            cost: (view.cost)(configuration, from, to),
        };
        self.pace.seconds(work).map(|seconds| seconds * MARGIN)
    }

    /// Seconds of training that a segment planned now would have.
    pub fn room(&self) -> f64 {
        self.left - self.wait
    }

    /// The level up to which a configuration at `from` can be trained within `seconds`, at most `max`. Returns `from`
    /// if nothing fits or if no duration is known.
    pub fn reach(
        &self,
        view: &View<'_>,
        configuration: &Configuration,
        (from, max): (Samples, Samples),
        seconds: f64,
    ) -> Samples {
        let fits = |to: Samples| {
            self.seconds(view, configuration, from, to)
                .is_some_and(|needed| needed <= seconds)
        };
        if fits(max) {
            return max;
        }
        // Costs grow with the samples, evaluations included, so bisection finds the level.
        let (mut low, mut high) = (from.0, max.0);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if fits(Samples(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Samples(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_steps_end_training_earlier_but_never_take_the_whole_budget() {
        assert_eq!(reserve(60.0, 0.0), 0.5);
        assert_eq!(reserve(5.0, 0.0), 0.15);
        assert_eq!(reserve(60.0, 2.0), 3.0);
        assert_eq!(reserve(60.0, 600.0), 12.0);
    }
}
