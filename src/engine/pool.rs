//! The workers of this machine: one process a slot, restarted when it dies.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Clock;
use crate::awake::AwakeClock;
use crate::objective::end_strays;
use crate::trials::{Evaluation, FailureKind, Progress, Segment, SegmentReport, Usage};
use crate::units::{Samples, TrialId};
use crate::worker::{Process, Slot, SpawnError, ToWorker, WorkerEvent};

/// A worker is given this long at least to show a sign of life. It shows one every half second, on a busy machine later;
/// whether an external program is silent for too long, it judges itself.
const LEAST_SILENCE: Duration = Duration::from_secs(5);

/// A worker that dies this often in a row before it is ready will not come up.
const MOST_FALSE_STARTS: u32 = 3;

/// All workers.
pub(super) struct Pool<T> {
    program: PathBuf,
    folder: PathBuf,
    news: Sender<T>,
    seats: Vec<Seat>,
    generations: u64,
    /// Workers that are suspended with this process are not taken for hung.
    awake: AwakeClock,
}

/// One slot and its worker.
pub(super) struct Seat {
    pub(super) slot: Slot,
    process: Option<Process>,
    pub(super) state: State,
    /// The trial that it ran last.
    last: Option<TrialId>,
    false_starts: u32,
}

/// What a worker does.
pub(super) enum State {
    /// Loading model and data.
    Starting,
    /// Waiting for a segment.
    Ready,
    /// Running one.
    Busy(Box<Run>),
    /// Gone, and not needed any more.
    Down,
}

/// A segment under way, as far as its worker has told.
pub(super) struct Run {
    pub(super) trial: TrialId,
    pub(super) begun: Instant,
    pub(super) started_at: String,
    reached: Samples,
    evaluations: Vec<Evaluation>,
    /// When it last showed a sign of life, on the pool's clock.
    last_sign: Duration,
    /// It was killed because it showed none.
    is_hung: bool,
}

/// How a worker was lost.
pub(super) struct LostWorker {
    /// What is known, for people.
    pub(super) how: String,
    /// What a trial that loses its workers this way fails as.
    pub(super) kind: FailureKind,
    /// What it ran.
    pub(super) run: Option<Box<Run>>,
}

impl Run {
    /// What is known of a segment whose worker had to be killed, or that has failed.
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

impl<T: From<(usize, u64, WorkerEvent)> + Send + 'static> Pool<T> {
    /// Starts one worker for each slot.
    pub(super) fn start(program: &Path, folder: &Path, slots: Vec<Slot>, news: Sender<T>) -> Result<Self, SpawnError> {
        let seats = slots.into_iter().map(|slot| Seat {
            slot,
            process: None,
            state: State::Down,
            last: None,
            false_starts: 0,
        });
        let (program, folder) = (program.to_owned(), folder.to_owned());
        let mut pool = Self {
            program,
            folder,
            news,
            seats: seats.collect(),
            generations: 0,
            awake: AwakeClock::start(),
        };
        for index in 0..pool.seats.len() {
            pool.spawn(index)?;
        }
        Ok(pool)
    }

    fn spawn(&mut self, index: usize) -> Result<(), SpawnError> {
        self.generations += 1;
        let seat = &mut self.seats[index];
        let log = self.folder.join("logs").join(format!("worker-{index}.log"));
        let (program, folder, news) = (&self.program, &self.folder, self.news.clone());
        seat.process = Some(Process::spawn(
            program,
            folder,
            &seat.slot,
            &log,
            index,
            self.generations,
            news,
        )?);
        seat.state = State::Starting;
        Ok(())
    }

    pub(super) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    pub(super) fn seat_mut(&mut self, index: usize) -> &mut Seat {
        &mut self.seats[index]
    }

    /// Whether news from `generation` comes from the process that sits at `index` now.
    pub(super) fn is_current(&self, index: usize, generation: u64) -> bool {
        self.seats[index]
            .process
            .as_ref()
            .is_some_and(|process| process.generation() == generation)
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

    /// A worker that waits for a segment, if possible the one that ran this trial last and may still have it in memory.
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
        seat.state = State::Busy(Box::new(Run {
            trial: segment.trial,
            begun: Instant::now(),
            started_at: Clock::time_of_day(),
            reached: segment.from,
            evaluations: Vec::new(),
            last_sign: self.awake.look(),
            is_hung: false,
        }));
        if let Some(process) = &mut seat.process {
            process.send(&ToWorker::Run {
                segment: Box::new(segment),
            });
        }
    }

