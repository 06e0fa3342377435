//! `automl ask-tell`: the search as lines of JSON on standard input and output, for other programs and languages.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use super::CliError;
use super::arguments::AskTell;
use crate::ask_tell::{Options, Session};
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
