//! The engine's side: a listener, and the sessions of the pilots that have joined. It runs on a thread of its own.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use tokio::io::{AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Ends;
use super::endpoint::{Endpoint, digest};
use super::tls;
use super::wire::{self, FromPilot, News, Order, ToPilot};
use crate::transports::{Arrival, Farewell, Inbox, Link, LinkId, TransportError};
use crate::worker::{Hello, ToWorker};

/// Time within which a connection must have said who it is. Silent connections must not pile up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause before accepting again when the system has no more connections available.
const FULL: Duration = Duration::from_millis(20);

/// Time in which pilots learn that the study has ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// Number of checks for ended leases in the length of a lease.
const CHECKS: u32 = 20;

/// The listener of a study and its sessions.
pub(super) struct Hub {
    folder: PathBuf,
    endpoint: Endpoint,
    lease: Duration,
    inbox: Inbox,
    ends: Ends,
    /// SHA-256 of the study's `spec.yaml`.
    spec: String,
    /// Until then a worker of an earlier engine may still run.
    quiet_until: Instant,
    sessions: Mutex<BTreeMap<String, Arc<Session>>>,
    closing: Notify,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// A pilot, across broken connections.
#[derive(Debug)]
struct Session {
    link: LinkId,
    node: String,
    job: Option<String>,
    state: Mutex<SessionState>,
}

#[derive(Debug)]
struct SessionState {
    /// When the engine heard of it last.
    heard: Instant,
    /// Where messages go; `None` while the connection is broken.
    outbox: Option<UnboundedSender<ToPilot>>,
    /// Orders that the pilot may not have heard, with their numbers: they are sent again over a new connection.
    sent: VecDeque<(u64, Order)>,
    /// Number of the last order.
    orders: u64,
    /// Number of the last news that have arrived.
    news: u64,
    /// Reads from the current connection.
    reader: Option<AbortHandle>,
    /// `true` if the engine knows of it.
    has_begun: bool,
    /// The reason for its end, once it has ended.
    over: Option<String>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hub({})", self.endpoint.address)
    }
}

impl Hub {
    /// Listens on `address`, or on that of the default route, and writes `endpoint.json`.
    pub(super) fn open(
        folder: &Path,
        address: Option<SocketAddr>,
        lease: Duration,
        inbox: Inbox,
        ends: Ends,
    ) -> Result<Arc<Self>, TransportError> {
        crate::os::allow_open_files();
        let address = address.unwrap_or_else(|| SocketAddr::new(outward(), 0));
        let cannot_listen = |source| TransportError::Listen {
            address: address.to_string(),
            source,
        };
        let listener = std::net::TcpListener::bind(address).map_err(cannot_listen)?;
        listener.set_nonblocking(true).map_err(cannot_listen)?;
        let bound = listener.local_addr().map_err(cannot_listen)?;
        let (config, fingerprint) = tls::server().map_err(TransportError::Key)?;
        // An engine that ended in order has removed its endpoint, after its workers had stopped.
        let path = Endpoint::path(folder);
        let earlier = Endpoint::read(&path).ok();
        let quiet = earlier.map_or(Duration::ZERO, |earlier| {
            Duration::try_from_secs_f64(earlier.lease).unwrap_or(lease).max(lease)
        });
        let secret = tls::secret().map_err(TransportError::Key)?;
        let endpoint = Endpoint::new(bound, &secret, fingerprint, lease.as_secs_f64());
        endpoint
            .write(folder)
            .map_err(|source| TransportError::Endpoint { path, source })?;
        let spec = std::fs::read(folder.join("spec.yaml")).unwrap_or_default();
        let hub = Arc::new(Self {
            folder: folder.to_owned(),
            endpoint,
            lease,
            inbox,
            ends,
            spec: digest(&spec),
            quiet_until: Instant::now() + quiet,
            sessions: Mutex::default(),
            closing: Notify::new(),
            thread: Mutex::default(),
        });
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(cannot_listen)?;
        let serving = Arc::clone(&hub);
        let serve = move || {
            let closed = serving.clone();
            runtime.block_on(async move {
                tokio::select! {
                    () = closed.closing.notified() => {}
                    _ = serving.serve(listener, config) => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_millis(100));
        };
        let thread = std::thread::Builder::new().spawn(serve).map_err(cannot_listen)?;
        *lock(&hub.thread) = Some(thread);
        Ok(hub)
    }

    /// The address that workers connect to.
    pub(super) fn address(&self) -> SocketAddr {
        self.endpoint.address
    }

    /// Sends every pilot home, and waits shortly until they have heard it.
    pub(super) fn close(&self) {
        let left: Vec<String> = lock(&self.sessions).keys().cloned().collect();
        for id in left {
            self.dismiss(&id);
        }
        let patience = Instant::now() + FAREWELL;
        let is_anyone_left = || !lock(&self.sessions).is_empty();
        while is_anyone_left() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(2));
        }
        // A pilot that was out of reach may still run a trial: the next engine waits for the end of its lease.
        if !is_anyone_left() {
            Endpoint::remove(&self.folder);
        }
        self.closing.notify_one();
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }

