//! Turns the tree into a [`Spec`]. Every key of the file is read here, or in a module that is called from here.

use super::diagnostics::Diagnostic;
use super::early_terminate::read as early_terminate;
use super::files::{self, Files};
use super::objective::{self, ObjectiveKind};
use super::raw::{Content, Node, SourceKind};
use super::reader::{self, Fields, Problems};
use super::resolved::{Budget, Criteria, Devices, EpochRange, Resources, Spec};
use super::{limits, metric, parameters, provenance, selection, size, tracking};
use crate::policies::SearcherSpec;
use crate::space::{Space, Value};
use crate::suggestion::did_you_mean;
use crate::units::Seed;

const KEYS: [&str; 32] = [
    "name",
    "task",
    "model",
    "data",
    "max_length",
    "function",
    "ask_tell",
    "command",
    "program",
    "wandb",
    "metrics",
    "metric",
    "metric_constraints",
    "method",
    "parameters",
    "constraints",
    "points_to_evaluate",
    "prior",
    "repeats",
    "epochs",
    "trial_limits",
    "early_terminate",
    "budget",
    "run_cap",
    "selection",
    "provenance",
    "resources",
    "deterministic",
    "seed",
    "description",
    "warm_start",
    "tracking",
];

/// Keys of W&B sweeps that have an effect only there.
const WANDB_ONLY: [&str; 5] = ["project", "entity", "controller", "job", "image_uri"];

/// Default cache size in bytes. 100,000 texts of 60 tokens take 9 GB in a model of `MiniLM`'s size: a few data sets
/// fit.
const DEFAULT_CACHE: u64 = 10_000_000_000;

/// Reads the whole spec; `None` after any error. `default_name` is used if the spec gives no name.
pub(super) fn resolve(root: &Node, default_name: &str, files: Files<'_>, problems: &mut Problems) -> Option<Spec> {
    let spec = Fields::read_any(root, "the spec", problems)?;
    check_keys(&spec, problems);
    let name = name(&spec, default_name, problems);
    let kind = objective::kind(&spec, problems);
    let objective = objective::read(&spec, kind, files, problems);
    let space = parameters::read(&spec, kind.names(), problems);
    let metric = metric::read(&spec, kind.metrics(), problems);
    let searcher = spec.get("method").map_or(Some(SearcherSpec::default()), |node| {
        reader::one_of(node, "method", &SearcherSpec::names(), problems)
    });
    let needs = searcher.map(|searcher| searcher.info().needs).unwrap_or_default();
    let ends_by_itself = needs.finite_space || kind == ObjectiveKind::AskTell;
    let budget = budget(&spec, ends_by_itself, problems);
    // A wall budget is planned for, so it changes the defaults.
    let is_planned = kind == ObjectiveKind::FineTune && budget.is_some_and(|budget| budget.wall.is_some());
    let early = early_terminate::read(&spec, is_planned, problems);
    let iterations = early.map_or_else(early_terminate::Iterations::default, |early| early.iterations);
    let epochs = epochs(&spec, iterations, (kind.default_epochs(), is_planned), problems);
    let trial_limits = limits::read(&spec, problems);
    let selection = spec.get("selection").map(|node| selection::read(node, problems));
    let resources = resources(&spec, problems);
    let deterministic = spec
        .get("deterministic")
        .map_or(Some(true), |node| reader::boolean(node, "deterministic", problems));
    let seed = spec
        .get("seed")
        .map_or(Some(0), |node| reader::seed(node, "seed", problems));
    let repeats = match (spec.get("repeats"), &space) {
        (Some(node), Some(space)) => Some(repeats(node, space, problems)),
        (Some(_), None) | (None, _) => None,
    };
    let provenance = spec.get("provenance").map(|node| provenance::read(node, problems));
    let uses_recipe = spec.get("prior").map_or(Some(true), |node| {
        reader::one_of(node, "prior", &[("auto", true), ("none", false)], problems)
    });
    let warm_start = files::warm_start(&spec, files, problems);
    let tracking = tracking::read(&spec, files, problems);
    let objective = match (objective, &space) {
        (Some(objective), Some(space)) => objective::check_space(objective, space, &spec, problems),
        (objective, _) => objective,
    };
    let (metric, criteria) = metric?;
    if let (Some(Some(selection)), Some(objective)) = (selection, &objective) {
        let early = early.map(|early| early.early_terminate);
        selection::check(selection, objective, (&criteria, early), &spec, problems);
    }
    if let (Some(searcher), true, Some(space)) = (searcher, needs.finite_space, &space) {
        check_finite(searcher, space, &spec, problems);
    }
    if let (Some(early), Some(budget)) = (early, budget) {
        early_terminate::check_population(early.early_terminate, budget.trials, &spec, problems);
    }
    if let (Some(searcher), true) = (searcher, needs.one_metric) {
        check_one_metric(searcher, &criteria, &spec, problems);
    }
    Some(Spec {
        name: name?,
        objective: objective?,
        metric,
        criteria,
        searcher: searcher?,
        early_terminate: early?.early_terminate,
        space: space?,
        epochs: epochs?,
        trial_limits: trial_limits?,
        budget: budget?,
        selection: match selection {
            Some(selection) => Some(selection?),
            None => None,
        },
        resources: resources?,
        deterministic: deterministic?,
        seed: Seed(seed?),
        repeats: match repeats {
            Some(repeats) => Some(repeats?),
            None => None,
        },
        uses_recipe: uses_recipe?,
        warm_start: warm_start?,
        tracking: tracking?,
        provenance: match provenance {
            Some(provenance) => Some(provenance?),
            None => None,
        },
    })
}

