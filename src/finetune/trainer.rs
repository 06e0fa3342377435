//! One trial's training: start or resume, train to a number of samples, evaluate, save, export.
//!
//! All randomness of a step is keyed by the trial's seed and the samples seen before it. The learning rate is a
//! function of the same number. So a trial can stop anywhere and resume in another process with the same weights to the
//! last bit.

use std::{ops::ControlFlow, path::Path};

use thiserror::Error;

use super::{
    batching::{InputError, check_inputs, check_targets},
    checkpoint::{self, Belongs, CheckpointError, State},
    data::{Examples, Inputs, epoch_batches},
    dropout::DropoutKeys,
    export::{ExportError, export},
    inference,
    networks::{Model, PassSettings},
    optimizer::{AdamW, Outcome, Update},
    prefix_cache::{FrozenOutputs, gather_frozen},
    pretrained::Pretrained,
    schedule::Schedule,
    tasks::{Batch, Objective, Scores},
};
use crate::rng::Fingerprint;
use crate::units::{Cooldown, Samples, Seed};
use automl_metrics::{Measure, MetricError};

/// The settings of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingConfig {
    /// The peak learning rate of the schedule.
    pub learning_rate: f64,
    /// Examples per step.
    pub batch_size: usize,
    /// Number of micro-batches per step, whose gradients are accumulated. More micro-batches need less memory.
    pub micro_batches: usize,
    /// The share of activations that dropout drops, in 0..1.
    pub dropout: f64,
    /// `AdamW`'s decoupled weight decay.
    pub weight_decay: f64,
    /// Number of blocks that do not train; see [`Pretrained::freeze_depths`].
    pub freeze_depth: usize,
    /// The learning-rate schedule.
    pub schedule: Schedule,
    /// The share of the samples over which the learning rate warms up, in 0..1.
    pub warmup_ratio: f64,
    /// The largest norm of the gradient before it is clipped; `None` does not clip.
    pub max_grad_norm: Option<f64>,
    /// The samples that the whole schedule covers.
    pub total: Samples,
    /// The cooldown of a trial that ends before its schedule; `None` for a trial that follows the whole schedule.
    pub cooldown: Option<Cooldown>,
    /// The key of all randomness in the trial.
    pub seed: Seed,
}

impl TrainingConfig {
    /// A fingerprint that is equal for settings that give the same training until the cooldown.
    fn fingerprint(&self) -> u64 {
        let Self {
            learning_rate,
            batch_size,
            micro_batches: _,
            dropout,
            weight_decay,
            freeze_depth,
            schedule,
            warmup_ratio,
            max_grad_norm,
            total,
            cooldown: _,
            seed,
        } = self;
        let mut fingerprint = Fingerprint::new();
        for number in [
            *learning_rate,
            *dropout,
            *weight_decay,
            *warmup_ratio,
            max_grad_norm.unwrap_or(-1.0),
        ] {
            fingerprint.number(number.to_bits());
        }
        for number in [
            *batch_size as u64,
            *freeze_depth as u64,
            *schedule as u64,
            total.0,
            seed.0,
        ] {
            fingerprint.number(number);
        }
        fingerprint.finish()
    }
}

impl Default for TrainingConfig {
    /// Hugging Face's defaults for classification, with a `total` of one sample: always set `total`.
    fn default() -> Self {
        Self {
            learning_rate: 5e-5,
            batch_size: 16,
            micro_batches: 1,
            dropout: 0.1,
            weight_decay: 0.01,
            freeze_depth: 0,
            schedule: Schedule::Linear,
            warmup_ratio: 0.0,
            max_grad_norm: Some(1.0),
            total: Samples(1),
            cooldown: None,
            seed: Seed(0),
        }
    }
}

impl TrainingConfig {
    /// The factor on the learning rate after `seen` samples, in 0..=1. If the cooldown begins at sample 0, the schedule
    /// covers exactly the samples up to the end of the cooldown.
    fn factor(&self, seen: f64) -> f64 {
        let laid_out =
            |seen: f64, total: Samples| self.schedule.factor(seen / total.0.max(1) as f64, self.warmup_ratio);
        match self.cooldown {
            None => laid_out(seen, self.total),
            Some(Cooldown { from: Samples(0), to }) => laid_out(seen, to),
            Some(cooldown) => laid_out(seen.min(cooldown.from.0 as f64), self.total) * cooldown.factor(seen),
        }
    }
}

