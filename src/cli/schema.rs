//! `automl schema`: the JSON Schema of specs, for editors.

use std::process::ExitCode;

use super::CliError;
use super::output::print;
use crate::spec;

/// Prints the schema.
pub(super) fn schema() -> Result<ExitCode, CliError> {
    print(&format!("{:#}", spec::schema()))
}
