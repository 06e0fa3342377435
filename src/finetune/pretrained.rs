//! The pretrained model that all trials of a process share.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::Value;
use thiserror::Error;

use super::{
    backend::Device,
    models::{
        Network,
        bert::{self, Bert, BertConfig, Head, HeadSource},
        resnet8::ResNet8,
    },
    parameters::Parameters,
    weights::{WeightFile, WeightsError},
};

/// The reason why a model could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file of the model cannot be read.
    #[error("cannot read `{}`: {source}; a model's folder holds config.json and model.safetensors", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The configuration cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The weights are damaged or do not fit the configuration.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// No built-in model has this name.
    #[error("there is no built-in model `{name}`; there is `resnet8-cifar10`")]
    UnknownBuiltin {
        /// The unknown name.
        name: String,
    },
}

/// The origin of a model.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A folder and its parsed `config.json`.
    Directory { path: PathBuf, config: Value },
    /// Built-in weights.
    Builtin { name: String },
}

/// A pretrained model with an untrained head for this task's classes. It is loaded once and shared by all trials:
/// cloning copies only references.
#[derive(Clone, Debug)]
pub struct Pretrained {
    pub(crate) network: Network,
    pub(crate) parameters: Parameters,
    pub(crate) labels: Vec<String>,
    pub(crate) source: Source,
    pub(crate) device: Device,
    checksum: u32,
}

impl Pretrained {
    /// Loads a model in Hugging Face layout (`config.json`, `model.safetensors`) that classifies into `labels`.
    ///
    /// # Errors
    /// If a file is missing, the architecture is unknown, or tensors are missing, unknown or of another shape.
    pub fn load_directory(path: &Path, labels: &[String], device: Device) -> Result<Self, LoadError> {
        let (config_path, config) = read_config(path)?;
        let network = network(config_path, &config, labels.len(), HeadSource::New)?;
        let weights = path.join("model.safetensors");
        let bytes = std::fs::read(&weights).map_err(|source| LoadError::Access {
            path: weights.clone(),
            source,
        })?;
        let source = Source::Directory {
            path: path.to_path_buf(),
            config,
        };
        Self::assemble(network, &bytes, &weights.display().to_string(), labels, source, device)
    }

    /// Loads a built-in model from the bytes of its safetensors file.
    ///
    /// # Errors
    /// If the name is unknown, or the bytes are not the weights of that model.
    pub fn builtin(name: &str, bytes: &[u8], labels: &[String], device: Device) -> Result<Self, LoadError> {
        if name != "resnet8-cifar10" {
            return Err(LoadError::UnknownBuiltin { name: name.to_owned() });
        }
        let network = Network::ResNet8(ResNet8 {
            classes: labels.len(),
            head_from_file: false,
        });
        Self::assemble(
            network,
            bytes,
            name,
            labels,
            Source::Builtin { name: name.to_owned() },
            device,
        )
    }

    fn assemble(
        network: Network,
        bytes: &[u8],
        file_name: &str,
        labels: &[String],
        source: Source,
        device: Device,
    ) -> Result<Self, LoadError> {
        let parameters = read_parameters(&network, bytes, file_name, device)?;
        let checksum = crc32fast::hash(bytes);
        Ok(Self {
            network,
            parameters,
            labels: labels.to_vec(),
            source,
            device,
            checksum,
        })
    }

    /// The largest freeze depth. At depth k the embeddings (or the stem) and all blocks up to the kth do not train.
    pub fn freeze_depths(&self) -> usize {
        self.network.freeze_depths()
    }

    /// Names of the blocks that can be frozen, first to last.
    pub fn block_names(&self) -> Vec<String> {
        self.network.block_names()
    }

    /// The names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Maximum length of a text in tokens; `None` for an image model.
    pub fn max_length(&self) -> Option<usize> {
        match &self.network {
            Network::Bert(bert) => Some(bert.config.max_position_embeddings),
            Network::ResNet8(_) => None,
        }
    }

    /// Size of the vocabulary; `None` for an image model.
    pub fn vocabulary(&self) -> Option<usize> {
        match &self.network {
            Network::Bert(bert) => Some(bert.config.vocab_size),
            Network::ResNet8(_) => None,
        }
    }

    /// The device on which the model computes.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Number of trainable values at a freeze depth.
    pub fn trainable_parameters(&self, freeze_depth: usize) -> u64 {
        self.parameters.trainable(freeze_depth)
    }

    /// A checksum of the weight file, which identifies the model.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }
}

/// Reads a folder's `config.json`.
pub(crate) fn read_config(folder: &Path) -> Result<(PathBuf, Value), LoadError> {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|source| LoadError::Access {
        path: path.clone(),
        source,
    })?;
    match serde_json::from_str(&text) {
        Ok(config) => Ok((path, config)),
        Err(error) => Err(LoadError::Config {
            path,
            reason: error.to_string(),
        }),
    }
}

/// The network that the `config.json` at `path` describes, with a head for `classes` classes.
pub(crate) fn network(
    path: PathBuf,
    config: &Value,
    classes: usize,
    head_source: HeadSource,
) -> Result<Network, LoadError> {
    match config.get("model_type").and_then(Value::as_str).unwrap_or("missing") {
        "bert" => {
            let config = BertConfig::parse(&config.to_string()).map_err(|reason| LoadError::Config { path, reason })?;
            Ok(Network::Bert(Bert {
                config,
                head: Head::Pooler,
                head_source,
                classes,
            }))
        }
        "resnet8" => Ok(Network::ResNet8(ResNet8 {
            classes,
            head_from_file: matches!(head_source, HeadSource::File),
        })),
        other => Err(LoadError::Config {
            path,
            reason: format!("`model_type` is `{other}`; only `bert` and `resnet8` are known"),
        }),
    }
}

/// Reads a network's parameters from a weight file, under the names that the network uses.
pub(crate) fn read_parameters(
    network: &Network,
    bytes: &[u8],
    file_name: &str,
    device: Device,
) -> Result<Parameters, WeightsError> {
    let mut file = WeightFile::parse(bytes, file_name)?;
    // A configuration can claim any number of blocks: accept no more than the file has tensors.
    if network.freeze_depths() > file.tensors.len() {
        return Err(WeightsError::FewerTensors {
            name: file_name.to_owned(),
            tensors: file.tensors.len(),
            blocks: network.freeze_depths(),
        });
    }
    let ignored = match network {
        Network::Bert(_) => {
            file.tensors = file
                .tensors
                .into_iter()
                .map(|(name, tensor)| (bert::canonical_name(&name), tensor))
                .collect();
            bert::is_ignored
        }
        Network::ResNet8(_) => |_: &str| false,
    };
    Parameters::from_file(network.parameters(), file, file_name, ignored, device)
}