/// Number of runs for each point of the space.
fn repeats(node: &Node, space: &Space, problems: &mut Problems) -> Option<u32> {
    // A generous maximum, low enough to catch a misprint.
    const MOST: i64 = 1000;
    if space.points().next().is_none() {
        problems.error(
            Diagnostic::error(
                &node.place,
                "`repeats` runs the points of `points_to_evaluate`, but there are none",
            )
            .with_help("list the configurations to repeat as `points_to_evaluate`"),
        );
        return None;
    }
    reader::integer(node, "repeats", 1..=MOST, problems).map(|repeats| repeats as u32)
}

/// Reports continuous parameters of a method that needs finitely many values, such as a grid.
fn check_finite(searcher: SearcherSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let method = searcher.name();
    let parameters = spec.entry("parameters");
    let place = parameters.map_or(spec.place, |entry| &entry.key_place);
    let endless = space
        .parameters()
        .iter()
        .filter(|parameter| parameter.domain.cardinality().is_none());
    for parameter in endless {
        let name = &parameter.name;
        let node = parameters.and_then(|entry| entry.value.child(name));
        problems.error(
            Diagnostic::error(
                node.map_or(place, |node| &node.place),
                format!("`method: {method}` needs finitely many values, but `{name}` is continuous"),
            )
            .with_help("give a step as `q`, or list `values`"),
        );
    }
}

/// Reports several metrics if the method supports only one; warns of pruning rules if the method decides itself.
fn check_one_metric(searcher: SearcherSpec, criteria: &Criteria, spec: &Fields<'_>, problems: &mut Problems) {
    let method = searcher.name();
    let place = spec.get("method").map_or(spec.place, |node| &node.place);
    if !criteria.is_plain() {
        let message = if criteria.others.is_empty() {
            format!("`method: {method}` does not support `metric_constraints`: it models one metric only")
        } else {
            format!("`method: {method}` models one metric only, but `metric` lists several")
        };
        let help = "use another method, such as `bohb`, or keep one metric without constraints on it";
        problems.error(Diagnostic::error(place, message).with_help(help));
    }
    if let (true, Some(entry)) = (searcher.decides_alone(), spec.entry("early_terminate")) {
        let message = format!("`early_terminate` has no effect: `method: {method}` decides itself which trial goes on");
        problems.warning(&entry.key_place, message, "remove it");
    }
}

fn check_keys(spec: &Fields<'_>, problems: &mut Problems) {
    for entry in spec.entries() {
        let key = entry.key.as_str();
        if KEYS.contains(&key) {
            continue;
        }
        if WANDB_ONLY.contains(&key) {
            let message = format!("`{key}` means nothing outside Weights & Biases and is ignored");
            problems.warning(&entry.key_place, message, "remove it");
        } else {
            let meant = did_you_mean(key, KEYS);
            problems
                .error(Diagnostic::error(&entry.key_place, format!("unknown key `{key}`")).with_meant(meant, &KEYS));
        }
    }
}

fn name(spec: &Fields<'_>, default: &str, problems: &mut Problems) -> Option<String> {
    let Some(node) = spec.get("name") else {
        return Some(default.to_owned());
    };
    // A name such as `2024` is read as a number, but is a valid name.
    let name = match (&node.content, node.scalar()) {
        (Content::Scalar(scalar), Some(Value::Int(_) | Value::Float(_))) => scalar.text.clone(),
        _ => reader::text(node, "name", problems)?,
    };
    if is_folder_name(&name) {
        return Some(name);
    }
    let possible = folder_name(&name);
    let Some(possible) = possible.filter(|_| !name.contains("..")) else {
        problems.error(
            Diagnostic::error(&node.place, "the name of a study is also the name of its folder")
                .with_help("use letters, digits, `-`, `_` and `.`, at most 100, and begin with a letter or digit"),
        );
        return None;
    };
    // Names of W&B sweeps may be any text, since they are only displayed there.
    problems.warning(
        &node.place,
        format!("the name of a study is also the name of its folder: it is called `{possible}`"),
        "use letters, digits, `-`, `_` and `.`, at most 100, and begin with a letter or digit",
    );
    Some(possible)
}

