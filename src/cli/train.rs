//! `automl train best.yaml`: a model for production.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::CliError;
use super::arguments::Train;
use super::downloads::Told;
use super::export::Exported;
use super::output::print;
use super::output::scores as sentence_of;
use crate::production::{self, Saved, TrainOptions, TrainedModel};
use crate::report::Measured;
use crate::tracking::Registration;
use crate::units::Samples;

/// Trains the model of a configuration and saves it in the layout of its source.
pub(super) fn train(arguments: &Train) -> Result<ExitCode, CliError> {
    let options = TrainOptions {
        out: arguments.out.clone(),
        with_validation: arguments.with_validation,
        all_epochs: arguments.all_epochs,
        saved: if arguments.adapter_only {
            Saved::Adapter
        } else {
            Saved::Model
        },
        check: arguments.check,
        set: arguments.set.clone(),
        is_offline: arguments.network.offline,
        checkpoints: None,
    };
    let registered = registered(arguments)?;
    let mut bar: Option<ProgressBar> = None;
    let trained = production::train(
        &arguments.spec,
        &options,
        &Told::new(arguments.json),
        &mut |step| {
            let bar = bar.get_or_insert_with(|| progress_bar(step.whole));
            bar.set_position(step.seen.0);
            bar.set_message(format!("loss {:.4}", step.loss));
        },
        &mut |warning| {
            let _ = writeln!(std::io::stderr(), "warning: {warning}");
        },
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let trained = trained?;
    let code = say(arguments, &trained)?;
    if let Some((study, mut registration)) = registered {
        registration.folder = trained.folder;
        let (folder, model) = (study.folder().display(), registration.folder.display());
        let name = arguments.register.as_deref().unwrap_or_default();
        let alias = arguments.alias.as_ref();
        let alias = alias.map(|alias| format!(" --alias {alias}")).unwrap_or_default();
        study.deliver(Some(&registration)).inspect_err(|_| {
            let _ = writeln!(
                std::io::stderr(),
                "note: the model is saved; `automl export {folder} --to mlflow --model {model} --register {name}{alias}` registers it"
            );
        })?;
    }
    Ok(code)
}

/// The study that the model is registered with, and its name there. Everything that needs no network is checked before
/// the training.
fn registered(arguments: &Train) -> Result<Option<(Exported, Registration)>, CliError> {
    if arguments.register.is_none() {
        return Ok(None);
    }
    let registration = Registration {
        folder: PathBuf::new(),
        name: arguments.register.clone(),
        alias: arguments.alias.clone(),
    };
    let folder = arguments.spec.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let study = Exported::open(folder, "mlflow", None).inspect_err(|_| {
        let _ = writeln!(
            std::io::stderr(),
            "note: `--register` needs a `best.yaml` in the folder of its study"
        );
    })?;
    study.check(&registration)?;
    Ok(Some((study, registration)))
}

/// Prints where the model is, and its metrics.
fn say(arguments: &Train, trained: &TrainedModel) -> Result<ExitCode, CliError> {
    let TrainedModel { folder, measured, .. } = trained;
    if arguments.json {
        return print(&format!("{:#}", as_json(trained)));
    }
    let sentence = |part: &Measured| {
        let (examples, name) = (part.examples, part.part);
        format!("{} on {examples} {name} examples", sentence_of(&part.metrics))
    };
    let sentences: Vec<String> = measured.iter().map(sentence).collect();
    let colon = if sentences.is_empty() { "" } else { ": " };
    let _ = writeln!(
        std::io::stderr(),
        "saved the model in `{}`{colon}{}",
        folder.display(),
        sentences.join("; ")
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) fn as_json(trained: &TrainedModel) -> serde_json::Value {
    let (epochs, max_epochs) = trained.epochs;
    let of_part = |part: &Measured| {
        let mut json = serde_json::json!(part.metrics);
        json["examples"] = part.examples.into();
        (part.part.to_owned(), json)
    };
    let measured: serde_json::Map<_, _> = trained.measured.iter().map(of_part).collect();
    serde_json::json!({"model": trained.folder, "epochs": epochs, "max_epochs": max_epochs, "measured": measured})
}

pub(super) fn progress_bar(to: Samples) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} samples  {msg}  ETA {eta}");
    ProgressBar::new(to.0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
