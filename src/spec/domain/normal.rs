//! Normal and log-normal distributions.

use super::allowed;
use super::range::{first_multiple, whole, wrong_bounds, wrong_grid};
use crate::catalogue::{Hyperparameter, HyperparameterKind};
use crate::space::{Domain, Value};
use crate::spec::diagnostics::Diagnostic;
use crate::spec::hyperparameter_values::accept;
use crate::spec::reader::{self, Fields, Problems};

/// Number of standard deviations from the mean at which a normal distribution is truncated, unless its bounds are
/// nearer. Fewer than one draw in ten thousand would lie beyond. A searcher at the edge of the unit interval finds a
/// plausible value.
const MOST_DEVIATIONS: f64 = 4.0;

/// Reads `mu`, `sigma` and, if given, bounds and a step. The resulting bounds are at most 4 standard deviations from
/// the mean.
pub(super) fn read(
    name: &str,
    fields: &Fields<'_>,
    is_log: bool,
    is_stepped: bool,
    known: Option<&Hyperparameter>,
    problems: &mut Problems,
) -> Option<Domain> {
    let step = match fields.get("q") {
        // The default of W&B, like those of `mu` and `sigma`.
        None => Some(is_stepped.then_some(1.0)),
        Some(node) => reader::number_that(node, "q", |q| q > 0.0, "greater than 0", problems).map(Some),
    };
    let bell = Bell::read(name, fields, is_log, known, problems)?;
    let step = step?;
    let min = bell.first(step);
    if let Some(rule) = known.and_then(|known| [min, bell.max].iter().find_map(|end| refused(known, *end))) {
        let Bell { max, .. } = bell;
        let message = format!("`{name}` must be {rule}, but the distribution reaches from {min:?} to {max:?}");
        problems.error(Diagnostic::error(fields.location, message).with_help("give it a `min` and a `max`"));
        return None;
    }
    let range = match (is_integer(fields, step, known), step) {
        (false, _) => bell.floats(name, fields, min, step, problems)?,
        (true, Some(step)) => bell.integers(name, fields, min, step, problems)?,
        (true, None) => {
            let location = fields
                .get("distribution")
                .map_or(fields.location, |node| &node.location);
            let instead = if is_log { "q_log_normal" } else { "q_normal" };
            let error = Diagnostic::error(location, format!("`{name}` takes whole numbers"));
            problems.error(error.with_label(format!("write `{instead}`")));
            return None;
        }
    };
    Some(range.normal(bell.mean, bell.deviation))
}

/// A normal distribution before a step is applied to its bounds.
#[derive(Clone, Copy)]
struct Bell {
    is_log: bool,
    mean: f64,
    deviation: f64,
    min: f64,
    max: f64,
}

impl Bell {
    fn read(
        name: &str,
        fields: &Fields<'_>,
        is_log: bool,
        known: Option<&Hyperparameter>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mean = fields
            .get("mu")
            .map_or(Some(0.0), |node| reader::number(node, "mu", problems));
        let deviation = fields.get("sigma").map_or(Some(1.0), |node| {
            reader::number_that(node, "sigma", |sigma| sigma > 0.0, "greater than 0", problems)
        });
        let mut bound = |key: &str| -> Option<Option<f64>> {
            let Some(node) = fields.get(key) else { return Some(None) };
            let number = reader::number(node, key, problems)?;
            allowed(name, node, known, problems)?;
            Some(Some(number))
        };
        let (given_min, given_max) = (bound("min"), bound("max"));
        let (mean, deviation, given_min, given_max) = (mean?, deviation?, given_min?, given_max?);
        if let (Some(min), Some(max)) = (given_min, given_max)
            && let Some((key, message, label)) = wrong_bounds(name, min, max, false)
        {
            let location = fields.get(key).map_or(fields.location, |node| &node.location);
            problems.error(Diagnostic::error(location, message).with_label(label));
            return None;
        }
        let scale = |position: f64| if is_log { position.exp() } else { position };
        let low = scale(mean - MOST_DEVIATIONS * deviation);
        let high = scale(mean + MOST_DEVIATIONS * deviation);
        let min = given_min.map_or(low, |min| min.max(low));
        let max = given_max.map_or(high, |max| max.min(high));
        if min <= max && min.abs().max(max.abs()) <= 1e300 && (max - min).is_finite() {
            return Some(Self {
                is_log,
                mean,
                deviation,
                min,
                max,
            });
        }
        let key = if given_min.is_some_and(|min| min > high) {
            "min"
        } else {
            "max"
        };
        let location = fields.get(key).map_or(fields.location, |node| &node.location);
        let message = format!("the range of `{name}` lies further than {MOST_DEVIATIONS} `sigma` from `mu`");
        let label = format!("the distribution lies between {low:?} and {high:?}");
        problems.error(Diagnostic::error(location, message).with_label(label));
        None
    }

