//! `automl schema`: the JSON Schema of specs, for editors.

use std::io::Write as _;
use std::process::ExitCode;

use super::CliError;
use super::stored::shown;
use crate::spec;

/// Prints the schema.
pub(super) fn schema() -> Result<ExitCode, CliError> {
    shown(writeln!(std::io::stdout(), "{:#}", spec::schema()))
}
