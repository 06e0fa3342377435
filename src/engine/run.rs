//! The run loop: settle what can be decided, start what was planned, wait for news.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::budget::WallBudget;
use super::memory::Admission;
use super::pool::{Loss, Pool, PoolError, State};
use super::{Clock, Folder, Moment, Observer, signals};
use crate::journal::{Journal, JournalError};
use crate::objective;
use crate::spec::TrialLimits;
use crate::study::{Created, EndReason, Event, Flight, Outcome, Study};
use crate::trials::{Failure, FailureKind, MemoryModel, Segment, SegmentLimits, SegmentReport, Status};
use crate::units::{Samples, TrialId};
use crate::worker::{FromWorker, News, SegmentEnd, Slot};

/// Longest wait between two looks at the clock.
const TICK: Duration = Duration::from_millis(200);
/// Time for workers to checkpoint after the deadline; then they are killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(1);
/// The same when a person or a batch system interrupts.
const INTERRUPT_GRACE: Duration = Duration::from_secs(10);
/// A segment that shows no sign of life for so long hangs, unless the spec says otherwise: longer than any step, and
/// longer than a GPU takes to compile its first.
const SILENCE: Duration = Duration::from_mins(5);
/// A worker may die of a trial once; the second time the trial has failed.
const MOST_LOSSES: u32 = 2;

/// Runs a study on this machine.
pub struct Engine<'a> {
    study: Study,
    journal: Journal,
    folder: Folder,
    clock: Clock,
    budget: WallBudget,
    pool: Pool<Inbox>,
    inbox: Receiver<Inbox>,
    observers: Vec<Box<dyn Observer + 'a>>,
    terms: Terms,
    memory: (Admission, Arc<MemoryModel>),
    is_interrupted: bool,
    busy: BusyTime,
    last_tick: Instant,
    /// The best trial so far.
    best: Option<TrialId>,
    /// Of so many of the trials that were given up the checkpoints are gone.
    tidied: usize,
}

/// What a study may use up, and what its objective can do.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The wall budget in seconds, as the spec has it.
    pub wall: Option<f64>,
    /// What one trial may use up.
    pub limits: TrialLimits,
    /// Whether a trial that runs out of memory can be tried with smaller steps.
    pub can_split: bool,
    /// Whether trials may begin where others stand, so that checkpoints are kept for them.
    pub has_clones: bool,
    /// Whether the checkpoint of the best trial is of use when that has ended.
    pub keeps_best: bool,
}

/// What reaches the engine from outside.
enum Inbox {
    Worker { slot: usize, generation: u64, news: News },
    Signal,
}

impl From<(usize, u64, News)> for Inbox {
    fn from((slot, generation, news): (usize, u64, News)) -> Self {
        Self::Worker { slot, generation, news }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The study is over.
    Ended(EndReason),
    /// SIGINT or SIGTERM; it can be resumed.
    Interrupted,
}

/// Why a run broke off. The journal is whole up to then.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Workers cannot be had.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A worker could not load the model or the data.
    #[error("{0}")]
    Input(String),
    /// Results cannot be written.
    #[error(
        "cannot write results in `{folder}`: {source}; everything before is safe, `automl resume {folder}` goes on from there"
    )]
    Results {
        /// The study's folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Signals cannot be received.
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
}

impl<'a> Engine<'a> {
    /// Starts the workers of a study. `program` is this program's own executable, `resumed` the event to record if the study
    /// had been begun before.
    ///
    /// # Errors
    /// When a worker cannot be started.
    pub fn start(
        study: Study,
        (folder, journal): (Folder, Journal),
        clock: Clock,
        terms: Terms,
        (program, slots): (&Path, Vec<Slot>),
        observers: Vec<Box<dyn Observer + 'a>>,
        resumed: Option<Event>,
    ) -> Result<Self, EngineError> {
        let (sender, inbox) = mpsc::channel();
        signals::forward(sender.clone(), || Inbox::Signal).map_err(EngineError::Signals)?;
        let pool = Pool::start(program, folder.path(), slots, sender).map_err(PoolError::from)?;
        let busy = BusyTime {
            since: Instant::now(),
            seconds: 0.0,
        };
        let mut engine = Self {
            study,
            journal,
            folder,
            clock,
            budget: WallBudget::new(None, &clock),
            pool,
            inbox,
            observers,
            terms,
            memory: (Admission::unlimited(), Arc::new(|_| None)),
            is_interrupted: false,
            busy,
            last_tick: Instant::now(),
            best: None,
            tidied: 0,
        };
        engine.best = engine.study.incumbent().map(|(best, _)| best);
        // Only now that nothing can go wrong any more: a failed attempt must not add to the budget.
        if let Some(event) = resumed {
            engine.record(&event)?;
            engine.journal.sync()?;
        }
        engine.budget = WallBudget::new(terms.wall.map(|wall| wall + engine.study.added_wall()), &engine.clock);
        Ok(engine)
    }

