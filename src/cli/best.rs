//! `automl best DIR`: the best configuration of a study.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::{Best as Arguments, BestFormat};
use super::output::print;
use super::{CliError, stored};
use crate::report::Best;

/// Prints the best configuration; exit code 4 when no trial has a metric yet, or none fulfils the constraints on metrics.
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
    let format = if arguments.json {
        BestFormat::Json
    } else {
        arguments.format
    };
    let text = match format {
        BestFormat::Yaml => best.to_yaml(&spec),
        BestFormat::Json => format!("{:#}", serde_json::to_value(&best).unwrap_or_default()),
        BestFormat::Env => best.to_env(),
        BestFormat::Args => best.to_args(),
    };
    let printed = print(&text)?;
    let Some(warning) = best.warning() else {
        return Ok(printed);
    };
    let _ = writeln!(std::io::stderr(), "warning: {warning}");
    Ok(ExitCode::from(4))
}
