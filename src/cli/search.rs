//! `automl search SPEC`: starts a study.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::{GateArguments, Network, Search, Verbosity};
use super::error::is_coloured;
use super::gate::Gate;
use super::run::{StudyRun, style};
use super::{CliError, data, downloads};
use crate::engine::{Clock, Folder, Launch};
use crate::objective::{self, TrainingInputs};
use crate::plan::{self, Settled};
use crate::report;
use crate::searchers::Auto;
use crate::spec::{self, Diagnostic, SearcherSpec, Spec};
use crate::tracking;
use crate::trials::PastTrial;
use crate::warm_start::{self, Past};
use crate::worker;

/// Starts a study and runs it.
pub(super) fn search(arguments: Search, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let (mut spec, warnings) = spec::load(&arguments.spec, &arguments.changes.overrides()).map_err(CliError::Spec)?;
    if !verbosity.quiet {
        show_warnings(&warnings);
    }
    arguments.tracking.apply(&mut spec);
    begin(
        spec,
        Beginning {
            clock: None,
            out: arguments.out,
            network: arguments.network,
            gate: &arguments.gate,
            has_view: arguments.tui,
            is_json: arguments.json,
            verbosity,
        },
    )?
    .run()
}

/// The settings of a new study beside its spec.
pub(super) struct Beginning<'a> {
    /// The clock of the budget; `None`: one that starts once everything is downloaded.
    pub(super) clock: Option<Clock>,
    /// The study's folder; `None`: a new one below `results`.
    pub(super) out: Option<PathBuf>,
    pub(super) network: Network,
    pub(super) gate: &'a GateArguments,
    pub(super) has_view: bool,
    pub(super) is_json: bool,
    pub(super) verbosity: Verbosity,
}

/// Checks everything, and then makes the study's folder.
pub(super) fn begin(mut spec: Spec, beginning: Beginning<'_>) -> Result<StudyRun, CliError> {
    let Beginning {
        clock,
        out,
        network,
        gate,
        has_view,
        is_json,
        verbosity,
    } = beginning;
    tracking::check(&spec.tracking).map_err(CliError::Tracker)?;
    let brought = downloads::bring(&mut spec, network, verbosity.quiet || is_json)?;
    // A download takes nothing of a wall budget: its time depends on the network, and it is not repeated.
    let clock = clock.unwrap_or_else(Clock::start);
    // All checks come before anything is written.
    let mut facts = objective::inspect(&spec)?;
    let slots = worker::planned_slots(&spec, facts.demand)?;
    if !verbosity.quiet {
        show_notes(facts.inputs.as_ref());
    }
    let settled = plan::settle(&mut spec, &mut facts, &slots, clock.elapsed());
    let gate = Gate::open(gate, &spec)?;
    if !verbosity.quiet {
        if is_json {
            data::tell_serious(&spec, clock.elapsed())?;
        } else {
            data::show_serious(&spec);
        }
    }
    let past = warm_start(&spec, verbosity.quiet)?;
    if !verbosity.quiet && !is_json {
        explain_method(&spec);
        say_settled(&settled, &spec);
    }
    let path = out.unwrap_or_else(|| free_folder(&spec.name));
    let (folder, journal) = Folder::create(
        &path,
        &spec.to_yaml(),
        spec.seed,
        &facts.identity,
        past,
        settled.shortened_from,
    )?;
    folder.note_inputs(brought.model.as_ref(), brought.data.as_ref())?;
    let style = style(verbosity, is_json);
    let before = folder.contents()?;
    Ok(StudyRun {
        launch: Launch {
            spec,
            facts,
            folder,
            journal,
            before,
            is_resumed: false,
            clock,
            added_wall: None,
        },
        style,
        has_view,
        gate,
    })
}

/// The trials of earlier studies that fit this one. Those that do not fit are explained.
pub(super) fn warm_start(spec: &Spec, is_quiet: bool) -> Result<Vec<PastTrial>, CliError> {
    let Past { trials, warnings } = warm_start::read(&spec.warm_start, &spec.space, &spec.metric.name)?;
    if !is_quiet {
        for warning in warnings {
            let _ = writeln!(std::io::stderr(), "warning: {warning}");
        }
        if !spec.warm_start.is_empty() {
            let _ = writeln!(
                std::io::stderr(),
                "warm start with {} trials of earlier studies",
                trials.len()
            );
        }
    }
    Ok(trials)
}

/// Prints the method that `method: auto` chose, and why.
pub(super) fn explain_method(spec: &Spec) {
    if spec.searcher == SearcherSpec::default() {
        let choice = Auto::explain(&spec.space, spec.budget.trials, !spec.criteria.is_plain());
        let _ = writeln!(std::io::stderr(), "method auto: {choice}");
    }
}

/// Prints the values that the spec left open and that were fixed at the study's beginning.
pub(super) fn say_settled(settled: &Settled, spec: &Spec) {
    for line in report::settled(settled, spec) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Prints what a person should know about the data.
pub(super) fn show_notes(inputs: Option<&TrainingInputs>) {
    for note in inputs.iter().flat_map(|inputs| &inputs.notes) {
        let _ = writeln!(std::io::stderr(), "warning: {note}");
    }
}

pub(super) fn show_warnings(warnings: &[Diagnostic]) {
    for warning in warnings {
        let _ = writeln!(std::io::stderr(), "{}", warning.render(is_coloured()).trim_end());
    }
}

/// `results/NAME`, with a number appended if there is such a study already.
fn free_folder(name: &str) -> PathBuf {
    let results = Path::new("results");
    let names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}-{number}")));
    let mut folders = names.map(|name| results.join(name)).filter(|folder| !folder.exists());
    folders.next().unwrap_or_else(|| results.join(name))
}
