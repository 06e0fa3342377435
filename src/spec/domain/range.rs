//! Ranges of numbers.

use super::allowed;
use crate::catalogue::{Hyperparameter, HyperparameterKind};
use crate::space::{Domain, Value};
use crate::spec::diagnostics::Diagnostic;
use crate::spec::distributions::{Bounds, RangeRules};
use crate::spec::hyperparameter_values::accept;
use crate::spec::reader::{self, Fields, Problems};

/// Largest bound: beyond it, neighbouring integers are the same `f64`.
const LARGEST_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Maximum number of steps. More are a misprint of `q`, and would exceed the precision of an `f64`.
const MOST_STEPS: f64 = 1e9;

/// Reads bounds and, if given, a step and a scale.
pub(super) fn read(
    name: &str,
    fields: &Fields<'_>,
    distribution: Option<RangeRules>,
    known: Option<&Hyperparameter>,
    problems: &mut Problems,
) -> Option<Domain> {
    let (min_node, max_node) = (fields.get("min")?, fields.get("max")?);
    let bounds = (
        reader::number(min_node, "min", problems),
        reader::number(max_node, "max", problems),
    );
    let is_log = match fields.get("log") {
        Some(node) => reader::boolean(node, "log", problems)?,
        None => false,
    } || distribution.is_some_and(|distribution| distribution.is_log);
    let (Some(mut min), Some(mut max)) = bounds else {
        return None;
    };

    let Steps { q: step, from_min } = steps(name, fields, distribution, is_log, problems)?;
    let meaning = distribution.map_or(Bounds::Values, |distribution| distribution.bounds);
    let has_exponents = meaning != Bounds::Values;
    (min, max) = match meaning {
        Bounds::Values => (min, max),
        Bounds::Exponents => (min.exp(), max.exp()),
        Bounds::InverseExponents => ((-max).exp(), (-min).exp()),
    };
    if has_exponents {
        let node = fields.get("distribution")?;
        let word = node.scalar().map(|word| word.to_string()).unwrap_or_default();
        problems.warning(
            &node.location,
            format!("the bounds of `{word}` are exponents of e: `{name}` is searched from {min:e} to {max:e}"),
            "write `distribution: log_uniform_values` with the bounds themselves",
        );
    }
    if let Some((key, message, label)) = wrong_bounds(name, min, max, is_log) {
        let location = &fields.get(key).unwrap_or(max_node).location;
        problems.error(Diagnostic::error(location, message).with_label(label));
        return None;
    }
    if has_exponents {
        allowed_values(name, fields, [min, max], known, problems)?;
    } else {
        allowed(name, min_node, known, problems)?;
        allowed(name, max_node, known, problems)?;
    }

    let is_literal = |key: &str| {
        fields
            .get(key)
            .is_none_or(|node| matches!(node.scalar(), Some(Value::Int(_))))
    };
    let are_integers = ["min", "max", "q", "step"].into_iter().all(is_literal);
    // W&B makes integers of the multiples of an integer, even if the bounds are exponents.
    let is_stepped = distribution.is_some_and(|distribution| distribution.is_stepped);
    if has_exponents && is_stepped && is_literal("q") {
        let step = step.unwrap_or(1.0);
        return whole_multiples(name, fields, (min, max), is_log, step, problems);
    }
    let is_integer = match known.map(|known| known.kind) {
        Some(HyperparameterKind::Number { .. }) => false,
        Some(HyperparameterKind::Integer { .. }) => true,
        Some(HyperparameterKind::Word(_) | HyperparameterKind::WordOrNumbers(_) | HyperparameterKind::Flag) | None => {
            distribution
                .and_then(|distribution| distribution.is_integer)
                .unwrap_or(are_integers)
        }
    };
    // A range with a single value keeps that value, multiple or not.
    if let Some(step) = step.filter(|_| min < max && (!is_log || is_integer)) {
        min = first_on_grid(name, fields, (min, max), step, problems)?;
    }
    let (step, key) = match from_min {
        Some(step) => (Some(step), "step"),
        None => (step, "q"),
    };
    if !is_integer {
        if let Some(message) = step.and_then(|step| wrong_grid(name, min, max, is_log, step)) {
            let node = fields.get(key).unwrap_or(max_node);
            problems.error(Diagnostic::error(&node.location, message));
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
        let at = &fields.get("distribution")?.location;
        let instead = if is_log {
            "int_log_uniform_values"
        } else {
            "int_uniform"
        };
        problems.error(
            Diagnostic::error(at, format!("`{name}` takes whole numbers")).with_label(format!("write `{instead}`")),
        );
        return None;
    }
    let mut whole = |key: &str, number: f64| whole(name, fields, key, number, problems);
    let (min, max, step) = (whole("min", min), whole("max", max), whole(key, step.unwrap_or(1.0)));
    Some(Domain::Int {
        min: min?,
        max: max?,
        log: is_log,
        step: step?,
    })
}

/// The distance between neighbouring values.
struct Steps {
    /// Step of `q`: the values are its multiples.
    q: Option<f64>,
    /// Step of `step`: the values are counted from the lower bound.
    from_min: Option<f64>,
}

/// Reads `q` and `step`; `None` after an error in them.
fn steps(
    name: &str,
    fields: &Fields<'_>,
    distribution: Option<RangeRules>,
    is_log: bool,
    problems: &mut Problems,
) -> Option<Steps> {
    let positive = |key: &str, problems: &mut Problems| match fields.get(key) {
        None => Some(None),
        Some(node) => reader::number_that(node, key, |step| step > 0.0, "greater than 0", problems).map(Some),
    };
    let is_stepped = distribution.is_some_and(|distribution| distribution.is_stepped);
    let q = positive("q", problems)?.or(is_stepped.then_some(1.0));
    let from_min = positive("step", problems)?;
    let wrong = match (q.is_some(), is_log) {
        (true, _) => Some((
            format!("`{name}` has two steps: `q` counts multiples of a number, `step` counts from `min`"),
            "keep one of them",
        )),
        (false, true) => Some((
            format!("`{name}` is searched on a logarithmic scale, so it has no `step`"),
            "write `q` for multiples of a number",
        )),
        (false, false) => None,
    };
    if let (Some(node), Some((message, help))) = (fields.get("step"), wrong) {
        problems.error(Diagnostic::error(&node.location, message).with_help(help));
        return None;
    }
    Some(Steps { q, from_min })
}

/// The multiples of an integer between two bounds that need not be multiples themselves.
fn whole_multiples(
    name: &str,
    fields: &Fields<'_>,
    (min, max): (f64, f64),
    log: bool,
    step: f64,
    problems: &mut Problems,
) -> Option<Domain> {
    let (first, last) = (first_multiple(min, step).max(step), (max / step).floor() * step);
    if first > last {
        refuse_empty_grid(name, fields, problems);
        return None;
    }
    let mut whole = |key: &str, number: f64| whole(name, fields, key, number, problems);
    let (min, max, step) = (whole("min", first), whole("max", last), whole("q", step));
    Some(Domain::Int {
        min: min?,
        max: max?,
        log,
        step: step?,
    })
}

/// Checks that the bounds, computed from exponents, are values that the parameter accepts.
fn allowed_values(
    name: &str,
    fields: &Fields<'_>,
    bounds: [f64; 2],
    known: Option<&Hyperparameter>,
    problems: &mut Problems,
) -> Option<()> {
    let refused = bounds.map(|bound| known.map(|known| accept(known.kind, &Value::Float(bound))));
    let Some(Err(rule)) = refused.into_iter().flatten().find(Result::is_err) else {
        return Some(());
    };
    problems.error(Diagnostic::error(fields.location, format!("`{name}` must be {rule}")));
    None
}

/// The first multiple of the step in the range, wherever the range begins, as in W&B, hyperopt, NNI and Ray Tune.
fn first_on_grid(
    name: &str,
    fields: &Fields<'_>,
    (min, max): (f64, f64),
    step: f64,
    problems: &mut Problems,
) -> Option<f64> {
    let first = first_multiple(min, step);
    if first <= max + step * GRID_SLACK {
        return Some(first);
    }
    refuse_empty_grid(name, fields, problems);
    None
}

fn refuse_empty_grid(name: &str, fields: &Fields<'_>, problems: &mut Problems) {
    let location = fields
        .get("q")
        .or_else(|| fields.get("max"))
        .map_or(fields.location, |node| &node.location);
    problems.error(Diagnostic::error(
        location,
        format!("the range of `{name}` holds no multiple of `q`"),
    ));
}

/// Tolerance in steps: a multiple this close below a bound counts as the bound.
const GRID_SLACK: f64 = 1e-9;

/// The smallest multiple of `step` that is at least `min`.
pub(in crate::spec) fn first_multiple(min: f64, step: f64) -> f64 {
    let multiple = (min / step - GRID_SLACK).ceil() * step;
    if (multiple - min).abs() <= step * GRID_SLACK {
        return min;
    }
    // Removes the binary rounding error, and turns -0.0 into 0.0.
    format!("{multiple:.12e}").parse().unwrap_or(multiple) + 0.0
}

/// Reads a bound or step of an integer range.
pub(super) fn whole(name: &str, fields: &Fields<'_>, key: &str, number: f64, problems: &mut Problems) -> Option<i64> {
    if number.fract() == 0.0 && number.abs() <= LARGEST_INTEGER {
        return Some(number as i64);
    }
    let location = fields.get(key).map_or(fields.location, |node| &node.location);
    problems.error(Diagnostic::error(
        location,
        format!("`{key}` of `{name}` must be a whole number below 2^53"),
    ));
    None
}

/// The error in the bounds of a range, if there is one: its key, message and label.
pub(super) fn wrong_bounds(name: &str, min: f64, max: f64, is_log: bool) -> Option<(&'static str, String, String)> {
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

/// The error in the step of a float range, if there is one.
pub(super) fn wrong_grid(name: &str, min: f64, max: f64, is_log: bool, step: f64) -> Option<String> {
    // The values of a logarithmic range are multiples of the step.
    let first = if is_log {
        (min / step - 1e-9).ceil().max(1.0) * step
    } else {
        min
    };
    if (max - min) / step > MOST_STEPS {
        return Some(format!(
            "the step divides the range of `{name}` into more than {MOST_STEPS:e} steps"
        ));
    }
    (first > max + step * 1e-9).then(|| format!("the range of `{name}` holds no multiple of `q`"))
}
