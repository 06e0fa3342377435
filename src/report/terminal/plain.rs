//! Log lines, for files, for terminals without cursor movement, and for people who want to see every event.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::engine::{Clock, EngineEvent, Observer};
use crate::study::Study;

use super::rows::Rows;
use super::sentences::BestSeen;
use super::speed::{self, Speed};
use super::summary::summary;
use super::{DisplayFacts, sentences, words};

/// Level of detail of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Lost workers and memory that ran out.
    Losses,
    /// Also important events: starts and ends, outcomes, new incumbents.
    Events,
    /// Also every start of a segment, and outcomes before they are delivered.
    Everything,
}

/// Writes a line for every important event, after the elapsed time: `[ 0:42] trial 12 paused …`.
///
/// Writes no control characters except the line break, and flushes every line. Errors of the writer are ignored.
pub struct Plain<W> {
    out: W,
    facts: DisplayFacts,
    detail: Detail,
    rows: Rows,
    best: BestSeen,
    speed: Speed,
}

impl<W: Write> Plain<W> {
    /// Writes log lines to `out`.
    pub fn new(out: W, facts: DisplayFacts, detail: Detail) -> Self {
        Self {
            out,
            facts,
            detail,
            rows: Rows::default(),
            best: BestSeen::default(),
            speed: Speed::default(),
        }
    }

    pub(super) fn take(&mut self, event: &EngineEvent<'_>, study: &Study, elapsed: f64) {
        self.rows.take(event, study, elapsed);
        let fits = self.speed.take(event, study, &self.facts, elapsed).map(speed::fits);
        let fits = fits.map(|line| (Detail::Events, line));
        for (detail, line) in self.lines(event, study, elapsed).into_iter().chain(fits) {
            if detail <= self.detail {
                self.write(&line, elapsed);
            }
        }
    }

    fn lines(&mut self, event: &EngineEvent<'_>, study: &Study, elapsed: f64) -> Vec<(Detail, String)> {
        let epoch = self.facts.epoch;
        match event {
            EngineEvent::Started { slots, is_resumed } => {
                // The best result of an earlier run is not reported again.
                self.best.is_new(study);
                let started = sentences::started(slots, *is_resumed, study);
                let plan = speed::at_start(study, &self.facts, slots.len());
                let plan = plan.filter(|_| !slots.is_empty());
                let lines = std::iter::once(format!("{} {started}", self.facts.name)).chain(plan);
                lines.map(|line| (Detail::Events, line)).collect()
            }
            EngineEvent::SegmentStarted { slot, trial, from, to } => {
                let slot = self.rows.name(*slot);
                let line = sentences::segment_started(study, epoch, *trial, (*from, *to), slot);
                vec![(Detail::Everything, line)]
            }
            EngineEvent::SegmentEnded { slot, trial, outcome } => {
                let line = sentences::arrived(*trial, *outcome, self.rows.name(*slot));
                vec![(Detail::Everything, line)]
            }
            EngineEvent::Delivered { trial } => {
                let is_best = self.best.is_new(study);
                let (_, line) = sentences::delivered(study, epoch, *trial, is_best);
                let mut lines = vec![(Detail::Events, line)];
                if is_best && let Some(best) = sentences::incumbent(study, epoch) {
                    lines.push((Detail::Events, format!("best {best}")));
                }
                lines
            }
            EngineEvent::Inviting { how } => vec![(Detail::Losses, (*how).to_owned())],
            EngineEvent::WorkerJoined { slot, at, .. } => vec![(Detail::Events, sentences::joined(at, *slot))],
            EngineEvent::Queue { queue } => {
                let detail = if queue.problem.is_some() {
                    Detail::Losses
                } else {
                    Detail::Events
                };
                vec![(detail, sentences::queue(queue))]
            }
            EngineEvent::WorkerLeft { slot, message } => {
                vec![(Detail::Losses, sentences::left(self.rows.name(*slot), message))]
            }
            EngineEvent::WorkerLost {
                slot,
                trial,
                message,
                is_retried,
            } => {
                let line = sentences::lost(self.rows.name(*slot), *trial, message, *is_retried);
                vec![(Detail::Losses, line)]
            }
            EngineEvent::MemoryRanOut { slot, trial, message } => {
                let line = sentences::split(self.rows.name(*slot), *trial, message);
                vec![(Detail::Losses, line)]
            }
            EngineEvent::Selecting { finalists } => vec![(Detail::Events, sentences::selecting(study, *finalists))],
            EngineEvent::Stopping { why } => vec![(Detail::Events, format!("stopping: {why}"))],
            EngineEvent::Progressed { .. } | EngineEvent::Tick => Vec::new(),
            EngineEvent::Ended { reason, idle_share } => summary(study, &self.facts, *reason, *idle_share, elapsed)
                .into_iter()
                .map(|line| (Detail::Events, line))
                .collect(),
        }
    }

    fn write(&mut self, line: &str, elapsed: f64) {
        let mut text = String::with_capacity(line.len() + 16);
        let _ = writeln!(text, "[{:>5}] {line}", words::stopwatch(elapsed));
        // One write per line, so that lines of several programs do not mix. A closed pipe does not stop the study.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

impl<W: Write> Observer for Plain<W> {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        self.take(event, study, clock.elapsed());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    fn log(detail: Detail) -> String {
        let mut plain = Plain::new(Vec::new(), testing::facts(), detail);
        testing::story(&mut |event, study, elapsed| plain.take(event, study, elapsed));
        String::from_utf8(plain.out).unwrap()
    }

    #[test]
    fn the_log_tells_what_is_worth_knowing() {
        insta::assert_snapshot!(log(Detail::Events));
    }

    #[test]
    fn the_verbose_log_tells_everything() {
        insta::assert_snapshot!(log(Detail::Everything));
    }

    #[test]
    fn the_quiet_log_tells_lost_workers_only() {
        insta::assert_snapshot!(log(Detail::Losses));
    }

    #[test]
    fn a_log_has_no_control_characters() {
        let log = log(Detail::Everything);
        assert!(
            log.chars()
                .all(|character| character == '\n' || !character.is_control())
        );
    }

    #[test]
    fn a_reader_that_went_away_stops_nothing() {
        let mut plain = Plain::new(testing::BrokenPipe, testing::facts(), Detail::Everything);
        let study = testing::study_under_way();
        let clock = Clock::start();
        assert!(
            plain
                .observe(&EngineEvent::Stopping { why: "done" }, &study, &clock)
                .is_ok()
        );
    }
}
