//! Arguments of commands that choose for a file: `fit` and `init --data`.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args, Command};

use super::FileArguments;
use super::Network;
use crate::cli::CliError;
use crate::cli::duration::seconds;
use crate::fit::{Asked, TaskWish};
use crate::objective::{self, Demand};
use crate::spec::{Override, Resources};
use crate::worker;

/// `automl fit`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  automl fit reviews.csv --budget 10m --out model\n  automl predict model new.csv")]
pub(in crate::cli) struct Fit {
    /// A file of labelled texts (CSV, TSV, JSON, JSONL, Parquet, Arrow, compressed or not), a folder, a pattern, or
    /// `builtin:movie-reviews`
    pub(in crate::cli) file: String,
    #[command(flatten)]
    pub(in crate::cli) choices: Choices,
    /// The new folder for the model, the report, the spec and the study
    #[arg(long, value_name = "DIR", default_value = "model")]
    pub(in crate::cli) out: PathBuf,
    /// Show the choices with their reasons; train nothing and write nothing
    #[arg(long)]
    pub(in crate::cli) explain: bool,
    /// Print the choices and the result as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Change a value of the spec, such as `epochs=2` or `parameters.dropout.max=0.3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(in crate::cli) set: Vec<Override>,
}

/// The choices that the user makes.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Choices {
    /// The column of the texts, or a template that joins columns; twice for pairs
    #[arg(long, value_name = "COLUMN")]
    text: Vec<String>,
    /// The column of the labels
    #[arg(long, value_name = "COLUMN")]
    label: Vec<String>,
    /// The separator between several labels of a row
    #[arg(long, value_name = "TEXT")]
    separator: Option<String>,
    /// The task
    #[arg(long, value_parser = Tasks, value_name = "TASK")]
    task: Option<TaskWish>,
    /// The model: a folder, the id of a model on the Hugging Face hub, or `builtin:bert-tiny`
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The metric to optimize
    #[arg(long, value_name = "METRIC")]
    metric: Option<String>,
    /// Total time, such as `90s`, `10m` or `1h30m`
    #[arg(long, value_name = "TIME", default_value = DEFAULT_BUDGET)]
    budget: String,
    #[command(flatten)]
    files: FileArguments,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
}

const DEFAULT_BUDGET: &str = "10m";

impl Choices {
    /// The request for a file on this machine.
    pub(in crate::cli) fn asked(&self, file: &str) -> Result<Asked, CliError> {
        let slots = worker::slots(&Resources::default(), Demand::Training)?;
        Ok(Asked {
            file: file.to_owned(),
            read: objective::read_options(&self.files.reading()),
            text: self.text.clone(),
            label: self.label.clone(),
            separator: self.separator.clone(),
            task: self.task,
            model: self.model.clone(),
            metric: self.metric.clone(),
            budget: seconds("--budget", &self.budget)?,
            is_offline: self.network.offline || is_offline(),
            has_gpu: slots.iter().any(|slot| !slot.is_host()),
            workers: slots.len(),
        })
    }

    /// Returns whether any of them is said.
    pub(in crate::cli) fn are_made(&self) -> bool {
        let columns = !self.text.is_empty() || !self.label.is_empty() || self.separator.is_some();
        let others = self.task.is_some() || self.model.is_some() || self.metric.is_some();
        columns || others || !self.files.is_empty() || self.budget != DEFAULT_BUDGET
    }
}

/// Returns whether the environment forbids downloads.
fn is_offline() -> bool {
    crate::hub::Settings::from_environment(false).is_ok_and(|settings| settings.offline)
}

/// A value parser of tasks.
#[derive(Clone)]
struct Tasks;

impl TypedValueParser for Tasks {
    type Value = TaskWish;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<TaskWish, clap::Error> {
        let found = TaskWish::ALL.into_iter().find(|task| value == task.name);
        found.ok_or_else(|| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            if let Some(argument) = argument {
                error.insert(ContextKind::InvalidArg, ContextValue::String(argument.to_string()));
            }
            let value = value.to_string_lossy().into_owned();
            error.insert(ContextKind::InvalidValue, ContextValue::String(value));
            let names = TaskWish::ALL.map(|task| task.name.to_owned()).to_vec();
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(TaskWish::ALL.iter().map(|task| PossibleValue::new(task.name))))
    }
}
