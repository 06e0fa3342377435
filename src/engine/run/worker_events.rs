//! Inputs of the engine from outside, and their handling.

use std::time::Instant;

use super::{Engine, EngineError, InternalEvent, MOST_LOSSES, MOST_LOSSES_ELSEWHERE};
use crate::engine::pool::{LostWorker, PoolError, State};
use crate::engine::{Clock, EngineEvent};
use crate::study::{Event, Outcome};
use crate::transports::{Arrival, Link, LinkId};
use crate::trials::{Failure, FailureKind, SegmentReport};
use crate::units::TrialId;
use crate::worker::{FromWorker, Hello, SegmentEnd};

impl Engine<'_> {
    pub(super) fn take(&mut self, event: InternalEvent) -> Result<(), EngineError> {
        match event {
            InternalEvent::Signal if self.is_interrupted => {
                // The second signal ends the program immediately. The journal is complete, and workers end when their
                // input closes. Observers that draw on the terminal restore it.
                self.observers.clear();
                self.pool.shut_down();
                std::process::exit(130);
            }
            InternalEvent::Signal => self.is_interrupted = true,
            InternalEvent::Worker {
                link,
                arrival: Arrival::Joined(hello, to),
            } => self.join(link, &hello, to)?,
            InternalEvent::Worker {
                arrival: Arrival::Queue(queue),
                ..
            } => self.tell(&EngineEvent::Queue { queue: &queue })?,
            InternalEvent::Worker {
                arrival: Arrival::Failed(error),
                ..
            } if !self.is_draining() => return Err(PoolError::from(error).into()),
            InternalEvent::Worker { link, arrival } => {
                if let Some(slot) = self.pool.seat_of(link) {
                    self.take_from(slot, arrival)?;
                }
            }
        }
        Ok(())
    }

    /// Handles what arrives from the worker of a slot.
    fn take_from(&mut self, slot: usize, arrival: Arrival) -> Result<(), EngineError> {
        match arrival {
            Arrival::Said(message) => {
                self.hear(slot, *message)?;
                self.release(slot)?;
            }
            // A worker that dies now loses only the training since its last checkpoint, and is not retried.
            Arrival::Gone | Arrival::Lost(_) if self.is_draining() => {
                self.pool.seat_mut(slot).state = State::Down;
            }
            Arrival::Gone => {
                let lost = self.pool.replace(slot)?;
                self.lose(slot, lost)?;
            }
            Arrival::Lost(farewell) => {
                let lost = self.pool.lost(slot, farewell);
                self.lose(slot, lost)?;
                self.release(slot)?;
            }
            Arrival::Leaving => {
                self.pool.note_leaving(slot);
                self.release(slot)?;
            }
            Arrival::Joined(..) | Arrival::Queue(_) | Arrival::Failed(_) => {}
        }
        Ok(())
    }

    /// Sends a worker home that wants to leave, once it runs nothing.
    fn release(&mut self, slot: usize) -> Result<(), EngineError> {
        if !self.pool.can_leave(slot) {
            return Ok(());
        }
        let lost = self.pool.replace(slot)?;
        self.lose(slot, lost)
    }

    /// Gives a worker that has joined a seat. While workers are being stopped it is sent away, by dropping its link.
    fn join(&mut self, id: LinkId, hello: &Hello, link: Box<dyn Link>) -> Result<(), EngineError> {
        if self.is_draining() {
            return Ok(());
        }
        let slot = self.pool.join(id, hello, link);
        self.memory.join(&hello.node, hello.memory);
        let at = self.pool.seats()[slot].slot.clone();
        let job = hello.job.as_deref();
        self.tell(&EngineEvent::WorkerJoined { slot, at: &at, job })?;
        self.note_slots()
    }

    /// Records the number of slots after a worker has joined or left.
    fn note_slots(&mut self) -> Result<(), EngineError> {
        let is_fixed = !self.pool.seats().iter().any(super::super::pool::Seat::is_joined);
        if is_fixed {
            return Ok(());
        }
        self.record_slots(self.pool.open_seats() as u32)
    }

    /// Starts the clock at the first worker that is ready, if it has waited for one.
    fn begin_to_count(&mut self) {
        if self.clock.is_waiting() {
            self.clock = self.clock.begin();
            self.budget.restart(&self.clock);
        }
    }

    /// Returns whether workers are being stopped, or are about to be.
    fn is_draining(&self) -> bool {
        self.is_interrupted || self.budget.is_spent(Instant::now())
    }

    fn hear(&mut self, slot: usize, message: FromWorker) -> Result<(), EngineError> {
        match message {
            FromWorker::Ready { hello } => {
                if let Some(refusal) = hello.refusal() {
                    return Err(EngineError::OtherVersion(refusal));
                }
                self.pool.free(slot);
                self.begin_to_count();
            }
            // Another machine may lack a file or have a full disk: its worker leaves, and the study goes on.
            FromWorker::Unable { message } if self.pool.seats()[slot].is_joined() => {
                let mut lost = self.pool.replace(slot)?;
                lost.how = message;
                self.lose(slot, lost)?;
            }
            FromWorker::Unable { message } => return Err(EngineError::Input(message)),
            FromWorker::Alive => self.pool.note_sign(slot, None),
            FromWorker::Program { group } => self.pool.note_program(slot, group),
            FromWorker::Progress {
                trial,
                progress,
                longest_step,
            } => {
                self.budget.learn_step(longest_step);
                self.pool.note_sign(slot, Some(&progress));
                self.tell(&EngineEvent::Progressed {
                    slot,
                    trial,
                    progress: &progress,
                })?;
            }
            // A result under an old lease counts for nothing: another run of the segment has begun or will begin.
            FromWorker::Ended { lease, .. } if !self.pool.is_current(slot, lease) => {}
            FromWorker::Ended { trial, mut end, .. } => {
                let Some(run) = self.pool.free(slot) else { return Ok(()) };
                self.busy.seconds += run.begun.elapsed().as_secs_f64();
                self.memory
                    .release(self.pool.seats()[slot].slot.node.as_deref(), slot, end.peak_memory_mb());
                if let SegmentEnd::Reached(report) = &mut end {
                    report.usage.longest_step = self.budget.longest_step();
                }
                if end.is_out_of_memory() && !self.is_draining() {
                    // Its allocator keeps the memory, so every later trial there would seem to need as much.
                    self.pool.renew(slot).map_err(PoolError::from)?;
                    self.forget_memory(slot);
                }
                match end {
                    SegmentEnd::Reached(report) => self.end(slot, trial, &Outcome::Reached(report), &run.started_at)?,
                    SegmentEnd::Failed(failure) if self.may_split(trial, &failure) => {
                        self.split(slot, trial, failure)?;
                    }
                    SegmentEnd::Failed(failure) => {
                        let started_at = run.started_at.clone();
                        self.keep_measured(trial, run.report())?;
                        self.end(slot, trial, &Outcome::Failed(failure), &started_at)?;
                    }
                    SegmentEnd::Interrupted(report) => self.interrupt(slot, trial, report)?,
                }
            }
        }
        Ok(())
    }

    /// Returns whether a trial that ran out of memory can be retried with smaller steps: once.
    fn may_split(&self, trial: TrialId, failure: &Failure) -> bool {
        let losses = self.study.flights().get(&trial).map_or(0, |flight| flight.lost);
        failure.kind == FailureKind::OutOfMemory && losses + 1 < MOST_LOSSES && self.terms.can_split
    }

    /// Retries a segment that ran out of memory.
    fn split(&mut self, slot: usize, trial: TrialId, failure: Failure) -> Result<(), EngineError> {
        let Failure { kind, message } = failure;
        self.tell(&EngineEvent::MemoryRanOut {
            slot,
            trial,
            message: &message,
        })?;
        let kind = Some(kind);
        self.record(&Event::SegmentLost { trial, message, kind })
    }

    fn end(&mut self, slot: usize, trial: TrialId, outcome: &Outcome, started_at: &str) -> Result<(), EngineError> {
        let device = self.pool.seats()[slot].slot.device_name();
        let finished_at = Clock::time_of_day();
        self.record(&Event::SegmentEnded {
            trial,
            outcome: outcome.clone(),
            device,
            started_at: started_at.to_owned(),
            finished_at,
        })?;
        self.journal.sync()?;
        self.tell(&EngineEvent::SegmentEnded {
            slot,
            trial,
            outcome: Some(outcome),
        })
    }

    pub(super) fn interrupt(&mut self, slot: usize, trial: TrialId, report: SegmentReport) -> Result<(), EngineError> {
        self.record(&Event::SegmentInterrupted { trial, report })?;
        self.tell(&EngineEvent::SegmentEnded {
            slot,
            trial,
            outcome: None,
        })
    }

    pub(super) fn forget_memory(&mut self, slot: usize) {
        let node = self.pool.seats()[slot].slot.node.as_deref();
        self.memory.forget(node, slot);
    }

    /// Handles the death of a worker. Its segment is retried; after too many losses its trial has failed.
    fn lose(&mut self, slot: usize, lost: LostWorker) -> Result<(), EngineError> {
        let LostWorker { how, kind, run } = lost;
        self.forget_memory(slot);
        let seat = &self.pool.seats()[slot];
        let most = if seat.is_joined() {
            MOST_LOSSES_ELSEWHERE
        } else {
            MOST_LOSSES
        };
        if seat.is_joined() && matches!(seat.state, State::Down) {
            self.tell(&EngineEvent::WorkerLeft { slot, message: &how })?;
            self.note_slots()?;
            if run.is_none() {
                return Ok(());
            }
        }
        let trial = run.as_ref().map(|run| run.trial);
        let losses = trial.and_then(|trial| Some(self.study.flights().get(&trial)?.lost + 1));
        self.tell(&EngineEvent::WorkerLost {
            slot,
            trial,
            message: &how,
            is_retried: losses.is_some_and(|losses| losses < most),
        })?;
        let Some(run) = run else { return Ok(()) };
        self.busy.seconds += run.begun.elapsed().as_secs_f64();
        let (trial, started_at) = (run.trial, run.started_at.clone());
        self.keep_measured(trial, run.report())?;
        self.record(&Event::SegmentLost {
            trial,
            message: how.clone(),
            kind: Some(kind),
        })?;
        let losses = self.study.flights().get(&trial).map_or(0, |flight| flight.lost);
        if losses >= most {
            let message = format!("its worker died {losses} times, the last time with: {how}");
            let failure = Failure { kind, message };
            self.end(slot, trial, &Outcome::Failed(failure), &started_at)?;
        }
        Ok(())
    }

    /// Records the evaluations of a segment before its failure or the death of its worker: they count.
    fn keep_measured(&mut self, trial: TrialId, report: SegmentReport) -> Result<(), EngineError> {
        if report.evaluations.is_empty() {
            return Ok(());
        }
        self.record(&Event::SegmentInterrupted { trial, report })
    }
}
