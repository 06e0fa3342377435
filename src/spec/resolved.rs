//! A valid spec, as the rest of the program reads it. Only `resolve` builds one from a user's file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::command::CommandSpec;
use super::tracking::TrackerSpec;
use crate::policies::{EarlyTerminate, SearcherSpec};
use crate::preference::Preference;
use crate::space::{Expression, Space};
use crate::units::{Goal, Seed};

/// The complete description of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The study's name; its default folder is `results/<name>`.
    pub name: String,
    /// The objective of a trial.
    pub objective: ObjectiveSpec,
    /// The metric to optimise; the first one if there are several.
    pub metric: Metric,
    /// The other metrics, their preference, and constraints on results.
    pub criteria: Criteria,
    /// The searcher.
    pub searcher: SearcherSpec,
    /// The rules that prune trials.
    pub early_terminate: EarlyTerminate,
    /// The parameters.
    pub space: Space,
    /// The number of epochs of a trial.
    pub epochs: EpochRange,
    /// The resources that one trial may use.
    pub trial_limits: TrialLimits,
    /// The budget of the study.
    pub budget: Budget,
    /// The choice of the winner after the search; `None`: the best trial wins.
    pub selection: Option<Selection>,
    /// Devices, workers and the cache.
    pub resources: Resources,
    /// `true` to deliver results in virtual time, so that the number of workers does not affect the results.
    pub deterministic: bool,
    /// The key of everything random.
    pub seed: Seed,
    /// Number of runs of each point of the space, each with another seed. Then nothing else runs.
    pub repeats: Option<u32>,
    /// `true` if the model's published recipes shape the first proposals, unless the spec has beliefs of its own.
    pub uses_recipe: bool,
    /// Leaderboards of earlier studies over the same parameters, whose results are the starting point.
    pub warm_start: Vec<PathBuf>,
    /// The trackers that show the study.
    pub tracking: Vec<TrackerSpec>,
    /// The origin of a `best.yaml`.
    pub provenance: Option<Provenance>,
}

/// The objective of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectiveSpec {
    /// Fine-tuning a pretrained model.
    FineTune(FineTuneSpec),
    /// A built-in function, for tests and demonstrations.
    Function(FunctionSpec),
    /// An external program.
    Command(CommandSpec),
    /// The trials run in another program that uses `automl ask-tell`.
    AskTell(AskTellSpec),
}

impl ObjectiveSpec {
    /// The command that resumes a study of this objective.
    pub fn resumed_by(&self, folder: &str) -> String {
        match self {
            Self::FineTune(_) | Self::Function(_) | Self::Command(_) => format!("automl resume {folder}"),
            Self::AskTell(_) => format!("automl ask-tell --out {folder}"),
        }
    }
}

/// A search whose trials another program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskTellSpec {
    /// Number of complete trials that the search may spend, if known.
    pub budget: Option<u64>,
}

/// A fine-tuning objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FineTuneSpec {
    /// The task.
    pub task: Task,
    /// `builtin:resnet8-cifar10`, a directory in Hugging Face layout, or a hub id whose snapshot is in the local cache.
    pub model: ModelSource,
    /// Labelled data.
    pub data: DataSpec,
    /// Maximum length of a text in tokens, including special tokens; longer texts are truncated. Unused for images.
    pub max_length: usize,
}

/// The task that the model is trained for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One label per text.
    TextClassification,
    /// One label per image.
    ImageClassification,
}

impl Task {
    /// Its name in specs and on model hubs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TextClassification => "text-classification",
            Self::ImageClassification => "image-classification",
        }
    }
}

/// The location of the pretrained model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSource {
    /// Compiled into the program, by name (without `builtin:`).
    Builtin(String),
    /// A directory with `config.json` and `model.safetensors`.
    Directory(PathBuf),
    /// A hub id, `org/name` or `org/name@revision`, whose snapshot is in the local cache.
    Hub(String),
}

/// Labelled data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSpec {
    /// Compiled into the program, by name (without `builtin:`); comes with its own validation split.
    Builtin {
        /// Its name.
        name: String,
        /// Number of training examples to use, counted from the first; `None`: all.
        train_limit: Option<usize>,
        /// Number of training examples, counted from the last, that are held out for a test.
        test: Option<usize>,
    },
    /// A table file: `.csv`, `.tsv` or `.jsonl`.
    Table {
        /// Training examples.
        train: PathBuf,
        /// Validation examples; `None`: they are split off `train`.
        validation: Option<PathBuf>,
        /// Name of the text column.
        text: String,
        /// Name of the label column.
        label: String,
        /// The split of validation (and test) examples if they have no file of their own.
        split: Split,
    },
}

