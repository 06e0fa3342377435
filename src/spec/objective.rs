//! The objective of a trial: `task`, `model` and `data`, or `function`, or `command`.

use std::path::Path;
use std::sync::LazyLock;

use super::declared::{self, Field, Word, at, field};
use super::diagnostics::{Diagnostic, list};
use super::files::{FileCheck, Files};
use super::keys::{Kind, Section};
use super::metric::Reported;
use super::parameters::Names;
use super::pictures::OnBadImage;
use super::raw::Node;
use super::reader::{self, Fields, Problems};
use super::resolved::{AskTellSpec, DataSpec, FineTuneSpec, ModelSource, ObjectiveSpec, TableSpec, Task, Truncation};
use super::root::Root;
use super::{command, data, function};
use crate::catalogue::{BUILTIN_IMAGES, BUILTIN_MODELS, ModelInput, builtin_model};
use crate::metrics::{METRICS, Task as TaskKind};
use crate::space::{Domain, Space};
use crate::suggestion::did_you_mean;

/// The metrics that every fine-tuning reports beside those of its task. `trainable_parameters` is the number of trainable
/// values. `latency_ms` is the mean time per validation example, in evaluation batches, on the device that trained.
const OF_EVERY_TASK: [&str; 3] = ["loss", "trainable_parameters", "latency_ms"];

/// The metrics of each kind of outcomes; the first is the default.
static METRICS_BY_KIND: LazyLock<Vec<(TaskKind, Vec<&'static str>)>> = LazyLock::new(|| {
    let kinds = [
        (TaskKind::Classification, "accuracy"),
        (TaskKind::MultiLabel, "f1"),
        (TaskKind::Regression, "rmse"),
        (TaskKind::TokenClassification, "f1"),
        (TaskKind::QuestionAnswering, "f1"),
    ];
    let names = |(kind, first): (TaskKind, &'static str)| {
        let of_kind = METRICS.iter().filter(|metric| metric.tasks().any(|task| task == kind));
        let mut names = vec![first];
        names.extend(of_kind.map(|metric| metric.name).filter(|name| *name != first));
        names.retain(|name| !OF_EVERY_TASK.contains(name));
        names.extend(OF_EVERY_TASK);
        (kind, names)
    };
    kinds.map(names).into()
});

/// The metrics that fine-tuning for outcomes of this kind reports; the first is the default.
pub fn fine_tune_metrics(kind: TaskKind) -> &'static [&'static str] {
    let found = METRICS_BY_KIND.iter().find(|(known, _)| *known == kind);
    found.map_or(&[], |(_, names)| names)
}

/// The metrics of all kinds of fine-tuning, each once.
pub fn all_fine_tune_metrics() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for name in METRICS_BY_KIND.iter().flat_map(|(_, names)| names) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

/// The metrics that functions report. `cost` is another function of the same point, in conflict with `loss`.
pub const FUNCTION_METRICS: &[&str] = &["loss", "cost"];

pub(super) const BUILTIN: &str = "builtin:";

/// The default of Hugging Face's `TrainingArguments.num_train_epochs`.
const DEFAULT_EPOCHS: f64 = 3.0;

/// Default of `max_length`.
const DEFAULT_LENGTH: usize = 128;

/// Its default for questions with their contexts, as in the scripts of `transformers`.
const DEFAULT_LENGTH_OF_CONTEXTS: usize = 384;

/// The kind of objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectiveKind {
    FineTune,
    Function,
    Command,
    AskTell,
}

impl ObjectiveKind {
    /// The parameter names that it accepts.
    pub(super) fn names(self) -> Names {
        match self {
            Self::FineTune => Names::Hyperparameters,
            Self::Function | Self::Command | Self::AskTell => Names::Free,
        }
    }

    /// The metrics that it reports.
    pub(super) fn metrics(self, spec: &Fields<'_>) -> Reported {
        match self {
            Self::FineTune => Reported::These(fine_tune_metrics(outcomes(spec))),
            Self::Function => Reported::These(FUNCTION_METRICS),
            Self::Command | Self::AskTell => Reported::Any,
        }
    }

