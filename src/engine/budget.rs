//! The wall budget: a deadline, and a check whether a segment still fits before it.

use std::time::{Duration, Instant};

use super::Clock;
use crate::trials::{MARGIN, Pace, Work, reserve};

/// The deadline.
#[derive(Clone, Debug)]
pub(super) struct WallBudget {
    deadline: Option<Instant>,
    wall: f64,
    longest_step: f64,
    /// Seconds that are reserved for a selection after the search.
    for_selection: f64,
}

impl WallBudget {
    /// A budget of `wall` seconds in total.
    pub(super) fn new(wall: Option<f64>, clock: &Clock) -> Self {
        Self {
            deadline: wall.and_then(|wall| clock.when(wall)),
            wall: wall.unwrap_or(f64::INFINITY),
            longest_step: 0.0,
            for_selection: 0.0,
        }
    }

    /// Counts by a clock that has begun.
    pub(super) fn restart(&mut self, clock: &Clock) {
        self.deadline = self.wall.is_finite().then(|| clock.when(self.wall)).flatten();
    }

    /// Records how long a worker may take to notice a stop request.
    pub(super) fn learn_step(&mut self, seconds: f64) {
        self.longest_step = self.longest_step.max(seconds);
    }

    /// The longest time that a worker took to notice a stop request.
    pub(super) fn longest_step(&self) -> f64 {
        self.longest_step
    }

    /// Reserves seconds for the selection after the search.
    pub(super) fn keep_for_selection(&mut self, seconds: f64) {
        self.for_selection = seconds;
    }

    /// Returns whether a segment is predicted to end in time. Segments of unknown speed are assumed to fit.
    pub(super) fn fits(&self, pace: &Pace, work: Work, now: Instant) -> bool {
        let Some(left) = self.left(now) else { return true };
        let predicted = pace.seconds(work).unwrap_or(0.0) * MARGIN;
        predicted <= left.as_secs_f64()
    }

    /// Time left for training; `None` if there is no limit.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let reserve = reserve(self.wall, self.longest_step);
        let left = self.until_deadline(now)?;
        Some(left.saturating_sub(Duration::from_secs_f64(reserve + self.for_selection)))
    }

    /// Time left until the deadline itself; `None` if there is none.
    pub(super) fn until_deadline(&self, now: Instant) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Returns whether no time is left for training.
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
        let budget = WallBudget::new(Some(60.0), &clock);
        let now = Instant::now();
        let work = |cost| Work {
            samples: Samples(10),
            cost,
        };
        let mut pace = Pace::default();
        assert!(budget.fits(&pace, work(1e9), now), "nothing is known yet");
        pace.learn(work(2.0), 4.0);
        assert!(budget.fits(&pace, work(4.0), now));
        assert!(
            !budget.fits(&pace, work(5.0), now),
            "10 s with a margin do not fit into 9.5 s"
        );
        assert!(!budget.is_spent(now));
        assert!(budget.is_spent(now + Duration::from_secs(10)));
        assert!(WallBudget::new(None, &clock).fits(&pace, work(f64::MAX), now));
    }

    #[test]
    fn what_is_kept_for_a_selection_is_not_for_the_search() {
        let mut budget = WallBudget::new(Some(60.0), &Clock::start());
        let now = Instant::now();
        let mut keeps = |selection: f64, step: f64, expected: f64| {
            budget.keep_for_selection(selection);
            budget.learn_step(step);
            let left = budget.left(now).unwrap().as_secs_f64();
            assert!((left - expected).abs() < 0.1, "{left}");
        };
        keeps(20.0, 0.0, 39.5);
        keeps(0.0, 2.0, 57.0);
    }
}