    /// Starts segments only as `admission` allows, by what memory `model` predicts for them.
    #[must_use]
    pub fn with_memory(self, admission: Admission, model: Arc<MemoryModel>) -> Self {
        let memory = (admission, model);
        Self { memory, ..self }
    }

    /// Runs the study until it ends or is interrupted.
    ///
    /// # Errors
    /// When the journal or the results cannot be written, or the workers do not come up.
    pub fn run(mut self, is_resumed: bool) -> Result<(Study, Ending), EngineError> {
        let slots: Vec<Slot> = self.pool.seats().iter().map(|seat| seat.slot.clone()).collect();
        self.tell(&Moment::Started {
            slots: &slots,
            is_resumed,
        })?;
        let ending = loop {
            self.settle()?;
            if let Some(reason) = self.study.ended() {
                break Ending::Ended(reason);
            }
            let is_stuck = !self.dispatch()?;
            if self.budget.is_spent(Instant::now()) || is_stuck {
                self.meet_deadline()?;
                continue;
            }
            self.wait()?;
            if self.is_interrupted {
                self.drain(
                    "interrupted: finishing the step and saving checkpoints",
                    INTERRUPT_GRACE,
                )?;
                break Ending::Interrupted;
            }
        };
        self.pool.shut_down();
        let reason = match ending {
            Ending::Ended(reason) => Some(reason),
            Ending::Interrupted => None,
        };
        let idle_share = self.busy.idle_share(slots.len());
        self.tell(&Moment::Ended { reason, idle_share })?;
        Ok((self.study, ending))
    }

    /// Takes every decision that can be taken now, and makes it last.
    fn settle(&mut self) -> Result<(), EngineError> {
        while let Some(event) = self.study.decide() {
            self.inherit(&event)?;
            self.record(&event)?;
            if let Event::SegmentDelivered { trial } = event {
                self.tidy(trial);
                self.tell(&Moment::Delivered { trial })?;
            }
        }
        self.journal.sync()?;
        Ok(())
    }

    /// A trial that is to begin where another one stands gets its checkpoint before it exists, so that no crash parts the two,
    /// and before the other one goes on.
    fn inherit(&self, event: &Event) -> Result<(), EngineError> {
        if let Event::SegmentPlanned {
            trial,
            created: Some(Created {
                parent: Some(parent), ..
            }),
            ..
        } = event
        {
            let (from, to) = (self.folder.checkpoints(parent.trial), self.folder.checkpoints(*trial));
            objective::inherit(&from, &to, parent.at).map_err(|source| EngineError::Results {
                folder: self.folder.path().display().to_string(),
                source,
            })?;
        }
        Ok(())
    }

    /// Removes the checkpoints of trials that never go on. Of external programs the best trial's stay: its model may be there.
    fn tidy(&mut self, delivered: TrialId) {
        let best = self.study.incumbent().map(|(best, _)| best);
        let best = best.filter(|_| self.terms.keeps_best);
        let replaced = std::mem::replace(&mut self.best, best);
        let given_up = &self.study.given_up()[self.tidied..];
        self.tidied += given_up.len();
        let candidates = [Some(delivered), replaced].into_iter().flatten();
        for trial in candidates
            .chain(given_up.iter().copied())
            .filter(|&trial| Some(trial) != best)
        {
            let may_go_on = match self.study.trials()[trial.index()].status {
                Status::Paused | Status::Running { .. } => true,
                Status::Completed | Status::Stopped | Status::Failed => false,
            };
            if !may_go_on {
                let _ = std::fs::remove_dir_all(self.folder.checkpoints(trial));
            }
        }
    }