/// The most similar name that is valid as a folder on every system; `None` if no character remains.
pub fn folder_name(name: &str) -> Option<String> {
    let is_kept = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
    let words = name.split(|letter| !is_kept(letter)).filter(|word| !word.is_empty());
    let mut possible = words.collect::<Vec<_>>().join("-");
    possible.truncate(100);
    let possible = possible
        .trim_start_matches(['_', '.', '-'])
        .trim_end_matches(['.', '-']);
    is_folder_name(possible).then(|| possible.to_owned())
}

/// `true` if `name` is a valid folder name on every system.
pub(super) fn is_folder_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Reads `epochs`. The defaults come from `iterations`, else from `default`.
fn epochs(
    spec: &Fields<'_>,
    iterations: early_terminate::Iterations,
    (default, is_planned): (f64, bool),
    problems: &mut Problems,
) -> Option<EpochRange> {
    /// With a wall budget, the first comparison comes after this share of a complete trial.
    const FIRST_COMPARISON: f64 = 1.0 / 8.0;
    let default = iterations.max.unwrap_or(default);
    let read = |node, what, problems: &mut Problems| {
        let rule = "greater than 0 and at most a million";
        reader::number_that(node, what, |number| number > 0.0 && number <= 1e6, rule, problems)
    };
    // By default a trial is judged after its first epoch, or earlier with a wall budget.
    let judged_early = |max: f64| EpochRange {
        min: match iterations.min {
            Some(min) => max.min(min),
            None if is_planned => max * FIRST_COMPARISON,
            None => max.min(1.0),
        },
        max,
        stops: Vec::new(),
        cooldown: None,
    };
    let Some(node) = spec.get("epochs") else {
        return Some(judged_early(default));
    };
    if matches!(node.content, Content::Scalar(_)) {
        return read(node, "epochs", problems).map(judged_early);
    }
    let fields = Fields::read(node, "epochs", &["min", "max", "stops", "cooldown"], problems)?;
    let min = fields.get("min").map(|node| read(node, "min", problems));
    let max = fields
        .get("max")
        .map_or(Some(default), |node| read(node, "max", problems))?;
    let stops = fields
        .get("stops")
        .map_or(Some(Vec::new()), |node| stops(node, max, problems))?;
    let min = min.unwrap_or_else(|| Some(judged_early(max).min))?;
    if min > max && fields.get("max").is_none() {
        let place = fields.get("min").map_or(fields.place, |node| &node.place);
        let whole = words(max);
        problems.error(
            Diagnostic::error(
                place,
                format!("`epochs` lacks `max`: a complete trial would be {whole}"),
            )
            .with_help(format!(
                "write `epochs: {{min: {min}, max: {}}}` for example",
                min * 9.0
            )),
        );
        return None;
    }
    if min > max {
        let place = fields.get("min").map_or(fields.place, |node| &node.place);
        problems.error(
            Diagnostic::error(place, "the range of `epochs` is empty: `min` is greater than `max`")
                .with_label(format!("greater than {max}")),
        );
        return None;
    }
    let cooldown = match fields.get("cooldown") {
        Some(node) => Some(cooldown(node, max, problems)?),
        None => None,
    };
    Some(EpochRange {
        min,
        max,
        stops,
        cooldown,
    })
}

/// A number of epochs in words.
fn words(epochs: f64) -> String {
    let plural = if epochs == 1.0 { "" } else { "s" };
    format!("{epochs} epoch{plural}")
}

/// Epochs up to `max`, in ascending order.
fn stops(node: &Node, max: f64, problems: &mut Problems) -> Option<Vec<f64>> {
    ascending(node, "stops", max, problems)
}

/// Two epochs up to `max`, between which the learning rate falls to 0.
fn cooldown(node: &Node, max: f64, problems: &mut Problems) -> Option<(f64, f64)> {
    if let [from, to] = ascending(node, "cooldown", max, problems)?[..] {
        return Some((from, to));
    }
    problems.error(
        Diagnostic::error(
            &node.place,
            "`cooldown` is two epochs: where it begins and where it ends",
        )
        .with_help("write it like `cooldown: [1, 2.5]`"),
    );
    None
}

/// Epochs above 0 and up to `max`, in ascending order.
fn ascending(node: &Node, what: &str, max: f64, problems: &mut Problems) -> Option<Vec<f64>> {
    let Content::Sequence(items) = &node.content else {
        problems.error(
            Diagnostic::error(&node.place, format!("`{what}` is a list of epochs"))
                .with_help(format!("write it like `{what}: [1, 2.5]`")),
        );
        return None;
    };
    let mut before = 0.0;
    let mut epochs = Vec::with_capacity(items.len());
    for item in items {
        let rule = "greater than the one before and at most `max`";
        before = reader::number_that(item, what, |epoch| epoch > before && epoch <= max, rule, problems)?;
        epochs.push(before);
    }
    Some(epochs)
}

