//! The model and the data of a fine-tuning objective, loaded and matched to each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lengths::{ByLength, Lengths};
use super::model_parts::ModelParts;
use super::tables::{Table, encoding, pictures};
use super::{Sizes, hub_model, training_config};
use crate::catalogue::{BUILTIN_IMAGES, IMAGE_CHANGES};
use crate::finetune::data::pictures::{Prepared, converted};
use crate::finetune::data::{
    DataError, Dataset, EncoderOptions, Examples, Folds, TextEncoder, TokenizerError, builtin,
};
use crate::finetune::model_folder::{ModelFolderError, check_model_folder};
use crate::finetune::{
    Device, Footprint, ImageSizeError, LoadError, Pretrained, TrainError, Training, TrainingCost, start_threads, tasks,
};
use crate::hub::HubError;
use crate::metrics::{self, Task as TaskKind};
use crate::rng::Fingerprint;
use crate::space::{Configuration, Domain, Space, Value};
use crate::spec::{Amount, DataSpec, FineTuneSpec, InputPart, ModelSource, Spec, Task, Truncation};
use crate::study::{Cost, Identity, Settings};
use crate::trials::MemoryModel;
use crate::units::{Samples, Seed};

/// The weights of the built-in model: MLPerf Tiny's ResNet8, trained on CIFAR-10.
const RESNET8_CIFAR10: &[u8] = include_bytes!("../../search-spaces/quickstart/resnet8-cifar10/model.safetensors");

/// A pretrained model and labelled data for it.
#[derive(Clone, Debug)]
pub struct TrainingInputs {
    /// The model, with a head for the data's labels.
    pub model: Pretrained,
    /// The data, ready to train on. Where trials differ in the length of texts, with the longest texts.
    pub data: Arc<Dataset>,
    /// Facts about the data that a person should know, such as rows that are left out.
    pub notes: Vec<String>,
    /// The texts before they are cut, where trials differ in their length.
    pub(super) lengths: Option<Lengths>,
    /// The folds of a cross-validation, as indices of the training examples followed by the validation examples. These two
    /// are the parts of the first fold.
    pub folds: Option<Arc<Folds>>,
}

