//! A spec that cannot be wrong: what the rest of the program reads. Only `resolve` builds one from a user's file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::command::CommandSpec;
use super::tracking::TrackerSpec;
use crate::policies::{EarlyTerminate, SearcherSpec};
use crate::preference::Preference;
use crate::space::{Expression, Space};
use crate::units::{Goal, Seed};

/// One study, completely described.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The study's name; its default folder is `results/<name>`.
    pub name: String,
    /// What a trial runs.
    pub objective: ObjectiveSpec,
    /// What is optimised; of several metrics the first.
    pub metric: Metric,
    /// The other metrics, how they are weighed, and what a result must satisfy.
    pub criteria: Criteria,
    /// The searcher.
    pub searcher: SearcherSpec,
    /// What becomes of trials that are worse than others.
    pub early_terminate: EarlyTerminate,
    /// The parameters.
    pub space: Space,
    /// How far a trial may go.
    pub epochs: EpochRange,
    /// What one trial may use up.
    pub trial_limits: TrialLimits,
    /// When to end.
    pub budget: Budget,
    /// How the winner is chosen once the search is over; `None`: it is the best trial.
    pub selection: Option<Selection>,
    /// Where trials run.
    pub resources: Resources,
    /// Deliver results in virtual time, so that the number of workers changes nothing.
    pub deterministic: bool,
    /// Keys everything random.
    pub seed: Seed,
    /// Run the points of the space so many times each, every time with another seed, and nothing else.
    pub repeats: Option<u32>,
    /// Whether published recipes for the model shape the first proposals, where the spec has no beliefs of its own.
    pub uses_recipe: bool,
    /// Leaderboards of earlier studies over the same parameters, to begin with what they found out.
    pub warm_start: Vec<PathBuf>,
    /// Where else the study is shown.
    pub tracking: Vec<TrackerSpec>,
    /// The origin of a `best.yaml`.
    pub provenance: Option<Provenance>,
}

/// What a trial runs.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectiveSpec {
    /// Fine-tuning a pretrained model.
    FineTune(FineTuneSpec),
    /// A built-in function, for tests and demonstrations.
    Function(FunctionSpec),
    /// An external program.
    Command(CommandSpec),
    /// Nothing of ours: a program that speaks to `automl ask-tell` runs the trials.
    AskTell(AskTellSpec),
}

impl ObjectiveSpec {
    /// The command that goes on with a study of this objective.
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
    /// How many complete trials the search may spend, if that is known.
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
    /// Longest text in tokens, special tokens included; longer ones are cut. Unused for images.
    pub max_length: usize,
}

/// What the model learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One label a text.
    TextClassification,
    /// One label an image.
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

/// Where the pretrained model is.
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
        /// Use only the first so many training examples.
        train_limit: Option<usize>,
        /// Keep the last so many training examples apart, for a test.
        test: Option<usize>,
    },
    /// A table file: `.csv`, `.tsv` or `.jsonl`.
    Table {
        /// Training examples.
        train: PathBuf,
        /// Validation examples; else they are split off `train`.
        validation: Option<PathBuf>,
        /// Name of the text column.
        text: String,
        /// Name of the label column.
        label: String,
        /// How to split off validation (and test) examples when there is no file of them.
        split: Split,
    },
}

/// Shares of the training table that are held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Share for validation, in (0, 1).
    pub validation: f64,
    /// Share kept apart, in [0, 1).
    pub test: f64,
    /// Keep every label's share.
    pub stratify: bool,
    /// Keys the split; not the study's seed, so that studies can be compared.
    pub seed: Seed,
}

/// A built-in objective: a loss surface with a learning curve, exact and without data.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSpec {
    /// Its name, such as `sphere` or `branin`.
    pub name: String,
    /// Seconds that a whole trial takes in real time (0: none), for demonstrations and tests of the engine.
    pub trial_seconds: f64,
    /// Seconds up to which every segment is late, by true chance: no result may depend on it.
    pub jitter: f64,
    /// Standard deviation of what chance adds to the loss, by the trial's seed.
    pub noise: f64,
    /// What goes wrong, and for which configurations; the first that fits.
    pub faults: Vec<(Fault, Expression)>,
}

/// What may go wrong with a trial, to see what becomes of the study then. It happens half-way through a complete trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The loss is not a number anymore.
    Diverge,
    /// The code panics.
    Panic,
    /// The worker process dies.
    Abort,
    /// No step ends any more.
    Hang,
    /// Memory is taken until there is none, though at most 4 GiB.
    ExhaustMemory,
}

impl Fault {
    /// Every fault by the name that specs use.
    pub const NAMES: [(&str, Self); 5] = [
        ("diverge", Self::Diverge),
        ("panic", Self::Panic),
        ("abort", Self::Abort),
        ("hang", Self::Hang),
        ("exhaust_memory", Self::ExhaustMemory),
    ];
}

/// What is optimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name, one of those the objective reports.
    pub name: String,
    /// Which way it is better.
    pub goal: Goal,
    /// The study ends as soon as a trial is this good.
    pub target: Option<f64>,
}

/// What makes a result good beside the first metric. By default nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Criteria {
    /// The metrics after the first.
    pub others: Vec<Metric>,
    /// How all of them are weighed.
    pub preference: Preference,
    /// Conditions over metrics that a result must satisfy.
    pub constraints: Vec<Expression>,
}