    /// The default number of epochs of a complete trial. A program runs once, and `ask-tell` reports one value.
    pub(super) fn default_epochs(self) -> f64 {
        match self {
            Self::FineTune | Self::Function => DEFAULT_EPOCHS,
            Self::Command | Self::AskTell => 1.0,
        }
    }
}

/// The kind of outcomes of a spec that fine-tunes, before its keys are read.
fn outcomes(spec: &Fields<'_>) -> TaskKind {
    let is = |node: Option<&Node>, word: &str| node.and_then(Node::plain).is_some_and(|text| text == word);
    let several = spec.get("data").and_then(|data| data.child("multi_label"));
    let task = |task: Task| is(spec.get("task"), task.name());
    if task(Task::Regression) {
        TaskKind::Regression
    } else if task(Task::TokenClassification) {
        TaskKind::TokenClassification
    } else if task(Task::QuestionAnswering) {
        TaskKind::QuestionAnswering
    } else if several.is_some() && !is(several, "false") {
        TaskKind::MultiLabel
    } else {
        TaskKind::Classification
    }
}

/// The kind of objective in a spec. Keys of another kind are errors.
pub(super) fn kind(spec: &Fields<'_>, problems: &mut Problems) -> ObjectiveKind {
    const OF_FINE_TUNING: [&str; 6] = ["task", "model", "model_licence", "data", "max_length", "image_size"];
    let (kind, word, others) = if spec.get("ask_tell").is_some() {
        let others = [
            &OF_FINE_TUNING[..],
            &["function", "command", "program", "wandb", "metrics"],
        ]
        .concat();
        (ObjectiveKind::AskTell, "ask_tell", others)
    } else if spec.get("function").is_some() {
        let others = [&OF_FINE_TUNING[..], &["command", "program", "wandb", "metrics"]].concat();
        (ObjectiveKind::Function, "function", others)
    } else if spec.get("command").is_some() || spec.get("program").is_some() {
        let word = if spec.get("command").is_some() {
            "command"
        } else {
            "program"
        };
        (ObjectiveKind::Command, word, OF_FINE_TUNING.to_vec())
    } else {
        (ObjectiveKind::FineTune, "task", vec!["wandb", "metrics"])
    };
    for entry in others.into_iter().filter_map(|key| spec.entry(key)) {
        let message = format!("`{}` does not go together with `{word}`", entry.key);
        problems.error(Diagnostic::error(&entry.key_location, message).with_help(match kind {
            _ if entry.key == "metrics" => {
                "`metrics` finds numbers in what a `command` prints; what counts as better is `metric`"
            }
            ObjectiveKind::Function => "a function needs no model and no data: remove one of the two",
            ObjectiveKind::Command | ObjectiveKind::FineTune | ObjectiveKind::AskTell => {
                "a trial runs one thing: remove one of the two"
            }
        }));
    }
    kind
}