/// Why the model and the data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The data cannot be read.
    #[error(transparent)]
    Data(Box<DataError>),
    /// The tokenizer cannot be read.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The built-in model cannot be laid out as a folder.
    #[error(
        "cannot write the files of `builtin:{name}`: {source}; set `AUTOML_CACHE_DIR` to a folder that can be written to"
    )]
    Builtin {
        /// The model.
        name: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The folder of the model cannot be used.
    #[error(transparent)]
    Folder(#[from] ModelFolderError),
    /// The model of the hub can neither be found nor downloaded. With it, the model that was most likely meant.
    #[error("{}{}", .0, meant(.1.as_deref()))]
    Hub(Box<HubError>, Option<String>),
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] LoadError),
    /// The data is of another kind than the task needs.
    #[error("`task: {task}` cannot use `{data}`: {need}")]
    WrongData {
        /// The task.
        task: &'static str,
        /// The data.
        data: String,
        /// The kind of data that the task needs.
        need: &'static str,
    },
    /// The program of a command does not exist.
    #[error("there is no program `{program}` in `PATH`, or below `{}` if its name has a slash; the command of every trial begins with it", folder.display())]
    NoProgram {
        /// Name of the program.
        program: String,
        /// Folder in which the command runs.
        folder: PathBuf,
    },
    /// The script that an interpreter should run does not exist.
    #[error("there is no file `{script}` in `{}`: `{interpreter}` runs it for every trial; correct its name or `folder`", folder.display())]
    NoScript {
        /// Name of the script.
        script: String,
        /// Name of the interpreter.
        interpreter: String,
        /// Folder in which the command runs.
        folder: PathBuf,
    },
    /// The system limits the number of threads.
    #[error(
        "cannot start the threads that compute: {0}; allow more (`ulimit -u`, `pids.max`), or set `RAYON_NUM_THREADS=1`"
    )]
    Threads(#[from] std::io::Error),
    /// The trials are run by another program.
    #[error(
        "the trials of this study are run by the program that asks for them: continue with `automl ask-tell --out DIR`"
    )]
    AskTell,
    /// The model is of another kind than the task needs.
    #[error("`task: {task}` cannot use the model `{model}`: {need}")]
    WrongModel {
        /// The task.
        task: &'static str,
        /// The model.
        model: String,
        /// The kind of model that the task needs.
        need: &'static str,
    },
    /// The space freezes more blocks than the model has.
    #[error(
        "`parameters.freeze_depth` goes up to {asked}, but the model `{model}` has {most} parts to freeze: {}",
        parts.join(", ")
    )]
    TooDeep {
        /// The largest freeze depth in the space.
        asked: i64,
        /// The model.
        model: String,
        /// The largest possible freeze depth.
        most: usize,
        /// Names of the blocks.
        parts: Vec<String>,
    },
    /// The space allows settings that the model does not.
    #[error("`parameters` does not fit the model `{model}`: {reason}")]
    Unsuitable {
        /// The model.
        model: String,
        /// The reason.
        #[source]
        reason: TrainError,
    },
    /// Images that frozen layers see are not changed in this way.
    #[error("`parameters.{name}` has no effect, because `freeze_depth` is above 0 in every trial: {help}")]
    NeverChanged {
        /// The parameter.
        name: &'static str,
        /// The remedy.
        help: &'static str,
    },
    /// The tokenizer has tokens that the model has no embeddings for.
    #[error(
        "the tokenizer of the model `{model}` has the token {id} (`{token}`), but the model has embeddings for {rows} tokens: they do not belong \
         together"
    )]
    UnknownToken {
        /// The model.
        model: String,
        /// The last token.
        token: String,
        /// Id of the last token.
        id: u32,
        /// Rows of the embedding table.
        rows: usize,
    },
    /// The model does not take images of the size that was asked for.
    #[error("`image_size: {asked}` does not fit the model `{model}`: {reason}")]
    ImageSize {
        /// The size in the spec.
        asked: usize,
        /// The model.
        model: String,
        /// The reason.
        #[source]
        reason: ImageSizeError,
    },
    /// A metric names a class that the data does not have.
    #[error(
        "`metric: {metric}` names the class `{class}`, but the labels of the data are {}",
        labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
    )]
    UnknownClass {
        /// The metric.
        metric: String,
        /// The class.
        class: String,
        /// The labels of the data.
        labels: Vec<String>,
    },
    /// The texts are longer than the model allows.
    #[error("`max_length: {asked}`, but the model `{model}` takes at most {most} tokens")]
    TooLong {
        /// The maximum length in the spec.
        asked: usize,
        /// The model.
        model: String,
        /// The model's maximum length.
        most: usize,
    },
}

impl From<DataError> for InputError {
    fn from(error: DataError) -> Self {
        Self::Data(Box::new(error))
    }
}