    /// A worker is free: it has become ready, or ended its segment, which is returned.
    pub(super) fn free(&mut self, index: usize) -> Option<Box<Run>> {
        let seat = &mut self.seats[index];
        seat.false_starts = 0;
        match std::mem::replace(&mut seat.state, State::Ready) {
            State::Busy(run) => Some(run),
            State::Starting | State::Ready | State::Down => None,
        }
    }

    /// Takes note of the process group of an external program that a worker runs.
    pub(super) fn note_program(&mut self, index: usize, group: Option<u32>) {
        if let Some(process) = &mut self.seats[index].process {
            process.note_program(group);
        }
    }

    /// Takes note of a sign of life, perhaps with progress.
    pub(super) fn note_sign(&mut self, index: usize, progress: Option<&Progress>) {
        if let State::Busy(run) = &mut self.seats[index].state {
            run.last_sign = self.awake.look();
            if let Some(progress) = progress {
                run.reached = progress.at;
                // A segment that begins anew repeats its evaluations.
                if let Some(evaluation) = &progress.evaluation {
                    run.evaluations.retain(|known| known.at < evaluation.at);
                    run.evaluations.push(evaluation.clone());
                }
            }
        }
    }

    /// Kills workers whose segment has shown no sign of life for so long, or for the least time that a healthy one needs.
    pub(super) fn kill_hung(&mut self, silence: Duration) {
        let now = self.awake.look();
        let silence = silence.max(LEAST_SILENCE);
        for seat in &mut self.seats {
            if let (State::Busy(run), Some(process)) = (&mut seat.state, &mut seat.process)
                && !run.is_hung
                && now.saturating_sub(run.last_sign) > silence
            {
                run.is_hung = true;
                process.kill();
            }
        }
    }

    /// Puts a fresh process in the place of one that is of no more use, though its segment has ended.
    pub(super) fn renew(&mut self, index: usize) -> Result<(), SpawnError> {
        self.seats[index].process = None;
        self.end_strays();
        self.spawn(index)
    }

    /// Puts fresh processes in the place of those that are still busy; returns what is known of their segments.
    pub(super) fn cut_off(&mut self) -> Result<Vec<(usize, TrialId, SegmentReport)>, SpawnError> {
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

    /// A worker is gone: says how, what it ran, and starts another one, unless it never comes up (`Err`).
    pub(super) fn replace(&mut self, index: usize) -> Result<LostWorker, PoolError> {
        let seat = &mut self.seats[index];
        let mut how = seat.process.as_mut().map(Process::reap).unwrap_or_default();
        self.end_strays();
        let seat = &mut self.seats[index];
        let is_out_of_memory = seat.process.as_ref().is_some_and(Process::is_out_of_memory);
        let mut kind = if is_out_of_memory {
            how = format!("{how}, out of memory");
            FailureKind::OutOfMemory
        } else {
            FailureKind::Crashed
        };
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
            // One bad slot of several is given up; the study goes on without it.
            if self.seats.iter().all(|seat| matches!(seat.state, State::Down)) {
                let log = self.folder.join("logs").join(format!("worker-{index}.log"));
                return Err(PoolError::NeverReady { how, log });
            }
            let how = format!("{how}; it never becomes ready, so this slot is closed");
            return Ok(LostWorker { how, kind, run });
        }
        self.spawn(index)?;
        Ok(LostWorker { how, kind, run })
    }

    /// Ends what workers that are gone have left behind.
    fn end_strays(&self) {
        let workers = self.seats.iter().filter_map(|seat| seat.process.as_ref());
        let workers: Vec<u32> = workers.map(Process::id).collect();
        end_strays(&workers);
    }

    /// Tells every busy worker to finish its step, to evaluate its trial where it stands if that takes at most so many seconds, to
    /// checkpoint and to report.
    pub(super) fn stop(&mut self, seconds: f64) {
        for seat in &mut self.seats {
            if let (State::Busy(_), Some(process)) = (&seat.state, &mut seat.process) {
                process.send(&ToWorker::Stop { seconds });
            }
        }
    }

    /// Ends all processes; returns what is known of the segments that were still running.
    pub(super) fn shut_down(&mut self) -> Vec<(usize, TrialId, SegmentReport)> {
        let mut cut_off = Vec::new();
        for (index, seat) in self.seats.iter_mut().enumerate() {
            seat.process = None;
            if let State::Busy(run) = std::mem::replace(&mut seat.state, State::Down) {
                cut_off.push((index, run.trial, run.report()));
            }
        }
        self.end_strays();
        cut_off
    }
}

/// Why the pool cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Workers die before they are ready.
    #[error("workers die while they start ({how}); their output is in `{}`", log.display())]
    NeverReady {
        /// How the last one ended.
        how: String,
        /// Its log.
        log: PathBuf,
    },
}
