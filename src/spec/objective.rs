//! The objective of a trial: `task`, `model` and `data`, or `function`, or `command`.

use std::path::Path;

use super::diagnostics::{Diagnostic, list};
use super::files::{FileCheck, Files};
use super::metric::Reported;
use super::parameters::Names;
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{AskTellSpec, DataSpec, Fault, FineTuneSpec, FunctionSpec, ModelSource, ObjectiveSpec, Task};
use super::{command, data};
use crate::space::{Domain, Expression, ExpressionError, Space};
use crate::suggestion::did_you_mean;

/// The models built into the program: name, task, and the largest freeze depth.
pub const BUILTIN_MODELS: &[(&str, Task, i64)] = &[("resnet8-cifar10", Task::ImageClassification, 4)];

/// The data sets built into the program: name and task.
pub const BUILTIN_DATA: &[(&str, Task)] = &[("fashion-mini", Task::ImageClassification)];

/// The functions that can replace training: `sphere` accepts any parameters, `branin` the numbers `x1` in [-5, 10] and
/// `x2` in [0, 15].
pub const FUNCTIONS: &[&str] = &["sphere", "branin"];

/// The metrics that fine-tuning reports; the first is the default. `trainable_parameters` is the number of trainable
/// values. `latency_ms` is the mean time per validation example, in evaluation batches, on the device that trained.
pub const FINE_TUNE_METRICS: &[&str] = &["accuracy", "f1", "loss", "trainable_parameters", "latency_ms"];

/// The metrics that functions report. `cost` is another function of the same point, in conflict with `loss`.
pub const FUNCTION_METRICS: &[&str] = &["loss", "cost"];

pub(super) const BUILTIN: &str = "builtin:";

