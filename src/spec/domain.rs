//! One entry of `parameters` to a domain: W&B's keys and ours.

use super::diagnostics::{Diagnostic, list};
use super::hyperparameters::{Hyperparameter, HyperparameterKind};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use crate::space::{Domain, Value};
use crate::suggestion::did_you_mean;

const KEYS: [&str; 9] = [
    "value",
    "values",
    "min",
    "max",
    "q",
    "log",
    "ordered",
    "distribution",
    "when",
];

/// Beyond it neighbouring whole numbers are one number to a float.
const LARGEST_INTEGER: f64 = 9_007_199_254_740_992.0;

/// More steps than that are no grid but a misprint of `q`, and would outrun the precision of a float.
const MOST_STEPS: f64 = 1e9;

/// What a distribution of W&B says about a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Distribution {
    /// Whole numbers; `None` if the bounds decide.
    is_integer: Option<bool>,
    is_log: bool,
    is_stepped: bool,
    /// The bounds are exponents of e.
    has_exponents: bool,
}

impl Distribution {
    const fn new(is_integer: Option<bool>, is_log: bool, is_stepped: bool) -> Self {
        Self {
            is_integer,
            is_log,
            is_stepped,
            has_exponents: false,
        }
    }
}

#[derive(Clone, Copy)]
enum Family {
    Constant,
    Categorical,
    Range(Distribution),
}

const DISTRIBUTIONS: [(&str, Family); 9] = [
    ("constant", Family::Constant),
    ("categorical", Family::Categorical),
    ("uniform", Family::Range(Distribution::new(Some(false), false, false))),
    (
        "int_uniform",
        Family::Range(Distribution::new(Some(true), false, false)),
    ),
    ("q_uniform", Family::Range(Distribution::new(None, false, true))),
    (
        "log_uniform_values",
        Family::Range(Distribution::new(Some(false), true, false)),
    ),
    (
        "q_log_uniform_values",
        Family::Range(Distribution::new(None, true, true)),
    ),
    (
        "int_log_uniform_values",
        Family::Range(Distribution::new(Some(true), true, false)),
    ),
    (
        "log_uniform",
        Family::Range(Distribution {
            is_integer: Some(false),
            is_log: true,
            is_stepped: false,
            has_exponents: true,
        }),
    ),
];

/// Reads the domain of the parameter `name`; `known` is its row where fine-tuning defines what it means.
pub(super) fn read(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    match &node.content {
        Content::Scalar(_) => constant(name, node, known, problems),
        Content::Null => {
            problems.error(
                Diagnostic::error(&node.place, format!("the parameter `{name}` has no values"))
                    .with_help("write a value, `{values: [a, b]}` or `{min: 0.0, max: 1.0}`"),
            );
            None
        }
        Content::Sequence(_) => {
            problems.error(
                Diagnostic::error(
                    &node.place,
                    format!("the parameter `{name}` must be a value or a mapping"),
                )
                .with_help("write `{values: […]}` around the list"),
            );
            None
        }
        Content::Mapping(_) => mapping(name, node, known, problems),
    }
}

