//! The tasks: what a target is, the loss of the outputs, how they are measured, and what a prediction says.
//!
//! To add a task, add one file and one line in [`TASKS`].

mod classification;
mod multi_label;
mod question_answering;
mod regression;
mod token_classification;

use std::{collections::BTreeMap, fmt::Debug, ops::Range};

pub use automl_metrics::Task as TaskKind;
use automl_metrics::{ClassCounts, Measure, MetricError};

use crate::{
    backend::Tensor, data::Targets, families::HeadKind, gradients::StepLoss, imbalance::TrainingLoss, kernels::Kernels,
};

/// All tasks. The first one is that of a model that does not name its own.
pub const TASKS: &[&dyn Task] = &[
    &classification::Classification,
    &multi_label::MultiLabel,
    &regression::Regression,
    &token_classification::TokenClassification,
    &question_answering::QuestionAnswering,
];

/// The values of metrics, by their names.
pub type Scores = BTreeMap<String, f64>;

/// A task.
pub trait Task: Debug + Sync {
    /// The kind of its outcomes.
    fn kind(&self) -> TaskKind;

    /// The head that it needs.
    #[doc(hidden)]
    fn head(&self) -> HeadKind {
        HeadKind::Whole
    }

    /// Its name in the `config.json` of an exported model, `problem_type`, where a head has several tasks.
    fn problem_type(&self) -> Option<&'static str>;

    /// The names of the outputs, if they do not depend on the data.
    fn labels(&self) -> Option<Vec<String>> {
        None
    }

    /// The names of which metrics can be asked one by one, as in `recall:spam`.
    fn classes(&self, names: &[String]) -> Vec<String> {
        names.to_vec()
    }

    /// The counts of each of [`Self::classes`]; none for tasks without classes.
    fn counts(&self, _outputs: &[f32], _truth: Truth<'_>) -> Vec<(String, ClassCounts)> {
        Vec::new()
    }

    /// How much a part of a batch counts in the mean loss of the batch: by default the number of its examples.
    fn weight(&self, targets: &Targets) -> f64 {
        targets.len() as f64
    }

    /// The mean loss over all examples, in the unit of the metric `loss`.
    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64;

    /// The values of `measures`.
    ///
    /// # Errors
    /// If a metric does not measure this task, or names an unknown class.
    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError>;

    /// A prediction from the outputs for one example. Of a long text they are the outputs of all its windows, and the
    /// targets say where its words stand.
    fn predict(&self, outputs: &[f32], example: Truth<'_>) -> Prediction;

    /// The loss of a batch and its gradient with respect to the outputs.
    #[doc(hidden)]
    fn objective(&self, batch: Batch<'_>) -> Objective;
}

/// The truth about some examples.
#[derive(Clone, Copy, Debug)]
pub struct Truth<'a> {
    /// The targets.
    pub targets: &'a Targets,
    /// The names of the outputs: of classes, labels or numbers.
    pub names: &'a [String],
    /// The probability from which each label is predicted; empty means one half, and for other tasks than several labels.
    pub thresholds: &'a [f64],
}

/// A prediction.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// The most probable class, and the probability of each.
    Class {
        /// The index of the class.
        class: usize,
        /// The probabilities, which add up to 1.
        probabilities: Vec<f64>,
    },
    /// The labels that are likely enough, and the probability of each.
    Labels {
        /// The indices of the labels that reach their thresholds.
        labels: Vec<usize>,
        /// The probabilities, each by itself.
        probabilities: Vec<f64>,
    },
    /// Numbers.
    Values(Vec<f64>),
    /// The tag of each word and its probability.
    Tags(Vec<(u32, f64)>),
    /// An answer; `None` if nothing in the text can be one.
    Answer(Option<Answer>),
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The words of the context; empty if the model says that there is no answer.
    pub text: String,
    /// The characters of the context, from the first up to the one after the last.
    pub characters: Range<usize>,
    /// The probability of its beginning times that of its end.
    pub score: f64,
    /// The probability that there is no answer, for models that were trained on such questions.
    pub no_answer: Option<f64>,
}

/// The outputs of a batch, with their targets.
#[doc(hidden)]
#[derive(Debug)]
pub struct Batch<'a> {
    pub(crate) kernels: Kernels,
    pub(crate) outputs: Tensor<2>,
    pub(crate) targets: &'a Targets,
    pub(crate) training_loss: &'a TrainingLoss,
}

/// A loss with its gradient.
#[doc(hidden)]
#[derive(Debug)]
pub struct Objective {
    pub(crate) loss: StepLoss,
    pub(crate) gradient: Tensor<2>,
}

