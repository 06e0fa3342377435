//! `automl validate SPEC`: everything that `search` checks, and nothing run.

use std::io::Write as _;
use std::process::ExitCode;

use super::CliError;
use super::arguments::Validate;
use super::search::{explain_method, show_warnings, warm_start};
use crate::{objective, spec, worker};

/// Checks a spec with its model and data.
pub(super) fn validate(arguments: &Validate) -> Result<ExitCode, CliError> {
    let (spec, warnings) = spec::load(&arguments.spec, &arguments.set).map_err(CliError::Spec)?;
    show_warnings(&warnings);
    let facts = objective::inspect(&spec)?;
    warm_start(&spec, false)?;
    explain_method(&spec);
    let slots = worker::slots(&spec.resources, facts.demand)?;
    let size = spec
        .space
        .cardinality()
        .map_or("infinitely many".to_owned(), |count| count.to_string());
    let _ = writeln!(
        std::io::stderr(),
        "`{}` is valid: {} parameters, {size} configurations, an epoch of {} samples, {} workers here",
        arguments.spec.display(),
        spec.space.parameters().len(),
        facts.identity.epoch,
        slots.len()
    );
    Ok(ExitCode::SUCCESS)
}
