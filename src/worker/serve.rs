//! The worker's side: receives messages, runs segments and reports.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::watch::{Shared, Watch};
use super::{FromWorker, Hello, SegmentEnd, ToWorker};
use crate::objective::{Control, Objective, RunError, end_group, end_strays};
use crate::trials::{Evaluation, Failure, FailureKind, Progress, Segment, SegmentReport};
use crate::units::TrialId;

/// Minimum time between two progress messages without an evaluation.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Interval between two checks of the lease.
const GUARD_INTERVAL: Duration = Duration::from_millis(20);

/// Serves segments until `input` closes, which means that the engine is gone. Returns the exit code.
///
/// `load` prepares the objective; its error is reported as [`FromWorker::Unable`].
pub fn serve<W: Write + Send + 'static>(
    input: impl Read + Send + 'static,
    output: W,
    hello: Hello,
    load: impl FnOnce() -> Result<Box<dyn Objective>, String>,
) -> u8 {
    let shared = Arc::new(Shared::default());
    let output = Output::new(output);
    let unable = |message: String| {
        output.send(&FromWorker::Unable { message });
        2
    };
    let orders = match listen(input, Arc::clone(&shared)) {
        Ok(orders) => orders,
        Err(error) => return unable(no_thread(&error)),
    };
    let mut objective = match load() {
        Ok(objective) => objective,
        Err(message) => return unable(message),
    };
    output.send(&FromWorker::Ready { hello });
    for (lease, segment) in orders {
        let sign = output.clone();
        let watch = Watch::start(Arc::clone(&shared), segment.limits, move || {
            sign.send(&FromWorker::Alive);
        });
        let watch = match watch {
            Ok(watch) => watch,
            Err(error) => return unable(no_thread(&error)),
        };
        let end = run(objective.as_mut(), &segment, &shared, &output);
        let suspended = watch.end();
        match end {
            Ok(end) => output.send(&FromWorker::Ended {
                lease,
                trial: segment.trial,
                end: end.without(suspended),
            }),
            Err(message) => return unable(message),
        }
    }
    0
}

fn no_thread(error: &std::io::Error) -> String {
    format!(
        "a worker cannot start a thread: {error}; the system limits how many there may be (`ulimit -u`, `pids.max`)"
    )
}

