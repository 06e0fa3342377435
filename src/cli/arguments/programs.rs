//! Arguments of commands for other programs: shells, engines, workers.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::finetune::Device;

/// `automl ask-tell`
#[derive(Args, Debug)]
pub(in crate::cli) struct AskTell {
    /// The searcher, which proposes configurations
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(in crate::cli) method: String,
    /// The scheduler, which decides which trials continue if they have several steps: a `type` of `early_terminate`
    #[arg(long, value_name = "NAME", default_value = "asha")]
    pub(in crate::cli) scheduler: String,
    /// Record the search as a study in this folder, which `status`, `leaderboard`, `best`, `report` and others read. If the
    /// folder has one, the same `init` resumes it
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// `automl completions`
#[derive(Args, Debug)]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

/// `automl man`
#[derive(Args, Debug)]
pub(in crate::cli) struct Man {
    /// The folder for the pages of all commands [default: the main page on standard output]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// `automl worker`
#[derive(Args, Debug)]
pub(in crate::cli) struct Worker {
    /// Join the running study in this folder, which must be on a file system that all machines share; its `endpoint.json`
    /// says where the study listens
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) connect: Option<PathBuf>,
    /// The device, such as `cpu` or `cuda:0` [default: as the study's `resources` say]
    #[arg(long)]
    pub(in crate::cli) device: Option<Device>,
    /// The longest time for which the study may be out of reach, before it begins and while it runs
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub(in crate::cli) wait: String,
    /// The job of a batch system that runs this worker
    #[arg(long, hide = true)]
    pub(in crate::cli) job: Option<String>,
    /// Only look whether a study in this folder can be reached from here, and write the answer into the folder
    #[arg(long, hide = true, value_name = "DIR", conflicts_with = "connect")]
    pub(in crate::cli) probe: Option<PathBuf>,
    /// The study's folder, for a worker of the engine on this machine
    #[arg(long, hide = true, conflicts_with = "connect")]
    pub(in crate::cli) study: Option<PathBuf>,
}

/// `automl launch`
#[derive(Args, Debug)]
pub(in crate::cli) struct Launch {
    /// The worker's process
    #[arg(long)]
    pub(in crate::cli) parent: u32,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(in crate::cli) words: Vec<OsString>,
}
