//! The list of transports. One more is one file and one line.

use std::path::PathBuf;

use super::jobs::Submitted;
use super::ray::Ray;
use super::slurm::Slurm;
use super::tcp::Tcp;
use super::tcp::digest;
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
    /// `true` if a job only looks whether it could work.
    pub is_probe: bool,
}

/// Number of hexadecimal digits of a hash in the names of jobs.
const HASHED: usize = 10;

impl Place {
    /// A name for the study's jobs: the same for the same folder, and no other study has it.
    pub fn job_name(&self) -> String {
        let folder = std::fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let hash = digest(folder.as_os_str().as_encoded_bytes());
        let stem = self
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let stem: String = stem.chars().filter(|&letter| is_plain(letter)).take(24).collect();
        format!("automl-{stem}-{}", &hash[..HASHED])
    }
}

impl Place {
    /// The option of `automl worker` that names the folder.
    pub(super) fn flag(&self) -> &'static str {
        if self.is_probe { "--probe" } else { "--connect" }
    }
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
    (ClusterEngine::Slurm, |place| {
        let (folder, cluster) = (place.folder.clone(), place.cluster.clone());
        Box::new(Submitted::new(folder, &cluster, Box::new(Slurm::new(place))))
    }),
    (ClusterEngine::Ray, |place| {
        let (folder, cluster) = (place.folder.clone(), place.cluster.clone());
        Box::new(Submitted::new(folder, &cluster, Box::new(Ray::new(place))))
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
    fn jobs_are_named_after_their_study() {
        let place = |folder: &str| Place {
            program: PathBuf::new(),
            folder: folder.into(),
            cluster: ClusterSpec::default(),
            is_probe: false,
        };
        let name = place("/results/my study, again").job_name();
        assert!(name.starts_with("automl-mystudyagain-"), "{name}");
        assert_ne!(name, place("/other/my study, again").job_name());
    }

    #[test]
    fn every_engine_has_a_transport() {
        for engine in ClusterEngine::ALL {
            assert!(TRANSPORTS.iter().any(|(listed, _)| *listed == engine), "{engine:?}");
        }
    }
}
