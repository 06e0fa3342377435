//! `cluster`: workers on other machines.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field, words_of};
use super::diagnostics::Diagnostic;
use super::keys::{Kind, Section};
use super::reader::{Fields, Problems};

/// Workers on other machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterSpec {
    /// How workers are reached.
    pub engine: ClusterEngine,
    /// Number of workers that are expected to join. A study with a wall budget is planned for them.
    pub workers: usize,
    /// The address for workers, `IP` or `IP:PORT`; `None`: the address of this machine's default route.
    pub listen: Option<String>,
    /// Seconds after which a worker that is not heard of has lost its trial.
    pub lease: f64,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            engine: ClusterEngine::Local,
            workers: 8,
            listen: None,
            lease: 60.0,
        }
    }
}

impl ClusterSpec {
    /// The address that workers connect to, with port 0 for any free port; `None`: it follows from the default route.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.as_deref().and_then(address)
    }

    /// Returns whether workers join from elsewhere.
    pub fn is_used(&self) -> bool {
        self.engine != ClusterEngine::Local
    }
}

/// How workers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterEngine {
    /// Processes of this machine, which the study starts.
    Local,
    /// Workers that join over TCP.
    Tcp,
}

impl ClusterEngine {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::Local, Self::Tcp];
}

impl Word for ClusterEngine {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("local", Self::Local), ("tcp", Self::Tcp)]
    }
}

/// `cluster` in the schema.
pub(super) const CLUSTER: Section = Section {
    name: "cluster",
    about: "Workers on other machines.",
    keys: || declared::keys(KEYS),
};

/// The keys of `cluster`.
pub(super) const KEYS: &[Field<ClusterSpec>] = &[
    field(
        "engine",
        Kind::Words(words_of::<ClusterEngine>),
        at!(ClusterSpec.engine),
        "How workers are reached. `local`: the study starts them on this machine. `tcp`: they join from any machine with `automl worker --connect`.",
    ),
    field(
        "workers",
        Kind::Integer { min: 1, max: 4_096 },
        at!(ClusterSpec.workers),
        "Number of workers that are expected to join. A study with a wall budget is planned for them; more or fewer may join.",
    ),
    field(
        "listen",
        Kind::Any(&[Kind::OneOf(&["auto"]), Kind::Text]),
        at!(ClusterSpec.listen),
        "The address for workers: `IP` or `IP:PORT` of this machine. `auto`: the address of its default route, and any free port.",
    )
    .examples(&["\"10.0.0.5:7070\""]),
    field(
        "lease",
        Kind::Duration,
        at!(ClusterSpec.lease),
        "Time after which a worker that was not heard of has lost its trial, which another worker then runs. The worker itself stops at four fifths of it.",
    ),
];

/// The shortest and the longest lease, in seconds. A shorter one would end while a worker is only busy.
const LEASES: (f64, f64) = (1.0, 86_400.0);

/// Reads the section; the default if there is none.
pub(super) fn read(spec: &Fields<'_>, problems: &mut Problems) -> Option<ClusterSpec> {
    let cluster: ClusterSpec = declared::read_or_default(spec, "cluster", KEYS, problems)?;
    let node = spec.get("cluster");
    let location = |key: &str| node.and_then(|node| node.child(key)).or(node);
    if let (Some(listen), Some(node)) = (&cluster.listen, location("listen")) {
        let fault = match address(listen) {
            None => Some("not an address"),
            Some(address) if address.ip().is_unspecified() => Some("stands for every address of the machine"),
            Some(_) => None,
        };
        if let Some(fault) = fault {
            let message = format!("`listen: {listen}`: {fault}");
            let help =
                "write the one address of this machine that workers can reach, such as `10.0.0.5` or `10.0.0.5:7070`";
            problems.error(Diagnostic::error(&node.location, message).with_help(help));
            return None;
        }
    }
    if let (false, Some(node)) = ((LEASES.0..=LEASES.1).contains(&cluster.lease), location("lease")) {
        let message = format!("`lease` is {} seconds, but must be from 1s to 24h", cluster.lease);
        problems.error(Diagnostic::error(&node.location, message));
        return None;
    }
    Some(cluster)
}

fn address(text: &str) -> Option<SocketAddr> {
    let without_port = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
    text.parse().ok().or_else(without_port)
}