impl TrainingInputs {
    /// Loads the model and the data of a spec onto a device.
    ///
    /// # Errors
    /// If something is missing, malformed, or of the wrong kind.
    ///
    /// ```
    /// use std::{ops::ControlFlow, path::Path};
    ///
    /// use automl::finetune::{Device, Training, TrainingConfig};
    /// use automl::objective::TrainingInputs;
    /// use automl::spec::{self, ObjectiveSpec};
    /// use automl::units::Samples;
    ///
    /// let text = "
    /// task: image-classification
    /// model: builtin:resnet8-cifar10
    /// data: {train: builtin:fashion-mini, train_limit: 320, test: 1800}
    /// parameters: {learning_rate: 0.003}
    /// budget: {trials: 1}
    /// ";
    /// let (spec, _) = spec::from_text(text, Path::new("space.yaml"), &[])?;
    /// let ObjectiveSpec::FineTune(fine_tune) = &spec.objective else { unreachable!() };
    /// let inputs = TrainingInputs::load(fine_tune, Device::Cpu)?;
    /// let total = Samples(320);
    /// let config = TrainingConfig { learning_rate: 0.003, total, ..TrainingConfig::default() };
    /// let mut training = Training::start(&inputs.model, config)?;
    /// training.train(&inputs.data.train, total, &mut |_| ControlFlow::Continue(()))?;
    /// let measures = [automl::metrics::metric("accuracy")?];
    /// let scores = training.evaluate(&inputs.data.validation, &measures, &mut || ControlFlow::Continue(()))?;
    /// assert!(scores["accuracy"] > 0.3, "better than one in ten: {scores:?}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(spec: &FineTuneSpec, device: Device) -> Result<Self, InputError> {
        start_threads()?;
        if spec.reads_pictures() {
            Self::images(spec, device)
        } else {
            Self::texts(spec, device)
        }
    }

    /// A model with data that fits it.
    pub(super) fn new(model: Pretrained, data: Dataset) -> Self {
        Self {
            model,
            data: Arc::new(data),
            notes: Vec::new(),
            lengths: None,
            folds: None,
        }
    }

    fn images(spec: &FineTuneSpec, device: Device) -> Result<Self, InputError> {
        if let DataSpec::Builtin {
            name,
            train_limit,
            test,
        } = &spec.data
        {
            let data = builtin_data(name, *train_limit, *test)?;
            let model = image_model(spec, (TaskKind::Classification, &data.labels), device)?;
            let data = match model.image_input() {
                Some(input) if !model.is_builtin_family() => converted(data, &input),
                _ => data,
            };
            return Ok(Self::new(model, data));
        }
        let table = pictures(spec)?;
        let model = image_model(spec, (table.task(), table.labels()), device)?;
        let input = model.image_input().ok_or_else(|| needs_images(spec))?;
        let Prepared { data, notes } = table.prepare(&input)?;
        Ok(Self {
            notes: [table.notes(), notes].concat(),
            ..Self::new(model, data)
        })
    }

    fn texts(spec: &FineTuneSpec, device: Device) -> Result<Self, InputError> {
        let needs_texts =
            "it needs a model of texts: a directory or hub id with `config.json`, `model.safetensors` and a tokenizer";
        let Some(parts) = ModelParts::of(&spec.model, hub_model::kind_of(spec))? else {
            return Err(wrong_model(spec.task.name(), &spec.model, needs_texts));
        };
        let table = Table::load(spec)?;
        let task = tasks::task(table.task()).unwrap_or(tasks::TASKS[0]);
        let model = parts.load((task, table.labels()), device)?;
        match model.max_length() {
            None => return Err(wrong_model(spec.task.name(), &spec.model, needs_texts)),
            Some(most) if spec.max_length > most => {
                return Err(InputError::TooLong {
                    asked: spec.max_length,
                    model: model_name(&spec.model),
                    most,
                });
            }
            Some(_) => {}
        }
        let (long, max_windows, is_pair) = match &spec.data {
            DataSpec::Table(table) => (
                (table.truncation, table.stride),
                table.max_windows,
                table.text.len() > 1,
            ),
            DataSpec::Builtin { .. } => ((Truncation::default(), None), None, false),
        };
        let encoder = EncoderOptions {
            max_length: spec.max_length,
            truncation: encoding(table.task(), long, spec.max_length),
            is_pair: is_pair || table.task() == TaskKind::QuestionAnswering,
            token_types: model.token_types(),
            max_windows: max_windows.unwrap_or(Truncation::MAX_WINDOWS),
        };
        let encoder = TextEncoder::from_folder(parts.tokenizer(), encoder)?;
        let rows = model.vocabulary().unwrap_or(usize::MAX);
        encoder.tokenizer().check_rows(rows).map_err(|error| match error {
            TokenizerError::IdTooLarge { token, id, rows } => InputError::UnknownToken {
                model: model_name(&spec.model),
                token,
                id,
                rows,
            },
            error => error.into(),
        })?;
        let tokens = if spec.searches_length {
            table.tokens(&encoder)?
        } else {
            None
        };
        let lengths = tokens.map(|tokens| Lengths {
            tokens: Arc::new(tokens),
            encoder: encoder.clone(),
            task: table.task(),
            long,
        });
        let data = match &lengths {
            Some(lengths) => lengths.cut(spec.max_length)?,
            None => table.tokenize(&encoder)?,
        };
        Ok(Self {
            notes: table.notes(),
            lengths,
            folds: table.folds().cloned().map(Arc::new),
            ..Self::new(model, data)
        })
    }

    /// The data with texts of at most `max_length` tokens; `None`: of the longest length.
    ///
    /// # Errors
    /// If special tokens leave no room for a text.
    pub fn data_at(&self, max_length: Option<usize>) -> Result<Arc<Dataset>, InputError> {
        match self.lengths.as_ref().zip(max_length) {
            Some((lengths, max_length)) => Ok(Arc::new(lengths.cut(max_length)?)),
            None => Ok(Arc::clone(&self.data)),
        }
    }

    /// Something made of the data for each length that trials have; at most `kept` of them stay in memory.
    pub(super) fn by_length<T>(
        &self,
        kept: usize,
        make: impl Fn(Arc<Dataset>) -> T + Send + Sync + 'static,
    ) -> ByLength<T> {
        ByLength::new((Arc::clone(&self.data), self.lengths.clone()), kept, make)
    }

    /// Adds the inputs of a part to a fingerprint. Where trials differ in the length of texts, these are whole texts.
    fn add_inputs(&self, part: usize, examples: &Examples, fingerprint: &mut Fingerprint) {
        match self.lengths.as_ref().and_then(|lengths| lengths.tokens.parts()[part]) {
            Some(tokens) => tokens.add_to(fingerprint),
            None => examples.inputs.add_to(fingerprint),
        }
    }

    /// Checks that the space fits the model.
    pub(super) fn check(&self, fine_tune: &FineTuneSpec, spec: &Spec) -> Result<(), InputError> {
        let depth = spec.space.parameter("freeze_depth");
        let asked = depth
            .and_then(|parameter| parameter.domain.largest_integer())
            .unwrap_or(0);
        let most = self.model.freeze_depths();
        if asked > most as i64 {
            let (model, parts) = (model_name(&fine_tune.model), self.model.block_names());
            return Err(InputError::TooDeep {
                asked,
                model,
                most,
                parts,
            });
        }
        check_changes(&spec.space)?;
        let settings = Settings::new(spec, self.epoch());
        for metric in settings.metrics() {
            let class = metrics::metric(metric).ok().and_then(|measure| measure.class);
            let labels = self.model.task().classes(&self.data.labels);
            if let Some(class) = class.filter(|class| !labels.contains(class)) {
                return Err(InputError::UnknownClass {
                    metric: metric.to_owned(),
                    class,
                    labels,
                });
            }
        }
        if let (Some(lengths), Some(parameter)) = (&self.lengths, spec.space.parameter("max_length")) {
            lengths.check(&parameter.domain)?;
        }
        for extreme in extremes(&spec.space).into_iter().chain(losses(&spec.space)) {
            let checked =
                training_config(&extreme, Samples(1), Seed(0)).and_then(|config| Training::check(&self.model, &config));
            checked.map_err(|reason| InputError::Unsuitable {
                model: model_name(&fine_tune.model),
                reason,
            })?;
        }
        Ok(())
    }

    /// Samples of one epoch.
    pub fn epoch(&self) -> Samples {
        Samples(self.data.train.len() as u64)
    }

    /// Fingerprint of the weights, the labels and all examples.
    pub(super) fn identity(&self) -> Identity {
        let mut fingerprint = Fingerprint::new();
        fingerprint.number(u64::from(self.model.checksum()));
        for label in &self.data.labels {
            fingerprint.bytes(label.as_bytes());
            fingerprint.number(label.len() as u64);
        }
        let parts = [
            Some(&self.data.train),
            Some(&self.data.validation),
            self.data.test.as_ref(),
        ];
        for (part, examples) in parts.into_iter().enumerate() {
            let Some(examples) = examples else { continue };
            fingerprint.number(examples.len() as u64);
            examples.targets.add_to(&mut fingerprint);
            self.add_inputs(part, examples, &mut fingerprint);
        }
        for fold in self
            .folds
            .iter()
            .flat_map(|folds| (0..folds.count()).map(|fold| folds.validation(fold)))
        {
            fingerprint.number(fold.len() as u64);
            for &row in fold {
                fingerprint.number(u64::from(row));
            }
        }
        Identity {
            epoch: self.epoch(),
            fingerprint: format!("{:016x}", fingerprint.finish()),
            parts: self.parts(),
        }
    }

    /// Fingerprints of the model and of each part of the data.
    pub fn parts(&self) -> Vec<InputPart> {
        let mut labels = Fingerprint::new();
        for label in &self.data.labels {
            labels.bytes(label.as_bytes());
            labels.number(label.len() as u64);
        }
        let labels = labels.finish();
        let part = |(index, part): (usize, &str), examples: &Examples| {
            let mut fingerprint = Fingerprint::new();
            fingerprint.number(labels);
            examples.targets.add_to(&mut fingerprint);
            self.add_inputs(index, examples, &mut fingerprint);
            InputPart {
                part: part.to_owned(),
                rows: Some(examples.targets.wholes().len() as u64),
                fingerprint: format!("{:016x}", fingerprint.finish()),
            }
        };
        let model = InputPart {
            part: "model".to_owned(),
            rows: None,
            fingerprint: format!("{:08x}", self.model.checksum()),
        };
        let test = self.data.test.as_ref().map(|test| part((2, "test"), test));
        let data = [
            part((0, "train"), &self.data.train),
            part((1, "validation"), &self.data.validation),
        ];
        std::iter::once(model).chain(data).chain(test).collect()
    }

    pub(super) fn sizes(&self) -> Sizes {
        let count = |examples: &Examples| examples.targets.wholes().len();
        Sizes {
            train: count(&self.data.train),
            validation: count(&self.data.validation),
            test: self.data.test.as_ref().map_or(0, count),
        }
    }

    /// Predicts the peak memory of a worker that trains a configuration.
    pub(super) fn memory(&self) -> Arc<MemoryModel> {
        let model = self.model.clone();
        let footprints = self.by_length(usize::MAX, move |data| Footprint::new(&model, &data));
        Arc::new(move |configuration| {
            // A configuration with an unknown word is refused when its trial starts.
            let config = training_config(configuration, Samples(1), Seed(0)).unwrap_or_default();
            Some(footprints.at_or_longest(config.max_length).peak(&config))
        })
    }

    /// Predicts the cost of a segment; `keeps` says whether activations of the frozen layers are cached.
    pub(super) fn cost(&self, keeps: bool) -> Cost {
        let model = self.model.clone();
        let costs = self.by_length(usize::MAX, move |data| {
            TrainingCost::new(&model, &data.train, &data.validation, keeps)
        });
        let epoch = self.epoch();
        Box::new(move |configuration: &Configuration, from, to| {
            // A configuration with an unknown word is refused when its trial starts.
            let config = training_config(configuration, Samples(1), Seed(0)).unwrap_or_default();
            let evaluations = super::segment_progress::evaluation_points(from, to, epoch).len() as f64;
            let examples = (to.0 - from.0) as f64;
            costs
                .at_or_longest(config.max_length)
                .segment(&config, examples, evaluations)
        })
    }
}

