//! Predictions with a model in training or with an exported model.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use automl_metrics::{ClassCounts, Measure, MetricError};
use serde_json::Value;

use super::{
    backend::{Device, values},
    batching::{ExampleError, check_inputs, check_targets, evaluation_batches},
    data::{Examples, Inputs, Targets},
    families::{HeadKind, HeadRequest, HeadSource},
    networks::{Batch, Frozen, InputLimits, Model, Network, Stem},
    parameters::Parameters,
    peft::PeftAdapter,
    prefix_cache::{FrozenOutputs, gather_frozen},
    preprocessing::{self, ImageInput},
    pretrained::{ImageSizeError, LoadError, family, network, read_config, read_parameters},
    tasks::{Prediction, Scores, TASKS, Task, Truth, of_problem_type},
    trainer::TrainError,
    weights::WeightFile,
};

/// Tokens of one evaluation batch. On the CPU a batch should fit the caches; a GPU should be kept busy.
pub(crate) const HOST_TOKENS: usize = 2048;
const DEVICE_TOKENS: usize = 16_384;

/// An evaluation: the metrics, and the outputs from which they were computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The metrics.
    pub scores: Scores,
    /// The outputs, `[examples, outputs]`, in the order of the examples.
    pub outputs: Vec<f32>,
}

fn tokens_at_once(device: Device) -> usize {
    if device.is_host() { HOST_TOKENS } else { DEVICE_TOKENS }
}

