//! The wall budget: a deadline, and whether a segment still fits before it.

use std::time::{Duration, Instant};

use super::Clock;
use super::pace::{Pace, Work};

/// Kept at least for the last checkpoint and for writing results.
const LEAST_RESERVE: f64 = 0.5;

/// A step that is under way at the end takes this many times the longest step so far, its checkpoint included.
const STEPS_KEPT: f64 = 1.5;

/// The reserve never takes more than this share of the budget.
const MOST_RESERVE: f64 = 0.2;

/// Predictions are this much too short at times: a segment must fit with room to spare.
const MARGIN: f64 = 1.1;

/// The deadline, and what past segments say about future ones.
#[derive(Clone, Debug)]
pub(super) struct WallBudget {
    deadline: Option<Instant>,
    wall: f64,
    /// Of the segments that this process has seen end.
    pace: Pace,
    longest_step: f64,
}

impl WallBudget {
    /// A budget of `wall` seconds in all.
    pub(super) fn new(wall: Option<f64>, clock: &Clock) -> Self {
        Self {
            deadline: wall.and_then(|wall| clock.when(wall)),
            wall: wall.unwrap_or(f64::INFINITY),
            pace: Pace::default(),
            longest_step: 0.0,
        }
    }

    /// Learns what a segment really took.
    pub(super) fn learn(&mut self, work: Work, seconds: f64) {
        self.pace.learn(work, seconds);
    }

    /// Learns how long a worker may take to notice that it is told to stop.
    pub(super) fn learn_step(&mut self, seconds: f64) {
        self.longest_step = self.longest_step.max(seconds);
    }

    /// Whether a segment is predicted to end in time. Unknown speeds get the benefit of the doubt.
    pub(super) fn fits(&self, work: Work, now: Instant) -> bool {
        let Some(left) = self.left(now) else { return true };
        let predicted = self.pace.seconds(work).unwrap_or(0.0) * MARGIN;
        predicted <= left.as_secs_f64()
    }

    /// Time left for training; `None`: no limit.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let reserve = LEAST_RESERVE.max((self.longest_step * STEPS_KEPT).min(self.wall * MOST_RESERVE));
        let left = self.until_deadline(now)?;
        Some(left.saturating_sub(Duration::from_secs_f64(reserve)))
    }

    /// Time left until the deadline itself; `None`: there is none.
    pub(super) fn until_deadline(&self, now: Instant) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Whether there is no time left for training.
    pub(super) fn is_spent(&self, now: Instant) -> bool {
        self.left(now).is_some_and(|left| left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Samples;

    #[test]
    fn a_segment_that_would_end_too_late_does_not_fit() {
        let clock = Clock::start().carry_on(50.0);
        let mut budget = WallBudget::new(Some(60.0), &clock);
        let now = Instant::now();
        let work = |cost| Work {
            samples: Samples(10),
            cost,
        };
        assert!(budget.fits(work(1e9), now), "nothing is known yet");
        budget.learn(work(2.0), 4.0);
        assert!(budget.fits(work(4.0), now));
        assert!(!budget.fits(work(5.0), now), "10 s with a margin do not fit into 9.5 s");
        assert!(!budget.is_spent(now));
        assert!(budget.is_spent(now + Duration::from_secs(10)));
        assert!(WallBudget::new(None, &clock).fits(work(f64::MAX), now));
    }

    #[test]
    fn long_steps_are_stopped_earlier_but_never_take_the_whole_budget() {
        let mut budget = WallBudget::new(Some(60.0), &Clock::start());
        let now = Instant::now();
        budget.learn_step(2.0);
        let left = |budget: &WallBudget| budget.left(now).unwrap().as_secs_f64().round();
        assert_eq!(left(&budget), 57.0);
        budget.learn_step(600.0);
        assert_eq!(left(&budget), 48.0);
    }
}
