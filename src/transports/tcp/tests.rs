//! The two ends of a connection, without processes.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::endpoint::Endpoint;
use super::hub::Hub;
use super::network::{Heard, Network, Outgoing, Shared};
use super::wire::{News, Order};
use crate::transports::{Arrival, Inbox, Link, LinkId};
use crate::trials::Segment;
use crate::worker::{FromWorker, Hello, ToWorker};

/// Long enough for the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Engine {
    folder: tempfile::TempDir,
    hub: Arc<Hub>,
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
    let hub = Hub::open(folder.path(), Some(address), lease, inbox).unwrap();
    Engine { folder, hub, arrivals }
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
    let hub = Hub::open(first.folder.path(), Some(address), lease, inbox).unwrap();
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
