//! The transport whose workers are submitted as jobs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::JobSystem;
use super::keeper::{self, Shared};
use super::roster::Roster;
use crate::spec::ClusterSpec;
use crate::transports::tcp::Tcp;
use crate::transports::{Inbox, Link, Opened, Seat, Transport, TransportError};

/// Share of the lease between two looks at the jobs.
const LOOKS: u32 = 6;

/// Longest time between two looks: what people see should not be old.
const LONGEST: Duration = Duration::from_secs(10);

/// Time for the thread to end when a study ends: the program must end soon after the deadline.
const PATIENCE: Duration = Duration::from_secs(2);

/// The thread that keeps the jobs. At its end it returns their system.
type Keeper = JoinHandle<Box<dyn JobSystem>>;

/// Submits pilots as jobs, and listens for them.
pub struct Submitted {
    tcp: Tcp,
    cluster: ClusterSpec,
    /// The job system, until a thread keeps it.
    system: Option<Box<dyn JobSystem>>,
    keeper: Option<(Arc<Shared>, Keeper)>,
}

impl Submitted {
    /// Workers of the study in `folder` are jobs of `system`.
    pub fn new(folder: PathBuf, cluster: &ClusterSpec, system: Box<dyn JobSystem>) -> Self {
        Self {
            tcp: Tcp::new(folder, cluster),
            cluster: cluster.clone(),
            system: Some(system),
            keeper: None,
        }
    }
}

impl Transport for Submitted {
    fn open(&mut self, inbox: Inbox) -> Result<(), TransportError> {
        let Some(mut system) = self.system.take() else {
            return Ok(());
        };
        let wanted = self.cluster.workers;
        let roster = Roster::new(system.name(), wanted, self.cluster.max_worker_failures);
        let shared = Arc::new(Shared::new(roster, wanted, self.tcp.ends()));
        let (noting, engine) = (Arc::clone(&shared), inbox.clone());
        let through = Inbox::new(move |link, arrival| {
            noting.note(link, &arrival);
            engine.deliver(link, arrival)
        });
        let link = through.number();
        self.tcp.open(through)?;
        // The first jobs are submitted here, so that a person who mistyped an option sees it at once.
        if let Err(error) = keeper::look(system.as_mut(), &shared) {
            self.tcp.close();
            return Err(TransportError::Jobs(error));
        }
        let interval = (Duration::from_secs_f64(self.cluster.lease) / LOOKS).min(LONGEST);
        let keeping = Arc::clone(&shared);
        let keep = move || keeper::keep(system, &keeping, interval, (&inbox, link));
        let thread = std::thread::Builder::new().spawn(keep)?;
        self.keeper = Some((shared, thread));
        Ok(())
    }

    fn want(&mut self, seat: &Seat<'_>) -> Result<Option<Opened>, TransportError> {
        self.tcp.want(seat)
    }

    fn need(&mut self, workers: usize) {
        if let Some((shared, _)) = &self.keeper {
            shared.need.store(workers, Ordering::SeqCst);
        }
    }

    fn end_strays(&self, _: &[&dyn Link]) {}

    fn log(&self, seat: usize) -> PathBuf {
        self.tcp.log(seat)
    }

    fn invitation(&self) -> Option<String> {
        self.tcp.invitation()
    }

    /// The pilots are sent home first, so that they end by themselves; then every job is cancelled.
    fn close(&mut self) {
        let Some((shared, thread)) = self.keeper.take() else {
            return;
        };
        shared.close();
        self.tcp.close();
        // A system that does not answer now could not cancel anything either.
        let end = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        if thread.is_finished()
            && let Ok(mut system) = thread.join()
        {
            system.cancel_all();
        }
    }
}

/// A study that stops with an error leaves no jobs either.
impl Drop for Submitted {
    fn drop(&mut self) {
        self.close();
    }
}
