//! `automl stop DIR`: stops a running study cleanly, from another terminal.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::arguments::Stop;
use super::duration::seconds;
use super::{CliError, stored};
use crate::engine::{self, Folder, Stopped};

/// Asks the process that works on a study to stop, and waits until it has.
pub(super) fn stop(arguments: &Stop) -> Result<ExitCode, CliError> {
    let timeout = Duration::from_secs_f64(seconds("--timeout", &arguments.timeout)?);
    // A missing study is reported before a study that is not running.
    Folder::look(&arguments.folder)?;
    let Stopped { process } = engine::stop(&arguments.folder, timeout)?;
    let folder = arguments.folder.display();
    let (spec, study) = stored::load(&arguments.folder)?;
    let resumed_by = spec.objective.resumed_by(&folder.to_string());
    let how = match study.ended() {
        Some(reason) => format!("the study in `{folder}` has ended ({})", reason.name()),
        None => format!("the study in `{folder}` is interrupted: `{resumed_by}` continues it"),
    };
    let _ = writeln!(std::io::stderr(), "stopped ({process}); {how}");
    Ok(ExitCode::SUCCESS)
}
