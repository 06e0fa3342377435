//! A valid spec, as the rest of the program reads it. Only `resolve` builds one from a user's file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::budget::{Budget, BudgetFrom};
use super::cluster::ClusterSpec;
use super::command::CommandSpec;
use super::epochs::EpochRange;
use super::function::FunctionSpec;
use super::hub_data::HubData;
use super::limits::TrialLimits;
use super::pictures::Pictures;
use super::provenance::Provenance;
use super::reading::Reading;
use super::resources::Resources;
use super::selection::Selection;
use super::split::{Amount, Split};
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
    /// Workers on other machines.
    pub cluster: ClusterSpec,
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
    /// Number of folds of a cross-validation; 1 without one.
    pub fn folds(&self) -> u32 {
        match self {
            Self::FineTune(FineTuneSpec {
                data: DataSpec::Table(table),
                ..
            }) => table.split.folds.unwrap_or(1),
            Self::FineTune(_) | Self::Function(_) | Self::Command(_) | Self::AskTell(_) => 1,
        }
    }

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
    /// `builtin:bert-tiny`, `builtin:resnet8-cifar10`, a directory in Hugging Face layout, or a hub id.
    pub model: ModelSource,
    /// The model's licence, as its author names it; for the model card.
    pub model_licence: Option<String>,
    /// Labelled data.
    pub data: DataSpec,
    /// Maximum length of a text in tokens, including special tokens; longer texts are cut, or read in windows. Unused for
    /// images.
    pub max_length: usize,
    /// True if `max_length` is a parameter of the search; then `max_length` here is its largest value.
    #[serde(default)]
    pub searches_length: bool,
    /// Height and width of pictures for the model; `None`: the size that the model's files name.
    #[serde(default)]
    pub image_size: Option<usize>,
}

impl FineTuneSpec {
    /// Returns whether the examples are pictures.
    pub fn reads_pictures(&self) -> bool {
        self.task.reads_pictures(&self.data)
    }
}

/// The task that the model is trained for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One label per text.
    TextClassification,
    /// One label per image.
    ImageClassification,
    /// A number per text.
    Regression,
    /// A tag per word, such as the kinds of names.
    TokenClassification,
    /// The part of a text that answers a question.
    QuestionAnswering,
}

impl Task {
    /// Returns whether the examples are pictures: those of one task always are, and numbers are predicted for pictures if
    /// the data names them.
    pub(super) fn reads_pictures(self, data: &DataSpec) -> bool {
        match (self, data) {
            (Self::ImageClassification, _) => true,
            (Self::Regression, DataSpec::Table(table)) => table.pictures.image.is_some(),
            _ => false,
        }
    }

    /// Its name in specs and on model hubs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TextClassification => "text-classification",
            Self::ImageClassification => "image-classification",
            Self::Regression => "regression",
            Self::TokenClassification => "token-classification",
            Self::QuestionAnswering => "question-answering",
        }
    }

    /// Returns whether the task reads all of a text, in windows if it is long, and finds its columns by itself.
    pub fn reads_all(self) -> bool {
        matches!(self, Self::TokenClassification | Self::QuestionAnswering)
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
    /// A hub id, `org/name` or `org/name@revision`.
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
        /// Training examples to use, counted from the first; `None`: all.
        train_limit: Option<Amount>,
        /// Training examples, counted from the last, that are held out for a test.
        test: Option<Amount>,
    },
    /// Files with records, such as tables.
    Table(Box<TableSpec>),
}

/// Files with labelled records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableSpec {
    /// The data set of the hub, if the examples are there. Then `train`, `validation` and `test` name splits in place of
    /// files.
    pub hub: Option<HubData>,
    /// Training examples: files, folders and patterns of files.
    pub train: Vec<PathBuf>,
    /// Validation examples; `None`: a share of `train` by `split`.
    pub validation: Option<HeldOut>,
    /// Test examples; `None`: a share of `train` by `split`.
    pub test: Option<HeldOut>,
    /// Training examples to use; `None`: all.
    pub train_limit: Option<Amount>,
    /// The texts: one column or template, or two for pairs of texts. Of words with tags and of questions it may be empty:
    /// their columns are found.
    pub text: Vec<String>,
    /// Name of the label column; several for several numbers.
    pub label: Vec<String>,
    /// The text between the labels of a row that may have several; `None` for one label a row.
    pub multi_label: Option<String>,
    /// The part of a long text that is kept.
    pub truncation: Truncation,
    /// Tokens that a window of a long text repeats from the one before, where it is read in windows; `None`: a third of
    /// `max_length`.
    pub stride: Option<usize>,
    /// The largest number of windows whose outputs are pooled; `None`: [`Truncation::MAX_WINDOWS`].
    pub max_windows: Option<usize>,
    /// How the files are written.
    pub reading: Reading,
    /// Where pictures are, if the examples are pictures.
    #[serde(default)]
    pub pictures: Pictures,
    /// The split of validation and test examples that have neither files nor numbers.
    pub split: Split,
}

/// Held-out examples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldOut {
    /// The examples of these files.
    Files(Vec<PathBuf>),
    /// A number of examples of the training files.
    Count(usize),
}

impl HeldOut {
    /// The files; none for a number.
    pub fn files(part: Option<&Self>) -> &[PathBuf] {
        match part {
            Some(Self::Files(files)) => files,
            Some(Self::Count(_)) | None => &[],
        }
    }
}

impl DataSpec {
    /// The training data in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Builtin { name, .. } => format!("builtin:{name}"),
            Self::Table(table) if table.hub.is_some() => {
                table.hub.as_ref().map(|hub| hub.id.clone()).unwrap_or_default()
            }
            Self::Table(table) => match table.train.as_slice() {
                [] => String::new(),
                [only] => only.display().to_string(),
                [first, others @ ..] => format!("{} and {} more", first.display(), others.len()),
            },
        }
    }
}

/// The treatment of a text with more tokens than `max_length`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncation {
    /// The beginning.
    #[default]
    Head,
    /// A quarter from the beginning, the rest from the end.
    HeadTail,
    /// All of it is read, in windows whose outputs are pooled.
    Windows,
}

impl Truncation {
    /// All kinds with their names in specs.
    pub const ALL: [(&'static str, Self); 3] = [
        ("head", Self::Head),
        ("head_tail", Self::HeadTail),
        ("windows", Self::Windows),
    ];

    /// The default of `max_windows`. A training step keeps the activations of all windows of its texts in memory.
    pub const MAX_WINDOWS: usize = 16;

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::HeadTail => "head_tail",
            Self::Windows => "windows",
        }
    }
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

/// Logical workers of a study without a wall budget: the same on every machine, and enough for most machines.
const LOGICAL_WORKERS: usize = 8;

impl Spec {
    /// Returns whether the wall budget counts from the first worker that is ready.
    pub fn waits_for_worker(&self) -> bool {
        let from = if self.cluster.has_jobs() {
            BudgetFrom::FirstWorker
        } else {
            BudgetFrom::Submit
        };
        self.cluster.is_used() && self.budget.from.unwrap_or(from) == BudgetFrom::FirstWorker
    }

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