/// Reads the objective. `plain` are the plain values at the top of the spec.
pub(super) fn read(
    spec: &Fields<'_>,
    kind: ObjectiveKind,
    plain: &Root,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<ObjectiveSpec> {
    match kind {
        ObjectiveKind::FineTune => fine_tune(spec, plain, files, problems).map(ObjectiveSpec::FineTune),
        ObjectiveKind::Function => function::read(spec.get("function")?, problems).map(ObjectiveSpec::Function),
        ObjectiveKind::Command => command::read(spec, files, problems).map(ObjectiveSpec::Command),
        ObjectiveKind::AskTell => {
            declared::read(spec.get("ask_tell")?, "ask_tell", ASK_TELL_KEYS, problems).map(ObjectiveSpec::AskTell)
        }
    }
}

/// `ask_tell` in the schema.
pub(super) const ASK_TELL: Section = Section {
    name: "ask_tell",
    about: "A search whose trials are run by another program.",
    keys: || declared::keys(ASK_TELL_KEYS),
};

/// The keys of `ask_tell`.
pub(super) const ASK_TELL_KEYS: &[Field<AskTellSpec>] = &[field(
    "budget",
    Kind::Integer { min: 0, max: 1 << 53 },
    at!(AskTellSpec.budget),
    "Number of complete trials that the search may spend, if known.",
)];

impl Word for Task {
    fn names() -> Vec<(&'static str, Self)> {
        let all = [
            Self::TextClassification,
            Self::TokenClassification,
            Self::QuestionAnswering,
            Self::Regression,
            Self::ImageClassification,
        ];
        all.map(|task| (task.name(), task)).to_vec()
    }
}

fn fine_tune(spec: &Fields<'_>, plain: &Root, files: Files<'_>, problems: &mut Problems) -> Option<FineTuneSpec> {
    let missing: Vec<&str> = ["task", "model", "data"]
        .into_iter()
        .filter(|key| spec.get(key).is_none())
        .collect();
    if !missing.is_empty() {
        problems.error(
            Diagnostic::error(spec.location, format!("the spec lacks {}", list(&missing)))
                .with_help("fine-tuning needs `task`, `model` and `data`; `automl init` writes a spec to begin with"),
        );
    }
    let task = spec
        .get("task")
        .map(|node| reader::one_of(node, "task", &Task::names(), problems));
    let model = spec.get("model").map(|node| model(node, files, problems));
    let data = spec.get("data").map(|node| data::read(node, files, problems));
    let (task, model, mut data) = (task??, model??, data??);
    let mut is_clean = true;
    let mut mismatch = |key: &str, what: &str, fits: &[Task]| {
        if !fits.contains(&task)
            && let Some(node) = spec.get(key)
        {
            let names: Vec<String> = fits.iter().map(|task| format!("`{}`", task.name())).collect();
            let tasks = if fits.len() > 1 { "tasks" } else { "task" };
            let message = format!("{what} is for the {tasks} {}", names.join(", "));
            problems.error(Diagnostic::error(&node.location, message));
            is_clean = false;
        }
    };
    if let ModelSource::Builtin(name) = &model
        && let Some(built) = builtin_model(name)
    {
        mismatch("model", &format!("the model `{name}`"), tasks_for(built.input));
    }
    match &data {
        DataSpec::Builtin { name, .. } => {
            if BUILTIN_IMAGES.iter().any(|known| known.name == name) {
                mismatch("data", &format!("the data set `{name}`"), tasks_for(ModelInput::Images));
            }
        }
        DataSpec::Table(_) => {}
    }
    if plain.image_size.is_some()
        && !task.reads_pictures(&data)
        && let Some(entry) = spec.entry("image_size")
    {
        problems.error(
            Diagnostic::error(&entry.key_location, "`image_size` is for pictures")
                .with_help("they have `task: image-classification`, or `task: regression` with `image` in `data`"),
        );
        is_clean = false;
    }
    if let DataSpec::Table(table) = &data
        && let Some((key, fault)) = misused_pictures(task, table, &data).or_else(|| misused(task, table))
        && let Some(node) = spec.get("data")
    {
        let location = &node.child(key).unwrap_or(node).location;
        problems.error(Diagnostic::error(location, fault));
        is_clean = false;
    }
    is_clean.then_some(())?;
    if let DataSpec::Table(table) = &mut data {
        name_columns(task, table);
    }
    Some(FineTuneSpec {
        task,
        model,
        model_licence: plain.model_licence.clone(),
        data,
        max_length: plain.max_length.unwrap_or(match task {
            Task::QuestionAnswering => DEFAULT_LENGTH_OF_CONTEXTS,
            _ => DEFAULT_LENGTH,
        }),
        searches_length: false,
        image_size: plain.image_size,
    })
}

/// The first key of `data` that only pictures have, or that they do not have, and what to write instead.
fn misused_pictures(task: Task, table: &TableSpec, data: &DataSpec) -> Option<(&'static str, &'static str)> {
    let has_windows =
        table.truncation != Truncation::default() || table.stride.is_some() || table.max_windows.is_some();
    Some(match task.reads_pictures(data) {
        false if table.pictures.image.is_some() => (
            "image",
            "`image` is for the tasks `image-classification` and `regression`; the column of a text is `text`",
        ),
        false if table.pictures.on_bad_image != OnBadImage::default() => (
            "on_bad_image",
            "`on_bad_image` is for pictures: they have `task: image-classification`, or `image` in `data`",
        ),
        true if !table.text.is_empty() => ("text", "pictures have no `text`; the column of their paths is `image`"),
        true if has_windows => ("truncation", "`truncation`, `stride` and `max_windows` are for texts"),
        true if table.hub.is_some() => (
            "hub",
            "pictures are not read from data sets of the hub yet: save them as files, and name their folder in `train`",
        ),
        true if table.split.near_duplicates => (
            "split",
            "`near_duplicates` compares texts: equal pictures stay together without it, with `by` in `split`",
        ),
        _ => return None,
    })
}

/// The first key of `data` that the task does not use, and what to write instead.
fn misused(task: Task, table: &TableSpec) -> Option<(&'static str, &'static str)> {
    let is_cut = table.truncation != Truncation::default();
    let has_windows = task.reads_all();
    let is_template = table.text.iter().any(|text| text.contains('{'));
    Some(match task {
        Task::Regression if table.multi_label.is_some() => (
            "multi_label",
            "`multi_label` is for `task: text-classification`; `task: regression` predicts numbers",
        ),
        Task::TextClassification | Task::ImageClassification if table.label.len() > 1 => (
            "label",
            "several columns in `label` are for `task: regression`; several labels per row are in one column, with `multi_label`",
        ),
        _ if (has_windows || task == Task::ImageClassification) && table.split.folds.is_some() => (
            "split",
            "`folds` is for `task: text-classification` and `task: regression`; use `validation` here",
        ),
        _ if has_windows && table.multi_label.is_some() => {
            ("multi_label", "`multi_label` is for `task: text-classification`")
        }
        _ if has_windows && is_cut => (
            "truncation",
            "this task cuts nothing off: a long text becomes several windows; `stride` says how far they overlap",
        ),
        _ if has_windows && table.reading.on_missing.is_some() => {
            ("on_missing", "`on_missing` is for tasks with one label for each row")
        }
        _ if has_windows && table.label.len() > 1 => ("label", "this task has one column of labels"),
        _ if has_windows && is_template => ("text", "this task finds places in a text, so a template cannot make it"),
        Task::TokenClassification if table.text.len() > 1 => {
            ("text", "`task: token-classification` has one column of words or texts")
        }
        Task::QuestionAnswering if table.text.len() == 1 => (
            "text",
            "`task: question-answering` has two columns of texts, such as `text: [question, context]`",
        ),
        _ if table.truncation != Truncation::Windows && table.max_windows.is_some() => (
            "max_windows",
            "`max_windows` is for `truncation: windows`; tasks that find places in a text read all of it",
        ),
        _ if !has_windows && table.truncation != Truncation::Windows && table.stride.is_some() => (
            "stride",
            "`stride` is for `truncation: windows`, and for tasks that read all of a text, such as `token-classification`",
        ),
        _ => return None,
    })
}

/// Names the columns of tasks that do not look for them.
fn name_columns(task: Task, table: &mut TableSpec) {
    if task.reads_all() {
        return;
    }
    let is_pictures = task == Task::ImageClassification || table.pictures.image.is_some();
    for (columns, usual) in [(&mut table.text, "text"), (&mut table.label, "label")] {
        if columns.is_empty() && !(is_pictures && usual == "text") {
            columns.push(usual.to_owned());
        }
    }
}

/// The tasks of models that read such inputs.
fn tasks_for(input: ModelInput) -> &'static [Task] {
    match input {
        ModelInput::Images => &[Task::ImageClassification],
        ModelInput::Texts => &[
            Task::TextClassification,
            Task::Regression,
            Task::TokenClassification,
            Task::QuestionAnswering,
        ],
    }
}