/// The task with these outcomes.
pub fn task(kind: TaskKind) -> Option<&'static dyn Task> {
    TASKS.iter().find(|task| task.kind() == kind).copied()
}

/// The task that the `problem_type` of a `config.json` names. A model with one output and no such key predicts a number,
/// as in `transformers`.
pub(crate) fn of_problem_type(problem_type: Option<&str>, outputs: usize) -> &'static dyn Task {
    let named = TASKS
        .iter()
        .find(|task| problem_type.is_some() && problem_type == task.problem_type());
    match named {
        Some(task) => *task,
        None if outputs == 1 => &regression::Regression,
        None => TASKS[0],
    }
}

/// The values of some metrics of these outcomes.
fn measured(outcomes: &automl_metrics::Outcomes<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
    measures
        .iter()
        .map(|measure| Ok((measure.to_string(), measure.of(outcomes)?)))
        .collect()
}

/// Applies a loss of values in host memory to a batch.
fn on_host(batch: &Batch<'_>, loss: impl FnOnce(&[f32]) -> (f64, Vec<f32>)) -> Objective {
    let shape = batch.outputs.dims();
    let device = batch.kernels.device();
    let (loss, gradient) = loss(&crate::backend::values(&batch.outputs));
    Objective {
        loss: StepLoss::Known(loss),
        gradient: device.tensor(gradient, shape),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        backend::{Device, values},
        data::{AnswerTargets, AnswerWindow, Question, TagWindow, UNTAGGED},
    };

    fn targets(kind: TaskKind, examples: usize) -> Targets {
        match kind {
            TaskKind::Classification => Targets::Classes((0..examples as u32).map(|example| example % 3).collect()),
            TaskKind::MultiLabel => Targets::Labels {
                width: 3,
                values: (0..3 * examples).map(|index| index % 2 == 0).collect(),
            },
            TaskKind::Regression => Targets::Values {
                width: 3,
                values: (0..3 * examples).map(|index| index as f32 * 0.3 - 1.0).collect(),
            },
            TaskKind::TokenClassification => Targets::Tags(vec![TagWindow {
                tags: (0..examples as u32)
                    .map(|tag| if tag == 1 { UNTAGGED } else { tag % 3 })
                    .collect(),
                continues: false,
                lost: Box::default(),
            }]),
            TaskKind::QuestionAnswering => {
                let window = AnswerWindow {
                    question: 0,
                    span: [1, 2],
                    tokens: 3,
                    first: 1,
                    offsets: [[0, 1], [2, 3]].into(),
                };
                let other = AnswerWindow {
                    span: [0, 0],
                    ..window.clone()
                };
                Targets::Answers(AnswerTargets {
                    windows: vec![window, other],
                    questions: std::sync::Arc::new([Question {
                        context: "a b".into(),
                        answers: vec!["a b".to_owned()],
                    }]),
                    allows_none: true,
                })
            }
        }
    }

    proptest! {
        #[test]
        fn the_gradient_of_every_task_is_the_slope_of_its_loss(outputs in proptest::collection::vec(-3.0..3.0_f32, 12)) {
            for task in TASKS {
                let targets = targets(task.kind(), 4);
                let objective = |outputs: Vec<f32>| {
                    task.objective(Batch {
                        kernels: Kernels::new(Device::Cpu),
                        outputs: match task.head() {
                            HeadKind::Answers => Device::Cpu.tensor(outputs, [6, 2]),
                            HeadKind::Whole | HeadKind::Tokens => Device::Cpu.tensor(outputs, [4, 3]),
                        },
                        targets: &targets,
                        training_loss: &TrainingLoss::default(),
                    })
                };
                let found = objective(outputs.clone());
                let mean = task.loss(&outputs, &targets);
                prop_assert!((found.loss.known() - mean).abs() < 1e-5, "{task:?}");
                let gradient = values(&found.gradient);
                for index in 0..outputs.len() {
                    let at = |shift: f32| {
                        let mut moved = outputs.clone();
                        moved[index] += shift;
                        objective(moved).loss.known()
                    };
                    let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                    prop_assert!((slope - f64::from(gradient[index])).abs() < 1e-3, "{task:?} {slope}");
                }
            }
        }
    }

    #[test]
    fn a_model_says_by_its_configuration_which_task_it_has() {
        for task in TASKS {
            if task.head() == HeadKind::Whole {
                assert_eq!(of_problem_type(task.problem_type(), 3).kind(), task.kind());
            }
            assert!(super::task(task.kind()).is_some());
        }
        assert_eq!(of_problem_type(None, 1).kind(), TaskKind::Regression);
        assert_eq!(of_problem_type(None, 2).kind(), TaskKind::Classification);
    }
}
