//! Reads `parameters` and `constraints` into a space.

use std::collections::BTreeSet;

use super::diagnostics::Diagnostic;
use super::domain;
use super::raw::{Content, Location, Node};
use super::reader::{self, Fields, Problems};
use super::{hints, points};
use crate::catalogue::{HYPERPARAMETERS, Hyperparameter};
use crate::space::{Conflict, Domain, Expression, ExpressionError, Parameter, Space, SpaceError};
use crate::suggestion::did_you_mean;

/// The names that `parameters` accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Those of [`HYPERPARAMETERS`].
    Hyperparameters,
    /// Any name.
    Free,
}

/// Reads the space; `None` after any error in it.
pub(super) fn read(spec: &Fields<'_>, names: Names, problems: &mut Problems) -> Option<Space> {
    let errors_before = problems.errors.len();
    let groups = Groups::flatten(spec, problems);
    if names == Names::Hyperparameters {
        refuse_two_names(&groups.parameters, problems);
    }
    let mut sound = Vec::new();
    let mut broken = Vec::new();
    for flat in &groups.parameters {
        match parameter(flat, names, problems) {
            Read::Domain(domain) => sound.push((flat, domain)),
            Read::Broken => broken.push(flat.name.as_str()),
            Read::LeftOut => {}
        }
    }
    if sound.is_empty() {
        if problems.errors.len() == errors_before {
            let location = spec
                .entry("parameters")
                .map_or(spec.location, |entry| &entry.key_location);
            problems.error(
                Diagnostic::error(location, "there are no `parameters` to search")
                    .with_help("add some, such as `learning_rate: {min: 1e-5, max: 1e-3, log: true}`"),
            );
        }
        return None;
    }
    let known: Vec<(&str, &Domain)> = sound
        .iter()
        .map(|(flat, domain)| (flat.name.as_str(), domain))
        .collect();
    let mut expression = |node: &Node, what: &str| read_expression(node, what, &known, &broken, problems);
    let conditions: Vec<Option<Expression>> = groups.conditions.iter().map(|node| expression(node, "when")).collect();
    let constraint_nodes = constraint_nodes(spec);
    let constraints: Vec<Expression> = constraint_nodes
        .iter()
        .filter_map(|node| expression(node, "constraints"))
        .collect();
    let mut built = Vec::new();
    for (flat, domain) in &sound {
        let all = flat
            .conditions
            .iter()
            .filter_map(|&condition| conditions[condition].clone());
        built.push(Parameter {
            condition: all.reduce(|outer, inner| outer.and(&inner)),
            hints: hints::read(&flat.name, flat.node, domain, problems),
            ..Parameter::new(&flat.name, domain.clone())
        });
    }
    // Conditions in a cycle are reported with the other errors. Constraints are checked only without other errors.
    let is_sound = problems.errors.len() == errors_before;
    match Space::new(built, if is_sound { constraints } else { Vec::new() }) {
        Ok(mut space) => {
            if is_sound {
                points::read(spec, &mut space, problems);
            }
            (problems.errors.len() == errors_before).then_some(space)
        }
        Err(error) => {
            problems.error(explain(&error, spec, &groups, &constraint_nodes));
            None
        }
    }
}

/// The constraints: a list, or a single one.
fn constraint_nodes<'a>(spec: &Fields<'a>) -> Vec<&'a Node> {
    match spec.get("constraints") {
        None => Vec::new(),
        Some(node) => match &node.content {
            Content::Sequence(items) => items.iter().collect(),
            Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
        },
    }
}

/// The entries of `parameters`. Nested `parameters` (a W&B feature) get dotted names.
#[derive(Default)]
struct Groups<'a> {
    parameters: Vec<Flat<'a>>,
    /// The conditions of parameters and of groups.
    conditions: Vec<&'a Node>,
}

/// A parameter by its full name.
struct Flat<'a> {
    name: String,
    key_location: &'a Location,
    node: &'a Node,
    /// Indices of its conditions: those of the enclosing groups, then its own.
    conditions: Vec<usize>,
}

impl<'a> Groups<'a> {
    fn flatten(spec: &Fields<'a>, problems: &mut Problems) -> Self {
        let mut groups = Self::default();
        if let Some(node) = spec.get("parameters")
            && let Some(fields) = Fields::read_any(node, "parameters", problems)
        {
            groups.add("", &[], fields, problems);
        }
        let mut names = BTreeSet::new();
        groups.parameters.retain(|parameter| {
            let is_first = names.insert(parameter.name.clone());
            if !is_first {
                let message = format!("there are two parameters `{}`", parameter.name);
                problems.error(Diagnostic::error(parameter.key_location, message).with_label("this is the second"));
            }
            is_first
        });
        groups
    }

