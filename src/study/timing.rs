//! Times that a study knows from its journal: how long it has run, how fast segments were, and on how many slots.
//!
//! With a wall budget they make a [`Horizon`], which decisions use to plan for the deadline.

use super::{InFlight, SelectionSeconds, Study};
use crate::trials::{Horizon, Pace, Usage, Work, reserve};
use crate::units::{Samples, TrialId};

/// Expected remaining time of a segment that takes longer than predicted, as a share of the prediction.
const OVERDUE: f64 = 0.1;

/// Time is short while less is left than this number of full runs of the first trial takes.
const SHORT: f64 = 2.0;

/// Times so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    /// Seconds that the study had run at its last event.
    pub(super) elapsed: f64,
    /// Number of slots that work on the study; 0 while unknown.
    pub(super) slots: u32,
    pub(super) pace: Pace,
    /// Seconds of the longest step so far.
    longest_step: f64,
}

impl Timing {
    /// Records the actual time of a segment.
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

    /// The measured speed of segments.
    pub fn pace(&self) -> &Pace {
        &self.timing.pace
    }

    /// Number of slots that work on the study, as far as it knows.
    pub fn slots(&self) -> usize {
        match self.timing.slots {
            0 => self.settings.logical_workers as usize,
            slots => slots as usize,
        }
    }

    /// The wall budget in seconds, including time added by resumptions.
    pub fn wall(&self) -> Option<f64> {
        Some(self.settings.wall? + self.added_wall())
    }

    /// The rest of the wall budget, for the search or for the selection once that has begun; `None` without one.
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

    /// True if so little time is left that decisions depend on the speed of this machine anyway. Then results count as
    /// they arrive, because waiting for their turn gains nothing.
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

    /// Seconds until a segment that is planned now would begin: after the running and the waiting ones.
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
