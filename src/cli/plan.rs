//! `automl plan SPEC`: the expected cost of a study, before anything runs. Nothing is written.

use std::process::ExitCode;

use super::arguments::{Plan as Arguments, Verbosity};
use super::output::print;
use super::search::{explain_method, say_settled, show_warnings, warm_start};
use super::{CliError, downloads};
use crate::engine::Clock;
use crate::plan::{self, Plan};
use crate::{objective, report, spec, worker};

/// Prints the plan.
pub(super) fn plan(arguments: &Arguments, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let clock = Clock::start();
    let (mut spec, warnings) = spec::load(&arguments.spec, &arguments.changes.overrides()).map_err(CliError::Spec)?;
    if !verbosity.quiet {
        show_warnings(&warnings);
    }
    let missing = downloads::missing(&mut spec, arguments.downloads, verbosity.quiet || arguments.json)?;
    if let Some(missing) = missing.all().next() {
        return Err(CliError::Usage(format!(
            "a plan needs the {}: {}; add `--download`, or start with `automl search`, which downloads it",
            missing.kind,
            downloads::describe(missing)
        )));
    }
    let mut facts = objective::inspect(&spec)?;
    let slots = worker::planned_slots(&spec, facts.demand)?;
    let settled = plan::settle(&mut spec, &mut facts, &slots, clock.elapsed());
    if !verbosity.quiet && !arguments.json {
        say_settled(&settled, &spec);
    }
    let past = warm_start(&spec, verbosity.quiet)?;
    if !verbosity.quiet && !arguments.json {
        explain_method(&spec);
    }
    let plan = Plan::new(&spec, facts, &slots, &past)?;
    let text = if arguments.json {
        format!("{:#}", serde_json::to_value(&plan).unwrap_or_default())
    } else {
        let parameters = spec.space.parameters().iter();
        let names: Vec<String> = parameters.map(|parameter| parameter.name.clone()).collect();
        report::plan(&plan, &names).join("\n")
    };
    print(&text)
}
