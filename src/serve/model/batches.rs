//! Requests that arrive at about the same time are computed together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use crate::production::{Predictor, Prepared};

/// Rows of a batch, about: the last request may exceed it.
const BATCH_ROWS: usize = 64;

/// Time that a request waits for others.
const GATHER: Duration = Duration::from_millis(3);

/// Requests that wait for the model at most.
const MOST_WAITING: usize = 256;

/// The predictions for the rows of a request, or why there are none.
type Answer = Result<Vec<Map<String, Value>>, String>;

struct Waiting {
    request: Prepared,
    answer: oneshot::Sender<Answer>,
}

/// Passes requests to the thread that computes.
#[derive(Clone)]
pub(super) struct Queue(SyncSender<Waiting>);

/// Too many requests wait.
pub(super) struct Busy;

impl Queue {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system refuses it.
    pub(super) fn start(predictor: Arc<Predictor>) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MOST_WAITING);
        std::thread::Builder::new()
            .name("predictions".to_owned())
            .spawn(move || work(&predictor, &receiver))?;
        Ok(Self(sender))
    }

    /// Queues a request.
    pub(super) fn put(&self, request: Prepared) -> Result<oneshot::Receiver<Answer>, Busy> {
        let (answer, receiver) = oneshot::channel();
        match self.0.try_send(Waiting { request, answer }) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }
}

fn work(predictor: &Predictor, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let batch = gather(first, waiting);
        // Those who have gone away need no answer.
        let batch = batch.into_iter().filter(|waiting| !waiting.answer.is_closed());
        let (requests, answers): (Vec<Prepared>, Vec<_>) =
            batch.map(|waiting| (waiting.request, waiting.answer)).unzip();
        let predicted = catch_unwind(AssertUnwindSafe(|| predictor.predict(&requests)));
        match predicted {
            Ok(Ok(predictions)) => {
                for (answer, predictions) in answers.into_iter().zip(predictions) {
                    let _ = answer.send(Ok(predictions));
                }
            }
            Ok(Err(error)) => refuse(answers, &error.to_string()),
            Err(_) => refuse(answers, "the model failed; the server's output says where"),
        }
    }
}

fn refuse(answers: Vec<oneshot::Sender<Answer>>, message: &str) {
    for answer in answers {
        let _ = answer.send(Err(message.to_owned()));
    }
}

/// The first request, and those that arrive within a short time after it.
fn gather(first: Waiting, waiting: &Receiver<Waiting>) -> Vec<Waiting> {
    let end = Instant::now() + GATHER;
    let mut rows = first.request.rows();
    let mut batch = vec![first];
    while rows < BATCH_ROWS {
        match waiting.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(next) => {
                rows += next.request.rows();
                batch.push(next);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    batch
}
