//! `automl export DIR… --to TRACKER`: exports studies to a tracker, once.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::Export;
use super::{CliError, stored};
use crate::spec::{Spec, TrackerSpec};
use crate::tracking::{self, Registration, TrackerError};
use crate::units::Samples;

/// Delivers everything that is in the journals now.
pub(super) fn export(arguments: &Export) -> Result<ExitCode, CliError> {
    let registration = arguments.model.as_ref().map(|model| Registration {
        folder: model.clone(),
        name: arguments.register.clone(),
        alias: arguments.alias.clone(),
    });
    if registration.is_some() && arguments.folders.len() > 1 {
        let message = "a model belongs to one study: export the others without `--model`";
        return Err(CliError::Tracker(TrackerError::Options(message.to_owned())));
    }
    for folder in &arguments.folders {
        let out = arguments.out.as_deref();
        let out = out.map(|out| match arguments.folders.len() {
            1 => out.to_owned(),
            // Each of several studies gets a folder of its own.
            _ => out.join(folder.file_name().unwrap_or_default()),
        });
        let exported = Exported::open(folder, arguments.to.name, out)?;
        if let Some(registration) = &registration {
            registration.check(&exported.tracker).map_err(CliError::Tracker)?;
        }
        exported.deliver(registration.as_ref())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A study and the tracker that it goes to.
pub(super) struct Exported {
    folder: PathBuf,
    spec: Spec,
    epoch: Samples,
    tracker: TrackerSpec,
    out: Option<PathBuf>,
}

impl Exported {
    /// Reads the study. The options of the tracker in its own spec apply here too.
    pub(super) fn open(folder: &Path, tracker: &'static str, out: Option<PathBuf>) -> Result<Self, CliError> {
        let (spec, epoch, _) = stored::read(folder)?;
        let own = spec.tracking.iter().find(|known| known.name == tracker);
        let known = own.cloned().or_else(|| TrackerSpec::named(tracker));
        let missing = || CliError::Tracker(TrackerError::Options(format!("there is no tracker `{tracker}`")));
        Ok(Self {
            folder: folder.to_owned(),
            tracker: known.ok_or_else(missing)?,
            spec,
            epoch,
            out,
        })
    }

    /// The study's folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks the options and the names, without a network.
    pub(super) fn check(&self, registration: &Registration) -> Result<(), CliError> {
        registration.check(&self.tracker).map_err(CliError::Tracker)?;
        tracking::check(std::slice::from_ref(&self.tracker)).map_err(CliError::Tracker)
    }

    /// Delivers the study, and then the model.
    pub(super) fn deliver(&self, registration: Option<&Registration>) -> Result<(), CliError> {
        let out = self.out.as_deref();
        tracking::export(&self.folder, (&self.spec, self.epoch), &self.tracker, out).map_err(CliError::Tracker)?;
        say(&format!(
            "exported `{}` to {}",
            self.folder.display(),
            self.tracker.name
        ));
        if let Some(registration) = registration {
            let logged = tracking::register(&self.folder, &self.spec, &self.tracker, out, registration);
            let logged = logged.map_err(CliError::Tracker)?;
            let model = registration.folder.display();
            say(&format!("logged `{model}` as `{}`", logged.address));
            if !logged.is_loadable {
                say(
                    "note: MLflow stores the files, but cannot load models of pictures, and models that read long texts in \
                     windows",
                );
            }
        }
        Ok(())
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
