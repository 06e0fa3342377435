//! A pilot's connection to the engine, on a thread of its own: a long step never delays a heartbeat.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncWriteExt as _, BufReader, split};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{interval, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::endpoint::Endpoint;
use super::lease::Lease;
use super::tls;
use super::wire::{self, FromPilot, ToPilot};
use crate::os;
use crate::worker::Hello;

/// Time within which a connection must stand.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause before the next attempt to connect.
const RETRY: Duration = Duration::from_millis(250);

/// Number of heartbeats in a lease.
const BEATS: u32 = 6;

/// News for a pilot.
#[derive(Debug)]
pub(super) enum Heard {
    /// It has joined.
    Welcome {
        /// Number of the session. What was meant for an earlier one is dropped.
        session: u64,
        /// `true` if the session continues after its connection had broken.
        is_resumed: bool,
        /// SHA-256 of the study's spec.
        spec: String,
    },
    /// A message.
    Said(ToPilot),
    /// The engine does not want this worker.
    Refused(String),
    /// The engine was out of reach for too long.
    Unreachable(String),
    /// The last message has been sent.
    Closed,
}

/// State that the connection and the rest of the pilot share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) lease: Lease,
    state: Mutex<State>,
    /// Told when the connection must be made anew.
    abandoned: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The name of the session, and of the one that was given up.
    name: Option<String>,
    ended: Option<String>,
    /// Number of the last order's lease.
    order: u64,
    /// `true` if the session is worth continuing: a segment runs, or its result may not have arrived.
    has_work: bool,
}

impl Shared {
    /// Records the lease of an order.
    pub(super) fn note_order(&self, lease: u64) {
        self.lock().order = lease;
    }

    /// Records whether the session is worth continuing after its connection has broken. Otherwise a new one begins, so
    /// that no message which was lost with the connection is missed.
    pub(super) fn note_work(&self, has_work: bool) {
        self.lock().has_work = has_work;
    }

    /// Gives the session up: its worker is dead.
    pub(super) fn give_up(&self) {
        let mut state = self.lock();
        if let Some(name) = state.name.take() {
            state.ended = Some(name);
        }
        self.abandoned.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message, and the number of the session for which it is meant.
pub(super) type Outgoing = (u64, FromPilot);

/// The connection of a pilot.
pub(super) struct Network {
    pub(super) endpoint: PathBuf,
    pub(super) hello: Hello,
    /// Time for which the engine may be out of reach.
    pub(super) wait: Duration,
    pub(super) shared: Arc<Shared>,
}

/// How a connection ended.
enum End {
    /// It broke.
    Broken(io::Error),
    /// There is nothing more to say.
    Done,
}

impl Network {
    /// Connects, again and again, until there is nothing more to say. `tell` gets what is heard; `false` ends it.
    pub(super) fn run(self, outgoing: UnboundedReceiver<Outgoing>, tell: impl Fn(Heard) -> bool) {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.stay_connected(outgoing, tell)),
            Err(error) => {
                tell(Heard::Unreachable(error.to_string()));
            }
        }
    }

    async fn stay_connected(self, mut outgoing: UnboundedReceiver<Outgoing>, tell: impl Fn(Heard) -> bool) {
        let (mut session, mut pending, mut last_contact) = (0, None, Instant::now());
        loop {
            let attempt = self.connect().await;
            let why = match attempt {
                Ok(stream) => {
                    let serving = self.serve(stream, &mut outgoing, (&mut session, &mut pending), &tell);
                    let (end, was_welcome) = serving.await;
                    if was_welcome {
                        last_contact = Instant::now();
                    }
                    match end {
                        End::Done => return,
                        End::Broken(error) => error.to_string(),
                    }
                }
                Err(why) => why,
            };
            if last_contact.elapsed() > self.wait {
                tell(Heard::Unreachable(why));
                return;
            }
            sleep(RETRY).await;
        }
    }

