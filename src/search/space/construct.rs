//! Short constructors for a domain: `Domain::float(1e-5, 1e-1).log()`.

use super::{Domain, Value};

impl Domain {
    /// Real numbers from `min` to `max`, both inclusive.
    pub fn float(min: f64, max: f64) -> Self {
        Self::Float {
            min,
            max,
            log: false,
            step: None,
        }
    }

    /// Whole numbers from `min` to `max`, both inclusive.
    pub fn int(min: i64, max: i64) -> Self {
        Self::Int {
            min,
            max,
            log: false,
            step: 1,
        }
    }

    /// One of several values: at least one, all different.
    pub fn choice<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Choice {
            values: values.into_iter().map(Into::into).collect(),
            ordered: false,
        }
    }

    /// Makes the range uniform in the logarithm. Leaves lists of values unchanged.
    #[must_use]
    pub fn log(mut self) -> Self {
        match &mut self {
            Self::Float { log, .. } | Self::Int { log, .. } => *log = true,
            Self::Normal { range, .. } => **range = range.as_ref().clone().log(),
            Self::Choice { .. } | Self::Weighted { .. } => {}
        }
        self
    }

    /// Keeps only every `distance`-th number (rounded for whole numbers, at least 1). Leaves lists of values unchanged.
    #[must_use]
    pub fn step(mut self, distance: f64) -> Self {
        match &mut self {
            Self::Float { step, .. } => *step = Some(distance),
            Self::Int { step, .. } => *step = (distance.round() as i64).max(1),
            Self::Normal { range, .. } => **range = range.as_ref().clone().step(distance),
            Self::Choice { .. } | Self::Weighted { .. } => {}
        }
        self
    }

    /// Distributes the numbers of this range normally; on a logarithmic range, their logarithms.
    #[must_use]
    pub fn normal(self, mean: f64, deviation: f64) -> Self {
        Self::Normal {
            range: Box::new(self),
            mean,
            deviation,
        }
    }

    /// Declares that neighbours in the list are alike. Leaves numbers unchanged: their neighbours always are.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        match &mut self {
            Self::Choice { ordered, .. } | Self::Weighted { ordered, .. } => *ordered = true,
            Self::Float { .. } | Self::Int { .. } | Self::Normal { .. } => {}
        }
        self
    }

    /// Gives each value of this list its probability: greater than 0, with sum 1. Leaves ranges unchanged.
    #[must_use]
    pub fn weighted(self, probabilities: impl Into<Vec<f64>>) -> Self {
        match self {
            Self::Choice { values, ordered } | Self::Weighted { values, ordered, .. } => Self::Weighted {
                values,
                probabilities: probabilities.into(),
                ordered,
            },
            Self::Float { .. } | Self::Int { .. } | Self::Normal { .. } => self,
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