fn meant(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The folder of a model, if it has all files.
fn whole<'a>(folder: &'a Path, spec: &FineTuneSpec) -> Result<&'a Path, InputError> {
    check_model_folder(folder, hub_model::kind_of(spec))?;
    Ok(folder)
}

/// The number of training examples, without the model.
pub(super) fn examples(spec: &FineTuneSpec) -> Result<Samples, InputError> {
    let examples = match (&spec.task, &spec.data) {
        (
            Task::ImageClassification,
            DataSpec::Builtin {
                name,
                train_limit,
                test,
            },
        ) => builtin_data(name, *train_limit, *test)?.train.len(),
        _ if spec.reads_pictures() => pictures(spec)?.train_examples(),
        _ => Table::load(spec)?.train_examples(),
    };
    Ok(Samples(examples as u64))
}

/// Built-in data with these parts of its training examples.
pub(super) fn builtin_data(
    name: &str,
    train_limit: Option<Amount>,
    test: Option<Amount>,
) -> Result<Dataset, InputError> {
    let known = BUILTIN_IMAGES.iter().find(|images| images.name == name);
    let all = known.map_or(0, |images| images.train);
    let test = test.map(|test| test.of(all));
    let rest = all.saturating_sub(test.unwrap_or(0));
    Ok(builtin::load(name, train_limit.map(|limit| limit.of(rest)), test)?)
}