    /// The endpoint is read anew each time: an engine that was started again has another one.
    async fn connect(&self) -> Result<(TlsStream<TcpStream>, String), String> {
        let endpoint = Endpoint::read(&self.endpoint).map_err(|error| error.to_string())?;
        let connect = async {
            let stream = TcpStream::connect(endpoint.address).await?;
            stream.set_nodelay(true)?;
            let config = tls::client(&endpoint.fingerprint).map_err(io::Error::other)?;
            let name = ServerName::try_from(tls::NAME).map_err(io::Error::other)?;
            TlsConnector::from(config).connect(name, stream).await
        };
        let stream = match timeout(PATIENCE, connect).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("{}: {error}", endpoint.address)),
            Err(_) => return Err(format!("{}: no answer", endpoint.address)),
        };
        Ok((stream, endpoint.token))
    }

    /// Joins, and passes messages on until the connection breaks. Also returns whether the pilot was welcome.
    async fn serve(
        &self,
        (stream, token): (TlsStream<TcpStream>, String),
        outgoing: &mut UnboundedReceiver<Outgoing>,
        (session, pending): (&mut u64, &mut Option<Outgoing>),
        tell: &impl Fn(Heard) -> bool,
    ) -> (End, bool) {
        let (from, mut to) = split(stream);
        let mut from = BufReader::new(from);
        let sent = os::uptime();
        let (length, is_resumed, spec) = match self.join(&mut from, &mut to, token).await {
            Ok(Ok(welcome)) => welcome,
            Ok(Err(refusal)) => {
                tell(Heard::Refused(refusal));
                return (End::Done, false);
            }
            Err(error) => return (End::Broken(error), false),
        };
        if !is_resumed {
            *session += 1;
        }
        self.shared.lease.renew(sent, length);
        let welcome = Heard::Welcome {
            session: *session,
            is_resumed,
            spec,
        };
        if !tell(welcome) {
            return (End::Done, true);
        }
        let (incoming, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let reading = tokio::spawn(async move {
            loop {
                let message = wire::read::<ToPilot>(&mut from, wire::LONGEST).await;
                let is_over = !matches!(message, Ok(Some(_)));
                if incoming.send(message).is_err() || is_over {
                    return;
                }
            }
        });
        let mut beats = Beats::new(length);
        let end = loop {
            // A message that could not be written is written to the next connection.
            if let Some((meant, message)) = pending.as_ref() {
                let is_last = matches!(message, FromPilot::Left);
                if *meant == *session
                    && let Err(error) = wire::write(&mut to, message).await
                {
                    break End::Broken(error);
                }
                *pending = None;
                if is_last {
                    let _ = to.shutdown().await;
                    tell(Heard::Closed);
                    break End::Done;
                }
            }
            tokio::select! {
                message = heard.recv() => match message {
                    Some(Ok(Some(ToPilot::Beat { number }))) => {
                        if let Some(sent) = beats.answered(number) {
                            self.shared.lease.renew(sent, length);
                        }
                    }
                    Some(Ok(Some(message))) => {
                        if !tell(Heard::Said(message)) {
                            break End::Done;
                        }
                    }
                    Some(Err(error)) => break End::Broken(error),
                    Some(Ok(None)) | None => break End::Broken(io::ErrorKind::ConnectionReset.into()),
                },
                message = outgoing.recv() => match message {
                    Some(message) => *pending = Some(message),
                    None => break End::Done,
                },
                () = self.shared.abandoned.notified() => break End::Broken(io::ErrorKind::TimedOut.into()),
                _ = beats.timer.tick() => {
                    if let Err(error) = wire::write(&mut to, &beats.next()).await {
                        break End::Broken(error);
                    }
                }
            }
        };
        reading.abort();
        (end, true)
    }

    /// Sends the first line and reads the answer: the lease, whether the session continues, and the spec; or a refusal.
    async fn join(
        &self,
        from: &mut (impl tokio::io::AsyncBufRead + Unpin),
        to: &mut (impl tokio::io::AsyncWrite + Unpin),
        token: String,
    ) -> io::Result<Result<(Duration, bool, String), String>> {
        let join = {
            let mut state = self.shared.lock();
            if !state.has_work
                && let Some(name) = state.name.take()
            {
                state.ended = Some(name);
            }
            FromPilot::Join {
                token,
                hello: self.hello.clone(),
                session: state.name.clone(),
                lease: state.order,
                ended: state.ended.clone(),
            }
        };
        wire::write(to, &join).await?;
        match timeout(PATIENCE, wire::read::<ToPilot>(from, wire::LONGEST_FIRST)).await?? {
            Some(ToPilot::Welcome {
                session,
                is_resumed,
                lease,
                spec,
            }) => {
                let mut state = self.shared.lock();
                (state.name, state.ended) = (Some(session), None);
                let length = Duration::try_from_secs_f64(lease).map_err(io::Error::other)?;
                Ok(Ok((length, is_resumed, spec)))
            }
            Some(ToPilot::Refused { message }) => Ok(Err(message)),
            _ => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

/// Heartbeats, and when those without an answer were sent.
struct Beats {
    timer: tokio::time::Interval,
    number: u64,
    sent: VecDeque<(u64, Duration)>,
}

impl Beats {
    fn new(lease: Duration) -> Self {
        Self {
            timer: interval(lease / BEATS),
            number: 0,
            sent: VecDeque::new(),
        }
    }

    fn next(&mut self) -> FromPilot {
        self.number += 1;
        self.sent.push_back((self.number, os::uptime()));
        FromPilot::Beat { number: self.number }
    }

    /// When the heartbeat was sent that is answered now.
    fn answered(&mut self, number: u64) -> Option<Duration> {
        while let Some((first, sent)) = self.sent.pop_front() {
            if first == number {
                return Some(sent);
            }
        }
        None
    }
}
