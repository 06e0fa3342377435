//! One trial's training: start or resume, train to a number of samples, evaluate, save, export.
//!
//! Everything random in a step is keyed by the trial's seed and the samples seen before it, and the learning rate is
//! a function of the same number, so that a segment that ends anywhere and goes on in another process gives the same
//! weights to the last bit.

use std::{ops::ControlFlow, path::Path};

use thiserror::Error;

use super::{
    batching::{InputError, check_inputs, check_labels},
    checkpoint::{self, Belongs, CheckpointError, State},
    data::{Examples, Inputs, epoch_batches},
    dropout::DropoutKeys,
    export::{ExportError, export},
    inference,
    metrics::Metrics,
    models::PassSettings,
    optimizer::{AdamW, Outcome, Update},
    prefix_cache::{FrozenOutputs, Maker, gather_frozen},
    pretrained::Pretrained,
    schedule::Schedule,
};
use crate::rng::Fingerprint;
use crate::units::{Cooldown, Samples, Seed};

/// The settings of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingConfig {
    /// The highest learning rate of the schedule.
    pub learning_rate: f64,
    /// Examples of a step.
    pub batch_size: usize,
    /// In how many parts a step's examples go through the model, their gradients added up: the more, the less memory.
    pub micro_batches: usize,
    /// The share of activations that dropout drops, in 0..1.
    pub dropout: f64,
    /// `AdamW`'s decoupled weight decay.
    pub weight_decay: f64,
    /// How many blocks do not train; see [`Pretrained::freeze_depths`].
    pub freeze_depth: usize,
    /// How the learning rate falls.
    pub schedule: Schedule,
    /// The share of the samples over which the learning rate rises, in 0..1.
    pub warmup_ratio: f64,
    /// The longest gradient; none does not clip.
    pub max_grad_norm: Option<f64>,
    /// The samples over which the schedule is laid out.
    pub total: Samples,
    /// Where the trial ends before its schedule does; `None`: it does not.
    pub cooldown: Option<Cooldown>,
    /// What everything random in the trial is keyed by.
    pub seed: Seed,
}

impl TrainingConfig {
    /// Equal for settings under which a trial is trained alike until it cools down.
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
    /// Hugging Face's defaults for classification, over one sample; set `total`.
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
    /// The factor on the learning rate after so many samples, in 0..=1. A trial that cools down from its very beginning has
    /// the whole schedule, laid out over what it trains.
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

/// What a trial sees: examples, and what frozen parts have made of them.
#[derive(Clone, Copy, Debug)]
pub struct TrainingData<'a> {
    /// The examples.
    pub examples: &'a Examples,
    /// Where outputs of frozen parts for these examples are kept; `None`: they are computed each time.
    pub frozen: Option<&'a FrozenOutputs>,
}

impl<'a> From<&'a Examples> for TrainingData<'a> {
    fn from(examples: &'a Examples) -> Self {
        let frozen = None;
        Self { examples, frozen }
    }
}

/// What is known after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Samples seen, this step's included.
    pub seen: Samples,
    /// The batch's mean loss before the step.
    pub loss: f64,
    /// The step's learning rate.
    pub learning_rate: f64,
    /// The gradient's length before clipping; 0 when nothing clips.
    pub gradient_norm: f64,
}

/// How far [`Training::train`] came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Samples seen in all.
    pub seen: Samples,
    /// Whether the caller stopped it before the samples asked for.
    pub stopped: bool,
    /// The mean loss over the samples of this call; none without a step.
    pub loss: Option<f64>,
}

