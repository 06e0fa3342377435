//! Runs a study from its folder: the common part of `search` and `resume`.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::CliError;
use super::arguments::Verbosity;
use super::curtain::Curtain;
use super::gate::Gate;
use super::report;
use crate::engine::{Ending, Launch, Observer};
use crate::report::terminal::{self, Style};
use crate::report::{Files, Live};
use crate::study::{EndReason, Study};
use crate::tracking::Courier;

/// Maximum number of trials for an automatic report. For more it takes a while, and `automl report` writes it.
const MOST_REPORTED: usize = 2_000;

/// Seconds after the deadline within which the report must be ready: the process exits two seconds after the deadline.
const AFTER_DEADLINE: f64 = 1.0;

/// Seconds after the deadline within which trackers must have the rest.
const TRACKERS_AFTER_DEADLINE: f64 = 1.6;

/// Seconds that trackers have at the end of a study.
const MOST_FOR_TRACKERS: f64 = 10.0;

/// Seconds that trackers have after an interruption.
const MOST_AFTER_INTERRUPTION: f64 = 2.0;

/// Seconds that trackers have in any case.
const LEAST_FOR_TRACKERS: f64 = 0.2;

/// A study that is ready to run, and its display.
pub(super) struct StudyRun {
    pub(super) launch: Launch,
    pub(super) style: Style,
    /// `true` if the terminal view is shown.
    pub(super) has_view: bool,
    pub(super) gate: Gate,
}

impl StudyRun {
    /// Runs until the end or an interruption, and returns the exit code.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        Ok(self.run_study()?.code)
    }

    /// Runs until the end or an interruption.
    pub(super) fn run_study(self) -> Result<Ran, CliError> {
        let Self {
            launch,
            style,
            has_view,
            gate,
        } = self;
        let (spec, clock, is_resumed) = (launch.spec.clone(), launch.clock, launch.is_resumed);
        let epoch = launch.facts.identity.epoch;
        let ready = launch.prepare(&mut warn)?;
        let folder = ready.folder().to_owned();
        if is_resumed {
            warn_of_lost_trials(&folder, ready.study().trials().len());
        }
        let mut files = Files::new(folder.clone(), spec.clone());
        if let Some(reason) = ready.over() {
            // The process may have been killed after the study's end, before it wrote the results.
            files.write(ready.study()).map_err(|source| CliError::File {
                action: "write the results in",
                path: folder.clone(),
                source,
            })?;
            let study = ready.release();
            say_over(&folder, &study, reason);
            let code = exit_code(&gate, &spec.name, &study, Ending::Ended(reason), clock.elapsed())?;
            return Ok(Ran {
                study,
                ending: Ending::Ended(reason),
                code,
            });
        }
        let wall = spec.budget.wall;
        let facts = terminal::DisplayFacts {
            name: spec.name.clone(),
            epoch,
            wall,
            folder: folder.clone(),
        };
        let live = Live::new(folder.clone(), wall);
        let shown: Box<dyn Observer> = if has_view && std::io::stderr().is_terminal() {
            Box::new(Curtain::draw(&folder, facts)?)
        } else {
            terminal::terminal(style, facts)
        };
        let mut observers: Vec<Box<dyn Observer>> = vec![shown, Box::new(files), Box::new(live)];
        let courier = Courier::start(&folder, &spec, epoch)
            .inspect_err(|error| warn(&format!("trackers cannot be served: {error}")))
            .ok();
        observers.extend(
            courier
                .iter()
                .map(|courier| Box::new(courier.observer()) as Box<dyn Observer>),
        );
        let (study, ending) = ready.run(observers)?;
        if matches!(ending, Ending::Ended(_)) && study.trials().len() <= MOST_REPORTED {
            let time = study.wall().map(|wall| wall + AFTER_DEADLINE - clock.elapsed());
            let time = time.map(|time| Duration::try_from_secs_f64(time).unwrap_or_default());
            write_report(&folder, time);
        }
        if let Some(courier) = courier {
            let left = study.wall().map(|wall| wall - clock.elapsed());
            courier
                .finish(time_for_trackers(ending, left))
                .iter()
                .for_each(|warning| warn(warning));
        }
        let code = exit_code(&gate, &spec.name, &study, ending, clock.elapsed())?;
        Ok(Ran { study, ending, code })
    }
}

/// A study that has run.
pub(super) struct Ran {
    pub(super) study: Study,
    pub(super) ending: Ending,
    pub(super) code: ExitCode,
}

/// The time that trackers have for the rest. `left` is what is left of the wall budget.
fn time_for_trackers(ending: Ending, left: Option<f64>) -> Duration {
    let most = match ending {
        Ending::Ended(_) => MOST_FOR_TRACKERS,
        Ending::Interrupted => MOST_AFTER_INTERRUPTION,
    };
    let until_deadline = left.map_or(most, |left| left + TRACKERS_AFTER_DEADLINE);
    Duration::from_secs_f64(until_deadline.clamp(LEAST_FOR_TRACKERS, most))
}

fn warn(warning: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {warning}");
}

/// Reports that the study has ended, and how to extend it.
fn say_over(folder: &Path, study: &Study, reason: EndReason) {
    if study.trials().len() <= MOST_REPORTED {
        write_report(folder, None);
    }
    let path = folder.display();
    let _ = writeln!(
        std::io::stderr(),
        "the study in `{path}` has ended ({}): `automl leaderboard {path}` shows it, `--add-budget` gives it more time",
        reason.name()
    );
}

/// Writes `report.html` beside the results, if it is ready in `time`. The results are already saved, so a failure is
/// only reported.
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

/// The style of the display.
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

/// Warns if the leaderboard has more trials than the journal: it is written later, so the journal lost its end.
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

/// 130 for an interruption, else the gate's verdict on the finished study.
fn exit_code(gate: &Gate, name: &str, study: &Study, ending: Ending, elapsed: f64) -> Result<ExitCode, CliError> {
    match ending {
        Ending::Interrupted => Ok(ExitCode::from(130)),
        Ending::Ended(_) => gate.judge(name, study, elapsed).map(ExitCode::from),
    }
}
