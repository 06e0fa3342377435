//! `automl fit FILE`: from a file to a model. The choices are made in `fit`; the search is that of `automl search`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::CliError;
use super::arguments::{Fit, GateArguments, Verbosity};
use super::downloads::{self, Told};
use super::output::{print, scores};
use super::run::Ran;
use super::search::{Beginning, begin};
use super::train::progress_bar;
use crate::engine::{Clock, Ending};
use crate::fit::{Asked, Chosen, choose};
use crate::hub::HubError;
use crate::objective::InputError;
use crate::production::{self, Checkpoints, TrainOptions, TrainedModel};
use crate::report::Best;
use crate::spec::{self, Spec};
use crate::study::Study;

/// The share of the budget that is kept to save the winner, and its bounds in seconds.
const KEPT: f64 = 0.1;
const LEAST_KEPT: f64 = 2.0;
const MOST_KEPT: f64 = 60.0;

/// Factor on the time that a training took in the search: alone it is not slower, but it is also measured and saved.
const TRAINING_AGAIN: f64 = 1.5;

/// The share of the budget after which a download stops.
const MOST_DOWNLOAD: f64 = 0.4;

/// The spec in the folder of the model.
const SPEC: &str = "space.yaml";

/// The study in the folder of the model.
const STUDY: &str = "study";

/// Chooses, searches, and saves the winner.
pub(super) fn fit(arguments: &Fit, verbosity: Verbosity) -> Result<ExitCode, CliError> {
    let clock = Clock::start();
    let asked = arguments.choices.asked(&arguments.file)?;
    check_new(&arguments.out, arguments.explain)?;
    let chosen = choose(&asked)?;
    if arguments.explain {
        let json = arguments
            .json
            .then(|| format!("{:#}", serde_json::json!({"choices": chosen.to_json()})));
        return print(&json.unwrap_or_else(|| chosen.explain().join("\n")));
    }
    let (chosen, spec) = with_model(arguments, &asked, (chosen, clock.elapsed()), verbosity)?;
    if !verbosity.quiet {
        for line in chosen.explain() {
            say(&line);
        }
    }
    let kept = (KEPT * asked.budget).clamp(LEAST_KEPT, MOST_KEPT);
    let run = begin(
        within(spec, asked.budget - kept, asked.budget),
        Beginning {
            clock: Some(clock),
            out: Some(arguments.out.join(STUDY)),
            network: arguments.choices.network,
            gate: &GateArguments::default(),
            has_view: false,
            is_json: false,
            verbosity,
        },
    )?;
    write_spec(&arguments.out.join(SPEC), &chosen)?;
    let Ran { study, ending, code } = run.run_study()?;
    let folder = arguments.out.join(STUDY);
    let Some(best) = Best::new(&study).filter(|_| matches!(ending, Ending::Ended(_))) else {
        return Ok(code);
    };
    let left = asked.budget - clock.elapsed();
    let trained = save(
        arguments,
        &folder,
        &best,
        TRAINING_AGAIN * seconds_of(&study, &best) < left,
    )?;
    // A report that came too late is in no folder, and the search said so.
    let _ = std::fs::copy(folder.join("report.html"), arguments.out.join("report.html"));
    if !verbosity.quiet {
        say_saved(&chosen, &trained);
    }
    if arguments.json {
        print(&format!("{:#}", as_json(&chosen, &best, &trained)))?;
    }
    Ok(code)
}

/// Refuses a folder that holds anything.
fn check_new(out: &Path, only_explains: bool) -> Result<(), CliError> {
    let is_free = match out.read_dir() {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !out.exists(),
    };
    if is_free || only_explains {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "`{}` exists already and stays as it is: name a new folder with `--out`",
        out.display()
    )))
}

