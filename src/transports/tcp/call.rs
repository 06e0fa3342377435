//! One call to an engine, to see whether it can be reached.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::endpoint::Endpoint;
use super::network::{Heard, Network, Shared};
use super::wire::News;
use crate::worker::Hello;

/// Joins the engine that listens for the study in `folder`, and leaves at once.
///
/// # Errors
/// The reason in words, if it cannot be reached within `patience`.
pub fn call(folder: &Path, job: Option<&str>, patience: Duration) -> Result<(), String> {
    let (sender, heard) = mpsc::channel();
    let (outgoing, queue) = unbounded_channel();
    let network = Network {
        endpoint: Endpoint::path(folder),
        hello: Hello {
            job: job.map(str::to_owned),
            ..Hello::here("cpu")
        },
        wait: patience / 2,
        shared: Arc::new(Shared::default()),
    };
    let thread = std::thread::Builder::new().spawn(move || network.run(queue, |news| sender.send(news).is_ok()));
    let _thread = thread.map_err(|error| error.to_string())?;
    loop {
        match heard.recv_timeout(patience).map_err(|_| "no answer".to_owned())? {
            // The engine announces a caller together with its first order.
            Heard::Welcome { .. } => {}
            Heard::Said(_) => {
                let _ = outgoing.send((1, News::Left));
            }
            Heard::Refused(why) | Heard::Unreachable(why) => return Err(why),
            Heard::Closed => return Ok(()),
        }
    }
}
