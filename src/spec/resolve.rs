//! Turns the tree into a [`Spec`]. Every key of the file is read here, or in a module that is called from here.

use super::declared;
use super::diagnostics::Diagnostic;
use super::early_terminate::read as early_terminate;
use super::files::{self, Files};
use super::objective::{self, ObjectiveKind};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{Criteria, Spec};
use super::{budget, cluster, epochs, limits, metric, parameters, provenance, resources, root, selection, tracking};
use crate::policies::{EarlyTerminate, SearcherSpec};
use crate::space::{Space, Value};
use crate::suggestion::did_you_mean;

/// Reads the whole spec; `None` after any error. `default_name` is used if the spec gives no name.
pub(super) fn resolve(root: &Node, default_name: &str, files: Files<'_>, problems: &mut Problems) -> Option<Spec> {
    let spec = Fields::read_any(root, "the spec", problems)?;
    check_keys(&spec, problems);
    let name = name(&spec, default_name, problems);
    let kind = objective::kind(&spec, problems);
    let (root, is_root_sound) = declared::fill_any(spec, root::KEYS, problems);
    let objective = objective::read(&spec, kind, &root, files, problems);
    let space = parameters::read(&spec, kind.names(), problems);
    let metric = metric::read(&spec, kind.metrics(&spec), problems);
    let searcher = root.method;
    let needs = searcher.info().needs;
    let ends_by_itself = needs.finite_space || kind == ObjectiveKind::AskTell;
    let budget = budget::read(&spec, ends_by_itself, problems);
    // A wall budget is planned for, so it changes the defaults.
    let is_planned = kind == ObjectiveKind::FineTune && budget.is_some_and(|budget| budget.wall.is_some());
    let early = early_terminate::read(&spec, is_planned, problems);
    let iterations = early.map_or_else(early_terminate::Iterations::default, |early| early.iterations);
    let epochs = epochs::read(&spec, iterations, (kind.default_epochs(), is_planned), problems);
    let trial_limits = declared::read_or_default(&spec, "trial_limits", limits::KEYS, problems);
    let selection = spec.get("selection").map(|node| selection::read(node, problems));
    let resources = declared::read_or_default(&spec, "resources", resources::KEYS, problems);
    let cluster = cluster::read(&spec, problems);
    if let Some(space) = &space {
        check_repeats(space, &spec, problems);
    }
    let provenance = spec.get("provenance");
    let provenance = provenance.map(|node| declared::read(node, "provenance", provenance::KEYS, problems));
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
    if let (true, Some(space)) = (needs.finite_space, &space) {
        check_finite(searcher, space, &spec, problems);
    }
    if let (Some(early), Some(budget)) = (early, budget) {
        early_terminate::check_population(early.early_terminate, budget.trials, &spec, problems);
    }
    let folds = objective.as_ref().map_or(1, super::resolved::ObjectiveSpec::folds);
    if let Some(early) = early.filter(|early| folds > 1 && early.early_terminate.scheduler.members().is_some()) {
        check_clones(early.early_terminate, &spec, problems);
    }
    if needs.one_metric {
        check_one_metric(searcher, &criteria, &spec, problems);
    }
    is_root_sound.then_some(())?;
    Some(Spec {
        name: name?,
        objective: objective?,
        metric,
        criteria,
        searcher,
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
        cluster: cluster?,
        deterministic: root.deterministic,
        seed: root.seed,
        repeats: root.repeats,
        uses_recipe: root.prior.0,
        warm_start: warm_start?,
        tracking: tracking?,
        provenance: match provenance {
            Some(provenance) => Some(provenance?),
            None => None,
        },
    })
}

/// Reports a rule that clones trials in a study with folds.
fn check_clones(early: EarlyTerminate, spec: &Fields<'_>, problems: &mut Problems) {
    let location = spec
        .entry("early_terminate")
        .map_or(spec.location, |entry| &entry.key_location);
    let message = format!("`{}` does not go together with `folds`", early.scheduler.name());
    problems.error(Diagnostic::error(location, message).with_help(
        "a clone begins with the state of another trial, which has only the first fold: use `asha`, or `validation` in place of `folds`",
    ));
}

/// Reports `repeats` without points to repeat.
fn check_repeats(space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let Some(node) = spec.get("repeats") else { return };
    if space.points().next().is_none() {
        problems.error(
            Diagnostic::error(
                &node.location,
                "`repeats` runs the points of `points_to_evaluate`, but there are none",
            )
            .with_help("list the configurations to repeat as `points_to_evaluate`"),
        );
    }
}

/// Reports continuous parameters of a method that needs finitely many values, such as a grid.
fn check_finite(searcher: SearcherSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let method = searcher.name();
    let parameters = spec.entry("parameters");
    let location = parameters.map_or(spec.location, |entry| &entry.key_location);
    let endless = space
        .parameters()
        .iter()
        .filter(|parameter| parameter.domain.cardinality().is_none());
    for parameter in endless {
        let name = &parameter.name;
        let node = parameters.and_then(|entry| entry.value.child(name));
        problems.error(
            Diagnostic::error(
                node.map_or(location, |node| &node.location),
                format!("`method: {method}` needs finitely many values, but `{name}` is continuous"),
            )
            .with_help("give a step as `q`, or list `values`"),
        );
    }
}

/// Reports several metrics if the method supports only one; warns of pruning rules if the method decides itself.
fn check_one_metric(searcher: SearcherSpec, criteria: &Criteria, spec: &Fields<'_>, problems: &mut Problems) {
    let method = searcher.name();
    let location = spec.get("method").map_or(spec.location, |node| &node.location);
    if !criteria.is_plain() {
        let message = if criteria.others.is_empty() {
            format!("`method: {method}` does not support `metric_constraints`: it models one metric only")
        } else {
            format!("`method: {method}` models one metric only, but `metric` lists several")
        };
        let help = "use another method, such as `bohb`, or keep one metric without constraints on it";
        problems.error(Diagnostic::error(location, message).with_help(help));
    }
    if let (true, Some(entry)) = (searcher.decides_alone(), spec.entry("early_terminate")) {
        let message =
            format!("`early_terminate` has no effect: `method: {method}` decides itself which trial continues");
        problems.warning(&entry.key_location, message, "remove it");
    }
}

fn check_keys(spec: &Fields<'_>, problems: &mut Problems) {
    let keys = (root::SPEC.keys)();
    let known = root::SPEC.names();
    for entry in spec.entries() {
        let key = entry.key.as_str();
        match keys.iter().find(|known| known.name == key) {
            Some(known) if known.is_deprecated => {
                let message = format!("`{key}` means nothing outside Weights & Biases and is ignored");
                problems.warning(&entry.key_location, message, "remove it");
            }
            Some(_) => {}
            None => {
                let meant = did_you_mean(key, known.iter().copied());
                let unknown = Diagnostic::error(&entry.key_location, format!("unknown key `{key}`"));
                problems.error(unknown.with_meant(meant, &known));
            }
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
            Diagnostic::error(&node.location, "the name of a study is also the name of its folder")
                .with_help("use letters, digits, `-`, `_` and `.`, at most 100, and begin with a letter or digit"),
        );
        return None;
    };
    // Names of W&B sweeps may be any text, since they are only displayed there.
    problems.warning(
        &node.location,
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