/// Shares of the training table that are held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Share for validation, in (0, 1).
    pub validation: f64,
    /// Share for the test, in [0, 1).
    pub test: f64,
    /// `true` to keep the share of every label.
    pub stratify: bool,
    /// The key of the split. It differs from the study's seed, so that studies can be compared.
    pub seed: Seed,
}

/// A built-in objective: a loss surface with a learning curve, exact and without data.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSpec {
    /// Its name, such as `sphere` or `branin`.
    pub name: String,
    /// Duration of a complete trial in real seconds (0: none), for demonstrations and tests of the engine.
    pub trial_seconds: f64,
    /// Maximum delay of a segment in seconds. It is truly random, and no result may depend on it.
    pub jitter: f64,
    /// Standard deviation of the noise on the loss, keyed by the trial's seed.
    pub noise: f64,
    /// Faults with their conditions on configurations; the first that matches counts.
    pub faults: Vec<(Fault, Expression)>,
}

/// A simulated fault of a trial, to test how a study handles it. It happens half-way through a complete trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The loss becomes NaN.
    Diverge,
    /// The code panics.
    Panic,
    /// The worker process dies.
    Abort,
    /// A step never ends.
    Hang,
    /// The code allocates memory until none is left, at most 4 GiB.
    ExhaustMemory,
}

impl Fault {
    /// Every fault with its name in specs.
    pub const NAMES: [(&str, Self); 5] = [
        ("diverge", Self::Diverge),
        ("panic", Self::Panic),
        ("abort", Self::Abort),
        ("hang", Self::Hang),
        ("exhaust_memory", Self::ExhaustMemory),
    ];
}

/// A metric to optimise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name: one of those that the objective reports.
    pub name: String,
    /// The direction of improvement.
    pub goal: Goal,
    /// The study ends when a trial reaches this value.
    pub target: Option<f64>,
}

/// Criteria of a result beyond the first metric; none by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Criteria {
    /// The metrics after the first.
    pub others: Vec<Metric>,
    /// Comparison of all metrics.
    pub preference: Preference,
    /// Constraints on metrics that a result must satisfy.
    pub constraints: Vec<Expression>,
}

impl Criteria {
    /// `true` if only the first metric counts.
    pub fn is_plain(&self) -> bool {
        self.others.is_empty() && self.constraints.is_empty()
    }

    /// `true` if the study looks for trade-offs between several metrics, and so has a Pareto front.
    pub fn has_front(&self) -> bool {
        match self.preference {
            Preference::Pareto => !self.others.is_empty(),
            Preference::Lexicographic(_) => false,
        }
    }
}

/// The number of epochs of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRange {
    /// No trial is pruned before this epoch; at most `max`.
    pub min: f64,
    /// Number of epochs of a complete trial.
    pub max: f64,
    /// For `automl train`: the epochs at which the best trial was evaluated, up to its best. Training stops at the
    /// last, but the learning-rate schedule covers `max`. Training in the same pieces reproduces the same model.
    pub stops: Vec<f64>,
    /// For `automl train`: epochs between which the learning rate fell to 0, if the best trial ended before the
    /// schedule.
    pub cooldown: Option<(f64, f64)>,
}

/// The resources that one trial may use. A trial that exceeds them fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialLimits {
    /// Maximum training time in seconds, summed over its segments; then the trial has timed out.
    pub wall: Option<f64>,
    /// Maximum resident memory in bytes, including an external program's children; then the trial is out of memory.
    pub memory: Option<u64>,
    /// Maximum time in seconds without a step or a line of output. Then the trial hangs, and its worker is replaced.
    pub silence: Option<f64>,
}

/// The budget of a study. It ends at the first limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Maximum time in seconds, summed over all resumptions.
    pub wall: Option<f64>,
    /// Maximum number of trials.
    pub trials: Option<u32>,
    /// The study ends after this many equal failures if no trial has a result yet; 0: it never does.
    pub max_failures: Option<u32>,
}

