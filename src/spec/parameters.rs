//! `parameters` and `constraints` to a space.

use super::diagnostics::Diagnostic;
use super::domain;
use super::hyperparameters::{HYPERPARAMETERS, Hyperparameter};
use super::raw::{Content, Entry, Node};
use super::reader::{self, Fields, Problems};
use crate::space::{Domain, Expression, ExpressionError, Parameter, Space, SpaceError};
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
    let parameters = match spec.get("parameters") {
        Some(node) => Fields::read_any(node, "parameters", problems)?.entries(),
        None => &[],
    };
    if parameters.is_empty() {
        let place = spec.entry("parameters").map_or(spec.place, |entry| &entry.key_place);
        problems.error(
            Diagnostic::error(place, "there are no `parameters` to search")
                .with_help("add some, such as `learning_rate: {min: 1e-5, max: 1e-3, log: true}`"),
        );
        return None;
    }
    let mut domains = Vec::new();
    let mut broken = Vec::new();
    for entry in parameters {
        match parameter(entry, names, problems) {
            Read::Domain(domain) => domains.push((entry, domain)),
            Read::Broken => broken.push(entry.key.as_str()),
            Read::LeftOut => {}
        }
    }
    let known: Vec<(&str, &Domain)> = domains
        .iter()
        .map(|(entry, domain)| (entry.key.as_str(), domain))
        .collect();
    let mut expression = |node: &Node, what: &str| read_expression(node, what, &known, &broken, problems);
    let mut conditions: Vec<Option<Expression>> = Vec::new();
    for (entry, _) in &domains {
        conditions.push(condition_of(entry).and_then(|node| expression(node, "when")));
    }
    let constraint_nodes: Vec<&Node> = match spec.get("constraints") {
        None => Vec::new(),
        Some(node) => match &node.content {
            Content::Sequence(items) => items.iter().collect(),
            Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
        },
    };
    let constraints = constraint_nodes
        .iter()
        .filter_map(|node| expression(node, "constraints"))
        .collect();
    if problems.errors.len() > errors_before {
        return None;
    }
    let condition_nodes: Vec<(&str, Option<&Node>)> = domains
        .iter()
        .map(|(entry, _)| (entry.key.as_str(), condition_of(entry)))
        .collect();
    let built = domains
        .iter()
        .zip(conditions)
        .map(|((entry, domain), condition)| Parameter {
            condition,
            ..Parameter::new(&entry.key, domain.clone())
        });
    match Space::new(built.collect(), constraints) {
        Ok(space) => Some(space),
        Err(error) => {
            problems.error(explain(&error, spec, &condition_nodes, &constraint_nodes));
            None
        }
    }
}

enum Read {
    Domain(Domain),
    Broken,
    /// A parameter that is warned about and not searched.
    LeftOut,
}

fn parameter(entry: &Entry, names: Names, problems: &mut Problems) -> Read {
    let name = entry.key.as_str();
    if name == "seed" {
        problems.warning(
            &entry.key_place,
            "`seed` is never a hyperparameter: it is left out of the search",
            "the best of many seeds is luck that a production run will not have; set the study's `seed` instead",
        );
        return Read::LeftOut;
    }
    if name.is_empty() || name.len() > 100 || name.contains(|c: char| c.is_control() || c == '`') {
        problems.error(Diagnostic::error(
            &entry.key_place,
            "a parameter's name has 1 to 100 letters, none of them a backtick",
        ));
        return Read::Broken;
    }
    let known = match names {
        Names::Free => None,
        Names::Hyperparameters => {
            let Some(known) = Hyperparameter::named(name) else {
                problems.error(unknown(entry));
                return Read::Broken;
            };
            Some(known)
        }
    };
    domain::read(name, &entry.value, known, problems).map_or(Read::Broken, Read::Domain)
}

fn unknown(entry: &Entry) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &entry.key_place,
        format!("fine-tuning has no hyperparameter `{}`", entry.key),
    );
    if matches!(entry.key.as_str(), "epochs" | "num_epochs" | "num_train_epochs") {
        return diagnostic
            .with_help("epochs are what a trial spends, not what is searched: write `epochs: {min: 1, max: 8}` beside `parameters`");
    }
    let names: Vec<&str> = HYPERPARAMETERS.iter().map(|known| known.name).collect();
    let meant = match entry.key.as_str() {
        // What others call them.
        "lr" => Some("learning_rate"),
        "wd" => Some("weight_decay"),
        "lr_scheduler" | "lr_scheduler_type" | "schedule" => Some("scheduler"),
        "per_device_train_batch_size" | "bs" => Some("batch_size"),
        other => did_you_mean(other, names.iter().copied()),
    };
    diagnostic.with_meant(meant, &names)
}

fn condition_of(entry: &Entry) -> Option<&Node> {
    entry.value.child("when")
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

fn explain(
    error: &SpaceError,
    spec: &Fields<'_>,
    conditions: &[(&str, Option<&Node>)],
    constraints: &[&Node],
) -> Diagnostic {
    let condition = |name: &str| {
        conditions
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, node)| *node)
    };
    match error {
        SpaceError::Cycle { names } => {
            let node = names.first().and_then(|name| condition(name));
            Diagnostic::error(node.map_or(spec.place, |node| &node.place), error.to_string())
                .with_help("a condition may refer only to parameters that do not, in the end, depend on it")
        }
        SpaceError::Infeasible {
            index,
            satisfied,
            draws,
            ..
        } => {
            let place = constraints.get(*index).map_or(spec.place, |node| &node.place);
            let share = f64::from(*satisfied) / f64::from(*draws) * 100.0;
            Diagnostic::error(
                place,
                format!("no configuration satisfies the constraints: {draws} were drawn"),
            )
            .with_label(format!("true for {share:.1} % of them"))
            .with_help("loosen this constraint or widen the ranges of its parameters")
        }
        SpaceError::Duplicate { .. } | SpaceError::Unknown { .. } => Diagnostic::error(spec.place, error.to_string()),
    }
}