fn model(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<ModelSource> {
    let text = reader::text(node, "model", problems)?;
    if let Some(name) = text.strip_prefix(BUILTIN) {
        let names: Vec<&str> = BUILTIN_MODELS.iter().map(|model| model.name).collect();
        return builtin(name, "model", &names, node, problems).map(ModelSource::Builtin);
    }
    if builtin_model(&text).is_some() {
        problems.error(
            Diagnostic::error(&node.location, format!("the model `{text}` is a built-in one"))
                .with_label(format!("write `{BUILTIN}{text}`")),
        );
        return None;
    }
    let path = files.join(node, &text);
    if text.starts_with(['.', '/']) || Path::new(&text).is_absolute() || path.is_dir() {
        if files.check != FileCheck::Skip && !path.is_dir() {
            problems.error(files.missing(node, &path, "directory"));
            return None;
        }
        return Some(ModelSource::Directory(path));
    }
    let is_hub_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '@');
    if text.chars().all(is_hub_id) && text.matches('/').count() <= 1 {
        return Some(ModelSource::Hub(text));
    }
    problems.error(
        Diagnostic::error(&node.location, "this is neither a directory nor the name of a model")
            .with_help("write a path that begins with `./`, a hub id such as `org/name`, `builtin:bert-tiny` or `builtin:resnet8-cifar10`"),
    );
    None
}

