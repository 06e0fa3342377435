//! Cross-validation of a trial. Below the last rung it is trained and measured on the first fold. At the last rung every
//! other fold is trained from the beginning to its end, and the trial counts with the mean over all folds.
//!
//! What is finished is kept beside the trial's checkpoints: a file for each fold with its metrics and outputs, and
//! checkpoints of the fold that is in training. So a trial that is interrupted repeats nothing, and ends with the same
//! numbers.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoints;
use crate::analysis::{mean, standard_error};
use crate::finetune::data::{Dataset, Examples, Folds, Inputs};
use crate::finetune::{
    Evaluated, FrozenOutputs, Kept, KeptOutputs, Pretrained, Scores, Step, TrainError, Training, TrainingConfig,
    TrainingData,
};
use crate::metrics::Measure;
use crate::study::fold_error_name;
use crate::units::Samples;

/// All examples of a cross-validation, and where the folds are in them.
#[derive(Debug)]
pub(super) struct Crossing {
    folds: Arc<Folds>,
    /// The training examples of the first fold, followed by its validation examples.
    all: Examples,
    /// The inputs of `all`, and their cached activations.
    frozen: Option<(Arc<Inputs>, FrozenOutputs)>,
}

/// One part of a fold.
struct FoldPart {
    examples: Examples,
    frozen: Option<FrozenOutputs>,
}

impl FoldPart {
    fn data(&self) -> TrainingData<'_> {
        TrainingData {
            examples: &self.examples,
            frozen: self.frozen.as_ref(),
        }
    }
}

impl Crossing {
    /// The examples of `data` in folds. `frozen` makes a cache of activations for inputs, if they are cached.
    pub(super) fn new(
        folds: &Arc<Folds>,
        data: &Dataset,
        frozen: impl Fn(&Inputs) -> Option<FrozenOutputs>,
    ) -> Option<Self> {
        let all = data.train.concat(&data.validation).ok()?;
        let frozen = frozen(&all.inputs).map(|frozen| (Arc::new(all.inputs.clone()), frozen));
        Some(Self {
            folds: Arc::clone(folds),
            all,
            frozen,
        })
    }

    /// All examples, in the order of the outputs that are kept.
    pub(super) fn all(&self) -> &Examples {
        &self.all
    }

    /// Number of examples that a fold is trained on.
    fn trained(&self, fold: usize) -> u64 {
        (self.folds.rows() - self.folds.validation(fold).len()) as u64
    }

    /// The cached activations of the first fold's parts.
    pub(super) fn first(&self) -> Option<[FrozenOutputs; 2]> {
        let rows = [self.folds.train(0), self.folds.validation(0).to_vec()];
        let (inputs, frozen) = self.frozen.as_ref()?;
        Some(rows.map(|rows| frozen.of_part(inputs, rows)))
    }

    fn part(&self, rows: Vec<u32>) -> FoldPart {
        FoldPart {
            examples: self.all.pick(&rows),
            frozen: self
                .frozen
                .as_ref()
                .map(|(inputs, frozen)| frozen.of_part(inputs, rows)),
        }
    }

    /// The same number of epochs, of a fold with another number of training examples than the first.
    fn samples_of(&self, samples: Samples, rows: u64) -> Samples {
        let of_first = self.trained(0).max(1);
        let scaled = u128::from(samples.0) * u128::from(rows) / u128::from(of_first);
        Samples(u64::try_from(scaled).unwrap_or(u64::MAX).max(1))
    }

    /// The settings of a trial on all examples, for as many epochs.
    pub(super) fn config_on_all(&self, config: TrainingConfig) -> TrainingConfig {
        TrainingConfig {
            total: self.samples_of(config.total, self.folds.rows() as u64),
            ..config
        }
    }
}

/// A trial that is measured on the folds after the first.
pub(super) struct Crossed<'a> {
    pub(super) crossing: &'a Crossing,
    pub(super) model: &'a Pretrained,
    /// The settings of the first fold.
    pub(super) config: &'a TrainingConfig,
    pub(super) measures: &'a [Measure],
    /// The folder of the trial's checkpoints.
    pub(super) folder: &'a Path,
}

