//! `automl train best.yaml`: a model for production.

use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::CliError;
use super::arguments::Train;
use super::output::print;
use crate::finetune::data::Examples;
use crate::finetune::{Device, Metrics, Training, TrainingConfig, note_max_length};
use crate::objective::{Demand, Inputs, training_config};
use crate::report::{Measured, ModelCard, Trained, model_card};
use crate::space::Configuration;
use crate::spec::{self, DataSpec, FineTuneSpec, InputPart, ModelSource, ObjectiveSpec, Provenance, Spec};
use crate::units::{Cooldown, Samples};
use crate::worker;

fn no_model(arguments: &Train, objective: &str) -> CliError {
    let spec = arguments.spec.display();
    CliError::Usage(format!("`{spec}` trains no model: its objective is {objective}"))
}

/// Trains the model of a configuration and saves it in the layout that it was read from.
pub(super) fn train(arguments: &Train) -> Result<ExitCode, CliError> {
    let (spec, _) = spec::load(&arguments.spec, &arguments.set).map_err(CliError::Spec)?;
    let fine_tune = match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => fine_tune,
        ObjectiveSpec::Function(_) => return Err(no_model(arguments, "a function")),
        ObjectiveSpec::Command(_) => return Err(no_model(arguments, "a command, which trains by itself")),
        ObjectiveSpec::AskTell(_) => return Err(no_model(arguments, "run by the program that asks")),
    };
    let configuration = only_configuration(&spec, &arguments.spec)?;
    let folder = arguments.out.clone().unwrap_or_else(|| beside(&arguments.spec));
    if folder.join("config.json").exists() {
        return Err(CliError::Usage(format!(
            "`{}` holds a model already: choose another folder with `--out`",
            folder.display()
        )));
    }
    check_writable(&folder)?;
    let device = worker::slots(&spec.resources, Demand::of(fine_tune))?
        .first()
        .map_or(Device::Cpu, |slot| slot.device);
    let mut inputs = Inputs::load(fine_tune, device)?;
    check_inputs(arguments, spec.provenance.as_ref(), &inputs.parts())?;
    let held_out = (!arguments.with_validation).then(|| inputs.data.validation.clone());
    let epoch = inputs.epoch();
    if arguments.with_validation {
        inputs.data.train = inputs
            .data
            .train
            .concat(&inputs.data.validation)
            .map_err(crate::objective::InputError::from)?;
    }
    // Epochs are passes over what is trained on, so more examples mean more steps, not fewer passes.
    let per_epoch = if arguments.with_validation {
        inputs.epoch()
    } else {
        epoch
    };
    let max = Samples::from_epochs(spec.epochs.max, per_epoch);
    let stops = Some(&spec.epochs.stops).filter(|stops| !arguments.all_epochs && !stops.is_empty());
    let stops = stops.cloned().unwrap_or_else(|| vec![spec.epochs.max]);
    let stop = stops[stops.len() - 1];
    // A trial that ended before its schedule did is trained as it was, unless all of the schedule is asked for.
    let cooldown = spec.epochs.cooldown.filter(|_| !arguments.all_epochs);
    let samples = |epochs| Samples::from_epochs(epochs, per_epoch);
    let config = TrainingConfig {
        cooldown: cooldown.map(|(from, to)| Cooldown {
            from: samples(from),
            to: samples(to),
        }),
        ..training_config(&configuration, max, spec.seed)
    };
    let mut training = Training::start(&inputs.model, config)?;
    let bar = progress_bar(Samples::from_epochs(stop, per_epoch));
    // In the same pieces as in the search: the same steps, so the same model.
    for &stop in &stops {
        training.train(&inputs.data.train, Samples::from_epochs(stop, per_epoch), &mut |step| {
            bar.set_position(step.seen.0);
            bar.set_message(format!("loss {:.4}", step.loss));
            ControlFlow::Continue(())
        })?;
    }
    bar.finish_and_clear();
    // The test examples are looked at here and nowhere else: no search has seen them.
    let measured = measure(
        &training,
        [("validation", held_out), ("test", inputs.data.test.clone())],
    )?;
    training.export(&folder)?;
    if matches!(fine_tune.data, DataSpec::Table { .. }) {
        note_max_length(&folder, fine_tune.max_length)?;
    }
    let card = model_card(&ModelCard {
        name: &spec.name,
        task: fine_tune.task.name(),
        base_model: &base_name(fine_tune),
        data: &data_name(fine_tune),
        labels: &inputs.data.labels,
        configuration: &configuration,
        epochs: (stop, spec.epochs.max),
        seed: spec.seed.0,
        examples: (inputs.data.train.len(), arguments.with_validation),
        measured: &measured,
    });
    write_beside_model(&folder, "README.md", &card)?;
    let columns = match &fine_tune.data {
        DataSpec::Table { text, label, .. } => Some((text.as_str(), label.as_str())),
        DataSpec::Builtin { .. } => None,
    };
    let notes = Trained::new(fine_tune.task.name(), columns, columns.map(|_| fine_tune.max_length));
    notes.write(&folder).map_err(|source| CliError::File {
        action: "write the notes of the model to",
        path: folder.clone(),
        source,
    })?;
    say(arguments, &folder, (stop, spec.epochs.max), &measured)
}

