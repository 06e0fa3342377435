//! Reads one entry of `parameters` into a domain, with W&B's keys and ours.

mod normal;
mod range;

pub(super) use range::first_multiple;

use super::diagnostics::{Diagnostic, list};
use super::distributions::{Family, PARAMETER, ROWS, RangeRules};
use super::hyperparameter_values::accept;
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use crate::catalogue::{Hyperparameter, HyperparameterKind};
use crate::space::{Domain, Value};
use crate::suggestion::did_you_mean;

/// Reads the domain of the parameter `name`; `known` is its row if it is a hyperparameter of fine-tuning.
pub(super) fn read(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    match &node.content {
        Content::Scalar(_) => constant(name, node, known, problems),
        Content::Null => {
            problems.error(
                Diagnostic::error(&node.location, format!("the parameter `{name}` has no values"))
                    .with_help("write a value, `{values: [a, b]}` or `{min: 0.0, max: 1.0}`"),
            );
            None
        }
        Content::Sequence(_) => {
            problems.error(
                Diagnostic::error(
                    &node.location,
                    format!("the parameter `{name}` must be a value or a mapping"),
                )
                .with_help("write `{values: […]}` around the list"),
            );
            None
        }
        Content::Mapping(_) if is_numbers_by_name(node, known) => constant(name, node, known, problems),
        Content::Mapping(_) => mapping(name, node, known, problems),
    }
}

/// `true` for a mapping that is a value itself, such as `{spam: 3}`: it has no key of a parameter.
fn is_numbers_by_name(node: &Node, known: Option<&Hyperparameter>) -> bool {
    let Content::Mapping(entries) = &node.content else {
        return false;
    };
    let takes_numbers = known.is_some_and(|known| matches!(known.kind, HyperparameterKind::WordOrNumbers(_)));
    let keys = PARAMETER.names();
    takes_numbers && !entries.is_empty() && entries.iter().all(|entry| !keys.contains(&entry.key.as_str()))
}

/// The form in which the values of a parameter are given.
#[derive(Clone, Copy)]
enum Form {
    Value,
    Values,
    /// Bounds, and the range that the distribution implies.
    Range(Option<RangeRules>),
    Normal {
        is_log: bool,
        is_stepped: bool,
    },
}

impl Form {
    /// The keys that identify a form or belong to one.
    const OF_ONE: [&str; 11] = [
        "value",
        "values",
        "probabilities",
        "ordered",
        "min",
        "max",
        "q",
        "step",
        "log",
        "mu",
        "sigma",
    ];

    /// The keys of this form.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Value => &["value"],
            Self::Values => &["values", "probabilities", "ordered"],
            Self::Range(_) => &["min", "max", "q", "step", "log"],
            Self::Normal { .. } => &["mu", "sigma", "min", "max", "q"],
        }
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Value => &["value"],
            Self::Values => &["values"],
            Self::Range(_) => &["min", "max"],
            Self::Normal { .. } => &[],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Values => "values",
            Self::Range(_) => "a range",
            Self::Normal { .. } => "a normal distribution",
        }
    }
}

fn mapping(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    if is_beta(node, problems) {
        return None;
    }
    let fields = Fields::read(node, &format!("the parameter `{name}`"), &PARAMETER.names(), problems)?;
    let form = form(name, &fields, problems)?;
    let mut is_clean = true;
    for entry in fields.entries() {
        let key = entry.key.as_str();
        let is_of_another = Form::OF_ONE.contains(&key) && !form.keys().contains(&key);
        if is_of_another {
            let message = format!("`{key}` does not go together with {}", form.name());
            let help = format!("keep only {}", list(form.keys()));
            problems.error(Diagnostic::error(&entry.key_location, message).with_help(help));
            is_clean = false;
        }
    }
    let is_given = |key: &str| match known {
        // For a program, `value: null` is a value too.
        None if key == "value" => fields.entry(key).is_some(),
        Some(_) | None => fields.get(key).is_some(),
    };
    for &required in form.required() {
        if !is_given(required) {
            let message = format!("the parameter `{name}` lacks `{required}`");
            problems.error(Diagnostic::error(fields.location, message));
            is_clean = false;
        }
    }
    if !is_clean {
        return None;
    }
    match form {
        Form::Value => constant(name, &fields.entry("value")?.value, known, problems),
        Form::Values => choice(name, &fields, known, problems),
        Form::Range(rules) => range::read(name, &fields, rules, known, problems),
        Form::Normal { is_log, is_stepped } => normal::read(name, &fields, is_log, is_stepped, known, problems),
    }
}

/// `true` if the distribution is beta. It is refused with one error, without further errors about its keys.
fn is_beta(node: &Node, problems: &mut Problems) -> bool {
    let Some(distribution) = node.child("distribution") else {
        return false;
    };
    let word = distribution.scalar();
    let is_beta = ROWS.iter().any(|row| {
        matches!(row.family, Family::Beta) && word.as_ref().and_then(Value::as_str) == Some(row.described.name)
    });
    if is_beta {
        let help = "write `normal` with `mu`, `sigma`, `min` and `max`, or `uniform` with a `prior`";
        let error = Diagnostic::error(&distribution.location, "beta distributions are not supported");
        problems.error(error.with_help(help));
    }
    is_beta
}

