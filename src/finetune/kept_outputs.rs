//! Validation outputs that are kept, so that every metric can be computed afterwards without training anything again.
//!
//! A trial has one file with the outputs of a few of its evaluations; what is true about the examples is in one file for
//! all trials. Both are safetensors files with 32-bit values.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use automl_metrics::{Measure, MetricError, confusion};
use serde::{Deserialize, Serialize};

use super::{
    checkpoint::checksum,
    data::Targets,
    tasks::{TaskKind, Truth, task},
    weights::{StoredTensor, WeightFile, WeightsError},
};
use crate::units::Samples;

/// The key of a file's metadata that says what is in it.
const FORMAT: &str = "automl_outputs";
const VERSION: &str = "1";

/// The name of the tensor with the targets.
const TARGETS: &str = "targets";

/// The outputs of one evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The outputs, `[examples, outputs]`: logits, or numbers.
    pub outputs: Vec<f32>,
    /// Text for those who keep them, such as the evaluation's metrics.
    pub note: String,
}

/// The kept outputs of one trial, by the samples seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptOutputs(pub BTreeMap<Samples, Kept>);

impl KeptOutputs {
    /// Reads a file; `None` if there is none, or if it is damaged or of another format: outputs are a by-product, and
    /// what is missing is shown as missing.
    pub fn read(path: &Path) -> Option<Self> {
        let mut file = sound(path)?;
        let mut kept = BTreeMap::new();
        for (at, tensor) in file.tensors {
            let note = file.metadata.remove(&at).unwrap_or_default();
            let outputs = tensor.values;
            kept.insert(Samples(at.parse().ok()?), Kept { outputs, note });
        }
        Some(Self(kept))
    }

    /// Writes the file; a reader finds the old one or the new one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        let mut file = WeightFile::default();
        for (at, kept) in &self.0 {
            let name = at.0.to_string();
            file.metadata.insert(name.clone(), kept.note.clone());
            file.tensors.insert(name, flat(kept.outputs.clone()));
        }
        write(file, path)
    }
}

/// The truth about the validation examples.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptTruth {
    /// The kind of outcomes.
    pub task: TaskKind,
    /// The names of the outputs: of classes, labels or numbers.
    pub names: Vec<String>,
    /// The targets.
    pub targets: Targets,
}

/// Facts about the outputs, as the file's metadata.
#[derive(Serialize, Deserialize)]
struct About {
    task: TaskKind,
    names: Vec<String>,
    width: usize,
}

impl KeptTruth {
    /// The path of the file that belongs to the file with a trial's outputs.
    pub fn beside(outputs: &Path) -> PathBuf {
        outputs.with_file_name("targets.safetensors")
    }

    /// Reads a file; `None` as for [`KeptOutputs::read`].
    pub fn read(path: &Path) -> Option<Self> {
        let mut file = sound(path)?;
        let About { task, names, width } = serde_json::from_str(file.metadata.get("about")?).ok()?;
        let values = file.tensors.remove(TARGETS)?.values;
        let targets = match task {
            TaskKind::Classification => Targets::Classes(values.into_iter().map(|class| class as u32).collect()),
            TaskKind::MultiLabel => Targets::Labels {
                width,
                values: values.into_iter().map(|label| label > 0.5).collect(),
            },
            TaskKind::Regression => Targets::Values { width, values },
            TaskKind::TokenClassification | TaskKind::QuestionAnswering => return None,
        };
        Some(Self { task, names, targets })
    }

    /// Returns whether the outputs for such targets are kept: one row for each example. Tagged words and answers are
    /// measured over windows of tokens, whose outputs are much larger.
    pub fn is_kept(targets: &Targets) -> bool {
        match targets {
            Targets::Classes(_) | Targets::Labels { .. } | Targets::Values { .. } => true,
            Targets::Tags(_) | Targets::Answers(_) => false,
        }
    }

    /// Writes the file, unless such targets are not kept.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        // Whole numbers below 2^24 are exact in 32 bits.
        let (width, values) = match &self.targets {
            Targets::Classes(classes) => (1, classes.iter().map(|&class| class as f32).collect()),
            Targets::Labels { width, values } => {
                let values = values.iter().map(|&label| f32::from(u8::from(label)));
                (*width, values.collect())
            }
            Targets::Values { width, values } => (*width, values.clone()),
            Targets::Tags(_) | Targets::Answers(_) => return Ok(()),
        };
        let about = About {
            task: self.task,
            names: self.names.clone(),
            width,
        };
        let mut file = WeightFile::default();
        file.tensors.insert(TARGETS.to_owned(), flat(values));
        let about = serde_json::to_string(&about).unwrap_or_default();
        file.metadata.insert("about".to_owned(), about);
        write(file, path)
    }

    /// Checks that a metric can be measured.
    ///
    /// # Errors
    /// If it does not measure the task, or names an unknown class.
    pub fn check(&self, measure: &Measure) -> Result<(), MetricError> {
        self.measure(&vec![0.0; self.outputs()], measure).map(drop)
    }

    /// A metric of kept outputs; NaN if it has no value.
    ///
    /// # Errors
    /// If the metric does not measure the task, or names an unknown class.
    pub fn measure(&self, outputs: &[f32], measure: &Measure) -> Result<f64, MetricError> {
        let Some(task) = task(self.task) else {
            return Ok(f64::NAN);
        };
        if outputs.len() != self.outputs() {
            return Ok(f64::NAN);
        }
        if measure.metric.name == "loss" {
            return Ok(task.loss(outputs, &self.targets));
        }
        let truth = Truth {
            targets: &self.targets,
            names: &self.names,
            thresholds: &[],
        };
        let scores = task.measure(outputs, truth, std::slice::from_ref(measure))?;
        Ok(scores.into_values().next().unwrap_or(f64::NAN))
    }

    /// How often each class (row) was predicted as each class (column); `None` unless an example has one class.
    pub fn confusion(&self, outputs: &[f32]) -> Option<Vec<Vec<u64>>> {
        match &self.targets {
            Targets::Classes(classes) if outputs.len() == self.outputs() => {
                Some(confusion(outputs, classes, self.names.len()))
            }
            _ => None,
        }
    }

    /// Number of outputs for all examples.
    fn outputs(&self) -> usize {
        self.targets.len() * self.names.len()
    }
}

