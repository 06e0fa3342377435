//! A pilot's connection to the engine, on a thread of its own: a long step never delays a heartbeat.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf, split};
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
use super::wire::{self, FromPilot, News, Order, ToPilot};
use crate::os;
use crate::worker::Hello;

/// Time within which a connection must stand.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause before the next attempt to connect.
const RETRY: Duration = Duration::from_millis(250);

/// Time for reading what arrived before a connection broke.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
    /// An order.
    Said(Order),
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
    /// Number of the last order that has arrived.
    heard: u64,
}

impl Shared {
    /// Records an order that has arrived; returns whether it is new.
    fn note_order(&self, number: u64) -> bool {
        let mut state = self.lock();
        let is_new = number > state.heard;
        state.heard = state.heard.max(number);
        is_new
    }

    /// Gives the session up: its worker is dead.
    pub(super) fn give_up(&self) {
        let mut state = self.lock();
        if let Some(name) = state.name.take() {
            (state.ended, state.heard) = (Some(name), 0);
        }
        self.abandoned.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// News, and the number of the session for which they are meant.
pub(super) type Outgoing = (u64, News);

/// A pilot's side of its session, across broken connections.
#[derive(Default)]
struct Session {
    /// Its number, from 1.
    number: u64,
    /// Number of the last news.
    last: u64,
    /// News that the engine may not have heard, with their numbers.
    sent: VecDeque<(u64, News)>,
    /// `true` if the engine has sent the pilot home.
    is_dismissed: bool,
}

impl Session {
    /// The session after this one.
    fn next(&self) -> Self {
        let number = self.number + 1;
        Self {
            number,
            ..Self::default()
        }
    }

    /// If a message answers a heartbeat, forgets the news that it confirms, and returns when the heartbeat was sent.
    fn answered(&mut self, message: &ToPilot, beats: &mut Beats) -> Option<Duration> {
        let ToPilot::Beat { number, heard } = message else {
            return None;
        };
        self.forget(*heard);
        beats.answered(*number)
    }

    /// Forgets the news up to a number: the engine has heard them.
    fn forget(&mut self, heard: u64) {
        while self.sent.front().is_some_and(|(number, _)| *number <= heard) {
            self.sent.pop_front();
        }
    }
}

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
        let (mut session, mut last_contact) = (Session::default(), Instant::now());
        loop {
            let attempt = self.connect().await;
            let why = match attempt {
                Ok(stream) => {
                    let serving = self.serve(stream, &mut outgoing, &mut session, &tell);
                    let (end, was_welcome) = serving.await;
                    if was_welcome {
                        last_contact = Instant::now();
                    }
                    match end {
                        End::Done => return,
                        End::Broken(error) => error.to_string(),
                    }
                }
                // The engine has ended, as it said.
                Err(_) if session.is_dismissed => {
                    tell(Heard::Closed);
                    return;
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
        session: &mut Session,
        tell: &impl Fn(Heard) -> bool,
    ) -> (End, bool) {
        let (from, mut to) = split(stream);
        let mut from = BufReader::new(from);
        let sent = os::uptime();
        let (length, is_resumed, spec, known) = match self.join(&mut from, &mut to, token).await {
            Ok(Ok(welcome)) => welcome,
            Ok(Err(refusal)) => {
                tell(Heard::Refused(refusal));
                return (End::Done, false);
            }
            Err(error) => return (End::Broken(error), false),
        };
        if is_resumed {
            session.forget(known);
        } else {
            *session = session.next();
        }
        self.shared.lease.renew(sent, length);
        let welcome = Heard::Welcome {
            session: session.number,
            is_resumed,
            spec,
        };
        if !tell(welcome) {
            return (End::Done, true);
        }
        (self.converse((from, to), length, outgoing, session, tell).await, true)
    }

    /// Passes messages on in both directions until the connection breaks. `length` is that of a lease.
    async fn converse(
        &self,
        (mut from, mut to): (
            BufReader<ReadHalf<TlsStream<TcpStream>>>,
            WriteHalf<TlsStream<TcpStream>>,
        ),
        length: Duration,
        outgoing: &mut UnboundedReceiver<Outgoing>,
        session: &mut Session,
        tell: &impl Fn(Heard) -> bool,
    ) -> End {
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
        // What was lost with the last connection.
        let mut due: VecDeque<(u64, News)> = session.sent.clone();
        let end = loop {
            if let Some((number, news)) = due.pop_front() {
                let is_last = matches!(news, News::Left);
                if let Err(error) = wire::write(&mut to, &FromPilot::News { number, news }).await {
                    break End::Broken(error);
                }
                if is_last {
                    let _ = to.shutdown().await;
                    tell(Heard::Closed);
                    break End::Done;
                }
                continue;
            }
            tokio::select! {
                message = heard.recv() => match message {
                    Some(Ok(Some(message))) => {
                        if let Some(sent) = session.answered(&message, &mut beats) {
                            self.shared.lease.renew(sent, length);
                        }
                        if !self.hear(message, session, tell) {
                            break End::Done;
                        }
                    }
                    // The engine is not interested in the farewell.
                    Some(Err(_) | Ok(None)) | None if session.is_dismissed => {
                        tell(Heard::Closed);
                        break End::Done;
                    }
                    Some(Err(error)) => break End::Broken(error),
                    Some(Ok(None)) | None => break End::Broken(io::ErrorKind::ConnectionReset.into()),
                },
                message = outgoing.recv() => match message {
                    Some((meant, news)) => {
                        if meant == session.number {
                            session.last += 1;
                            session.sent.push_back((session.last, news.clone()));
                            due.push_back((session.last, news));
                        }
                    }
                    None => break End::Done,
                },
                () = self.shared.abandoned.notified() => {
                    reading.abort();
                    return End::Broken(io::ErrorKind::TimedOut.into());
                }
                _ = beats.timer.tick() => {
                    let heard = self.shared.lock().heard;
                    if let Err(error) = wire::write(&mut to, &beats.next(heard)).await {
                        break End::Broken(error);
                    }
                }
            }
        };
        if let End::Broken(_) = end {
            // A write may fail while orders that came before are still unread. Without them, a connection that breaks
            // soon would never get further.
            let rest = async {
                while let Some(Ok(Some(message))) = heard.recv().await {
                    if !self.hear(message, session, tell) {
                        return;
                    }
                }
            };
            let _ = timeout(LAST_WORDS, rest).await;
        }
        reading.abort();
        end
    }

    /// Passes an order on if it is new. Returns `false` if nobody listens any more.
    fn hear(&self, message: ToPilot, session: &mut Session, tell: &impl Fn(Heard) -> bool) -> bool {
        match message {
            ToPilot::Order { number, order } if self.shared.note_order(number) => {
                session.is_dismissed = matches!(order, Order::Bye);
                tell(Heard::Said(order))
            }
            ToPilot::Order { .. } | ToPilot::Beat { .. } | ToPilot::Welcome { .. } | ToPilot::Refused { .. } => true,
        }
    }

    /// Sends the first line and reads the answer: the lease, whether the session continues, the spec, and the number of
    /// the last news that the engine has heard; or a refusal.
    async fn join(
        &self,
        from: &mut (impl tokio::io::AsyncBufRead + Unpin),
        to: &mut (impl tokio::io::AsyncWrite + Unpin),
        token: String,
    ) -> io::Result<Result<(Duration, bool, String, u64), String>> {
        let join = {
            let state = self.shared.lock();
            FromPilot::Join {
                token,
                hello: self.hello.clone(),
                session: state.name.clone(),
                heard: state.heard,
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
                heard,
            }) => {
                let mut state = self.shared.lock();
                (state.name, state.ended) = (Some(session), None);
                if !is_resumed {
                    state.heard = 0;
                }
                let length = Duration::try_from_secs_f64(lease).map_err(io::Error::other)?;
                Ok(Ok((length, is_resumed, spec, heard)))
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

    fn next(&mut self, heard: u64) -> FromPilot {
        self.number += 1;
        self.sent.push_back((self.number, os::uptime()));
        let number = self.number;
        FromPilot::Beat { number, heard }
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
