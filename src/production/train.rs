//! Trains the model of one configuration for production.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::notes::NotedTexts;
use super::provenance::check_inputs;
use super::thresholds::tuned;
use super::{ProductionError, Trained};
use crate::catalogue::builtin_model;
use crate::finetune::data::{Examples, Targets};
use crate::finetune::{Adapter, Device, LowRankSettings, Pretrained, Training, TrainingConfig, note_max_length};
use crate::hub;
use crate::metrics::{Measure, Task as TaskKind};
use crate::objective::{
    Demand, TrainingInputs, bring_data, bring_model, checkpoints, measures, stride, training_config,
};
use crate::report::{Measured, ModelCard, model_card};
use crate::space::Configuration;
use crate::spec::{self, DataSpec, FineTuneSpec, HubData, ModelSource, ObjectiveSpec, Override, Spec, Truncation};
use crate::units::{Cooldown, Samples};
use crate::worker;

/// Told if nothing is left to tune the thresholds of labels on.
const UNTUNED: &str = "with the validation examples in the training there are none to tune the thresholds of the labels: \
                       each is predicted from a probability of 0.5 on";

/// The part of a trained model that is saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saved {
    /// The whole model; an adapter is merged into it.
    #[default]
    Model,
    /// A low-rank adapter and the head alone, for the library `peft`.
    Adapter,
}

/// Options for training.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct TrainOptions {
    /// Folder of the model; by default `model` beside the configuration.
    pub out: Option<PathBuf>,
    /// Train on the validation examples too; the model is then not evaluated on them. With folds it always does.
    pub with_validation: bool,
    /// Train all epochs instead of stopping at the best epoch.
    pub all_epochs: bool,
    /// The part of the model that is saved.
    pub saved: Saved,
    /// Refuse a model or data other than those that the configuration was found with.
    pub check: bool,
    /// Overrides of the configuration.
    pub set: Vec<Override>,
    /// Download nothing.
    pub is_offline: bool,
    /// The weights of the trial in its study, which need no training.
    pub checkpoints: Option<Checkpoints>,
}

/// The checkpoints of a trial.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    /// Their folder.
    pub folder: PathBuf,
    /// True if there is time to train the model if the checkpoint of its best epoch is gone; otherwise the newest one is
    /// saved.
    pub may_train: bool,
}

/// Progress of a training.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Samples seen.
    pub seen: Samples,
    /// Samples in total.
    pub whole: Samples,
    /// Loss of the latest step.
    pub loss: f64,
}

/// A model that was trained and saved.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// Folder of the model.
    pub folder: PathBuf,
    /// Trained epochs, and epochs of the learning-rate schedule.
    pub epochs: (f64, f64),
    /// Metrics on each available part of the data.
    pub measured: Vec<Measured>,
}

