//! The workers of this machine: one process per slot, restarted when it dies.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Clock;
use crate::awake::AwakeClock;
use crate::transports::{self, Arrival, Closed, Farewell, Link, Transport, TransportError};
use crate::trials::{Evaluation, FailureKind, Progress, Segment, SegmentReport, Usage};
use crate::units::{Samples, TrialId};
use crate::worker::{Slot, ToWorker};

/// Shortest silence after which a worker counts as hung. A worker gives a sign of life every half second, on a busy
/// machine later. It checks the silence of an external program by itself.
const LEAST_SILENCE: Duration = Duration::from_secs(5);

/// A worker that dies this many times in a row before it is ready will never start.
const MOST_FALSE_STARTS: u32 = 3;

/// All workers.
pub(super) struct Pool<T> {
    transport: Box<dyn Transport>,
    events: Sender<T>,
    seats: Vec<Seat>,
    /// Leases that were given out.
    leases: u64,
    /// Measures silence without suspensions: suspended workers do not count as hung.
    awake: AwakeClock,
}

/// One slot and its worker.
pub(super) struct Seat {
    pub(super) slot: Slot,
    /// The worker, and the lease under which it has the seat.
    link: Option<(u64, Box<dyn Link>)>,
    pub(super) state: State,
    /// The trial that it ran last.
    last: Option<TrialId>,
    false_starts: u32,
}

/// The state of a worker.
pub(super) enum State {
    /// Loading model and data.
    Starting,
    /// Waiting for a segment.
    Ready,
    /// Running a segment.
    Busy(Box<RunningSegment>),
    /// Gone, and no longer needed.
    Down,
}

/// A running segment, as far as its worker has reported.
pub(super) struct RunningSegment {
    pub(super) trial: TrialId,
    pub(super) begun: Instant,
    pub(super) started_at: String,
    reached: Samples,
    evaluations: Vec<Evaluation>,
    /// The time of its last sign of life, on the pool's clock.
    last_sign: Duration,
    /// True if it was killed because it gave no sign of life.
    is_hung: bool,
}

/// A worker that was lost.
pub(super) struct LostWorker {
    /// A description of the cause, for people.
    pub(super) how: String,
    /// The kind of failure of a trial that loses its workers in this way.
    pub(super) kind: FailureKind,
    /// The segment that it ran.
    pub(super) run: Option<Box<RunningSegment>>,
}

impl RunningSegment {
    /// The report of a segment whose worker was killed, or that failed.
    pub(super) fn report(self) -> SegmentReport {
        let seconds = self.begun.elapsed().as_secs_f64();
        SegmentReport {
            reached: self.reached,
            evaluations: self.evaluations,
            trainable_parameters: 0,
            usage: Usage {
                train_seconds: seconds,
                wall_seconds: seconds,
                peak_memory_mb: 0.0,
                longest_step: 0.0,
            },
        }
    }
}

