//! Objectives: they run a trial one segment at a time and report their progress.
//!
//! Imports `finetune`, `trials` and what lies below. Begin reading at [`Objective`]; each implementation is one file.

mod checkpoints;
mod command;
mod descendants;
mod examine;
mod finetune;
mod folds;
mod function;
mod hub_data;
mod hub_model;
mod inputs;
mod kernel_kills;
mod lengths;
mod model_parts;
mod outputs;
mod resident;
mod segment_progress;
mod speed;
mod strays;
mod tables;
mod training_config;

pub use self::checkpoints::{inherit, list as checkpoints};
pub use self::command::{CommandObjective, end_group, launch};
pub use self::examine::{examine, validation_rows};
pub use self::finetune::{FineTune, measures, usual_metrics};
pub use self::function::Function;
pub use self::hub_data::{HubDataSet, bring_data, missing_data};
pub use self::hub_model::{HubModel, Missing, bring_model, missing_model};
pub use self::inputs::{InputError, TrainingInputs};
pub use self::kernel_kills::{is_killed, kernel_kills};
pub use self::model_parts::load_fine_tuned;
pub use self::resident::{own_resident_mb, resident_mb};
pub use self::speed::{FullRun, full_runs, seconds_of};
pub use self::strays::{end_strays, take_in_strays};
pub(crate) use self::tables::{encoding, question_columns, read_options, stride, tag_columns};
pub use self::training_config::training_config;

use std::sync::Arc;
use std::time::Duration;

pub use crate::finetune::Recipe;
use crate::finetune::{Device, PrefixCache};
use crate::space::Configuration;
use crate::spec::{FineTuneSpec, ModelSource, ObjectiveSpec, Spec, Task};
use crate::study::{Cost, Identity, Settings};
use crate::trials::{Failure, MemoryModel, Progress, Segment, SegmentReport};
use crate::units::Samples;

/// Something that can train a trial from one resource level to another.
pub trait Objective {
    /// Trains `segment.trial` up to `segment.to`.
    ///
    /// Starts from its newest checkpoint at or before that level, or from the pretrained model. If a stop is requested,
    /// it saves a checkpoint and reports the training done so far.
    ///
    /// # Errors
    /// Returns a [`RunError`] that says whether the trial or the machine is at fault. The checkpoint on disk is
    /// unchanged.
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError>;
}

/// Why a segment did not reach its end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The trial cannot continue.
    #[error(transparent)]
    Trial(#[from] Failure),
    /// The machine cannot continue, for example because its disk is full. The trial is not at fault and can be resumed.
    #[error("{0}")]
    Machine(String),
}

/// An objective's connection to the engine while it trains.
pub trait Control {
    /// Returns whether to finish the current step, save a checkpoint and return early.
    fn is_stop_requested(&self) -> bool;
    /// Time that a segment may take to evaluate the trial after a stop request.
    fn time_to_evaluate(&self) -> Duration {
        Duration::ZERO
    }
    /// Reports how far the segment is. It is shown to the user and never used for decisions.
    fn progress(&mut self, progress: Progress);
    /// Reports the process group that now runs on behalf of this process, so that it can be ended even after this
    /// process died.
    fn program(&mut self, _group: Option<u32>) {}
}

/// Facts about an objective that the engine needs before any training.
pub struct Facts {
    /// The inputs named by the spec, as they were found.
    pub identity: Identity,
    /// Predicts the cost of a segment, in a unit of its own.
    pub cost: Cost,
    /// Predicts the memory of a worker.
    pub memory: Arc<MemoryModel>,
    /// Numbers of examples; `None` without data.
    pub sizes: Option<Sizes>,
    /// Its demand on the machine.
    pub demand: Demand,
    /// The loaded model and data of a fine-tuning.
    pub inputs: Option<TrainingInputs>,
}

/// An objective's demand on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: it only waits.
    Nothing,
    /// GPUs if there are any, else CPU cores, through burn.
    Training,
    /// As [`Self::Training`], for a model so small that a core is as fast as a GPU: GPUs only if the spec says `cuda`.
    SmallTraining,
    /// Unknown: an external program, which is assigned cores and a GPU.
    Program,
}

