//! A worker without a process, which ends every segment at once. Benches use thousands of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;

use super::endpoint::Endpoint;
use super::network::{Heard, Network, Shared};
use super::wire::{News, Order};
use crate::trials::{Segment, SegmentReport};
use crate::worker::{FromWorker, Hello, SegmentEnd, ToWorker};

/// The work of a pretended worker.
#[derive(Clone, Debug, Default)]
pub struct Pretended {
    /// Number of segments that it ended.
    pub segments: usize,
    /// Time from the end of each segment to the order to run the next one.
    pub waits: Vec<Duration>,
}

/// Joins the study that listens for `folder`, and answers each segment with a report until the study ends.
///
/// # Errors
/// The reason in words, if the study cannot be joined.
pub fn pretend(folder: &Path, answer: impl Fn(&Segment) -> SegmentReport) -> Result<Pretended, String> {
    let (sender, heard) = mpsc::channel();
    let (outgoing, queue) = unbounded_channel();
    let network = Network {
        endpoint: Endpoint::path(folder),
        hello: Hello::here("cpu"),
        wait: Duration::from_mins(1),
        shared: Arc::new(Shared::default()),
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let thread = thread.spawn(move || network.run(queue, |news| sender.send(news).is_ok()));
    let _thread = thread.map_err(|error| error.to_string())?;
    let (mut session, mut work, mut idle_since) = (0, Pretended::default(), None::<Instant>);
    let say = |session: u64, message: FromWorker| {
        let message = Box::new(message);
        let _ = outgoing.send((session, News::Said { message }));
    };
    for news in heard {
        match news {
            Heard::Welcome { session: number, .. } => session = number,
            Heard::Said(Order::Begin | Order::Restart) => {
                let hello = Hello::here("cpu");
                say(session, FromWorker::Ready { hello });
            }
            Heard::Said(Order::Say {
                message: ToWorker::Run { lease, segment },
            }) => {
                work.waits.extend(idle_since.map(|since| since.elapsed()));
                let end = SegmentEnd::Reached(answer(&segment));
                let trial = segment.trial;
                say(session, FromWorker::Ended { lease, trial, end });
                work.segments += 1;
                idle_since = Some(Instant::now());
            }
            Heard::Said(Order::Bye) => {
                let _ = outgoing.send((session, News::Left));
            }
            Heard::Said(Order::Say { .. } | Order::Kill) => {}
            Heard::Refused(why) | Heard::Unreachable(why) => return Err(why),
            Heard::Closed => break,
        }
    }
    Ok(work)
}
