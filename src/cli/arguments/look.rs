//! Arguments of commands that show studies, while they run and afterwards.

use std::path::PathBuf;

use clap::Args;

use super::registered::Registered;
use crate::cli::formats::{FORMATS, Format as TableFormat};
use crate::report::{EXPORTS, Export as Form, SortBy};
use crate::tracking::{Registered as Tracker, TRACKERS};

/// `automl watch`
#[derive(Args, Debug)]
pub(in crate::cli) struct Watch {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
}

/// `automl status`
#[derive(Args, Debug)]
pub(in crate::cli) struct Status {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// Show it as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `automl stop`
#[derive(Args, Debug)]
pub(in crate::cli) struct Stop {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// How long to wait for it to finish its step and save checkpoints
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(in crate::cli) timeout: String,
}

/// `automl leaderboard`
#[derive(Args, Debug)]
pub(in crate::cli) struct Leaderboard {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// The output format
    #[arg(long, value_parser = TABLE_FORMS, default_value = FORMATS[0].name)]
    pub(in crate::cli) format: &'static TableFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(in crate::cli) json: bool,
    /// Rank by another metric of the task, such as `mcc` or `f1:spam`: nothing is trained again
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) metric: Option<String>,
    /// Only rows that satisfy this condition, such as `accuracy > 0.8 and learning_rate < 1e-3`
    #[arg(long = "where", value_name = "CONDITION")]
    pub(in crate::cli) condition: Option<String>,
    /// Sort by a column; `-COLUMN`: the largest first
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(in crate::cli) sort: Option<SortBy>,
    /// Only the first N of these rows
    #[arg(long, value_name = "N")]
    pub(in crate::cli) top: Option<usize>,
    /// Leave out the columns that depend on the machine
    #[arg(long)]
    pub(in crate::cli) no_timing: bool,
}

/// Formats of the leaderboard.
const TABLE_FORMS: Registered<TableFormat> = Registered {
    rows: FORMATS,
    name: |format| format.name,
    about: |format| format.about,
};

/// `automl best`
#[derive(Args, Debug)]
pub(in crate::cli) struct Best {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// The output format
    #[arg(long, value_parser = FORMS, default_value = EXPORTS[0].name)]
    pub(in crate::cli) format: &'static Form,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(in crate::cli) json: bool,
}

/// Trackers to export to.
const TRACKER_FORMS: Registered<Tracker> = Registered {
    rows: TRACKERS,
    name: |tracker| tracker.name,
    about: Tracker::about,
};

/// Forms of the best configuration.
const FORMS: Registered<Form> = Registered {
    rows: EXPORTS,
    name: |export| export.name,
    about: |export| export.about,
};

/// `automl export`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  automl export results/reviews --to csv --out tables")]
pub(in crate::cli) struct Export {
    /// The folders of the studies
    #[arg(required = true, value_name = "DIR")]
    pub(in crate::cli) folders: Vec<PathBuf>,
    /// The tracker to export to
    #[arg(long, value_parser = TRACKER_FORMS, value_name = "TRACKER")]
    pub(in crate::cli) to: &'static Tracker,
    /// Where to write [default: as the study's spec says]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Log this trained model with the study; only `mlflow` takes models
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) model: Option<PathBuf>,
    /// Register the model under this name
    #[arg(long, value_name = "NAME", requires = "model")]
    pub(in crate::cli) register: Option<String>,
    /// Give the registered version this alias
    #[arg(long, value_name = "ALIAS", requires = "register")]
    pub(in crate::cli) alias: Option<String>,
}

/// `automl report`
#[derive(Args, Debug)]
pub(in crate::cli) struct Report {
    /// The folders of the studies
    #[arg(required = true, value_name = "DIR")]
    pub(in crate::cli) folders: Vec<PathBuf>,
    /// The file to write [default: `report.html` in the study's folder, or in the current folder for several studies]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print what the report shows as JSON instead
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `automl serve`
#[derive(Args, Debug)]
pub(in crate::cli) struct Serve {
    /// The folders of the studies
    #[arg(required = true, value_name = "DIR")]
    pub(in crate::cli) folders: Vec<PathBuf>,
    /// The port [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(in crate::cli) port: u16,
}

/// `automl importance`
#[derive(Args, Debug)]
pub(in crate::cli) struct Importance {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// Explain the best PERCENT percent of the trials instead of all
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(in crate::cli) best: Option<u8>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `automl compare`
#[derive(Args, Debug)]
pub(in crate::cli) struct Compare {
    /// The folders of the studies
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    pub(in crate::cli) folders: Vec<PathBuf>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
