//! A study read from its folder for display, once or repeatedly while another process works on it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{CliError, stored};
use crate::analysis::Focus;
use crate::engine::{Folder, Looker};
use crate::journal::{self, Position};
use crate::objective;
use crate::report::view::{ConfusionView, LabelErrorsView, Learnt, PageView, Replay, StudyView};
use crate::report::{LiveState, Outside, State};
use crate::spec::ObjectiveSpec;
use crate::study::Study;

/// Minimum ratio of the pause after an analysis to its duration, so that analyses take a small share of the time.
const COSTLIER: u32 = 10;

/// A study that is being watched.
pub(super) struct Look {
    folder: PathBuf,
    replay: Replay,
    /// The process that works on it.
    holder: (State, Option<(u32, String)>),
    /// The position up to which the journal has been read.
    told: Position,
    learnt: Learnt,
    confusion: Option<ConfusionView>,
    /// `true` if there are new events since the last analysis.
    is_stale: bool,
    /// Earliest time of the next analysis.
    due: Instant,
}

impl Look {
    /// Reads the study in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CliError> {
        let holder = stored::holder(folder)?;
        let (spec, epoch, looker) = stored::read(folder)?;
        let mut look = Self {
            folder: folder.to_owned(),
            replay: Replay::new(spec, epoch),
            holder,
            told: Position::default(),
            learnt: Learnt::default(),
            confusion: None,
            is_stale: true,
            due: Instant::now(),
        };
        look.tell(looker)?;
        Ok(look)
    }

    /// The study itself.
    pub(super) fn study(&self) -> &Study {
        self.replay.study()
    }

    /// The current state of the study for display.
    pub(super) fn view(&mut self) -> Result<StudyView, CliError> {
        self.catch_up()?;
        let begun = Instant::now();
        if self.is_stale && begun >= self.due {
            self.learnt = Learnt::new(self.replay.study(), Focus::All);
            self.confusion = ConfusionView::new(self.replay.study(), &self.folder);
            self.is_stale = false;
            self.due = Instant::now() + begun.elapsed() * COSTLIER;
        }
        let outside = Outside {
            name: self.replay.spec().name.clone(),
            folder: self.folder.display().to_string(),
            holder: self.holder.clone(),
            elapsed: Folder::elapsed_at_least(&self.folder, self.replay.elapsed()),
            wall: self.replay.spec().budget.wall,
            last_event_at: Folder::last_event_at(&self.folder),
            torn: None,
            resumed_by: self
                .replay
                .spec()
                .objective
                .resumed_by(&self.folder.display().to_string()),
            slots: Vec::new(),
            queue: None,
        };
        let mut view = self.replay.view(outside, LiveState::read(&self.folder), &self.learnt);
        view.confusion.clone_from(&self.confusion);
        Ok(view)
    }

    /// The validation labels that are likely wrong. This reads the data again.
    pub(super) fn label_errors(&self) -> Option<LabelErrorsView> {
        let ObjectiveSpec::FineTune(fine_tune) = &self.replay.spec().objective else {
            return None;
        };
        LabelErrorsView::new(self.replay.study(), &self.folder, |truth| {
            objective::validation_rows(fine_tune, truth)
        })
    }

    /// Reads the events since the last call.
    fn catch_up(&mut self) -> Result<(), CliError> {
        self.holder = stored::holder(&self.folder)?;
        let file = std::fs::metadata(self.folder.join(journal::FILE_NAME));
        if file.is_ok_and(|file| file.len() == self.told.length) {
            return Ok(());
        }
        self.tell(Folder::look_on(&self.folder, self.told)?)
    }

    fn tell(&mut self, mut looker: Looker) -> Result<(), CliError> {
        while let Some(entry) = looker.next().transpose()? {
            let told = self.replay.feed(&entry.event, entry.elapsed);
            told.map_err(|problem| looker.impossible(&problem))?;
            self.is_stale = true;
            self.told = looker.position();
        }
        Ok(())
    }
}

/// The studies in some folders.
pub(super) fn open_all(folders: &[PathBuf]) -> Result<Vec<Look>, CliError> {
    folders.iter().map(|folder| Look::open(folder)).collect()
}

/// A page with all studies.
pub(super) fn page(studies: &mut [Look]) -> Result<PageView, CliError> {
    let views: Result<Vec<StudyView>, CliError> = studies.iter_mut().map(Look::view).collect();
    Ok(PageView::new(views?)?)
}

/// A page with all studies and their likely label errors, for a report that is written once.
pub(super) fn report(studies: &mut [Look]) -> Result<PageView, CliError> {
    let with_errors = |study: &mut Look| {
        let mut view = study.view()?;
        view.label_errors = study.label_errors().map(LabelErrorsView::shortened);
        Ok(view)
    };
    let views: Result<Vec<StudyView>, CliError> = studies.iter_mut().map(with_errors).collect();
    Ok(PageView::new(views?)?)
}

/// The pause after a look that took this long, so that looking takes only a small share of the time.
pub(super) fn pause(took: Duration) -> Duration {
    /// Minimum time between two looks.
    const INTERVAL: Duration = Duration::from_secs(1);
    INTERVAL.max(took * COSTLIER)
}
