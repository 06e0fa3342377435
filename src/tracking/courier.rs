//! The courier: delivers a running study to its trackers, on a thread of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Delivery, TrackerError};
use crate::engine::{Clock, EngineEvent, Observer};
use crate::spec::{Spec, TrackerSpec};
use crate::study::Study;
use crate::units::Samples;

/// Minimum time between two deliveries, so that many results are delivered together.
const INTERVAL: Duration = Duration::from_millis(500);

/// The first pause after a failure. It doubles with every further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Time that trackers have at the end of a study: its process must exit two seconds after its deadline.
const LAST: Duration = Duration::from_millis(800);

/// A message to the thread.
enum Call {
    /// The journal has new entries.
    News,
    /// The study has ended or was interrupted: deliver the rest now.
    End,
}

/// Delivers a running study to its trackers.
pub struct Courier {
    calls: Sender<Call>,
    done: Receiver<()>,
}

/// Failures to report to the user when the study is over, one sentence each.
pub type Warnings = Arc<Mutex<Vec<String>>>;

impl Courier {
    /// Starts the thread; `None` if the study has no trackers. `warnings` receives what is not delivered in the end.
    ///
    /// # Errors
    /// If the system does not allow another thread.
    pub fn start(folder: &Path, spec: &Spec, epoch: Samples, warnings: &Warnings) -> io::Result<Option<Self>> {
        if spec.tracking.is_empty() {
            return Ok(None);
        }
        let (calls, heard) = channel();
        let (finished, done) = channel();
        let (folder, spec, warnings) = (folder.to_owned(), spec.clone(), Arc::clone(warnings));
        let work = move || {
            let trackers = spec.tracking.iter();
            let mut routes: Vec<Route> = trackers.map(|tracker| Route::new(&folder, tracker)).collect();
            let mut is_over = false;
            while !is_over {
                is_over = wait(&heard, &routes);
                for route in &mut routes {
                    route.go(&spec, epoch, is_over);
                }
                if !is_over {
                    std::thread::sleep(INTERVAL);
                }
            }
            let failures = routes.iter().filter_map(Route::failure);
            let mut warnings = warnings.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.extend(failures);
            drop(warnings);
            let _ = finished.send(());
        };
        std::thread::Builder::new().spawn(work)?;
        Ok(Some(Self { calls, done }))
    }
}

/// Waits for news, or for the next attempt after a failure. Returns `true` if the study is over.
fn wait(heard: &Receiver<Call>, routes: &[Route]) -> bool {
    let retry = routes.iter().filter_map(|route| route.retry).min();
    let first = match retry {
        Some(at) => heard.recv_timeout(at.saturating_duration_since(Instant::now())),
        None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    let is_end =
        |call: &Result<Call, RecvTimeoutError>| matches!(call, Ok(Call::End) | Err(RecvTimeoutError::Disconnected));
    // Combines all messages that have arrived meanwhile.
    is_end(&first) || heard.try_iter().any(|call| matches!(call, Call::End))
}

/// The way to one tracker.
struct Route {
    folder: PathBuf,
    tracker: TrackerSpec,
    delivery: Option<Delivery>,
    failed: Option<TrackerError>,
    pause: Duration,
    retry: Option<Instant>,
}

impl Route {
    fn new(folder: &Path, tracker: &TrackerSpec) -> Self {
        Self {
            folder: folder.to_owned(),
            tracker: tracker.clone(),
            delivery: None,
            failed: None,
            pause: FIRST_PAUSE,
            retry: None,
        }
    }

    /// Delivers, except during a pause after a failure. At the end of the study it always tries.
    fn go(&mut self, spec: &Spec, epoch: Samples, is_over: bool) {
        if !is_over && self.retry.is_some_and(|at| Instant::now() < at) {
            return;
        }
        match self.deliver(spec, epoch) {
            Ok(()) => {
                self.failed = None;
                self.retry = None;
                self.pause = FIRST_PAUSE;
            }
            Err(error) => {
                self.failed = Some(error);
                self.retry = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    fn deliver(&mut self, spec: &Spec, epoch: Samples) -> Result<(), TrackerError> {
        let delivery = match &mut self.delivery {
            Some(delivery) => delivery,
            None => self
                .delivery
                .insert(Delivery::open(&self.folder, (spec, epoch), &self.tracker, None)?),
        };
        delivery.deliver()
    }

    fn failure(&self) -> Option<String> {
        let error = self.failed.as_ref()?;
        let (name, folder) = (self.tracker.name, self.folder.display());
        Some(format!(
            "the tracker `{name}` did not get everything: {error}; the study itself is complete, `automl export {folder} --to {name}` sends the rest"
        ))
    }
}

impl Observer for Courier {
    fn observe(&mut self, event: &EngineEvent<'_>, _study: &Study, _clock: &Clock) -> io::Result<()> {
        // The thread may have panicked; the study continues.
        match event {
            EngineEvent::Started { .. } | EngineEvent::Delivered { .. } => {
                let _ = self.calls.send(Call::News);
            }
            EngineEvent::Ended { .. } => {
                let _ = self.calls.send(Call::End);
                let _ = self.done.recv_timeout(LAST);
            }
            _ => {}
        }
        Ok(())
    }
}
