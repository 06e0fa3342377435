//! The courier: delivers a running study to its trackers, on a thread of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::pauses::Pauses;
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

/// A message to a thread.
enum Call {
    /// The journal has new entries.
    News,
    /// The study has ended or was interrupted: deliver the rest now.
    End,
}

/// Delivers a running study to its trackers, each in a thread of its own: a slow tracker delays no other.
pub struct Courier {
    folder: PathBuf,
    threads: Vec<Thread>,
}

/// The thread of one tracker.
struct Thread {
    tracker: &'static str,
    calls: Sender<Call>,
    /// Receives what is not delivered in the end, one sentence.
    done: Receiver<Option<String>>,
}

impl Courier {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system does not allow another thread.
    pub fn start(folder: &Path, spec: &Spec, epoch: Samples) -> io::Result<Self> {
        let trackers = spec.tracking.iter();
        let threads = trackers.map(|tracker| start(Route::new(folder, tracker), spec.clone(), epoch));
        Ok(Self {
            folder: folder.to_owned(),
            threads: threads.collect::<io::Result<_>>()?,
        })
    }

    /// An observer that tells the threads about news.
    pub fn observer(&self) -> impl Observer + use<> {
        Herald(self.threads.iter().map(|thread| thread.calls.clone()).collect())
    }

    /// Delivers the rest, for at most `time`. Returns what is not delivered, one sentence for each tracker.
    pub fn finish(self, time: Duration) -> Vec<String> {
        let deadline = Instant::now() + time;
        for thread in &self.threads {
            // The thread may have panicked.
            let _ = thread.calls.send(Call::End);
        }
        let folder = self.folder.display();
        let late = |name: &str| {
            format!(
                "the tracker `{name}` did not get everything in time; {}",
                rest(name, &folder)
            )
        };
        let ended = |thread: Thread| {
            let left = deadline.saturating_duration_since(Instant::now());
            match thread.done.recv_timeout(left) {
                Ok(failure) => failure,
                Err(_) => Some(late(thread.tracker)),
            }
        };
        self.threads.into_iter().filter_map(ended).collect()
    }
}

fn rest(tracker: &str, folder: &impl std::fmt::Display) -> String {
    format!("the study itself is complete, `automl export {folder} --to {tracker}` sends the rest")
}

fn start(mut route: Route, spec: Spec, epoch: Samples) -> io::Result<Thread> {
    let (calls, heard) = channel();
    let (finished, done) = channel();
    let tracker = route.tracker.name;
    let work = move || {
        let mut is_over = false;
        let mut earliest = Instant::now();
        while !is_over {
            is_over = wait(&heard, earliest, route.retry);
            route.go(&spec, epoch, is_over);
            earliest = Instant::now() + INTERVAL;
        }
        let _ = finished.send(route.failure());
    };
    std::thread::Builder::new().spawn(work)?;
    Ok(Thread { tracker, calls, done })
}

/// Waits for news, and then until `earliest`; after a failure, until the next attempt. Returns `true` at the end.
fn wait(heard: &Receiver<Call>, earliest: Instant, retry: Option<Instant>) -> bool {
    let mut has_news = false;
    loop {
        let call = match retry.or(has_news.then_some(earliest)) {
            Some(due) => heard.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match call {
            Ok(Call::News) => has_news = true,
            Ok(Call::End) | Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}

/// The way to one tracker.
struct Route {
    folder: PathBuf,
    tracker: TrackerSpec,
    delivery: Option<Delivery>,
    failed: Option<TrackerError>,
    pauses: Pauses,
    retry: Option<Instant>,
    /// `true` if the server refuses: it is not asked again. A wrong password that is tried often locks accounts.
    is_refused: bool,
}

impl Route {
    fn new(folder: &Path, tracker: &TrackerSpec) -> Self {
        Self {
            folder: folder.to_owned(),
            tracker: tracker.clone(),
            delivery: None,
            failed: None,
            pauses: Pauses::new(FIRST_PAUSE, LONGEST_PAUSE),
            retry: None,
            is_refused: false,
        }
    }

    /// Delivers, except during a pause after a failure. At the end of the study it always tries.
    fn go(&mut self, spec: &Spec, epoch: Samples, is_over: bool) {
        if self.is_refused {
            self.retry = None;
            return;
        }
        if !is_over && self.retry.is_some_and(|at| Instant::now() < at) {
            return;
        }
        match self.deliver(spec, epoch, is_over) {
            Ok(()) => {
                self.failed = None;
                self.retry = None;
                self.pauses.reset();
            }
            Err(error) => self.fail(error),
        }
    }

    /// Plans the next attempt.
    fn fail(&mut self, error: TrackerError) {
        self.is_refused = matches!(error, TrackerError::Refused(_));
        let asked = match &error {
            TrackerError::Unavailable { after, .. } => *after,
            _ => None,
        };
        self.retry = Some(Instant::now() + self.pauses.next(asked));
        self.failed = Some(error);
    }

    fn deliver(&mut self, spec: &Spec, epoch: Samples, is_over: bool) -> Result<(), TrackerError> {
        let delivery = match &mut self.delivery {
            Some(delivery) => delivery,
            None => self
                .delivery
                .insert(Delivery::open(&self.folder, (spec, epoch), &self.tracker, None)?),
        };
        if is_over { delivery.finish() } else { delivery.deliver() }
    }

    fn failure(&self) -> Option<String> {
        let error = self.failed.as_ref()?;
        let (name, folder) = (self.tracker.name, self.folder.display());
        Some(format!(
            "the tracker `{name}` did not get everything: {error}; {}",
            rest(name, &folder)
        ))
    }
}

/// Tells the threads about news.
struct Herald(Vec<Sender<Call>>);

impl Observer for Herald {
    fn observe(&mut self, event: &EngineEvent<'_>, _study: &Study, _clock: &Clock) -> io::Result<()> {
        if matches!(event, EngineEvent::Started { .. } | EngineEvent::Delivered { .. }) {
            for calls in &self.0 {
                // The thread may have panicked; the study continues.
                let _ = calls.send(Call::News);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_away_is_asked_again_and_one_that_refuses_is_not() {
        let mut route = Route::new(Path::new("study"), &TrackerSpec::named("mlflow").unwrap());
        let mut pause_after = |after: Option<u64>| {
            route.fail(TrackerError::Unavailable {
                message: String::new(),
                after: after.map(Duration::from_secs),
            });
            let pause = route.retry.unwrap().saturating_duration_since(Instant::now());
            pause.as_secs_f64().round() as u64
        };
        assert_eq!(pause_after(None), 1);
        assert_eq!(pause_after(None), 2);
        assert_eq!(pause_after(Some(86_400)), 60);
        assert!(!route.is_refused);
        route.fail(TrackerError::Refused(String::new()));
        assert!(route.is_refused);
    }
}
