//! Writes a fine-tuned model in the layout that it was read from, so that `transformers` loads it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use automl_tokenizer::{Tokenizer, TokenizerError};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{
    adapters::LowRankSettings,
    families::{Architecture, HeadKind},
    networks::{InputLimits, Network},
    parameters::{Handle, Parameter, Parameters, Role},
    peft::MERGED_CONFIG,
    preprocessing,
    pretrained::{Pretrained, Source},
    trainable::Trainable,
    weights::WeightsError,
};
use crate::files;

/// The reason why a model could not be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A file cannot be written or copied.
    #[error("cannot write `{}`: {source}", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The trial has no low-rank adapter.
    #[error("there is no adapter to save: `adapter` is `{adapter}`, not `lora`; save the whole model instead")]
    NoAdapter {
        /// The trial's adapter.
        adapter: &'static str,
    },
    /// Blocks that train as a whole are not a part of an adapter.
    #[error("the adapter cannot be saved alone: `lora_full_layers` trained whole blocks; save the whole model instead")]
    FullLayers,
    /// The base of the adapter is not in any folder.
    #[error(
        "the adapter cannot be saved alone: the model that it belongs to was merged from another adapter; save the whole \
         model instead"
    )]
    AdaptedBase,
    /// The weights cannot be written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tokenizer cannot be read or saved.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

/// Writes `config.json`, `model.safetensors` and the tokenizer into `folder`, which is created if needed.
pub(crate) fn export(base: &Pretrained, parameters: &Parameters, folder: &Path) -> Result<(), ExportError> {
    let access = |path: PathBuf| move |source| ExportError::Access { path, source };
    fs::create_dir_all(folder).map_err(access(folder.to_path_buf()))?;
    let is_of_model = |_: Handle, parameter: &Parameter| parameter.role != Role::LowRank;
    let file = parameters.to_file(is_of_model, |name| exported(base, name));
    file.write(&folder.join("model.safetensors"))?;
    save_tokenizer(base, folder)?;
    save_processor(base, folder)?;
    // `config.json` is written last: a folder without it is clearly incomplete.
    write_json(&folder.join("config.json"), &config(base))
}