/// The input of a trial: examples, and the cached activations of the frozen layers.
#[derive(Clone, Copy, Debug)]
pub struct TrainingData<'a> {
    /// The examples.
    pub examples: &'a Examples,
    /// The cached activations of the frozen layers for these examples; `None` computes them each time.
    pub frozen: Option<&'a FrozenOutputs>,
}

impl<'a> From<&'a Examples> for TrainingData<'a> {
    fn from(examples: &'a Examples) -> Self {
        let frozen = None;
        Self { examples, frozen }
    }
}

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Samples seen, including this step.
    pub seen: Samples,
    /// The batch's mean loss before the step.
    pub loss: f64,
    /// The step's learning rate.
    pub learning_rate: f64,
    /// The norm of the gradient before clipping; 0 without clipping.
    pub gradient_norm: f64,
}

/// The result of [`Training::train`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Samples seen in total.
    pub seen: Samples,
    /// True if the caller stopped the training early.
    pub stopped: bool,
    /// The mean loss over the samples of this call; `None` if there was no step.
    pub loss: Option<f64>,
}

/// The reason why training or evaluation failed.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The loss or the gradient is not finite. The weights are those before the step.
    #[error("training diverged after {seen} samples: the loss is {loss}, the gradient's length {gradient_norm}")]
    Diverged {
        /// Samples seen before the step.
        seen: Samples,
        /// The step's loss.
        loss: f64,
        /// The norm of the step's gradient.
        gradient_norm: f64,
    },
    /// The trial was to start from the checkpoint of another trial, which is missing, damaged or does not fit.
    #[error("the checkpoint of the other trial that this one was to begin from, after {at} samples, cannot be used")]
    NoInheritance {
        /// The samples that the other trial had seen.
        at: Samples,
    },
    /// The value of a setting is outside its range.
    #[error("`{name}` is {value}; it must be {range}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed values.
        range: String,
    },
    /// The examples do not fit the model.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A metric does not fit the task.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The caller stopped an evaluation.
    #[error("the evaluation was stopped")]
    Stopped,
}

/// A trial in training.
#[derive(Clone, Debug)]
pub struct Training {
    base: Pretrained,
    config: TrainingConfig,
    parameters: super::parameters::Parameters,
    optimizer: AdamW,
    seen: u64,
}

impl Training {
    /// Starts a trial from the pretrained weights, with a head that is initialized from the trial's seed.
    ///
    /// # Errors
    /// Returns [`TrainError::Setting`] if a setting is outside its range.
    pub fn start(base: &Pretrained, config: TrainingConfig) -> Result<Self, TrainError> {
        check(base, &config)?;
        let mut parameters = base.parameters.clone();
        parameters.start_head(config.seed, base.device);
        Ok(Self {
            base: base.clone(),
            config,
            parameters,
            optimizer: AdamW::new(base.device),
            seen: 0,
        })
    }

    /// Resumes a trial from its own checkpoint. Only the cooldown and the number of micro-batches may differ.
    ///
    /// # Errors
    /// If a setting is outside its range, or if the checkpoint is damaged or belongs to another trial or model.
    pub fn resume(base: &Pretrained, config: TrainingConfig, path: &Path) -> Result<Self, TrainError> {
        let start = Self::start(base, config)?;
        let belongs = start.belongs();
        start.load(path, belongs)
    }

    /// Starts from the checkpoint of another trial. All settings except the freeze depth may differ.
    ///
    /// # Errors
    /// If a setting is outside its range, or if the checkpoint is damaged or has another model or freeze depth.
    pub fn inherit(base: &Pretrained, config: TrainingConfig, path: &Path) -> Result<Self, TrainError> {
        let start = Self::start(base, config)?;
        let belongs = Belongs {
            trial: None,
            ..start.belongs()
        };
        start.load(path, belongs)
    }

    fn load(self, path: &Path, belongs: Belongs) -> Result<Self, TrainError> {
        let start = self;
        let State {
            parameters,
            optimizer,
            seen,
        } = checkpoint::load(path, start.parameters.clone(), belongs, start.base.device)?;
        Ok(Self {
            parameters,
            optimizer,
            seen,
            ..start
        })
    }