impl Budget {
    /// The default of `max_failures`: enough to tell a broken program from one that sometimes fails.
    pub const DEFAULT_FAILURES: u32 = 5;
}

/// The choice of the winner: the best trials of the search are trained again with fresh seeds, since the best of many
/// is partly a lucky one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The rule.
    pub rule: SelectionRule,
    /// Number of finalists: the best trials.
    pub top_k: u32,
    /// Number of fresh seeds for each finalist.
    pub reseeds: u32,
    /// `true` to measure the winner on the test examples in the end.
    pub holdout: bool,
}

/// The rule that chooses the winner among the finalists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectionRule {
    /// The best mean over fresh seeds.
    Best,
    /// The cheapest to train of those within one standard error of the best mean (Breiman et al. 1984, §3.4.3). The
    /// error comes from the deviation over the seeds that all finalists have in common.
    OneSe,
    /// The best in the first metric on the Pareto front of the means of several metrics.
    Pareto,
}

impl SelectionRule {
    /// Every rule with its name in specs.
    pub const NAMES: [(&str, Self); 3] = [("best", Self::Best), ("one_se", Self::OneSe), ("pareto", Self::Pareto)];

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::OneSe => "one_se",
            Self::Pareto => "pareto",
        }
    }
}

/// The origin of a `best.yaml`, and its results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the program that wrote it.
    pub version: String,
    /// The study.
    pub study: String,
    /// Its winner.
    pub trial: u32,
    /// The run of the winner whose seed is used: the winner itself or one with a fresh seed.
    pub run: u32,
    /// The metric of the values below.
    pub metric: String,
    /// Expected value of this configuration: the mean over fresh seeds on the validation examples.
    pub expected: Option<f64>,
    /// The standard error of that mean.
    pub standard_error: Option<f64>,
    /// Number of fresh seeds.
    pub seeds: u32,
    /// Value of this very run on the validation examples.
    pub validation: Option<f64>,
    /// Value of its model on the test examples.
    pub test: Option<f64>,
    /// The model and the data of the search.
    pub inputs: Vec<InputPart>,
}

/// The model or a part of the data, recorded to notice changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPart {
    /// `model`, `train`, `validation` or `test`.
    pub part: String,
    /// Number of examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Fingerprint of the contents that training uses.
    pub fingerprint: String,
}

/// Devices, workers and the cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// The devices.
    pub devices: Devices,
    /// Number of worker processes; by default one per CPU core, or as many per GPU as share it well.
    pub workers: Option<usize>,
    /// Number of worker processes that share a GPU; by default as many as share it well.
    pub slots_per_device: Option<usize>,
    /// CPU threads per worker; by default one.
    pub threads_per_worker: usize,
    /// Number of logical workers of the virtual clock of a deterministic study; `None`: it follows from the slots of
    /// the machine on which the study begins ([`Spec::settle_logical_workers`]).
    pub logical_workers: Option<usize>,
    /// Disk space in bytes for cached activations of frozen layers, shared by all studies; 0: nothing is cached.
    pub cache: u64,
}

/// Logical workers of a study without a wall budget: the same on every machine, and enough for most machines.
const LOGICAL_WORKERS: usize = 8;

impl Spec {
    /// Fixes the number of logical workers of a study that begins on `slots` slots, if the spec leaves it open. The
    /// number then belongs to the study, so that another machine does not change its results.
    ///
    /// Without a wall budget it is the same everywhere. With one, it is the number of slots. More logical workers would
    /// make segments wait for slots, even those that must end before the deadline. That costs more than the occasional
    /// idle slot that the order of delivery causes (`benches/deadline_quality`).
    pub fn settle_logical_workers(&mut self, slots: usize) {
        let workers = match self.budget.wall {
            Some(_) => slots.max(1),
            None => LOGICAL_WORKERS,
        };
        self.resources.logical_workers.get_or_insert(workers);
    }
}

impl Resources {
    /// The number of logical workers.
    pub fn logical_workers(&self) -> usize {
        self.logical_workers.unwrap_or(LOGICAL_WORKERS)
    }
}

/// The devices for trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Devices {
    /// Every CUDA device if this build and machine have one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA devices; an error if there are none.
    Cuda,
    /// The CPU with burn's older backend, for comparison; an error in a build without the feature `ndarray`.
    #[serde(rename = "ndarray")]
    NdArray,
}