    /// Gives planned segments to ready workers, first those whose outcome is needed first. What is predicted to end only
    /// after the deadline comes last: before others what is evaluated until then, which counts though the segment is cut
    /// off; the rest is trained as far as time allows, and goes on from there if more is given. `false`: nothing runs, and
    /// nothing is planned.
    fn dispatch(&mut self) -> Result<bool, EngineError> {
        let running: BTreeSet<TrialId> = self.pool.trials().collect();
        let planned = self.study.waiting(|trial| running.contains(&trial));
        let now = Instant::now();
        let fits = |trial, from, to| self.budget.fits(self.study.cost(trial, from, to), now);
        let mut planned: Vec<_> = planned
            .into_iter()
            .map(|(trial, flight)| {
                let is_late = !fits(trial, flight.from, flight.to);
                let is_unmeasured = is_late && !fits(trial, flight.from, self.first_evaluation(&flight));
                (is_late, is_unmeasured, trial, flight)
            })
            .collect();
        planned.sort_by_key(|(is_late, is_unmeasured, ..)| (*is_late, *is_unmeasured));
        let has_work = !planned.is_empty();
        for (_, _, trial, flight) in planned {
            let Some(slot) = self.pool.ready() else { break };
            if !self.is_room_for(trial, slot) {
                // Those behind it wait too: a large one would never run if smaller ones always came first.
                break;
            }
            let segment = self.segment(trial, &flight);
            self.tell(&Moment::SegmentStarted {
                slot,
                trial,
                from: flight.from,
                to: flight.to,
            })?;
            self.pool.run(slot, segment);
        }
        Ok(has_work || self.pool.is_any_busy())
    }

    /// Where a segment is evaluated first: at the end of an epoch, or at its own.
    fn first_evaluation(&self, flight: &Flight) -> Samples {
        let epoch = self.study.settings().epoch.0.max(1);
        Samples((flight.from.0 / epoch + 1) * epoch).min(flight.to)
    }

    /// Whether the machine has memory for a trial beside what runs. A GPU's memory is not this machine's.
    fn is_room_for(&mut self, trial: TrialId, slot: usize) -> bool {
        let (admission, model) = &mut self.memory;
        let is_host = self.pool.seats()[slot].slot.device.is_host();
        let configuration = &self.study.trials()[trial.index()].configuration;
        let need = is_host.then(|| model(configuration)).flatten();
        admission.admits(slot, need)
    }

    fn segment(&self, trial: TrialId, flight: &Flight) -> Segment {
        let settings = self.study.settings();
        let known = &self.study.trials()[trial.index()];
        Segment {
            trial,
            configuration: known.configuration.clone(),
            seed: settings.trial_seed(trial),
            from: flight.from,
            stops: known.observations.iter().map(|observation| observation.at).collect(),
            to: flight.to,
            max: settings.max,
            checkpoints: self.folder.checkpoints(trial),
            log: self.folder.logs().join(format!("trial-{trial}.log")),
            limits: SegmentLimits {
                seconds: self
                    .terms
                    .limits
                    .wall
                    .map(|wall| (wall - self.seconds_spent(trial)).max(0.0)),
                memory: self.terms.limits.memory,
                silence: self.terms.limits.silence,
            },
            inherited: known.parent.map(|parent| parent.at),
            is_kept: self.terms.has_clones,
            micro_batches: 1 << self.study.record(trial).splits.min(16),
        }
    }

    /// Seconds that a trial has been trained for, an interrupted segment included.
    fn seconds_spent(&self, trial: TrialId) -> f64 {
        let record = self.study.record(trial);
        let partial = record.partial.as_ref().map_or(0.0, |report| report.usage.wall_seconds);
        record.usage.wall_seconds + partial
    }