/// Why training or evaluation failed.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The loss or the gradient is no longer a finite number. The weights are those before the step.
    #[error("training diverged after {seen} samples: the loss is {loss}, the gradient's length {gradient_norm}")]
    Diverged {
        /// Samples seen before the step.
        seen: Samples,
        /// The step's loss.
        loss: f64,
        /// The step's gradient length.
        gradient_norm: f64,
    },
    /// The trial was to begin from another one's checkpoint, which is missing, damaged, or of another shape.
    #[error("the checkpoint of the other trial that this one was to begin from, after {at} samples, cannot be used")]
    NoInheritance {
        /// Where it was to begin.
        at: Samples,
    },
    /// A setting is outside its range.
    #[error("`{name}` is {value}; it must be {range}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: String,
    },
    /// The examples do not fit the model.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The caller broke an evaluation off.
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
    /// Starts a trial from the pretrained weights and a head made from the trial's seed.
    ///
    /// # Errors
    /// [`TrainError::Setting`] when a setting is outside its range.
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

    /// Continues a trial from a checkpoint of its own. Where it cools down, and in how many parts its steps are done, may differ.
    ///
    /// # Errors
    /// When a setting is outside its range, or the checkpoint is damaged, or of another trial or model.
    pub fn resume(base: &Pretrained, config: TrainingConfig, path: &Path) -> Result<Self, TrainError> {
        let start = Self::start(base, config)?;
        let belongs = start.belongs();
        start.load(path, belongs)
    }

    /// Begins where another trial stood when it wrote a checkpoint. Settings other than the freeze depth may differ.
    ///
    /// # Errors
    /// When a setting is outside its range, or the checkpoint is damaged or of another model or freeze depth.
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

    /// The same trial with other settings from here on, all but the freeze depth, as [`Self::resume`] has it.
    ///
    /// # Errors
    /// [`TrainError::Setting`] when a setting is outside its range.
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

    /// How many values the optimizer moves.
    pub fn trainable_parameters(&self) -> u64 {
        self.parameters.trainable(self.config.freeze_depth)
    }

    /// Trains until exactly `to` samples have been seen in all, shortening the last batch if need be, and calls
    /// `on_step` after every step; a break ends the call with what was reached. The examples must be the same in every
    /// call of a trial.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] when a loss or gradient is not finite, [`TrainError::Input`] when the examples do not
    /// fit the model.
    pub fn train<'a>(
        &mut self,
        data: impl Into<TrainingData<'a>>,
        to: Samples,
        on_step: &mut dyn FnMut(&Step) -> ControlFlow<()>,
    ) -> Result<Reached, TrainError> {
        let data = data.into();
        let examples = data.examples;
        check_inputs(&self.base.network, &examples.inputs)?;
        check_labels(examples.inputs.len(), &examples.labels, self.base.labels.len())?;
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

    /// One step on the examples at `places`.
    fn step(&mut self, data: TrainingData<'_>, places: &[u32]) -> Result<Step, TrainError> {
        let (base, config, maker) = (&self.base, self.config, self.maker());
        let pass_over = |part: &[u32], seen: u64| {
            let (batch, frozen) = gather_frozen(data.frozen, maker, &data.examples.inputs, part, config.freeze_depth);
            let labels: Vec<u32> = part.iter().map(|&place| data.examples.labels[place as usize]).collect();
            let settings = PassSettings {
                freeze_depth: config.freeze_depth,
                dropout: DropoutKeys::new(config.dropout, config.seed, seen),
            };
            base.network
                .pass(&self.parameters, (&batch, frozen), &labels, settings, base.device)
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

    /// Measures the model as it is now, without dropout. `on_batch` is called after every batch and may break off.
    ///
    /// # Errors
    /// [`TrainError::Input`] when the examples do not fit the model, [`TrainError::Stopped`] after a break.
    pub fn evaluate<'a>(
        &self,
        data: impl Into<TrainingData<'a>>,
        on_batch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Metrics, TrainError> {
        let TrainingData { examples, frozen } = data.into();
        let frozen = (frozen, self.config.freeze_depth);
        inference::evaluate(self.maker(), frozen, (examples, self.base.labels.len()), on_batch)
    }

    fn maker(&self) -> Maker<'_> {
        Maker {
            network: &self.base.network,
            parameters: &self.parameters,
            device: self.base.device,
        }
    }

    /// Scores before softmax, `[inputs, classes]`, in the order of the inputs.
    ///
    /// # Errors
    /// [`TrainError::Input`] when the inputs do not fit the model.
    pub fn predict(&self, inputs: &Inputs) -> Result<Vec<f32>, TrainError> {
        let on_batch = &mut || ControlFlow::Continue(());
        let logits = inference::logits(self.maker(), (None, 0), inputs, on_batch)?;
        logits.ok_or(TrainError::Stopped)
    }

    /// Writes what the trial changed, so that [`Self::resume`] continues exactly here. The file is whole or not there.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when the file cannot be written.
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

    /// Writes the model in the layout it was read from, for [`super::FineTuned::load`] and for `transformers`.
    ///
    /// # Errors
    /// When a file cannot be written.
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

/// Refuses settings that no training can have.
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