    /// Adds the entries of a group. `group` is its dotted prefix, or empty.
    fn add(&mut self, group: &str, conditions: &[usize], fields: Fields<'a>, problems: &mut Problems) {
        for entry in fields.entries() {
            let name = format!("{group}{}", entry.key);
            let mut conditions = conditions.to_vec();
            let own = entry.value.child("when");
            if let Some(own) = own.filter(|node| !matches!(node.content, Content::Null)) {
                conditions.push(self.conditions.len());
                self.conditions.push(own);
            }
            let Some(inner) = entry.value.child("parameters") else {
                self.parameters.push(Flat {
                    name,
                    key_location: &entry.key_location,
                    node: &entry.value,
                    conditions,
                });
                continue;
            };
            Fields::read(
                &entry.value,
                &format!("the group `{name}`"),
                &["parameters", "when"],
                problems,
            );
            if let Some(fields) = Fields::read_any(inner, "parameters", problems) {
                self.add(&format!("{name}."), &conditions, fields, problems);
            }
        }
    }
}

enum Read {
    Domain(Domain),
    Broken,
    /// A parameter that is skipped with a warning.
    LeftOut,
}

fn parameter(flat: &Flat<'_>, names: Names, problems: &mut Problems) -> Read {
    let name = flat.name.as_str();
    if name == "seed" && names == Names::Free {
        // A program may need it as an argument like any other.
        if flat.node.child("value").is_none() && matches!(flat.node.content, Content::Mapping(_)) {
            problems.warning(
                flat.key_location,
                "`seed` is searched like any other parameter: the best of many seeds is luck that a production run will not have",
                "to see how much is luck use `repeats`, or `selection` for the finalists",
            );
        }
    } else if name == "seed" {
        problems.warning(
            flat.key_location,
            "`seed` is never a hyperparameter: it is left out of the search",
            "the best of many seeds is luck that a production run will not have; set the study's `seed` instead",
        );
        return Read::LeftOut;
    }
    if name.is_empty() || name.len() > 100 || name.contains(|c: char| c.is_control() || c == '`') {
        problems.error(Diagnostic::error(
            flat.key_location,
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

/// Reports a hyperparameter that is given under two of its names.
fn refuse_two_names(flats: &[Flat<'_>], problems: &mut Problems) {
    for (index, flat) in flats.iter().enumerate() {
        let Some(known) = Hyperparameter::named(&flat.name) else {
            continue;
        };
        let earlier = flats[..index]
            .iter()
            .find(|earlier| earlier.name != flat.name && known.keys().any(|key| key == earlier.name));
        if let Some(earlier) = earlier {
            let message = format!(
                "`{}` and `{}` are two names of one hyperparameter",
                earlier.name, flat.name
            );
            problems.error(Diagnostic::error(flat.key_location, message).with_help(format!("keep `{}`", known.name)));
        }
    }
}

fn unknown(flat: &Flat<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        flat.key_location,
        format!("fine-tuning has no hyperparameter `{}`", flat.name),
    );
    if matches!(flat.name.as_str(), "epochs" | "num_epochs" | "num_train_epochs") {
        return diagnostic
            .with_help("epochs are what a trial spends, not what is searched: write `epochs: {min: 1, max: 8}` beside `parameters`");
    }
    let names: Vec<&str> = HYPERPARAMETERS.iter().map(|known| known.name).collect();
    let meant = match flat.name.as_str() {
        // Names that other libraries use.
        "lr" => Some("learning_rate"),
        "wd" => Some("weight_decay"),
        "lr_scheduler" | "lr_scheduler_type" | "schedule" => Some("lr_schedule"),
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
        // `when: true` is read as a boolean. It is a valid condition, though it has no effect.
        (Content::Scalar(scalar), Some(crate::space::Value::Bool(_))) => scalar.text.clone(),
        _ => reader::text(node, what, problems)?,
    };
    match Expression::parse(&text, known) {
        Ok(expression) => Some(expression),
        // A parameter with an error of its own is not reported as unknown as well.
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

fn explain(error: &SpaceError, spec: &Fields<'_>, groups: &Groups<'_>, constraints: &[&Node]) -> Diagnostic {
    match error {
        SpaceError::Cycle { names } => {
            let first = groups.parameters.iter().find(|flat| Some(&flat.name) == names.first());
            let condition = first.and_then(|flat| flat.conditions.last());
            let location = condition.map_or(spec.location, |&condition| &groups.conditions[condition].location);
            Diagnostic::error(location, error.to_string())
                .with_help("a condition may refer only to parameters that do not, in the end, depend on it")
        }
        SpaceError::Infeasible(conflict) => infeasible(conflict, spec, constraints),
        SpaceError::Duplicate { .. } | SpaceError::Unknown { .. } => {
            Diagnostic::error(spec.location, error.to_string())
        }
    }
}

fn infeasible(conflict: &Conflict, spec: &Fields<'_>, constraints: &[&Node]) -> Diagnostic {
    // Two decimals: more would exceed the precision of that number of draws.
    let share = |count: usize| match (count as f64 / conflict.draws as f64 * 1e4).round() / 100.0 {
        0.0 if count > 0 => "less than 0.01 %".to_owned(),
        percent => format!("{percent} %"),
    };
    let strictest = conflict.blamed.iter().min_by_key(|blamed| blamed.satisfied);
    let location = strictest
        .and_then(|blamed| constraints.get(blamed.index))
        .map_or(spec.location, |node| &node.location);
    let quantity = if conflict.together == 0 { "no" } else { "hardly any" };
    let drawn = format!(
        "{quantity} configuration satisfies the constraints: {} were drawn",
        conflict.draws
    );
    let diagnostic = Diagnostic::error(location, drawn);
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
