//! The types of the view.
//!
//! The JSON fields are stable: fields may be added, but none is removed or changes its meaning. Times are seconds on
//! the study's own clock, which stands still between interruption and resumption. Levels are epochs. Begin reading at
//! [`StudyView`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::QueueState;
use crate::report::{State, TrialStatus};
use crate::space::Value;
use crate::study::EndReason;

/// Contents of a page: one study, or several to compare.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PageView {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// Time of creation, RFC 3339.
    pub generated_at: String,
    /// The studies, in the order they were given.
    pub studies: Vec<StudyView>,
    /// Comparison of the studies; `None` for one study.
    pub comparison: Option<ComparisonView>,
}

/// One study at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudyView {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// `running`, `interrupted`, `died` or `ended`.
    pub state: State,
    /// Reason why it ended, if it has.
    pub reason: Option<EndReason>,
    /// Facts about the study as label and value: task, model, data, method, early termination, seed and others.
    pub facts: Vec<(String, String)>,
    /// The optimized metrics; the first one is the one in the plots.
    pub metrics: Vec<MetricView>,
    /// True if several metrics form a Pareto front.
    pub has_front: bool,
    /// Seconds that it has run.
    pub elapsed: f64,
    /// The wall budget in seconds.
    pub wall: Option<f64>,
    /// The budget of trials.
    pub max_trials: Option<u32>,
    /// Epochs of a complete trial; 1 if a trial has no epochs.
    pub max_epochs: f64,
    /// True if a trial has several epochs or rungs.
    pub has_epochs: bool,
    /// Levels at which trials are compared, lowest first.
    pub rungs: Vec<RungView>,
    /// The parameters, in the order of the spec.
    pub parameters: Vec<ParameterView>,
    /// Every trial, by number: `trials[n].trial == n`.
    pub trials: Vec<TrialView>,
    /// The winner of the selection; without a selection, the best trial.
    pub best: Option<u32>,
    /// A sentence about constraints on metrics that no trial satisfies; `None` if the best trial satisfies all.
    pub unfulfilled: Option<String>,
    /// The any-time curve: every improvement, oldest first.
    pub incumbent: Vec<ImprovementView>,
    /// All training segments that were started, in the order of their start.
    pub segments: Vec<SegmentView>,
    /// Current activity of each slot; empty while no process runs the study.
    pub slots: Vec<SlotView>,
    /// The jobs of its workers; omitted unless workers are submitted as jobs and the study runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueState>,
    /// True if the study is held: no new segments are started until it is continued.
    pub is_held: bool,
    /// Estimated seconds until the study ends; `None` while that is unknown.
    pub seconds_left: Option<f64>,
    /// The latest events, oldest first.
    pub events: Vec<EventView>,
    /// Summary in words, one paragraph each, most important first.
    pub summary: Vec<ParagraphView>,
    /// Importance of the parameters; `None` while too few trials have a result.
    pub importance: Option<ImportanceView>,
    /// Effect of each parameter alone, according to a model of all results.
    pub dependences: Vec<DependenceView>,
    /// Joint effect of the most important pairs.
    pub contours: Vec<ContourView>,
    /// Cost of pruning, if the study has an audit.
    pub audit: Option<AuditView>,
    /// Selection of the winner among finalists, if the spec has a selection.
    pub selection: Option<SelectionView>,
    /// Right and wrong predictions of the best trial on the validation examples; `None` unless an example has one class.
    pub confusion: Option<ConfusionView>,
    /// Validation labels that are likely wrong; `None` if they were not looked for.
    pub label_errors: Option<LabelErrorsView>,
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
    /// Number of trials that have reached it.
    pub reached: usize,
    /// Number of trials that wait there.
    pub paused: usize,
    /// Number of trials that were promoted from there.
    pub promoted: usize,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// `number` or `choice`.
    pub kind: &'static str,
    /// True if a number's axis is logarithmic.
    pub is_log: bool,
    /// Smallest and largest value of a number.
    pub bounds: Option<(f64, f64)>,
    /// The values of a choice, in their order.
    pub values: Vec<Value>,
    /// True if it is active in some configurations only.
    pub is_conditional: bool,
    /// True if it has only one value.
    pub is_constant: bool,
}

