//! The values themselves.
//!
//! As JSON their fields are stable: some may be added, none changes its meaning or goes. Times are seconds on the study's own
//! clock, which stands still between interruption and resumption; levels are epochs. Begin reading at [`StudyView`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{State, TrialStatus};
use crate::space::Value;
use crate::study::EndReason;

/// What a page shows: one study, or several to compare.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PageView {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// When it was made, RFC 3339.
    pub generated_at: String,
    /// The studies, in the order they were given.
    pub studies: Vec<StudyView>,
    /// How they compare; `None` for one study.
    pub comparison: Option<ComparisonView>,
}

/// One study at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudyView {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// Whether it goes on.
    pub state: State,
    /// Why it ended, if it did.
    pub reason: Option<EndReason>,
    /// What the spec says, for a table of facts: label and value (task, model, data, method, early termination, seed, …).
    pub facts: Vec<(String, String)>,
    /// The metrics that count; the first is the one that is plotted against everything.
    pub metrics: Vec<MetricView>,
    /// Whether several metrics make a front.
    pub has_front: bool,
    /// Seconds that it has run.
    pub elapsed: f64,
    /// The wall budget in seconds.
    pub wall: Option<f64>,
    /// The budget of trials.
    pub max_trials: Option<u32>,
    /// Epochs of a complete trial; 1 where a trial has no epochs.
    pub max_epochs: f64,
    /// Whether trials are trained for epochs at all.
    pub has_epochs: bool,
    /// Levels at which trials are compared, lowest first.
    pub rungs: Vec<RungView>,
    /// The parameters, in the order of the spec.
    pub parameters: Vec<ParameterView>,
    /// Every trial, by number: `trials[n].trial == n`.
    pub trials: Vec<TrialView>,
    /// The best trial by the study's rule of selection.
    pub best: Option<u32>,
    /// The constraints on metrics that no trial fulfils, a sentence; `None` where the best trial fulfils all.
    pub unfulfilled: Option<String>,
    /// The any-time curve: every improvement, oldest first.
    pub incumbent: Vec<ImprovementView>,
    /// Every stretch of training that was begun, in the order of its begin.
    pub segments: Vec<SegmentView>,
    /// What each slot does now; empty while nobody works on the study.
    pub slots: Vec<SlotView>,
    /// Whether nothing new is started until somebody says so.
    pub is_held: bool,
    /// Seconds until the study will probably end; `None` while that is not known.
    pub seconds_left: Option<f64>,
    /// What happened last, oldest first.
    pub events: Vec<EventView>,
    /// What is to be said of it in words, a paragraph each, most important first.
    pub summary: Vec<ParagraphView>,
    /// Which parameters matter; `None` while too few trials have a result.
    pub importance: Option<ImportanceView>,
    /// What each parameter does by itself, according to a model of all results.
    pub dependences: Vec<DependenceView>,
    /// What the most important pairs do together.
    pub contours: Vec<ContourView>,
    /// What pruning cost, where an audit found out.
    pub audit: Option<AuditView>,
    /// How the winner was chosen among finalists, where the spec asks for it.
    pub selection: Option<SelectionView>,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricView {
    /// Its name.
    pub name: String,
    /// `maximize` or `minimize`.
    pub goal: &'static str,
    /// The target, if there is one.
    pub target: Option<f64>,
}

/// A level at which trials are compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RungView {
    /// The level.
    pub epochs: f64,
    /// Trials that have reached it.
    pub reached: usize,
    /// Trials that wait there.
    pub paused: usize,
    /// Trials that have gone on from there.
    pub promoted: usize,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// `number` or `choice`.
    pub kind: &'static str,
    /// Whether a number's axis is logarithmic.
    pub is_log: bool,
    /// The smallest and the largest value of a number.
    pub bounds: Option<(f64, f64)>,
    /// The values of a choice, in their order.
    pub values: Vec<Value>,
    /// Whether it is there in some configurations only.
    pub is_conditional: bool,
    /// Whether it has one value only.
    pub is_constant: bool,
}

