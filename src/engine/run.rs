//! The run loop: take decisions, start planned segments ([`dispatch`]), wait for messages ([`worker_events`]).

mod checkpoints;
mod dispatch;
mod selection;
mod worker_events;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::budget::WallBudget;
use super::memory::Admission;
use super::nodes::Memory;
use super::pool::{Pool, PoolError};
use super::{Clock, EngineEvent, Folder, Observer, signals};
use crate::journal::{Journal, JournalError};
use crate::spec::TrialLimits;
use crate::study::{EndReason, Event, Study};
use crate::transports::{Arrival, LinkId, Transport};
use crate::trials::MemoryModel;
use crate::units::TrialId;
use crate::worker::Slot;

/// Longest wait between two checks of the clock.
const TICK: Duration = Duration::from_millis(200);
/// Time for workers to save checkpoints after the deadline; then they are killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(1);
/// The same, if a person or a batch system interrupts the run.
const INTERRUPT_GRACE: Duration = Duration::from_secs(10);
/// Silence after which a segment counts as hung, unless the spec says otherwise. It is longer than any step, and longer
/// than a GPU takes to compile its first step.
const SILENCE: Duration = Duration::from_mins(5);
/// Number of lost workers with which a trial fails: one loss is retried.
const MOST_LOSSES: u32 = 2;
/// The same for workers on other machines, where losses are more often the fault of the machine or the network.
const MOST_LOSSES_ELSEWHERE: u32 = 3;
/// Each process that runs a study has leases of its own, above those of earlier ones. It has more events before it, and
/// no process gives out two to this power of leases.
const LEASES_PER_EVENT_BITS: u32 = 24;

/// Runs a study on this machine.
pub struct Engine<'a> {
    study: Study,
    journal: Journal,
    folder: Folder,
    clock: Clock,
    budget: WallBudget,
    pool: Pool,
    inbox: Receiver<InternalEvent>,
    observers: Vec<Box<dyn Observer + 'a>>,
    terms: RunOptions,
    memory: Memory,
    is_interrupted: bool,
    /// True if nothing new is started.
    is_held: bool,
    busy: BusyTime,
    last_tick: Instant,
    /// Trials whose checkpoints are kept although the trials do not continue.
    kept: BTreeSet<TrialId>,
    /// Number of pruned trials whose checkpoints were removed.
    tidied: usize,
}

/// Limits of a run, and properties of its objective.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// The wall budget in seconds, from the spec.
    pub wall: Option<f64>,
    /// Number of workers that are expected to join.
    pub workers: usize,
    /// The limits of one trial.
    pub limits: TrialLimits,
    /// True if a trial that runs out of memory can be retried with smaller steps.
    pub can_split: bool,
    /// True if trials may begin as clones of others, so that checkpoints are kept for them.
    pub has_clones: bool,
    /// True if the checkpoint of the best trial is useful after the trial has ended.
    pub keeps_best: bool,
}

/// An input of the engine from outside.
enum InternalEvent {
    Worker { link: LinkId, arrival: Arrival },
    Signal,
}

impl From<(LinkId, Arrival)> for InternalEvent {
    fn from((link, arrival): (LinkId, Arrival)) -> Self {
        Self::Worker { link, arrival }
    }
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The study ended.
    Ended(EndReason),
    /// SIGINT or SIGTERM; the study can be resumed.
    Interrupted,
}

/// The reasons why a run stopped with an error. The journal is complete up to then.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Workers cannot be started.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A worker could not load the model or the data.
    #[error("{0}")]
    Input(String),
    /// Results cannot be written.
    #[error(
        "cannot write results in `{folder}`: {source}; everything before is safe, `automl resume {folder}` continues from there"
    )]
    Results {
        /// The study's folder.
        folder: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file of the study was removed.
    #[error("`{}` was removed or emptied while the study ran", .0.display())]
    Missing(std::path::PathBuf),
    /// A worker is of another version.
    #[error("{0}")]
    OtherVersion(String),
    /// Signals cannot be received.
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
}

