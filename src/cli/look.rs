//! A study as people see it, read from its folder, also while another process works on it.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::analysis::Focus;
use crate::engine::{Folder, FolderError};
use crate::journal::Holder;
use crate::report::view::{Learnt, Replay, StudyView};
use crate::report::{LiveState, Outside, State};
use crate::spec;
use crate::study::Event;

/// A study that is looked at, once or again and again.
pub(super) struct Look {
    folder: PathBuf,
    replay: Replay,
    /// Events of the journal that have been told.
    told: usize,
}

impl Look {
    /// Reads the study in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CliError> {
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
        let mut look = Self {
            folder: folder.to_owned(),
            replay: Replay::new(spec, inputs.epoch),
            told: 0,
        };
        look.catch_up()?;
        Ok(look)
    }

    /// Takes in what has happened since; whether anything has.
    pub(super) fn catch_up(&mut self) -> Result<bool, CliError> {
        let contents = Folder::look(&self.folder)?;
        let news = contents.entries.get(self.told..).unwrap_or_default();
        for entry in news {
            self.replay.feed(&entry.event, entry.elapsed);
        }
        let has_news = !news.is_empty();
        self.told = self.told.max(contents.entries.len());
        Ok(has_news)
    }

    /// The study with its spec.
    pub(super) fn replay(&self) -> &Replay {
        &self.replay
    }

    /// What its results say of its parameters.
    pub(super) fn learn(&self) -> Learnt {
        Learnt::new(self.replay.study(), Focus::All)
    }

    /// The study as people see it.
    pub(super) fn view(&self, learnt: &Learnt) -> Result<StudyView, CliError> {
        let folder = &self.folder;
        let holder = match Holder::look(folder)? {
            Holder::Alive(process) => (State::Running, process),
            Holder::Dead(process) => (State::Died, Some(process)),
            Holder::Nobody => (State::Interrupted, None),
        };
        let outside = Outside {
            name: self.replay.spec().name.clone(),
            folder: folder.display().to_string(),
            holder: (holder.0, holder.1.map(|process| (process.pid, process.host))),
            elapsed: self.elapsed(),
            wall: self.replay.spec().budget.wall,
            last_event_at: Folder::last_event_at(folder),
            torn: None,
        };
        Ok(self.replay.view(outside, LiveState::read(folder), learnt))
    }

    fn elapsed(&self) -> f64 {
        Folder::elapsed_at_least(&self.folder, self.replay.elapsed())
    }
}
