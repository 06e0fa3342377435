//! Arguments of commands that prepare a search: checking, planning, beginning, converting.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::produce::FileArguments;
use super::registered::Registered;
use super::{Changes, Choices, OnRequest};
use crate::convert::{CONVERTERS, Converter};
use crate::spec::Override;

/// `automl data`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  automl data reviews.csv\n  automl data train.csv --test test.csv --label stars --task regression\n  automl data space.yaml --out findings.csv\n  automl data results/reviews --out label-errors.csv"
)]
pub(in crate::cli) struct Data {
    /// A spec; data: a file, a folder, or a pattern such as `'data/*.csv'`; or the folder of a study
    #[arg(value_name = "DATA")]
    pub(in crate::cli) input: String,
    /// Validation rows to compare with those of the data; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) validation: Vec<String>,
    /// Test rows to compare with those of the data; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) test: Vec<String>,
    /// The task that the data is for [default: guessed]
    #[arg(long, value_enum)]
    pub(in crate::cli) task: Option<DataTask>,
    /// The column of the texts, or a template such as `"{title}. {body}"`; twice for pairs, or for question and context [default: guessed]
    #[arg(long = "text", value_name = "COLUMN")]
    pub(in crate::cli) text: Vec<String>,
    /// The column of the labels; repeat it for several numbers [default: guessed]
    #[arg(long = "label", value_name = "COLUMN")]
    pub(in crate::cli) label: Vec<String>,
    /// The separator between several labels of a row [default: guessed]
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) separator: Option<String>,
    /// Change a value of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub(in crate::cli) set: Vec<Override>,
    /// Write all rows with a finding into this table
    #[arg(long, value_name = "FILE.csv")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) files: FileArguments,
}

/// The tasks of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DataTask {
    /// One class for each text
    TextClassification,
    /// Any number of labels for each text
    MultiLabel,
    /// Numbers for each text
    Regression,
    /// A tag for each word
    TokenClassification,
    /// The part of a context that answers a question
    QuestionAnswering,
}

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
    /// Write an example with its data into a new folder, which is named instead of the file
    #[arg(long, value_name = "EXAMPLE", conflicts_with = "data")]
    pub(in crate::cli) example: Option<Example>,
    #[command(flatten)]
    pub(in crate::cli) choices: Choices,
}

/// An example with data.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Example {
    /// Pictures of clothes as PNG files, in a folder for each class
    Images,
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
