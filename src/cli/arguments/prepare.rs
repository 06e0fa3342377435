//! Arguments of commands that prepare a search: checking, planning, beginning, converting.

use std::path::PathBuf;

use clap::Args;

use super::registered::Registered;
use super::{Changes, Choices, OnRequest};
use crate::convert::{CONVERTERS, Converter};
use crate::spec::Override;

/// `automl validate`
#[derive(Args, Debug)]
pub(in crate::cli) struct Validate {
    /// The spec
    pub(in crate::cli) spec: PathBuf,
    /// Change a value of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub(in crate::cli) set: Vec<Override>,
    #[command(flatten)]
    pub(in crate::cli) downloads: OnRequest,
    /// Print one JSON object, with all errors and warnings
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `automl plan`
#[derive(Args, Debug)]
pub(in crate::cli) struct Plan {
    /// The spec
    pub(in crate::cli) spec: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) downloads: OnRequest,
    /// Show it as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// `automl init`
#[derive(Args, Debug)]
pub(in crate::cli) struct Init {
    /// The file to write; `-`: standard output
    #[arg(default_value = "space.yaml")]
    pub(in crate::cli) file: PathBuf,
    /// Write the spec for this file of labelled texts, with the reason for every choice
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) data: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) choices: Choices,
}

/// `automl convert`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  automl convert --from optuna study.py --out space.yaml")]
pub(in crate::cli) struct Convert {
    /// The program that the file comes from
    #[arg(long, value_parser = PROGRAMS, value_name = "PROGRAM")]
    pub(in crate::cli) from: &'static Converter,
    /// The file: a sweep, an experiment, a search space, or the Python file that has one in it
    pub(in crate::cli) file: PathBuf,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// Programs whose search spaces can be converted.
const PROGRAMS: Registered<Converter> = Registered {
    rows: CONVERTERS,
    name: |converter| converter.name,
    about: |converter| converter.about,
};
