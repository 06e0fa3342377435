//! What a wall budget leaves to a decision: the time until training must end, and how fast this machine trains.
//!
//! All of it is folded from the journal, so that a replay decides as the live study did.

use super::{Pace, View, Work};
use crate::space::Configuration;
use crate::units::Samples;

/// Kept at least for the last checkpoint and for writing results: this share of the budget, and no more than so many seconds.
const RESERVE: f64 = 0.03;
const RESERVE_SECONDS: f64 = 0.5;

/// A step that is under way at the end takes this many times the longest step so far, its checkpoint included.
const STEPS_KEPT: f64 = 1.5;

/// The reserve never takes more than this share of the budget.
const MOST_RESERVE: f64 = 0.2;

/// Predictions are this much too short at times: a segment must fit with room to spare.
pub const MARGIN: f64 = 1.05;

/// Seconds before the deadline at which training has to end, when a step takes `longest_step` seconds.
pub fn reserve(wall: f64, longest_step: f64) -> f64 {
    let least = RESERVE_SECONDS.min(wall * RESERVE);
    least.max((longest_step * STEPS_KEPT).min(wall * MOST_RESERVE))
}

/// What is left of a wall budget.
#[derive(Clone, Copy, Debug)]
pub struct Horizon<'a> {
    /// The whole budget in seconds.
    pub wall: f64,
    /// Seconds until training must end.
    pub left: f64,
    /// Seconds until a segment that is planned now would begin: 0 while a slot is free.
    pub wait: f64,
    /// Slots that work on the study.
    pub slots: usize,
    /// What segments took so far.
    pub pace: &'a Pace,
    /// Whether a trial can end anywhere, its learning rate falling to 0 over its last segment.
    pub can_cool_down: bool,
}

impl Horizon<'_> {
    /// Seconds that training a configuration from one level to another will take, with room to spare; `None` before
    /// anything is known.
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

    /// Up to where a configuration that stands at `from` can be trained in so many seconds, at most `max`; `from` if nothing
    /// fits or nothing is known.
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
        // Costs grow with the samples, evaluations included: halve the interval.
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