    /// Waits for news, or for the clock.
    fn wait(&mut self) -> Result<(), EngineError> {
        let patience = self.budget.left(Instant::now()).map_or(TICK, |left| left.min(TICK));
        // Whatever else has arrived is taken before anything is decided, and signals first: a batch system may signal
        // the workers too, and a worker that dies of it must not count as lost.
        let mut news: Vec<Inbox> = self.inbox.recv_timeout(patience).into_iter().collect();
        news.extend(self.inbox.try_iter());
        let (signals, others): (Vec<_>, Vec<_>) = news.into_iter().partition(|news| matches!(news, Inbox::Signal));
        for news in signals.into_iter().chain(others) {
            self.take(news)?;
        }
        if self.last_tick.elapsed() >= TICK {
            self.last_tick = Instant::now();
            let silence = self
                .terms
                .limits
                .silence
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            self.pool.kill_hung(silence.unwrap_or(SILENCE));
            self.folder.note_elapsed(self.clock.elapsed());
            self.tell(&Moment::Tick)?;
        }
        Ok(())
    }

    fn take(&mut self, news: Inbox) -> Result<(), EngineError> {
        match news {
            Inbox::Signal if self.is_interrupted => {
                // The second one: at once. The journal is whole; workers end when their input closes.
                self.pool.shut_down();
                std::process::exit(130);
            }
            Inbox::Signal => self.is_interrupted = true,
            Inbox::Worker { slot, generation, .. } if !self.pool.is_current(slot, generation) => {}
            Inbox::Worker {
                slot,
                news: News::Message(message),
                ..
            } => self.hear(slot, *message)?,
            // Dying now costs what its last checkpoint lacks, and no second try.
            Inbox::Worker {
                slot, news: News::Gone, ..
            } if self.is_draining() => {
                self.pool.seat_mut(slot).state = State::Down;
            }
            Inbox::Worker {
                slot, news: News::Gone, ..
            } => self.lose(slot)?,
        }
        Ok(())
    }

    /// Workers are being stopped, or are about to be.
    fn is_draining(&self) -> bool {
        self.is_interrupted || self.budget.is_spent(Instant::now())
    }

    fn hear(&mut self, slot: usize, message: FromWorker) -> Result<(), EngineError> {
        match message {
            FromWorker::Ready => {
                self.pool.free(slot);
            }
            FromWorker::Unable { message } => return Err(EngineError::Input(message)),
            FromWorker::Alive => {
                if let State::Busy(run) = &mut self.pool.seat_mut(slot).state {
                    run.note_sign();
                }
            }
            FromWorker::Program { group } => self.pool.note_program(slot, group),
            FromWorker::Progress {
                trial,
                progress,
                longest_step,
            } => {
                self.budget.learn_step(longest_step);
                if let State::Busy(run) = &mut self.pool.seat_mut(slot).state {
                    run.note(&progress);
                }
                self.tell(&Moment::Progressed {
                    slot,
                    trial,
                    progress: &progress,
                })?;
            }
            FromWorker::Ended { trial, end } => {
                let Some(run) = self.pool.free(slot) else { return Ok(()) };
                self.busy.seconds += run.begun.elapsed().as_secs_f64();
                self.memory.0.release(slot, end.peak_memory_mb());
                if let (SegmentEnd::Reached(report), Some(flight)) = (&end, self.study.flights().get(&trial)) {
                    // Seconds add up over interruptions, as the cost does.
                    let cost = self.study.cost(trial, flight.from, flight.to);
                    self.budget.learn(cost, report.usage.wall_seconds);
                }
                match end {
                    SegmentEnd::Reached(report) => self.end(slot, trial, &Outcome::Reached(report), &run.started_at)?,
                    SegmentEnd::Failed(failure) if self.may_split(trial, &failure) => {
                        self.split(slot, trial, failure)?;
                    }
                    SegmentEnd::Failed(failure) => self.end(slot, trial, &Outcome::Failed(failure), &run.started_at)?,
                    SegmentEnd::Interrupted(report) => self.interrupt(slot, trial, report)?,
                }
            }
        }
        Ok(())
    }

    /// Whether a trial that ran out of memory can be tried again with smaller steps: once.
    fn may_split(&self, trial: TrialId, failure: &Failure) -> bool {
        let losses = self.study.flights().get(&trial).map_or(0, |flight| flight.lost);
        failure.kind == FailureKind::OutOfMemory && losses + 1 < MOST_LOSSES && self.terms.can_split
    }