    /// The same trial, continued with other settings. The freeze depth must stay the same.
    ///
    /// # Errors
    /// Returns [`TrainError::Setting`] if a setting is outside its range.
    pub fn with(self, config: TrainingConfig) -> Result<Self, TrainError> {
        check(&self.base, &config)?;
        Ok(Self { config, ..self })
    }

    /// Samples seen so far.
    pub fn seen(&self) -> Samples {
        Samples(self.seen)
    }

    /// The trial's settings.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Number of values that the optimizer updates.
    pub fn trainable_parameters(&self) -> u64 {
        self.parameters.trainable(self.config.freeze_depth)
    }

    /// Trains until exactly `to` samples have been seen in total; the last batch is shortened if needed. `on_step` is
    /// called after every step; if it breaks, training stops early. All calls of a trial must get the same examples.
    ///
    /// # Errors
    /// Returns [`TrainError::Diverged`] if a loss or gradient is not finite, [`TrainError::Input`] if the examples do
    /// not fit the model.
    pub fn train<'a>(
        &mut self,
        data: impl Into<TrainingData<'a>>,
        to: Samples,
        on_step: &mut dyn FnMut(&Step) -> ControlFlow<()>,
    ) -> Result<Reached, TrainError> {
        let data = data.into();
        let examples = data.examples;
        check_inputs(&self.base.network, &examples.inputs)?;
        check_targets(examples.inputs.len(), &examples.targets, self.base.labels.len())?;
        let (epoch_length, start) = (examples.len() as u64, self.seen);
        let mut loss = 0.0;
        let mut stopped = false;
        'epochs: while self.seen < to.0 {
            let epoch = self.seen / epoch_length;
            let mut batch_end = epoch * epoch_length;
            for batch in epoch_batches(examples, self.config.batch_size, self.config.seed, epoch) {
                let batch_start = batch_end;
                batch_end += batch.len() as u64;
                if self.seen >= batch_end {
                    continue;
                }
                let until = batch_end.min(to.0);
                let places = &batch[(self.seen - batch_start) as usize..(until - batch_start) as usize];
                let step = self.step(data, places)?;
                loss += step.loss * places.len() as f64;
                stopped = on_step(&step).is_break() && self.seen < to.0;
                if stopped || self.seen >= to.0 {
                    break 'epochs;
                }
            }
        }
        let trained = self.seen - start;
        Ok(Reached {
            seen: Samples(self.seen),
            stopped,
            loss: (trained > 0).then(|| loss / trained as f64),
        })
    }

    /// One step on the examples at the indices `places`.
    fn step(&mut self, data: TrainingData<'_>, places: &[u32]) -> Result<Step, TrainError> {
        let (config, model, task) = (self.config, self.model(), self.base.task);
        let pass_over = |part: &[u32], seen: u64| {
            let (batch, frozen) = gather_frozen(data.frozen, model, &data.examples.inputs, part, config.freeze_depth);
            let targets = data.examples.targets.pick(part);
            let settings = PassSettings {
                freeze_depth: config.freeze_depth,
                dropout: DropoutKeys::new(config.dropout, config.seed, seen),
            };
            model.pass((&batch, frozen), settings, &|kernels, outputs| {
                let Objective { loss, gradient } = task.objective(Batch {
                    kernels,
                    outputs,
                    targets: &targets,
                });
                (loss, gradient)
            })
        };
        let (first, rest) = places.split_at(places.len().div_ceil(config.micro_batches.max(1)));
        let mut pass = pass_over(first, self.seen);
        if !rest.is_empty() {
            let share = |part: &[u32]| part.len() as f64 / places.len() as f64;
            let mut seen = self.seen + first.len() as u64;
            let others = rest.chunks(first.len()).map(|part| {
                let pass = pass_over(part, seen);
                seen += part.len() as u64;
                (share(part), pass)
            });
            pass = pass.with_others(share(first), others);
        }
        let middle = self.seen as f64 + places.len() as f64 / 2.0;
        let learning_rate = config.learning_rate * config.factor(middle);
        let update = Update {
            learning_rate,
            weight_decay: config.weight_decay,
            max_grad_norm: config.max_grad_norm,
        };
        let outcome = self
            .optimizer
            .update(&mut self.parameters, (pass.loss, pass.gradients), update);
        let Outcome { loss, gradient_norm } = outcome;
        if !outcome.is_finite() {
            return Err(TrainError::Diverged {
                seen: Samples(self.seen),
                loss,
                gradient_norm,
            });
        }
        for (index, values) in pass.statistics {
            *self.parameters.tensor_mut(index) = values;
        }
        self.seen += places.len() as u64;
        Ok(Step {
            seen: Samples(self.seen),
            loss,
            learning_rate,
            gradient_norm,
        })
    }

    /// Measures the model in its current state, without dropout: the metric `loss`, and `measures`. `on_batch` is called
    /// after every batch and may stop.
    ///
    /// # Errors
    /// Returns [`TrainError::Input`] if the examples do not fit the model, [`TrainError::Metric`] if a metric does not
    /// fit the task, [`TrainError::Stopped`] after a stop.
    pub fn evaluate<'a>(
        &self,
        data: impl Into<TrainingData<'a>>,
        measures: &[Measure],
        on_batch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Scores, TrainError> {
        let TrainingData { examples, frozen } = data.into();
        let frozen = (frozen, self.config.freeze_depth);
        let outputs = (self.base.task, self.base.labels.as_slice());
        inference::evaluate(self.model(), frozen, (examples, outputs), measures, on_batch)
    }

    fn model(&self) -> Model<'_> {
        Model {
            network: &self.base.network,
            parameters: &self.parameters,
            device: self.base.device,
        }
    }

    /// Scores before softmax, `[inputs, classes]`, in the order of the inputs.
    ///
    /// # Errors
    /// Returns [`TrainError::Input`] if the inputs do not fit the model.
    pub fn predict(&self, inputs: &Inputs) -> Result<Vec<f32>, TrainError> {
        let on_batch = &mut || ControlFlow::Continue(());
        let logits = inference::logits(self.model(), (None, 0), inputs, on_batch)?;
        logits.ok_or(TrainError::Stopped)
    }

    /// Writes the values that the trial changed, so that [`Self::resume`] continues exactly here. The file is either
    /// complete or absent.
    ///
    /// # Errors
    /// Returns [`TrainError::Checkpoint`] if the file cannot be written.
    pub fn save_checkpoint(&self, path: &Path) -> Result<(), TrainError> {
        let (parameters, optimizer) = (self.parameters.clone(), self.optimizer.clone());
        Ok(checkpoint::save(
            path,
            &State {
                parameters,
                optimizer,
                seen: self.seen,
            },
            self.belongs(),
        )?)
    }

    /// Writes the model in the layout that it was read from, for [`super::FineTuned::load`] and for `transformers`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn export(&self, folder: &Path) -> Result<(), ExportError> {
        export(&self.base, &self.parameters, folder)
    }

    fn belongs(&self) -> Belongs {
        Belongs {
            model: self.base.checksum(),
            freeze_depth: self.config.freeze_depth,
            classes: self.base.labels.len(),
            trial: Some(self.config.fingerprint()),
        }
    }
}

