//! What may be typed. Nothing is judged here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finetune::Device;
use crate::report::SortBy;
use crate::spec::Override;

/// Finds the best way to fine-tune a pretrained model on your data before a deadline.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How much to say.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Verbosity {
    /// Say more: log lines instead of a progress display
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Search: run trials until the budget is spent, and leave a leaderboard and the best configuration
    Search(Search),
    /// Go on with a study that was interrupted, or give a finished one more budget
    Resume(Resume),
    /// Watch a study on the whole terminal, from another one or afterwards
    Watch(Watch),
    /// Show how a study stands, while it runs or afterwards
    Status(Status),
    /// Stop a running study in good order, from another terminal
    Stop(Stop),
    /// Check a spec, its model and its data, without running anything
    Validate(Validate),
    /// Say what a search would cost and how far it would come, without running it
    Plan(Plan),
    /// Write an annotated spec to start from
    Init(Init),
    /// Print the JSON Schema of specs, for editors that complete and check
    Schema,
    /// Turn a search space of another program into a spec
    Convert(Convert),
    /// Show the trials of a study, best first
    Leaderboard(Leaderboard),
    /// Show the best configuration of a study
    Best(Best),
    /// Write one file of HTML that shows everything about a study, or compares several
    Report(Report),
    /// Serve the report as a page that updates itself, to this machine alone
    Serve(Serve),
    /// Show which parameters matter
    Importance(Importance),
    /// Show studies side by side
    Compare(Compare),
    /// Run the best configurations of a study again with other seeds: how much was luck
    Rerun(Rerun),
    /// Train a model for production from a `best.yaml`
    Train(Train),
    /// Predict the classes of examples with a trained model
    Predict(Predict),
    /// Measure a trained model on labelled examples
    Evaluate(Evaluate),
    /// Search for another program: lines of JSON on standard input and output
    AskTell(AskTell),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, or write one for every verb
    Man(Man),
    /// Run segments for an engine (internal)
    #[command(hide = true)]
    Worker(Worker),
    /// Become another program that dies with its worker (internal)
    #[command(hide = true)]
    Launch(Launch),
}

/// `automl search`
#[derive(Args, Debug)]
pub(super) struct Search {
    /// The spec, such as `space.yaml`
    pub(super) spec: PathBuf,
    /// The study's folder [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Worker processes
    #[arg(long, value_name = "N")]
    pub(super) workers: Option<String>,
    /// Trials in all
    #[arg(long, value_name = "N")]
    pub(super) trials: Option<String>,
    /// Time in all, such as `90s`, `10m` or `1h30m`
    #[arg(long, value_name = "TIME")]
    pub(super) budget: Option<String>,
    /// The seed of everything random
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<String>,
    /// Change a value of the spec, such as `parameters.dropout.max=0.3`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
    /// Report progress as JSON, one object a line, on standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Show the study on the whole terminal; without one, as lines
    #[arg(long, conflicts_with = "json")]
    pub(super) tui: bool,
    #[command(flatten)]
    pub(super) gate: GateArguments,
}

impl Search {
    /// The flags as changes of the spec: the special ones first, so that `--set` has the last word.
    pub(super) fn overrides(&self) -> Vec<Override> {
        let flags = [
            ("--workers", "resources.workers", &self.workers),
            ("--trials", "budget.trials", &self.trials),
            ("--budget", "budget.wall", &self.budget),
            ("--seed", "seed", &self.seed),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some(Override::new(key, value.clone()?).with_flag(flag)));
        flags.chain(self.set.iter().cloned()).collect()
    }
}

/// `automl resume`
#[derive(Args, Debug)]
pub(super) struct Resume {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// Time to add to the budget, such as `10m`
    #[arg(long, value_name = "TIME")]
    pub(super) add_budget: Option<String>,
    /// Worker processes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) workers: Option<u16>,
    /// Report progress as JSON, one object a line, on standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Show the study on the whole terminal; without one, as lines
    #[arg(long, conflicts_with = "json")]
    pub(super) tui: bool,
    #[command(flatten)]
    pub(super) gate: GateArguments,
}

