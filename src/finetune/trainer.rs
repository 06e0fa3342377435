//! One trial's training: start or resume, train to a number of samples, evaluate, save, export.
//!
//! All randomness of a step is keyed by the trial's seed and the samples seen before it. The learning rate is a
//! function of the same number. So a trial can stop anywhere and resume in another process with the same weights to the
//! last bit.

use std::{
    ops::{ControlFlow, Range},
    path::Path,
};

use thiserror::Error;

use super::{
    adapters::{Adapter, NoTarget, Prepared, merged, prepare},
    average,
    batching::{ExampleError, check_inputs, check_targets, micro_batches},
    checkpoint::{self, Belongs, CheckpointError, State},
    data::{Examples, Inputs, Targets, epoch_batches},
    dropout::{DropPath, DropoutKeys},
    export::{ExportError, export, export_adapter},
    imbalance::TrainingLoss,
    inference::{self, Evaluated},
    networks::{Model, Network, PassSettings},
    optimizer::{Optimizer, Outcome, Settings, Update},
    parameters::Parameters,
    prefix_cache::FrozenOutputs,
    pretrained::Pretrained,
    step_inputs::{Drawn, Presented, Presenter},
    tasks::{Batch, Objective, Scores, TaskKind, Truth},
    trainable::Trainable,
    training_config::TrainingConfig,
};
use crate::units::Samples;
use automl_metrics::{Measure, MetricError};

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
    #[error("the checkpoint of the parent trial after {at} samples cannot be used")]
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
    /// A setting has an unknown name as its value.
    #[error("`{name}` is `{value}`; it must be one of {known}")]
    Word {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// The known names.
        known: String,
    },
    /// A setting names a label that the data does not have.
    #[error(
        "`{name}` names the label `{label}`, but the labels are {}",
        known.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
    )]
    Label {
        /// The setting.
        name: &'static str,
        /// The label.
        label: String,
        /// The labels of the data.
        known: Vec<String>,
    },
    /// A setting is for classes, and the task has none.
    #[error("`{name}` is for classes or labels, but the task is {task}: leave it out")]
    NoClasses {
        /// The setting.
        name: &'static str,
        /// The task.
        task: TaskKind,
    },
    /// A setting changes images, and the model takes texts.
    #[error("`{name}` is for images, but the model takes texts: leave it out")]
    NotForTexts {
        /// The setting.
        name: &'static str,
    },
    /// The model has no branches that could be left out.
    #[error("the model has no blocks for `drop_path` (stochastic depth): leave it out")]
    NoDropPath,
    /// The adapter finds nothing to train in the model.
    #[error(transparent)]
    Adapter(#[from] NoTarget),
    /// The examples do not fit the model.
    #[error(transparent)]
    Input(#[from] ExampleError),
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
    /// The network with the trial's adapter.
    network: Network,
    trainable: Trainable,
    parameters: Parameters,
    optimizer: Optimizer,
    /// The moving average of the values, if the trial has one.
    average: Option<Parameters>,
    seen: u64,
}

impl Training {
    /// Starts a trial from the pretrained weights, with a head that is initialized from the trial's seed.
    ///
    /// # Errors
    /// Returns [`TrainError::Setting`] if a setting is outside its range, and [`TrainError::Adapter`] if the model has
    /// nothing that the adapter could train.
    pub fn start(base: &Pretrained, config: TrainingConfig) -> Result<Self, TrainError> {
        config.check(base)?;
        let Prepared {
            network,
            trainable,
            anew,
        } = prepare(&base.network, &base.parameters.loaded(), &config)?;
        let mut parameters = base.parameters.extended(&network.parameters, base.device);
        parameters.start_head(config.seed, base.device);
        parameters.start_anew(&anew, config.seed, base.device);
        Ok(Self {
            base: base.clone(),
            optimizer: Optimizer::new(Settings::of(&config), base.device),
            average: (config.ema > 0.0).then(|| parameters.clone()),
            config,
            network,
            trainable,
            parameters,
            seen: 0,
        })
    }

    /// Checks settings without starting a trial.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub fn check(base: &Pretrained, config: &TrainingConfig) -> Result<(), TrainError> {
        config.check(base)?;
        prepare(&base.network, &base.parameters.loaded(), config)?;
        Ok(())
    }

    /// Resumes a trial from its own checkpoint. Only the cooldown and the number of micro-batches may differ.
    ///
    /// # Errors
    /// If a setting is outside its range, or if the checkpoint is damaged or belongs to another trial or model.
    pub fn resume(base: &Pretrained, config: TrainingConfig, path: &Path) -> Result<Self, TrainError> {
        let trial = config.fingerprint();
        Self::start(base, config)?.load(path, Some(trial))
    }

    /// Starts from the checkpoint of another trial. All settings may differ except those that decide which parameters
    /// train, and the optimizer.
    ///
    /// # Errors
    /// If a setting is outside its range, or if the checkpoint is damaged or has another model, other trained
    /// parameters or another optimizer.
    pub fn inherit(base: &Pretrained, config: TrainingConfig, path: &Path) -> Result<Self, TrainError> {
        Self::start(base, config)?.load(path, None)
    }

    fn load(self, path: &Path, trial: Option<u64>) -> Result<Self, TrainError> {
        let belongs = Belongs {
            trial,
            ..self.belongs()
        };
        let start = State {
            parameters: self.parameters.clone(),
            optimizer: self.optimizer.clone(),
            average: self.average.clone(),
            seen: 0,
        };
        let State {
            parameters,
            optimizer,
            average,
            seen,
        } = checkpoint::load(path, start, belongs, self.base.device)?;
        Ok(Self {
            parameters,
            optimizer,
            average,
            seen,
            ..self
        })
    }

    /// The same trial, continued with other settings. The trained parameters and the optimizer must stay the same.
    ///
    /// # Errors
    /// If a setting is outside its range, or if other parameters would train.
    pub fn with(self, config: TrainingConfig) -> Result<Self, TrainError> {
        config.check(&self.base)?;
        let Prepared { network, trainable, .. } = prepare(&self.base.network, &self.base.parameters.loaded(), &config)?;
        let [expected, found] = [&trainable, &self.trainable].map(Trainable::fingerprint);
        if expected != found || config.optimizer != self.config.optimizer {
            return Err(TrainError::Checkpoint(CheckpointError::Foreign {
                what: "the set of trained parameters",
                expected: format!("{expected:016x}"),
                found: format!("{found:016x}"),
            }));
        }
        let average = self.average.unwrap_or_else(|| self.parameters.clone());
        Ok(Self {
            optimizer: self.optimizer.with(Settings::of(&config)),
            average: (config.ema > 0.0).then_some(average),
            config,
            network,
            trainable,
            ..self
        })
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
        self.trainable.count(&self.network.parameters)
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
        check_targets(&examples.inputs, &examples.targets, self.base.labels.len())?;
        let config = self.config.clone();
        let training_loss = TrainingLoss::new(&config, &examples.targets, &self.base.labels);
        let presenter = Presenter::new(data, &config);
        let (epoch_length, start) = (examples.len() as u64, self.seen);
        let mut loss = 0.0;
        let mut stopped = false;
        'epochs: while self.seen < to.0 {
            let epoch = self.seen / epoch_length;
            let mut batch_end = epoch * epoch_length;
            let batches = epoch_batches(examples, self.config.batch_size, self.config.seed, epoch);
            for (number, batch) in batches.into_iter().enumerate() {
                let batch_start = batch_end;
                batch_end += batch.len() as u64;
                if self.seen >= batch_end {
                    continue;
                }
                let until = batch_end.min(to.0);
                let part = (self.seen - batch_start) as usize..(until - batch_start) as usize;
                let count = part.len();
                let drawn = Drawn {
                    places: &batch,
                    pass: epoch,
                    number: number as u64,
                };
                let step = self.step((data.examples, &presenter), (drawn, part), &training_loss)?;
                loss += step.loss * count as f64;
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

    /// One step on a part of a batch.
    fn step(
        &mut self,
        (examples, presenter): (&Examples, &Presenter<'_>),
        (drawn, part): (Drawn<'_>, Range<usize>),
        training_loss: &TrainingLoss,
    ) -> Result<Step, TrainError> {
        let (config, model, task) = (&self.config, self.model(), self.base.task);
        let places = &drawn.places[part.clone()];
        let before = self.seen;
        let pass_over = |places: &[u32], seen: u64| {
            let start = part.start + (seen - before) as usize;
            let Presented { batch, frozen, mixed } = presenter.part(model, drawn, start..start + places.len());
            let targets = examples.targets.pick(places);
            let settings = PassSettings {
                trainable: &self.trainable,
                dropout: DropoutKeys::new(config.dropout, config.seed, seen),
                drop_path: DropPath::new(config.drop_path, config.seed, seen),
            };
            model.pass((&batch, frozen), settings, &|kernels, outputs| {
                let objective = |outputs, targets: &Targets| {
                    task.objective(Batch {
                        kernels,
                        outputs,
                        targets,
                        training_loss,
                    })
                };
                let Some((share, partners)) = &mixed else {
                    let Objective { loss, gradient } = objective(outputs, &targets);
                    return (loss, gradient);
                };
                // The loss of a mixed target is the mixture of both losses.
                let own = objective(outputs.clone(), &targets);
                let other = objective(outputs, &examples.targets.pick(partners));
                (
                    own.loss.scaled(*share).plus(other.loss.scaled(1.0 - share)),
                    own.gradient * *share + other.gradient * (1.0 - share),
                )
            })
        };
        let parts = micro_batches(&examples.inputs, places, config.micro_batches);
        let Some((&first, rest)) = parts.split_first() else {
            return Err(TrainError::Input(ExampleError::Empty));
        };
        let mut pass = pass_over(first, self.seen);
        if !rest.is_empty() {
            let weight = |part: &[u32]| {
                let targets = examples.targets.pick(part);
                training_loss.weight(&targets).unwrap_or_else(|| task.weight(&targets))
            };
            let whole = weight(places);
            // A batch of which nothing counts has a loss of 0, however it is cut.
            let share = |part: &[u32]| if whole > 0.0 { weight(part) / whole } else { 0.0 };
            let mut seen = self.seen + first.len() as u64;
            let others = rest.iter().map(|&part| {
                let pass = pass_over(part, seen);
                seen += part.len() as u64;
                (share(part), pass)
            });
            pass = pass.with_others(share(first), others);
        }
        let middle = self.seen as f64 + places.len() as f64 / 2.0;
        let schedule = config.factor(middle);
        let update = Update {
            trainable: &self.trainable,
            schedule,
            max_grad_norm: config.max_grad_norm,
        };
        let outcome = self
            .optimizer
            .update(&mut self.parameters, (pass.loss, pass.gradients), &update);
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
        if let Some(average) = &mut self.average {
            let kept = average::kept(config.ema, self.optimizer.steps);
            average::follow(average, &self.parameters, &self.trainable, kept, self.base.device);
        }
        self.seen += places.len() as u64;
        Ok(Step {
            seen: Samples(self.seen),
            loss,
            learning_rate: config.learning_rate * schedule,
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
        Ok(self.validate(data, measures, on_batch)?.scores)
    }

    /// As [`Self::evaluate`], with the outputs.
    ///
    /// # Errors
    /// See [`Self::evaluate`].
    pub fn validate<'a>(
        &self,
        data: impl Into<TrainingData<'a>>,
        measures: &[Measure],
        on_batch: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Evaluated, TrainError> {
        let TrainingData { examples, frozen } = data.into();
        let frozen = (frozen, self.config.freeze_depth);
        let outputs = (self.base.task, self.base.labels.as_slice());
        inference::evaluate(self.evaluated(), frozen, (examples, outputs), measures, on_batch)
    }

    /// The metric `loss` and `measures` of outputs that [`Self::validate`] gave for examples with these targets. A label
    /// is predicted from its threshold on; without thresholds, from one half.
    ///
    /// # Errors
    /// Returns [`TrainError::Metric`] if a metric does not fit the task.
    pub fn measure(
        &self,
        outputs: &[f32],
        targets: &Targets,
        thresholds: &[f64],
        measures: &[Measure],
    ) -> Result<Scores, TrainError> {
        let truth = Truth {
            targets,
            names: &self.base.labels,
            thresholds,
        };
        Ok(inference::scores(self.base.task, outputs, truth, measures)?)
    }

    /// The values that are evaluated and saved: the moving average if there is one.
    fn result(&self) -> &Parameters {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    fn evaluated(&self) -> Model<'_> {
        Model {
            parameters: self.result(),
            ..self.model()
        }
    }

    fn model(&self) -> Model<'_> {
        Model {
            network: &self.network,
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
        let logits = inference::logits(self.evaluated(), (None, 0), inputs, on_batch)?;
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
                average: self.average.clone(),
                seen: self.seen,
            },
            self.belongs(),
        )?)
    }

    /// Writes the model in the layout that it was read from, for [`super::FineTuned::load`] and for `transformers`. An
    /// adapter is merged into the weights.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn export(&self, folder: &Path) -> Result<(), ExportError> {
        export(&self.base, &merged(&self.network, self.result()), folder)
    }

    /// Writes the low-rank adapter and the head alone, for the library `peft`.
    ///
    /// # Errors
    /// If the trial has no such adapter, or a file cannot be written.
    pub fn export_adapter(&self, folder: &Path) -> Result<(), ExportError> {
        let Adapter::LowRank(settings) = self.config.adapter else {
            return Err(ExportError::NoAdapter {
                adapter: self.config.adapter.name(),
            });
        };
        let model = (&self.network, self.result(), &self.trainable);
        export_adapter(&self.base, model, &settings, folder)
    }

    fn belongs(&self) -> Belongs<'_> {
        Belongs {
            model: self.base.checksum(),
            trainable: &self.trainable,
            adapter: self.config.adapter.name(),
            classes: self.base.labels.len(),
            trial: Some(self.config.fingerprint()),
        }
    }
}

#[cfg(test)]
mod tests;
