//! The pretrained model that all trials of a process share.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::Value;
use thiserror::Error;

use super::{
    augment::PixelScale,
    backend::Device,
    data::ImageSize,
    export::ExportError,
    families::{Family, HeadKind, HeadRequest, HeadSource},
    networks::{InputLimits, Network},
    parameters::Parameters,
    peft::{PeftAdapter, PeftError},
    preprocessing::{self, ImageInput},
    recipes::Recipe,
    tasks::{TASKS, Task},
    weights::{WeightFile, WeightsError},
};
use crate::rng::Fingerprint;

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
    /// The adapter on the model cannot be used.
    #[error(transparent)]
    Adapter(#[from] PeftError),
    /// No built-in model has this name.
    #[error("there is no built-in model `{name}`; there is `resnet8-cifar10`")]
    UnknownBuiltin {
        /// The unknown name.
        name: String,
    },
}

/// A model cannot take images of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the model does not take images of {height} × {width}: they are too small for it, or it takes another kind of inputs"
)]
pub struct ImageSizeError {
    height: usize,
    width: usize,
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
    pub(crate) family: &'static Family,
    pub(crate) task: &'static dyn Task,
    pub(crate) network: Network,
    pub(crate) parameters: Parameters,
    pub(crate) labels: Vec<String>,
    pub(crate) source: Source,
    pub(crate) device: Device,
    /// True if the values are those of a base model with an adapter.
    pub(crate) is_adapted: bool,
    checksum: u32,
}

impl Pretrained {
    /// Loads a model in Hugging Face layout (`config.json`, `model.safetensors`) that classifies into `labels`.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn load_directory(path: &Path, labels: &[String], device: Device) -> Result<Self, LoadError> {
        Self::load(path, (TASKS[0], labels), device)
    }

    /// Loads a model in Hugging Face layout (`config.json`, `model.safetensors`) for a task, with outputs of these
    /// names.
    ///
    /// # Errors
    /// If a file is missing, the architecture is unknown, or tensors are missing, unknown or of another shape.
    pub fn load(path: &Path, outputs: (&'static dyn Task, &[String]), device: Device) -> Result<Self, LoadError> {
        Self::load_adapted((path, None), outputs, device)
    }

    /// As [`Self::load`], with an adapter merged into the weights.
    ///
    /// # Errors
    /// As [`Self::load`]; also if the adapter does not fit the model.
    pub fn load_adapted(
        (path, adapter): (&Path, Option<&PeftAdapter>),
        (task, labels): (&'static dyn Task, &[String]),
        device: Device,
    ) -> Result<Self, LoadError> {
        let (config_path, config) = read_config(path)?;
        let request = HeadRequest {
            kind: task.head(),
            outputs: labels.len(),
            source: HeadSource::New,
        };
        let (family, network) = network(config_path, &config, request)?;
        let (mut file, mut checksum) = WeightFile::read_folder(path)?;
        if let Some(adapter) = adapter {
            file = adapter.merged_into(file, (family, &network), path)?;
            checksum = crc32fast::hash(&[checksum, adapter.checksum()].map(u32::to_le_bytes).concat());
        }
        let source = Source::Directory {
            path: adapter
                .map_or(path, |adapter| adapter.tokenizer_folder(path))
                .to_path_buf(),
            config,
        };
        let parameters = read_parameters(family, &network, file, &path.display().to_string(), device)?;
        Ok(Self {
            family,
            task,
            network,
            parameters,
            labels: labels.to_vec(),
            source,
            device,
            is_adapted: adapter.is_some(),
            checksum,
        })
    }

    /// Loads a built-in model from the bytes of its safetensors file.
    ///
    /// # Errors
    /// If the name is unknown, or the bytes are not the weights of that model.
    pub fn builtin(name: &str, bytes: &[u8], labels: &[String], device: Device) -> Result<Self, LoadError> {
        let unknown = || LoadError::UnknownBuiltin { name: name.to_owned() };
        if name != "resnet8-cifar10" {
            return Err(unknown());
        }
        let config = serde_json::json!({ "model_type": "resnet8" });
        let request = HeadRequest {
            kind: HeadKind::Whole,
            outputs: labels.len(),
            source: HeadSource::New,
        };
        let (family, network) = network(PathBuf::from(name), &config, request)?;
        let parameters = read_parameters(family, &network, WeightFile::parse(bytes, name)?, name, device)?;
        Ok(Self {
            family,
            task: TASKS[0],
            network,
            parameters,
            labels: labels.to_vec(),
            source: Source::Builtin { name: name.to_owned() },
            device,
            is_adapted: false,
            checksum: crc32fast::hash(bytes),
        })
    }

    /// Checks that an adapter of this model can be saved alone.
    ///
    /// # Errors
    /// Returns [`ExportError::AdaptedBase`] if its values are those of a base model with another adapter.
    pub fn check_adapter(&self) -> Result<(), ExportError> {
        if self.is_adapted {
            return Err(ExportError::AdaptedBase);
        }
        Ok(())
    }

    /// The task.
    pub fn task(&self) -> &'static dyn Task {
        self.task
    }

    /// The largest freeze depth. At depth k the embeddings (or the stem) and all blocks up to the kth do not train.
    pub fn freeze_depths(&self) -> usize {
        self.network.freeze_depths()
    }

    /// Names of the blocks that can be frozen, first to last.
    pub fn block_names(&self) -> Vec<String> {
        self.network.depths.iter().map(|depth| depth.name.clone()).collect()
    }

    /// The names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The images that the model takes; `None` for a text model.
    pub fn image_input(&self) -> Option<ImageInput> {
        let InputLimits::Images { size } = self.network.inputs else {
            return None;
        };
        let (folder, config) = match &self.source {
            Source::Directory { path, config } => (Some(path.as_path()), config),
            Source::Builtin { .. } => (None, &Value::Null),
        };
        Some(ImageInput {
            size,
            preprocessing: preprocessing::read(folder, config, size),
        })
    }

    /// The way from the values of its images back to pixels in 0..=1.
    pub(crate) fn pixel_scale(&self) -> PixelScale {
        match (&self.source, self.image_input()) {
            (Source::Directory { .. }, Some(input)) => PixelScale::of(&input.preprocessing),
            // `data::images` scales the embedded images by (byte - 128) / 128.
            (Source::Builtin { .. }, _) | (_, None) => PixelScale::new(&[[128.0 / 255.0; 2]]),
        }
    }

    /// The model for images of this height and width. Learned positions are resampled as the family's library does.
    ///
    /// # Errors
    /// If the model takes texts, or images of its own size only, or if the images are too small for it.
    pub fn with_image_size(self, height: usize, width: usize) -> Result<Self, ImageSizeError> {
        let network = self
            .network
            .resized(height, width)
            .ok_or(ImageSizeError { height, width })?;
        Ok(Self { network, ..self })
    }

    /// Maximum length of a text in tokens; `None` for an image model.
    pub fn max_length(&self) -> Option<usize> {
        self.network.inputs.longest()
    }

    /// Number of token types that the model tells apart; 0 for an image model.
    pub fn token_types(&self) -> usize {
        self.network.inputs.token_types()
    }

    /// Size of the vocabulary; `None` for an image model.
    pub fn vocabulary(&self) -> Option<usize> {
        match self.network.inputs {
            InputLimits::Texts { vocabulary, .. } => Some(vocabulary),
            InputLimits::Images { .. } => None,
        }
    }

    /// The usual settings for fine-tuning a model like this one.
    pub fn recipe(&self) -> Recipe {
        (self.family.recipe)(self.network.hidden())
    }

    /// The model with its pretrained values.
    #[cfg(test)]
    pub(crate) fn model(&self) -> super::networks::Model<'_> {
        super::networks::Model {
            network: &self.network,
            parameters: &self.parameters,
            device: self.device,
        }
    }

    /// A fingerprint of everything that decides the outputs of its frozen layers.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut fingerprint = Fingerprint::new();
        fingerprint.number(u64::from(self.checksum));
        match &self.source {
            Source::Directory { config, .. } => fingerprint.bytes(config.to_string().as_bytes()),
            Source::Builtin { name } => fingerprint.bytes(name.as_bytes()),
        }
        if let InputLimits::Images { size } = self.network.inputs
            && size != ImageSize::SMALL
        {
            fingerprint.number(size.height as u64);
            fingerprint.number(size.width as u64);
        }
        fingerprint
    }

    /// The device on which the model computes.
    pub fn device(&self) -> Device {
        self.device
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

/// The family that a `config.json` names, if it is known.
pub(crate) fn family(config: &Value) -> Option<&'static Family> {
    Family::of(config).ok()
}