/// Rejects settings that are outside their ranges.
fn check(base: &Pretrained, config: &TrainingConfig) -> Result<(), TrainError> {
    let depths = base.freeze_depths();
    let settings = [
        (
            "learning_rate",
            config.learning_rate,
            config.learning_rate >= 0.0,
            "0 or more".to_owned(),
        ),
        (
            "batch_size",
            config.batch_size as f64,
            config.batch_size > 0,
            "1 or more".to_owned(),
        ),
        (
            "dropout",
            config.dropout,
            (0.0..1.0).contains(&config.dropout),
            "at least 0 and below 1".to_owned(),
        ),
        (
            "weight_decay",
            config.weight_decay,
            config.weight_decay >= 0.0,
            "0 or more".to_owned(),
        ),
        (
            "freeze_depth",
            config.freeze_depth as f64,
            config.freeze_depth <= depths,
            format!("at most {depths}"),
        ),
        (
            "warmup_ratio",
            config.warmup_ratio,
            (0.0..=1.0).contains(&config.warmup_ratio),
            "0 to 1".to_owned(),
        ),
        (
            "total",
            config.total.0 as f64,
            config.total.0 > 0,
            "1 sample or more".to_owned(),
        ),
    ];
    match settings.into_iter().find(|(_, _, is_valid, _)| !is_valid) {
        Some((name, value, _, range)) => Err(TrainError::Setting { name, value, range }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
