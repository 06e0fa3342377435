//! `automl ask-tell`: the search as lines of JSON on standard input and output, for other programs and languages.

use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;

use super::arguments::AskTell;
use super::output::shown;
use super::{CliError, stored};
use crate::ask_tell::{Options, Session};
use crate::engine;
use crate::report::Files;
use crate::spec::{SchedulerSpec, SearcherSpec};
use crate::suggestion::did_you_mean;

/// An event of the conversation.
enum Heard {
    /// A line, or the error of a line that cannot be read.
    Line(io::Result<String>),
    /// The input has ended.
    End,
    /// A signal requests that the process ends.
    Stop,
}

/// Answers line after line until `quit`, the end of the input or a signal.
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
    let heard = listen(arguments.out.is_some())?;
    let ended = converse(&mut session, &heard);
    if let Some(error) = session.failure() {
        return Err(CliError::Record(error));
    }
    // Written while this process still holds the study.
    if let Some(folder) = arguments.out.as_deref().filter(|_| session.is_recorded()) {
        write_results(folder)?;
    }
    ended
}

/// Listens to the input. If the search is recorded, it listens to signals too.
fn listen(is_recorded: bool) -> Result<mpsc::Receiver<Heard>, CliError> {
    let (sender, heard) = mpsc::channel();
    let failed = |source| CliError::File {
        action: "listen to",
        path: "standard input".into(),
        source,
    };
    if is_recorded {
        engine::forward_signals(sender.clone(), || Heard::Stop).map_err(failed)?;
    }
    let read = move || {
        for line in io::stdin().lock().lines() {
            // Text that is not UTF-8 is an invalid message like any other.
            let is_over = line
                .as_ref()
                .is_err_and(|error| error.kind() != io::ErrorKind::InvalidData);
            if is_over || sender.send(Heard::Line(line)).is_err() {
                break;
            }
        }
        let _ = sender.send(Heard::End);
    };
    std::thread::Builder::new().spawn(read).map_err(failed)?;
    Ok(heard)
}

fn converse(session: &mut Session, heard: &mpsc::Receiver<Heard>) -> Result<ExitCode, CliError> {
    let mut output = io::stdout().lock();
    for heard in heard {
        let (answer, is_over) = match heard {
            Heard::Line(Ok(line)) if line.trim().is_empty() => continue,
            Heard::Line(Ok(line)) => session.answer(&line),
            Heard::Line(Err(_)) => session.answer(""),
            Heard::End => break,
            Heard::Stop => return Ok(ExitCode::from(130)),
        };
        if let Err(error) = writeln!(output, "{answer}").and_then(|()| output.flush()) {
            // The other program may have exited; then there is no reader.
            return shown(Err(error));
        }
        if is_over {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the files that every study leaves beside its journal.
fn write_results(folder: &Path) -> Result<(), CliError> {
    let (spec, study) = stored::load(folder)?;
    let mut files = Files::new(folder.to_owned(), spec);
    files.write(&study).map_err(|source| CliError::File {
        action: "write the results in",
        path: folder.to_owned(),
        source,
    })
}

fn searcher(name: &str) -> Result<SearcherSpec, CliError> {
    named("--method", name, &SearcherSpec::names())
}

fn scheduler(name: &str) -> Result<SchedulerSpec, CliError> {
    named("--scheduler", name, &SchedulerSpec::names())
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