impl<T: From<(usize, u64, Arrival)> + Send + 'static> Pool<T> {
    /// Connects one worker for each slot.
    pub(super) fn start(
        transport: Box<dyn Transport>,
        slots: Vec<Slot>,
        events: Sender<T>,
    ) -> Result<Self, TransportError> {
        let seats = slots.into_iter().map(|slot| Seat {
            slot,
            link: None,
            state: State::Down,
            last: None,
            false_starts: 0,
        });
        let mut pool = Self {
            transport,
            events,
            seats: seats.collect(),
            leases: 0,
            awake: AwakeClock::start(),
        };
        for index in 0..pool.seats.len() {
            pool.connect(index)?;
        }
        Ok(pool)
    }

    fn connect(&mut self, index: usize) -> Result<(), TransportError> {
        self.leases += 1;
        let (lease, events) = (self.leases, self.events.clone());
        let inbox = move |arrival| events.send(T::from((index, lease, arrival))).map_err(|_| Closed);
        let seat = &mut self.seats[index];
        let target = transports::Seat {
            index,
            slot: &seat.slot,
            lease,
        };
        let link = self.transport.connect(&target, Box::new(inbox))?;
        seat.link = Some((lease, link));
        seat.state = State::Starting;
        Ok(())
    }

    pub(super) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    pub(super) fn seat_mut(&mut self, index: usize) -> &mut Seat {
        &mut self.seats[index]
    }

    /// Returns whether `lease` is the current one of the seat. Messages under an older one are refused.
    pub(super) fn is_current(&self, index: usize, lease: u64) -> bool {
        let current = self.seats[index].link.as_ref();
        current.is_some_and(|(current, _)| *current == lease)
    }

    /// The trial that a worker runs.
    pub(super) fn trial(&self, index: usize) -> Option<TrialId> {
        match &self.seats[index].state {
            State::Busy(run) => Some(run.trial),
            State::Starting | State::Ready | State::Down => None,
        }
    }

    /// All running trials.
    pub(super) fn trials(&self) -> impl Iterator<Item = TrialId> {
        (0..self.seats.len()).filter_map(|index| self.trial(index))
    }

    pub(super) fn is_any_busy(&self) -> bool {
        self.trials().next().is_some()
    }

    /// A worker that waits for a segment; preferably the last one of this trial, which may have it in memory.
    pub(super) fn ready_for(&self, trial: TrialId) -> Option<usize> {
        let ready = self.seats.iter().enumerate();
        let ready = ready.filter(|(_, seat)| matches!(seat.state, State::Ready));
        let preferred = ready.min_by_key(|(index, seat)| (seat.last != Some(trial), *index));
        preferred.map(|(index, _)| index)
    }

    /// Orders a ready worker to run a segment.
    pub(super) fn run(&mut self, index: usize, segment: Segment) {
        let seat = &mut self.seats[index];
        seat.last = Some(segment.trial);
        seat.state = State::Busy(Box::new(RunningSegment {
            trial: segment.trial,
            begun: Instant::now(),
            started_at: Clock::time_of_day(),
            reached: segment.from,
            evaluations: Vec::new(),
            last_sign: self.awake.look(),
            is_hung: false,
        }));
        if let Some((_, link)) = &mut seat.link {
            link.send(&ToWorker::Run {
                segment: Box::new(segment),
            });
        }
    }

    /// Marks a worker as ready, after its start or the end of a segment. Returns that segment.
    pub(super) fn free(&mut self, index: usize) -> Option<Box<RunningSegment>> {
        let seat = &mut self.seats[index];
        seat.false_starts = 0;
        match std::mem::replace(&mut seat.state, State::Ready) {
            State::Busy(run) => Some(run),
            State::Starting | State::Ready | State::Down => None,
        }
    }

    /// Records the process group of an external program that a worker runs.
    pub(super) fn note_program(&mut self, index: usize, group: Option<u32>) {
        if let Some((_, link)) = &mut self.seats[index].link {
            link.note_program(group);
        }
    }

    /// Records a sign of life, which may include progress.
    pub(super) fn note_sign(&mut self, index: usize, progress: Option<&Progress>) {
        if let State::Busy(run) = &mut self.seats[index].state {
            run.last_sign = self.awake.look();
            if let Some(progress) = progress {
                run.reached = progress.at;
                // A restarted segment repeats its evaluations.
                if let Some(evaluation) = &progress.evaluation {
                    run.evaluations.retain(|known| known.at < evaluation.at);
                    run.evaluations.push(evaluation.clone());
                }
            }
        }
    }

    /// Kills workers whose segment was silent for `silence`, or for `LEAST_SILENCE` if that is longer.
    pub(super) fn kill_hung(&mut self, silence: Duration) {
        let now = self.awake.look();
        let silence = silence.max(LEAST_SILENCE);
        for seat in &mut self.seats {
            if let (State::Busy(run), Some((_, link))) = (&mut seat.state, &mut seat.link)
                && !run.is_hung
                && now.saturating_sub(run.last_sign) > silence
            {
                run.is_hung = true;
                link.kill();
            }
        }
    }

    /// Replaces a process that can no longer be used, although its segment has ended.
    pub(super) fn renew(&mut self, index: usize) -> Result<(), TransportError> {
        self.seats[index].link = None;
        self.end_strays();
        self.connect(index)
    }

    /// Replaces the processes that are still busy; returns the reports of their segments.
    pub(super) fn cut_off(&mut self) -> Result<Vec<(usize, TrialId, SegmentReport)>, TransportError> {
        let mut cut_off = Vec::new();
        for index in 0..self.seats.len() {
            let seat = &mut self.seats[index];
            if !matches!(seat.state, State::Busy(_)) {
                continue;
            }
            if let State::Busy(run) = std::mem::replace(&mut seat.state, State::Down) {
                cut_off.push((index, run.trial, run.report()));
            }
            self.renew(index)?;
        }
        Ok(cut_off)
    }

    /// Replaces a lost worker; returns how it ended and what it ran. `Err` if workers never become ready.
    pub(super) fn replace(&mut self, index: usize) -> Result<LostWorker, PoolError> {
        let seat = &mut self.seats[index];
        let farewell = seat.link.as_mut().map(|(_, link)| link.reap());
        let Farewell { mut how, kind } = farewell.unwrap_or_default();
        let mut kind = kind.unwrap_or(FailureKind::Crashed);
        self.end_strays();
        let seat = &mut self.seats[index];
        let run = match std::mem::replace(&mut seat.state, State::Down) {
            State::Busy(run) => Some(run),
            State::Starting => {
                seat.false_starts += 1;
                None
            }
            State::Ready | State::Down => None,
        };
        if run.as_ref().is_some_and(|run| run.is_hung) {
            kind = FailureKind::TimedOut;
            how = format!("it showed no sign of life and was killed ({how})");
        }
        if seat.false_starts >= MOST_FALSE_STARTS {
            // One bad slot of several is closed; the study continues without it.
            if self.seats.iter().all(|seat| matches!(seat.state, State::Down)) {
                let log = self.transport.log(index);
                return Err(PoolError::NeverReady { how, log });
            }
            let how = format!("{how}; it never becomes ready, so this slot is closed");
            return Ok(LostWorker { how, kind, run });
        }
        self.connect(index)?;
        Ok(LostWorker { how, kind, run })
    }

    /// Ends processes that lost workers have left behind.
    fn end_strays(&self) {
        let links = self.seats.iter().filter_map(|seat| seat.link.as_ref());
        let links: Vec<&dyn Link> = links.map(|(_, link)| &**link).collect();
        self.transport.end_strays(&links);
    }

    /// Asks every busy worker to finish its step, to checkpoint and to report. It may also evaluate its trial if that
    /// takes at most `seconds`.
    pub(super) fn stop(&mut self, seconds: f64) {
        for seat in &mut self.seats {
            if let (State::Busy(_), Some((_, link))) = (&seat.state, &mut seat.link) {
                link.send(&ToWorker::Stop { seconds });
            }
        }
    }

    /// Ends all processes; returns the reports of the segments that were still running.
    pub(super) fn shut_down(&mut self) -> Vec<(usize, TrialId, SegmentReport)> {
        let mut cut_off = Vec::new();
        for (index, seat) in self.seats.iter_mut().enumerate() {
            seat.link = None;
            if let State::Busy(run) = std::mem::replace(&mut seat.state, State::Down) {
                cut_off.push((index, run.trial, run.report()));
            }
        }
        self.end_strays();
        cut_off
    }
}

/// The reasons why the pool cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A process could not be started.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Workers die before they are ready.
    #[error("workers die while they start ({how}); their output is in `{}`", log.display())]
    NeverReady {
        /// A description of how the last one ended.
        how: String,
        /// Its log.
        log: PathBuf,
    },
}
