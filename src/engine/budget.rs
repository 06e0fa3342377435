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

/// What is kept for a selection never takes more than this share of the budget.
const MOST_FOR_SELECTION: f64 = 0.5;

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
    /// Kept for a selection after the search, in seconds.
    for_selection: f64,
}

impl WallBudget {
    /// A budget of `wall` seconds in all.
    pub(super) fn new(wall: Option<f64>, clock: &Clock) -> Self {
        Self {
            deadline: wall.and_then(|wall| clock.when(wall)),
            wall: wall.unwrap_or(f64::INFINITY),
            pace: Pace::default(),
            longest_step: 0.0,
            for_selection: 0.0,
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

    /// Keeps time for training these again after the search, on so many slots at once, each with the number of its runs.
    pub(super) fn keep_for_selection(&mut self, runs: &[(Work, u32)], slots: usize) {
        let seconds = runs
            .iter()
            .map(|(work, times)| (self.pace.seconds(*work).unwrap_or(0.0), *times));
        let (mut all, mut longest) = (0.0, 0.0_f64);
        for (seconds, times) in seconds {
            all += seconds * f64::from(times);
            longest = longest.max(seconds);
        }
        // However they fall on the slots, they take no longer (Graham 1969).
        let bound = MARGIN * (all / slots.max(1) as f64 + longest);
        self.for_selection = bound.min(self.wall * MOST_FOR_SELECTION);
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
        Some(left.saturating_sub(Duration::from_secs_f64(reserve + self.for_selection)))
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
    fn a_search_leaves_time_for_its_selection_but_never_more_than_half() {
        let clock = Clock::start();
        let mut budget = WallBudget::new(Some(60.0), &clock);
        let now = Instant::now();
        let work = Work {
            samples: Samples(10),
            cost: 2.0,
        };
        let left = |budget: &WallBudget| budget.left(now).unwrap().as_secs_f64();
        budget.keep_for_selection(&[(work, 2)], 2);
        assert!(left(&budget) > 59.0, "nothing is known yet");
        budget.learn(work, 4.0);
        budget.keep_for_selection(&[(work, 2), (work, 3)], 2);
        let kept = 59.5 - left(&budget);
        assert!((kept - 1.1 * (20.0 / 2.0 + 4.0)).abs() < 0.1, "{kept}");
        budget.keep_for_selection(&[(work, 100)], 2);
        assert!((59.5 - left(&budget) - 30.0).abs() < 0.1);
        budget.keep_for_selection(&[], 2);
        assert!(left(&budget) > 59.0);
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
