//! Folders that `save_pretrained` of the library `peft` wrote: a low-rank adapter (`adapter_config.json`,
//! `adapter_model.safetensors`), which is merged into its base model when that is loaded.
//!
//! Begin reading at [`PeftAdapter::read`]. `merge` adds the adapter to the weights.

mod merge;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
};

use automl_tokenizer::Tokenizer;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    families::HeadKind,
    weights::{WeightFile, WeightsError},
};

/// The files of an adapter.
const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";
const PICKLED: &str = "adapter_model.bin";

/// The `config.json` of the model with its adapter merged, which we write beside an adapter for the names of the labels. It
/// has another name, because `transformers` takes a folder with a `config.json` for a whole model.
pub(crate) const MERGED_CONFIG: &str = "merged_config.json";

/// The keys of `adapter_config.json` that do not change what the weights mean, and those that are read.
const KNOWN: [&str; 27] = [
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "megatron_core",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
];

/// The first values of adapters that leave the base model as it is; other ones, such as `pissa`, change it.
const STARTS: [&str; 2] = ["gaussian", "eva"];

/// The reason why an adapter cannot be used.
#[derive(Debug, Error)]
pub enum PeftError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}; an adapter's folder holds {CONFIG} and {WEIGHTS}", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder has only weights that run code when they are loaded.
    #[error("`{}` has only `{PICKLED}`, which can run code when it is loaded: save it again with `safe_serialization=True`", folder.display())]
    Pickle {
        /// The folder.
        folder: PathBuf,
    },
    /// The configuration is malformed.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The adapter has settings that are not supported.
    #[error(
        "the adapter `{}` has {}, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use \
         its folder",
        folder.display(),
        settings.join(" and ")
    )]
    Unsupported {
        /// The adapter's folder.
        folder: PathBuf,
        /// The settings, quoted, with their values.
        settings: Vec<String>,
    },
    /// The base model is neither a folder nor in the cache.
    #[error(
        "the adapter `{}` belongs to the base model `{base}`, which is not there: put its folder at this path, or correct \
         `base_model_name_or_path` in `{CONFIG}`",
        folder.display()
    )]
    NoBase {
        /// The adapter's folder.
        folder: PathBuf,
        /// The name of the base model.
        base: String,
    },
    /// The adapter was made for another model.
    #[error("the adapter `{}` does not fit its base model `{}`: {reason}", folder.display(), base.display())]
    Misfit {
        /// The adapter's folder.
        folder: PathBuf,
        /// The folder of the base model.
        base: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The weights cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// A low-rank adapter of the library `peft`.
#[derive(Clone, Debug, PartialEq)]
pub struct PeftAdapter {
    folder: PathBuf,
    base: String,
    revision: Option<String>,
    alpha: f64,
    is_rank_stabilized: bool,
    task: Option<HeadKind>,
    checksum: u32,
}

impl PeftAdapter {
    /// Reads the settings of the adapter in a folder; `None` if the folder is no adapter, or holds a whole model too.
    ///
    /// # Errors
    /// If a file cannot be read, or if the adapter is of a kind that is not supported; the error names its settings.
    pub fn read(folder: &Path) -> Result<Option<Self>, PeftError> {
        let path = folder.join(CONFIG);
        let has_model = ["model.safetensors", "model.safetensors.index.json"]
            .iter()
            .any(|name| folder.join(name).exists());
        if has_model || !path.is_file() {
            return Ok(None);
        }
        let access = |path: PathBuf| move |source| PeftError::Access { path, source };
        let bytes = std::fs::read(&path).map_err(access(path.clone()))?;
        let malformed = |reason: &str| PeftError::Config {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let config: Map<String, Value> =
            serde_json::from_slice(&bytes).map_err(|error| malformed(&error.to_string()))?;
        let settings = unsupported(&config);
        if !settings.is_empty() {
            let folder = folder.to_owned();
            return Err(PeftError::Unsupported { folder, settings });
        }
        let weights = folder.join(WEIGHTS);
        if !weights.exists() && folder.join(PICKLED).exists() {
            let folder = folder.to_owned();
            return Err(PeftError::Pickle { folder });
        }
        let text = |key: &str| config.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&bytes);
        checksum.update(&std::fs::read(&weights).map_err(access(weights))?);
        Ok(Some(Self {
            folder: folder.to_owned(),
            base: text("base_model_name_or_path")
                .filter(|base| !base.is_empty())
                .ok_or_else(|| malformed("it has no `base_model_name_or_path`"))?,
            revision: text("revision"),
            alpha: config
                .get("lora_alpha")
                .and_then(Value::as_f64)
                .filter(|alpha| alpha.is_finite())
                .ok_or_else(|| malformed("it has no `lora_alpha`"))?,
            is_rank_stabilized: config.get("use_rslora").and_then(Value::as_bool).unwrap_or(false),
            task: match config.get("task_type").and_then(Value::as_str) {
                Some("SEQ_CLS") => Some(HeadKind::Whole),
                Some("TOKEN_CLS") => Some(HeadKind::Tokens),
                Some("QUESTION_ANS") => Some(HeadKind::Answers),
                Some(_) | None => None,
            },
            checksum: checksum.finalize(),
        }))
    }

    /// The adapter's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of its base model, if its name is a path: from the adapter's folder, or from the current one.
    pub fn base_folder(&self) -> Option<PathBuf> {
        let beside = self.folder.join(&self.base);
        let here = PathBuf::from(&self.base);
        [beside, here].into_iter().find(|path| path.is_dir())
    }

    /// The name of its base model on the hub, with the revision if it names one.
    pub fn base_id(&self) -> String {
        match &self.revision {
            Some(revision) => format!("{}@{revision}", self.base),
            None => self.base.clone(),
        }
    }

    /// The error for a base model that is not there.
    pub fn without_base(&self) -> PeftError {
        PeftError::NoBase {
            folder: self.folder.clone(),
            base: self.base.clone(),
        }
    }

    /// The folder with the tokenizer: that of the adapter if it has one, else that of the base model.
    pub fn tokenizer_folder<'a>(&'a self, base: &'a Path) -> &'a Path {
        let has_all = |files: &[&str]| files.iter().all(|file| self.folder.join(file).is_file());
        if Tokenizer::sources().any(has_all) {
            &self.folder
        } else {
            base
        }
    }

    /// A checksum of its files.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum
    }

    fn weights(&self) -> Result<WeightFile, PeftError> {
        Ok(WeightFile::read(&self.folder.join(WEIGHTS))?)
    }

    /// The factor for the product of two matrices of this rank.
    fn scale(&self, rank: usize) -> f64 {
        let rank = rank.max(1) as f64;
        self.alpha / if self.is_rank_stabilized { rank.sqrt() } else { rank }
    }
}

/// The settings that are not supported, with their values.
fn unsupported(config: &Map<String, Value>) -> Vec<String> {
    let shown = |key: &str, value: &Value| format!("`{key}: {}`", value.to_string().trim_matches('"'));
    let is_set = |value: &Value| match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    };
    let word = |key: &str| config.get(key).and_then(Value::as_str);
    let mut found = Vec::new();
    let kind = word("peft_type").unwrap_or("missing");
    if kind != "LORA" {
        // The settings of other kinds are their own.
        return vec![format!("`peft_type: {kind}`")];
    }
    for (key, value) in config {
        let is_other = match key.as_str() {
            "bias" => word(key).is_some_and(|bias| bias != "none"),
            "init_lora_weights" => word(key).is_some_and(|start| !STARTS.contains(&start)),
            known if KNOWN.contains(&known) => false,
            _ => is_set(value),
        };
        if is_other {
            found.push(shown(key, value));
        }
    }
    found
}
