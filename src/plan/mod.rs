//! The plan of a study, before anything is spent: its rungs, the cost of a full run here, and how many fit. It also
//! contains the memory of a trial, and the first configurations.
//!
//! Nothing is written and nothing of the study is run; a few training steps are timed. Imports `engine` and below.
//! Begin reading at [`Plan::new`].

mod begin;
mod forecast;
mod proposals;

pub use crate::objective::Recipe;
pub use begin::{Settled, believe, settle};
pub use forecast::Forecast;
pub use proposals::Proposal;

use serde::Serialize;

use crate::engine::available_memory;
use crate::objective::{self, Facts, FullRun, InputError, Sizes};
use crate::space::Configuration;
use crate::spec::{ModelSource, ObjectiveSpec, Spec};
use crate::study;
use crate::study::Settings;
use crate::trials::PastTrial;
use crate::units::Samples;
use crate::worker::Slot;

/// Number of configurations that are shown.
const FIRST: u32 = 10;

/// Number of random configurations that show how costs and sizes differ.
const SAMPLE: u32 = 256;

/// The plan of a study.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The study's name.
    pub name: String,
    /// A description of what a trial runs, for people.
    pub objective: String,
    /// Numbers of examples; `None` without data.
    pub examples: Option<Sizes>,
    /// Samples of one epoch.
    pub epoch: Samples,
    /// The resource levels at which trials pause.
    pub rungs: Vec<Level>,
    /// Devices of the workers on this machine.
    pub slots: Vec<String>,
    /// Number of workers of the virtual clock, in a deterministic study.
    pub logical_workers: Option<usize>,
    /// The wall budget in seconds.
    pub wall: Option<f64>,
    /// Largest number of trials: the budget of trials, or the size of a grid.
    pub max_trials: Option<u32>,
    /// Memory of a worker; `None` if it cannot be predicted.
    pub memory: Option<MemoryRange>,
    /// Bytes that are free for workers; `None` if the system does not provide it.
    pub available_memory: Option<u64>,
    /// Cost of one full run; `None` if it cannot be predicted.
    pub full_run: Option<CostRange>,
    /// Number of full runs that would fit into the wall budget, one after the other on every worker.
    pub full_runs: Option<f64>,
    /// A forecast of how far the study would get.
    pub forecast: Option<Forecast>,
    /// The first configurations.
    pub first: Vec<Proposal>,
}

/// A resource level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Level {
    /// The level in samples.
    pub samples: Samples,
    /// The level in epochs.
    pub epochs: f64,
}

/// Bytes of a worker: the least, the median and the greatest need among the sampled configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryRange {
    /// The least.
    pub least: u64,
    /// The median.
    pub median: u64,
    /// The greatest.
    pub greatest: u64,
}

/// Seconds of a full run: of the cheapest, the median and the most expensive of the sampled configurations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CostRange {
    /// The cheapest.
    pub cheapest: f64,
    /// The median.
    pub median: f64,
    /// The most expensive.
    pub dearest: f64,
}

impl CostRange {
    /// The same for several runs, one after the other.
    fn times(self, runs: u32) -> Self {
        let runs = f64::from(runs);
        Self {
            cheapest: self.cheapest * runs,
            median: self.median * runs,
            dearest: self.dearest * runs,
        }
    }
}