pub(super) fn builtin(name: &str, what: &str, names: &[&str], node: &Node, problems: &mut Problems) -> Option<String> {
    if names.contains(&name) {
        return Some(name.to_owned());
    }
    let diagnostic = Diagnostic::error(&node.location, format!("there is no built-in {what} `{name}`"));
    problems.error(match did_you_mean(name, names.iter().copied()) {
        Some(meant) => diagnostic.with_label(format!("did you mean `{BUILTIN}{meant}`?")),
        None => diagnostic.with_help(format!("there is {}", list(names))),
    });
    None
}

/// Checks that need both the objective and the space.
pub(super) fn check_space(
    mut objective: ObjectiveSpec,
    space: &Space,
    spec: &Fields<'_>,
    problems: &mut Problems,
) -> Option<ObjectiveSpec> {
    match &mut objective {
        ObjectiveSpec::Function(function) => {
            function::check(function, space, spec, problems);
            function.faults = function::faults(spec, space, problems)?;
        }
        ObjectiveSpec::Command(command) => command::check(command, space, spec, problems),
        ObjectiveSpec::FineTune(fine_tune) => {
            check_depth(&fine_tune.model, space, spec, problems);
            search_length(fine_tune, space, spec, problems);
        }
        ObjectiveSpec::AskTell(_) => {}
    }
    Some(objective)
}

/// Takes the largest length from the space, if `max_length` is a parameter of it.
fn search_length(fine_tune: &mut FineTuneSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let Some(parameter) = space.parameter("max_length") else {
        return;
    };
    let parameters = spec.entry("parameters");
    let node = parameters.and_then(|entry| entry.value.child("max_length"));
    let location = node.map_or(spec.location, |node| &node.location);
    if let Some(entry) = spec.entry("max_length") {
        problems.error(
            Diagnostic::error(
                &entry.key_location,
                "`max_length` is given twice: here and under `parameters`",
            )
            .with_help("remove one of the two: this key fixes it, `parameters.max_length` searches it"),
        );
    }
    let is_whole = matches!(fine_tune.task, Task::TextClassification | Task::Regression);
    if !is_whole {
        problems.error(
            Diagnostic::error(
                location,
                "`max_length` is a parameter only for `task: text-classification` and `task: regression`",
            )
            .with_help(
                "write `max_length` at the top: other tasks count windows as examples, so an epoch depends on it",
            ),
        );
    }
    if parameter.condition.is_some() {
        problems.error(
            Diagnostic::error(location, "`max_length` depends on another parameter")
                .with_help("remove `when`: every trial needs a length"),
        );
    }
    let largest = parameter.domain.largest_integer();
    fine_tune.max_length = largest.map_or(fine_tune.max_length, |largest| largest as usize);
    fine_tune.searches_length = true;
}

/// Reports a `freeze_depth` beyond the depth of a built-in model.
fn check_depth(model: &ModelSource, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let ModelSource::Builtin(model) = model else { return };
    let depth = space.parameter("freeze_depth").map(|parameter| &parameter.domain);
    let deepest = depth.and_then(Domain::largest_integer);
    if let Some(limit) = builtin_model(model).map(|model| model.most_frozen)
        && deepest.is_some_and(|deepest| deepest > limit)
    {
        let parameters = spec.entry("parameters");
        let location = parameters.map_or(spec.location, |entry| &entry.key_location);
        let depth = parameters.and_then(|entry| entry.value.child("freeze_depth"));
        problems.error(Diagnostic::error(
            depth.map_or(location, |node| &node.location),
            format!("the largest `freeze_depth` of `{model}` is {limit}"),
        ));
    }
}
