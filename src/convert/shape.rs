//! The domain of one parameter, and the conversion of other programs' domains.

use crate::space::Value;

/// A domain in the terms of our specs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Constant(Value),
    /// One of several distinct values, optionally with a probability for each.
    Choice {
        values: Vec<Value>,
        probabilities: Option<Vec<f64>>,
    },
    /// Some numbers in ascending order.
    Steps(Vec<Value>),
    /// Real numbers, both bounds included.
    Float {
        min: f64,
        max: f64,
        log: bool,
        q: Option<f64>,
    },
    /// Integers, both bounds included.
    Int {
        min: i64,
        max: i64,
        log: bool,
        q: Option<i64>,
    },
    /// `min`, `min + step`, … up to `max`.
    Stepped {
        min: f64,
        max: f64,
        step: f64,
    },
    /// A normal distribution; with `log`, of the natural logarithm.
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

    /// Integers between two bounds, both included; `None` if a bound is not an integer.
    pub(super) fn int(min: f64, max: f64, log: bool) -> Option<Self> {
        Some(Self::Int {
            min: whole(min)?,
            max: whole(max)?,
            log,
            q: None,
        })
    }

    /// Integers from `min` up to but excluding `end`, as in most Python libraries.
    pub(super) fn int_below(min: f64, end: f64, log: bool) -> Option<Self> {
        Self::int(min, end - 1.0, log)
    }

    /// Values rounded to the nearest multiple of `q`, as other programs do it.
    ///
    /// The bounds are rounded too. The values are integers if both bounds and `q` are.
    pub(super) fn rounded(min: f64, max: f64, q: f64, log: bool) -> Self {
        let (min, max) = (multiple(min, q), multiple(max, q));
        // Below half a step the smallest value would be 0, which has no logarithm.
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

    /// As [`Self::rounded`], but rounded values outside the bounds are replaced by the nearest bound.
    pub(super) fn clipped(min: f64, max: f64, q: f64, log: bool) -> Self {
        let (first, last) = (multiple(min, q), multiple(max, q));
        if first >= min && last <= max {
            return Self::rounded(min, max, q, log);
        }
        let between = steps(first.max((min / q).ceil() * q), last.min(max), q);
        let all = Some(min).filter(|_| first < min).into_iter().chain(between);
        Self::ascending(all.chain(Some(max).filter(|_| last > max)).collect())
    }

    /// `min`, `min + step`, … up to `max`, as multiples of the step if `min` is one.
    pub(super) fn stepped(min: f64, max: f64, step: f64) -> Self {
        if multiple(min, step) == min {
            return match (whole(min), whole(max), whole(step)) {
                (Some(min), Some(max), Some(q)) if q > 1 => Self::Int {
                    min,
                    max,
                    log: false,
                    q: Some(q),
                },
                _ => Self::Float {
                    min,
                    max,
                    log: false,
                    q: Some(step),
                },
            };
        }
        Self::Stepped { min, max, step }
    }

    fn ascending(numbers: Vec<f64>) -> Self {
        let value = |number: f64| whole(number).map_or(Value::Float(number), Value::Int);
        Self::Steps(numbers.into_iter().map(value).collect())
    }
}

/// Maximum number of listed values; a longer list would be unreadable.
const MOST_LISTED: f64 = 10_000.0;

/// `first`, `first + step`, … up to `last`.
fn steps(first: f64, last: f64, step: f64) -> impl Iterator<Item = f64> {
    let count = ((last - first) / step + 1e-9).floor().clamp(-1.0, MOST_LISTED);
    (0..(count + 1.0) as u64).map(move |index| plain(first + index as f64 * step))
}

/// The nearest multiple of `q`, without rounding errors of the multiplication.
fn multiple(number: f64, q: f64) -> f64 {
    let exact = (number / q).round() * q;
    if (exact - number).abs() <= 1e-9 * q.max(number.abs()) {
        return number;
    }
    plain(exact)
}

/// The number rounded to 12 digits, without rounding errors of the computation.
pub(super) fn plain(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

/// The number as an integer, if a float holds it exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    Value::Float(number).as_i64()
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

    fn numbers(shape: &Shape) -> Vec<f64> {
        match shape {
            Shape::Steps(values) => values.iter().filter_map(Value::as_f64).collect(),
            other => panic!("{other:?} is no list"),
        }
    }

    #[test]
    fn rounding_never_leads_beyond_bounds_that_are_kept() {
        // NNI: clip(round(X / q) * q, low, high).
        assert_eq!(numbers(&Shape::clipped(1.0, 10.0, 3.0, false)), [1.0, 3.0, 6.0, 9.0]);
        assert_eq!(numbers(&Shape::clipped(2.0, 11.0, 3.0, false)), [3.0, 6.0, 9.0, 11.0]);
        assert_eq!(numbers(&Shape::clipped(0.04, 0.31, 0.1, false)), [0.04, 0.1, 0.2, 0.3]);
        assert_eq!(
            Shape::clipped(16.0, 64.0, 16.0, false),
            Shape::rounded(16.0, 64.0, 16.0, false)
        );
        assert_eq!(
            numbers(&Shape::clipped(1.0, 100.0, 10.0, false))[..3],
            [1.0, 10.0, 20.0]
        );
    }

    #[test]
    fn steps_from_a_bound_that_is_no_multiple_begin_there() {
        let (min, max, step) = (1.0, 10.0, 3.0);
        assert_eq!(Shape::stepped(min, max, step), Shape::Stepped { min, max, step });
        assert!(matches!(Shape::stepped(0.0, 0.5, 0.1), Shape::Float { q: Some(_), .. }));
    }

    #[test]
    fn an_exclusive_bound_is_left_out() {
        assert_eq!(Shape::int_below(0.0, 10.0, false), Shape::int(0.0, 9.0, false));
        assert_eq!(Shape::int(0.5, 3.0, false), None);
    }
}