impl Plan {
    /// Makes the plan of `spec` on the `slots` of this machine, with results of earlier studies.
    ///
    /// # Errors
    /// If the model or the data cannot be used.
    pub fn new(spec: &Spec, facts: Facts, slots: &[Slot], past: &[PastTrial]) -> Result<Self, InputError> {
        let epoch = facts.identity.epoch;
        let settings = Settings::new(spec, epoch);
        let rungs = study::policy(spec, settings.lengths()).rungs().to_vec();
        let sample = proposals::sample(spec, epoch, SAMPLE);
        let memory = memory_range(&facts, &sample);
        let probes = probes(&facts, &sample, settings.max);
        let device = slots.first().map_or_else(Default::default, |slot| slot.device);
        let timed = objective::full_runs(spec, &facts, device, &probes)?;
        let full_run = timed
            .as_deref()
            .and_then(cost_range)
            .map(|run| run.times(settings.folds));
        let costs = probes.iter().map(|probe| (facts.cost)(probe, Samples(0), settings.max));
        let rate = timed.map(|runs| runs.iter().map(|run| run.seconds).sum::<f64>() / costs.sum::<f64>());
        let workers = if spec.deterministic {
            slots.len().min(spec.resources.logical_workers())
        } else {
            slots.len()
        };
        let full_runs = match (spec.budget.wall, full_run) {
            (Some(wall), Some(run)) if run.median > 0.0 => Some((wall / run.median).floor() * workers as f64),
            _ => None,
        };
        Ok(Self {
            name: spec.name.clone(),
            objective: describe(&spec.objective),
            examples: facts.sizes,
            epoch,
            rungs: rungs
                .into_iter()
                .map(|samples| Level {
                    samples,
                    epochs: samples.epochs(epoch),
                })
                .collect(),
            slots: slots.iter().take(workers).map(|slot| slot.device.to_string()).collect(),
            logical_workers: spec.deterministic.then(|| spec.resources.logical_workers()),
            wall: spec.budget.wall,
            max_trials: most_trials(spec),
            available_memory: memory.and(available_memory()),
            memory,
            full_run,
            full_runs,
            forecast: forecast::forecast(spec, epoch, facts.cost, rate, workers),
            first: proposals::first(spec, epoch, past, FIRST),
        })
    }
}

/// The configurations of the sample with the median, the largest and the smallest cost: they are timed in this order.
fn probes(facts: &Facts, sample: &[Configuration], max: Samples) -> Vec<Configuration> {
    let mut sample: Vec<&Configuration> = sample.iter().collect();
    sample.sort_by(|left, right| {
        let cost = |configuration| (facts.cost)(configuration, Samples(0), max);
        cost(left).total_cmp(&cost(right))
    });
    let mut indices = vec![sample.len() / 2, sample.len().saturating_sub(1), 0];
    indices.truncate(sample.len());
    indices
        .into_iter()
        .filter_map(|index| sample.get(index).copied().cloned())
        .collect()
}

/// The range of the timed runs of [`probes`]. Their order may differ from that of the cost model.
fn cost_range(runs: &[FullRun]) -> Option<CostRange> {
    let median = runs.first()?.seconds;
    let seconds = runs.iter().map(|run| run.seconds);
    Some(CostRange {
        cheapest: seconds.clone().fold(f64::INFINITY, f64::min),
        median,
        dearest: seconds.fold(0.0, f64::max),
    })
}

fn most_trials(spec: &Spec) -> Option<u32> {
    let all = spec
        .searcher
        .info()
        .needs
        .finite_space
        .then(|| spec.space.cardinality())
        .flatten();
    let all = all.and_then(|all| u32::try_from(all).ok());
    spec.budget.trials.into_iter().chain(all).min()
}

fn memory_range(facts: &Facts, sample: &[Configuration]) -> Option<MemoryRange> {
    let mut bytes: Vec<u64> = sample.iter().filter_map(|one| (facts.memory)(one)).collect();
    bytes.sort_unstable();
    Some(MemoryRange {
        least: *bytes.first()?,
        median: bytes[bytes.len() / 2],
        greatest: *bytes.last()?,
    })
}

fn describe(objective: &ObjectiveSpec) -> String {
    match objective {
        ObjectiveSpec::Function(function) => format!("the function {}", function.name),
        ObjectiveSpec::Command(command) => format!("the command {command}"),
        ObjectiveSpec::AskTell(_) => "whatever the program that asks runs".to_owned(),
        ObjectiveSpec::FineTune(fine_tune) => {
            let model = match &fine_tune.model {
                ModelSource::Builtin(name) => format!("builtin:{name}"),
                ModelSource::Directory(path) => path.display().to_string(),
                ModelSource::Hub(id) => id.clone(),
            };
            let data = fine_tune.data.name();
            format!("{} with {model} on {data}", fine_tune.task.name())
        }
    }
}
