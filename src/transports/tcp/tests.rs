//! The two ends of a connection, without processes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::Ends;
use super::endpoint::Endpoint;
use super::hub::Hub;
use super::network::{Heard, Network, Outgoing, Shared};
use super::wire::{News, Order};
use crate::transports::{Arrival, Farewell, Inbox, Link, LinkId};
use crate::trials::{FailureKind, Segment};
use crate::worker::{FromWorker, Hello, ToWorker};

/// Long enough for the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Engine {
    folder: tempfile::TempDir,
    hub: Arc<Hub>,
    ends: Ends,
    arrivals: Receiver<(LinkId, Arrival)>,
}

fn engine(lease: Duration) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let (sender, arrivals) = mpsc::channel();
    let inbox = Inbox::new(move |link, arrival| {
        let _ = sender.send((link, arrival));
        Ok(())
    });
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let ends = Ends::default();
    let hub = Hub::open(folder.path(), Some(address), lease, inbox, Arc::clone(&ends)).unwrap();
    Engine {
        folder,
        hub,
        ends,
        arrivals,
    }
}

struct Pilot {
    heard: Receiver<Heard>,
    outgoing: UnboundedSender<Outgoing>,
    shared: Arc<Shared>,
}

fn pilot(folder: &Path, hello: Hello) -> Pilot {
    let (sender, heard) = mpsc::channel();
    let (outgoing, queue) = unbounded_channel();
    let shared = Arc::new(Shared::default());
    let network = Network {
        endpoint: Endpoint::path(folder),
        hello,
        wait: PATIENCE,
        shared: Arc::clone(&shared),
    };
    std::thread::spawn(move || network.run(queue, |news| sender.send(news).is_ok()));
    Pilot {
        heard,
        outgoing,
        shared,
    }
}

impl Engine {
    fn joined(&self) -> (LinkId, Box<dyn Link>) {
        match self.arrivals.recv_timeout(PATIENCE).unwrap() {
            (id, Arrival::Joined(_, link)) => (id, link),
            other => panic!("{other:?}"),
        }
    }
}

fn run(folder: &Path, lease: u64) -> ToWorker {
    ToWorker::Run {
        lease,
        segment: Box::new(Segment::example(&folder.join("checkpoints/0"), (0, 1, 2))),
    }
}

