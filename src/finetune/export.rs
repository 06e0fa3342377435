//! Writes a fine-tuned model in the layout that it was read from, so that `transformers` loads it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use automl_tokenizer::{Tokenizer, TokenizerError};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{
    networks::InputLimits,
    parameters::Parameters,
    pretrained::{Pretrained, Source},
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
    let file = parameters.to_file(|name| base.family.names.exported(name));
    file.write(&folder.join("model.safetensors"))?;
    if let (Source::Directory { path, .. }, InputLimits::Texts { .. }) = (&base.source, base.network.inputs) {
        match Tokenizer::from_folder(path) {
            Ok(tokenizer) => tokenizer.save(folder)?,
            // Whoever trains on token ids may need none.
            Err(TokenizerError::NoTokenizer { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // `config.json` is written last: a folder without it is clearly incomplete.
    let path = folder.join("config.json");
    let text = format!("{:#}\n", config(base));
    files::replace(&path, text.as_bytes()).map_err(access(path))
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
    config.insert("model_type".to_owned(), json!(model_type(base)));
    for key in ["dtype", "torch_dtype"] {
        if let Some(dtype) = config.get_mut(key) {
            *dtype = json!("float32");
        }
    }
    if base.family.class.is_empty() {
        if let InputLimits::Images { channels, side } = base.network.inputs {
            config.insert("image_size".to_owned(), json!([channels, side, side]));
        }
    } else {
        let class = format!("{}ForSequenceClassification", base.family.class);
        config.insert("architectures".to_owned(), json!([class]));
        config.insert("problem_type".to_owned(), json!(base.task.problem_type()));
    }
    Value::Object(config)
}

/// The model type of the source, or the family's.
fn model_type(base: &Pretrained) -> &str {
    let own = match &base.source {
        Source::Directory { config, .. } => config.get("model_type").and_then(Value::as_str),
        Source::Builtin { .. } => None,
    };
    own.unwrap_or(base.family.model_types[0])
}
