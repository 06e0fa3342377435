//! The domain of one parameter, and how the words of others become ours.

use crate::space::Value;

/// A domain in the words of our specs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Constant(Value),
    /// One of several values, all different, perhaps with a probability for each.
    Choice {
        values: Vec<Value>,
        probabilities: Option<Vec<f64>>,
    },
    /// Real numbers, both bounds included.
    Float {
        min: f64,
        max: f64,
        log: bool,
        q: Option<f64>,
    },
    /// Whole numbers, both bounds included.
    Int {
        min: i64,
        max: i64,
        log: bool,
        q: Option<i64>,
    },
    /// A normal distribution; with `log` that of the natural logarithm.
    Normal {
        mu: f64,
        sigma: f64,
        log: bool,
        q: Option<f64>,
    },
}

impl Shape {
    /// Real numbers between two bounds.
    pub(super) fn float(min: f64, max: f64, log: bool) -> Self {
        Self::Float { min, max, log, q: None }
    }

    /// Whole numbers between two bounds, both included; `None` if they are none.
    pub(super) fn int(min: f64, max: f64, log: bool) -> Option<Self> {
        Some(Self::Int {
            min: whole(min)?,
            max: whole(max)?,
            log,
            q: None,
        })
    }

    /// Whole numbers from `min` up to, but without, `end`, as most of Python's libraries count them.
    pub(super) fn int_below(min: f64, end: f64, log: bool) -> Option<Self> {
        Self::int(min, end - 1.0, log)
    }

    /// What others make by rounding to the nearest multiple of `q`. Our steps begin at the smaller bound, so the bounds
    /// become the multiples that theirs round to; whole numbers where all three are.
    pub(super) fn rounded(min: f64, max: f64, q: f64, log: bool) -> Self {
        let (min, max) = (multiple(min, q), multiple(max, q));
        // Below half a step the smallest would be 0, which has no logarithm.
        let min = if log && min <= 0.0 { q } else { min };
        match (whole(min), whole(max), whole(q)) {
            (Some(min), Some(max), Some(q)) => Self::Int {
                min,
                max,
                log,
                q: Some(q).filter(|q| *q != 1),
            },
            _ => Self::Float {
                min,
                max,
                log,
                q: Some(q),
            },
        }
    }

    /// Steps of `step` from `min` on, as our own.
    pub(super) fn stepped(min: f64, max: f64, step: f64) -> Self {
        Self::Float {
            min,
            max,
            log: false,
            q: Some(step),
        }
    }
}

/// The nearest multiple of `q`, without the noise of the multiplication.
fn multiple(number: f64, q: f64) -> f64 {
    let exact = (number / q).round() * q;
    if (exact - number).abs() <= 1e-9 * q.max(number.abs()) {
        return number;
    }
    plain(exact)
}

/// The number with 12 digits, without the noise that a computation leaves behind them.
pub(super) fn plain(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

/// The number as a whole one that a float holds exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    Value::Float(number).as_i64()
}

/// A value for what is no plain one: a list, a dictionary or nothing.
pub(super) fn stand_in(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_multiples_moves_the_bounds_onto_them() {
        assert_eq!(
            Shape::rounded(0.0, 0.5, 0.05, false),
            Shape::Float {
                min: 0.0,
                max: 0.5,
                log: false,
                q: Some(0.05)
            }
        );
        assert_eq!(
            Shape::rounded(0.04, 0.31, 0.1, false),
            Shape::Float {
                min: 0.0,
                max: 0.3,
                log: false,
                q: Some(0.1)
            }
        );
        assert_eq!(
            Shape::rounded(8.0, 64.0, 8.0, false),
            Shape::Int {
                min: 8,
                max: 64,
                log: false,
                q: Some(8)
            }
        );
        assert_eq!(
            Shape::rounded(1.0, 9.4, 1.0, true),
            Shape::Int {
                min: 1,
                max: 9,
                log: true,
                q: None
            }
        );
        assert_eq!(
            Shape::rounded(0.001, 0.1, 0.01, true),
            Shape::Float {
                min: 0.01,
                max: 0.1,
                log: true,
                q: Some(0.01)
            }
        );
    }

    #[test]
    fn an_exclusive_bound_is_left_out() {
        assert_eq!(Shape::int_below(0.0, 10.0, false), Shape::int(0.0, 9.0, false));
        assert_eq!(Shape::int(0.5, 3.0, false), None);
    }
}
