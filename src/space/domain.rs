//! The values a parameter may take, and their place in the unit interval.

use super::Value;

/// The values a parameter may take. Built by `spec`, which has checked that it is not empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Real numbers in `[min, max]`; `log` means uniform in the logarithm; with `step` only `min + i·step`
    /// (for a logarithmic range: the multiples of `step` inside the range).
    Float {
        /// Smallest value, inclusive.
        min: f64,
        /// Largest value, inclusive.
        max: f64,
        /// Uniform in the logarithm.
        log: bool,
        /// Distance of neighbouring values.
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
        /// Distance of neighbouring values, at least 1.
        step: i64,
    },
    /// One of several values; `ordered` means that neighbours in the list are alike.
    Choice {
        /// The values, at least one, all different.
        values: Vec<Value>,
        /// Neighbours in the list are alike.
        ordered: bool,
    },
}

impl Domain {
    /// The number of different values, if there are finitely many (a float without `step` has none).
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Self::Float { min, max, .. } if min == max => Some(1),
            Self::Float { step: None, .. } => None,
            Self::Float { min, max, log, step: Some(step) } => {
                let first = first_step(*min, *log, *step);
                Some(((max - first) / step + STEP_SLACK).floor() as u64 + 1)
            }
            Self::Int { min, max, step, .. } => Some(((max - min) / step) as u64 + 1),
            Self::Choice { values, .. } => Some(values.len() as u64),
        }
    }

    /// Whether equal distances in the unit interval mean anything: not for unordered choices.
    pub fn is_numeric(&self) -> bool {
        !matches!(self, Self::Choice { ordered: false, .. })
    }

    /// The value at `unit`, a point of `[0, 1]` (clamped). Every value has a share of the interval:
    /// equal shares for choices and steps, shares by logarithm where the domain is logarithmic.
    pub fn decode(&self, unit: f64) -> Value {
        let unit = unit.clamp(0.0, 1.0);
        match self {
            Self::Float { min, max, .. } if min == max => Value::Float(*min),
            Self::Float { min, max, log, step: None } => {
                let value = if *log { (min.ln() + unit * (max.ln() - min.ln())).exp() } else { min + unit * (max - min) };
                Value::Float(value.clamp(*min, *max))
            }
            Self::Float { min, max, log, step: Some(step) } => {
                let first = first_step(*min, *log, *step);
                let steps = (self.cardinality().unwrap_or(1) - 1) as f64;
                let index = if *log {
                    let (low, high) = ((first - step / 2.0).max(min * 0.5).ln(), (first + (steps + 0.5) * step).ln());
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
            Self::Choice { values, .. } => {
                let index = (unit * values.len() as f64).floor() as usize;
                values[index.min(values.len() - 1)].clone()
            }
        }
    }

    /// The middle of the share of `value` in the unit interval; `None` if the domain does not contain it.
    pub fn encode(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Float { min, max, log, step } => {
                let number = value.as_f64().filter(|number| (*min..=*max).contains(number))?;
                if min == max {
                    return Some(0.5);
                }
                let Some(step) = step else {
                    return Some(if *log { (number / min).ln() / (max / min).ln() } else { (number - min) / (max - min) });
                };
                let first = first_step(*min, *log, *step);
                let index = ((number - first) / step).round();
                let steps = (self.cardinality()? - 1) as f64;
                let is_on_grid = (number - first - index * step).abs() <= 1e-9 * step.max(number.abs());
                if !is_on_grid || index < 0.0 || index > steps {
                    return None;
                }
                Some(if *log {
                    let (low, high) = ((first - step / 2.0).max(min * 0.5).ln(), (first + (steps + 0.5) * step).ln());
                    (number.ln() - low) / (high - low)
                } else {
                    (index + 0.5) / (steps + 1.0)
                })
            }
            Self::Int { min, max, log, step } => {
                let number = value.as_i64().filter(|number| (*min..=*max).contains(number) && (number - min) % step == 0)?;
                Some(if *log {
                    let (low, high) = log_bounds(*min, *max);
                    ((number as f64).ln() - low) / (high - low)
                } else {
                    ((number - min) / step) as f64 / ((max - min) / step + 1) as f64
                        + 0.5 / ((max - min) / step + 1) as f64
                })
            }
            Self::Choice { values, .. } => {
                let index = values.iter().position(|choice| choice.is_same(value))?;
                Some((index as f64 + 0.5) / values.len() as f64)
            }
        }
    }
}

/// A step that ends this close above `max` (in steps) still counts as inside: 0.5/0.05 is not exactly 10.
const STEP_SLACK: f64 = 1e-9;

fn first_step(min: f64, log: bool, step: f64) -> f64 {
    if log { (min / step - STEP_SLACK).ceil() * step } else { min }
}

/// `first + index·step` without the tail of binary rounding: 0.15, not 0.15000000000000002.
fn on_grid(first: f64, index: f64, step: f64) -> f64 {
    let exact = first + index * step;
    let digits = (15.0 - exact.abs().max(step).log10().ceil()).clamp(0.0, 300.0);
    format!("{exact:.0$}", digits as usize - usize::from(digits >= 1.0)).parse().unwrap_or(exact)
}

/// Half a step of room at both ends, so that the smallest and the largest number get a whole share.
fn log_bounds(min: i64, max: i64) -> (f64, f64) {
    ((min as f64 - 0.5).ln(), (max as f64 + 0.5).ln())
}