    /// Tries a segment again that ran out of memory.
    fn split(&mut self, slot: usize, trial: TrialId, failure: Failure) -> Result<(), EngineError> {
        let Failure { kind, message } = failure;
        self.tell(&Moment::MemoryRanOut {
            slot,
            trial,
            message: &message,
        })?;
        let kind = Some(kind);
        self.record(&Event::SegmentLost { trial, message, kind })
    }

    fn end(&mut self, slot: usize, trial: TrialId, outcome: &Outcome, started_at: &str) -> Result<(), EngineError> {
        let device = self.pool.seats()[slot].slot.place();
        let finished_at = Clock::time_of_day();
        self.record(&Event::SegmentEnded {
            trial,
            outcome: outcome.clone(),
            device,
            started_at: started_at.to_owned(),
            finished_at,
        })?;
        self.journal.sync()?;
        self.tell(&Moment::SegmentEnded {
            slot,
            trial,
            outcome: Some(outcome),
        })
    }

    fn interrupt(&mut self, slot: usize, trial: TrialId, report: SegmentReport) -> Result<(), EngineError> {
        self.record(&Event::SegmentInterrupted { trial, report })?;
        self.tell(&Moment::SegmentEnded {
            slot,
            trial,
            outcome: None,
        })
    }

    /// A worker died. Its segment is tried once more; then its trial has failed.
    fn lose(&mut self, slot: usize) -> Result<(), EngineError> {
        let Loss { how, kind, run } = self.pool.replace(slot)?;
        self.memory.0.forget(slot);
        let trial = run.as_ref().map(|run| run.trial);
        self.tell(&Moment::WorkerLost {
            slot,
            trial,
            message: &how,
        })?;
        let Some(run) = run else { return Ok(()) };
        self.busy.seconds += run.begun.elapsed().as_secs_f64();
        let trial = run.trial;
        self.record(&Event::SegmentLost {
            trial,
            message: how.clone(),
            kind: Some(kind),
        })?;
        let losses = self.study.flights().get(&trial).map_or(0, |flight| flight.lost);
        if losses >= MOST_LOSSES {
            let message = format!("its worker died {losses} times, the last time with: {how}");
            let failure = Failure { kind, message };
            self.end(slot, trial, &Outcome::Failed(failure), &run.started_at)?;
        }
        Ok(())
    }

    /// The wall budget is spent: stops what runs, and closes the study.
    fn meet_deadline(&mut self) -> Result<(), EngineError> {
        let left = self.budget.until_deadline(Instant::now()).unwrap_or_default();
        self.drain("the wall budget is spent", left + DEADLINE_GRACE)?;
        self.record(&Event::DeadlineReached)
    }

    /// Stops all workers; those that do not come to a checkpoint in time are killed.
    fn drain(&mut self, why: &str, grace: Duration) -> Result<(), EngineError> {
        self.tell(&Moment::Stopping { why })?;
        self.pool.stop();
        let end = Instant::now() + grace;
        while self.pool.is_any_busy() {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                break;
            };
            match self.inbox.recv_timeout(left) {
                Ok(news) => self.take(news)?,
                Err(_) => break,
            }
        }
        for (slot, trial, report) in self.pool.shut_down() {
            self.interrupt(slot, trial, report)?;
        }
        self.journal.sync()?;
        Ok(())
    }

    fn record(&mut self, event: &Event) -> Result<(), EngineError> {
        let elapsed = self.clock.elapsed();
        self.journal.append(event, elapsed)?;
        self.study.apply(event, elapsed);
        Ok(())
    }

    fn tell(&mut self, moment: &Moment<'_>) -> Result<(), EngineError> {
        for observer in &mut self.observers {
            observer
                .observe(moment, &self.study, &self.clock)
                .map_err(|source| EngineError::Results {
                    folder: self.folder.path().display().to_string(),
                    source,
                })?;
        }
        Ok(())
    }
}

/// How much of the slots' time went into segments.
struct BusyTime {
    since: Instant,
    seconds: f64,
}

impl BusyTime {
    fn idle_share(&self, slots: usize) -> f64 {
        let available = self.since.elapsed().as_secs_f64() * slots as f64;
        (1.0 - self.seconds / available.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}