/// Saves the tokenizer of a text model.
fn save_tokenizer(base: &Pretrained, folder: &Path) -> Result<(), ExportError> {
    if let (Source::Directory { path, .. }, InputLimits::Texts { .. }) = (&base.source, base.network.inputs) {
        match Tokenizer::from_folder(path) {
            Ok(tokenizer) => tokenizer.save(folder)?,
            // Whoever trains on token ids may need none.
            Err(TokenizerError::NoTokenizer { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Saves how images are prepared: the model's own file, or a new one if the pictures of the training had another size.
fn save_processor(base: &Pretrained, folder: &Path) -> Result<(), ExportError> {
    let path = folder.join(preprocessing::FILE);
    let (own, config) = match &base.source {
        Source::Directory { path, config } => (Some(path.as_path()), config),
        Source::Builtin { .. } => (None, &Value::Null),
    };
    let InputLimits::Images { size } = base.network.inputs else {
        return Ok(());
    };
    if let Some(pictures) = &base.pictures
        && own.is_some()
        && *pictures != preprocessing::working(own, config, size, None)
    {
        return write_json(&path, &pictures.preprocessing.to_json());
    }
    match own.map(|own| fs::read(own.join(preprocessing::FILE))) {
        Some(Ok(text)) => files::replace(&path, &text).map_err(|source| ExportError::Access { path, source }),
        Some(Err(_)) | None => Ok(()),
    }
}

fn write_json(path: &Path, json: &Value) -> Result<(), ExportError> {
    files::replace(path, format!("{json:#}\n").as_bytes()).map_err(|source| ExportError::Access {
        path: path.to_path_buf(),
        source,
    })
}

/// Writes `adapter_config.json`, `adapter_model.safetensors` and the tokenizer's files, as the library `peft` does, and a
/// configuration that names the labels.
pub(crate) fn export_adapter(
    base: &Pretrained,
    (network, parameters, trainable): (&Network, &Parameters, &Trainable),
    settings: &LowRankSettings,
    folder: &Path,
) -> Result<(), ExportError> {
    if settings.full_layers > 0 {
        return Err(ExportError::FullLayers);
    }
    base.check_adapter()?;
    let access = |path: PathBuf| move |source| ExportError::Access { path, source };
    fs::create_dir_all(folder).map_err(access(folder.to_path_buf()))?;
    let file = parameters.to_file(
        |handle, _| trainable.changes(handle),
        |name| format!("base_model.model.{}", exported(base, name)),
    );
    file.write(&folder.join("adapter_model.safetensors"))?;
    save_tokenizer(base, folder)?;
    write_json(&folder.join(MERGED_CONFIG), &config(base))?;
    write_json(
        &folder.join("adapter_config.json"),
        &adapter_config(base, (network, parameters, trainable), settings),
    )
}

fn adapter_config(
    base: &Pretrained,
    (network, parameters, trainable): (&Network, &Parameters, &Trainable),
    settings: &LowRankSettings,
) -> Value {
    let mut network = network.clone();
    let weights = network.linears_mut().into_iter();
    let adapted: Vec<Handle> = weights
        .filter(|(_, linear)| linear.adapter.is_some())
        .map(|(_, linear)| linear.weight)
        .collect();
    // The whole names, because a short name could fit layers that have no adapter.
    let module = |parameter: &Parameter| {
        let name = exported(base, &parameter.name);
        name.rsplit_once('.')
            .map(|(module, _)| module.to_owned())
            .unwrap_or(name)
    };
    let targets: BTreeSet<String> = adapted
        .iter()
        .map(|&weight| module(parameters.description(weight)))
        .collect();
    let saved: BTreeSet<String> = parameters
        .described()
        .filter(|(handle, parameter)| trainable.changes(*handle) && parameter.role != Role::LowRank)
        .map(|(_, parameter)| module(parameter))
        .collect();
    let is_upright = adapted
        .first()
        .is_some_and(|&weight| !parameters.description(weight).transposed);
    let source = match &base.source {
        Source::Directory { path, .. } => path.display().to_string(),
        Source::Builtin { name } => name.clone(),
    };
    json!({
        "base_model_name_or_path": source,
        "bias": "none",
        "fan_in_fan_out": is_upright,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "modules_to_save": saved,
        "peft_type": "LORA",
        "r": settings.rank,
        "target_modules": targets,
        "task_type": match base.task.head() {
            HeadKind::Whole => "SEQ_CLS",
            HeadKind::Tokens => "TOKEN_CLS",
            HeadKind::Answers => "QUESTION_ANS",
        },
        "use_rslora": settings.is_rank_stabilized,
    })
}

/// The name of a tensor in an exported file.
fn exported(base: &Pretrained, name: &str) -> String {
    base.family.names.exported(base.task.head(), name)
}

/// Records the maximum text length in a model's folder, so that `transformers` truncates texts to the same length. A
/// folder without a tokenizer is left unchanged.
///
/// # Errors
/// If the file cannot be written.
pub fn note_max_length(folder: &Path, max_length: usize) -> Result<(), ExportError> {
    let path = folder.join("tokenizer_config.json");
    if !folder.join("tokenizer.json").is_file() {
        return Ok(());
    }
    let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let mut config: Map<String, Value> = known.unwrap_or_default();
    config.insert("model_max_length".to_owned(), json!(max_length));
    let text = format!("{:#}\n", Value::Object(config));
    files::replace(&path, text.as_bytes()).map_err(|source| ExportError::Access { path, source })
}

fn config(base: &Pretrained) -> Value {
    let mut config = match &base.source {
        Source::Directory {
            config: Value::Object(config),
            ..
        } => config.clone(),
        Source::Directory { .. } => Map::new(),
        Source::Builtin { name } => Map::from_iter([("base_model".to_owned(), json!(name))]),
    };
    let classes = || base.labels.iter().enumerate();
    config.insert(
        "id2label".to_owned(),
        classes()
            .map(|(class, name)| (class.to_string(), json!(name)))
            .collect(),
    );
    config.insert(
        "label2id".to_owned(),
        classes().map(|(class, name)| (name.clone(), json!(class))).collect(),
    );
    let whole = Value::Object(config.clone());
    let is_by_architecture = Architecture::of(&whole).is_some();
    if !is_by_architecture {
        config.insert("model_type".to_owned(), json!(model_type(base)));
    }
    for key in ["dtype", "torch_dtype"] {
        if let Some(dtype) = config.get_mut(key) {
            *dtype = json!("float32");
        }
    }
    if is_by_architecture {
        count_classes(&mut config, base.labels.len());
    } else if base.family.class.is_empty() {
        if let InputLimits::Images { size } = base.network.inputs {
            config.insert("image_size".to_owned(), json!([size.channels, size.height, size.width]));
        }
    } else {
        let class = match base.network.inputs {
            InputLimits::Texts { .. } => base.task.head().class(),
            InputLimits::Images { .. } => "ForImageClassification",
        };
        let class = format!("{}{class}", base.family.class);
        config.insert("architectures".to_owned(), json!([class]));
    }
    if is_by_architecture || !base.family.class.is_empty() {
        match base.task.problem_type() {
            Some(problem_type) => config.insert("problem_type".to_owned(), json!(problem_type)),
            None => config.remove("problem_type"),
        };
    }
    Value::Object(config)
}

/// Says the number of classes where timm looks for it.
fn count_classes(config: &mut Map<String, Value>, classes: usize) {
    config.insert("num_classes".to_owned(), json!(classes));
    if let Some(Value::Object(pretrained)) = config.get_mut("pretrained_cfg") {
        pretrained.insert("num_classes".to_owned(), json!(classes));
    }
    if let Some(Value::Object(arguments)) = config.get_mut("model_args") {
        arguments.remove("num_classes");
    }
}

/// The model type of the source, or the family's.
fn model_type(base: &Pretrained) -> &str {
    let own = match &base.source {
        Source::Directory { config, .. } => config.get("model_type").and_then(Value::as_str),
        Source::Builtin { .. } => None,
    };
    own.or(base.family.model_types.first().copied()).unwrap_or_default()
}
