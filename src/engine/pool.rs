//! The workers: one per seat. A worker of this machine is replaced when it dies; others join and leave by themselves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Clock;
use crate::awake::AwakeClock;
use crate::transports::{self, Arrival, Closed, Farewell, Inbox, Link, LinkId, Transport, TransportError};
use crate::trials::{Evaluation, FailureKind, Progress, Segment, SegmentReport, TrainingCurve, Usage};
use crate::units::{Samples, TrialId};
use crate::worker::{Hello, Slot, ToWorker};

/// Shortest silence after which a worker counts as hung. A worker gives a sign of life every half second, on a busy
/// machine later. It checks the silence of an external program by itself.
const LEAST_SILENCE: Duration = Duration::from_secs(5);

/// A worker that dies this many times in a row before it is ready will never start.
const MOST_FALSE_STARTS: u32 = 3;

/// All workers.
pub(super) struct Pool {
    transport: Box<dyn Transport>,
    seats: Vec<Seat>,
    /// The seat of every link in use. What arrives from any other link comes from a replaced worker.
    links: BTreeMap<LinkId, usize>,
    /// Number of the last lease. Every run of a segment has a higher one.
    leases: u64,
    /// Measures silence without suspensions: suspended workers do not count as hung.
    awake: AwakeClock,
}

/// One slot and its worker.
pub(super) struct Seat {
    pub(super) slot: Slot,
    /// The worker.
    link: Option<(LinkId, Box<dyn Link>)>,
    pub(super) state: State,
    /// `true` if the worker leaves after its step.
    is_leaving: bool,
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
    lease: u64,
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

impl LostWorker {
    fn new(farewell: Farewell, run: Option<Box<RunningSegment>>) -> Self {
        let Farewell { how, kind } = farewell;
        let is_hung = run.as_ref().is_some_and(|run| run.is_hung);
        let (how, kind) = if is_hung {
            let how = format!("it showed no sign of life and was killed ({how})");
            (how, FailureKind::TimedOut)
        } else {
            (how, kind.unwrap_or(FailureKind::Crashed))
        };
        Self { how, kind, run }
    }
}

impl RunningSegment {
    /// The report of a segment whose worker was killed, or that failed.
    pub(super) fn report(self) -> SegmentReport {
        let seconds = self.begun.elapsed().as_secs_f64();
        SegmentReport {
            reached: self.reached,
            evaluations: self.evaluations,
            training: TrainingCurve::default(),
            trainable_parameters: 0,
            usage: Usage {
                train_seconds: seconds,
                wall_seconds: seconds,
                peak_memory_mb: 0.0,
                longest_step: 0.0,
                cpu_seconds: 0.0,
            },
        }
    }
}

impl Seat {
    fn new(slot: Slot) -> Self {
        Self {
            slot,
            link: None,
            state: State::Down,
            is_leaving: false,
            last: None,
            false_starts: 0,
        }
    }

    /// Returns whether its worker joined by itself. The engine does not start such workers.
    pub(super) fn is_joined(&self) -> bool {
        self.slot.node.is_some()
    }
}

impl Pool {
    /// Opens the transport, and connects one worker for each slot. Leases begin after the number `leases`.
    pub(super) fn start<T: From<(LinkId, Arrival)> + Send + 'static>(
        mut transport: Box<dyn Transport>,
        slots: Vec<Slot>,
        leases: u64,
        events: Sender<T>,
    ) -> Result<Self, TransportError> {
        let receive = move |link, arrival| events.send(T::from((link, arrival))).map_err(|_| Closed);
        transport.open(Inbox::new(receive))?;
        let mut pool = Self {
            transport,
            seats: slots.into_iter().map(Seat::new).collect(),
            links: BTreeMap::new(),
            leases,
            awake: AwakeClock::start(),
        };
        for index in 0..pool.seats.len() {
            pool.connect(index)?;
        }
        Ok(pool)
    }

    fn connect(&mut self, index: usize) -> Result<(), TransportError> {
        let seat = &self.seats[index];
        let target = transports::Seat {
            index,
            slot: &seat.slot,
        };
        if let Some((id, link)) = self.transport.want(&target)? {
            self.take_seat(index, id, link);
        }
        Ok(())
    }

    fn take_seat(&mut self, index: usize, id: LinkId, link: Box<dyn Link>) {
        let seat = &mut self.seats[index];
        seat.link = Some((id, link));
        seat.state = State::Starting;
        seat.is_leaving = false;
        self.links.retain(|_, known| *known != index);
        self.links.insert(id, index);
    }

