//! What a trial runs: one segment at a time, told where to begin and where to end, reporting as it goes.
//!
//! Imports `finetune`, `trials` and what lies below. Begin reading at [`Objective`]; each implementation is one file.

mod checkpoints;
mod command;
mod descendants;
mod finetune;
mod function;
mod inputs;
mod kernel_kills;
mod resident;
mod segment_progress;
mod speed;
mod strays;

pub use self::checkpoints::inherit;
pub use self::command::{Command, end_group, launch};
pub use self::finetune::{FineTune, training_config};
pub use self::function::Function;
pub use self::inputs::{InputError, Inputs};
pub use self::kernel_kills::{is_killed, kernel_kills};
pub use self::resident::{own_resident_mb, resident_mb};
pub use self::speed::{FullRun, full_runs, seconds_of};
pub use self::strays::{end_strays, take_in_strays};

use std::sync::Arc;
use std::time::Duration;

pub use crate::finetune::Recipe;
use crate::finetune::{Device, PrefixCache};
use crate::space::Configuration;
use crate::spec::{FineTuneSpec, ObjectiveSpec, Spec, Task};
use crate::study::{Cost, Identity, Settings};
use crate::trials::{Failure, MemoryModel, Progress, Segment, SegmentReport};

/// Something that can train a trial from one resource level to another.
pub trait Objective {
    /// Trains `segment.trial` up to `segment.to`, from its newest checkpoint at or before that, or from the pretrained model.
    ///
    /// When told to stop, it checkpoints and reports what was done until then.
    ///
    /// # Errors
    /// [`RunError`] says whether the trial or the machine is at fault; the checkpoint on disk stays as it was.
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError>;
}

/// Why a segment did not come to its end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The trial cannot go on.
    #[error(transparent)]
    Trial(#[from] Failure),
    /// The machine cannot go on, a full disk for example: no fault of the trial, which can be resumed.
    #[error("{0}")]
    Machine(String),
}

/// The objective's line to the outside while it trains.
pub trait Control {
    /// Whether to finish the current step, checkpoint and return early.
    fn is_stop_requested(&self) -> bool;
    /// How long a segment that was told to stop may take to evaluate the trial where it stands.
    fn time_to_evaluate(&self) -> Duration {
        Duration::ZERO
    }
    /// Tells people how far the segment is. Never used for decisions.
    fn progress(&mut self, progress: Progress);
    /// Tells which process group runs now in place of this process, so that it can be ended even if this process is not
    /// there any more to do it.
    fn program(&mut self, _group: Option<u32>) {}
}

/// What the engine must know of an objective before anything is trained.
pub struct Facts {
    /// What the spec names, as it was found.
    pub identity: Identity,
    /// Predicts what a segment costs, in units of its own.
    pub cost: Cost,
    /// Predicts what memory a worker takes.
    pub memory: Arc<MemoryModel>,
    /// How many examples there are; `None` without data.
    pub sizes: Option<Sizes>,
    /// What it needs of the machine.
    pub demand: Demand,
    /// The model and the data of a fine-tuning, as they were loaded.
    pub inputs: Option<Inputs>,
}

/// What an objective needs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: it only waits.
    Nothing,
    /// GPUs, or else cores, through burn.
    Training,
    /// The same, but of a model so small that a core is as fast as a GPU: GPUs only where the spec says `cuda`.
    SmallTraining,
    /// Unknown: a program of its own, which is given cores and shown a GPU.
    Program,
}

impl Demand {
    /// What fine-tuning needs. Our models of images are small: a quickstart took longer on a GPU than on as many cores
    /// (`benches/PERFORMANCE.md`, "On a GPU").
    pub fn of(spec: &FineTuneSpec) -> Self {
        match spec.task {
            Task::TextClassification => Self::Training,
            Task::ImageClassification => Self::SmallTraining,
        }
    }

    /// Whether segments train a model of ours.
    pub fn is_training(self) -> bool {
        matches!(self, Self::Training | Self::SmallTraining)
    }
}

/// How many examples there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// To train on.
    pub train: usize,
    /// To compare trials on.
    pub validation: usize,
    /// Kept apart.
    pub test: usize,
}

/// Reads everything that a spec's objective needs, so that whatever is wrong with it is said before the study begins.
///
/// # Errors
/// When the model or the data cannot be used.
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
            let inputs = Inputs::load(fine_tune, Device::Cpu)?;
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

/// The objective of a spec, loaded onto a device.
///
/// # Errors
/// When the model or the data cannot be used.
pub fn load(spec: &Spec, device: Device) -> Result<Box<dyn Objective>, InputError> {
    Ok(match &spec.objective {
        ObjectiveSpec::Function(function) => Box::new(Function::new(function.clone(), spec.space.clone())),
        ObjectiveSpec::FineTune(fine_tune) => {
            let limit = Some(spec.resources.cache).filter(|&limit| limit > 0);
            let cache = limit.and_then(|limit| Some(PrefixCache::new(PrefixCache::default_folder()?, limit)));
            Box::new(FineTune::new(Inputs::load(fine_tune, device)?, cache, &spec.space))
        }
        ObjectiveSpec::Command(command) => {
            let settings = Settings::new(spec, command::EPOCH);
            let metrics = settings.metrics().into_iter().map(str::to_owned).collect();
            Box::new(Command::new(command.clone(), metrics, std::env::current_exe().ok()))
        }
        ObjectiveSpec::AskTell(_) => return Err(InputError::AskTell),
    })
}