fn mapping(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Domain> {
    let fields = Fields::read(node, &format!("the parameter `{name}`"), &KEYS, problems)?;
    let family = match fields.get("distribution") {
        Some(node) => Some(reader::one_of(node, "distribution", &DISTRIBUTIONS, problems)?),
        None => None,
    };
    let forms = ["value", "values", "min", "max"];
    let given: Vec<&str> = forms.into_iter().filter(|key| fields.entry(key).is_some()).collect();
    let form = match (family, given.first()) {
        (Some(Family::Constant), _) => "value",
        (Some(Family::Categorical), _) => "values",
        (Some(Family::Range(_)), _) | (None, Some(&("min" | "max"))) => "range",
        (None, Some(form)) => form,
        (None, None) => {
            problems.error(
                Diagnostic::error(&node.place, format!("the parameter `{name}` has no values"))
                    .with_help("give it `value`, `values`, or `min` and `max`"),
            );
            return None;
        }
    };
    let allowed: &[&str] = match form {
        "value" => &["value"],
        "values" => &["values", "ordered"],
        _ => &["min", "max", "q", "log"],
    };
    let mut is_clean = true;
    for entry in fields.entries() {
        let is_general = matches!(entry.key.as_str(), "distribution" | "when");
        if KEYS.contains(&entry.key.as_str()) && !is_general && !allowed.contains(&entry.key.as_str()) {
            let message = format!(
                "`{}` does not go together with {}",
                entry.key,
                if form == "range" { "a range" } else { &allowed[0] }
            );
            problems
                .error(Diagnostic::error(&entry.key_place, message).with_help(format!("keep only {}", list(allowed))));
            is_clean = false;
        }
    }
    for required in if form == "range" { &allowed[..2] } else { &allowed[..1] } {
        if fields.get(required).is_none() {
            let message = format!("the parameter `{name}` lacks `{required}`");
            problems.error(Diagnostic::error(fields.place, message));
            is_clean = false;
        }
    }
    if !is_clean {
        return None;
    }
    match form {
        "value" => constant(name, fields.get("value")?, known, problems),
        "values" => choice(name, &fields, known, problems),
        _ => {
            let distribution = match family {
                Some(Family::Range(distribution)) => Some(distribution),
                Some(Family::Constant | Family::Categorical) | None => None,
            };
            range(name, &fields, distribution, known, problems)
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
            Diagnostic::error(&node.place, format!("the `values` of `{name}` must be a list"))
                .with_label(format!("this is {}", node.kind())),
        );
        return None;
    };
    if items.is_empty() {
        problems
            .error(Diagnostic::error(&node.place, format!("the parameter `{name}` has no values")).with_label("empty"));
        return None;
    }
    let mut values: Vec<Value> = Vec::with_capacity(items.len());
    let mut is_clean = true;
    for item in items {
        match allowed(name, item, known, problems) {
            None => is_clean = false,
            Some(value) if values.iter().any(|earlier| earlier.is_same(&value)) => {
                problems.error(
                    Diagnostic::error(&item.place, format!("`{value}` is given twice")).with_label("given before"),
                );
                is_clean = false;
            }
            Some(value) => values.push(value),
        }
    }
    let ordered = ordered?;
    is_clean.then_some(Domain::Choice { values, ordered })
}

/// A scalar that the parameter may take.
fn allowed(name: &str, node: &Node, known: Option<&Hyperparameter>, problems: &mut Problems) -> Option<Value> {
    let value = reader::value(node, name, problems)?;
    let Some(known) = known else { return Some(value) };
    match known.kind.accept(&value) {
        Ok(value) => Some(value),
        Err(rule) => {
            let mut diagnostic = Diagnostic::error(&node.place, format!("`{name}` must be {rule}"));
            if let (HyperparameterKind::Word(words), Some(word)) = (known.kind, value.as_str())
                && let Some(meant) = did_you_mean(word, words.iter().copied())
            {
                diagnostic = diagnostic.with_label(format!("did you mean `{meant}`?"));
            }
            problems.error(diagnostic);
            None
        }
    }
}

fn range(
    name: &str,
    fields: &Fields<'_>,
    distribution: Option<Distribution>,
    known: Option<&Hyperparameter>,
    problems: &mut Problems,
) -> Option<Domain> {
    let (min_node, max_node) = (fields.get("min")?, fields.get("max")?);
    let bounds = (
        reader::number(min_node, "min", problems),
        reader::number(max_node, "max", problems),
    );
    let step = match fields.get("q") {
        None if distribution.is_some_and(|distribution| distribution.is_stepped) => Some(1.0),
        None => None,
        Some(node) => Some(reader::number_that(node, "q", |q| q > 0.0, "greater than 0", problems)?),
    };
    let is_log = match fields.get("log") {
        Some(node) => reader::boolean(node, "log", problems)?,
        None => false,
    } || distribution.is_some_and(|distribution| distribution.is_log);
    let (Some(mut min), Some(mut max)) = bounds else {
        return None;
    };

    let has_exponents = distribution.is_some_and(|distribution| distribution.has_exponents);
    if has_exponents {
        (min, max) = (min.exp(), max.exp());
        problems.warning(
            &fields.get("distribution")?.place,
            format!("the bounds of a `log_uniform` are exponents of e: `{name}` is searched from {min:e} to {max:e}"),
            "write `distribution: log_uniform_values` with the bounds themselves",
        );
    }
    if let Some((key, message, label)) = wrong_bounds(name, min, max, is_log) {
        let place = &fields.get(key).unwrap_or(max_node).place;
        problems.error(Diagnostic::error(place, message).with_label(label));
        return None;
    }
    if has_exponents {
        let bounds = [min, max].map(|bound| known.map(|known| known.kind.accept(&Value::Float(bound))));
        if let Some(Err(rule)) = bounds.into_iter().flatten().find(Result::is_err) {
            problems.error(Diagnostic::error(fields.place, format!("`{name}` must be {rule}")));
            return None;
        }
    } else {
        allowed(name, min_node, known, problems)?;
        allowed(name, max_node, known, problems)?;
    }

    let is_literal = |key: &str| {
        fields
            .get(key)
            .is_none_or(|node| matches!(node.scalar(), Some(Value::Int(_))))
    };
    let are_integers = ["min", "max", "q"].into_iter().all(is_literal);
    let is_integer = match known.map(|known| known.kind) {
        Some(HyperparameterKind::Number { .. }) => false,
        Some(HyperparameterKind::Integer { .. }) => true,
        Some(HyperparameterKind::Word(_)) | None => distribution
            .and_then(|distribution| distribution.is_integer)
            .unwrap_or(are_integers),
    };
    if !is_integer {
        if let Some(message) = step.and_then(|step| wrong_grid(name, min, max, is_log, step)) {
            let node = fields.get("q").unwrap_or(max_node);
            problems.error(Diagnostic::error(&node.place, message));
            return None;
        }
        return Some(Domain::Float {
            min,
            max,
            log: is_log,
            step,
        });
    }
    if distribution.and_then(|distribution| distribution.is_integer) == Some(false) {
        let place = &fields.get("distribution")?.place;
        let instead = if is_log {
            "int_log_uniform_values"
        } else {
            "int_uniform"
        };
        problems.error(
            Diagnostic::error(place, format!("`{name}` takes whole numbers")).with_label(format!("write `{instead}`")),
        );
        return None;
    }
    let mut whole = |key: &str, number: f64| whole(name, fields, key, number, problems);
    let (min, max, step) = (whole("min", min), whole("max", max), whole("q", step.unwrap_or(1.0)));
    Some(Domain::Int {
        min: min?,
        max: max?,
        log: is_log,
        step: step?,
    })
}

/// A bound or step of a range of whole numbers.
fn whole(name: &str, fields: &Fields<'_>, key: &str, number: f64, problems: &mut Problems) -> Option<i64> {
    if number.fract() == 0.0 && number.abs() <= LARGEST_INTEGER {
        return Some(number as i64);
    }
    let place = fields.get(key).map_or(fields.place, |node| &node.place);
    problems.error(Diagnostic::error(
        place,
        format!("`{key}` of `{name}` must be a whole number below 2^53"),
    ));
    None
}

/// What is wrong with the bounds of a range, if anything: at which key, and how.
fn wrong_bounds(name: &str, min: f64, max: f64, is_log: bool) -> Option<(&'static str, String, String)> {
    if min > max {
        let message = format!("the range of `{name}` is empty: `min` is greater than `max`");
        return Some(("min", message, format!("greater than {max}")));
    }
    if !(max - min).is_finite() || min.abs().max(max.abs()) > 1e300 {
        let message = format!("the range of `{name}` is too wide");
        return Some(("max", message, "numbers end at 1e300 here".to_owned()));
    }
    let message = format!("`{name}` is searched on a logarithmic scale, so `min` must be greater than 0");
    (is_log && min <= 0.0).then(|| ("min", message, "has no logarithm".to_owned()))
}

/// What is wrong with a step of a range of floats, if anything.
fn wrong_grid(name: &str, min: f64, max: f64, is_log: bool, step: f64) -> Option<String> {
    // The values of a logarithmic range are the multiples of the step.
    let first = if is_log {
        (min / step - 1e-9).ceil().max(1.0) * step
    } else {
        min
    };
    if (max - min) / step > MOST_STEPS {
        return Some(format!(
            "`q` divides the range of `{name}` into more than {MOST_STEPS:e} steps"
        ));
    }
    (first > max + step * 1e-9).then(|| format!("the range of `{name}` holds no multiple of `q`"))
}