impl Crossed<'_> {
    /// The results of all folds, if `first` is that of the first; fewer after a stop. Steps and evaluations ask whether to
    /// go on.
    ///
    /// # Errors
    /// If a fold diverges, or if a file cannot be written.
    pub(super) fn results(
        &self,
        first: Evaluated,
        on_step: &mut dyn FnMut(&Step) -> ControlFlow<()>,
        on_batch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Vec<Evaluated>, TrainError> {
        let mut results = vec![first];
        for fold in 1..self.crossing.folds.count() {
            match self.result(fold, on_step, on_batch)? {
                Some(result) => results.push(result),
                None => break,
            }
        }
        Ok(results)
    }

    fn result(
        &self,
        fold: usize,
        on_step: &mut dyn FnMut(&Step) -> ControlFlow<()>,
        on_batch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Evaluated>, TrainError> {
        let (file, folder) = (self.file(fold), self.folder.join(format!("fold-{fold}")));
        let config = TrainingConfig {
            total: self.crossing.samples_of(self.config.total, self.crossing.trained(fold)),
            ..self.config.clone()
        };
        let total = config.total;
        let trial = config.fingerprint();
        if let Some(known) = read(&file, total, trial) {
            return Ok(Some(known));
        }
        let train = self.crossing.part(self.crossing.folds.train(fold));
        let known = checkpoints::list(&folder).into_iter();
        let mut resumed = known.filter_map(|(_, path)| Training::resume(self.model, config.clone(), &path).ok());
        let mut training = match resumed.next() {
            Some(training) => training,
            None => Training::start(self.model, config.clone())?,
        };
        let mut is_stopped = false;
        if training.seen() < total {
            is_stopped = training.train(train.data(), total, on_step)?.stopped;
        }
        let evaluated = if is_stopped {
            None
        } else {
            let validation = self.crossing.part(self.crossing.folds.validation(fold).to_vec());
            match training.validate(validation.data(), self.measures, on_batch) {
                Err(TrainError::Stopped) => None,
                evaluated => Some(evaluated?),
            }
        };
        let Some(evaluated) = evaluated else {
            // Without the checkpoint the fold is trained again from its beginning, with the same result.
            if std::fs::create_dir_all(&folder).is_ok() {
                let _ = training.save_checkpoint(&checkpoints::path(&folder, training.seen()));
                checkpoints::keep(&folder, &[training.seen()]);
            }
            return Ok(None);
        };
        let loss = evaluated.scores.get("loss").copied().unwrap_or(f64::NAN);
        if !loss.is_finite() {
            return Err(TrainError::Diverged {
                seen: total,
                loss,
                gradient_norm: f64::NAN,
            });
        }
        write(&file, (total, trial), &evaluated);
        let _ = std::fs::remove_dir_all(&folder);
        Ok(Some(evaluated))
    }

    /// The file with the result of a fold.
    fn file(&self, fold: usize) -> PathBuf {
        self.folder.join(format!("fold-{fold}.safetensors"))
    }

    /// Removes what is kept of the folds, when the trial has its result.
    pub(super) fn clear(&self) {
        for fold in 1..self.crossing.folds.count() {
            let _ = std::fs::remove_file(self.file(fold));
        }
    }

    /// The outputs of all examples, in the order of [`Crossing::all`]: each by the model that was not trained on it.
    pub(super) fn outputs(&self, results: &[Evaluated]) -> Vec<f32> {
        let rows = self.crossing.folds.rows();
        let first = self.crossing.folds.validation(0).len().max(1);
        let width = results.first().map_or(0, |result| result.outputs.len() / first);
        let mut outputs = vec![0.0; rows * width];
        for (fold, result) in results.iter().enumerate() {
            let validation = self.crossing.folds.validation(fold).iter();
            for (&row, values) in validation.zip(result.outputs.chunks_exact(width.max(1))) {
                outputs[row as usize * width..][..width].copy_from_slice(values);
            }
        }
        outputs
    }
}

/// The mean of every metric over the folds, and its standard error.
pub(super) fn over_folds(results: &[Evaluated]) -> Scores {
    let mut scores = Scores::new();
    for name in results.iter().flat_map(|result| result.scores.keys()) {
        if scores.contains_key(name) {
            continue;
        }
        let values = results.iter().filter_map(|result| result.scores.get(name).copied());
        // A metric without a value on one fold, such as the area under the curve of one class, counts on the others.
        let values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        if let Some(mean) = mean(&values) {
            scores.insert(name.clone(), mean);
        }
        if let Some(error) = standard_error(&values) {
            scores.insert(fold_error_name(name), error);
        }
    }
    scores
}

/// The note of a fold's file: its trial, and its metrics.
#[derive(serde::Serialize, serde::Deserialize)]
struct Note {
    trial: String,
    scores: Scores,
}

fn write(file: &Path, (at, trial): (Samples, u64), evaluated: &Evaluated) {
    let note = Note {
        trial: format!("{trial:016x}"),
        scores: evaluated.scores.clone(),
    };
    let finite = note.scores.values().all(|value| value.is_finite());
    let Ok(note) = serde_json::to_string(&note) else { return };
    let kept = Kept {
        outputs: evaluated.outputs.clone(),
        note,
    };
    // JSON has no infinite numbers. Such a fold is trained again after an interruption.
    if finite {
        let written = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        let _ = written.map(|()| KeptOutputs([(at, kept)].into()).write(file));
    }
}

fn read(file: &Path, at: Samples, trial: u64) -> Option<Evaluated> {
    let Kept { outputs, note } = KeptOutputs::read(file)?.0.remove(&at)?;
    let note: Note = serde_json::from_str(&note).ok()?;
    (note.trial == format!("{trial:016x}")).then_some(Evaluated {
        scores: note.scores,
        outputs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(accuracy: f64, outputs: &[f32]) -> Evaluated {
        Evaluated {
            scores: [("accuracy".to_owned(), accuracy), ("loss".to_owned(), 0.1 + 0.2)].into(),
            outputs: outputs.to_vec(),
        }
    }

    #[test]
    fn a_trial_counts_with_its_mean_and_standard_error() {
        let mut lacks_one = evaluated(0.7, &[]);
        lacks_one.scores.insert("roc_auc".to_owned(), f64::NAN);
        let mut has_one = evaluated(0.9, &[]);
        has_one.scores.insert("roc_auc".to_owned(), 0.5);
        let scores = over_folds(&[lacks_one, has_one]);
        assert!((scores["accuracy"] - 0.8).abs() < 1e-12);
        assert!((scores["accuracy_se"] - 0.1).abs() < 1e-12);
        assert_eq!(scores["roc_auc"], 0.5);
        assert!(!scores.contains_key("roc_auc_se"));
    }

    #[test]
    fn a_finished_fold_is_read_again_bit_for_bit_by_its_own_trial_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fold-1.safetensors");
        let result = evaluated(1.0 / 3.0, &[0.25, -1e-30]);
        write(&file, (Samples(90), 7), &result);
        assert_eq!(read(&file, Samples(90), 7), Some(result));
        assert_eq!(read(&file, Samples(90), 8), None);
        assert_eq!(read(&file, Samples(80), 7), None);
    }
}
