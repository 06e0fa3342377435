//! The list of transports. One more is one file and one line.

use std::path::PathBuf;

use super::tcp::Tcp;
use super::{Local, Transport};
use crate::spec::{ClusterEngine, ClusterSpec};

/// Where a study runs: what a transport needs to know of it.
#[derive(Clone, Debug)]
pub struct Place {
    /// This program.
    pub program: PathBuf,
    /// The study's folder.
    pub folder: PathBuf,
    /// `cluster` of its spec.
    pub cluster: ClusterSpec,
}

type Make = fn(Place) -> Box<dyn Transport>;

/// Every transport, by the engine that specs name.
pub const TRANSPORTS: &[(ClusterEngine, Make)] = &[
    (ClusterEngine::Local, |place| {
        Box::new(Local::new(place.program, place.folder))
    }),
    (ClusterEngine::Tcp, |place| {
        Box::new(Tcp::new(place.folder, &place.cluster))
    }),
];

/// The transport of a study.
pub fn transport(place: Place) -> Box<dyn Transport> {
    let named = TRANSPORTS.iter().find(|(engine, _)| *engine == place.cluster.engine);
    let make = named.map_or(TRANSPORTS[0].1, |(_, make)| *make);
    make(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ClusterEngine;

    #[test]
    fn every_engine_has_a_transport() {
        for engine in ClusterEngine::ALL {
            assert!(TRANSPORTS.iter().any(|(listed, _)| *listed == engine), "{engine:?}");
        }
    }
}
