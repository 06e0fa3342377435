//! The times that a study knows from its journal: how long it has run, how fast segments went, on how many slots.
//!
//! With a wall budget these make a [`Horizon`], by which decisions plan for the deadline.

use super::{InFlight, SelectionSeconds, Study};
use crate::trials::{Horizon, Pace, Usage, Work, reserve};
use crate::units::{Samples, TrialId};

/// A segment that takes longer than predicted is thought to take this share of the prediction more.
const OVERDUE: f64 = 0.1;

/// Time is short while less is left than so many runs of the first trial, from the beginning to the end of its schedule, take.
const SHORT: f64 = 2.0;

/// Times of the past.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    /// Seconds that the study had run at its last event.
    pub(super) elapsed: f64,
    /// Slots that work on it; 0 while that is unknown.
    pub(super) slots: u32,
    pub(super) pace: Pace,
    /// Seconds of the longest step so far.
    longest_step: f64,
}

impl Timing {
    /// Takes in what a segment really took.
    pub(super) fn learn(&mut self, work: Work, usage: &Usage) {
        self.pace.learn(work, usage.wall_seconds);
        self.longest_step = self.longest_step.max(usage.longest_step);
    }
}

impl Study {
    /// Seconds that the study had run at its last event.
    pub fn elapsed(&self) -> f64 {
        self.timing.elapsed
    }

    /// How fast segments went.
    pub fn pace(&self) -> &Pace {
        &self.timing.pace
    }

    /// Slots that work on the study, as far as it knows.
    pub fn slots(&self) -> usize {
        match self.timing.slots {
            0 => self.settings.logical_workers as usize,
            slots => slots as usize,
        }
    }

    /// The wall budget in seconds, with what resumptions have added.
    pub fn wall(&self) -> Option<f64> {
        Some(self.settings.wall? + self.added_wall())
    }

    /// What is left of the wall budget for the search, or for the selection once that has begun; `None` without one.
    pub fn horizon(&self) -> Option<Horizon<'_>> {
        let wall = self.wall()?;
        Some(Horizon {
            wall,
            left: self.left(wall),
            wait: self.wait(),
            slots: self.slots(),
            pace: &self.timing.pace,
            can_cool_down: self.settings.can_cool_down,
        })
    }

    /// Seconds until training must end.
    fn left(&self, wall: f64) -> f64 {
        let kept = if self.search_ended().is_some() {
            0.0
        } else {
            let SelectionSeconds { seeds, test } = self.seconds_for_selection();
            seeds + test
        };
        wall - self.timing.elapsed - reserve(wall, self.timing.longest_step) - kept
    }

    /// Whether so little time is left that decisions depend on the speed of this machine anyway. Then results count as they arrive: waiting
    /// for the one whose turn it is would win nothing.
    pub(super) fn is_time_short(&self) -> bool {
        let full_run = || {
            let first = self.trials.first()?;
            self.timing
                .pace
                .seconds(self.work(first.id, Samples(0), self.settings.max))
        };
        let is_short = |(wall, full_run)| self.left(wall) < SHORT * full_run;
        self.wall().zip(full_run()).is_some_and(is_short)
    }

    /// Seconds until a segment that is planned now would begin: behind those that run, and those that wait for a slot already.
    fn wait(&self) -> f64 {
        let slots = self.slots();
        let now = self.timing.elapsed;
        let seconds = |id: TrialId, flight: &InFlight| {
            let work = self.work(id, flight.from, flight.to);
            self.timing.pace.seconds(work).unwrap_or(0.0)
        };
        let running = self.flights.iter().filter(|(_, flight)| flight.is_running());
        let mut free: Vec<f64> = running
            .map(|(&id, flight)| {
                let seconds = seconds(id, flight);
                (flight.begun_at.unwrap_or(now) + seconds).max(now + OVERDUE * seconds)
            })
            .collect();
        free.resize(slots.max(free.len()), now);
        let is_begun = |trial| self.flights.get(&trial).is_some_and(|flight| flight.begun_at.is_some());
        for (id, flight) in self.waiting(is_begun) {
            if let Some(earliest) = free.iter_mut().min_by(|one, other| one.total_cmp(other)) {
                *earliest += seconds(id, &flight);
            }
        }
        free.into_iter().fold(f64::INFINITY, f64::min).max(now) - now
    }
}
