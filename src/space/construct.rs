//! Short ways to write a domain: `Domain::float(1e-5, 1e-1).log()`.

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

    /// One of several values, of which there is at least one and none twice.
    pub fn choice<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Choice {
            values: values.into_iter().map(Into::into).collect(),
            ordered: false,
        }
    }

    /// Uniform in the logarithm. Of lists of values: no change.
    #[must_use]
    pub fn log(mut self) -> Self {
        match &mut self {
            Self::Float { log, .. } | Self::Int { log, .. } => *log = true,
            Self::Normal { range, .. } => **range = range.as_ref().clone().log(),
            Self::Choice { .. } | Self::Weighted { .. } => {}
        }
        self
    }

    /// Only every `distance`-th number (of whole numbers: rounded, at least 1). Of lists of values: no change.
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

    /// Numbers of this range, but as likely as a normal distribution says; of a logarithmic range: of the logarithm.
    #[must_use]
    pub fn normal(self, mean: f64, deviation: f64) -> Self {
        Self::Normal {
            range: Box::new(self),
            mean,
            deviation,
        }
    }

    /// Neighbours in the list are alike. Of numbers they always are.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        match &mut self {
            Self::Choice { ordered, .. } | Self::Weighted { ordered, .. } => *ordered = true,
            Self::Float { .. } | Self::Int { .. } | Self::Normal { .. } => {}
        }
        self
    }

    /// The values of this list, each as likely as said: one number greater than 0 for each, in sum 1. Of ranges: no change.
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
