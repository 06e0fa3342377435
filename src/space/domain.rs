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
            Self::Choice { values, .. } => Some(values.len() as u64),
        }
    }

    /// The value at `unit`, a point of `[0, 1]` (clamped). Every value has a share of the interval:
    /// equal shares for choices and steps, shares by logarithm where the domain is logarithmic.
    pub fn decode(&self, unit: f64) -> Value {
        let unit = unit.clamp(0.0, 1.0);
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
                    min + unit * (max - min)
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
            Self::Choice { values, .. } => {
                let index = (unit * values.len() as f64).floor() as usize;
                values[index.min(values.len() - 1)].clone()
            }
        }
    }

    /// The value with this number, counted from 0 in ascending order (for choices: in their order); the last one beyond
    /// the [`Self::cardinality`], the smallest where there are infinitely many.
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
            Self::Choice { values, .. } => values[number as usize].clone(),
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
                    return Some(if *log {
                        (number / min).ln() / (max / min).ln()
                    } else {
                        (number - min) / (max - min)
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
            Self::Choice { values, .. } => {
                let index = values.iter().position(|choice| choice.is_same(value))?;
                Some((index as f64 + 0.5) / values.len() as f64)
            }
        }
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

/// `first + index·step` without the tail of binary rounding: 0.15, not 0.15000000000000002.
fn on_grid(first: f64, index: f64, step: f64) -> f64 {
    let exact = first + index * step;
    let digits = (15.0 - exact.abs().max(step).log10().ceil()).clamp(0.0, 300.0);
    let rounded: f64 = format!("{exact:.0$}", digits as usize - usize::from(digits >= 1.0))
        .parse()
        .unwrap_or(exact);
    // Never -0.0, which would be shown and hashed as another value.
    rounded + 0.0
}

/// The same for steps from `first`, of which there are `steps` more.
pub(super) fn log_step_bounds(min: f64, first: f64, steps: f64, step: f64) -> (f64, f64) {
    (
        (first - step / 2.0).max(min * 0.5).ln(),
        (first + (steps + 0.5) * step).ln(),
    )
}

/// Half a step of room at both ends, so that the smallest and the largest number get a whole share.
pub(super) fn log_bounds(min: i64, max: i64) -> (f64, f64) {
    ((min as f64 - 0.5).ln(), (max as f64 + 0.5).ln())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts() -> Vec<Value> {
        ["a", "b", "c"].map(|text| Value::Text(text.to_owned())).to_vec()
    }

    /// Every kind of domain, with bounds of all sizes.
    fn any_domain() -> impl Strategy<Value = Domain> {
        let linear = (-1e6..1e6_f64, 0.0..1e6_f64);
        let log = (-12.0..3.0_f64, 0.0..12.0_f64);
        prop_oneof![
            linear.clone().prop_map(|(min, width)| Domain::Float {
                min,
                max: min + width,
                log: false,
                step: None
            }),
            log.clone().prop_map(|(low, width)| Domain::Float {
                min: 10_f64.powf(low),
                max: 10_f64.powf(low + width),
                log: true,
                step: None
            }),
            (
                -50..50_i64,
                0..200_i64,
                prop::sample::select(vec![0.05, 0.1, 0.3, 0.001, 1.0, 2.5, 1e-5])
            )
                .prop_map(|(first, steps, step)| Domain::Float {
                    min: first as f64 * step,
                    max: (first + steps) as f64 * step,
                    log: false,
                    step: Some(step)
                }),
            (
                1..50_i64,
                0..200_i64,
                prop::sample::select(vec![0.05, 0.1, 0.3, 0.001, 1.0, 2.5, 1e-5])
            )
                .prop_map(|(first, steps, step)| Domain::Float {
                    min: first as f64 * step,
                    max: (first + steps) as f64 * step,
                    log: true,
                    step: Some(step)
                }),
            (-1000..1000_i64, 0..300_i64, 1..7_i64).prop_map(|(min, width, step)| Domain::Int {
                min,
                max: min + width,
                log: false,
                step
            }),
            (1..1000_i64, 0..300_i64, 1..7_i64).prop_map(|(min, width, step)| Domain::Int {
                min,
                max: min + width,
                log: true,
                step
            }),
            (1..4_usize, any::<bool>()).prop_map(|(count, ordered)| Domain::Choice {
                values: texts()[..count].to_vec(),
                ordered
            }),
        ]
    }

    /// Asserts that `value` lies inside the bounds of `domain`.
    fn is_inside(domain: &Domain, value: &Value) -> bool {
        match domain {
            Domain::Float { min, max, .. } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
            Domain::Int { min, max, .. } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
            Domain::Choice { values, .. } => values.contains(value),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_value_survives_encoding_and_decoding(domain in any_domain(), unit in 0.0..=1.0_f64) {
            let value = domain.decode(unit);
            prop_assert!(is_inside(&domain, &value), "{:?} left {:?}", value, domain);
            let place = domain.encode(&value);
            prop_assert!(place.is_some_and(|place| (0.0..=1.0).contains(&place)), "{:?} encodes as {:?}", value, place);
            let again = domain.decode(place.unwrap_or(f64::NAN));
            if let (Domain::Float { step: None, min, max, .. }, Value::Float(value), Value::Float(again)) = (&domain, &value, &again) {
                let tolerance = 1e-9 * value.abs().max((max - min) * 1e-3);
                prop_assert!((value - again).abs() <= tolerance, "{} became {}", value, again);
            } else {
                prop_assert_eq!(value, again);
            }
        }

        #[test]
        fn every_value_of_a_finite_domain_is_reached_in_order(domain in any_domain()) {
            let Some(count) = domain.cardinality() else { return Ok(()) };
            prop_assume!(count > 1);
            let mut values: Vec<Value> = Vec::new();
            // The narrowest share here is that of the last of 200 steps on a logarithmic scale.
            for point in 0..=20_000 {
                let value = domain.decode(f64::from(point) / 20_000.0);
                if values.last() != Some(&value) {
                    values.push(value);
                }
            }
            prop_assert_eq!(values.len() as u64, count, "{:?}", values);
            prop_assert!(values.iter().all(|value| domain.encode(value).is_some()));
        }

        #[test]
        fn shares_cover_the_interval_and_hold_their_value(domain in any_domain()) {
            let Some(count) = domain.cardinality() else { return Ok(()) };
            let mut end = 0.0;
            for number in 0..count {
                let share = domain.share(number);
                prop_assert_eq!(share.start, end);
                end = share.end;
                let middle = f64::midpoint(share.start, share.end);
                prop_assert_eq!(domain.decode(middle), domain.nth(number), "{:?}", domain);
                prop_assert_eq!(domain.number(&domain.nth(number)), Some(number));
            }
            prop_assert_eq!(end, 1.0);
        }

        #[test]
        fn a_value_outside_has_no_place(domain in any_domain(), text in "[d-z]+") {
            prop_assert_eq!(domain.encode(&Value::Text(text)), None);
            if let Domain::Float { min, max, .. } = domain {
                prop_assert_eq!(domain.encode(&Value::Float(max + (max - min) + 1.0)), None);
            }
        }
    }

    #[test]
    fn steps_are_free_of_binary_tails() {
        let domain = Domain::Float {
            min: 0.0,
            max: 0.5,
            log: false,
            step: Some(0.05),
        };
        let shown: Vec<String> = (0..11)
            .map(|step| domain.decode((f64::from(step) + 0.5) / 11.0).to_string())
            .collect();
        assert_eq!(
            shown,
            [
                "0.0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5"
            ]
        );
        let around = Domain::Float {
            min: -0.3,
            max: 0.3,
            log: false,
            step: Some(0.1),
        };
        assert_eq!(around.decode(0.5).to_string(), "0.0");
    }

    #[test]
    fn a_step_between_values_has_no_place() {
        let domain = Domain::Float {
            min: 0.0,
            max: 0.5,
            log: false,
            step: Some(0.05),
        };
        assert_eq!(domain.encode(&Value::Float(0.07)), None);
        assert!(domain.encode(&Value::Float(0.15)).is_some() && domain.encode(&Value::Float(0.1 + 0.2)).is_some());
        let even = Domain::Int {
            min: 2,
            max: 8,
            log: false,
            step: 2,
        };
        assert_eq!(even.encode(&Value::Int(3)), None);
        assert!(even.encode(&Value::Float(4.0)).is_some());
    }
}
