//! A study read from its folder, to look at, also while another process works on it.

use std::path::Path;

use super::CliError;
use crate::engine::{Folder, FolderError};
use crate::journal::{Contents, Holder};
use crate::report::State;
use crate::spec::{self, Spec};
use crate::study::{Event, Study};
use crate::units::Samples;

/// The study in a folder as it stands.
pub(super) fn load(folder: &Path) -> Result<(Spec, Study), CliError> {
    let (spec, epoch, contents) = read(folder)?;
    let mut study = Study::to_look_at(&spec, epoch);
    for entry in &contents.entries {
        study.apply(&entry.event, entry.elapsed);
    }
    Ok((spec, study))
}

/// What is in the folder of a study: its spec, the samples of its epochs, and what happened.
pub(super) fn read(folder: &Path) -> Result<(Spec, Samples, Contents), CliError> {
    let contents = Folder::look(folder)?;
    let path = folder.join("spec.yaml");
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    // Looking needs neither the model nor the data.
    let (spec, _) = spec::from_text(&text, &path, &[]).map_err(CliError::Spec)?;
    match contents.entries.first().map(|entry| &entry.event) {
        Some(Event::StudyCreated { inputs, .. }) => Ok((spec, inputs.epoch, contents)),
        _ => Err(FolderError::NoStudy(folder.to_owned()).into()),
    }
}

/// Whether a process works on the study in a folder, and which. To be asked before the journal is read: a study that ends
/// between the two is then seen as running, never as crashed.
pub(super) fn holder(folder: &Path) -> Result<(State, Option<(u32, String)>), CliError> {
    let (state, process) = match Holder::look(folder)? {
        Holder::Alive(process) => (State::Running, process),
        Holder::Dead(process) => (State::Died, Some(process)),
        Holder::Nobody => (State::Interrupted, None),
    };
    Ok((state, process.map(|process| (process.pid, process.host))))
}
