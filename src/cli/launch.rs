//! `automl launch`: the process that a worker starts for an external program.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::Launch;
use crate::objective;

/// The exit code of shells for a program that cannot be started.
const NOT_STARTED: u8 = 126;

/// Replaces this process with the program; returns only if it cannot be started.
pub(super) fn launch(arguments: &Launch) -> ExitCode {
    let error = objective::launch(arguments.parent, &arguments.words);
    let program = arguments.words[0].to_string_lossy();
    let _ = writeln!(std::io::stderr(), "cannot start `{program}`: {error}");
    ExitCode::from(NOT_STARTED)
}
