//! Checkpoints: the values that a trial changed, as a delta on its pretrained model.
//!
//! A checkpoint is one safetensors file. It holds the trainable tensors (`value/`), their moments (`first/`, `second/`),
//! their moving average if the trial has one (`average/`),
//! and the running statistics: with an adapter, those of the adapter and of the head alone. All are flat and in the same
//! layout as in memory. The header holds the training progress, the model, the set of trained parameters and the trial
//! that the checkpoint belongs to, and a checksum of everything.
//!
//! Version 1 knew only a freeze depth and `AdamW`; its files still open.

use std::{collections::BTreeMap, path::Path};

use thiserror::Error;

use super::{
    backend::{Device, values},
    optimizer::{Moments, Optimizer, OptimizerKind},
    parameters::Parameters,
    trainable::Trainable,
    weights::{StoredTensor, WeightFile, WeightsError},
};

/// The version of the format; newer programs must still read older versions.
const VERSION: &str = "2";

/// The version before adapters and other optimizers.
const FIRST_VERSION: &str = "1";

/// The reason why a checkpoint could not be used.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file cannot be read or written, or is truncated.
    #[error(transparent)]
    File(#[from] WeightsError),
    /// The file is not a checkpoint, or its version is unknown.
    #[error("checkpoint format `{found}` is not known; this program reads `{FIRST_VERSION}` and `{VERSION}`")]
    Version {
        /// The version found.
        found: String,
    },
    /// The contents do not match the checksum.
    #[error("the checkpoint is damaged: its checksum is {found:08x}, its header says {expected}")]
    Damaged {
        /// The checksum in the header.
        expected: String,
        /// The checksum of the contents.
        found: u32,
    },
    /// The checkpoint belongs to another model, set of trained parameters, number of classes, optimizer or trial.
    #[error("the checkpoint belongs to {what} `{found}`, the trial has `{expected}`")]
    Foreign {
        /// The property that differs.
        what: &'static str,
        /// The trial's value of it.
        expected: String,
        /// The checkpoint's value of it.
        found: String,
    },
    /// A tensor that the trial trains is missing or has another length.
    #[error("the checkpoint does not hold `{tensor}` as the trial needs it")]
    Tensor {
        /// The tensor.
        tensor: String,
    },
}

/// The properties that a checkpoint must share with the trial that loads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belongs<'a> {
    /// The pretrained weights' checksum.
    pub(crate) model: u32,
    pub(crate) trainable: &'a Trainable,
    /// The adapter's name.
    pub(crate) adapter: &'static str,
    pub(crate) classes: usize,
    /// The fingerprint of the trial's settings and seed; `None` accepts the checkpoint of any trial.
    pub(crate) trial: Option<u64>,
}

/// The state of a trial.
pub(crate) struct State {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    /// The moving average of the values, for a trial that has one.
    pub(crate) average: Option<Parameters>,
    /// Samples seen.
    pub(crate) seen: u64,
}

/// Writes the state; the file is either complete or absent.
pub(crate) fn save(path: &Path, state: &State, belongs: Belongs<'_>) -> Result<(), CheckpointError> {
    let mut file = WeightFile::default();
    let mut insert = |kind: &str, name: &str, values: Vec<f32>| {
        file.tensors.insert(
            format!("{kind}/{name}"),
            StoredTensor {
                shape: vec![values.len()],
                values,
            },
        );
    };
    for (handle, parameter) in state.parameters.described() {
        if !belongs.trainable.changes(handle) {
            continue;
        }
        insert("value", &parameter.name, values(&state.parameters.vector(handle)));
        if let Some(average) = &state.average {
            insert("average", &parameter.name, values(&average.vector(handle)));
        }
        if let Some(moments) = state.optimizer.moments(handle) {
            insert("first", &parameter.name, values(&moments.first));
            if let Some(second) = &moments.second {
                insert("second", &parameter.name, values(second));
            }
        }
    }
    for (key, value) in [
        ("automl_checkpoint", VERSION.to_owned()),
        ("seen", state.seen.to_string()),
        ("steps", state.optimizer.steps.to_string()),
        ("model", belongs.model.to_string()),
        ("freeze_depth", belongs.trainable.freeze_depth().to_string()),
        ("adapter", belongs.adapter.to_owned()),
        ("trained", fingerprint(Some(belongs.trainable.fingerprint()))),
        ("optimizer", state.optimizer.kind().name().to_owned()),
        ("classes", belongs.classes.to_string()),
        ("trial", fingerprint(belongs.trial)),
    ] {
        file.metadata.insert(key.to_owned(), value);
    }
    let checksum = checksum(&file);
    file.metadata.insert("checksum".to_owned(), format!("{checksum:08x}"));
    Ok(file.write(path)?)
}