impl Demand {
    /// The demand of fine-tuning.
    ///
    /// The built-in image model is small: a quickstart took longer on a GPU than on the same number of cores
    /// (`benches/PERFORMANCE.md`, "On a GPU").
    pub fn of(spec: &FineTuneSpec) -> Self {
        match (spec.task, &spec.model) {
            (Task::ImageClassification, ModelSource::Builtin(_)) => Self::SmallTraining,
            _ => Self::Training,
        }
    }

    /// Returns whether segments train a model in this process.
    pub fn is_training(self) -> bool {
        matches!(self, Self::Training | Self::SmallTraining)
    }
}

/// Numbers of examples of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// Training examples.
    pub train: usize,
    /// Examples on which trials are compared.
    pub validation: usize,
    /// Held-out examples.
    pub test: usize,
}

/// Reads everything that a spec's objective needs, so that errors are reported before the study begins.
///
/// # Errors
/// If the model or the data cannot be used.
pub fn inspect(spec: &Spec) -> Result<Facts, InputError> {
    match &spec.objective {
        ObjectiveSpec::Function(_) => Ok(Facts {
            identity: Identity {
                epoch: function::EPOCH,
                fingerprint: String::new(),
                parts: Vec::new(),
            },
            cost: Box::new(|_: &Configuration, from, to| (to.0 - from.0) as f64),
            memory: Arc::new(|_| None),
            sizes: None,
            demand: Demand::Nothing,
            inputs: None,
        }),
        ObjectiveSpec::Command(command) => {
            command::check(command)?;
            Ok(Facts {
                identity: Identity {
                    epoch: command::EPOCH,
                    fingerprint: String::new(),
                    parts: Vec::new(),
                },
                cost: Box::new(|_: &Configuration, from, to| (to.0 - from.0) as f64),
                memory: Arc::new(|_| None),
                sizes: None,
                demand: Demand::Program,
                inputs: None,
            })
        }
        ObjectiveSpec::AskTell(_) => Err(InputError::AskTell),
        ObjectiveSpec::FineTune(fine_tune) => {
            let inputs = TrainingInputs::load(fine_tune, Device::Cpu)?;
            inputs.check(fine_tune, spec)?;
            Ok(Facts {
                identity: inputs.identity(),
                cost: inputs.cost(spec.resources.cache > 0),
                memory: inputs.memory(),
                sizes: Some(inputs.sizes()),
                demand: Demand::of(fine_tune),
                inputs: Some(inputs),
            })
        }
    }
}

/// Reads the data of a fine-tuning without its model. Returns the samples of an epoch and the demand on the machine.
///
/// # Errors
/// If the data cannot be used.
pub fn inspect_data(fine_tune: &FineTuneSpec) -> Result<(Samples, Demand), InputError> {
    Ok((inputs::examples(fine_tune)?, Demand::of(fine_tune)))
}

/// The demand of a spec's objective on a machine.
pub fn demand(spec: &Spec) -> Demand {
    match &spec.objective {
        ObjectiveSpec::Function(_) | ObjectiveSpec::AskTell(_) => Demand::Nothing,
        ObjectiveSpec::Command(_) => Demand::Program,
        ObjectiveSpec::FineTune(fine_tune) => Demand::of(fine_tune),
    }
}

/// Loads the objective of a spec onto a device.
///
/// # Errors
/// If the model or the data cannot be used.
pub fn load(spec: &Spec, device: Device) -> Result<Box<dyn Objective>, InputError> {
    Ok(match &spec.objective {
        ObjectiveSpec::Function(function) => Box::new(Function::new(function.clone(), spec.space.clone())),
        ObjectiveSpec::FineTune(fine_tune) => {
            let limit = Some(spec.resources.cache).filter(|&limit| limit > 0);
            let cache = limit.and_then(|limit| Some(PrefixCache::new(PrefixCache::default_folder()?, limit)));
            let inputs = TrainingInputs::load(fine_tune, device)?;
            let settings = Settings::new(spec, inputs.epoch());
            let measures = measures(inputs.data.task, settings.metrics());
            Box::new(FineTune::new(inputs, measures, cache, &spec.space).keeping_outputs(settings))
        }
        ObjectiveSpec::Command(command) => {
            let settings = Settings::new(spec, command::EPOCH);
            let metrics = settings.metrics().into_iter().map(str::to_owned).collect();
            Box::new(CommandObjective::new(
                command.clone(),
                metrics,
                std::env::current_exe().ok(),
            ))
        }
        ObjectiveSpec::AskTell(_) => return Err(InputError::AskTell),
    })
}
