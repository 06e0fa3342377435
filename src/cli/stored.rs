//! A study read from its folder, to look at.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use super::CliError;
use crate::engine::{Folder, FolderError};
use crate::policies;
use crate::spec::{self, Spec};
use crate::study::{Event, Settings, Study};

/// The study in a folder as it stands, also while another process works on it.
pub(super) fn load(folder: &Path) -> Result<(Spec, Study), CliError> {
    let contents = Folder::look(folder)?;
    let path = folder.join("spec.yaml");
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    // Looking needs neither the model nor the data.
    let (spec, _) = spec::from_text(&text, &path, &[]).map_err(CliError::Spec)?;
    let Some(Event::StudyCreated { inputs, .. }) = contents.entries.first().map(|entry| &entry.event) else {
        return Err(FolderError::NoStudy(folder.to_owned()).into());
    };
    let settings = Settings::new(&spec, inputs.epoch);
    let policy = policies::for_spec(&spec, settings.lengths());
    let mut study = Study::new(settings, policy, Box::new(|_, _, _| 1.0));
    for entry in &contents.entries {
        study.apply(&entry.event, entry.elapsed);
    }
    Ok((spec, study))
}

/// What came of writing to standard output. Whoever reads may stop early: `automl leaderboard DIR | head`.
pub(super) fn shown(written: io::Result<()>) -> Result<ExitCode, CliError> {
    match written {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(CliError::File {
            action: "write",
            path: "standard output".into(),
            source,
        }),
        _ => Ok(ExitCode::SUCCESS),
    }
}
