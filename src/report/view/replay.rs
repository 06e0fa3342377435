//! Replays a study from its journal, event by event. It also notes what the state alone does not keep: times of
//! segments and a list of events. More events may follow while the study runs.

use std::collections::VecDeque;

use super::{EventView, SegmentOutcome, SegmentView};
use crate::report::terminal::sentences::{self, BestSeen, Tone};
use crate::spec::Spec;
use crate::study::{Event, Impossible, Outcome, Study};
use crate::units::{Samples, TrialId};

/// Largest number of events that are kept; the oldest are dropped.
const EVENTS: usize = 200;

/// A study that is replayed, with its segments and events.
pub struct Replay {
    pub(super) spec: Spec,
    pub(super) study: Study,
    pub(super) events: VecDeque<EventView>,
    pub(super) segments: Vec<SegmentView>,
    best: BestSeen,
    epoch: Samples,
    /// Elapsed seconds of the study at the last event.
    elapsed: f64,
}

impl Replay {
    /// A study before its first event, with epochs of `epoch` samples.
    pub fn new(spec: Spec, epoch: Samples) -> Self {
        Self {
            study: Study::to_look_at(&spec, epoch),
            spec,
            events: VecDeque::new(),
            segments: Vec::new(),
            best: BestSeen::default(),
            epoch,
            elapsed: 0.0,
        }
    }

    /// The current state of the study.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Elapsed seconds of the study at the last event.
    pub fn elapsed(&self) -> f64 {
        self.elapsed
    }

    /// The spec of the study.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Applies the next event, which happened after `elapsed` seconds.
    ///
    /// # Errors
    /// If the event is impossible in the current state; then nothing has changed.
    pub fn feed(&mut self, event: &Event, elapsed: f64) -> Result<(), Impossible> {
        self.study.check(event, elapsed)?;
        self.take(event, elapsed);
        Ok(())
    }

    fn take(&mut self, event: &Event, elapsed: f64) {
        if let Event::SegmentLost { trial, message, .. } = event {
            // Must be called before the loss is applied to the study.
            let line = sentences::lost(
                "its slot",
                Some(*trial),
                message,
                sentences::is_tried_again(&self.study, *trial),
            );
            self.tell(elapsed, "trouble", line);
        }
        self.elapsed = self.elapsed.max(elapsed);
        let levels = self.levels(event);
        self.study.apply(event, elapsed);
        match event {
            Event::StudyCreated { .. } => self.tell(elapsed, "news", "the study began".to_owned()),
            Event::StudyResumed { added_wall } => {
                let more = if *added_wall > 0.0 {
                    format!(" with {added_wall:.0} s more")
                } else {
                    String::new()
                };
                self.tell(elapsed, "news", format!("the study continued{more}"));
            }
            Event::SegmentEnded {
                trial,
                outcome,
                device,
                started_at,
                finished_at,
            } => {
                let seconds = seconds_between(started_at, finished_at).unwrap_or(0.0);
                let outcome = match outcome {
                    Outcome::Reached(_) => SegmentOutcome::Reached,
                    Outcome::Failed(_) => SegmentOutcome::Failed,
                };
                self.note(*trial, (elapsed - seconds, elapsed), levels, outcome, device);
            }
            Event::SegmentInterrupted { trial, report } => {
                let seconds = report.usage.wall_seconds;
                self.note(
                    *trial,
                    (elapsed - seconds, elapsed),
                    levels,
                    SegmentOutcome::Interrupted,
                    "",
                );
            }
            Event::SegmentPlanned { .. } | Event::SegmentLost { .. } | Event::SlotsOpened { .. } => {}
            Event::SegmentDelivered { trial } => {
                let is_best = self.best.is_new(&self.study);
                let (tone, line) = sentences::delivered(&self.study, self.epoch, *trial, is_best);
                let kind = match tone {
                    Tone::Ordinary => "news",
                    Tone::Good => "improvement",
                    Tone::Bad => "trouble",
                };
                self.tell(elapsed, kind, line);
            }
            Event::SearchClosed { .. } => {
                let finalists = self.study.to_select().len();
                let line = sentences::selecting(&self.study, finalists);
                self.tell(elapsed, "news", line);
            }
            Event::DeadlineReached => self.tell(elapsed, "news", "the wall budget was spent".to_owned()),
            Event::StudyEnded { reason } => {
                let line = format!("the study ended: {}", sentences::reason(*reason));
                self.tell(elapsed, "news", line);
            }
        }
    }

    /// Start and end of the event's segment, in epochs; zeros for events that do not end a segment.
    fn levels(&self, event: &Event) -> (f64, f64) {
        let (Event::SegmentEnded { trial, .. } | Event::SegmentInterrupted { trial, .. }) = event else {
            return (0.0, 0.0);
        };
        let flight = self.study.flights().get(trial);
        flight.map_or((0.0, 0.0), |flight| {
            (flight.from.epochs(self.epoch), flight.to.epochs(self.epoch))
        })
    }

    fn note(
        &mut self,
        trial: TrialId,
        (begin, end): (f64, f64),
        levels: (f64, f64),
        outcome: SegmentOutcome,
        device: &str,
    ) {
        self.segments.push(SegmentView {
            trial: trial.0,
            slot: 0,
            device: device.to_owned(),
            begin: begin.max(0.0),
            end: Some(end),
            levels,
            outcome,
        });
    }

    fn tell(&mut self, seconds: f64, kind: &'static str, text: String) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(EventView { seconds, kind, text });
    }
}

fn seconds_between(from: &str, to: &str) -> Option<f64> {
    let [from, to] = [from, to].map(|time| time.parse::<jiff::Timestamp>().ok());
    let seconds = (to?.as_millisecond() - from?.as_millisecond()) as f64 / 1e3;
    Some(seconds.max(0.0))
}