    async fn serve(self: &Arc<Self>, listener: std::net::TcpListener, config: Arc<ServerConfig>) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(Arc::clone(self).expire());
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (hub, acceptor) = (Arc::clone(self), acceptor.clone());
                    tokio::spawn(async move {
                        // The pilot connects again.
                        let _ = hub.greet(stream, acceptor).await;
                    });
                }
                Err(_) => sleep(FULL).await,
            }
        }
    }

    /// Ends the sessions whose lease has ended.
    async fn expire(self: Arc<Self>) {
        loop {
            sleep(self.lease / CHECKS).await;
            let sessions: Vec<_> = lock(&self.sessions).clone().into_iter().collect();
            for (id, session) in sessions {
                if lock(&session.state).heard.elapsed() > self.lease {
                    let lease = self.lease.as_secs_f64();
                    self.end(
                        &id,
                        &format!("nothing was received from `{}` for {lease} seconds", session.node),
                    );
                }
            }
        }
    }

    /// Answers the first line of a connection, and serves it if it is that of a pilot which may join.
    async fn greet(self: Arc<Self>, stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let stream = timeout(PATIENCE, acceptor.accept(stream)).await??;
        let (from, mut to) = split(stream);
        let mut from = BufReader::new(from);
        let first = timeout(PATIENCE, wire::read::<FromPilot>(&mut from, wire::LONGEST_FIRST)).await?;
        let Ok(Some(FromPilot::Join {
            token,
            hello,
            session,
            heard,
            ended,
        })) = first
        else {
            let message = "this is not how a worker of this version joins: use one version everywhere";
            return refuse(&mut to, message).await;
        };
        if !self.endpoint.admits(&token) {
            let message = "the token is not that of the study: use its current `endpoint.json`";
            return refuse(&mut to, message).await;
        }
        if let Some(message) = hello.refusal() {
            return refuse(&mut to, &message).await;
        }
        if let Some(ended) = ended {
            self.end(
                &ended,
                &format!("`{}` lost its connection or its lease, and joins again", hello.node),
            );
        }
        let known = session.and_then(|id| Some((lock(&self.sessions).get(&id).cloned()?, id)));
        let is_resumed = known.is_some();
        let (session, id) = known.unwrap_or_else(|| self.begin(&hello));
        let (sender, outbox) = unbounded_channel();
        let reader = {
            let mut state = lock(&session.state);
            let _ = sender.send(ToPilot::Welcome {
                session: id.clone(),
                is_resumed,
                lease: self.lease.as_secs_f64(),
                spec: self.spec.clone(),
                heard: state.news,
            });
            // Orders that were lost with the connection are sent again, also the one to go home.
            state.forget(heard);
            for (number, order) in state.sent.iter().cloned() {
                let _ = sender.send(ToPilot::Order { number, order });
            }
            if state.over.is_none() {
                state.heard = Instant::now();
            }
            state.outbox = Some(sender.clone());
            let listening = Arc::clone(&self).listen(id.clone(), Arc::clone(&session), from, sender);
            let reader = tokio::spawn(listening).abort_handle();
            // A connection that the pilot has given up.
            if let Some(earlier) = state.reader.replace(reader.clone()) {
                earlier.abort();
            }
            reader
        };
        if !is_resumed {
            tokio::spawn(Arc::clone(&self).announce(id, session, hello));
        }
        deliver(outbox, to).await;
        reader.abort();
        Ok(())
    }

    /// A new session for a pilot.
    fn begin(&self, hello: &Hello) -> (Arc<Session>, String) {
        let link = self.inbox.number();
        // The names of another engine's sessions never recur: its certificate was another.
        let id = format!("{}-{link}", &self.endpoint.fingerprint[..16]);
        let session = Arc::new(Session {
            link,
            node: hello.node.clone(),
            job: hello.job.clone(),
            state: Mutex::new(SessionState {
                heard: Instant::now(),
                outbox: None,
                sent: VecDeque::new(),
                orders: 0,
                news: 0,
                reader: None,
                has_begun: false,
                over: None,
            }),
        });
        lock(&self.sessions).insert(id.clone(), Arc::clone(&session));
        (session, id)
    }

    /// Tells the engine of a session, once no worker of an earlier engine can run any more.
    async fn announce(self: Arc<Self>, id: String, session: Arc<Session>, hello: Hello) {
        sleep_until(self.quiet_until.into()).await;
        {
            let mut state = lock(&session.state);
            if state.over.is_some() {
                return;
            }
            state.has_begun = true;
        }
        let remote = Remote {
            hub: Arc::clone(&self),
            id,
            session: Arc::clone(&session),
        };
        let joined = Arrival::Joined(Box::new(hello), Box::new(remote));
        if self.inbox.deliver(session.link, joined).is_ok() {
            session.say(Order::Begin);
        }
    }

    /// Passes what a pilot says on to the engine, until its connection breaks.
    async fn listen(
        self: Arc<Self>,
        id: String,
        session: Arc<Session>,
        mut from: BufReader<ReadHalf<TlsStream<TcpStream>>>,
        outbox: UnboundedSender<ToPilot>,
    ) {
        while let Ok(Some(message)) = wire::read::<FromPilot>(&mut from, wire::LONGEST).await {
            let (news, is_over) = {
                let mut state = lock(&session.state);
                let is_over = state.over.is_some();
                if !is_over {
                    state.heard = Instant::now();
                }
                match message {
                    FromPilot::Beat { number, heard } => {
                        state.forget(heard);
                        let heard = state.news;
                        let _ = outbox.send(ToPilot::Beat { number, heard });
                        continue;
                    }
                    // Sent again, because the pilot did not know that they had arrived.
                    FromPilot::News { number, .. } if number <= state.news => continue,
                    FromPilot::News { number, news } => {
                        state.news = number;
                        (news, is_over)
                    }
                    FromPilot::Join { .. } => break,
                }
            };
            let arrival = match news {
                News::Left => {
                    self.end(&id, &format!("`{}` left", session.node));
                    break;
                }
                // It was sent home. The connection stays open until it has heard that: closed with something unread,
                // a connection may lose what is on its way.
                _ if is_over => continue,
                News::Said { message } => Arrival::Said(message),
                News::Lost { farewell } => Arrival::Lost(farewell),
                News::Leaving => Arrival::Leaving,
            };
            if self.inbox.deliver(session.link, arrival).is_err() {
                break;
            }
        }
        let mut state = lock(&session.state);
        if state
            .outbox
            .as_ref()
            .is_some_and(|current| current.same_channel(&outbox))
        {
            state.outbox = None;
        }
    }

    /// Ends a session: nothing that its pilot still says is heard.
    fn end(&self, id: &str, why: &str) {
        let Some(session) = lock(&self.sessions).remove(id) else {
            return;
        };
        let mut state = lock(&session.state);
        let was_over = state.over.is_some();
        state.over.get_or_insert_with(|| why.to_owned());
        state.outbox = None;
        let (has_begun, reader) = (state.has_begun, state.reader.take());
        drop(state);
        if has_begun && !was_over {
            let _ = self.inbox.deliver(session.link, Arrival::Gone);
        }
        if let Some(reader) = reader {
            reader.abort();
        }
    }

    /// Sends a pilot home. Its session stays until it has gone.
    fn dismiss(&self, id: &str) {
        let session = lock(&self.sessions).get(id).cloned();
        if let Some(session) = session {
            session.say(Order::Bye);
            let mut state = lock(&session.state);
            state
                .over
                .get_or_insert_with(|| "the study needs it no more".to_owned());
        }
    }
}