/// The form that `distribution` names, else the form of the first key that identifies one.
fn form(name: &str, fields: &Fields<'_>, problems: &mut Problems) -> Option<Form> {
    if let Some(node) = fields.get("distribution") {
        let offered = ROWS.iter().filter(|row| !matches!(row.family, Family::Beta));
        let words: Vec<(&str, Family)> = offered.map(|row| (row.described.name, row.family)).collect();
        return match reader::one_of(node, "distribution", &words, problems)? {
            Family::Constant => Some(Form::Value),
            Family::Categorical => Some(Form::Values),
            Family::Range(rules) => Some(Form::Range(Some(rules))),
            Family::Normal { is_log, is_stepped } => Some(Form::Normal { is_log, is_stepped }),
            // Already refused by `is_beta`.
            Family::Beta => None,
        };
    }
    let telling = ["value", "values", "mu", "sigma", "min", "max"];
    let given = telling.into_iter().find(|key| fields.entry(key).is_some());
    match given {
        Some("value") => Some(Form::Value),
        Some("values") => Some(Form::Values),
        Some("mu" | "sigma") => Some(Form::Normal {
            is_log: false,
            is_stepped: false,
        }),
        Some(_) => Some(Form::Range(None)),
        None => {
            problems.error(
                Diagnostic::error(fields.location, format!("the parameter `{name}` has no values"))
                    .with_help("give it `value`, `values`, or `min` and `max`"),
            );
            None
        }
    }
}

fn constant(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    let value = allowed(name, node, known, problems)?;
    Some(Domain::Choice {
        values: vec![value],
        ordered: false,
    })
}

fn choice(name: &str, fields: &Fields<'_>, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    let ordered = fields
        .get("ordered")
        .map_or(Some(false), |node| reader::boolean(node, "ordered", problems));
    let node = fields.get("values")?;
    let Content::Sequence(items) = &node.content else {
        problems.error(
            Diagnostic::error(&node.location, format!("the `values` of `{name}` must be a list"))
                .with_label(format!("this is {}", node.kind())),
        );
        return None;
    };
    if items.is_empty() {
        problems.error(
            Diagnostic::error(&node.location, format!("the parameter `{name}` has no values")).with_label("empty"),
        );
        return None;
    }
    let mut values: Vec<Value> = Vec::with_capacity(items.len());
    let mut is_clean = true;
    for item in items {
        match allowed(name, item, known, problems) {
            None => is_clean = false,
            Some(value) if values.iter().any(|earlier| earlier.is_same(&value)) => {
                problems.error(
                    Diagnostic::error(&item.location, format!("`{value}` is given twice")).with_label("given before"),
                );
                is_clean = false;
            }
            Some(value) => values.push(value),
        }
    }
    let probabilities = match fields.get("probabilities") {
        Some(node) => Some(probabilities(name, node, items.len(), problems)?),
        None => None,
    };
    let ordered = ordered?;
    is_clean.then_some(match probabilities {
        None => Domain::Choice { values, ordered },
        Some(probabilities) => Domain::Weighted {
            values,
            probabilities,
            ordered,
        },
    })
}

/// One probability for each of `count` values, with sum 1.
fn probabilities(name: &str, node: &Node, count: usize, problems: &mut Problems) -> Option<Vec<f64>> {
    /// Smallest probability: a smaller one would never be drawn, and its share of the unit interval has no width.
    const RAREST: f64 = 1e-6;
    /// Maximum distance of the sum from 1, for thirds written with two digits.
    const TOLERANCE: f64 = 0.02;
    let Content::Sequence(items) = &node.content else {
        problems.wrong_kind(node, "probabilities", "a list");
        return None;
    };
    if items.len() != count {
        let message = format!("`{name}` has {count} values, but {} probabilities", items.len());
        problems.error(Diagnostic::error(&node.location, message).with_label("one for each value"));
        return None;
    }
    let rule = "at least 1e-6 and at most 1";
    let is_allowed = |number| (RAREST..=1.0).contains(&number);
    let read: Vec<Option<f64>> = items
        .iter()
        .map(|item| reader::number_that(item, "probabilities", is_allowed, rule, problems))
        .collect();
    let read: Vec<f64> = read.into_iter().collect::<Option<_>>()?;
    let sum: f64 = read.iter().sum();
    if (sum - 1.0).abs() > TOLERANCE {
        let message = format!("the probabilities of `{name}` must add up to 1");
        problems.error(Diagnostic::error(&node.location, message).with_label(format!("these add up to {sum:.3}")));
        return None;
    }
    // Probabilities that already add up stay as they are written.
    let is_exact = (sum - 1.0).abs() < 1e-9;
    Some(if is_exact {
        read
    } else {
        read.iter().map(|share| share / sum).collect()
    })
}

/// A scalar that the parameter accepts.
fn allowed(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Value> {
    let Some(known) = known else {
        // A program may accept any value.
        return reader::any_value(node, name, problems);
    };
    let value = match known.kind {
        HyperparameterKind::WordOrNumbers(_) => reader::any_value(node, name, problems)?,
        _ => reader::value(node, name, problems)?,
    };
    match accept(known.kind, &value) {
        Ok(value) => Some(value),
        Err(rule) => {
            let mut diagnostic = Diagnostic::error(&node.location, format!("`{name}` must be {rule}"));
            if let (HyperparameterKind::Word(words) | HyperparameterKind::WordOrNumbers(words), Some(word)) =
                (known.kind, value.as_str())
                && let Some(meant) = did_you_mean(word, words.iter().copied())
            {
                diagnostic = diagnostic.with_label(format!("did you mean `{meant}`?"));
            }
            problems.error(diagnostic);
            None
        }
    }
}
