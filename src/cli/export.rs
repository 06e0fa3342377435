//! `automl export DIR… --to TRACKER`: exports studies to a tracker, once.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::Export;
use super::{CliError, stored};
use crate::spec::TrackerSpec;
use crate::tracking;

/// Delivers everything that is in the journals now.
pub(super) fn export(arguments: &Export) -> Result<ExitCode, CliError> {
    for folder in &arguments.folders {
        let (spec, epoch, _) = stored::read(folder)?;
        // The options of the tracker in the study's own spec apply here too.
        let own = spec.tracking.iter().find(|tracker| tracker.name == arguments.to.name);
        let tracker = own.cloned().or_else(|| TrackerSpec::named(arguments.to.name));
        let Some(tracker) = tracker else { continue };
        let out = arguments.out.as_deref();
        let out = out.map(|out| match arguments.folders.len() {
            1 => out.to_owned(),
            // Each of several studies gets a folder of its own.
            _ => out.join(folder.file_name().unwrap_or_default()),
        });
        tracking::export(folder, (&spec, epoch), &tracker, out.as_deref()).map_err(CliError::Tracker)?;
        let _ = writeln!(
            std::io::stderr(),
            "exported `{}` to {}",
            folder.display(),
            arguments.to.name
        );
    }
    Ok(ExitCode::SUCCESS)
}
