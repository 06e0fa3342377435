//! Arguments of `automl cluster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Changes;

/// `automl cluster`
#[derive(Args, Debug)]
pub(in crate::cli) struct Cluster {
    #[command(subcommand)]
    pub(in crate::cli) command: ClusterCommand,
}

/// The subcommands of `automl cluster`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ClusterCommand {
    /// Look whether workers of a spec can run: what the cluster says, and one short job that calls back
    Check(ClusterCheck),
    /// Print a Kubernetes Job whose pods are workers of a study
    Manifest(ClusterManifest),
}

/// `automl cluster check`
#[derive(Args, Debug)]
pub(in crate::cli) struct ClusterCheck {
    /// The spec, with a section `cluster`
    pub(in crate::cli) spec: PathBuf,
    /// The folder in which the study's folder will be; it must be on a file system that all machines share
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(in crate::cli) folder: PathBuf,
    /// The longest time to wait for the job
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub(in crate::cli) wait: String,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
}

/// `automl cluster manifest`
#[derive(Args, Debug)]
pub(in crate::cli) struct ClusterManifest {
    /// The spec, with `cluster: {engine: tcp}`
    pub(in crate::cli) spec: PathBuf,
    /// The image of the containers, which has `automl` in its `PATH`
    #[arg(long, value_name = "IMAGE")]
    pub(in crate::cli) image: String,
    /// The claim of the volume that has the study's folder
    #[arg(long, value_name = "CLAIM")]
    pub(in crate::cli) claim: String,
    /// The study's folder, as the containers see it
    #[arg(long, value_name = "DIR", default_value = "/study")]
    pub(in crate::cli) folder: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
}
