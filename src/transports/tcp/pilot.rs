//! A pilot: starts a worker process on its machine and passes messages between it and the engine.
//!
//! The pilot survives its worker: a crash or a lack of memory is seen here and told over the link.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::endpoint::{Endpoint, EndpointError, digest};
use super::network::{Heard, Network, Outgoing, Shared};
use super::wire::{self, News, Order};
use crate::transports::{Farewell, Link};
use crate::worker::{FromWorker, Hello, Process, Slot, ToWorker};

/// Interval between two checks of the lease.
const TICK: Duration = Duration::from_millis(20);

/// A worker process that dies this many times in a row before it is ready will never start.
const MOST_FALSE_STARTS: u32 = 3;

/// A signal that comes so soon after the first is an echo of it: batch systems signal every process of a job, and those
/// that start others pass the signal on.
const ECHO: Duration = Duration::from_secs(1);

/// Time for the last message.
const FAREWELL: Duration = Duration::from_secs(2);

/// The machine, the study and the worker of a pilot.
#[derive(Clone, Debug)]
pub struct Crew {
    /// This program, which is also the worker's.
    pub program: PathBuf,
    /// The study's folder, as this machine sees it.
    pub folder: PathBuf,
    /// The device and the threads of the worker.
    pub slot: Slot,
    /// Bytes of memory that are free for workers.
    pub memory: Option<u64>,
    /// Time for which the engine may be out of reach.
    pub wait: Duration,
    /// The job of a batch system that runs the pilot.
    pub job: Option<String>,
}

/// An event of a pilot, for people.
#[derive(Debug)]
pub enum PilotEvent<'a> {
    /// The study does not listen yet.
    Waiting,
    /// It has joined the study.
    Joined,
    /// The worker process died, and another one starts.
    Restarting(&'a str),
    /// The lease could not be renewed, so the worker was stopped.
    Stopped,
    /// It leaves after the current step.
    Leaving,
    /// The study needs the worker no more.
    Dismissed,
}