fn flat(values: Vec<f32>) -> StoredTensor {
    StoredTensor {
        shape: vec![values.len()],
        values,
    }
}

fn write(mut file: WeightFile, path: &Path) -> Result<(), WeightsError> {
    file.metadata.insert(FORMAT.to_owned(), VERSION.to_owned());
    let checksum = checksum(&file);
    file.metadata.insert("checksum".to_owned(), format!("{checksum:08x}"));
    file.write(path)
}

/// A file of this format with its right checksum.
fn sound(path: &Path) -> Option<WeightFile> {
    let mut file = WeightFile::read(path).ok()?;
    let expected = file.metadata.remove("checksum")?;
    let is_sound = expected == format!("{:08x}", checksum(&file));
    let version = file.metadata.remove(FORMAT)?;
    (is_sound && version == VERSION).then_some(file)
}

#[cfg(test)]
mod tests {
    use automl_metrics::metric;

    use super::*;

    fn truths() -> [KeptTruth; 3] {
        let names = ["a", "b"].map(str::to_owned).to_vec();
        [
            (TaskKind::Classification, Targets::Classes(vec![1, 0, 1])),
            (
                TaskKind::MultiLabel,
                Targets::Labels {
                    width: 2,
                    values: vec![true, false, true, true, false, false],
                },
            ),
            (
                TaskKind::Regression,
                Targets::Values {
                    width: 2,
                    values: vec![1.5, -2.0, 1e-30, 3.0, 0.0, 7.25],
                },
            ),
        ]
        .map(|(task, targets)| KeptTruth {
            task,
            names: names.clone(),
            targets,
        })
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.safetensors");
        for truth in truths() {
            truth.write(&path).unwrap();
            assert_eq!(KeptTruth::read(&path), Some(truth));
        }
        let outputs = KeptOutputs(
            [(30, 0.5), (9, f32::INFINITY)]
                .map(|(at, output)| {
                    let note = format!("after {at}");
                    let outputs = vec![output, -0.0];
                    (Samples(at), Kept { outputs, note })
                })
                .into(),
        );
        outputs.write(&path).unwrap();
        assert_eq!(KeptOutputs::read(&path), Some(outputs));
        assert_eq!(KeptTruth::read(&path), None, "a file of another kind");
    }

    #[test]
    fn a_damaged_file_counts_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.safetensors");
        assert_eq!(KeptOutputs::read(&path), None);
        let kept = Kept {
            outputs: vec![1.0; 8],
            note: String::new(),
        };
        KeptOutputs([(Samples(1), kept)].into()).write(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(KeptOutputs::read(&path), None);
    }

    #[test]
    fn any_metric_of_the_task_is_measured() {
        let [classes, labels, values] = truths();
        let outputs = [0.0, 1.0, 2.0, 0.0, 3.0, 1.0];
        let accuracy = classes.measure(&outputs, &metric("accuracy").unwrap()).unwrap();
        assert!((accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(classes.measure(&outputs, &metric("recall:b").unwrap()), Ok(0.5));
        assert_eq!(classes.confusion(&outputs), Some(vec![vec![1, 0], vec![1, 1]]));
        assert!(classes.measure(&outputs, &metric("rmse").unwrap()).is_err());
        assert!(classes.measure(&outputs, &metric("recall:c").unwrap()).is_err());
        assert!(labels.measure(&outputs, &metric("f1_micro").unwrap()).unwrap() > 0.0);
        assert!(values.measure(&outputs, &metric("mae").unwrap()).unwrap() > 0.0);
        for truth in [&classes, &labels, &values] {
            assert!(truth.measure(&outputs, &metric("loss").unwrap()).unwrap().is_finite());
            let short = truth.measure(&outputs[1..], &metric("loss").unwrap());
            assert!(short.unwrap().is_nan(), "outputs for other examples");
        }
        assert_eq!(values.confusion(&outputs), None);
    }
}
