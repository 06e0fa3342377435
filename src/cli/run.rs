//! Runs a study from its folder: what `search` and `resume` share.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::CliError;
use super::arguments::Verbosity;
use super::curtain::Curtain;
use super::gate::Gate;
use super::report;
use crate::engine::{Admission, Clock, Ending, Engine, Folder, Observer, RunOptions, available_memory};
use crate::journal::{Contents, Journal};
use crate::objective::{self, Demand, Facts};
use crate::report::terminal::{self, Style};
use crate::report::{Files, Live};
use crate::spec::Spec;
use crate::study;
use crate::study::{EndReason, Event, Settings, Study};
use crate::worker::{Slot, slots};

/// The report of a study with more trials takes a while: `automl report` writes it then.
const MOST_REPORTED: usize = 2_000;

/// Seconds after the deadline within which the report must be ready: the process is gone two seconds after it.
const AFTER_DEADLINE: f64 = 1.0;

/// A study that is ready to run.
pub(super) struct Run {
    pub(super) spec: Spec,
    pub(super) facts: Facts,
    pub(super) folder: Folder,
    pub(super) journal: Journal,
    /// What had happened before; of a new study only that it was created.
    pub(super) before: Contents,
    pub(super) is_resumed: bool,
    pub(super) clock: Clock,
    pub(super) added_wall: Option<f64>,
    pub(super) style: Style,
    /// The terminal view in front of it.
    pub(super) has_view: bool,
    pub(super) gate: Gate,
}

impl Run {
    /// Runs to the end, or to an interruption, and says how to leave.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        objective::take_in_strays();
        let slots = self.slots()?;
        let mut settings = Settings::new(&self.spec, self.facts.identity.epoch);
        if !settings.is_deterministic {
            // Without a virtual clock there is no reason to plan for fewer workers than there are.
            settings.logical_workers = settings.logical_workers.max(slots.len() as u32);
        }
        let policy = study::policy(&self.spec, settings.lengths());
        let memory = Arc::clone(&self.facts.memory);
        let mut study = Study::new(settings, policy, self.facts.cost).with_memory(memory);
        Folder::replay(self.folder.path(), &self.before, &mut study)?;
        let has_clones = study.has_clones();
        let is_resumed = self.is_resumed;
        if is_resumed {
            warn_of_lost_trials(self.folder.path(), study.trials().len());
        }
        let mut files = Files::new(self.folder.path().to_owned(), self.spec.clone());
        if let (Some(reason), None) = (study.ended(), self.added_wall)
            // What made the first trials fail may have been mended.
            && reason != EndReason::Failures
        {
            // It may have been killed after its end, before its results were written.
            files.write(&study).map_err(|source| CliError::File {
                action: "write the results in",
                path: self.folder.path().to_owned(),
                source,
            })?;
            let folder = self.folder.path().to_owned();
            // Who reads the study now should find that nobody works on it.
            drop(self.folder);
            if study.trials().len() <= MOST_REPORTED {
                write_report(&folder, None);
            }
            let path = folder.display();
            let _ = writeln!(
                std::io::stderr(),
                "the study in `{path}` has ended ({}): `automl leaderboard {path}` shows it, `--add-budget` gives it more time",
                reason.name()
            );
            let elapsed = self.clock.elapsed();
            return exit_code(&self.gate, &self.spec.name, &study, Ending::Ended(reason), elapsed);
        }
        let resumed = is_resumed.then(|| Event::StudyResumed {
            added_wall: self.added_wall.unwrap_or(0.0),
        });
        let program = std::env::current_exe().map_err(|source| CliError::File {
            action: "find this program, to start workers with,",
            path: PathBuf::from("automl"),
            source,
        })?;
        let wall = self.spec.budget.wall;
        let facts = terminal::Facts {
            name: self.spec.name.clone(),
            epoch: self.facts.identity.epoch,
            wall,
            folder: self.folder.path().to_owned(),
        };
        let live = Live::new(self.folder.path().to_owned(), wall);
        let shown: Box<dyn Observer> = if self.has_view && std::io::stderr().is_terminal() {
            Box::new(Curtain::draw(self.folder.path(), facts)?)
        } else {
            terminal::terminal(self.style, facts)
        };
        let observers: Vec<Box<dyn Observer>> = vec![shown, Box::new(files), Box::new(live)];
        // Before there are workers, whose memory is no longer free.
        let admission = Admission::new(available_memory());
        let (gate, name, clock) = (self.gate, self.spec.name.clone(), self.clock);
        let folder = self.folder.path().to_owned();
        let engine = Engine::start(
            study,
            (self.folder, self.journal),
            self.clock,
            RunOptions {
                wall,
                limits: self.spec.trial_limits,
                has_clones,
                keeps_best: self.facts.demand == Demand::Program,
                can_split: self.facts.demand.is_training(),
            },
            (&program, slots),
            observers,
            resumed,
        )?
        .with_memory(admission, self.facts.memory);
        let (study, ending) = engine.run(is_resumed)?;
        if matches!(ending, Ending::Ended(_)) && study.trials().len() <= MOST_REPORTED {
            let time = study.wall().map(|wall| wall + AFTER_DEADLINE - clock.elapsed());
            let time = time.map(|time| Duration::try_from_secs_f64(time).unwrap_or_default());
            write_report(&folder, time);
        }
        exit_code(&gate, &name, &study, ending, clock.elapsed())
    }
}

impl Run {
    /// The slots of this machine, as many as the study can use.
    fn slots(&self) -> Result<Vec<Slot>, CliError> {
        let mut slots = slots(&self.spec.resources, self.facts.demand)?;
        let most = self.spec.resources.logical_workers();
        if self.spec.deterministic && slots.len() > most {
            let _ = writeln!(
                std::io::stderr(),
                "warning: {most} of {} slots are used; a deterministic study uses `resources.logical_workers`: raise it, or set `deterministic: false`",
                slots.len()
            );
            slots.truncate(most);
        }
        Ok(slots)
    }
}

/// Leaves `report.html` beside the results, if it is ready in `time`. They are safe without it, so that what may go wrong is only
/// said.
fn write_report(folder: &Path, time: Option<Duration>) {
    match report::write_within(folder, time) {
        Ok(true) => {}
        Ok(false) => {
            let folder = folder.display();
            let _ = writeln!(
                std::io::stderr(),
                "note: there was no time for the report: `automl report {folder}` writes it"
            );
        }
        Err(error) => {
            let _ = write!(std::io::stderr(), "warning: there is no report: ");
            error.show();
        }
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

/// Results are written after the journal, so a leaderboard with more trials than the journal means that the journal lost its end.
fn warn_of_lost_trials(folder: &Path, known: usize) {
    let Ok(mut leaderboard) = csv::Reader::from_path(folder.join("leaderboard.csv")) else {
        return;
    };
    let rows = leaderboard.records().flatten().count();
    if rows > known {
        let _ = writeln!(
            std::io::stderr(),
            "warning: the journal has {known} trials, but `leaderboard.csv` has {rows}: the end of the journal is missing, and those trials run again"
        );
    }
}

/// 130 for an interruption; else what the gate says of the study that has ended.
fn exit_code(gate: &Gate, name: &str, study: &Study, ending: Ending, elapsed: f64) -> Result<ExitCode, CliError> {
    match ending {
        Ending::Interrupted => Ok(ExitCode::from(130)),
        Ending::Ended(_) => gate.judge(name, study, elapsed).map(ExitCode::from),
    }
}