impl Session {
    fn say(&self, order: Order) {
        let mut state = lock(&self.state);
        if state.over.is_some() {
            return;
        }
        state.orders += 1;
        let number = state.orders;
        state.sent.push_back((number, order.clone()));
        if let Some(outbox) = &state.outbox {
            let _ = outbox.send(ToPilot::Order { number, order });
        }
    }
}

impl SessionState {
    /// Forgets the orders up to a number: the pilot has heard them.
    fn forget(&mut self, heard: u64) {
        while self.sent.front().is_some_and(|(number, _)| *number <= heard) {
            self.sent.pop_front();
        }
    }
}

/// The link to a worker of another machine. Dropping it sends its pilot home.
#[derive(Debug)]
struct Remote {
    hub: Arc<Hub>,
    id: String,
    session: Arc<Session>,
}

impl Link for Remote {
    fn send(&mut self, message: &ToWorker) {
        let message = wire::as_keys(message.clone(), &self.hub.folder);
        self.session.say(Order::Say { message });
    }

    fn kill(&mut self) {
        self.session.say(Order::Kill);
    }

    fn restart(&mut self) -> bool {
        self.session.say(Order::Restart);
        true
    }

    fn reap(&mut self) -> Farewell {
        let over = lock(&self.session.state).over.clone();
        let over = over.unwrap_or_else(|| format!("`{}` left", self.session.node));
        let job = self.session.job.as_ref();
        match job.and_then(|job| Some((job, lock(&self.hub.ends).get(job).cloned()?))) {
            Some((job, Farewell { how, kind })) => Farewell {
                how: format!("{over}; job {job} {how}"),
                kind,
            },
            None => Farewell { how: over, kind: None },
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.hub.dismiss(&self.id);
    }
}

/// Writes the messages of an outbox until it closes or the connection breaks.
async fn deliver(mut outbox: UnboundedReceiver<ToPilot>, mut to: WriteHalf<TlsStream<TcpStream>>) {
    while let Some(message) = outbox.recv().await {
        if wire::write(&mut to, &message).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn refuse(to: &mut WriteHalf<TlsStream<TcpStream>>, message: &str) -> io::Result<()> {
    let message = message.to_owned();
    wire::write(to, &ToPilot::Refused { message }).await?;
    to.shutdown().await
}

/// The address of this machine's default route: the one that others most probably reach. Nothing is sent.
fn outward() -> IpAddr {
    let routed = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        // An address of RFC 5737, which no machine has.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        Ok(socket.local_addr()?.ip())
    };
    routed().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
