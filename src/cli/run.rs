//! Runs a study from its folder: what `search` and `resume` share.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CliError;
use super::arguments::Verbosity;
use crate::engine::{Clock, Ending, Engine, Folder, Observer};
use crate::journal::{Contents, Journal};
use crate::objective::Facts;
use crate::policies;
use crate::report::terminal::{self, Style};
use crate::report::{Best, Files};
use crate::spec::Spec;
use crate::study::{EndReason, Event, Settings, Study};
use crate::worker::slots;

/// A study that is ready to run.
pub(super) struct Run {
    pub(super) spec: Spec,
    pub(super) facts: Facts,
    pub(super) folder: Folder,
    pub(super) journal: Journal,
    /// What had happened before; nothing for a new study.
    pub(super) before: Contents,
    pub(super) elapsed: f64,
    pub(super) added_wall: Option<f64>,
    pub(super) style: Style,
}

impl Run {
    /// Runs to the end, or to an interruption, and says how to leave.
    pub(super) fn run(mut self) -> Result<ExitCode, CliError> {
        let slots = slots(&self.spec.resources, self.facts.is_idle)?;
        let settings = Settings::new(&self.spec, self.facts.epoch);
        let policy = policies::build(self.spec.searcher, self.spec.scheduler, settings.min, settings.max);
        let mut study = Study::new(settings, policy, self.facts.cost);
        for entry in &self.before.entries {
            study.apply(&entry.event, entry.elapsed);
        }
        let is_resumed = !self.before.entries.is_empty();
        if is_resumed {
            let resumed = Event::StudyResumed {
                added_wall: self.added_wall.unwrap_or(0.0),
            };
            self.journal
                .append(&resumed, self.elapsed)
                .map_err(crate::engine::FolderError::from)?;
            study.apply(&resumed, self.elapsed);
        }
        let program = std::env::current_exe().map_err(|source| CliError::File {
            action: "find this program, to start workers with,",
            path: PathBuf::from("automl"),
            source,
        })?;
        let wall = self.spec.budget.wall;
        let facts = terminal::Facts {
            name: self.spec.name.clone(),
            epoch: self.facts.epoch,
            wall,
            folder: self.folder.path().to_owned(),
        };
        let files = Files::new(self.folder.path().to_owned(), self.spec.clone());
        let observers: Vec<Box<dyn Observer>> = vec![terminal::terminal(self.style, facts), Box::new(files)];
        let clock = Clock::start(self.elapsed);
        let engine = Engine::start(
            study,
            (self.folder, self.journal),
            clock,
            wall,
            (&program, slots),
            observers,
        )?;
        let (study, ending) = engine.run(is_resumed)?;
        Ok(exit_code(&study, ending))
    }
}

/// How much to show, and how.
pub(super) fn style(verbosity: Verbosity, is_json: bool) -> Style {
    if is_json {
        Style::Json
    } else if verbosity.quiet {
        Style::Quiet
    } else if verbosity.verbose {
        Style::Verbose
    } else {
        Style::Progress
    }
}

/// 0: done; 3: the target was missed; 4: no trial succeeded; 130: interrupted.
fn exit_code(study: &Study, ending: Ending) -> ExitCode {
    // As `automl best` sees it: what a trial measured before time was up counts.
    let has_success = Best::new(study).is_some();
    ExitCode::from(match ending {
        Ending::Interrupted => 130,
        Ending::Ended(_) if !has_success => 4,
        Ending::Ended(EndReason::Target) => 0,
        Ending::Ended(EndReason::Wall | EndReason::Trials | EndReason::Exhausted) => {
            if study.settings().target.is_some() && !study.is_target_met() {
                3
            } else {
                0
            }
        }
    })
}
