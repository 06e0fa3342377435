//! The values of a parameter, and their map to the unit interval.

use super::Value;
use super::expression::Datum;

/// The values that a parameter may take. `spec` builds it and has checked that it is not empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Real numbers in `[min, max]`. With `log` they are uniform in the logarithm. With `step` only `min + i·step` are
    /// allowed (on a logarithmic range: the multiples of `step` inside the range).
    Float {
        /// Smallest value, inclusive.
        min: f64,
        /// Largest value, inclusive.
        max: f64,
        /// Uniform in the logarithm.
        log: bool,
        /// Distance between neighbouring values.
        step: Option<f64>,
    },
    /// Whole numbers from `min` to `max`, both inclusive, every `step`-th.
    Int {
        /// Smallest value, inclusive.
        min: i64,
        /// Largest value, inclusive.
        max: i64,
        /// Uniform in the logarithm.
        log: bool,
        /// Distance between neighbouring values, at least 1.
        step: i64,
    },
    /// Numbers of a range with a normal distribution that is truncated at the ends of the range. On a logarithmic range
    /// the logarithm is normal: a log-normal distribution.
    Normal {
        /// A [`Self::Float`] or [`Self::Int`]. Its ends should lie within 5 standard deviations of the mean. Beyond
        /// that a value's part of the unit interval is narrower than a float can resolve.
        range: Box<Self>,
        /// The likeliest value, or its logarithm; it may lie outside the range.
        mean: f64,
        /// The standard deviation of the value, or of its logarithm; greater than 0.
        deviation: f64,
    },
    /// One of several values; with `ordered`, neighbours in the list are alike.
    Choice {
        /// The values, at least one, all different.
        values: Vec<Value>,
        /// True if neighbours in the list are alike.
        ordered: bool,
    },
    /// One of several values, each with a given probability.
    Weighted {
        /// The values, at least one, all different.
        values: Vec<Value>,
        /// The probability of each value: greater than 0, with sum 1.
        probabilities: Vec<f64>,
        /// True if neighbours in the list are alike.
        ordered: bool,
    },
}

