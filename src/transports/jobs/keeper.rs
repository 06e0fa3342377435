//! The thread that looks at the jobs again and again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::roster::{Roster, TooMany};
use super::state::{Job, JobEnd, JobState, QueueState};
use super::{JobError, JobSystem};
use crate::transports::tcp::Ends;
use crate::transports::{Arrival, Farewell, Inbox, LinkId, TransportError};
use crate::trials::FailureKind;
use crate::worker::FromWorker;

/// State that the keeper shares with the transport.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) roster: Mutex<Roster>,
    /// Number of workers that have work.
    pub(super) need: AtomicUsize,
    is_closing: Mutex<bool>,
    woken: Condvar,
    /// The ends of jobs, for the farewells of pilots that could not say it themselves.
    ends: Ends,
    /// The jobs of the links.
    links: Mutex<BTreeMap<LinkId, String>>,
}

impl Shared {
    pub(super) fn new(roster: Roster, need: usize, ends: Ends) -> Self {
        Self {
            roster: Mutex::new(roster),
            need: AtomicUsize::new(need),
            is_closing: Mutex::new(false),
            woken: Condvar::new(),
            ends,
            links: Mutex::default(),
        }
    }

    /// Records what an arrival says about the jobs.
    pub(super) fn note(&self, link: LinkId, arrival: &Arrival) {
        match arrival {
            Arrival::Joined(hello, _) => {
                if let Some(job) = &hello.job {
                    lock(&self.links).insert(link, job.clone());
                }
            }
            Arrival::Said(message) if matches!(**message, FromWorker::Ready { .. }) => {
                if let Some(job) = lock(&self.links).get(&link) {
                    lock(&self.roster).note_ready(job);
                }
            }
            Arrival::Gone => {
                lock(&self.links).remove(&link);
                // Its job has ended, or is about to.
                self.woken.notify_all();
            }
            _ => {}
        }
    }

    pub(super) fn close(&self) {
        *lock(&self.is_closing) = true;
        self.woken.notify_all();
    }

    fn is_closing(&self) -> bool {
        *lock(&self.is_closing)
    }

    /// Waits for the next look; returns whether there is one.
    fn wait(&self, interval: Duration) -> bool {
        let is_closing = lock(&self.is_closing);
        if *is_closing {
            return false;
        }
        let (is_closing, _) = self
            .woken
            .wait_timeout(is_closing, interval)
            .unwrap_or_else(PoisonError::into_inner);
        !*is_closing
    }
}

/// Looks at the jobs once: submits and cancels. Returns the jobs.
pub(super) fn look(system: &mut dyn JobSystem, shared: &Shared) -> Result<Vec<Job>, JobError> {
    let jobs = system.list()?;
    for job in &jobs {
        if let JobState::Ended(end) = job.state {
            lock(&shared.ends).entry(job.id.clone()).or_insert_with(|| Farewell {
                how: end.words().to_owned(),
                kind: (end == JobEnd::OutOfMemory).then_some(FailureKind::OutOfMemory),
            });
        }
    }
    let steps = lock(&shared.roster).look(&jobs, shared.need.load(Ordering::SeqCst));
    if !steps.cancel.is_empty() {
        system.cancel(&steps.cancel);
    }
    if steps.submit > 0 && !shared.is_closing() {
        system.submit(steps.submit)?;
        // The new ones are shown at once.
        let jobs = system.list()?;
        lock(&shared.roster).look(&jobs, 0);
        return Ok(jobs);
    }
    Ok(jobs)
}

/// Keeps the jobs until the transport closes; then returns the system.
pub(super) fn keep(
    mut system: Box<dyn JobSystem>,
    shared: &Arc<Shared>,
    interval: Duration,
    (inbox, link): (&Inbox, LinkId),
) -> Box<dyn JobSystem> {
    let mut shown: Option<QueueState> = None;
    let mut jobs = Vec::new();
    while shared.wait(interval) {
        let problem = match look(system.as_mut(), shared) {
            Ok(seen) => {
                jobs = seen;
                None
            }
            Err(error) => {
                if matches!(error, JobError::Refused { .. }) {
                    lock(&shared.roster).note_refusal(&error.to_string());
                }
                Some(error.to_string())
            }
        };
        let (state, hopeless) = {
            let roster = lock(&shared.roster);
            (roster.state(&jobs, problem), roster.is_hopeless())
        };
        if let Some(why) = hopeless {
            let error = give_up(system.as_mut(), why);
            let _ = inbox.deliver(link, Arrival::Failed(TransportError::Jobs(error)));
            break;
        }
        if shown.as_ref() != Some(&state) {
            shown = Some(state.clone());
            if inbox.deliver(link, Arrival::Queue(Box::new(state))).is_err() {
                break;
            }
        }
    }
    system
}

fn give_up(system: &mut dyn JobSystem, why: TooMany) -> JobError {
    let TooMany { count, job, how } = why;
    let mut log = String::new();
    if let Some(lines) = system.last_lines(&job) {
        let _ = write!(log, ". The end of its log:");
        for line in lines.lines() {
            let _ = write!(log, "\n  {line}");
        }
    }
    JobError::NeverReady {
        system: system.name(),
        count,
        job,
        how,
        log,
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
