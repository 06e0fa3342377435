//! `automl cluster`: looks whether a cluster can run a spec's workers, and prints what Kubernetes needs.

mod check;
mod manifest;
mod probe;

use std::process::ExitCode;

use super::CliError;
use super::arguments::{Cluster, ClusterCommand};

pub(super) use probe::probe;

/// Does what the subcommand says.
pub(super) fn cluster(arguments: &Cluster) -> Result<ExitCode, CliError> {
    match &arguments.command {
        ClusterCommand::Check(arguments) => check::check(arguments),
        ClusterCommand::Manifest(arguments) => manifest::manifest(arguments),
    }
}