/// The default of Hugging Face's `TrainingArguments.num_train_epochs`.
const DEFAULT_EPOCHS: f64 = 3.0;

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
    pub(super) fn metrics(self) -> Reported {
        match self {
            Self::FineTune => Reported::These(FINE_TUNE_METRICS),
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

/// The kind of objective in a spec. Keys of another kind are errors.
pub(super) fn kind(spec: &Fields<'_>, problems: &mut Problems) -> ObjectiveKind {
    const OF_FINE_TUNING: [&str; 4] = ["task", "model", "data", "max_length"];
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
        problems.error(Diagnostic::error(&entry.key_place, message).with_help(match kind {
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

/// Reads the objective.
pub(super) fn read(
    spec: &Fields<'_>,
    kind: ObjectiveKind,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<ObjectiveSpec> {
    match kind {
        ObjectiveKind::FineTune => fine_tune(spec, files, problems).map(ObjectiveSpec::FineTune),
        ObjectiveKind::Function => function(spec.get("function")?, problems).map(ObjectiveSpec::Function),
        ObjectiveKind::Command => command::read(spec, files, problems).map(ObjectiveSpec::Command),
        ObjectiveKind::AskTell => ask_tell(spec.get("ask_tell")?, problems).map(ObjectiveSpec::AskTell),
    }
}

fn ask_tell(node: &Node, problems: &mut Problems) -> Option<AskTellSpec> {
    let fields = Fields::read(node, "ask_tell", &["budget"], problems)?;
    let budget = fields
        .get("budget")
        .map(|node| reader::integer(node, "budget", 0..=(1 << 53), problems));
    Some(AskTellSpec {
        budget: match budget {
            Some(budget) => Some(budget? as u64),
            None => None,
        },
    })
}

fn function(node: &Node, problems: &mut Problems) -> Option<FunctionSpec> {
    let names: Vec<(&str, &str)> = FUNCTIONS.iter().map(|name| (*name, *name)).collect();
    if !matches!(node.content, Content::Mapping(_)) {
        let name = reader::one_of(node, "function", &names, problems)?;
        return Some(FunctionSpec {
            name: name.to_owned(),
            trial_seconds: 0.0,
            jitter: 0.0,
            noise: 0.0,
            faults: Vec::new(),
        });
    }
    let keys = ["name", "trial_seconds", "jitter", "noise", "faults"];
    let fields = Fields::read(node, "function", &keys, problems)?;
    let mut number = |key: &str| {
        let is_allowed = |number: f64| (0.0..=1e6).contains(&number);
        fields.get(key).map_or(Some(0.0), |node| {
            reader::number_that(node, key, is_allowed, "between 0 and 1e6", problems)
        })
    };
    let trial_seconds = number("trial_seconds");
    let jitter = number("jitter");
    let noise = number("noise");
    let Some(name) = fields.get("name") else {
        problems.error(
            Diagnostic::error(fields.place, "the function has no `name`")
                .with_help(format!("supported: {}", list(FUNCTIONS))),
        );
        return None;
    };
    let name = reader::one_of(name, "function", &names, problems)?;
    Some(FunctionSpec {
        name: name.to_owned(),
        trial_seconds: trial_seconds?,
        jitter: jitter?,
        noise: noise?,
        faults: Vec::new(),
    })
}

/// The faults of a function, each with the condition on configurations under which it happens.
fn faults(spec: &Fields<'_>, space: &Space, problems: &mut Problems) -> Option<Vec<(Fault, Expression)>> {
    let Some(node) = spec.get("function").and_then(|function| function.child("faults")) else {
        return Some(Vec::new());
    };
    let names: Vec<&str> = Fault::NAMES.iter().map(|(name, _)| *name).collect();
    let fields = Fields::read(node, "faults", &names, problems)?;
    let domains: Vec<(&str, &Domain)> = space
        .parameters()
        .iter()
        .map(|parameter| (parameter.name.as_str(), &parameter.domain))
        .collect();
    let mut faults = Vec::new();
    for entry in fields.entries() {
        let fault = Fault::NAMES.iter().find(|(name, _)| *name == entry.key)?.1;
        let text = reader::text(&entry.value, &entry.key, problems)?;
        match Expression::parse(&text, &domains) {
            Ok(condition) => faults.push((fault, condition)),
            Err(ExpressionError { message, range, .. }) => {
                problems.error(Diagnostic::error(&entry.value.place_inside(range), message));
                return None;
            }
        }
    }
    Some(faults)
}

fn fine_tune(spec: &Fields<'_>, files: Files<'_>, problems: &mut Problems) -> Option<FineTuneSpec> {
    const TASKS: [(&str, Task); 2] = [
        ("text-classification", Task::TextClassification),
        ("image-classification", Task::ImageClassification),
    ];
    let missing: Vec<&str> = ["task", "model", "data"]
        .into_iter()
        .filter(|key| spec.get(key).is_none())
        .collect();
    if !missing.is_empty() {
        problems.error(
            Diagnostic::error(spec.place, format!("the spec lacks {}", list(&missing)))
                .with_help("fine-tuning needs `task`, `model` and `data`; `automl init` writes a spec to begin with"),
        );
    }
    let task = spec
        .get("task")
        .map(|node| reader::one_of(node, "task", &TASKS, problems));
    let model = spec.get("model").map(|node| model(node, files, problems));
    let data = spec.get("data").map(|node| data::read(node, files, problems));
    // At most the longest position table in use; at least two special tokens and a word.
    let max_length = spec.get("max_length").map_or(Some(128), |node| {
        reader::integer(node, "max_length", 3..=65_536, problems)
    });
    let (task, model, data) = (task??, model??, data??);
    let mut is_clean = true;
    let mut mismatch = |key: &str, what: &str, fits: Task| {
        if fits != task
            && let Some(node) = spec.get(key)
        {
            let words = TASKS
                .iter()
                .find(|(_, known)| *known == fits)
                .map_or("", |(word, _)| word);
            problems.error(Diagnostic::error(
                &node.place,
                format!("{what} is for the task `{words}`"),
            ));
            is_clean = false;
        }
    };
    if let ModelSource::Builtin(name) = &model
        && let Some((_, fits, _)) = BUILTIN_MODELS.iter().find(|(known, ..)| known == name)
    {
        mismatch("model", &format!("the model `{name}`"), *fits);
    }
    match &data {
        DataSpec::Builtin { name, .. } => {
            if let Some((_, fits)) = BUILTIN_DATA.iter().find(|(known, _)| known == name) {
                mismatch("data", &format!("the data set `{name}`"), *fits);
            }
        }
        DataSpec::Table { .. } => mismatch("data", "a table of texts", Task::TextClassification),
    }
    is_clean.then_some(())?;
    Some(FineTuneSpec {
        task,
        model,
        data,
        max_length: max_length? as usize,
    })
}

fn model(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<ModelSource> {
    let text = reader::text(node, "model", problems)?;
    if let Some(name) = text.strip_prefix(BUILTIN) {
        let names: Vec<&str> = BUILTIN_MODELS.iter().map(|(name, ..)| *name).collect();
        return builtin(name, "model", &names, node, problems).map(ModelSource::Builtin);
    }
    if BUILTIN_MODELS.iter().any(|(name, ..)| *name == text) {
        problems.error(
            Diagnostic::error(&node.place, format!("the model `{text}` is a built-in one"))
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
        Diagnostic::error(&node.place, "this is neither a directory nor the name of a model")
            .with_help("write a path that begins with `./`, a hub id such as `org/name`, or `builtin:resnet8-cifar10`"),
    );
    None
}

pub(super) fn builtin(name: &str, what: &str, names: &[&str], node: &Node, problems: &mut Problems) -> Option<String> {
    if names.contains(&name) {
        return Some(name.to_owned());
    }
    let diagnostic = Diagnostic::error(&node.place, format!("there is no built-in {what} `{name}`"));
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
    check_parameters(&objective, space, spec, problems);
    match &mut objective {
        ObjectiveSpec::Function(function) => function.faults = faults(spec, space, problems)?,
        ObjectiveSpec::Command(command) => command::check(command, space, spec, problems),
        ObjectiveSpec::FineTune(_) | ObjectiveSpec::AskTell(_) => {}
    }
    Some(objective)
}

fn check_parameters(objective: &ObjectiveSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let domain = |name: &str| space.parameter(name).map(|parameter| &parameter.domain);
    let parameters = spec.entry("parameters");
    let place = parameters.map_or(spec.place, |entry| &entry.key_place);
    match objective {
        ObjectiveSpec::Function(function) if function.name == "branin" => {
            let names: Vec<&str> = space
                .parameters()
                .iter()
                .map(|parameter| parameter.name.as_str())
                .collect();
            let are_numbers = ["x1", "x2"].into_iter().all(|name| domain(name).is_some_and(is_number));
            if names.len() != 2 || !are_numbers {
                problems.error(
                    Diagnostic::error(place, "`branin` is a function of the numbers `x1` and `x2`")
                        .with_help("write `x1: {min: -5.0, max: 10.0}` and `x2: {min: 0.0, max: 15.0}`"),
                );
            }
        }
        ObjectiveSpec::FineTune(FineTuneSpec {
            model: ModelSource::Builtin(model),
            ..
        }) => {
            let deepest = domain("freeze_depth").and_then(Domain::largest_integer);
            if let Some((_, _, limit)) = BUILTIN_MODELS.iter().find(|(name, ..)| name == model)
                && deepest.is_some_and(|deepest| deepest > *limit)
            {
                let depth = parameters.and_then(|entry| entry.value.child("freeze_depth"));
                problems.error(Diagnostic::error(
                    depth.map_or(place, |node| &node.place),
                    format!("the largest `freeze_depth` of `{model}` is {limit}"),
                ));
            }
        }
        ObjectiveSpec::Function(_)
        | ObjectiveSpec::FineTune(_)
        | ObjectiveSpec::Command(_)
        | ObjectiveSpec::AskTell(_) => {}
    }
}

fn is_number(domain: &Domain) -> bool {
    match domain {
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => true,
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
            values.iter().all(|value| value.as_f64().is_some())
        }
    }
}