impl<'a> Engine<'a> {
    /// Starts the workers of a study. `transport` reaches them. `resumed` is the event to record if
    /// the study had been started before.
    ///
    /// # Errors
    /// If a worker cannot be started.
    pub fn start(
        study: Study,
        (folder, journal): (Folder, Journal),
        clock: Clock,
        terms: RunOptions,
        (transport, slots): (Box<dyn Transport>, Vec<Slot>),
        observers: Vec<Box<dyn Observer + 'a>>,
        resumed: Option<Event>,
    ) -> Result<Self, EngineError> {
        let (sender, inbox) = mpsc::channel();
        signals::forward(sender.clone(), || InternalEvent::Signal).map_err(EngineError::Signals)?;
        let leases = journal.events() << LEASES_PER_EVENT_BITS;
        let pool = Pool::start(transport, slots, leases, sender).map_err(PoolError::from)?;
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
            memory: Memory::unlimited(),
            is_interrupted: false,
            is_held: false,
            busy,
            last_tick: Instant::now(),
            kept: BTreeSet::new(),
            tidied: 0,
        };
        engine.kept = engine.kept();
        // Recorded only after everything that can fail: a failed attempt must not add to the budget.
        if let Some(event) = resumed {
            engine.record(&event)?;
            engine.journal.sync()?;
        }
        // Nobody has joined yet: the study is planned for the number of workers that the spec expects.
        let slots = engine.pool.seats().len().max(terms.workers) as u32;
        engine.record_slots(slots)?;
        engine.budget = WallBudget::new(terms.wall.map(|wall| wall + engine.study.added_wall()), &engine.clock);
        Ok(engine)
    }

    /// Lets segments start only if `admission` allows it, by the memory that `model` predicts for them.
    #[must_use]
    pub fn with_memory(self, admission: Admission, model: Arc<MemoryModel>) -> Self {
        let memory = Memory::new(admission, model);
        Self { memory, ..self }
    }

    /// Runs the study until it ends or is interrupted.
    ///
    /// # Errors
    /// If the journal or the results cannot be written, or the workers do not start.
    pub fn run(mut self, is_resumed: bool) -> Result<(Study, Ending), EngineError> {
        // Starting a new run ends the hold of an earlier one.
        let _ = Folder::hold(self.folder.path(), false);
        let slots: Vec<Slot> = self.pool.seats().iter().map(|seat| seat.slot.clone()).collect();
        self.tell(&EngineEvent::Started {
            slots: &slots,
            is_resumed,
        })?;
        if let Some(how) = self.pool.invitation() {
            self.tell(&EngineEvent::Inviting { how: &how })?;
        }
        let ending = loop {
            let is_settled = self.settle()?;
            if let Some(reason) = self.study.ended() {
                break Ending::Ended(reason);
            }
            let is_stuck = !self.dispatch()? && is_settled;
            if self.budget.is_spent(Instant::now()) || is_stuck {
                if self.keeps_time_for_selection() {
                    self.record(&Event::SearchClosed {
                        reason: EndReason::Wall,
                    })?;
                    self.begin_selection()?;
                } else {
                    self.meet_deadline()?;
                }
                continue;
            }
            self.wait(is_settled)?;
            if self.is_interrupted {
                self.drain(
                    "interrupted: finishing the step and saving checkpoints",
                    0.0,
                    INTERRUPT_GRACE,
                )?;
                break Ending::Interrupted;
            }
        };
        self.pool.shut_down();
        self.check_folder()?;
        let reason = match ending {
            Ending::Ended(reason) => Some(reason),
            Ending::Interrupted => None,
        };
        let idle_share = self.busy.idle_share(slots.len().max(self.pool.seats().len()));
        self.tell(&EngineEvent::Ended { reason, idle_share })?;
        Ok((self.study, ending))
    }

    /// Takes the decisions that are possible now, and makes them durable; returns whether these were all of them.
    ///
    /// With thousands of workers to plan for, the first planned segments begin before the rest is decided. After the
    /// deadline nothing is planned.
    fn settle(&mut self) -> Result<bool, EngineError> {
        let begun = Instant::now();
        let mut is_all = true;
        while let Some(event) = self.study.decide() {
            if matches!(event, Event::SegmentPlanned { .. }) && self.budget.is_spent(Instant::now()) {
                break;
            }
            is_all = begun.elapsed() < TICK;
            self.inherit(&event)?;
            self.record(&event)?;
            if let Event::SegmentDelivered { trial } = event {
                self.tidy(trial);
                self.tell(&EngineEvent::Delivered { trial })?;
            }
            if let Event::SearchClosed { .. } = event {
                self.begin_selection()?;
            }
            if !is_all {
                break;
            }
        }
        self.journal.sync()?;
        Ok(is_all)
    }

    /// Waits for messages or the clock. If decisions are pending, it only handles the messages that have arrived.
    fn wait(&mut self, is_settled: bool) -> Result<(), EngineError> {
        let longest = if is_settled { TICK } else { Duration::ZERO };
        let patience = self
            .budget
            .left(Instant::now())
            .map_or(longest, |left| left.min(longest));
        // Everything else that has arrived is handled before the next decision, signals first. A batch system may
        // signal the workers too, and a worker that dies of it must not count as lost.
        let mut news: Vec<InternalEvent> = self.inbox.recv_timeout(patience).into_iter().collect();
        news.extend(self.inbox.try_iter());
        let (signals, others): (Vec<_>, Vec<_>) =
            news.into_iter().partition(|news| matches!(news, InternalEvent::Signal));
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
            self.check_folder()?;
            self.folder.note_elapsed(self.clock.elapsed());
            self.keep_time_for_selection();
            let needed = self.needed_workers();
            self.pool.need(needed);
            self.is_held = Folder::is_held(self.folder.path());
            self.tell(&EngineEvent::Tick)?;
        }
        Ok(())
    }

    /// Number of workers that have work now or may get some.
    fn needed_workers(&self) -> usize {
        let begun = self.study.trials().len();
        let new = self.study.settings().max_trials;
        let new = new.map_or(usize::MAX, |most| (most as usize).saturating_sub(begun));
        self.study.flights().len().saturating_add(new)
    }

    /// Checks that the files of the study still exist, and that no other process has changed them.
    fn check_folder(&self) -> Result<(), EngineError> {
        self.journal.check()?;
        self.folder
            .missing()
            .map_or(Ok(()), |path| Err(EngineError::Missing(path)))
    }

    /// Ends the study at the deadline: stops running segments, and records that the wall budget is spent.
    fn meet_deadline(&mut self) -> Result<(), EngineError> {
        let left = self.budget.until_deadline(Instant::now()).unwrap_or_default();
        self.drain("the wall budget is spent", left.as_secs_f64(), left + DEADLINE_GRACE)?;
        self.record(&Event::DeadlineReached)
    }

    /// Stops all workers, which may evaluate their trials for at most `to_evaluate` seconds. Those that have not saved
    /// a checkpoint after `grace` are killed.
    fn drain(&mut self, why: &str, to_evaluate: f64, grace: Duration) -> Result<(), EngineError> {
        self.tell(&EngineEvent::Stopping { why })?;
        self.pool.stop(to_evaluate);
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
        // An event that a replay would refuse must not be written.
        debug_assert_eq!(self.study.check(event, elapsed), Ok(()), "{event:?}");
        self.journal.append(event, elapsed)?;
        self.study.apply(event, elapsed);
        Ok(())
    }

    /// Records the number of slots, by which a study with a wall budget plans.
    fn record_slots(&mut self, slots: u32) -> Result<(), EngineError> {
        if self.terms.wall.is_none() || slots == 0 {
            return Ok(());
        }
        self.record(&Event::SlotsOpened { slots })
    }

    fn tell(&mut self, event: &EngineEvent<'_>) -> Result<(), EngineError> {
        for observer in &mut self.observers {
            observer
                .observe(event, &self.study, &self.clock)
                .map_err(|source| EngineError::Results {
                    folder: self.folder.path().display().to_string(),
                    source,
                })?;
        }
        Ok(())
    }
}

/// The time of the slots that went into segments.
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
