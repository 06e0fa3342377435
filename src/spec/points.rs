//! `points_to_evaluate`: complete or partial configurations that are tried first.

use super::diagnostics::Diagnostic;
use super::hints;
use super::raw::{Content, Entry, Node};
use super::reader::{Fields, Problems};
use crate::space::{Configuration, PointError, Space};
use crate::suggestion::did_you_mean;

/// Adds the points of `spec` to the `space`, and warns about hints without effect.
pub(super) fn read(spec: &Fields<'_>, space: &mut Space, problems: &mut Problems) {
    if let Some(node) = spec.get("points_to_evaluate") {
        match &node.content {
            Content::Sequence(items) => {
                for item in items {
                    point(item, space, problems);
                }
            }
            Content::Null | Content::Scalar(_) | Content::Mapping(_) => {
                problems.wrong_kind(node, "points_to_evaluate", POINTS);
            }
        }
    }
    if let Some(point) = space.init_point()
        && let Some(constraint) = space.violated(&point)
    {
        let message = format!(
            "the `init` values together violate `{}`: they are not tried first",
            constraint.source()
        );
        let location = spec
            .entry("parameters")
            .map_or(spec.location, |entry| &entry.key_location);
        problems.warning(location, message, "give other `init` values, or give more of them");
    }
}

/// The expected form of `points_to_evaluate`.
const POINTS: &str = "a list of mappings of parameters to values";

fn point(node: &Node, space: &mut Space, problems: &mut Problems) {
    let Content::Mapping(entries) = &node.content else {
        problems.wrong_kind(node, "points_to_evaluate", POINTS);
        return;
    };
    let errors_before = problems.errors.len();
    let mut given = Configuration::default();
    for entry in entries {
        let known = space.parameter(&entry.key);
        let Some(parameter) = known else {
            problems.error(unknown(entry, space));
            continue;
        };
        if let Some(value) = hints::value_of(&entry.key, &entry.value, &parameter.domain, problems) {
            given.set(&entry.key, value);
        }
    }
    if problems.errors.len() > errors_before {
        return;
    }
    let Err(errors) = space.add_point(&given) else { return };
    for error in errors {
        let name = match &error {
            PointError::Unknown { name } | PointError::Outside { name, .. } | PointError::Inactive { name } => {
                Some(name)
            }
            PointError::Infeasible { .. } => None,
        };
        let entry = entries.iter().find(|entry| Some(&entry.key) == name);
        let location = entry.map_or(&node.location, |entry| &entry.key_location);
        let diagnostic = Diagnostic::error(location, error.to_string());
        let is_partial = given.iter().count() < space.parameters().len();
        problems.error(match error {
            PointError::Infeasible { .. } if is_partial => diagnostic
                .with_help("what a point leaves out has its `init` value, its prior's or the middle of its range"),
            PointError::Infeasible { .. }
            | PointError::Inactive { .. }
            | PointError::Outside { .. }
            | PointError::Unknown { .. } => diagnostic,
        });
    }
}

fn unknown(entry: &Entry, space: &Space) -> Diagnostic {
    let names: Vec<&str> = space
        .parameters()
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    let meant = did_you_mean(&entry.key, names.iter().copied());
    Diagnostic::error(&entry.key_location, format!("there is no parameter `{}`", entry.key)).with_meant(meant, &names)
}
