//! `automl ask-tell`: the search as lines of JSON on standard input and output, for other programs and languages.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::arguments::AskTell;
use super::{CliError, stored};
use crate::ask_tell::{Options, Session};
use crate::engine::FolderError;
use crate::report::Files;
use crate::spec::{SchedulerSpec, SearcherSpec};
use crate::suggestion::did_you_mean;

/// Answers line after line until `quit` or the end of the input.
pub(super) fn ask_tell(arguments: &AskTell) -> Result<ExitCode, CliError> {
    let options = Options {
        searcher: searcher(&arguments.method)?,
        scheduler: scheduler(&arguments.scheduler)?,
        ..Options::default()
    };
    let mut session = Session::new(options);
    if let Some(folder) = &arguments.out {
        session = session.recorded_in(folder.clone());
    }
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        // Text that is no UTF-8 is a bad message like any other.
        let (answer, is_over) = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => session.answer(&line),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => session.answer(""),
            Err(_) => break,
        };
        // Whoever asked is gone: nobody is left to answer.
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() || is_over {
            break;
        }
    }
    let failure = session.failure();
    // Its folder is free from here on.
    drop(session);
    match (&arguments.out, failure) {
        (_, Some(error)) => Err(CliError::Record(error)),
        (Some(folder), None) => write_results(folder),
        (None, None) => Ok(ExitCode::SUCCESS),
    }
}

/// The files that every study leaves, beside its journal.
fn write_results(folder: &Path) -> Result<ExitCode, CliError> {
    let (spec, study) = match stored::load(folder) {
        Ok(loaded) => loaded,
        // No `init` was sent, or it was refused.
        Err(CliError::Folder(FolderError::NoStudy(_))) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error),
    };
    let mut files = Files::new(folder.to_owned(), spec);
    files.write(&study).map_err(|source| CliError::File {
        action: "write the results in",
        path: folder.to_owned(),
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn searcher(name: &str) -> Result<SearcherSpec, CliError> {
    named("--method", name, &SearcherSpec::NAMES)
}

fn scheduler(name: &str) -> Result<SchedulerSpec, CliError> {
    named("--scheduler", name, &SchedulerSpec::NAMES)
}

fn named<T: Copy>(flag: &str, name: &str, known: &[(&str, T)]) -> Result<T, CliError> {
    if let Some((_, meant)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(*meant);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let hint = did_you_mean(name, names.iter().copied()).map_or_else(
        || format!("supported: {}", names.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(CliError::Usage(format!("`{flag}` cannot be `{name}`: {hint}")))
}