/// For each adapter of a space, a configuration with the largest numbers of blocks and ranks.
fn extremes(space: &Space) -> Vec<Configuration> {
    let adapter = space.parameter("adapter");
    let words = ["none", "lora", "bias_only"].map(|word| Value::Text(word.to_owned()));
    let possible = words.into_iter().filter(|word| match adapter {
        Some(adapter) => adapter.domain.encode(word).is_some(),
        None => word.as_str() == Some("none"),
    });
    let extreme = |word| {
        let mut extreme = Configuration::default();
        extreme.set("adapter", word);
        for name in ["reinit_layers", "lora_rank", "lora_full_layers"] {
            let largest = space
                .parameter(name)
                .and_then(|parameter| parameter.domain.largest_integer());
            if let Some(largest) = largest {
                extreme.set(name, Value::Int(largest));
            }
        }
        extreme
    };
    possible.map(extreme).collect()
}

/// The values at the ends of a parameter's range, or all of them; none if the space does not have it.
fn some_values(space: &Space, name: &str) -> Vec<Value> {
    let Some(parameter) = space.parameter(name) else {
        return Vec::new();
    };
    match &parameter.domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => values.clone(),
        range => range
            .bounds()
            .map_or_else(Vec::new, |(low, high)| vec![Value::Float(low), Value::Float(high)]),
    }
}

