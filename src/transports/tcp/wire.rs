//! The messages between an engine and a pilot: one JSON object per line, like those of a worker, which they carry.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::transports::Farewell;
use crate::trials::Segment;
use crate::worker::{FromWorker, Hello, ToWorker};

/// The longest line, in bytes. A report of many evaluations is far shorter.
pub(super) const LONGEST: u64 = 64 << 20;

/// The longest first line: whoever sends it may be anybody.
pub(super) const LONGEST_FIRST: u64 = 64 << 10;

/// From a pilot to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromPilot {
    /// The first line of every connection.
    Join {
        /// The secret of the endpoint.
        token: String,
        /// The worker.
        hello: Hello,
        /// The session that continues, if one does.
        session: Option<String>,
        /// The number of the last order of that session which has arrived.
        heard: u64,
        /// A session that the pilot has given up: its worker is dead.
        ended: Option<String>,
    },
    /// A sign of life.
    Beat {
        /// Its number.
        number: u64,
        /// The number of the last order that has arrived.
        heard: u64,
    },
    /// News, which are sent again until the engine has heard them.
    News {
        /// Their number in the session, from 1.
        number: u64,
        /// The news.
        news: News,
    },
}

/// News from a pilot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum News {
    /// A message of the worker.
    Said {
        /// The message.
        message: Box<FromWorker>,
    },
    /// The worker process died; another one starts.
    Lost {
        /// How it ended.
        farewell: Farewell,
    },
    /// The worker finishes its step, then the pilot leaves.
    Leaving,
    /// The last line.
    Left,
}

/// From the engine to a pilot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToPilot {
    /// The pilot may not join.
    Refused {
        /// The reason.
        message: String,
    },
    /// The pilot has joined.
    Welcome {
        /// Its session.
        session: String,
        /// `true` if it is the session that the pilot named.
        is_resumed: bool,
        /// The lease in seconds.
        lease: f64,
        /// SHA-256 of the study's `spec.yaml`, to see whether the pilot has the same folder.
        spec: String,
        /// The number of the last news of the session that have arrived.
        heard: u64,
    },
    /// The answer to a sign of life.
    Beat {
        /// Its number.
        number: u64,
        /// The number of the last news that have arrived.
        heard: u64,
    },
    /// An order, which is sent again until the pilot has heard it.
    Order {
        /// Its number in the session, from 1.
        number: u64,
        /// The order.
        order: Order,
    },
}

/// An order for a pilot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Order {
    /// Start the worker. No worker of an earlier engine runs any more.
    Begin,
    /// A message for the worker.
    Say {
        /// The message.
        message: ToWorker,
    },
    /// Kill the worker process and report its end.
    Kill,
    /// Replace the worker process.
    Restart,
    /// The study needs the worker no more.
    Bye,
}

/// Reads a message of at most `longest` bytes; `None` at the end of the stream.
///
/// # Errors
/// If the connection broke, or the line is no such message.
pub(super) async fn read<M: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    longest: u64,
) -> io::Result<Option<M>> {
    let mut line = Vec::new();
    from.take(longest).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Ok(None);
    }
    serde_json::from_slice(&line)
        .map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Writes a message in one piece.
///
/// # Errors
/// If the connection broke.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

/// Names the files of a segment by their place below the study's folder: another machine may have it elsewhere.
pub(super) fn as_keys(mut message: ToWorker, folder: &Path) -> ToWorker {
    if let ToWorker::Run { segment, .. } = &mut message {
        for path in files(segment) {
            if let Ok(key) = path.strip_prefix(folder) {
                *path = key.to_owned();
            }
        }
    }
    message
}

/// The opposite of [`as_keys`]: finds the files of a segment below the study's folder.
pub(super) fn as_paths(mut message: ToWorker, folder: &Path) -> ToWorker {
    if let ToWorker::Run { segment, .. } = &mut message {
        for path in files(segment) {
            let resolved: PathBuf = folder.join(&path);
            *path = resolved;
        }
    }
    message
}

fn files(segment: &mut Segment) -> impl Iterator<Item = &mut PathBuf> {
    [&mut segment.checkpoints, &mut segment.log]
        .into_iter()
        .chain(&mut segment.outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_folder_of_each_machine() {
        let run = |folder: &str| ToWorker::Run {
            lease: 3,
            segment: Box::new(Segment {
                outputs: Some(Path::new(folder).join("outputs/0.safetensors")),
                ..Segment::example(&Path::new(folder).join("checkpoints/0"), (0, 1, 2))
            }),
        };
        let keys = as_keys(run("/here/study"), Path::new("/here/study"));
        assert_eq!(as_paths(keys, Path::new("/there")), run("/there"));
    }
}