/// Checks that the `config.json` in a folder describes a model that can be trained. Nothing else of the model is read.
///
/// # Errors
/// If the file cannot be read, or the architecture or one of its options is not supported.
pub fn check_config(folder: &Path) -> Result<(), LoadError> {
    let (path, config) = read_config(folder)?;
    let request = HeadRequest {
        kind: HeadKind::Whole,
        outputs: 1,
        source: HeadSource::New,
    };
    network(path, &config, request).map(|_| ())
}

/// The family and the network that the `config.json` at `path` describes.
pub(crate) fn network(
    path: PathBuf,
    config: &Value,
    head: HeadRequest,
) -> Result<(&'static Family, Network), LoadError> {
    let unusable = |path, reason: String| LoadError::Config { path, reason };
    let family = match Family::of(config) {
        Ok(family) => family,
        Err(reason) => return Err(unusable(path, reason)),
    };
    match family.network(config, head) {
        Ok(network) => Ok((family, network)),
        Err(error) => Err(unusable(path, error.to_string())),
    }
}

/// Reads a network's parameters from a weight file, under the names that the network uses.
pub(crate) fn read_parameters(
    family: &Family,
    network: &Network,
    mut file: WeightFile,
    file_name: &str,
    device: Device,
) -> Result<Parameters, WeightsError> {
    // A configuration can claim any number of blocks: accept no more than the file has tensors.
    if network.freeze_depths() > file.tensors.len() {
        return Err(WeightsError::FewerTensors {
            name: file_name.to_owned(),
            tensors: file.tensors.len(),
            blocks: network.freeze_depths(),
        });
    }
    let tensors = file.tensors.into_iter();
    file.tensors = tensors
        .map(|(name, tensor)| (family.names.ours(&name), tensor))
        .collect();
    let list = network.parameters.to_vec();
    Parameters::from_file(list, file, file_name, |name| family.names.is_ignored(name), device)
}