/// Brings the chosen model. If the hub cannot be reached, another one is chosen among those that are here.
fn with_model(
    arguments: &Fit,
    asked: &Asked,
    (chosen, elapsed): (Chosen, f64),
    verbosity: Verbosity,
) -> Result<(Chosen, Spec), CliError> {
    let mut spec = spec_of(arguments, &chosen)?;
    if !chosen.is_missing() {
        return Ok((chosen, spec));
    }
    // The search and the training need the rest of the time.
    let patience = Duration::try_from_secs_f64((MOST_DOWNLOAD * asked.budget - elapsed).max(0.0)).unwrap_or_default();
    let end = Instant::now().checked_add(patience);
    match downloads::bring_until(&mut spec, arguments.choices.network, verbosity.quiet, end) {
        Err(CliError::Input(InputError::Hub(error, _))) if matches!(*error, HubError::Stopped) => {
            let late = format!("the download of `{}` would take too much of the budget", chosen.model());
            if asked.model.is_some() {
                return Err(CliError::Usage(format!(
                    "{late}: what has arrived is kept, so run this again, or raise `--budget`"
                )));
            }
            say(&format!("note: {late}; what has arrived is kept for the next time"));
            let offline = Asked {
                is_offline: true,
                ..asked.clone()
            };
            let chosen = choose(&offline)?;
            let spec = spec_of(arguments, &chosen)?;
            Ok((chosen, spec))
        }
        Err(CliError::Input(InputError::Hub(error, _))) if asked.model.is_none() => {
            say(&format!("note: `{}` cannot be downloaded: {error}", chosen.model()));
            let offline = Asked {
                is_offline: true,
                ..asked.clone()
            };
            let chosen = choose(&offline)?;
            let spec = spec_of(arguments, &chosen)?;
            Ok((chosen, spec))
        }
        brought => brought.map(|_| (chosen, spec)),
    }
}

fn spec_of(arguments: &Fit, chosen: &Chosen) -> Result<Spec, CliError> {
    let path = std::path::absolute(arguments.out.join(SPEC)).unwrap_or_else(|_| PathBuf::from(SPEC));
    let (spec, _) = spec::from_text(&chosen.to_yaml(), &path, &arguments.set).map_err(CliError::Spec)?;
    Ok(spec)
}

/// The spec with the budget of the search. A shorter one that the user set stays.
fn within(mut spec: Spec, wall: f64, whole: f64) -> Spec {
    let asked = spec.budget.wall.filter(|asked| *asked < whole);
    spec.budget.wall = Some(asked.unwrap_or(wall).min(wall).max(LEAST_KEPT));
    spec
}

fn write_spec(path: &Path, chosen: &Chosen) -> Result<(), CliError> {
    crate::files::replace(path, chosen.to_yaml().as_bytes()).map_err(|source| CliError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// Seconds that the training of the winner took, up to its best epoch.
fn seconds_of(study: &Study, best: &Best) -> f64 {
    let record = study.record(best.run);
    let reached = record
        .evaluations
        .last()
        .map_or(best.max_epochs, |last| last.at.epochs(study.settings().epoch));
    record.usage.wall_seconds * (best.best_epoch / reached.max(f64::MIN_POSITIVE)).min(1.0)
}

/// Saves the winner. Its checkpoint has the weights that were measured; training again gives the same ones.
fn save(arguments: &Fit, study: &Path, best: &Best, may_train: bool) -> Result<TrainedModel, CliError> {
    let options = TrainOptions {
        out: Some(arguments.out.clone()),
        is_offline: true,
        checkpoints: Some(Checkpoints {
            folder: study.join("checkpoints").join(best.run.to_string()),
            may_train,
        }),
        ..TrainOptions::default()
    };
    let mut bar = None;
    let trained = production::train(
        &study.join("best.yaml"),
        &options,
        &Told::new(true),
        &mut |step| {
            let bar = bar.get_or_insert_with(|| progress_bar(step.whole));
            bar.set_position(step.seen.0);
        },
        &mut |warning| say(&format!("warning: {warning}")),
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(trained?)
}

/// The choices, the winner, and where everything is.
fn as_json(chosen: &Chosen, best: &Best, trained: &TrainedModel) -> serde_json::Value {
    let folder = &trained.folder;
    serde_json::json!({
        "choices": chosen.to_json(),
        "best": best,
        "trained": super::train::as_json(trained),
        "model": folder,
        "report": folder.join("report.html"),
        "spec": folder.join(SPEC),
        "study": folder.join(STUDY),
    })
}

/// Says where everything is, and how to use it.
fn say_saved(chosen: &Chosen, trained: &TrainedModel) {
    let folder = trained.folder.display();
    let measured: Vec<String> = trained
        .measured
        .iter()
        .map(|part| format!("{} on {} {} examples", scores(&part.metrics), part.examples, part.part))
        .collect();
    let colon = if measured.is_empty() { "" } else { ": " };
    say(&format!("saved the model in `{folder}`{colon}{}", measured.join("; ")));
    say(&format!(
        "the report is `{folder}/report.html`; `{folder}/{SPEC}` is the spec, to change and search with"
    ));
    let columns: Vec<String> = chosen.text().iter().map(|column| format!("`{column}`")).collect();
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!(" with {}", columns.join(" and "))
    };
    say(&format!("next: `automl predict {folder} FILE` for a file{columns}"));
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