/// `automl watch`
#[derive(Args, Debug)]
pub(super) struct Watch {
    /// The study's folder
    pub(super) folder: PathBuf,
}

/// `automl status`
#[derive(Args, Debug)]
pub(super) struct Status {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// Show it as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl stop`
#[derive(Args, Debug)]
pub(super) struct Stop {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// How long to wait for it to finish its step and save checkpoints
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(super) timeout: String,
}

/// `automl validate`
#[derive(Args, Debug)]
pub(super) struct Validate {
    /// The spec
    pub(super) spec: PathBuf,
    /// Change a value of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
}

/// `automl plan`
#[derive(Args, Debug)]
pub(super) struct Plan {
    /// The spec
    pub(super) spec: PathBuf,
    /// Change a value of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl init`
#[derive(Args, Debug)]
pub(super) struct Init {
    /// The file to write
    #[arg(default_value = "space.yaml")]
    pub(super) file: PathBuf,
}

/// `automl convert`
#[derive(Args, Debug)]
pub(super) struct Convert {
    /// Whose file it is
    #[arg(long, value_enum, value_name = "PROGRAM")]
    pub(super) from: SourceName,
    /// The file: a sweep, an experiment, a search space, or the Python file that has one in it
    pub(super) file: PathBuf,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Programs whose search spaces can be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SourceName {
    /// A sweep of Weights & Biases (YAML)
    Wandb,
    /// Distributions of Optuna (JSON), or Python with `trial.suggest_…`
    Optuna,
    /// Python with a search space of Ray Tune
    Ray,
    /// An `Experiment` of Kubeflow Katib (YAML)
    Katib,
    /// A search space of NNI (JSON), or the configuration that names it (YAML)
    Nni,
}

/// `automl leaderboard`
#[derive(Args, Debug)]
pub(super) struct Leaderboard {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub(super) format: TableFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// Only rows of which this is true, such as `accuracy > 0.8 and learning_rate < 1e-3`
    #[arg(long = "where", value_name = "CONDITION")]
    pub(super) condition: Option<String>,
    /// Sort by a column; `-COLUMN`: the largest first
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(super) sort: Option<SortBy>,
    /// Only the first so many of these rows
    #[arg(long, value_name = "N")]
    pub(super) top: Option<usize>,
    /// Leave out the columns that depend on the machine
    #[arg(long)]
    pub(super) no_timing: bool,
}

/// Formats of the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// For reading in a terminal, with the most telling columns
    Table,
    /// All columns, comma-separated
    Csv,
    /// All columns, as a list of objects
    Json,
    /// A Markdown table
    Md,
}

/// `automl best`
#[derive(Args, Debug)]
pub(super) struct Best {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value_t = BestFormat::Yaml)]
    pub(super) format: BestFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
}

/// Formats of the best configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BestFormat {
    /// A spec that `automl train` runs
    Yaml,
    /// One object with the configuration and its metric
    Json,
    /// Lines for a shell: `LEARNING_RATE=0.003`
    Env,
    /// Arguments for another program: `--learning_rate=0.003`
    Args,
}

/// What a batch job wants of a search.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct GateArguments {
    /// Exit with 5 if the best is worse than that of this `leaderboard.csv`
    #[arg(long, value_name = "CSV")]
    pub(super) baseline: Option<PathBuf>,
    /// By how much it may be worse
    #[arg(long, value_name = "X", requires = "baseline", value_parser = not_negative)]
    pub(super) tolerance: Option<f64>,
    /// Print a summary on standard output
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) summary: Option<SummaryFormat>,
    /// Write what passed and what failed as a JUnit file
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

/// Formats of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SummaryFormat {
    /// Markdown
    Md,
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a number of 0 or more, in units of the metric".to_owned())
}

