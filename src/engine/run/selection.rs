//! The transition from the search to the selection: reserves time, and stops running segments of the search.

use std::time::Instant;

use super::{DEADLINE_GRACE, Engine, EngineError, INTERRUPT_GRACE};
use crate::engine::EngineEvent;
use crate::engine::pool::PoolError;
use crate::study::SelectionSeconds;

impl Engine<'_> {
    /// Reserves time for the selection from a search that overruns. Planned segments leave time for all of it. A late
    /// segment may use half of the time for fresh seeds, but none of the time for the test.
    pub(super) fn keep_time_for_selection(&mut self) {
        let is_over = self.study.search_ended().is_some();
        let seconds = if is_over {
            0.0
        } else {
            let SelectionSeconds { seeds, test } = self.study.seconds_for_selection();
            seeds / 2.0 + test
        };
        self.budget.keep_for_selection(seconds);
    }

    /// Returns whether the search must end now so that a selection can follow.
    pub(super) fn keeps_time_for_selection(&self) -> bool {
        self.study.search_ended().is_none() && !self.study.to_select().is_empty()
    }

    /// Begins the selection: the search's segments stop at their next step, which frees workers for the finalists.
    pub(super) fn begin_selection(&mut self) -> Result<(), EngineError> {
        self.keep_time_for_selection();
        let finalists = self.study.to_select().len();
        self.tell(&EngineEvent::Selecting { finalists })?;
        self.pool.stop(DEADLINE_GRACE.as_secs_f64());
        let end = Instant::now() + INTERRUPT_GRACE;
        let end = self
            .budget
            .left(Instant::now())
            .map_or(end, |left| end.min(Instant::now() + left));
        while self.pool.is_any_busy() && !self.is_interrupted {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                break;
            };
            match self.inbox.recv_timeout(left) {
                Ok(news) => self.take(news)?,
                Err(_) => break,
            }
        }
        if self.is_interrupted {
            return Ok(());
        }
        for (slot, trial, report) in self.pool.cut_off().map_err(PoolError::from)? {
            self.forget_memory(slot);
            self.busy.seconds += report.usage.wall_seconds;
            self.interrupt(slot, trial, report)?;
        }
        self.journal.sync()?;
        Ok(())
    }
}
