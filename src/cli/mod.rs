//! The command line: one file per command. Messages for people go to standard error, results to standard output.
//!
//! Begin reading at [`main`].

mod arguments;
mod ask_tell;
mod best;
mod cluster;
mod compare;
mod completions;
mod convert;
mod curtain;
mod data;
mod downloads;
mod duration;
mod error;
mod evaluate;
mod export;
mod fit;
mod formats;
mod gate;
mod importance;
mod init;
mod launch;
mod leaderboard;
mod look;
mod output;
mod plan;
mod predict;
mod report;
mod rerun;
mod resume;
mod run;
mod schema;
mod search;
mod serve;
mod serve_model;
mod status;
mod stop;
mod stored;
mod telling;
mod train;
mod validate;
mod watch;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use error::CliError;

use crate::os;

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    os::survive_size_limit();
    let verbosity = arguments.verbosity;
    let result = match arguments.command {
        Command::Fit(fit) => fit::fit(&fit, verbosity),
        Command::Search(search) => search::search(search, verbosity),
        Command::Resume(resume) => resume::resume(&resume, verbosity),
        Command::Watch(watch) => watch::watch(&watch),
        Command::Status(status) => status::status(&status),
        Command::Stop(stop) => stop::stop(&stop),
        Command::Plan(plan) => plan::plan(&plan, verbosity),
        Command::Report(report) => report::report(&report),
        Command::Export(export) => export::export(&export),
        Command::Serve(serve) => serve::serve(&serve),
        Command::Importance(importance) => importance::importance(&importance),
        Command::Compare(compare) => compare::compare(&compare),
        Command::Rerun(rerun) => rerun::rerun(&rerun, verbosity),
        Command::Data(data) => data::data(&data),
        Command::Validate(validate) => validate::validate(&validate, verbosity),
        Command::Init(init) => init::init(&init),
        Command::Schema => schema::schema(),
        Command::Convert(convert) => convert::convert(&convert),
        Command::Leaderboard(leaderboard) => leaderboard::leaderboard(&leaderboard),
        Command::Best(best) => best::best(&best),
        Command::Train(train) => train::train(&train),
        Command::Predict(predict) => predict::predict(&predict),
        Command::ServeModel(serve_model) => serve_model::serve_model(&serve_model),
        Command::Evaluate(evaluate) => evaluate::evaluate(&evaluate),
        Command::Completions(completions) => completions::completions(&completions),
        Command::Man(man) => completions::man(&man),
        Command::AskTell(ask_tell) => ask_tell::ask_tell(&ask_tell),
        Command::Cluster(cluster) => cluster::cluster(&cluster),
        Command::Worker(worker) => worker::worker(&worker),
        Command::Launch(launch) => Ok(launch::launch(&launch)),
    };
    result.unwrap_or_else(|error| {
        error.show();
        ExitCode::from(error::EXIT_CODE)
    })
}