/// Trains the model of a configuration and saves it in the layout that it was read from.
///
/// A model of the hub is downloaded if it is not in the cache; `downloads` hears of it. `on_step` receives the progress of
/// the training, `on_warning` warnings for the user.
///
/// # Errors
/// Returns [`ProductionError`] if the configuration, the model or the data cannot be used, or if files cannot be
/// written.
pub fn train(
    path: &Path,
    options: &TrainOptions,
    downloads: &dyn hub::Progress,
    on_step: &mut dyn FnMut(Progress),
    on_warning: &mut dyn FnMut(&str),
) -> Result<TrainedModel, ProductionError> {
    let (mut spec, _) = spec::load(path, &options.set).map_err(ProductionError::Spec)?;
    fine_tuning(&spec, path)?;
    let configuration = only_configuration(&spec, path)?;
    let folder = options.out.clone().unwrap_or_else(|| beside(path));
    check_free(&folder)?;
    bring(&mut spec, options.is_offline, downloads)?;
    let fine_tune = fine_tuning(&spec, path)?;
    let device = worker::slots(&spec.resources, Demand::of(fine_tune))?
        .first()
        .map_or(Device::Cpu, |slot| slot.device);
    let mut inputs = TrainingInputs::load(fine_tune, device)?;
    let changed = check_inputs(path, options.check, spec.provenance.as_ref(), &inputs.parts())?;
    for warning in changed.iter().chain(&inputs.notes) {
        on_warning(warning);
    }
    // After a cross-validation every example was validated, and the model for production learns from all of them.
    let on_all = options.with_validation || inputs.folds.is_some();
    let held_out = (!on_all).then(|| inputs.data.validation.clone());
    let epoch = inputs.epoch();
    if on_all {
        let data = Arc::make_mut(&mut inputs.data);
        data.train = data
            .train
            .concat(&data.validation)
            .map_err(crate::objective::InputError::from)?;
    }
    // Epochs are passes over the training examples, so more examples mean more steps, not fewer passes.
    let per_epoch = if on_all { inputs.epoch() } else { epoch };
    let max = Samples::from_epochs(spec.epochs.max, per_epoch);
    let stops = Some(&spec.epochs.stops).filter(|stops| !options.all_epochs && !stops.is_empty());
    let stops = stops.cloned().unwrap_or_else(|| vec![spec.epochs.max]);
    let stop = stops[stops.len() - 1];
    // A trial that ended before its schedule is trained up to the same point, unless all epochs are requested.
    let cooldown = spec.epochs.cooldown.filter(|_| !options.all_epochs);
    let samples = |epochs| Samples::from_epochs(epochs, per_epoch);
    let config = TrainingConfig {
        cooldown: cooldown.map(|(from, to)| Cooldown {
            from: samples(from),
            to: samples(to),
        }),
        ..training_config(&configuration, max, spec.seed)?
    };
    if options.saved == Saved::Adapter {
        check_adapter(&config, path)?;
        inputs.model.check_adapter()?;
    }
    let whole = Samples::from_epochs(stop, per_epoch);
    // The checkpoint of a trial in folds is that of the first one.
    let restored = options.checkpoints.as_ref().filter(|_| inputs.folds.is_none());
    let restored = restored.and_then(|known| restore(known, &inputs.model, &config, whole));
    let training = match restored {
        Some(training) => training,
        None => trained(
            &inputs,
            config,
            &stops.iter().map(|stop| samples(*stop)).collect::<Vec<_>>(),
            on_step,
        )?,
    };
    let best = stop;
    let stop = if training.seen() == whole {
        best
    } else {
        let reached = training.seen().epochs(per_epoch);
        on_warning(&format!(
            "there was no time to train the best epoch ({best}) again: the model is that of epoch {reached:.2}"
        ));
        reached
    };
    // The test examples are used only here: no search has seen them.
    let (measured, thresholds) = measure(
        &training,
        (&measures(inputs.data.task, vec![&spec.metric.name]), &spec.metric.name),
        [("validation", held_out), ("test", inputs.data.test.clone())],
    )?;
    if inputs.data.task == TaskKind::MultiLabel && thresholds.is_empty() {
        on_warning(UNTUNED);
    }
    save(&training, options.saved, fine_tune, &folder)?;
    let card = model_card(&ModelCard {
        name: &spec.name,
        task: fine_tune.task.name(),
        base_model: &base_name(fine_tune),
        revision: revision(fine_tune),
        licence: licence(fine_tune),
        data: &data_name(fine_tune),
        hub_data: hub_data(fine_tune),
        labels: &inputs.data.labels,
        configuration: &configuration,
        epochs: (stop, spec.epochs.max),
        seed: spec.seed.0,
        examples: (inputs.data.train.targets.wholes().len(), on_all),
        measured: &measured,
        long_texts: long_texts(fine_tune),
    });
    write_beside_model(&folder, "README.md", &card)?;
    let labels = inputs.data.labels.iter().cloned();
    let no_answers = matches!(&inputs.data.train.targets, Targets::Answers(answers) if answers.allows_none);
    write_notes(&folder, fine_tune, labels.zip(thresholds).collect(), no_answers)?;
    Ok(TrainedModel {
        folder,
        epochs: (stop, spec.epochs.max),
        measured,
    })
}

/// The pretrained model after training up to the last stop. With the same stops as in the search: the same steps give the
/// same model.
fn trained(
    inputs: &TrainingInputs,
    config: TrainingConfig,
    stops: &[Samples],
    on_step: &mut dyn FnMut(Progress),
) -> Result<Training, ProductionError> {
    let mut training = Training::start(&inputs.model, config)?;
    let whole = stops.last().copied().unwrap_or_default();
    for &stop in stops {
        training.train(&inputs.data.train, stop, &mut |step| {
            on_step(Progress {
                seen: step.seen,
                whole,
                loss: step.loss,
            });
            ControlFlow::Continue(())
        })?;
    }
    Ok(training)
}

/// The trial at its best epoch, or at its newest one if there is no time for the best. Unusable checkpoints count as
/// missing.
fn restore(known: &Checkpoints, model: &Pretrained, config: &TrainingConfig, best: Samples) -> Option<Training> {
    let list = checkpoints(&known.folder);
    let resume = |(at, path): &(Samples, PathBuf)| {
        let training = Training::resume(model, config.clone(), path).ok()?;
        (training.seen() == *at).then_some(training)
    };
    let exact = list.iter().filter(|(at, _)| *at == best).find_map(resume);
    exact.or_else(|| list.iter().filter(|_| !known.may_train).find_map(resume))
}