/// How good the model is on each part of the data that there is.
fn measure(training: &Training, parts: [(&'static str, Option<Examples>); 2]) -> Result<Vec<Measured>, CliError> {
    let mut measured = Vec::new();
    for (part, examples) in parts {
        let Some(examples) = examples else { continue };
        let metrics = training.evaluate(&examples, &mut || ControlFlow::Continue(()))?;
        measured.push(Measured {
            part,
            examples: examples.len(),
            metrics,
        });
    }
    Ok(measured)
}

/// Says what was made, and how good it is.
fn say(arguments: &Train, folder: &Path, epochs: (f64, f64), measured: &[Measured]) -> Result<ExitCode, CliError> {
    if arguments.json {
        return print(&format!("{:#}", as_json(folder, epochs, measured)));
    }
    let sentence = |part: &Measured| {
        let Metrics { accuracy, f1, loss } = part.metrics;
        let (examples, part) = (part.examples, part.part);
        format!("accuracy {accuracy:.4}, f1 {f1:.4}, loss {loss:.4} on {examples} {part} examples")
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

fn as_json(folder: &Path, (epochs, max_epochs): (f64, f64), measured: &[Measured]) -> serde_json::Value {
    let of_part = |part: &Measured| {
        let Metrics { accuracy, f1, loss } = part.metrics;
        let json = serde_json::json!({"examples": part.examples, "accuracy": accuracy, "f1": f1, "loss": loss});
        (part.part.to_owned(), json)
    };
    let measured: serde_json::Map<_, _> = measured.iter().map(of_part).collect();
    serde_json::json!({"model": folder, "epochs": epochs, "max_epochs": max_epochs, "measured": measured})
}

/// Compares the model and the data with those that the configuration was found with: what has changed is refused with
/// `--check`, and said without.
fn check_inputs(arguments: &Train, known: Option<&Provenance>, now: &[InputPart]) -> Result<(), CliError> {
    let path = arguments.spec.display();
    let known = known.map_or(&[][..], |known| &known.inputs);
    if known.is_empty() {
        let message = format!("`{path}` does not record its data, so there is nothing to check");
        return if arguments.check {
            Err(CliError::Usage(message))
        } else {
            Ok(())
        };
    }
    let changes = known.iter().filter_map(|known| change(known, now));
    let changes: Vec<String> = changes.collect();
    if changes.is_empty() {
        return Ok(());
    }
    let message = format!("since `{path}` was found, {}", changes.join("; "));
    if arguments.check {
        let message = format!("{message}: search again, or train without `--check`");
        return Err(CliError::Usage(message));
    }
    let _ = writeln!(std::io::stderr(), "warning: {message}; its metrics may no longer hold");
    Ok(())
}

/// What has changed of one part, in words.
fn change(known: &InputPart, now: &[InputPart]) -> Option<String> {
    let name = match known.part.as_str() {
        "model" => "the pretrained model".to_owned(),
        part => format!("the {part} examples"),
    };
    let verb = if known.part == "model" { "has" } else { "have" };
    let Some(now) = now.iter().find(|now| now.part == known.part) else {
        return Some(format!("{name} {verb} gone"));
    };
    if now.fingerprint == known.fingerprint {
        return None;
    }
    let counts = match (known.rows, now.rows) {
        (Some(before), Some(now)) if before != now => format!(" ({before} then, {now} now)"),
        _ => String::new(),
    };
    Some(format!("{name} {verb} changed{counts}"))
}

/// The one configuration of a space in which every parameter has one value.
fn only_configuration(spec: &Spec, path: &Path) -> Result<Configuration, CliError> {
    let searched = spec
        .space
        .parameters()
        .iter()
        .find(|parameter| parameter.domain.cardinality() != Some(1));
    if let Some(parameter) = searched {
        return Err(CliError::Usage(format!(
            "`{}` leaves `{}` open: `automl search` finds a value for it, and writes it to `best.yaml`",
            path.display(),
            parameter.name
        )));
    }
    let middles = vec![0.5; spec.space.parameters().len()];
    Ok(spec.space.decode(&middles))
}

fn beside(spec: &Path) -> PathBuf {
    spec.parent().unwrap_or(Path::new("")).join("model")
}

/// A folder that cannot be written is found before training, not after it.
fn check_writable(folder: &Path) -> Result<(), CliError> {
    let is_new = !folder.exists();
    let checked = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop));
    if is_new {
        // The model itself makes it again; until then an interruption leaves nothing.
        let _ = std::fs::remove_dir(folder);
    }
    checked.map_err(|source| CliError::File {
        action: "write the model to",
        path: folder.to_owned(),
        source,
    })
}

fn progress_bar(to: Samples) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} samples  {msg}  ETA {eta}");
    ProgressBar::new(to.0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The model's name without the path that it has on this machine.
fn base_name(spec: &FineTuneSpec) -> String {
    match &spec.model {
        ModelSource::Builtin(name) | ModelSource::Hub(name) => name.clone(),
        ModelSource::Directory(path) => last_part(path),
    }
}

fn data_name(spec: &FineTuneSpec) -> String {
    match &spec.data {
        DataSpec::Builtin { name, .. } => name.clone(),
        DataSpec::Table { train, .. } => last_part(train),
    }
}

fn last_part(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn write_beside_model(folder: &Path, name: &str, text: &str) -> Result<(), CliError> {
    let path = folder.join(name);
    crate::files::replace(&path, text.as_bytes()).map_err(|source| CliError::File {
        action: "write",
        path,
        source,
    })
}