impl Criteria {
    /// Whether the first metric is all that counts.
    pub fn is_plain(&self) -> bool {
        self.others.is_empty() && self.constraints.is_empty()
    }

    /// Whether trade-offs between several metrics are asked for, so that there is a front.
    pub fn has_front(&self) -> bool {
        match self.preference {
            Preference::Pareto => !self.others.is_empty(),
            Preference::Lexicographic(_) => false,
        }
    }
}

/// How far a trial may go, in epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRange {
    /// Before this no trial is judged; at most `max`.
    pub min: f64,
    /// A complete trial.
    pub max: f64,
    /// For `automl train`: the epochs at which the best trial was evaluated, up to where it was best. Training stops at the
    /// last, though the learning-rate schedule is laid out over `max`; in the same pieces, so that it is the same model.
    pub stops: Vec<f64>,
    /// For `automl train`: from where to where the learning rate fell to 0, if the best trial ended before its schedule.
    pub cooldown: Option<(f64, f64)>,
}

/// What one trial may use up; beyond it the trial fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialLimits {
    /// Seconds of training in all, over all its segments: then it has timed out.
    pub wall: Option<f64>,
    /// Bytes of resident memory, those of an external program's children included: beyond them memory has run out.
    pub memory: Option<u64>,
    /// Seconds without a step or a line of output: then it hangs, and its worker is replaced.
    pub silence: Option<f64>,
}

/// When to end; whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Seconds that the study may run, over all its resumptions.
    pub wall: Option<f64>,
    /// Trials in all.
    pub trials: Option<u32>,
    /// The study ends after this many equal failures if no trial has a result yet; 0: it never does.
    pub max_failures: Option<u32>,
}

impl Budget {
    /// Where a spec does not say: enough to tell a program that cannot work from one that sometimes fails.
    pub const DEFAULT_FAILURES: u32 = 5;
}

/// How the winner is chosen: the best trials of the search are trained again with fresh seeds, since the best of many is
/// partly a lucky one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// By which rule.
    pub rule: SelectionRule,
    /// How many of the best trials are finalists.
    pub top_k: u32,
    /// Fresh seeds for each of them.
    pub reseeds: u32,
    /// Whether the winner is measured on the test examples in the end.
    pub holdout: bool,
}

/// Which finalist wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectionRule {
    /// The best mean over fresh seeds.
    Best,
    /// The cheapest to train of those within one standard error of the best mean (Breiman et al. 1984, §3.4.3), by the deviation
    /// over seeds that all finalists have in common.
    OneSe,
    /// The best in the first metric among the front of the means of several metrics.
    Pareto,
}

impl SelectionRule {
    /// Every rule by the name that specs use.
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

/// Where a `best.yaml` comes from, and what was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the program that wrote it.
    pub version: String,
    /// The study.
    pub study: String,
    /// Its winner.
    pub trial: u32,
    /// The run of the winner whose seed this is: the winner itself or one with a fresh seed.
    pub run: u32,
    /// The metric of the values below.
    pub metric: String,
    /// What to expect of this configuration: the mean over fresh seeds on the validation examples.
    pub expected: Option<f64>,
    /// The standard error of that mean.
    pub standard_error: Option<f64>,
    /// How many fresh seeds.
    pub seeds: u32,
    /// What this very run came to on the validation examples.
    pub validation: Option<f64>,
    /// What its model came to on the test examples.
    pub test: Option<f64>,
    /// The model and the data it was found with.
    pub inputs: Vec<InputPart>,
}

/// The model or a part of the data, to notice when it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPart {
    /// `model`, `train`, `validation` or `test`.
    pub part: String,
    /// How many examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Fingerprint of what training sees of it.
    pub fingerprint: String,
}

/// Where trials run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Which devices.
    pub devices: Devices,
    /// Worker processes; by default one a CPU core, or as many a GPU as share it well.
    pub workers: Option<usize>,
    /// Worker processes that share a GPU; by default as many as share it well.
    pub slots_per_device: Option<usize>,
    /// Threads of each worker on the CPU; by default one.
    pub threads_per_worker: usize,
    /// Workers of the virtual clock of a deterministic study; `None`: it follows from the slots of the machine on which the
    /// study begins ([`Spec::settle_logical_workers`]).
    pub logical_workers: Option<usize>,
    /// Bytes on disk for what frozen parts of models make of data, shared with other studies; 0: nothing is kept.
    pub cache: u64,
}

/// Logical workers of a study without a wall budget: the same on every machine, and enough for those that most have.
const LOGICAL_WORKERS: usize = 8;

impl Spec {
    /// Fixes the number of logical workers of a study that begins on so many slots, if the spec leaves it open: a part of the
    /// study from now on, so that another machine changes nothing.
    ///
    /// Without a wall budget it is the same everywhere. With one, breadth fits the machine: one for each slot. With more, segments wait
    /// for slots, and what must end before the deadline waits too; that costs more than the order of delivery does, by which a slot
    /// is idle now and then (`benches/deadline_quality`).
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

/// Which devices trials run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Devices {
    /// Every CUDA device if this build and machine have any, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA devices; an error where there are none.
    Cuda,
    /// The CPU with burn's older backend, to compare; an error in a build without the feature `ndarray`.
    #[serde(rename = "ndarray")]
    NdArray,
}