/// The reasons why a pilot ends early.
#[derive(Debug, thiserror::Error)]
pub enum PilotError {
    /// The endpoint cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The study does not want this worker.
    #[error("{0}")]
    Refused(String),
    /// The study was out of reach.
    #[error("the study did not answer for {} seconds ({why}); is it still running, and is its address reachable from here?", wait.as_secs())]
    Unreachable {
        /// The last error.
        why: String,
        /// The time.
        wait: Duration,
    },
    /// The folder is not the study's.
    #[error("`{}` is not the folder of the study that listens there: the study's folder must be on a file system that all machines share", .0.display())]
    OtherFolder(PathBuf),
    /// The folder cannot be written.
    #[error("cannot write into `{}`: {source}; workers save checkpoints there, so the study's folder must be writable on every machine", path.display())]
    ReadOnly {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The worker cannot serve the study on this machine.
    #[error("{0}")]
    Unable(String),
    /// The worker dies again and again.
    #[error("the worker dies while it starts ({how}); its output is in `{}`", log.display())]
    NeverReady {
        /// How it ended.
        how: String,
        /// Its log.
        log: PathBuf,
    },
    /// The system refused a process or a thread.
    #[error("cannot start a worker process: {0}")]
    Spawn(#[from] io::Error),
}

enum Event {
    Heard(Heard),
    /// A message of a worker process, counted from the first; `None`: it has ended.
    Worker(u64, Option<Box<FromWorker>>),
    Signal,
}

/// Joins the study of a folder and runs a worker for it until the study has ended. `listen` forwards signals: it gets a
/// function to call at each.
///
/// # Errors
/// [`PilotError`] if the study cannot be served.
pub fn fly(
    crew: Crew,
    listen: impl FnOnce(Box<dyn Fn() + Send>) -> io::Result<()>,
    show: &mut dyn FnMut(&PilotEvent<'_>),
) -> Result<(), PilotError> {
    let endpoint = Endpoint::path(&crew.folder);
    check_writable(&crew.folder)?;
    await_endpoint(&endpoint, crew.wait, show)?;
    let (sender, events) = mpsc::channel();
    let signals = sender.clone();
    listen(Box::new(move || {
        let _ = signals.send(Event::Signal);
    }))?;
    let shared = Arc::new(Shared::default());
    let (outgoing, queue) = unbounded_channel();
    let network = Network {
        endpoint,
        hello: Hello {
            threads: crew.slot.threads,
            memory: crew.memory,
            job: crew.job.clone(),
            ..Hello::here(&crew.slot.device_name())
        },
        wait: crew.wait,
        shared: Arc::clone(&shared),
    };
    let heard = sender.clone();
    std::thread::Builder::new().spawn(move || network.run(queue, |news| heard.send(Event::Heard(news)).is_ok()))?;
    let log = crew
        .folder
        .join("logs")
        .join(format!("worker-{}-{}.log", crate::os::node(), std::process::id()));
    let mut pilot = Pilot {
        crew,
        log,
        shared,
        outgoing,
        sender,
        session: 0,
        worker: None,
        workers: 0,
        order: 0,
        renewed: Duration::ZERO,
        false_starts: 0,
        is_leaving: None,
        unable: None,
    };
    let result = pilot.serve(&events, show);
    pilot.worker = None;
    if let Err(PilotError::Unable(_) | PilotError::NeverReady { .. }) = result {
        wait_for_farewell(&events);
    }
    result
}

struct Pilot {
    crew: Crew,
    log: PathBuf,
    shared: Arc<Shared>,
    outgoing: UnboundedSender<Outgoing>,
    sender: Sender<Event>,
    /// Number of the session.
    session: u64,
    worker: Option<Process>,
    /// Number of worker processes that were started.
    workers: u64,
    /// Number of the last order's lease.
    order: u64,
    /// The end of the lease that the worker knows.
    renewed: Duration,
    false_starts: u32,
    /// When it was told to leave.
    is_leaving: Option<Instant>,
    unable: Option<String>,
}

impl Pilot {
    fn serve(&mut self, events: &Receiver<Event>, show: &mut dyn FnMut(&PilotEvent<'_>)) -> Result<(), PilotError> {
        loop {
            let is_over = match events.recv_timeout(TICK) {
                Ok(Event::Heard(heard)) => self.hear(heard, show)?,
                Ok(Event::Worker(number, message)) if number == self.workers && self.worker.is_some() => {
                    match message {
                        Some(message) => {
                            self.pass(message);
                            false
                        }
                        None => self.replace(show)?,
                    }
                }
                Ok(Event::Worker(..)) | Err(mpsc::RecvTimeoutError::Timeout) => false,
                Ok(Event::Signal) => self.leave(show),
                Err(mpsc::RecvTimeoutError::Disconnected) => true,
            };
            if is_over {
                self.worker = None;
                wait_for_farewell(events);
                return Ok(());
            }
            self.mind_lease(show);
        }
    }

    /// Handles what the engine says; returns whether the pilot's work is over.
    fn hear(&mut self, heard: Heard, show: &mut dyn FnMut(&PilotEvent<'_>)) -> Result<bool, PilotError> {
        match heard {
            Heard::Welcome {
                session,
                is_resumed,
                spec,
            } => {
                self.settle(session, is_resumed, &spec, show)?;
                if self.is_leaving.is_some() && !is_resumed {
                    self.say(News::Left);
                    return Ok(true);
                }
            }
            Heard::Refused(message) => return Err(PilotError::Refused(message)),
            Heard::Unreachable(why) => {
                return Err(PilotError::Unreachable {
                    why,
                    wait: self.crew.wait,
                });
            }
            Heard::Closed => return Ok(true),
            Heard::Said(order) => match order {
                Order::Begin | Order::Restart => self.start()?,
                Order::Say { message } => self.order(message),
                Order::Kill => {
                    if let Some(worker) = &mut self.worker {
                        worker.kill();
                    }
                }
                Order::Bye => {
                    self.worker = None;
                    if let Some(message) = self.unable.take() {
                        self.say(News::Left);
                        return Err(PilotError::Unable(message));
                    }
                    if self.is_leaving.is_none() {
                        show(&PilotEvent::Dismissed);
                    }
                    self.say(News::Left);
                    return Ok(true);
                }
            },
        }
        Ok(false)
    }

    /// Begins a session, or continues one whose connection had broken.
    fn settle(
        &mut self,
        session: u64,
        is_resumed: bool,
        spec: &str,
        show: &mut dyn FnMut(&PilotEvent<'_>),
    ) -> Result<(), PilotError> {
        self.session = session;
        if is_resumed {
            return Ok(());
        }
        // The engine knows nothing of what ran before: its result would be refused.
        self.worker = None;
        let own = std::fs::read(self.crew.folder.join("spec.yaml")).unwrap_or_default();
        if digest(&own) != *spec {
            return Err(PilotError::OtherFolder(self.crew.folder.clone()));
        }
        show(&PilotEvent::Joined);
        Ok(())
    }

    /// Starts a worker process, in place of the one that runs.
    fn start(&mut self) -> Result<(), PilotError> {
        self.worker = None;
        self.workers += 1;
        let (number, sender) = (self.workers, self.sender.clone());
        let listen = move |message| sender.send(Event::Worker(number, message)).is_ok();
        let Crew {
            program, folder, slot, ..
        } = &self.crew;
        let mut worker = Process::spawn(program, folder, slot, &self.log, listen)?;
        self.renewed = self.shared.lease.until();
        worker.send(&ToWorker::Renew {
            until: self.renewed.as_secs_f64(),
        });
        self.worker = Some(worker);
        Ok(())
    }

    /// Passes a message of the engine on to the worker. An order that is known already was repeated.
    fn order(&mut self, message: ToWorker) {
        if let ToWorker::Run { lease, .. } = &message {
            if *lease <= self.order {
                return;
            }
            self.order = *lease;
        }
        let message = wire::as_paths(message, &self.crew.folder);
        if let Some(worker) = &mut self.worker {
            worker.send(&message);
        }
        // An order that was on its way when the pilot decided to leave.
        if self.is_leaving.is_some() {
            self.stop();
        }
    }

    /// Passes a message of the worker on to the engine.
    fn pass(&mut self, message: Box<FromWorker>) {
        match &*message {
            FromWorker::Ready { .. } => self.false_starts = 0,
            FromWorker::Unable { message } => self.unable = Some(message.clone()),
            FromWorker::Program { group } => {
                if let Some(worker) = &mut self.worker {
                    worker.note_program(*group);
                }
            }
            FromWorker::Ended { .. } | FromWorker::Progress { .. } | FromWorker::Alive => {}
        }
        self.say(News::Said { message });
    }

    /// Reports a worker process that has died, and starts another one; returns whether the pilot's work is over.
    fn replace(&mut self, show: &mut dyn FnMut(&PilotEvent<'_>)) -> Result<bool, PilotError> {
        let Some(mut worker) = self.worker.take() else {
            return Ok(false);
        };
        let farewell: Farewell = Link::reap(&mut worker);
        drop(worker);
        if let Some(message) = self.unable.take() {
            self.say(News::Left);
            return Err(PilotError::Unable(message));
        }
        if self.shared.lease.is_expired() {
            self.give_up(show);
            return Ok(false);
        }
        if self.is_leaving.is_some() {
            self.say(News::Lost { farewell });
            return Ok(false);
        }
        self.false_starts += 1;
        if self.false_starts >= MOST_FALSE_STARTS {
            self.say(News::Lost {
                farewell: farewell.clone(),
            });
            self.say(News::Left);
            return Err(PilotError::NeverReady {
                how: farewell.how,
                log: self.log.clone(),
            });
        }
        show(&PilotEvent::Restarting(&farewell.how));
        self.say(News::Lost { farewell });
        self.start()?;
        Ok(false)
    }

    /// Leaves after the current step, when the engine has sent the pilot home; at the second signal at once. Returns
    /// whether the pilot's work is over.
    fn leave(&mut self, show: &mut dyn FnMut(&PilotEvent<'_>)) -> bool {
        let is_second = match self.is_leaving {
            Some(first) if first.elapsed() < ECHO => return false,
            Some(_) => true,
            None => false,
        };
        self.is_leaving.get_or_insert_with(Instant::now);
        self.say(News::Leaving);
        if is_second || self.worker.is_none() {
            self.worker = None;
            self.say(News::Left);
            return true;
        }
        show(&PilotEvent::Leaving);
        self.stop();
        false
    }

    /// Asks the worker to finish its step and to save a checkpoint.
    fn stop(&mut self) {
        if let Some(worker) = &mut self.worker {
            worker.send(&ToWorker::Stop { seconds: 0.0 });
        }
    }

    /// Stops the worker before its lease can be given away, or tells it that it may go on.
    fn mind_lease(&mut self, show: &mut dyn FnMut(&PilotEvent<'_>)) {
        let Some(worker) = &mut self.worker else { return };
        let until = self.shared.lease.until();
        if self.shared.lease.is_expired() {
            self.give_up(show);
        } else if until > self.renewed {
            self.renewed = until;
            let until = until.as_secs_f64();
            worker.send(&ToWorker::Renew { until });
        }
    }

    fn give_up(&mut self, show: &mut dyn FnMut(&PilotEvent<'_>)) {
        self.worker = None;
        self.shared.give_up();
        show(&PilotEvent::Stopped);
    }

    fn say(&self, news: News) {
        let _ = self.outgoing.send((self.session, news));
    }
}

/// Waits until the last message has been sent.
fn wait_for_farewell(events: &Receiver<Event>) {
    let end = Instant::now() + FAREWELL;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        match events.recv_timeout(left) {
            Ok(Event::Heard(Heard::Closed)) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Waits until the study listens.
fn await_endpoint(path: &Path, wait: Duration, show: &mut dyn FnMut(&PilotEvent<'_>)) -> Result<(), EndpointError> {
    let begun = Instant::now();
    let mut is_told = false;
    loop {
        match Endpoint::read(path) {
            Ok(_) => return Ok(()),
            Err(EndpointError::Unreadable { source, .. })
                if source.kind() == io::ErrorKind::NotFound && begun.elapsed() < wait =>
            {
                if !std::mem::replace(&mut is_told, true) {
                    show(&PilotEvent::Waiting);
                }
                std::thread::sleep(TICK);
            }
            Err(error) => return Err(error),
        }
    }
}

fn check_writable(folder: &Path) -> Result<(), PilotError> {
    let path = folder.join("checkpoints");
    match tempfile::NamedTempFile::new_in(&path) {
        Ok(_) => Ok(()),
        Err(source) => Err(PilotError::ReadOnly { path, source }),
    }
}