    /// Gives a worker that has joined a seat: one that another worker of its machine and device has left, or a new one.
    pub(super) fn join(&mut self, id: LinkId, hello: &Hello, link: Box<dyn Link>) -> usize {
        let slot = Slot::joined(hello);
        let mut seats = self.seats.iter();
        let left = seats.position(|seat| matches!(seat.state, State::Down) && seat.slot == slot);
        let index = left.unwrap_or_else(|| {
            self.seats.push(Seat::new(slot));
            self.seats.len() - 1
        });
        self.take_seat(index, id, link);
        index
    }

    /// How a worker can join, for people.
    pub(super) fn invitation(&self) -> Option<String> {
        self.transport.invitation()
    }

    /// Tells the transport how many workers have work.
    pub(super) fn need(&mut self, workers: usize) {
        self.transport.need(workers);
    }

    /// Number of workers that are there or are being started.
    pub(super) fn open_seats(&self) -> usize {
        let seats = self.seats.iter();
        seats.filter(|seat| !matches!(seat.state, State::Down)).count()
    }

    pub(super) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    pub(super) fn seat_mut(&mut self, index: usize) -> &mut Seat {
        &mut self.seats[index]
    }

    /// The seat of a link; `None` for the link of a replaced worker, whose messages are refused.
    pub(super) fn seat_of(&self, link: LinkId) -> Option<usize> {
        self.links.get(&link).copied()
    }

    /// Returns whether a worker runs a segment under this lease. A result under any other is refused.
    pub(super) fn is_current(&self, index: usize, lease: u64) -> bool {
        matches!(&self.seats[index].state, State::Busy(run) if run.lease == lease)
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

    /// The workers that wait for a segment; first the last one of this trial, which may have it in memory.
    pub(super) fn ready_for(&self, trial: TrialId) -> Vec<usize> {
        let ready = self.seats.iter().enumerate();
        let ready = ready.filter(|(_, seat)| matches!(seat.state, State::Ready) && !seat.is_leaving);
        let mut ready: Vec<usize> = ready.map(|(index, _)| index).collect();
        ready.sort_by_key(|&index| (self.seats[index].last != Some(trial), index));
        ready
    }

    /// Orders a ready worker to run a segment.
    pub(super) fn run(&mut self, index: usize, segment: Segment) {
        self.leases += 1;
        let lease = self.leases;
        let seat = &mut self.seats[index];
        seat.last = Some(segment.trial);
        seat.state = State::Busy(Box::new(RunningSegment {
            trial: segment.trial,
            lease,
            begun: Instant::now(),
            started_at: Clock::time_of_day(),
            reached: segment.from,
            evaluations: Vec::new(),
            last_sign: self.awake.look(),
            is_hung: false,
        }));
        if let Some((_, link)) = &mut seat.link {
            link.send(&ToWorker::Run {
                lease,
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
        let seat = &mut self.seats[index];
        if let Some((_, link)) = &mut seat.link
            && link.restart()
        {
            seat.state = State::Starting;
            return Ok(());
        }
        seat.link = None;
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

    /// Records that the worker finishes its step and then leaves: it gets no other segment.
    pub(super) fn note_leaving(&mut self, index: usize) {
        self.seats[index].is_leaving = true;
    }

    /// Returns whether a worker wants to leave and runs nothing.
    pub(super) fn can_leave(&self, index: usize) -> bool {
        let seat = &self.seats[index];
        seat.is_leaving && matches!(seat.state, State::Starting | State::Ready)
    }

    /// Takes what a worker ran whose machine has started a fresh process for the same link.
    pub(super) fn lost(&mut self, index: usize, farewell: Farewell) -> LostWorker {
        let seat = &mut self.seats[index];
        match std::mem::replace(&mut seat.state, State::Starting) {
            State::Busy(run) => LostWorker::new(farewell, Some(run)),
            State::Starting | State::Ready | State::Down => LostWorker::new(farewell, None),
        }
    }

    /// Replaces a worker whose link has ended; returns how it ended and what it ran. The seat of a worker that joined
    /// stays empty. `Err` if workers never become ready.
    pub(super) fn replace(&mut self, index: usize) -> Result<LostWorker, PoolError> {
        let seat = &mut self.seats[index];
        let farewell = seat.link.as_mut().map(|(_, link)| link.reap()).unwrap_or_default();
        if seat.is_joined() {
            let state = std::mem::replace(&mut seat.state, State::Down);
            (seat.link, seat.last) = (None, None);
            self.links.retain(|_, known| *known != index);
            let run = match state {
                State::Busy(run) => Some(run),
                State::Starting | State::Ready | State::Down => None,
            };
            return Ok(LostWorker::new(farewell, run));
        }
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
        let LostWorker { how, kind, run } = LostWorker::new(farewell, run);
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
        self.links.clear();
        self.end_strays();
        self.transport.close();
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