/// The logits of all inputs in their order, `[inputs, classes]`, or `[tokens, classes]` from a head for tokens; `None` if
/// `on_batch` stops. The first `depth` layers are frozen; `outputs` caches their activations, if given.
pub(crate) fn logits(
    model: Model<'_>,
    (outputs, depth): (Option<&FrozenOutputs>, usize),
    inputs: &Inputs,
    on_batch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Option<Vec<f32>>, ExampleError> {
    check_inputs(model.network, inputs)?;
    let mut rows: Vec<Vec<f32>> = vec![Vec::new(); inputs.len()];
    for places in evaluation_batches(inputs, tokens_at_once(model.device)) {
        let (batch, frozen) = gather_frozen(outputs, model, (inputs, None), &places, depth);
        for (place, row) in outputs_of(model, inputs, &places, (batch, frozen)) {
            rows[place as usize] = row;
        }
        if on_batch().is_break() {
            return Ok(None);
        }
    }
    Ok(Some(rows.concat()))
}

/// The outputs for each input of a batch.
fn outputs_of(
    model: Model<'_>,
    inputs: &Inputs,
    places: &[u32],
    (batch, frozen): (Batch, Option<Frozen>),
) -> Vec<(u32, Vec<f32>)> {
    let logits = model.logits(&batch, frozen);
    let [_, width] = logits.dims();
    let logits = values(&logits);
    let mut rest = logits.as_slice();
    let rows = places.iter().map(|&place| {
        let rows = model.network.output_rows(inputs, place);
        let (of_input, others) = rest.split_at(rows * width);
        rest = others;
        (place, of_input.to_vec())
    });
    rows.collect()
}

/// Like [`logits`] without frozen layers; on the CPU it uses all cores. The batches, and so the results, do not depend
/// on the number of cores.
fn logits_on_all_cores(model: Model<'_>, inputs: &Inputs) -> Result<Vec<f32>, ExampleError> {
    check_inputs(model.network, inputs)?;
    let threads = if model.device.is_host() {
        std::thread::available_parallelism().map_or(1, usize::from)
    } else {
        1
    };
    let batches = evaluation_batches(inputs, tokens_at_once(model.device));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut rows: Vec<(u32, Vec<f32>)> = Vec::new();
        while let Some(places) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (batch, frozen) = gather_frozen(None, model, (inputs, None), places, 0);
            rows.extend(outputs_of(model, inputs, places, (batch, frozen)));
        }
        rows
    };
    let found = std::thread::scope(|scope| {
        let others =
            (1..threads.min(batches.len())).map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok());
        let others: Vec<_> = others.collect();
        let mut found = work();
        for other in others {
            match other.join() {
                Ok(rows) => found.extend(rows),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    let mut rows: Vec<Vec<f32>> = vec![Vec::new(); inputs.len()];
    for (place, row) in found {
        rows[place as usize] = row;
    }
    Ok(rows.concat())
}

/// Measures a network on labelled examples: the metric `loss`, and `measures`. The outputs have the given names.
pub(crate) fn evaluate(
    model: Model<'_>,
    frozen: (Option<&FrozenOutputs>, usize),
    (examples, (task, names)): (&Examples, (&dyn Task, &[String])),
    measures: &[Measure],
    on_batch: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Evaluated, TrainError> {
    check_targets(&examples.inputs, &examples.targets, names.len())?;
    let outputs = logits(model, frozen, &examples.inputs, on_batch)?.ok_or(TrainError::Stopped)?;
    let targets = &examples.targets;
    let thresholds = &[];
    let truth = Truth {
        targets,
        names,
        thresholds,
    };
    let scores = scores(task, &outputs, truth, measures)?;
    Ok(Evaluated { scores, outputs })
}

/// The metric `loss`, and `measures`.
pub(crate) fn scores(
    task: &dyn Task,
    outputs: &[f32],
    truth: Truth<'_>,
    measures: &[Measure],
) -> Result<Scores, MetricError> {
    let mut scores = task.measure(outputs, truth, measures)?;
    scores.insert("loss".to_owned(), task.loss(outputs, truth.targets));
    Ok(scores)
}

/// An exported fine-tuned model.
#[derive(Clone, Debug)]
pub struct FineTuned {
    task: &'static dyn Task,
    network: Network,
    parameters: Parameters,
    labels: Vec<String>,
    /// The probability from which each label is predicted; empty: one half.
    thresholds: Vec<f64>,
    /// How pictures are prepared; `None` for texts.
    pictures: Option<ImageInput>,
    device: Device,
}

impl FineTuned {
    /// Loads a folder that [`super::Training::export`] wrote, or any classifier of a supported family in Hugging
    /// Face layout.
    ///
    /// # Errors
    /// If a file or the class names are missing, or if tensors do not fit.
    pub fn load(folder: &Path, device: Device) -> Result<Self, LoadError> {
        Self::load_adapted((folder, None), device)
    }

    /// As [`Self::load`], with an adapter merged into the weights of its base model in `folder`.
    ///
    /// # Errors
    /// As [`Self::load`]; also if the adapter does not fit the model, or has no head.
    pub fn load_adapted((folder, adapter): (&Path, Option<&PeftAdapter>), device: Device) -> Result<Self, LoadError> {
        let (config_path, mut config) = read_config(folder)?;
        if let (Some(adapter), Some(family)) = (adapter, family(&config)) {
            config = adapter.config(config, family)?;
        }
        let (task, labels) = task_of(&config).map_err(|reason| LoadError::Config {
            path: config_path.clone(),
            reason,
        })?;
        let request = HeadRequest {
            kind: task.head(),
            outputs: labels.len(),
            source: HeadSource::File,
        };
        let (family, network) = network(config_path, &config, request)?;
        let pictures = match network.inputs {
            InputLimits::Images { size } => Some(preprocessing::working(Some(folder), &config, size, None)),
            InputLimits::Texts { .. } => None,
        };
        let (mut file, _) = WeightFile::read_folder(folder)?;
        if let Some(adapter) = adapter {
            file = adapter.merged_into(file, (family, &network), folder)?;
        }
        let parameters = read_parameters(family, &network, file, "model.safetensors", device)?;
        Ok(Self {
            task,
            network,
            parameters,
            labels,
            thresholds: Vec::new(),
            pictures,
            device,
        })
    }

    /// Returns whether the model is of the built-in images' own family, which takes their numbers as they are.
    pub fn is_builtin_family(&self) -> bool {
        matches!(self.network.stem, Stem::Pixels(_))
    }

    /// How pictures are prepared for the model; `None` for a text model.
    pub fn picture_input(&self) -> Option<&ImageInput> {
        self.pictures.as_ref()
    }

    /// The model for pictures of the size that its files prepare them for.
    ///
    /// # Errors
    /// If the model does not take images of that size.
    pub fn for_pictures(self) -> Result<Self, ImageSizeError> {
        let (InputLimits::Images { size: own }, Some(ImageInput { size, .. })) = (self.network.inputs, &self.pictures)
        else {
            return Ok(self);
        };
        if own == *size {
            return Ok(self);
        }
        let network = self.network.resized(size.height, size.width);
        let network = network.ok_or_else(|| ImageSizeError::new(size.height, size.width))?;
        Ok(Self { network, ..self })
    }

    /// The model with a threshold for each label: the probability from which it is predicted.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Vec<f64>) -> Self {
        Self { thresholds, ..self }
    }

    /// The probability from which each label is predicted; empty: one half.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// The task.
    pub fn task(&self) -> &'static dyn Task {
        self.task
    }

    /// The names of the classes, labels or numbers.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Maximum length of a text in tokens; `None` for an image model.
    pub fn max_length(&self) -> Option<usize> {
        self.network.inputs.longest()
    }

    /// Number of token types that the model tells apart; 0 for an image model.
    pub fn token_types(&self) -> usize {
        self.network.inputs.token_types()
    }

    /// Scores before softmax, `[inputs, classes]`, in the order of the inputs. On the CPU it uses all cores.
    ///
    /// # Errors
    /// If the inputs do not fit the model.
    pub fn logits(&self, inputs: &Inputs) -> Result<Vec<f32>, ExampleError> {
        logits_on_all_cores(self.model(), inputs)
    }

    /// A prediction for each example, in their order: for each input, or for each sentence or question of several.
    ///
    /// # Errors
    /// If the inputs do not fit the model.
    pub fn predict(&self, examples: &Examples) -> Result<Vec<Prediction>, ExampleError> {
        let outputs = self.logits(&examples.inputs)?;
        let mut rest = outputs.as_slice();
        let predictions = examples.targets.wholes().into_iter().map(|whole| {
            let places: Vec<u32> = (whole.start as u32..whole.end as u32).collect();
            let rows = places
                .iter()
                .map(|&place| self.network.output_rows(&examples.inputs, place));
            let (of_whole, others) = rest.split_at(rows.sum::<usize>() * self.labels.len());
            rest = others;
            let targets = &examples.targets.pick(&places);
            self.task.predict(of_whole, self.truth(targets))
        });
        Ok(predictions.collect())
    }

    /// The metric `loss` and `measures` of outputs that [`Self::logits`] gave for examples with these targets.
    ///
    /// # Errors
    /// If a metric does not measure the task, or names an unknown class.
    pub fn measure(&self, outputs: &[f32], targets: &Targets, measures: &[Measure]) -> Result<Scores, MetricError> {
        scores(self.task, outputs, self.truth(targets), measures)
    }

    /// The counts of each class, label or kind of name in outputs that [`Self::logits`] gave.
    pub fn counts(&self, outputs: &[f32], targets: &Targets) -> Vec<(String, ClassCounts)> {
        self.task.counts(outputs, self.truth(targets))
    }

    fn truth<'a>(&'a self, targets: &'a Targets) -> Truth<'a> {
        Truth {
            targets,
            names: &self.labels,
            thresholds: &self.thresholds,
        }
    }

    fn model(&self) -> Model<'_> {
        Model {
            network: &self.network,
            parameters: &self.parameters,
            device: self.device,
        }
    }
}

/// The task of a fine-tuned model, and the names of its outputs.
fn task_of(config: &Value) -> Result<(&'static dyn Task, Vec<String>), String> {
    let class = config["architectures"][0].as_str().unwrap_or_default();
    let by_class = TASKS
        .iter()
        .find(|task| task.head() != HeadKind::Whole && class.ends_with(task.head().class()));
    if let Some(task) = by_class {
        let labels = task.labels().map_or_else(|| class_names(config), Ok)?;
        return Ok((*task, labels));
    }
    let labels = class_names(config)?;
    let problem_type = config.get("problem_type").and_then(Value::as_str);
    Ok((of_problem_type(problem_type, labels.len()), labels))
}

/// The values of `id2label`, whose keys must be the strings 0, 1, 2, ….
fn class_names(config: &Value) -> Result<Vec<String>, String> {
    let names = config
        .get("id2label")
        .and_then(Value::as_object)
        .ok_or("it has no `id2label`")?;
    (0..names.len())
        .map(|class| {
            let name = names.get(&class.to_string()).and_then(Value::as_str);
            name.map(str::to_owned)
                .ok_or_else(|| format!("`id2label` does not name class {class}"))
        })
        .collect()
}