fn budget(spec: &Fields<'_>, ends_by_itself: bool, problems: &mut Problems) -> Option<Budget> {
    const MOST: i64 = 1_000_000;
    let errors_before = problems.errors.len();
    let fields = match spec.get("budget") {
        Some(node) => Some(Fields::read(
            node,
            "budget",
            &["wall", "trials", "max_failures"],
            problems,
        )?),
        None => None,
    };
    let get = |key: &str| fields.and_then(|fields| fields.get(key));
    let wall = get("wall").map(|node| reader::seconds(node, "wall", problems));
    let trials = match (get("trials"), spec.get("run_cap")) {
        (Some(trials), Some(run_cap)) => {
            // An override replaces the other key; two keys in one file contradict each other.
            let by_hand = |node: &&Node| node.place.source.kind == SourceKind::Override;
            if ![trials, run_cap].iter().any(by_hand) {
                problems.error(
                    Diagnostic::error(&run_cap.place, "`run_cap` and `budget.trials` say the same thing")
                        .with_help("keep one of them"),
                );
            }
            Some(if by_hand(&run_cap) && !by_hand(&trials) {
                ("run_cap", run_cap)
            } else {
                ("trials", trials)
            })
        }
        (Some(trials), None) => Some(("trials", trials)),
        (None, Some(run_cap)) => Some(("run_cap", run_cap)),
        (None, None) => None,
    };
    let trials = trials.map(|(what, node)| reader::integer(node, what, 1..=MOST, problems));
    // A misspelt budget is not reported as missing as well.
    if wall.is_none() && trials.is_none() && !ends_by_itself && problems.errors.len() == errors_before {
        let place = spec.entry("budget").map_or(spec.place, |entry| &entry.key_place);
        problems.warning(
            place,
            "there is no budget: the study will run until it is stopped",
            "write `budget: {wall: 10m, trials: 50}`",
        );
    }
    let max_failures = match get("max_failures") {
        Some(node) => Some(reader::integer(node, "max_failures", 0..=MOST, problems)? as u32),
        None => None,
    };
    let wall = match wall {
        Some(wall) => Some(wall?),
        None => None,
    };
    let trials = match trials {
        Some(trials) => Some(trials? as u32),
        None => None,
    };
    Some(Budget {
        wall,
        trials,
        max_failures,
    })
}

fn resources(spec: &Fields<'_>, problems: &mut Problems) -> Option<Resources> {
    const KEYS: [&str; 6] = [
        "devices",
        "workers",
        "slots_per_device",
        "threads_per_worker",
        "logical_workers",
        "cache",
    ];
    const DEVICES: [(&str, Devices); 4] = [
        ("auto", Devices::Auto),
        ("cpu", Devices::Cpu),
        ("cuda", Devices::Cuda),
        ("ndarray", Devices::NdArray),
    ];
    // More than any machine needs, and few enough that a misprint does not fill it with processes.
    const MOST: i64 = 4_096;
    let empty = Node {
        place: spec.place.clone(),
        content: Content::Null,
    };
    let fields = Fields::read(spec.get("resources").unwrap_or(&empty), "resources", &KEYS, problems)?;
    let devices = fields.get("devices").map_or(Some(Devices::Auto), |node| {
        reader::one_of(node, "devices", &DEVICES, problems)
    });
    let is_auto = |node: &&Node| node.scalar() == Some(Value::Text("auto".to_owned()));
    let mut known = |key: &str| {
        let node = fields.get(key).filter(|node| !is_auto(node));
        node.map(|node| reader::integer(node, key, 1..=MOST, problems).map(|count| count as usize))
    };
    let (workers, slots_per_device) = (known("workers"), known("slots_per_device"));
    let logical_workers = known("logical_workers");
    let mut count = |key: &str, default: usize| match fields.get(key) {
        Some(node) => reader::integer(node, key, 1..=MOST, problems).map(|count| count as usize),
        None => Some(default),
    };
    let threads_per_worker = count("threads_per_worker", 1);
    let cache = match fields.get("cache") {
        Some(node) => size::bytes(node, "cache", 0, problems),
        None => Some(DEFAULT_CACHE),
    };
    // `Some(None)` leaves the number to the machine; `None` follows an error.
    let transposed = |count: Option<Option<usize>>| count.map_or(Some(None), |count| count.map(Some));
    Some(Resources {
        devices: devices?,
        workers: transposed(workers)?,
        slots_per_device: transposed(slots_per_device)?,
        threads_per_worker: threads_per_worker?,
        logical_workers: transposed(logical_workers)?,
        cache: cache?,
    })
}