#[test]
fn a_worker_of_another_version_is_refused_with_one_sentence() {
    let engine = engine(PATIENCE);
    for hello in [
        Hello {
            version: "9.9.9".to_owned(),
            ..Hello::here("cpu")
        },
        Hello {
            protocol: 99,
            ..Hello::here("cpu")
        },
    ] {
        let pilot = pilot(engine.folder.path(), hello);
        match pilot.heard.recv_timeout(PATIENCE).unwrap() {
            Heard::Refused(message) => assert!(message.ends_with("use one version everywhere"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    engine.hub.close();
    assert!(!Endpoint::path(engine.folder.path()).exists());
}

#[test]
fn messages_pass_both_ways_and_the_engine_sends_its_workers_home() {
    let engine = engine(PATIENCE);
    let pilot = pilot(engine.folder.path(), Hello::here("cpu"));
    let (id, mut link) = engine.joined();
    assert!(matches!(
        pilot.heard.recv_timeout(PATIENCE),
        Ok(Heard::Welcome {
            session: 1,
            is_resumed: false,
            ..
        })
    ));
    assert!(matches!(
        pilot.heard.recv_timeout(PATIENCE),
        Ok(Heard::Said(Order::Begin))
    ));
    link.send(&run(engine.folder.path(), 7));
    match pilot.heard.recv_timeout(PATIENCE).unwrap() {
        Heard::Said(Order::Say {
            message: ToWorker::Run { lease: 7, segment },
        }) => assert_eq!(
            segment.checkpoints,
            Path::new("checkpoints/0"),
            "a key, not a path of this machine"
        ),
        other => panic!("{other:?}"),
    }
    // What was meant for another session is dropped.
    let message = Box::new(FromWorker::Alive);
    let _ = pilot.outgoing.send((0, News::Leaving));
    let _ = pilot.outgoing.send((1, News::Said { message }));
    assert!(matches!(
        engine.arrivals.recv_timeout(PATIENCE),
        Ok((from, Arrival::Said(message))) if from == id && *message == FromWorker::Alive
    ));
    drop(link);
    assert!(matches!(
        pilot.heard.recv_timeout(PATIENCE),
        Ok(Heard::Said(Order::Bye))
    ));
    let _ = pilot.outgoing.send((1, News::Left));
    assert!(matches!(pilot.heard.recv_timeout(PATIENCE), Ok(Heard::Closed)));
    engine.hub.close();
}

#[test]
fn a_session_that_was_given_up_ends_and_a_new_one_begins() {
    let engine = engine(PATIENCE);
    let pilot = pilot(engine.folder.path(), Hello::here("cpu"));
    let (id, mut link) = engine.joined();
    assert!(matches!(pilot.heard.recv_timeout(PATIENCE), Ok(Heard::Welcome { .. })));
    pilot.shared.give_up();
    assert!(matches!(engine.arrivals.recv_timeout(PATIENCE), Ok((gone, Arrival::Gone)) if gone == id));
    assert!(link.reap().how.contains("joins again"));
    let (next, _link) = engine.joined();
    assert!(next > id);
    engine.hub.close();
}

#[test]
fn an_engine_after_one_that_was_killed_waits_for_the_leases_of_the_other() {
    let lease = Duration::from_secs(1);
    let first = engine(lease);
    // It was killed: its endpoint is still there.
    let left = std::fs::read(Endpoint::path(first.folder.path())).unwrap();
    first.hub.close();
    std::fs::write(Endpoint::path(first.folder.path()), left).unwrap();
    let (sender, arrivals) = mpsc::channel();
    let inbox = Inbox::new(move |link, arrival| {
        let _ = sender.send((link, arrival));
        Ok(())
    });
    let begun = std::time::Instant::now();
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let hub = Hub::open(first.folder.path(), Some(address), lease, inbox, Ends::default()).unwrap();
    let _pilot = pilot(first.folder.path(), Hello::here("cpu"));
    assert!(matches!(arrivals.recv_timeout(PATIENCE), Ok((_, Arrival::Joined(..)))));
    assert!(begun.elapsed() >= lease, "{:?}", begun.elapsed());
    hub.close();
}

#[test]
fn a_pilot_that_falls_silent_has_lost_its_lease() {
    let engine = engine(Duration::from_secs(1));
    let pilot = pilot(engine.folder.path(), Hello::here("cpu"));
    let (id, _link) = engine.joined();
    // Its thread ends with the channel, as a process ends by `kill -9`: without a word.
    drop(pilot);
    assert!(matches!(engine.arrivals.recv_timeout(PATIENCE), Ok((gone, Arrival::Gone)) if gone == id));
    engine.hub.close();
}

#[test]
fn a_farewell_names_the_end_of_its_job() {
    let engine = engine(Duration::from_secs(1));
    let hello = Hello {
        job: Some("12_3".to_owned()),
        ..Hello::here("cpu")
    };
    let pilot = pilot(engine.folder.path(), hello);
    let (_, mut link) = engine.joined();
    let end = Farewell {
        how: "took more memory than it may".to_owned(),
        kind: Some(FailureKind::OutOfMemory),
    };
    engine.ends.lock().unwrap().insert("12_3".to_owned(), end);
    drop(pilot);
    assert!(matches!(engine.arrivals.recv_timeout(PATIENCE), Ok((_, Arrival::Gone))));
    let farewell = link.reap();
    assert_eq!(farewell.kind, Some(FailureKind::OutOfMemory));
    assert!(
        farewell.how.ends_with("job 12_3 took more memory than it may"),
        "{farewell:?}"
    );
    engine.hub.close();
}

/// A way to the engine that breaks every connection after a few orders, so that many are lost on the way.
fn breaking(to: SocketAddr) -> SocketAddr {
    use std::io::{Read as _, Write as _};
    use std::net::{Shutdown, TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect(to).unwrap();
            let (mut up_from, mut up_to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut up_from, &mut up_to);
                let _ = up_to.shutdown(Shutdown::Both);
            });
            std::thread::spawn(move || {
                let (mut far, mut near) = (far, near);
                // Enough for the handshake and some orders. What comes after that is lost.
                let mut left = 4_000;
                let mut buffer = [0; 128];
                while let Ok(count) = far.read(&mut buffer) {
                    if count == 0 || left < count || near.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                    left -= count;
                }
                let _ = near.shutdown(Shutdown::Both);
                let _ = far.shutdown(Shutdown::Both);
            });
        }
    });
    address
}

#[test]
fn orders_and_news_arrive_once_and_in_order_though_connections_break() {
    const MESSAGES: u64 = 200;
    let engine = engine(PATIENCE);
    let path = Endpoint::path(engine.folder.path());
    let mut endpoint = Endpoint::read(&path).unwrap();
    endpoint.address = breaking(endpoint.address);
    std::fs::write(&path, serde_json::to_vec(&endpoint).unwrap()).unwrap();
    let pilot = pilot(engine.folder.path(), Hello::here("cpu"));
    let (_, mut link) = engine.joined();
    for number in 1..=MESSAGES {
        link.send(&ToWorker::Stop { seconds: number as f64 });
    }
    drop(link);
    let mut orders = Vec::new();
    let mut sessions = 0;
    loop {
        match pilot.heard.recv_timeout(PATIENCE).unwrap() {
            Heard::Welcome { is_resumed, .. } => sessions += u32::from(!is_resumed),
            Heard::Said(Order::Say {
                message: ToWorker::Stop { seconds },
            }) => {
                orders.push(seconds as u64);
                let message = Box::new(FromWorker::Program {
                    group: Some(seconds as u32),
                });
                let _ = pilot.outgoing.send((1, News::Said { message }));
            }
            Heard::Said(Order::Bye) => {
                let _ = pilot.outgoing.send((1, News::Left));
            }
            Heard::Closed => break,
            _ => {}
        }
    }
    assert_eq!(orders, (1..=MESSAGES).collect::<Vec<u64>>());
    assert_eq!(sessions, 1, "a pilot that was sent home does not come back");
    engine.hub.close();
}