    /// The smallest value. With a step, all values are multiples of it.
    fn first(&self, step: Option<f64>) -> f64 {
        let Some(step) = step else { return self.min };
        let first = first_multiple(self.min, step);
        if self.is_log { first.max(step) } else { first }
    }

    fn floats(
        &self,
        name: &str,
        fields: &Fields<'_>,
        min: f64,
        step: Option<f64>,
        problems: &mut Problems,
    ) -> Option<Domain> {
        self.check_grid(name, fields, min, step, problems)?;
        Some(Domain::Float {
            min,
            max: self.max,
            log: self.is_log,
            step,
        })
    }

    fn integers(
        &self,
        name: &str,
        fields: &Fields<'_>,
        min: f64,
        step: f64,
        problems: &mut Problems,
    ) -> Option<Domain> {
        self.check_grid(name, fields, min, None, problems)?;
        let mut whole = |key: &str, number: f64| whole(name, fields, key, number, problems);
        let (min, max, step) = (whole("min", min), whole("max", self.max.floor()), whole("q", step));
        Some(Domain::Int {
            min: min?,
            max: max?,
            log: self.is_log,
            step: step?,
        })
    }

    fn check_grid(
        &self,
        name: &str,
        fields: &Fields<'_>,
        min: f64,
        step: Option<f64>,
        problems: &mut Problems,
    ) -> Option<()> {
        let is_empty = min > self.max;
        let message = is_empty
            .then(|| format!("the range of `{name}` holds no multiple of `q`"))
            .or_else(|| wrong_grid(name, min, self.max, self.is_log, step?));
        let Some(message) = message else { return Some(()) };
        let node = fields.get("q").or_else(|| fields.get("distribution"));
        problems.error(Diagnostic::error(
            node.map_or(fields.location, |node| &node.location),
            message,
        ));
        None
    }
}

fn is_integer(fields: &Fields<'_>, step: Option<f64>, known: Option<&Hyperparameter>) -> bool {
    let is_whole_literal = |key: &str| {
        fields
            .get(key)
            .is_none_or(|node| matches!(node.scalar(), Some(Value::Int(_))))
    };
    match known.map(|known| known.kind) {
        Some(HyperparameterKind::Number { .. }) => false,
        Some(HyperparameterKind::Integer { .. }) => true,
        Some(HyperparameterKind::Word(_) | HyperparameterKind::WordOrNumbers(_) | HyperparameterKind::Flag) | None => {
            step.is_some() && ["min", "max", "q"].into_iter().all(is_whole_literal)
        }
    }
}

/// The reason why a hyperparameter cannot take a value at the end of its range.
fn refused(known: &Hyperparameter, bound: f64) -> Option<String> {
    let bound = match known.kind {
        HyperparameterKind::Integer { .. } => bound.round(),
        HyperparameterKind::Number { .. }
        | HyperparameterKind::Word(_)
        | HyperparameterKind::WordOrNumbers(_)
        | HyperparameterKind::Flag => bound,
    };
    accept(known.kind, &Value::Float(bound)).err()
}