/// Writes what the later use of the model needs, with the threshold of each label.
fn write_notes(
    folder: &Path,
    fine_tune: &FineTuneSpec,
    thresholds: BTreeMap<String, f64>,
    no_answers: bool,
) -> Result<(), ProductionError> {
    let notes = Trained {
        thresholds,
        no_answers,
        ..notes(fine_tune)
    };
    notes.write(folder).map_err(|source| ProductionError::File {
        action: "write the notes of the model to",
        path: folder.to_path_buf(),
        source,
    })
}

/// The notes for the use of the model.
fn notes(fine_tune: &FineTuneSpec) -> Trained {
    let task = fine_tune.task.name();
    match &fine_tune.data {
        DataSpec::Table(table) if fine_tune.reads_pictures() => Trained {
            multi_label: table.multi_label.clone(),
            label: table.label.first().cloned(),
            more_labels: table.label.iter().skip(1).cloned().collect(),
            image: table.pictures.image.clone(),
            ..Trained::new(task, None)
        },
        DataSpec::Table(table) => Trained {
            multi_label: table.multi_label.clone(),
            stride: table.stride,
            max_windows: table.max_windows,
            ..Trained::new(
                task,
                Some(NotedTexts {
                    columns: &table.text,
                    label: &table.label,
                    max_length: fine_tune.max_length,
                    truncation: table.truncation,
                }),
            )
        },
        DataSpec::Builtin { .. } => Trained::new(task, None),
    }
}

/// How a model reads long texts, if not by their beginning alone.
fn long_texts(fine_tune: &FineTuneSpec) -> Option<String> {
    let DataSpec::Table(table) = &fine_tune.data else {
        return None;
    };
    let length = fine_tune.max_length;
    match table.truncation {
        Truncation::Windows => Some(format!(
            "Texts of more than {length} tokens are read in windows that share {} tokens, at most {} a text. The outputs are \
             the mean over the windows.",
            stride(table.stride, length),
            table.max_windows.unwrap_or(Truncation::MAX_WINDOWS)
        )),
        Truncation::HeadTail => Some(format!(
            "Of texts of more than {length} tokens a quarter is read from the beginning and the rest from the end."
        )),
        Truncation::Head => None,
    }
}

/// Writes the model or its adapter into its folder.
fn save(training: &Training, saved: Saved, spec: &FineTuneSpec, folder: &Path) -> Result<(), ProductionError> {
    match saved {
        Saved::Model => training.export(folder)?,
        Saved::Adapter => training.export_adapter(folder)?,
    }
    if matches!(spec.data, DataSpec::Table(_)) && !spec.reads_pictures() {
        note_max_length(folder, spec.max_length)?;
    }
    Ok(())
}

/// Evaluates the model on each available part of the data. Also returns the thresholds of labels, tuned on the validation
/// examples for the metric of this name; the test examples are measured with them.
fn measure(
    training: &Training,
    (metrics, name): (&[Measure], &str),
    parts: [(&'static str, Option<Examples>); 2],
) -> Result<(Vec<Measured>, Vec<f64>), ProductionError> {
    let (mut measured, mut thresholds) = (Vec::new(), Vec::new());
    for (part, examples) in parts {
        let Some(examples) = examples else { continue };
        let outputs = training
            .validate(&examples, &[], &mut || ControlFlow::Continue(()))?
            .outputs;
        if part == "validation" {
            thresholds = tuned(&outputs, &examples.targets, name)?;
        }
        measured.push(Measured {
            part,
            examples: examples.targets.wholes().len(),
            metrics: training.measure(&outputs, &examples.targets, &thresholds, metrics)?,
        });
    }
    Ok((measured, thresholds))
}

fn fine_tuning<'a>(spec: &'a Spec, path: &Path) -> Result<&'a FineTuneSpec, ProductionError> {
    match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => Ok(fine_tune),
        ObjectiveSpec::Function(_) => Err(no_model(path, "a function")),
        ObjectiveSpec::Command(_) => Err(no_model(path, "a command, which trains by itself")),
        ObjectiveSpec::AskTell(_) => Err(no_model(path, "run by the program that asks")),
    }
}

