//! `parameters` and `constraints` to a space.

use std::collections::BTreeMap;

use super::diagnostics::Diagnostic;
use super::domain;
use super::hyperparameters::{HYPERPARAMETERS, Hyperparameter};
use super::raw::{Content, Node, Place};
use super::reader::{self, Fields, Problems};
use super::{hints, points};
use crate::space::{Conflict, Domain, Expression, ExpressionError, Parameter, Space, SpaceError};
use crate::suggestion::did_you_mean;

/// Which names `parameters` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Those of [`HYPERPARAMETERS`].
    Hyperparameters,
    /// Any.
    Free,
}

/// Reads the space; `None` after any error in it.
pub(super) fn read(spec: &Fields<'_>, names: Names, problems: &mut Problems) -> Option<Space> {
    let errors_before = problems.errors.len();
    let parameters = flatten(spec, problems);
    if parameters.is_empty() {
        if problems.errors.len() == errors_before {
            let place = spec.entry("parameters").map_or(spec.place, |entry| &entry.key_place);
            problems.error(
                Diagnostic::error(place, "there are no `parameters` to search")
                    .with_help("add some, such as `learning_rate: {min: 1e-5, max: 1e-3, log: true}`"),
            );
        }
        return None;
    }
    let mut sound = Vec::new();
    let mut broken = Vec::new();
    for flat in &parameters {
        match parameter(flat, names, problems) {
            Read::Domain(domain) => sound.push((flat, domain)),
            Read::Broken => broken.push(flat.name.as_str()),
            Read::LeftOut => {}
        }
    }
    let known: Vec<(&str, &Domain)> = sound.iter().map(|(flat, domain)| (flat.name.as_str(), domain)).collect();
    let mut built = Vec::new();
    for (flat, domain) in &sound {
        let conditions = flat.conditions.iter();
        let conditions = conditions.filter_map(|node| read_expression(node, "when", &known, &broken, problems));
        built.push(Parameter {
            condition: conditions.reduce(|outer, inner| outer.and(&inner)),
            hints: hints::read(&flat.name, flat.node, domain, problems),
            ..Parameter::new(&flat.name, domain.clone())
        });
    }
    let constraint_nodes: Vec<&Node> = match spec.get("constraints") {
        None => Vec::new(),
        Some(node) => match &node.content {
            Content::Sequence(items) => items.iter().collect(),
            Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
        },
    };
    let constraints: Vec<Expression> = constraint_nodes
        .iter()
        .filter_map(|node| read_expression(node, "constraints", &known, &broken, problems))
        .collect();
    let is_sound = problems.errors.len() == errors_before;
    let sound: Vec<&Flat<'_>> = sound.iter().map(|(flat, _)| *flat).collect();
    match Space::new(built, if is_sound { constraints } else { Vec::new() }) {
        Ok(mut space) if is_sound => {
            points::read(spec, &mut space, problems);
            (problems.errors.len() == errors_before).then_some(space)
        }
        // Something else is wrong already, and told.
        Ok(_) => None,
        Err(error) => {
            problems.error(explain(&error, spec, &sound, &constraint_nodes));
            None
        }
    }
}

/// A parameter by its full name, with the conditions of the groups that it stands in before its own.
struct Flat<'a> {
    name: String,
    key_place: &'a Place,
    node: &'a Node,
    conditions: Vec<&'a Node>,
}

/// The entries of `parameters`, those of nested `parameters` under dotted names, as W&B's.
fn flatten<'a>(spec: &Fields<'a>, problems: &mut Problems) -> Vec<Flat<'a>> {
    let mut flat = Vec::new();
    if let Some(node) = spec.get("parameters")
        && let Some(fields) = Fields::read_any(node, "parameters", problems)
    {
        flatten_into(&mut flat, "", &[], fields, problems);
    }
    let mut names = BTreeMap::new();
    flat.retain(|parameter| {
        let first = names.entry(parameter.name.clone()).or_insert(parameter.key_place);
        let is_first = std::ptr::eq(*first, parameter.key_place);
        if !is_first {
            let message = format!("there are two parameters `{}`", parameter.name);
            problems.error(Diagnostic::error(parameter.key_place, message).with_label("this is the second"));
        }
        is_first
    });
    flat
}

fn flatten_into<'a>(
    flat: &mut Vec<Flat<'a>>,
    group: &str,
    conditions: &[&'a Node],
    fields: Fields<'a>,
    problems: &mut Problems,
) {
    for entry in fields.entries() {
        let name = format!("{group}{}", entry.key);
        let mut conditions = conditions.to_vec();
        conditions.extend(entry.value.child("when").filter(|node| !matches!(node.content, Content::Null)));
        match entry.value.child("parameters") {
            None => flat.push(Flat {
                name,
                key_place: &entry.key_place,
                node: &entry.value,
                conditions,
            }),
            Some(inner) => {
                let what = format!("the group `{name}`");
                Fields::read(&entry.value, &what, &["parameters", "when"], problems);
                if let Some(fields) = Fields::read_any(inner, "parameters", problems) {
                    flatten_into(flat, &format!("{name}."), &conditions, fields, problems);
                }
            }
        }
    }
}

