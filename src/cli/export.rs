//! `automl export DIR… --to TRACKER`: a study in the form of another program, once.

use std::io::Write as _;
use std::process::ExitCode;

use super::arguments::Export;
use super::{CliError, stored};
use crate::spec::TrackerSpec;
use crate::tracking;

/// Delivers everything that the journals have by now.
pub(super) fn export(arguments: &Export) -> Result<ExitCode, CliError> {
    for folder in &arguments.folders {
        let (spec, epoch, _) = stored::read(folder)?;
        // What the study's own spec says of the tracker holds here too.
        let own = spec.tracking.iter().find(|tracker| tracker.name == arguments.to.name);
        let tracker = own.cloned().or_else(|| TrackerSpec::named(arguments.to.name));
        let Some(tracker) = tracker else { continue };
        let out = arguments.out.as_deref();
        let out = out.map(|out| match arguments.folders.len() {
            1 => out.to_owned(),
            // Several studies do not share one place.
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
