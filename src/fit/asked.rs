//! The user's request; the rest is chosen.

use crate::metrics::Task as TaskKind;
use crate::readers::ReadOptions;
use crate::spec::Task;

/// A request: a file, and the choices that the user makes.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The file: a path, a pattern, or a built-in table such as `builtin:movie-reviews`.
    pub file: String,
    /// How the file is read.
    pub read: ReadOptions,
    /// The columns of the texts.
    pub text: Vec<String>,
    /// The columns of the labels.
    pub label: Vec<String>,
    /// The separator between several labels of a row.
    pub separator: Option<String>,
    /// The task.
    pub task: Option<TaskWish>,
    /// The model, as in a spec.
    pub model: Option<String>,
    /// The metric.
    pub metric: Option<String>,
    /// The wall budget in seconds.
    pub budget: f64,
    /// True if nothing may be downloaded.
    pub is_offline: bool,
    /// True if there is a GPU that this build can use.
    pub has_gpu: bool,
    /// Number of trials that run at once.
    pub workers: usize,
}

/// A task by its name in specs; texts with several labels have a name of their own here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskWish {
    /// Its name.
    pub name: &'static str,
    /// The kind of its outcomes.
    pub kind: TaskKind,
}

impl TaskWish {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::new("text-classification", TaskKind::Classification),
        Self::new("multi-label", TaskKind::MultiLabel),
        Self::new("regression", TaskKind::Regression),
        Self::new("token-classification", TaskKind::TokenClassification),
        Self::new("question-answering", TaskKind::QuestionAnswering),
    ];

    const fn new(name: &'static str, kind: TaskKind) -> Self {
        Self { name, kind }
    }
}

/// The task of a spec whose outcomes are of this kind.
pub(super) fn task_of(kind: TaskKind) -> Task {
    match kind {
        TaskKind::Classification | TaskKind::MultiLabel => Task::TextClassification,
        TaskKind::Regression => Task::Regression,
        TaskKind::TokenClassification => Task::TokenClassification,
        TaskKind::QuestionAnswering => Task::QuestionAnswering,
    }
}