/// A trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialView {
    /// Its number.
    pub trial: u32,
    /// 1 for the best; `None` without a result.
    pub rank: Option<usize>,
    /// What it does.
    pub status: TrialStatus,
    /// Its best value of the first metric.
    pub value: Option<f64>,
    /// The values of all metrics at that evaluation, by name.
    pub metrics: BTreeMap<String, f64>,
    /// The epoch of the best value.
    pub best_epoch: Option<f64>,
    /// Epochs trained.
    pub epochs: f64,
    /// How many rungs it has reached.
    pub rung: u32,
    /// Why it does not go on; empty while it may.
    pub stop_reason: String,
    /// What went wrong, where it failed.
    pub failure: Option<String>,
    /// The searcher that proposed it.
    pub origin: String,
    /// The trial whose state it began with.
    pub parent: Option<u32>,
    /// The finalist that it repeats with another seed.
    pub repeats: Option<u32>,
    /// Its configuration's name.
    pub config_hash: String,
    /// Whether no other trial dominates it, of several metrics.
    pub is_on_front: bool,
    /// The values of its parameters; those that are not there in its configuration are missing.
    pub params: BTreeMap<String, Value>,
    /// Its learning curve: epoch and first metric, in the order of training.
    pub curve: Vec<(f64, f64)>,
    /// How many numbers the optimiser changes.
    pub trainable_parameters: Option<u64>,
    /// Seconds in training steps.
    pub train_seconds: f64,
    /// Seconds in all.
    pub wall_seconds: f64,
    /// Highest memory of its worker, in MiB.
    pub peak_memory_mb: f64,
    /// Where it last ran.
    pub device: String,
}

/// The best value improved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImprovementView {
    /// The trial.
    pub trial: u32,
    /// The value of the first metric.
    pub value: f64,
    /// When it counted.
    pub seconds: f64,
    /// Epochs trained by all trials until then.
    pub epochs: f64,
    /// With several metrics: the share of the box that the front dominates.
    pub hypervolume: Option<f64>,
}

/// A stretch of training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentView {
    /// The trial.
    pub trial: u32,
    /// The row of the timeline: segments of one row never overlap.
    pub slot: usize,
    /// Where it ran.
    pub device: String,
    /// When it began.
    pub begin: f64,
    /// When it ended; `None` while it runs.
    pub end: Option<f64>,
    /// The epochs from which and to which it was to train.
    pub levels: (f64, f64),
    /// What came of it.
    pub outcome: SegmentOutcome,
}

/// What came of a stretch of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentOutcome {
    /// It runs.
    Running,
    /// It reached its end.
    Reached,
    /// The trial failed in it.
    Failed,
    /// It was told to stop, or cut off.
    Interrupted,
}

/// A slot, and what it does now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotView {
    /// Its number.
    pub slot: usize,
    /// Its device, such as `cpu` or `cuda:0`.
    pub device: String,
    /// The segment that it runs; `None`: it waits, or its worker starts.
    pub running: Option<RunningView>,
    /// The share of its time in which it has run segments, from 0 to 1.
    pub busy: f64,
}

/// A segment under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningView {
    /// The trial.
    pub trial: u32,
    /// The epochs from which and to which it goes.
    pub levels: (f64, f64),
    /// How far the trial is, in epochs.
    pub at: f64,
    /// The newest training loss.
    pub train_loss: Option<f64>,
    /// Evaluations of this segment so far: epoch and first metric.
    pub curve: Vec<(f64, f64)>,
    /// When it began.
    pub begin: f64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView {
    /// When.
    pub seconds: f64,
    /// `news`, `improvement` or `trouble`.
    pub kind: &'static str,
    /// A sentence.
    pub text: String,
}

/// A paragraph of the summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParagraphView {
    /// What it answers, such as "What won".
    pub title: String,
    /// The answer.
    pub text: String,
}

/// Which parameters matter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportanceView {
    /// Trials that it was learnt from.
    pub trials: usize,
    /// How much of the spread of results the model tells of trials that it has not seen (R², at most 1; below 0: nothing).
    pub explained: f64,
    /// Shares of the model's variance by parameter alone, largest first.
    pub parameters: Vec<ShareView>,
    /// Shares by pairs beyond what each of them does alone, largest first.
    pub pairs: Vec<PairView>,
}