/// Reports changes of images in a space whose trials all have frozen layers, which see images as they are or some views
/// of them.
fn check_changes(space: &Space) -> Result<(), InputError> {
    let is_on = |name: &str| {
        let off = if name == "crop_scale" { 1.0 } else { 0.0 };
        let mut numbers = some_values(space, name).into_iter().filter_map(|value| value.as_f64());
        numbers.any(|number| number != off)
    };
    let depth = space.parameter("freeze_depth");
    if depth.is_none_or(|depth| depth.domain.encode(&Value::Int(0)).is_some() || depth.condition.is_some()) {
        return Ok(());
    }
    let has_views = is_on("views");
    for &name in IMAGE_CHANGES {
        let mixes = matches!(name, "mixup_alpha" | "cutmix_alpha");
        if is_on(name) && (mixes || !has_views) {
            let help = if mixes {
                "allow `freeze_depth: 0`, or leave it out"
            } else {
                "set `views`, allow `freeze_depth: 0`, or leave it out"
            };
            return Err(InputError::NeverChanged { name, help });
        }
    }
    Ok(())
}

/// A configuration for each setting of the training loss, of images and of depth, by itself.
fn losses(space: &Space) -> Vec<Configuration> {
    let settings = ["class_weights", "focal_gamma", "label_smoothing", "drop_path"];
    let all = settings
        .into_iter()
        .chain(IMAGE_CHANGES.iter().copied())
        .flat_map(|name| {
            some_values(space, name)
                .into_iter()
                .map(move |value| [(name, value)].into_iter().collect())
        });
    all.collect()
}

/// The model of a spec for pictures of its size.
fn image_model(
    spec: &FineTuneSpec,
    (kind, labels): (TaskKind, &[String]),
    device: Device,
) -> Result<Pretrained, InputError> {
    let outputs = (tasks::task(kind).unwrap_or(tasks::TASKS[0]), labels);
    let model = match &spec.model {
        ModelSource::Builtin(name) => Pretrained::builtin_for((name, RESNET8_CIFAR10), outputs, device)?,
        ModelSource::Directory(path) => Pretrained::load(whole(path, spec)?, outputs, device)?,
        ModelSource::Hub(id) => Pretrained::load(&hub_model::find(id, hub_model::kind_of(spec))?, outputs, device)?,
    };
    if model.image_input().is_none() {
        return Err(needs_images(spec));
    }
    let asked = spec.image_size;
    let sides = asked.map(|side| [side, side]);
    model.for_pictures(sides).map_err(|reason| InputError::ImageSize {
        asked: asked.unwrap_or_default(),
        model: model_name(&spec.model),
        reason,
    })
}

fn needs_images(spec: &FineTuneSpec) -> InputError {
    let need = "it needs a model of images, such as `builtin:resnet8-cifar10`";
    wrong_model(spec.task.name(), &spec.model, need)
}

fn wrong_model(task: &'static str, model: &ModelSource, need: &'static str) -> InputError {
    InputError::WrongModel {
        task,
        model: model_name(model),
        need,
    }
}

fn model_name(model: &ModelSource) -> String {
    match model {
        ModelSource::Builtin(name) => format!("builtin:{name}"),
        ModelSource::Directory(path) => path.display().to_string(),
        ModelSource::Hub(id) => id.clone(),
    }
}
