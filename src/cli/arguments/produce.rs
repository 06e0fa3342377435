//! Arguments of commands that use a configuration: training, predicting, evaluating.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::Network;
use crate::production::ModelFolder;
use crate::readers::FORMATS;
use crate::spec::{Override, Reading};

/// `automl train`
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct Train {
    /// The configuration: a `best.yaml`, or a spec with one value for every parameter
    pub(in crate::cli) spec: PathBuf,
    /// The model's folder [default: beside the configuration, named `model`]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Train on the validation examples too; the model is then not measured
    #[arg(long)]
    pub(in crate::cli) with_validation: bool,
    /// Train all epochs, not only up to the epoch that was best
    #[arg(long)]
    pub(in crate::cli) all_epochs: bool,
    /// Save the low-rank adapter and the head alone, for the library `peft`
    #[arg(long)]
    pub(in crate::cli) adapter_only: bool,
    /// Fail instead of warning if the model or the data changed since the search
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// Change a value of the configuration
    #[arg(long, value_name = "KEY=VALUE")]
    pub(in crate::cli) set: Vec<Override>,
    /// Register the model under this name on the MLflow server of the study, where `best.yaml` lies
    #[arg(long, value_name = "NAME", conflicts_with = "adapter_only")]
    pub(in crate::cli) register: Option<String>,
    /// Give the registered version this alias
    #[arg(long, value_name = "ALIAS", requires = "register")]
    pub(in crate::cli) alias: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
    /// Show the measured metrics as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// A trained model and examples for it.
#[derive(Args, Debug)]
pub(in crate::cli) struct ModelInput {
    /// The model's folder, as `automl train` wrote it, or any supported model for sequence classification
    pub(in crate::cli) model: PathBuf,
    /// The column of the texts, given twice for pairs of texts [default: as in the training data]
    #[arg(long = "text-column", value_name = "COLUMN")]
    pub(in crate::cli) text: Vec<String>,
    /// The column of the labels, given once for every number of a model of several [default: as in the training data]
    #[arg(long = "label-column", value_name = "COLUMN")]
    pub(in crate::cli) label: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) files: FileArguments,
}

/// Format of data files. Missing values are detected.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Format of the data")]
pub(in crate::cli) struct FileArguments {
    /// The format of the data [default: by its name and its content]
    #[arg(long, value_name = "NAME", value_parser = formats())]
    pub(in crate::cli) data_format: Option<String>,
    /// The character between the fields of a table, or `tab` [default: found among `,`, `;`, tab and `|`]
    #[arg(long, value_name = "CHARACTER", value_parser = character)]
    pub(in crate::cli) delimiter: Option<char>,
    /// The encoding, such as `latin-1` or `cp1252` [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) encoding: Option<String>,
    /// The names of all columns, for data without a header
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub(in crate::cli) columns: Vec<String>,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

fn character(text: &str) -> Result<char, &'static str> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(only), None) => Ok(only),
        _ => Err("one character is expected, or `tab`"),
    }
}

impl FileArguments {
    /// The keys of a spec that say the same.
    pub(in crate::cli) fn reading(&self) -> Reading {
        Reading {
            format: self.data_format.clone(),
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            columns: (!self.columns.is_empty()).then(|| self.columns.clone()),
            ..Reading::default()
        }
    }

    /// True if nothing is said.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.reading() == Reading::default()
    }
}

impl ModelInput {
    /// The model's folder, and how its data is read.
    pub(in crate::cli) fn folder(&self) -> ModelFolder {
        ModelFolder {
            folder: self.model.clone(),
            text: self.text.clone(),
            label: self.label.clone(),
            reading: self.files.reading(),
        }
    }
}

/// `automl predict`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  automl predict model new.csv --out predictions.csv --keep customer\n  automl predict model --text \"a great film\"\n  tail -f reviews.txt | automl predict model - --format jsonl"
)]
pub(in crate::cli) struct Predict {
    #[command(flatten)]
    pub(in crate::cli) input: ModelInput,
    /// Texts: a file, a folder or a pattern such as `'new/*.csv'`, `-` for standard input, or built-in data such as `builtin:fashion-mini`
    #[arg(required_unless_present = "texts", conflicts_with = "texts")]
    pub(in crate::cli) data: Option<String>,
    /// A text to classify, in place of data; may be repeated; a model of pairs takes them two by two
    #[arg(long = "text", value_name = "TEXT")]
    pub(in crate::cli) texts: Vec<String>,
    /// Columns of the data that the predictions repeat, beside the texts and a column `id`
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', conflicts_with = "texts")]
    pub(in crate::cli) keep: Vec<String>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// The output format [default: by the file's name, else `csv`]
    #[arg(long, value_enum)]
    pub(in crate::cli) format: Option<PredictionFormat>,
}

/// `automl serve-model`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  automl serve-model model --port 8000\n  curl -H \"Authorization: Bearer $TOKEN\" -d '{\"text\": \"a great film\"}' http://127.0.0.1:8000/predict"
)]
pub(in crate::cli) struct ServeModel {
    /// The model's folder, as `automl train` wrote it, or any supported model
    pub(in crate::cli) model: PathBuf,
    /// The port [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(in crate::cli) port: u16,
    /// The address to listen on; `0.0.0.0` lets other machines connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(in crate::cli) host: IpAddr,
    /// The token that requests must have [default: a new one, which is printed]
    #[arg(long, value_name = "TOKEN")]
    pub(in crate::cli) token: Option<String>,
    /// Answer requests without a token
    #[arg(long, conflicts_with = "token")]
    pub(in crate::cli) no_token: bool,
    /// The column of the texts, given twice for pairs of texts [default: as in the training data]
    #[arg(long = "text-column", value_name = "COLUMN")]
    pub(in crate::cli) text: Vec<String>,
    /// Show the address and the token as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Formats of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PredictionFormat {
    /// Comma-separated, with a header
    Csv,
    /// One JSON object per line
    Jsonl,
}

/// `automl evaluate`
#[derive(Args, Debug)]
pub(in crate::cli) struct Evaluate {
    #[command(flatten)]
    pub(in crate::cli) input: ModelInput,
    /// Labelled texts: a file, a folder or a pattern such as `'test/*.csv'`, `-` for standard input, or built-in data such as `builtin:fashion-mini`
    pub(in crate::cli) data: String,
    /// Show this metric of the task too, such as `mcc` or `f1:spam`; may be repeated
    #[arg(long = "metric", value_name = "NAME")]
    pub(in crate::cli) metrics: Vec<String>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
