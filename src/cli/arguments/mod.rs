//! The command-line arguments. They are parsed here and checked elsewhere. Begin reading at [`Arguments`].

mod changes;
mod cluster;
mod fit;
mod look;
mod network;
mod prepare;
mod produce;
mod programs;
mod registered;
mod run;

use changes::Changes;
pub(super) use cluster::{Cluster, ClusterCheck, ClusterCommand, ClusterManifest};
pub(super) use fit::{Choices, Fit};
pub(super) use look::{Best, Compare, Export, Importance, Leaderboard, Report, Serve, Status, Stop, Watch};
pub(super) use network::{Network, OnRequest};
pub(super) use prepare::{Convert, Data, DataTask, Example, Init, Plan, Validate};
use produce::FileArguments;
pub(super) use produce::{Evaluate, Predict, PredictionFormat, ServeModel, Train};
pub(super) use programs::{AskTell, Completions, Launch, Man, Worker};
pub(super) use run::{GateArguments, Rerun, Resume, Search};

use clap::{Args, Parser, Subcommand};

/// Finds the best way to fine-tune a pretrained model on your data before a deadline.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Verbosity of the output.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Verbosity {
    /// Print log lines instead of a progress display
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Print only errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a model from a file of labelled texts: choose the settings, search within a budget, save the winner
    Fit(Fit),
    /// Search: run trials until the budget is spent, and leave a leaderboard and the best configuration
    Search(Search),
    /// Resume a study that was interrupted, or give a finished one more budget
    Resume(Resume),
    /// Show a study in a full-screen view, while it runs elsewhere or afterwards
    Watch(Watch),
    /// Show the state of a study, while it runs or afterwards
    Status(Status),
    /// Stop a running study from another terminal, and save its checkpoints
    Stop(Stop),
    /// Show what a data set holds and what is wrong with it; for a study, which labels are likely wrong
    Data(Data),
    /// Check a spec, its model and its data, without running anything
    Validate(Validate),
    /// Estimate the cost and the progress of a search without running it
    Plan(Plan),
    /// Write an annotated spec to start from
    Init(Init),
    /// Print the JSON Schema of specs, for editors that complete and check
    Schema,
    /// Convert a search space of another program into a spec
    Convert(Convert),
    /// Show the trials of a study, best first
    Leaderboard(Leaderboard),
    /// Show the best configuration of a study
    Best(Best),
    /// Write one file of HTML that shows everything about a study, or compares several
    Report(Report),
    /// Export a study in the format of another program
    Export(Export),
    /// Serve the report as a page that updates itself, on this machine only
    Serve(Serve),
    /// Show which parameters matter
    Importance(Importance),
    /// Show studies side by side
    Compare(Compare),
    /// Run the best configurations again with other seeds, to see how much was luck
    Rerun(Rerun),
    /// Train a model for production from a `best.yaml`
    Train(Train),
    /// Predict the classes of examples with a trained model
    Predict(Predict),
    /// Answer requests over HTTP with the predictions of a trained model: JSON in, JSON out
    ServeModel(ServeModel),
    /// Measure a trained model on labelled examples
    Evaluate(Evaluate),
    /// Run a search for another program, over lines of JSON on standard input and output
    AskTell(AskTell),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, or write one for every command
    Man(Man),
    /// Check a cluster for a spec, or print what Kubernetes needs to run its workers
    Cluster(Cluster),
    /// Join a study that runs on another machine, and run its trials here until it ends
    Worker(Worker),
    /// Run a program that ends with its worker (internal)
    #[command(hide = true)]
    Launch(Launch),
}