/// `automl report`
#[derive(Args, Debug)]
pub(super) struct Report {
    /// The folders of the studies
    #[arg(required = true, value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
    /// The file to write [default: `report.html` in the study's folder; of several studies here]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Print what the report shows as JSON instead
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl serve`
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The folders of the studies
    #[arg(required = true, value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
    /// The port [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) port: u16,
}

/// `automl importance`
#[derive(Args, Debug)]
pub(super) struct Importance {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// What makes the best so many percent of the trials good, instead of all
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(super) best: Option<u8>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl compare`
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// The folders of the studies
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
    /// Show it as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl rerun`
#[derive(Args, Debug)]
pub(super) struct Rerun {
    /// The study's folder
    pub(super) folder: PathBuf,
    /// How many of the best configurations
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) top: u16,
    /// How many seeds each
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) seeds: u16,
    /// The folder of the new study [default: `rerun` in the study's folder]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Worker processes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(super) workers: Option<u16>,
    /// Report progress as JSON, one object a line, on standard error
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl train`
#[derive(Args, Debug)]
pub(super) struct Train {
    /// The configuration: a `best.yaml`, or a spec with one value for every parameter
    pub(super) spec: PathBuf,
    /// The model's folder [default: beside the configuration, named `model`]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Train on the validation examples too; the model is then not measured
    #[arg(long)]
    pub(super) with_validation: bool,
    /// Train all epochs, not only up to the epoch that was best
    #[arg(long)]
    pub(super) all_epochs: bool,
    /// Refuse when the model or the data is not what the configuration was found with; without it that is a warning
    #[arg(long)]
    pub(super) check: bool,
    /// Change a value of the configuration
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
}

/// A trained model and examples for it.
#[derive(Args, Debug)]
pub(super) struct ModelInput {
    /// The model's folder, as `automl train` left it, or any BERT for sequence classification
    pub(super) model: PathBuf,
    /// A table of texts (`.csv`, `.tsv` or `.jsonl`), or built-in data such as `builtin:fashion-mini`
    pub(super) data: String,
    /// The column of the texts [default: that of the training data]
    #[arg(long, value_name = "COLUMN")]
    pub(super) text: Option<String>,
    /// The column of the labels [default: that of the training data]
    #[arg(long, value_name = "COLUMN")]
    pub(super) label: Option<String>,
}

/// `automl predict`
#[derive(Args, Debug)]
pub(super) struct Predict {
    #[command(flatten)]
    pub(super) input: ModelInput,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// How to write it [default: by the file's name, else `csv`]
    #[arg(long, value_enum)]
    pub(super) format: Option<PredictionFormat>,
}

/// Formats of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PredictionFormat {
    /// Comma-separated, with a header
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// `automl evaluate`
#[derive(Args, Debug)]
pub(super) struct Evaluate {
    #[command(flatten)]
    pub(super) input: ModelInput,
    /// Show it as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// `automl ask-tell`
#[derive(Args, Debug)]
pub(super) struct AskTell {
    /// Who proposes configurations
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) method: String,
    /// Who decides which trial goes on, where trials have several steps: a `type` of `early_terminate`
    #[arg(long, value_name = "NAME", default_value = "asha")]
    pub(super) scheduler: String,
}

/// `automl completions`
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// `automl man`
#[derive(Args, Debug)]
pub(super) struct Man {
    /// The folder to write pages of every verb to [default: the main page on standard output]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// `automl worker`
#[derive(Args, Debug)]
pub(super) struct Worker {
    /// The study's folder
    #[arg(long)]
    pub(super) study: PathBuf,
    /// The device
    #[arg(long)]
    pub(super) device: Device,
}

/// `automl launch`
#[derive(Args, Debug)]
pub(super) struct Launch {
    /// The worker's process
    #[arg(long)]
    pub(super) parent: u32,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(super) words: Vec<OsString>,
}