/// A trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialView {
    /// Its number.
    pub trial: u32,
    /// Rank, 1 for the best; `None` without a result.
    pub rank: Option<usize>,
    /// Its status.
    pub status: TrialStatus,
    /// Its best value of the first metric.
    pub value: Option<f64>,
    /// The values of all metrics at that evaluation, by name.
    pub metrics: BTreeMap<String, f64>,
    /// Epoch of the best value.
    pub best_epoch: Option<f64>,
    /// Epochs trained.
    pub epochs: f64,
    /// Number of rungs that it has reached.
    pub rung: u32,
    /// Reason why it ended; empty while it may continue.
    pub stop_reason: String,
    /// The error message if it failed.
    pub failure: Option<String>,
    /// The searcher that proposed it.
    pub origin: String,
    /// The trial from which it was cloned.
    pub parent: Option<u32>,
    /// The finalist that it repeats with another seed.
    pub repeats: Option<u32>,
    /// Hash of its configuration.
    pub config_hash: String,
    /// True if no other trial dominates it, with several metrics.
    pub is_on_front: bool,
    /// The values of its active parameters.
    pub params: BTreeMap<String, Value>,
    /// Its learning curve: epoch and first metric, in the order of training.
    pub curve: Vec<(f64, f64)>,
    /// Number of trainable parameters.
    pub trainable_parameters: Option<u64>,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// Seconds spent in segments.
    pub wall_seconds: f64,
    /// Peak memory of its worker, in MiB.
    pub peak_memory_mb: f64,
    /// Device of its last segment.
    pub device: String,
}

/// An improvement of the best value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImprovementView {
    /// The trial.
    pub trial: u32,
    /// The value of the first metric.
    pub value: f64,
    /// Seconds after which it was delivered.
    pub seconds: f64,
    /// Epochs trained by all trials up to then.
    pub epochs: f64,
    /// With several metrics: the share of a box that the Pareto front dominates.
    pub hypervolume: Option<f64>,
}

/// A training segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentView {
    /// The trial.
    pub trial: u32,
    /// The row of the timeline; segments in one row never overlap.
    pub slot: usize,
    /// The device that it ran on.
    pub device: String,
    /// Start, in seconds.
    pub begin: f64,
    /// End, in seconds; `None` while it runs.
    pub end: Option<f64>,
    /// Start and planned end, in epochs.
    pub levels: (f64, f64),
    /// Its outcome.
    pub outcome: SegmentOutcome,
}

/// Outcome of a training segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentOutcome {
    /// It is running.
    Running,
    /// It reached its planned end.
    Reached,
    /// The trial failed.
    Failed,
    /// It was stopped or interrupted.
    Interrupted,
}

/// A slot and its current activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotView {
    /// Its number.
    pub slot: usize,
    /// Its device, such as `cpu` or `cuda:0`.
    pub device: String,
    /// The machine of a worker that joined; `None`: the machine of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The job of a batch system that runs its worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The segment that it runs; `None` if it is idle or its worker is starting.
    pub running: Option<RunningView>,
    /// Share of the time in which it has run segments, from 0 to 1.
    pub busy: f64,
}

/// A running segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningView {
    /// The trial.
    pub trial: u32,
    /// Start and planned end, in epochs.
    pub levels: (f64, f64),
    /// Current position of the trial, in epochs.
    pub at: f64,
    /// The latest training loss.
    pub train_loss: Option<f64>,
    /// Evaluations of this segment so far: epoch and first metric.
    pub curve: Vec<(f64, f64)>,
    /// Start, in seconds.
    pub begin: f64,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView {
    /// Time in seconds.
    pub seconds: f64,
    /// `news`, `improvement` or `trouble`.
    pub kind: &'static str,
    /// The event as a sentence.
    pub text: String,
}

/// A paragraph of the summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParagraphView {
    /// The question that it answers, such as "What won".
    pub title: String,
    /// The answer.
    pub text: String,
}

/// Importance of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportanceView {
    /// Number of trials that it was learned from.
    pub trials: usize,
    /// R² of the model on held-out trials: at most 1, and below 0 if the model explains nothing.
    pub explained: f64,
    /// Smallest `explained` at which the shares are meaningful.
    pub trusted_from: f64,
    /// Share of the model's variance for each parameter alone, largest first.
    pub parameters: Vec<ShareView>,
    /// Share of the model's variance for each pair, beyond the effects of its two parameters alone, largest first.
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

/// Expected metric by the value of one parameter, averaged over all others, according to the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DependenceView {
    /// The parameter.
    pub parameter: String,
    /// Values, each with the expected metric and its standard deviation over the trees.
    pub points: Vec<(Value, f64, f64)>,
}

/// Expected metric by the values of two parameters, according to the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContourView {
    /// The parameter on the horizontal axis.
    pub first: String,
    /// The parameter on the vertical axis.
    pub second: String,
    /// Values of the first.
    pub first_values: Vec<Value>,
    /// Values of the second.
    pub second_values: Vec<Value>,
    /// The expected metric: one row per value of the second parameter, one column per value of the first. `None` if the
    /// two parameters are not active together.
    pub expected: Vec<Vec<Option<f64>>>,
}