impl Domain {
    /// The number of different values; `None` for infinitely many (a float without `step`).
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Self::Float { min, max, .. } if min == max => Some(1),
            Self::Float { step: None, .. } => None,
            Self::Float {
                min,
                max,
                log,
                step: Some(step),
            } => {
                let first = first_step(*min, *log, *step);
                Some(((max - first) / step + STEP_SLACK).floor() as u64 + 1)
            }
            Self::Int { min, max, step, .. } => Some(((max - min) / step) as u64 + 1),
            Self::Normal { range, .. } => range.cardinality(),
            Self::Choice { values, .. } | Self::Weighted { values, .. } => Some(values.len() as u64),
        }
    }

    /// The value at `unit`, a point of `[0, 1]` (clamped).
    ///
    /// Every value has a sub-interval whose width is the value's probability. Choices and steps have equal widths,
    /// unless the domain is logarithmic, normal or weighted. A uniform point of the interval thus gives a value with
    /// the distribution that the user specified.
    pub fn decode(&self, unit: f64) -> Value {
        // NaN counts as the middle: no arithmetic of a searcher may leave the space.
        let unit = if unit.is_nan() { 0.5 } else { unit.clamp(0.0, 1.0) };
        match self {
            Self::Float { min, max, .. } if min == max => Value::Float(*min),
            Self::Float {
                min,
                max,
                log,
                step: None,
            } => {
                let value = if *log {
                    (min.ln() + unit * (max.ln() - min.ln())).exp()
                } else {
                    between(*min, *max, unit)
                };
                Value::Float(value.clamp(*min, *max))
            }
            Self::Float {
                min,
                max,
                log,
                step: Some(step),
            } => {
                let first = first_step(*min, *log, *step);
                let steps = (self.cardinality().unwrap_or(1) - 1) as f64;
                let index = if *log {
                    let (low, high) = log_step_bounds(*min, first, steps, *step);
                    (((low + unit * (high - low)).exp() - first) / step).round()
                } else {
                    (unit * (steps + 1.0)).floor()
                };
                Value::Float(on_grid(first, index.clamp(0.0, steps), *step).clamp(*min, *max))
            }
            Self::Int { min, max, log, step } => {
                let steps = (max - min) / step;
                let index = if *log {
                    let (low, high) = log_bounds(*min, *max);
                    (((low + unit * (high - low)).exp() - *min as f64) / *step as f64).round() as i64
                } else {
                    (unit * (steps + 1) as f64).floor() as i64
                };
                Value::Int(min + index.clamp(0, steps) * step)
            }
            Self::Normal { range, .. } => match (range.cardinality(), self.curve()) {
                (None, Some((curve, scale))) => range.clamped(scale.value(curve.quantile(unit))),
                (Some(_), _) | (None, None) => range.nth(self.number_at(unit)),
            },
            Self::Choice { values, .. } => {
                let index = (unit * values.len() as f64).floor() as usize;
                values[index.min(values.len() - 1)].clone()
            }
            Self::Weighted { values, .. } => values[self.number_at(unit) as usize].clone(),
        }
    }

    /// The value with this index, counted from 0 in ascending order (choices: in their order). Indices beyond
    /// [`Self::cardinality`] give the last value; a domain with infinitely many values gives its smallest.
    pub fn nth(&self, number: u64) -> Value {
        let number = number.min(self.cardinality().unwrap_or(1) - 1);
        match self {
            Self::Float { min, step: None, .. } => Value::Float(*min),
            Self::Float {
                min,
                max,
                log,
                step: Some(step),
            } => {
                let first = first_step(*min, *log, *step);
                Value::Float(on_grid(first, number as f64, *step).clamp(*min, *max))
            }
            Self::Int { min, step, .. } => Value::Int(min + number as i64 * step),
            Self::Normal { range, .. } => range.nth(number),
            Self::Choice { values, .. } | Self::Weighted { values, .. } => values[number as usize].clone(),
        }
    }

    /// The middle of the sub-interval of `value` in the unit interval; `None` if the domain does not contain it.
    pub fn encode(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Float { min, max, log, step } => {
                let number = value.as_f64().filter(|number| (*min..=*max).contains(number))?;
                if min == max {
                    return Some(0.5);
                }
                let Some(step) = step else {
                    return Some(if *log {
                        log_ratio(number, *min) / log_ratio(*max, *min)
                    } else {
                        share_between(*min, *max, number)
                    });
                };
                let first = first_step(*min, *log, *step);
                let index = ((number - first) / step).round();
                let steps = (self.cardinality()? - 1) as f64;
                let is_on_grid = (number - first - index * step).abs() <= 1e-9 * step.max(number.abs());
                if !is_on_grid || index < 0.0 || index > steps {
                    return None;
                }
                Some(if *log {
                    let (low, high) = log_step_bounds(*min, first, steps, *step);
                    (number.ln() - low) / (high - low)
                } else {
                    (index + 0.5) / (steps + 1.0)
                })
            }
            Self::Int { min, max, log, step } => {
                let number = value
                    .as_i64()
                    .filter(|number| (*min..=*max).contains(number) && (number - min) % step == 0)?;
                Some(if *log {
                    let (low, high) = log_bounds(*min, *max);
                    ((number as f64).ln() - low) / (high - low)
                } else {
                    ((number - min) / step) as f64 / ((max - min) / step + 1) as f64
                        + 0.5 / ((max - min) / step + 1) as f64
                })
            }
            Self::Normal { range, .. } => match (range.number(value), self.curve()) {
                (Some(number), _) => Some(self.middle(number)),
                (None, Some((curve, scale))) => {
                    range.encode(value)?;
                    value.as_f64().map(|number| curve.cumulative(scale.position(number)))
                }
                (None, None) => None,
            },
            Self::Choice { values, .. } => {
                let index = values.iter().position(|choice| choice.is_same(value))?;
                Some((index as f64 + 0.5) / values.len() as f64)
            }
            Self::Weighted { values, .. } => {
                let index = values.iter().position(|choice| choice.is_same(value))?;
                Some(self.middle(index as u64))
            }
        }
    }

    /// `value` in this domain's canonical form: among floats 3 becomes 3.0, and 0.30000000000000004 becomes the step
    /// 0.3. `None` if the domain does not contain it.
    pub fn canonical(&self, value: &Value) -> Option<Value> {
        self.encode(value)?;
        match self.number(value) {
            Some(number) => Some(self.nth(number)),
            None => value.as_f64().map(Value::Float),
        }
    }

    /// The value at `unit` in the form that an expression reads.
    pub(super) fn datum(&self, unit: f64) -> Datum<'_> {
        match self {
            Self::Choice { values, .. } | Self::Weighted { values, .. } => {
                Datum::from(&values[self.number_at(unit.clamp(0.0, 1.0)) as usize])
            }
            Self::Float { .. } | Self::Int { .. } | Self::Normal { .. } => {
                Datum::Number(self.decode(unit).as_f64().unwrap_or(f64::NAN))
            }
        }
    }

    fn middle(&self, number: u64) -> f64 {
        let share = self.share(number);
        f64::midpoint(share.start, share.end)
    }

    /// The smallest and the largest number of a range; `None` for a list of values.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Float { min, max, .. } => Some((*min, *max)),
            Self::Int { min, max, .. } => Some((*min as f64, *max as f64)),
            Self::Normal { range, .. } => range.bounds(),
            Self::Choice { .. } | Self::Weighted { .. } => None,
        }
    }

    /// The value of the domain that is nearest to `value`. A value that is not a number gives itself if the domain
    /// contains it, else `None`.
    pub fn nearest(&self, value: &Value) -> Option<Value> {
        if let Some(same) = self.canonical(value) {
            return Some(same);
        }
        let number = value.as_f64()?;
        if let (Some((min, max)), None) = (self.bounds(), self.cardinality()) {
            return Some(Value::Float(number.clamp(min, max)));
        }
        let count = self.cardinality()?;
        // Numbers of a range ascend, so bisection finds the two around the number; a list is searched in full.
        let around = if self.bounds().is_some() {
            let (mut low, mut high) = (0, count - 1);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if self.nth(middle).as_f64().is_some_and(|other| other <= number) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low..=high
        } else {
            0..=count - 1
        };
        let distance = |other: &Value| other.as_f64().map(|other| (other - number).abs());
        let numbers = around.map(|index| self.nth(index));
        let known = numbers.filter_map(|other| Some((distance(&other)?, other)));
        known
            .min_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, other)| other)
    }

    /// Number of orders of magnitude that a logarithmic range spans; `None` for other domains.
    pub fn magnitudes(&self) -> Option<f64> {
        match self {
            Self::Float {
                min, max, log: true, ..
            } => Some(log_ratio(*max, *min) / std::f64::consts::LN_10),
            Self::Int {
                min, max, log: true, ..
            } => Some((*max as f64 / *min as f64).log10()),
            Self::Normal { range, .. } => range.magnitudes(),
            Self::Float { .. } | Self::Int { .. } | Self::Choice { .. } | Self::Weighted { .. } => None,
        }
    }

    /// The largest whole number in the domain, if there is any.
    pub fn largest_integer(&self) -> Option<i64> {
        match self {
            Self::Int { max, .. } => Some(*max),
            Self::Float { max, .. } => Some(max.floor() as i64),
            Self::Normal { range, .. } => range.largest_integer(),
            Self::Choice { values, .. } | Self::Weighted { values, .. } => {
                values.iter().filter_map(Value::as_i64).max()
            }
        }
    }

    /// A number as a value, clamped to the bounds.
    fn clamped(&self, number: f64) -> Value {
        let (min, max) = self.bounds().unwrap_or((number, number));
        Value::Float(number.clamp(min, max))
    }
}

