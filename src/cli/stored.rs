//! A study read from its folder for display, even while another process works on it.

use std::path::Path;

use super::CliError;
use crate::engine::{Folder, FolderError, Looker};
use crate::journal::Holder;
use crate::report::State;
use crate::spec::{self, Spec};
use crate::study::{Event, Study};
use crate::units::Samples;

/// The current state of the study in a folder.
pub(super) fn load(folder: &Path) -> Result<(Spec, Study), CliError> {
    let (spec, study, _) = load_to_end(folder)?;
    Ok((spec, study))
}

/// The same, with the reader, which has reached the end of the journal.
pub(super) fn load_to_end(folder: &Path) -> Result<(Spec, Study, Looker), CliError> {
    let (spec, epoch, mut looker) = read(folder)?;
    let mut study = Study::to_look_at(&spec, epoch);
    while let Some(entry) = looker.next().transpose()? {
        let told = study.replay(&entry.event, entry.elapsed);
        told.map_err(|problem| looker.impossible(&problem))?;
    }
    Ok((spec, study, looker))
}

/// The spec of a study's folder, the samples of an epoch, and a reader of its journal.
pub(super) fn read(folder: &Path) -> Result<(Spec, Samples, Looker), CliError> {
    let (created, looker) = Folder::look(folder)?;
    let path = folder.join("spec.yaml");
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    // Needs neither the model nor the data.
    let (spec, _) = spec::from_text(&text, &path, &[]).map_err(CliError::Spec)?;
    match created {
        Event::StudyCreated { inputs, .. } => Ok((spec, inputs.epoch, looker)),
        _ => Err(FolderError::NoStudy(folder.to_owned()).into()),
    }
}

/// The state of the study in a folder and the process that works on it. Call this before reading the journal: a study
/// that ends in between then appears as running, never as crashed.
pub(super) fn holder(folder: &Path) -> Result<(State, Option<(u32, String)>), CliError> {
    let (state, process) = match Holder::look(folder)? {
        Holder::Alive(process) => (State::Running, process),
        Holder::Dead(process) => (State::Died, Some(process)),
        Holder::Nobody => (State::Interrupted, None),
    };
    Ok((state, process.map(|process| (process.pid, process.host))))
}
