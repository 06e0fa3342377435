//! Normal and log-normal distributions.

use super::{MOST_DEVIATIONS, allowed, whole, wrong_bounds, wrong_grid};
use crate::space::{Domain, Value};
use crate::spec::diagnostics::Diagnostic;
use crate::spec::hyperparameters::{Hyperparameter, HyperparameterKind};
use crate::spec::reader::{self, Fields, Problems};

/// Reads `mu`, `sigma` and, where they are given, bounds and a step. The bounds come out no further than 4 deviations
/// from the mean.
pub(super) fn read(
    name: &str,
    fields: &Fields<'_>,
    is_log: bool,
    is_stepped: bool,
    known: Option<&Hyperparameter>,
    problems: &mut Problems,
) -> Option<Domain> {
    // The defaults of W&B.
    let mean = fields
        .get("mu")
        .map_or(Some(0.0), |node| reader::number(node, "mu", problems));
    let deviation = fields.get("sigma").map_or(Some(1.0), |node| {
        reader::number_that(node, "sigma", |sigma| sigma > 0.0, "greater than 0", problems)
    });
    let step = match fields.get("q") {
        None => is_stepped.then_some(1.0),
        Some(node) => Some(reader::number_that(node, "q", |q| q > 0.0, "greater than 0", problems)?),
    };
    let mut bound = |key: &str| -> Option<Option<f64>> {
        let Some(node) = fields.get(key) else { return Some(None) };
        let number = reader::number(node, key, problems)?;
        allowed(name, node, known, problems)?;
        Some(Some(number))
    };
    let (given_min, given_max) = (bound("min"), bound("max"));
    let (mean, deviation, given_min, given_max) = (mean?, deviation?, given_min?, given_max?);

    let scale = |position: f64| if is_log { position.exp() } else { position };
    let low = scale(mean - MOST_DEVIATIONS * deviation);
    let high = scale(mean + MOST_DEVIATIONS * deviation);
    let (min, max) = (given_min.map_or(low, |min| min.max(low)), given_max.map_or(high, |max| max.min(high)));
    if let (Some(min), Some(max)) = (given_min, given_max)
        && let Some((key, message, label)) = wrong_bounds(name, min, max, false)
    {
        let place = fields.get(key).map_or(fields.place, |node| &node.place);
        problems.error(Diagnostic::error(place, message).with_label(label));
        return None;
    }
    if !(min <= max && (max - min).is_finite() && max.abs() <= 1e300) {
        let key = if given_min.is_some_and(|min| min > high) { "min" } else { "max" };
        let place = fields.get(key).map_or(fields.place, |node| &node.place);
        let message = format!("the range of `{name}` lies further than {MOST_DEVIATIONS} `sigma` from `mu`");
        let label = format!("the distribution lies between {low:?} and {high:?}");
        problems.error(Diagnostic::error(place, message).with_label(label));
        return None;
    }
    let is_whole_literal = |key: &str| {
        fields
            .get(key)
            .is_none_or(|node| matches!(node.scalar(), Some(Value::Int(_))))
    };
    let is_integer = match known.map(|known| known.kind) {
        Some(HyperparameterKind::Number { .. }) => false,
        Some(HyperparameterKind::Integer { .. }) => true,
        Some(HyperparameterKind::Word(_)) | None => {
            step.is_some() && ["min", "max", "q"].into_iter().all(is_whole_literal)
        }
    };
    // Values at a distance are counted from the bound that was given; without one they are multiples of the distance.
    let first = match (step, given_min) {
        (None, _) => min,
        (Some(_), Some(given)) if given >= low => given,
        (Some(step), given) => next_step(given.unwrap_or(0.0), step, min),
    };
    let first = if is_log { first.max(step.unwrap_or(first)) } else { first };
    if let Some(rule) = known.and_then(|known| [first, max].iter().find_map(|end| refused(known, *end))) {
        let message = format!("`{name}` must be {rule}, but the distribution reaches from {first:?} to {max:?}");
        problems.error(Diagnostic::error(fields.place, message).with_help("give it a `min` and a `max`"));
        return None;
    }
    let Some(step) = step else {
        if is_integer {
            let place = fields.get("distribution").map_or(fields.place, |node| &node.place);
            let instead = if is_log { "q_log_normal" } else { "q_normal" };
            let error = Diagnostic::error(place, format!("`{name}` takes whole numbers"));
            problems.error(error.with_label(format!("write `{instead}`")));
            return None;
        }
        let range = Domain::Float {
            min,
            max,
            log: is_log,
            step: None,
        };
        return Some(range.normal(mean, deviation));
    };
    if let Some(message) = wrong_grid(name, first, max, is_log, step).or_else(|| {
        (first > max).then(|| format!("the range of `{name}` holds no multiple of `q`"))
    }) {
        let node = fields.get("q").or(fields.get("max"));
        problems.error(Diagnostic::error(node.map_or(fields.place, |node| &node.place), message));
        return None;
    }
    let range = if is_integer {
        let mut whole = |key: &str, number: f64| whole(name, fields, key, number, problems);
        let (min, max, step) = (whole("min", first), whole("max", max.floor()), whole("q", step));
        Domain::Int {
            min: min?,
            max: max?,
            log: is_log,
            step: step?,
        }
    } else {
        Domain::Float {
            min: first,
            max,
            log: is_log,
            step: Some(step),
        }
    };
    Some(range.normal(mean, deviation))
}

/// The first of `anchor`, `anchor + step`, … (or backwards) that is at least `low`, without the tail of binary rounding.
fn next_step(anchor: f64, step: f64, low: f64) -> f64 {
    let exact = anchor + ((low - anchor) / step - 1e-9).ceil() * step;
    format!("{exact:.12e}").parse().unwrap_or(exact) + 0.0
}

fn refused(known: &Hyperparameter, bound: f64) -> Option<String> {
    let bound = match known.kind {
        HyperparameterKind::Integer { .. } => Value::Float(bound.round()),
        HyperparameterKind::Number { .. } | HyperparameterKind::Word(_) => Value::Float(bound),
    };
    known.kind.accept(&bound).err()
}