enum Read {
    Domain(Domain),
    Broken,
    /// A parameter that is warned about and not searched.
    LeftOut,
}

fn parameter(flat: &Flat<'_>, names: Names, problems: &mut Problems) -> Read {
    let name = flat.name.as_str();
    if name == "seed" {
        problems.warning(
            flat.key_place,
            "`seed` is never a hyperparameter: it is left out of the search",
            "the best of many seeds is luck that a production run will not have; set the study's `seed` instead",
        );
        return Read::LeftOut;
    }
    if name.is_empty() || name.len() > 100 || name.contains(|c: char| c.is_control() || c == '`') {
        problems.error(Diagnostic::error(
            flat.key_place,
            "a parameter's name has 1 to 100 letters, none of them a backtick",
        ));
        return Read::Broken;
    }
    let known = match names {
        Names::Free => None,
        Names::Hyperparameters => {
            let Some(known) = Hyperparameter::named(name) else {
                problems.error(unknown(flat));
                return Read::Broken;
            };
            Some(known)
        }
    };
    domain::read(name, flat.node, known, problems).map_or(Read::Broken, Read::Domain)
}

fn unknown(flat: &Flat<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        flat.key_place,
        format!("fine-tuning has no hyperparameter `{}`", flat.name),
    );
    if matches!(flat.name.as_str(), "epochs" | "num_epochs" | "num_train_epochs") {
        return diagnostic
            .with_help("epochs are what a trial spends, not what is searched: write `epochs: {min: 1, max: 8}` beside `parameters`");
    }
    let names: Vec<&str> = HYPERPARAMETERS.iter().map(|known| known.name).collect();
    let meant = match flat.name.as_str() {
        // What others call them.
        "lr" => Some("learning_rate"),
        "wd" => Some("weight_decay"),
        "lr_scheduler" | "lr_scheduler_type" | "schedule" => Some("scheduler"),
        "per_device_train_batch_size" | "bs" => Some("batch_size"),
        other => did_you_mean(other, names.iter().copied()),
    };
    diagnostic.with_meant(meant, &names)
}

fn read_expression(
    node: &Node,
    what: &str,
    known: &[(&str, &Domain)],
    broken: &[&str],
    problems: &mut Problems,
) -> Option<Expression> {
    let text = match (&node.content, node.scalar()) {
        // `when: true` is read as a boolean but is a sound, if idle, condition.
        (Content::Scalar(scalar), Some(crate::space::Value::Bool(_))) => scalar.text.clone(),
        _ => reader::text(node, what, problems)?,
    };
    match Expression::parse(&text, known) {
        Ok(expression) => Some(expression),
        // A parameter with an error of its own is not "unknown" as well.
        Err(_) if broken.iter().any(|name| text.contains(name)) => None,
        Err(ExpressionError {
            message,
            range,
            suggestion,
        }) => {
            let diagnostic = Diagnostic::error(&node.place_inside(range), message);
            problems.error(match suggestion {
                Some(suggestion) => diagnostic.with_label(suggestion),
                None => diagnostic,
            });
            None
        }
    }
}

fn explain(error: &SpaceError, spec: &Fields<'_>, parameters: &[&Flat<'_>], constraints: &[&Node]) -> Diagnostic {
    match error {
        SpaceError::Cycle { names } => {
            let first = parameters.iter().find(|flat| Some(&flat.name) == names.first());
            let condition = first.and_then(|flat| flat.conditions.last());
            Diagnostic::error(condition.map_or(spec.place, |node| &node.place), error.to_string())
                .with_help("a condition may refer only to parameters that do not, in the end, depend on it")
        }
        SpaceError::Infeasible(conflict) => infeasible(conflict, spec, constraints),
        SpaceError::Duplicate { .. } | SpaceError::Unknown { .. } => Diagnostic::error(spec.place, error.to_string()),
    }
}

fn infeasible(conflict: &Conflict, spec: &Fields<'_>, constraints: &[&Node]) -> Diagnostic {
    // No more digits than that many draws can tell.
    let share = |count: usize| format!("{} %", (count as f64 / conflict.draws as f64 * 1e4).round() / 100.0);
    let strictest = conflict.blamed.iter().min_by_key(|blamed| blamed.satisfied);
    let place = strictest
        .and_then(|blamed| constraints.get(blamed.index))
        .map_or(spec.place, |node| &node.place);
    let quantity = if conflict.together == 0 { "no" } else { "hardly any" };
    let drawn = format!("{quantity} configuration satisfies the constraints: {} were drawn", conflict.draws);
    let diagnostic = Diagnostic::error(place, drawn);
    match conflict.blamed.as_slice() {
        [only] => diagnostic
            .with_label(format!("true for {} of them", share(only.satisfied)))
            .with_help("loosen this constraint or widen the ranges of its parameters"),
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|blamed| format!("`{}` for {}", blamed.source, share(blamed.satisfied)))
                .collect();
            diagnostic
                .with_label("the strictest of those that contradict each other")
                .with_help(format!(
                    "alone, they are true: {}; together, for {}: loosen one of them",
                    each.join(", "),
                    share(conflict.together)
                ))
        }
    }
}
