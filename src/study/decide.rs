//! The next decision of a study: a pure function of its state.

use super::{Created, EndReason, Event, Repeat, Study};
use crate::policies::Decision;
use crate::trials::{FailureKind, Trial};
use crate::units::{Samples, TrialId};

impl Study {
    /// Returns the next decision, to be recorded and applied before the next call; `None` while nothing can be decided.
    ///
    /// Free logical workers get work first. Then the next outcome is delivered. In a deterministic study that is the
    /// one that ends first on the virtual clock. All others wait for it, whenever they arrive. So the decisions do not
    /// depend on the machine, until time is short.
    pub fn decide(&self) -> Option<Event> {
        if self.ended.is_some() {
            return None;
        }
        if self.is_deadline_reached {
            return Some(self.close(EndReason::Wall));
        }
        if let Some(reason) = self.closed {
            return self.decide_selection(reason);
        }
        if self.is_hopeless() {
            return Some(Event::StudyEnded {
                reason: EndReason::Failures,
            });
        }
        if self.is_target_met() {
            return Some(self.finish(EndReason::Target));
        }
        if let Some(&worker) = self.idle_workers.first() {
            match self.policy.decide(&self.view()) {
                Decision::Start {
                    configuration,
                    origin,
                    to,
                    parent,
                } => {
                    let trial = TrialId(self.trials.len() as u32);
                    let from = parent.map_or(Samples(0), |parent| parent.at);
                    let finish = self.now + (self.cost)(&configuration, from, to);
                    let created = Some(Created {
                        configuration,
                        origin,
                        parent,
                        repeat: None,
                    });
                    return Some(Event::SegmentPlanned {
                        trial,
                        created,
                        to,
                        cools_down: false,
                        worker,
                        start: self.now,
                        finish,
                    });
                }
                Decision::Continue { trial, to } => return Some(self.go_on(trial, (to, false), worker)),
                Decision::CoolDown { trial, to } => return Some(self.go_on(trial, (to, true), worker)),
                Decision::Finish if self.flights.is_empty() => {
                    let is_all = !self.view().may_start();
                    let reason = if is_all {
                        EndReason::Trials
                    } else {
                        EndReason::Exhausted
                    };
                    return Some(self.finish(reason));
                }
                // Everything has ended, and nothing that is left to do would end in time.
                Decision::Wait if self.flights.is_empty() && self.settings.wall.is_some() => {
                    return Some(self.finish(EndReason::Wall));
                }
                Decision::Wait | Decision::Finish => {}
            }
        }
        self.next_delivery().map(|trial| Event::SegmentDelivered { trial })
    }

    /// True if the first trials all crashed or were invalid and none has a result: a missing program, a wrong path.
    /// Failures that a person has seen before resuming do not end the study again.
    fn is_hopeless(&self) -> bool {
        let Some(most) = self.settings.max_failures else {
            return false;
        };
        // There is usually a result early, and then the failures need no check.
        if self.searched().any(|trial: &Trial| !trial.observations.is_empty()) {
            return false;
        }
        let failures = self.records.iter().filter_map(|record| record.failure.as_ref());
        let kinds: Vec<FailureKind> = failures.map(|failure| failure.kind).collect();
        let is_alike = |kind: &FailureKind| kinds.first() == Some(kind);
        kinds.len() as u64 >= u64::from(most) + u64::from(self.failures_seen)
            && matches!(kinds[0], FailureKind::Crashed | FailureKind::Invalid)
            && kinds.iter().all(is_alike)
    }

    /// Continues a paused trial to a level, where it is complete if it cools down.
    fn go_on(&self, trial: TrialId, (to, cools_down): (Samples, bool), worker: u32) -> Event {
        let known = &self.trials[trial.index()];
        Event::SegmentPlanned {
            trial,
            created: None,
            to,
            cools_down,
            worker,
            start: self.now,
            finish: self.now + (self.cost)(&known.configuration, known.reached, to),
        }
    }

    /// Ends the search. A selection follows if the spec asks for one and there is something to select.
    fn finish(&self, reason: EndReason) -> Event {
        if self.to_select().is_empty() {
            Event::StudyEnded { reason }
        } else {
            Event::SearchClosed { reason }
        }
    }

    fn decide_selection(&self, reason: EndReason) -> Option<Event> {
        if let (Some(&worker), Some(repeat)) = (self.idle_workers.first(), self.next_repeat()) {
            let (Repeat::Reseed { of, .. } | Repeat::Test { of, .. }) = repeat;
            let (configuration, to) = (&self.trials[of.index()].configuration, self.repeat_until(repeat));
            let origin = match repeat {
                Repeat::Reseed { .. } => "reseed",
                Repeat::Test { .. } => "test",
            };
            return Some(Event::SegmentPlanned {
                trial: TrialId(self.trials.len() as u32),
                created: Some(Created {
                    configuration: configuration.clone(),
                    origin: origin.to_owned(),
                    parent: None,
                    repeat: Some(repeat),
                }),
                to,
                cools_down: false,
                worker,
                start: self.now,
                finish: self.now + (self.cost)(configuration, Samples(0), to),
            });
        }
        let is_done = self.due.is_empty();
        let delivery = self.next_delivery().map(|trial| Event::SegmentDelivered { trial });
        delivery.or(is_done.then_some(Event::StudyEnded { reason }))
    }

    /// The next trial to deliver, if its outcome has arrived.
    fn next_delivery(&self) -> Option<TrialId> {
        if self.has_turns() {
            let next = self.due.first()?.trial;
            self.flights.get(&next)?.has_arrived().then_some(next)
        } else {
            self.arrivals.values().next().copied()
        }
    }

    /// Returns whether results wait for their turn on the virtual clock.
    fn has_turns(&self) -> bool {
        self.settings.is_deterministic && !self.is_time_short()
    }

    /// Ends the study.
    ///
    /// Outcomes that wait for their turn keep waiting, so a study that gets more time continues as if it had always had
    /// it. Until then they count like segments that were cut off. If outcomes have no turns, they are delivered first.
    fn close(&self, reason: EndReason) -> Event {
        let next = self.next_delivery().filter(|_| !self.has_turns());
        next.map_or(Event::StudyEnded { reason }, |trial| Event::SegmentDelivered { trial })
    }
}