/// `min + unit·(max - min)`, correct even if the width of the range exceeds the largest float.
fn between(min: f64, max: f64, unit: f64) -> f64 {
    let width = max - min;
    if width.is_finite() {
        min + unit * width
    } else {
        min * (1.0 - unit) + max * unit
    }
}

/// The inverse of [`between`].
fn share_between(min: f64, max: f64, number: f64) -> f64 {
    let width = max - min;
    if width.is_finite() {
        (number - min) / width
    } else {
        (number / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0)
    }
}

/// `ln(number / min)`, correct even if the quotient exceeds the largest float.
fn log_ratio(number: f64, min: f64) -> f64 {
    let ratio = number / min;
    if ratio.is_finite() && ratio > 0.0 {
        ratio.ln()
    } else {
        number.ln() - min.ln()
    }
}

/// A step that ends this close above `max` (in steps) still counts as inside: 0.5/0.05 is not exactly 10.
const STEP_SLACK: f64 = 1e-9;

pub(super) fn first_step(min: f64, log: bool, step: f64) -> f64 {
    if log {
        (min / step - STEP_SLACK).ceil() * step
    } else {
        min
    }
}

/// `first + index·step` without binary rounding error: 0.15, not 0.15000000000000002.
fn on_grid(first: f64, index: f64, step: f64) -> f64 {
    /// Up to here a power of ten is exact, and the quotient of two exact numbers is the float nearest to the decimal.
    const EXACT_DIGITS: f64 = 22.0;
    let exact = first + index * step;
    let digits = (14.0 - exact.abs().max(step).log10().ceil()).clamp(0.0, 299.0);
    let rounded: f64 = if digits <= EXACT_DIGITS {
        let scale = 10_f64.powi(digits as i32);
        (exact * scale).round() / scale
    } else {
        format!("{exact:.0$}", digits as usize).parse().unwrap_or(exact)
    };
    // Never -0.0, which would be shown and hashed as a different value.
    rounded + 0.0
}

/// The same as [`log_bounds`] for values that start at `first` and continue for `steps` more steps.
pub(super) fn log_step_bounds(min: f64, first: f64, steps: f64, step: f64) -> (f64, f64) {
    (
        (first - step / 2.0).max(min * 0.5).ln(),
        (first + (steps + 0.5) * step).ln(),
    )
}

/// The logarithmic bounds, half a step beyond both ends, so that the outermost numbers get a full sub-interval.
pub(super) fn log_bounds(min: i64, max: i64) -> (f64, f64) {
    ((min as f64 - 0.5).ln(), (max as f64 + 0.5).ln())
}

#[cfg(test)]
mod tests;