/// Checks before training that there will be an adapter to save.
fn check_adapter(config: &TrainingConfig, path: &Path) -> Result<(), ProductionError> {
    let spec = path.display();
    match config.adapter {
        Adapter::LowRank(LowRankSettings { full_layers: 0, .. }) => Ok(()),
        Adapter::LowRank(_) => Err(ProductionError::Usage(format!(
            "`--adapter-only` cannot save what `lora_full_layers` of `{spec}` trains: leave the flag out"
        ))),
        Adapter::None | Adapter::BiasOnly => Err(ProductionError::Usage(format!(
            "`--adapter-only` needs `adapter: lora`, but `{spec}` has `adapter: {}`: leave the flag out",
            config.adapter.name()
        ))),
    }
}

fn no_model(spec: &Path, objective: &str) -> ProductionError {
    let spec = spec.display();
    ProductionError::Usage(format!("`{spec}` trains no model: its objective is {objective}"))
}

/// The only configuration of a space in which every parameter has one value.
fn only_configuration(spec: &Spec, path: &Path) -> Result<Configuration, ProductionError> {
    let searched = spec
        .space
        .parameters()
        .iter()
        .find(|parameter| parameter.domain.cardinality() != Some(1));
    if let Some(parameter) = searched {
        return Err(ProductionError::Usage(format!(
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

/// Refuses a folder that holds a model, or that cannot be written to.
fn check_free(folder: &Path) -> Result<(), ProductionError> {
    let mut names = ["config.json", "adapter_config.json"].iter();
    if names.any(|name| folder.join(name).exists()) {
        return Err(ProductionError::Usage(format!(
            "`{}` holds a model already: choose another folder with `--out`",
            folder.display()
        )));
    }
    check_writable(folder)
}

/// Downloads the data and the model of a spec if they are from the hub, and pins their revisions.
fn bring(spec: &mut Spec, is_offline: bool, downloads: &dyn hub::Progress) -> Result<(), ProductionError> {
    if let Some(data) = bring_data(spec, is_offline, downloads)? {
        data.pin(spec);
    }
    if let Some(model) = bring_model(spec, is_offline, downloads)? {
        model.pin(spec);
    }
    Ok(())
}

/// Checks before training that the folder can be written.
fn check_writable(folder: &Path) -> Result<(), ProductionError> {
    let is_new = !folder.exists();
    let checked = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop));
    if is_new {
        // The export creates the folder again; until then an interruption leaves nothing behind.
        let _ = std::fs::remove_dir(folder);
    }
    checked.map_err(|source| ProductionError::File {
        action: "write the model to",
        path: folder.to_owned(),
        source,
    })
}

/// The model's name without its local path and its revision.
fn base_name(spec: &FineTuneSpec) -> String {
    match &spec.model {
        ModelSource::Builtin(name) => name.clone(),
        ModelSource::Hub(id) => id.split('@').next().unwrap_or_default().to_owned(),
        ModelSource::Directory(path) => last_part(path),
    }
}

/// The model's licence, as its author names it.
fn licence(spec: &FineTuneSpec) -> Option<&str> {
    let builtin = match &spec.model {
        ModelSource::Builtin(name) => builtin_model(name).map(|model| model.licence),
        ModelSource::Directory(_) | ModelSource::Hub(_) => None,
    };
    spec.model_licence.as_deref().or(builtin)
}

/// The commit of a model of the hub.
fn revision(spec: &FineTuneSpec) -> Option<&str> {
    match &spec.model {
        ModelSource::Hub(id) => id.split_once('@').map(|(_, revision)| revision),
        ModelSource::Builtin(_) | ModelSource::Directory(_) => None,
    }
}

/// The data set of the hub.
fn hub_data(spec: &FineTuneSpec) -> Option<&HubData> {
    match &spec.data {
        DataSpec::Table(table) => table.hub.as_ref(),
        DataSpec::Builtin { .. } => None,
    }
}

fn data_name(spec: &FineTuneSpec) -> String {
    match &spec.data {
        DataSpec::Builtin { name, .. } => name.clone(),
        DataSpec::Table(table) => {
            if let Some(hub) = &table.hub {
                return hub.id.split('@').next().unwrap_or_default().to_owned();
            }
            let names: Vec<String> = table.train.iter().map(|path| last_part(path)).collect();
            names.join(", ")
        }
    }
}

fn last_part(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn write_beside_model(folder: &Path, name: &str, text: &str) -> Result<(), ProductionError> {
    let path = folder.join(name);
    crate::files::replace(&path, text.as_bytes()).map_err(|source| ProductionError::File {
        action: "write",
        path,
        source,
    })
}