/// Reads messages on a separate thread, so that a stop request is noticed during a segment.
///
/// If the engine is gone, the process exits immediately: its training could not be reported, and its checkpoint on
/// disk is intact.
fn listen(input: impl Read + Send + 'static, shared: Arc<Shared>) -> std::io::Result<mpsc::Receiver<(u64, Segment)>> {
    let (sender, orders) = mpsc::channel();
    let listen = move || {
        for line in BufReader::new(input).lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str(&line) {
                Ok(ToWorker::Run { lease, segment }) => {
                    shared.begin();
                    if sender.send((lease, *segment)).is_err() {
                        break;
                    }
                }
                Ok(ToWorker::Stop { seconds }) => {
                    shared.allow(Duration::try_from_secs_f64(seconds).unwrap_or_default());
                    shared.stop();
                }
                Ok(ToWorker::Renew { until }) => {
                    if !shared.renew(until) && guard(Arc::clone(&shared)).is_err() {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        leave(&shared);
    };
    std::thread::Builder::new().spawn(listen)?;
    Ok(orders)
}

/// Watches the lease on a separate thread: a step may be long, and another worker may run the trial afterwards.
fn guard(shared: Arc<Shared>) -> std::io::Result<()> {
    let guard = move || {
        while !shared.is_expired() {
            std::thread::sleep(GUARD_INTERVAL);
        }
        leave(&shared);
    };
    std::thread::Builder::new().spawn(guard).map(|_| ())
}

/// Ends this process and the program that it runs.
fn leave(shared: &Shared) -> ! {
    if let Some(group) = shared.program() {
        end_group(group);
    }
    end_strays(&[]);
    std::process::exit(0)
}

fn run<W: Write>(
    objective: &mut dyn Objective,
    segment: &Segment,
    shared: &Shared,
    output: &Output<W>,
) -> Result<SegmentEnd, String> {
    let mut line = Line {
        trial: segment.trial,
        shared,
        output,
        last: None,
        asked: Cell::new((Instant::now(), Duration::ZERO)),
    };
    let result = catch_unwind(AssertUnwindSafe(|| objective.run(segment, &mut line)));
    Ok(match result {
        Ok(Ok(report)) if !report.evaluations.iter().all(is_finite) => SegmentEnd::Failed(diverged(&report)),
        Ok(Ok(report)) if report.reached >= segment.to => SegmentEnd::Reached(report),
        Ok(Ok(report)) => shared
            .passed()
            .map_or(SegmentEnd::Interrupted(report), SegmentEnd::Failed),
        Ok(Err(RunError::Trial(failure))) => SegmentEnd::Failed(failure),
        Ok(Err(RunError::Machine(message))) => return Err(message),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let message = format!(
                "the training code panicked: {}",
                text.unwrap_or_else(|| "no message".into())
            );
            SegmentEnd::Failed(Failure {
                kind: FailureKind::Crashed,
                message,
            })
        }
    })
}

/// Returns whether all metrics are finite. Other values cannot be written as JSON and mean nothing to a search.
fn is_finite(evaluation: &Evaluation) -> bool {
    evaluation.metrics.values().all(|value| value.is_finite())
}

fn diverged(report: &SegmentReport) -> Failure {
    let at = report
        .evaluations
        .iter()
        .find(|evaluation| !is_finite(evaluation))
        .map_or(report.reached, |found| found.at);
    let message = format!("a metric was not finite after {at} samples");
    Failure {
        kind: FailureKind::Diverged,
        message,
    }
}

/// The destination of messages. Several threads may send.
struct Output<W>(Arc<Mutex<W>>);

impl<W> Clone for Output<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Output<W> {
    fn new(output: W) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }

    /// Sends a message. If that fails its reader is gone, and the listening thread is about to end the process.
    fn send(&self, message: &FromWorker) {
        if let Ok(mut line) = serde_json::to_vec(message) {
            line.push(b'\n');
            let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = output.write_all(&line).and_then(|()| output.flush());
        }
    }
}

struct Line<'a, W> {
    trial: TrialId,
    shared: &'a Shared,
    output: &'a Output<W>,
    last: Option<Instant>,
    /// Time of the last check for a stop request, and the longest time between two checks since the last message.
    asked: Cell<(Instant, Duration)>,
}

impl<W: Write> Control for Line<'_, W> {
    fn is_stop_requested(&self) -> bool {
        // A process that was suspended gets here before its guard wakes.
        if self.shared.is_expired() {
            leave(self.shared);
        }
        self.shared.beat();
        let (before, longest) = self.asked.get();
        self.asked.set((Instant::now(), longest.max(before.elapsed())));
        self.shared.is_stop_requested()
    }

    fn time_to_evaluate(&self) -> Duration {
        self.shared.allowed()
    }

    fn progress(&mut self, mut progress: Progress) {
        self.shared.beat();
        progress.evaluation = progress.evaluation.filter(is_finite);
        progress.train_loss = progress.train_loss.filter(|loss| loss.is_finite());
        let is_due = self.last.is_none_or(|last| last.elapsed() >= PROGRESS_INTERVAL);
        if is_due || progress.evaluation.is_some() {
            self.last = Some(Instant::now());
            let (asked, longest) = self.asked.get();
            self.asked.set((asked, Duration::ZERO));
            self.output.send(&FromWorker::Progress {
                trial: self.trial,
                progress,
                longest_step: longest.as_secs_f64(),
            });
        }
    }

    fn program(&mut self, group: Option<u32>) {
        self.shared.set_program(group);
        self.output.send(&FromWorker::Program { group });
    }
}
