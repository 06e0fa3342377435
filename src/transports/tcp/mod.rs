//! Workers on other machines, which join over TCP.
//!
//! The engine listens ([`Tcp`], `hub`). Where, and with which secret, stands in `endpoint.json` in the study's folder
//! ([`Endpoint`]). On each machine a pilot ([`fly`]) starts a worker process, connects to the engine, and passes
//! messages between the two. The messages are those of local workers; `wire` has what comes beside them.
//!
//! **Leases.** A pilot sends a heartbeat every sixth of the lease. The engine counts from the moment in which it heard
//! of the pilot, the pilot from the moment in which it sent the last heartbeat that was answered. So the pilot's
//! count is ahead of the engine's, whatever their clocks say. At four fifths of the lease the pilot kills its worker, and
//! the worker exits by itself if the pilot cannot. At the whole lease the engine gives the trial to another worker. A
//! connection that breaks in between is made again, and nothing is lost. The lease of a run has a number, and a result
//! under another number is refused.

mod call;
mod endpoint;
mod hub;
mod lease;
mod network;
mod pilot;
mod pretend;
mod tls;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use call::call;
pub use endpoint::{Endpoint, EndpointError, digest};
pub use pilot::{Crew, PilotError, PilotEvent, fly};
pub use pretend::{Pretended, pretend};

use self::hub::Hub;
use super::{Farewell, Inbox, Link, Opened, Seat, Transport, TransportError};
use crate::spec::ClusterSpec;

/// The ends of jobs that run pilots, as their system tells them. A pilot that was killed cannot tell its end itself.
pub(super) type Ends = Arc<Mutex<BTreeMap<String, Farewell>>>;

/// Listens for workers of a study.
#[derive(Debug)]
pub struct Tcp {
    folder: PathBuf,
    cluster: ClusterSpec,
    ends: Ends,
    hub: Option<Arc<Hub>>,
}

impl Tcp {
    /// Workers join the study in `folder`.
    pub fn new(folder: PathBuf, cluster: &ClusterSpec) -> Self {
        Self {
            folder,
            cluster: cluster.clone(),
            ends: Ends::default(),
            hub: None,
        }
    }

    /// The ends of jobs, to be filled by their system.
    pub(super) fn ends(&self) -> Ends {
        Arc::clone(&self.ends)
    }
}

impl Transport for Tcp {
    fn open(&mut self, inbox: Inbox) -> Result<(), TransportError> {
        let lease = Duration::from_secs_f64(self.cluster.lease);
        self.hub = Some(Hub::open(
            &self.folder,
            self.cluster.address(),
            lease,
            inbox,
            self.ends(),
        )?);
        Ok(())
    }

    fn want(&mut self, _: &Seat<'_>) -> Result<Option<Opened>, TransportError> {
        Ok(None)
    }

    /// The pilots end what their workers leave behind.
    fn end_strays(&self, _: &[&dyn Link]) {}

    fn log(&self, _: usize) -> PathBuf {
        self.folder.join("logs")
    }

    fn invitation(&self) -> Option<String> {
        let address = self.hub.as_ref()?.address();
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        Some(format!(
            "listening on {address}: start workers on any machine that sees this folder with `automl worker --connect {}`",
            folder.display()
        ))
    }

    fn close(&mut self) {
        if let Some(hub) = self.hub.take() {
            hub.close();
        }
    }
}