/// Cost of pruning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditView {
    /// Number of audited trials.
    pub audited: usize,
    /// Number of audited trials that completed although they would have been pruned.
    pub pruned: usize,
    /// Number of trials counted in `pruned` that are better than all trials not counted there.
    pub winners: usize,
    /// Difference between the best trial counted in `pruned` and the best other trial, in units of the metric.
    pub regret: Option<f64>,
    /// Rank correlation between neighbouring rungs: lower and higher rung in epochs, trials at both, Kendall's tau.
    pub agreements: Vec<(f64, f64, usize, f64)>,
}

/// Selection of the winner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionView {
    /// `best`, `one_se` or `pareto`.
    pub rule: &'static str,
    /// Fresh seeds for each finalist.
    pub reseeds: u32,
    /// The finalists, in the order of the rule.
    pub finalists: Vec<FinalistView>,
    /// The winner.
    pub chosen: Option<u32>,
    /// The reason for the choice, in one sentence.
    pub why: String,
    /// Result of the winner's model on the held-out test examples.
    pub test: Option<TestView>,
}

/// A finalist.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FinalistView {
    /// The trial.
    pub trial: u32,
    /// Its value in the search.
    pub searched: f64,
    /// Its values with fresh seeds.
    pub values: Vec<f64>,
    /// Number of seeds that failed.
    pub failed: usize,
    /// The mean over the fresh seeds.
    pub mean: Option<f64>,
    /// The standard error of the mean.
    pub standard_error: Option<f64>,
    /// Cost of one training run, relative to the most expensive finalist (1).
    pub cost: f64,
    /// P-value of the difference from the best mean, in a paired t-test over the seeds.
    pub p_value: Option<f64>,
}

/// Result on the held-out test set, which is used only once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestView {
    /// The first metric on it.
    pub value: f64,
    /// Its standard error, if the examples give one.
    pub standard_error: Option<f64>,
    /// Number of examples.
    pub examples: usize,
    /// Value of the same model on the validation examples.
    pub validation: f64,
    /// Amount by which the validation value was too good, in units of the metric; negative if it was too bad.
    pub optimism: f64,
}

/// Validation labels that are likely wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelErrorsView {
    /// The trial whose outputs say so, at its best evaluation.
    pub trial: u32,
    /// Number of examples.
    pub examples: usize,
    /// The estimated share of wrong labels.
    pub estimated_share: f64,
    /// Number of suspects.
    pub number: usize,
    /// The suspects, the least plausible label first.
    pub suspects: Vec<SuspectView>,
}

/// An example whose label is likely wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuspectView {
    /// The file.
    pub file: String,
    /// The line, or the row of a file without lines.
    pub row: Option<u64>,
    /// The label that it has.
    pub given: String,
    /// The label that it more likely has.
    pub suggested: String,
    /// The probability of the label that it has.
    pub self_confidence: f64,
    /// The same probability minus the largest other one.
    pub margin: f64,
    /// The text.
    pub text: String,
}

/// Right and wrong predictions on the validation examples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfusionView {
    /// The trial, at its best evaluation.
    pub trial: u32,
    /// Number of examples.
    pub examples: u64,
    /// Number of examples whose class was predicted.
    pub right: u64,
    /// Number of classes.
    pub number_of_classes: usize,
    /// The names of the classes; empty above 30 classes.
    pub classes: Vec<String>,
    /// Number of examples of each class (row) that were predicted to be of each class (column); empty above 30 classes.
    pub counts: Vec<Vec<u64>>,
    /// The pairs of classes that are confused most often, at most 30.
    pub pairs: Vec<ConfusedView>,
}

/// A class that is taken for another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfusedView {
    /// The true class.
    pub class: String,
    /// The predicted class.
    pub predicted: String,
    /// Number of such examples.
    pub count: u64,
    /// Number of all examples of the true class.
    pub examples: u64,
}

/// Comparison of several studies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonView {
    /// The comparison in words, one sentence each.
    pub sentences: Vec<String>,
    /// Facts and parameter domains that differ: a label, and one value per study.
    pub differences: Vec<(String, Vec<String>)>,
    /// Seconds until each study was as good as the worst of their best values; `None` if it never was.
    pub seconds_to_common: Vec<Option<f64>>,
}

/// Smallest R² on held-out trials at which a model is trusted; the page reads it from [`ImportanceView`].
pub(super) const TRUSTED_FROM: f64 = 0.3;

impl StudyView {
    /// The trials of the search itself, without those that repeat finalists.
    pub fn searched(&self) -> impl Iterator<Item = &TrialView> {
        self.trials.iter().filter(|trial| trial.repeats.is_none())
    }
}

impl ImportanceView {
    /// Returns `true` if the model is good enough for its shares to be meaningful.
    pub fn is_trusted(&self) -> bool {
        self.explained >= self.trusted_from
    }
}
