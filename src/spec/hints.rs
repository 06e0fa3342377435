//! Hints about good values in an entry of `parameters`: `prior`, `init` and `low_cost`.

use super::diagnostics::Diagnostic;
use super::keys::{Kind, Section, key};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use crate::space::{Confidence, Domain, Hints, Prior, Shape, Value};
use crate::suggestion::did_you_mean;

/// The values of `confidence`.
pub(super) const CONFIDENCES: [(&str, Confidence); 3] = [
    ("low", Confidence::Low),
    ("medium", Confidence::Medium),
    ("high", Confidence::High),
];

/// `prior` of a parameter in the schema.
pub(super) const PRIOR: Section = Section {
    name: "prior",
    about: "A belief about where the best value lies.",
    keys: || {
        vec![
            key("value", Kind::Scalar, "The likeliest value."),
            key(
                "confidence",
                Kind::Words(|| CONFIDENCES.map(|(word, _)| word).to_vec()),
                "How sure you are.",
            )
            .default("\"medium\""),
        ]
    },
};

/// Reads the hints of the parameter `name` with its `entry` and its `domain`.
pub(super) fn read(name: &str, entry: &Node, domain: &Domain, problems: &mut Problems) -> Hints {
    let given = |key: &str| entry.child(key).filter(|node| !matches!(node.content, Content::Null));
    Hints {
        prior: given("prior").and_then(|node| prior(name, node, domain, problems)),
        init: given("init").and_then(|node| value_of(name, node, domain, problems)),
        low_cost: given("low_cost").and_then(|node| value_of(name, node, domain, problems)),
    }
}

fn prior(name: &str, node: &Node, domain: &Domain, problems: &mut Problems) -> Option<Prior> {
    if !matches!(node.content, Content::Mapping(_)) {
        let value = value_of(name, node, domain, problems)?;
        let confidence = Confidence::default();
        return Some(Prior { value, confidence });
    }
    let fields = Fields::of(node, &PRIOR, problems)?;
    let confidence = fields.get("confidence").map_or(Some(Confidence::default()), |node| {
        reader::one_of(node, "confidence", &CONFIDENCES, problems)
    });
    let Some(value) = fields.get("value") else {
        problems.error(Diagnostic::error(&node.location, "the prior has no `value`"));
        return None;
    };
    let value = value_of(name, value, domain, problems)?;
    Some(Prior {
        value,
        confidence: confidence?,
    })
}

/// A value of the parameter's domain, in the domain's own type.
pub(super) fn value_of(name: &str, node: &Node, domain: &Domain, problems: &mut Problems) -> Option<Value> {
    let takes_data = match domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
            values.iter().any(|value| matches!(value, Value::Data(_)))
        }
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => false,
    };
    let value = if takes_data {
        reader::any_value(node, name, problems)?
    } else {
        reader::value(node, name, problems)?
    };
    if let Some(value) = domain.canonical(&value) {
        return Some(value);
    }
    let diagnostic = Diagnostic::error(&node.location, format!("`{value}` is not a value of `{name}`"));
    problems.error(match instead(domain, &value) {
        Some(label) => diagnostic.with_label(label),
        None => diagnostic,
    });
    None
}

/// A suggestion for a value that the domain does not contain.
fn instead(domain: &Domain, value: &Value) -> Option<String> {
    let words: Vec<String> = match domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
            values.iter().map(Value::to_string).collect()
        }
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => return nearest_number(domain, value),
    };
    match did_you_mean(value.as_str().unwrap_or_default(), words.iter().map(String::as_str)) {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        // A longer list would not be read beside a caret.
        None if words.len() <= 8 => Some(format!("it is one of {}", words.join(", "))),
        None => None,
    }
}

fn nearest_number(domain: &Domain, value: &Value) -> Option<String> {
    let (min, max) = domain.bounds()?;
    let Some(number) = value.as_f64() else {
        return Some(format!("it is a number from {min} to {max}"));
    };
    if !matches!(domain.shape(), Shape::Ordered { .. }) || !(min..=max).contains(&number) {
        return Some(format!("it lies between {min} and {max}"));
    }
    Some(format!("the nearest is {}", domain.nearest(value)?))
}
