//! `automl resume DIR`: goes on with a study.

use std::process::ExitCode;

use super::CliError;
use super::arguments::{Resume, Verbosity};
use super::run::{Run, style};
use crate::engine::{Folder, Opened};
use crate::objective;
use crate::spec;

/// Goes on with the study in a folder.
pub(super) fn resume(arguments: &Resume, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let added_wall = arguments.add_budget.as_deref().map(seconds).transpose()?;
    let Opened {
        folder,
        journal,
        contents,
        elapsed,
    } = Folder::open(&arguments.folder)?;
    let (mut spec, _) = spec::load(&arguments.folder.join("spec.yaml"), &[]).map_err(CliError::Spec)?;
    if arguments.workers.is_some() {
        spec.resources.workers = arguments.workers;
    }
    let facts = objective::inspect(&spec)?;
    let style = style(verbosity, arguments.json);
    Run {
        spec,
        facts,
        folder,
        journal,
        before: contents,
        elapsed,
        added_wall,
        style,
    }
    .run()
}

/// A time as people write it, in seconds.
fn seconds(text: &str) -> Result<f64, CliError> {
    let parsed = text
        .parse::<f64>()
        .ok()
        .or_else(|| Some(text.parse::<jiff::SignedDuration>().ok()?.as_secs_f64()));
    parsed
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .ok_or_else(|| {
            CliError::Usage(format!(
                "`--add-budget {text}` is no time: write it like `90s`, `10m` or `1h30m`"
            ))
        })
}