/// A parameter's share of the variance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareView {
    /// The parameter.
    pub parameter: String,
    /// Its share, from 0 to 1.
    pub share: f64,
    /// Its standard deviation over the trees.
    pub deviation: f64,
}

/// A pair's share of the variance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairView {
    /// One parameter.
    pub first: String,
    /// The other.
    pub second: String,
    /// Their share, from 0 to 1.
    pub share: f64,
}

/// What the model expects of the metric by the value of one parameter, averaged over all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DependenceView {
    /// The parameter.
    pub parameter: String,
    /// Its values, the expected metric, and the standard deviation of that over the trees.
    pub points: Vec<(Value, f64, f64)>,
}

/// What the model expects of the metric by the values of two parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContourView {
    /// The parameter across.
    pub first: String,
    /// The parameter upwards.
    pub second: String,
    /// Values of the first.
    pub first_values: Vec<Value>,
    /// Values of the second.
    pub second_values: Vec<Value>,
    /// The expected metric: a row for each value of the second, in it one for each of the first; `None` where the two are not
    /// there together.
    pub expected: Vec<Vec<Option<f64>>>,
}

/// What pruning cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditView {
    /// Trials under audit.
    pub audited: usize,
    /// Those that would have been pruned and were trained to their end nevertheless.
    pub pruned: usize,
    /// Those of the pruned that became better than all others.
    pub winners: usize,
    /// By how much the best of the pruned is better than the best other, in units of the metric.
    pub regret: Option<f64>,
    /// How well one rung told the order at the next: its epochs, the next one's, the trials at both, Kendall's tau.
    pub agreements: Vec<(f64, f64, usize, f64)>,
}

/// How the winner was chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionView {
    /// `best`, `one_se` or `pareto`.
    pub rule: &'static str,
    /// Fresh seeds for each finalist.
    pub reseeds: u32,
    /// The finalists, as the rule ranks them.
    pub finalists: Vec<FinalistView>,
    /// The winner.
    pub chosen: Option<u32>,
    /// The rule's reason, a sentence.
    pub why: String,
    /// What the winner's model came to on the held-out test examples.
    pub test: Option<TestView>,
}

/// A finalist.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FinalistView {
    /// The trial.
    pub trial: u32,
    /// What it had in the search.
    pub searched: f64,
    /// What fresh seeds came to.
    pub values: Vec<f64>,
    /// Seeds that failed.
    pub failed: usize,
    /// The mean of the fresh seeds.
    pub mean: Option<f64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// What one training costs, beside the dearest finalist (1).
    pub cost: f64,
    /// Probability of a difference to the best mean as large as this by chance: paired t-test over the seeds.
    pub p_value: Option<f64>,
}

/// The held-out test set, looked at once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestView {
    /// The first metric on it.
    pub value: f64,
    /// Its standard error, where examples tell one.
    pub standard_error: Option<f64>,
    /// How many examples.
    pub examples: usize,
    /// The same model on the validation examples.
    pub validation: f64,
    /// By how much validation promised too much, in units of the metric; below 0: too little.
    pub optimism: f64,
}

/// Several studies side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonView {
    /// What is to be said in words, a sentence each.
    pub sentences: Vec<String>,
    /// Parameters whose domains or settings that differ: label, and one value a study.
    pub differences: Vec<(String, Vec<String>)>,
    /// How much time each took to be as good as the worst of their best values; `None`: never.
    pub seconds_to_common: Vec<Option<f64>>,
}

/// A model that explains less than this of results that it has not seen is not to be trusted.
const TRUSTED: f64 = 0.3;

impl StudyView {
    /// The trials of the search itself, without those that repeat its finalists.
    pub fn searched(&self) -> impl Iterator<Item = &TrialView> {
        self.trials.iter().filter(|trial| trial.repeats.is_none())
    }
}

impl ImportanceView {
    /// Whether the model behind it knows enough for its shares to mean something.
    pub fn is_trusted(&self) -> bool {
        self.explained >= TRUSTED
    }
}