/// Reads a state that [`save`] wrote; `start` is that of the trial at its start.
pub(crate) fn load(path: &Path, start: State, belongs: Belongs<'_>, device: Device) -> Result<State, CheckpointError> {
    let State {
        mut parameters,
        mut optimizer,
        mut average,
        ..
    } = start;
    let mut file = WeightFile::read(path)?;
    let text = |metadata: &BTreeMap<String, String>, key: &str| metadata.get(key).cloned().unwrap_or_default();
    let version = text(&file.metadata, "automl_checkpoint");
    if ![VERSION, FIRST_VERSION].contains(&version.as_str()) {
        return Err(CheckpointError::Version { found: version });
    }
    let expected = file.metadata.remove("checksum").unwrap_or_default();
    let found = checksum(&file);
    if expected != format!("{found:08x}") {
        return Err(CheckpointError::Damaged { expected, found });
    }
    let trained = fingerprint(Some(belongs.trainable.fingerprint()));
    if version == FIRST_VERSION {
        for (key, value) in [
            ("adapter", "none"),
            ("trained", &trained),
            ("optimizer", OptimizerKind::AdamW.name()),
        ] {
            file.metadata.insert(key.to_owned(), value.to_owned());
        }
    }
    for (what, key, expected) in [
        ("the model", "model", belongs.model.to_string()),
        (
            "freeze depth",
            "freeze_depth",
            belongs.trainable.freeze_depth().to_string(),
        ),
        ("the adapter", "adapter", belongs.adapter.to_owned()),
        ("the number of classes", "classes", belongs.classes.to_string()),
        ("the set of trained parameters", "trained", trained),
        ("the optimizer", "optimizer", optimizer.kind().name().to_owned()),
        ("the trial", "trial", fingerprint(belongs.trial)),
    ] {
        let found = text(&file.metadata, key);
        if found != expected && !expected.is_empty() {
            return Err(CheckpointError::Foreign { what, expected, found });
        }
    }
    let number = |key: &str| {
        let tensor = || CheckpointError::Tensor { tensor: key.to_owned() };
        text(&file.metadata, key).parse::<u64>().map_err(|_| tensor())
    };
    let (seen, steps) = (number("seen")?, number("steps")?);
    optimizer.steps = steps;
    let changed: Vec<_> = parameters
        .described()
        .filter(|(handle, _)| belongs.trainable.changes(*handle))
        .map(|(handle, parameter)| (handle, parameter.clone()))
        .collect();
    for (handle, parameter) in changed {
        let mut take = |kind: &str| {
            let tensor = format!("{kind}/{}", parameter.name);
            match file.tensors.remove(&tensor) {
                Some(stored) if stored.values.len() == parameter.length() => {
                    Ok(device.tensor(stored.values, [parameter.length()]))
                }
                Some(_) | None => Err(CheckpointError::Tensor { tensor }),
            }
        };
        let value = take("value")?;
        if let Some(average) = &mut average {
            // The average of a trial that begins with the values of another one begins there, if that one had none.
            *average.tensor_mut(handle) = match take("average") {
                Err(_) if belongs.trial.is_none() => value.clone(),
                found => found?,
            };
        }
        *parameters.tensor_mut(handle) = value;
        if steps > 0 && parameter.has_gradient() {
            let first = take("first")?;
            let second = if optimizer.has_second() {
                Some(take("second")?)
            } else {
                None
            };
            optimizer.remember(handle, Moments { first, second });
        }
    }
    Ok(State {
        parameters,
        optimizer,
        average,
        seen,
    })
}

fn fingerprint(trial: Option<u64>) -> String {
    trial.map_or_else(String::new, |trial| format!("{trial:016x}"))
}

/// CRC-32 of all tensors and of the header's key-value pairs.
pub(crate) fn checksum(file: &WeightFile) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for (key, value) in &file.metadata {
        hasher.update(format!("{key}={value}\n").as_bytes());
    }
    for (name, tensor) in &file.tensors {
        hasher.update(format!("{name}\n").as_bytes());
        hasher.update(&tensor.bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{Adapter, OptimizerKind, Training, TrainingConfig, testing, units::Samples};

    /// Writes a checkpoint again as the first version wrote it.
    fn write_first_version(path: &Path) {
        let mut file = WeightFile::read(path).unwrap();
        for key in ["checksum", "adapter", "trained", "optimizer"] {
            file.metadata.remove(key).unwrap();
        }
        file.metadata
            .insert("automl_checkpoint".to_owned(), FIRST_VERSION.to_owned());
        let checksum = checksum(&file);
        file.metadata.insert("checksum".to_owned(), format!("{checksum:08x}"));
        file.write(path).unwrap();
    }

    #[test]
    fn a_checkpoint_of_the_first_version_opens_for_a_plain_trial_only() {
        let (base, examples) = (testing::small_bert(2), testing::texts(20, 2));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let plain = TrainingConfig {
            freeze_depth: 1,
            total: Samples(40),
            ..TrainingConfig::default()
        };
        let mut training = Training::start(&base, plain.clone()).unwrap();
        let go_on = &mut |_: &crate::Step| ControlFlow::Continue(());
        training.train(&examples, Samples(16), go_on).unwrap();
        training.save_checkpoint(&path).unwrap();
        write_first_version(&path);
        let mut resumed = Training::resume(&base, plain.clone(), &path).unwrap();
        training.train(&examples, Samples(40), go_on).unwrap();
        resumed.train(&examples, Samples(40), go_on).unwrap();
        assert_eq!(
            training.predict(&examples.inputs).unwrap(),
            resumed.predict(&examples.inputs).unwrap()
        );
        for other in [
            TrainingConfig {
                optimizer: OptimizerKind::Lion,
                ..plain.clone()
            },
            TrainingConfig {
                adapter: Adapter::BiasOnly,
                ..plain.clone()
            },
        ] {
            assert!(Training::inherit(&base, other.clone(), &path).is_err(), "{other:?}");
        }
    }
}
