//! `automl validate SPEC`: all checks of `search`, without running anything.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::arguments::{Validate, Verbosity};
use super::downloads::NotCached;
use super::output::print;
use super::search::{explain_method, show_notes, show_warnings, warm_start};
use super::{CliError, data, downloads};
use crate::objective::Demand;
use crate::spec::{self, Diagnostic, ObjectiveSpec, Severity, Spec};
use crate::units::Samples;
use crate::{objective, worker};

/// A summary of a valid spec on this machine.
struct Valid {
    spec: Spec,
    warnings: Vec<Diagnostic>,
    /// Samples of an epoch; `None` if the data are not in the cache.
    epoch: Option<Samples>,
    workers: usize,
    /// The data and the model, if they are not in the cache: then they were not checked.
    missing: NotCached,
}

/// Checks a spec with its model and data.
pub(super) fn validate(arguments: &Validate, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let checked = check(arguments);
    if arguments.json {
        print(&format!("{:#}", as_json(&checked)))?;
    }
    let valid = checked?;
    if !arguments.json && !verbosity.quiet {
        data::show_serious(&valid.spec);
    }
    if !arguments.json {
        let size = valid.spec.space.cardinality();
        let _ = writeln!(
            std::io::stderr(),
            "`{}` is valid: {} parameters, {} configurations{}, {} workers here",
            arguments.spec.display(),
            valid.spec.space.parameters().len(),
            size.map_or("infinitely many".to_owned(), |count| count.to_string()),
            valid
                .epoch
                .map(|epoch| format!(", an epoch of {epoch} samples"))
                .unwrap_or_default(),
            valid.workers
        );
        for missing in valid.missing.all() {
            let _ = writeln!(
                std::io::stderr(),
                "{}; `automl search` downloads it, and `--download` does so now; the {} was not checked",
                downloads::describe(missing),
                missing.kind
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(arguments: &Validate) -> Result<Valid, CliError> {
    let (mut spec, warnings) = spec::load(&arguments.spec, &arguments.set).map_err(CliError::Spec)?;
    if !arguments.json {
        show_warnings(&warnings);
    }
    let missing = downloads::missing(&mut spec, arguments.downloads, arguments.json)?;
    let (epoch, demand) = if let (Some(_), ObjectiveSpec::FineTune(fine_tune)) = (missing.all().next(), &spec.objective)
    {
        if missing.data.is_some() {
            (None, Demand::of(fine_tune))
        } else {
            let (epoch, demand) = objective::inspect_data(fine_tune)?;
            (Some(epoch), demand)
        }
    } else {
        let facts = objective::inspect(&spec)?;
        if !arguments.json {
            show_notes(facts.inputs.as_ref());
        }
        (Some(facts.identity.epoch), facts.demand)
    };
    warm_start(&spec, false)?;
    if !arguments.json {
        explain_method(&spec);
    }
    let workers = worker::planned_slots(&spec, demand)?.len();
    Ok(Valid {
        spec,
        warnings,
        epoch,
        workers,
        missing,
    })
}

fn as_json(checked: &Result<Valid, CliError>) -> Value {
    match checked {
        Ok(valid) => json!({
            "valid": true,
            "download": valid.missing.model,
            "download_data": valid.missing.data,
            "name": valid.spec.name,
            "parameters": valid.spec.space.parameters().len(),
            "configurations": valid.spec.space.cardinality(),
            "epoch": valid.epoch,
            "workers": valid.workers,
            "diagnostics": valid.warnings.iter().map(of_diagnostic).collect::<Vec<_>>(),
            "data": data::serious(&valid.spec),
        }),
        Err(CliError::Spec(errors)) => {
            let diagnostics: Vec<Value> = errors.diagnostics().iter().map(of_diagnostic).collect();
            json!({"valid": false, "diagnostics": diagnostics})
        }
        Err(error) => json!({"valid": false, "diagnostics": [{"severity": "error", "message": error.text()}]}),
    }
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let position = diagnostic.position();
    json!({
        "severity": severity,
        "message": diagnostic.message(),
        "help": diagnostic.help(),
        "file": position.map(|(file, ..)| file),
        "line": position.map(|(_, line, _)| line),
        "column": position.map(|(.., column)| column),
    })
}
