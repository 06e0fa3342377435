//! `automl best DIR`: the best configuration of a study.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::Best as Arguments;
use super::output::print;
use super::{CliError, stored};
use crate::report::{Best, Export};

/// Prints the best configuration. Exit code 4 if no trial has a metric yet, or none satisfies the metric constraints.
pub(super) fn best(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (spec, study) = stored::load(&arguments.folder)?;
    let Some(best) = Best::new(&study) else {
        let _ = writeln!(
            std::io::stderr(),
            "no trial of `{}` has a value of `{}`",
            spec.name,
            spec.metric.name
        );
        return Ok(ExitCode::from(4));
    };
    let json = Export::named("json").filter(|_| arguments.json);
    let text = (json.unwrap_or(arguments.format).write)(&best, &spec);
    let printed = print(&text)?;
    let Some(warning) = best.warning() else {
        return Ok(printed);
    };
    let _ = writeln!(std::io::stderr(), "warning: {warning}");
    Ok(ExitCode::from(4))
}
