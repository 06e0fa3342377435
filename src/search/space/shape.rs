//! The division of the unit interval among a domain's values: all that a searcher must know about a domain.

use std::ops::Range;

use super::domain::{first_step, log_bounds, log_step_bounds};
use super::normal::TruncatedNormal;
use super::{Domain, Value};

/// The kind of axis that a domain is for a model of the unit cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Constant,
    /// Every point of the interval is a different value.
    Continuous,
    /// A finite number of values, at least 2, each with a sub-interval; neighbours are alike.
    Ordered {
        /// Number of values.
        count: u64,
    },
    /// A finite number of values, at least 2, each with a sub-interval, without an order.
    Unordered {
        /// Number of values.
        count: u64,
    },
}

impl Domain {
    /// The kind of axis.
    pub fn shape(&self) -> Shape {
        match (self.cardinality(), self) {
            (Some(0 | 1), _) => Shape::Constant,
            (None, _) => Shape::Continuous,
            (Some(count), Self::Choice { ordered: false, .. } | Self::Weighted { ordered: false, .. }) => {
                Shape::Unordered { count }
            }
            (
                Some(count),
                Self::Choice { .. }
                | Self::Weighted { .. }
                | Self::Int { .. }
                | Self::Float { .. }
                | Self::Normal { .. },
            ) => Shape::Ordered { count },
        }
    }

    /// The sub-interval of the unit interval that [`Self::decode`] maps to [`Self::nth`]`(number)`. The sub-intervals
    /// of all values cover the unit interval. For an infinite domain it is the whole interval.
    pub fn share(&self, number: u64) -> Range<f64> {
        let Some(count) = self.cardinality() else {
            return 0.0..1.0;
        };
        self.boundary(number, count)..self.boundary(number + 1, count)
    }

    /// The index of a value of a finite domain: the inverse of [`Self::nth`]. `None` if the domain does not contain it.
    pub fn number(&self, value: &Value) -> Option<u64> {
        let count = self.cardinality()?;
        if count == 1 {
            return self.encode(value).map(|_| 0);
        }
        self.encode(value).map(|position| self.number_at(position))
    }

    /// The index of the value at a position in the unit interval; 0 for an infinite domain.
    pub fn number_at(&self, position: f64) -> u64 {
        let Some(count) = self.cardinality() else {
            return 0;
        };
        let (mut low, mut high) = (0, count);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if position < self.boundary(middle, count) {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// The start of the sub-interval of `number`.
    fn boundary(&self, number: u64, count: u64) -> f64 {
        if number == 0 {
            return 0.0;
        }
        if number >= count {
            return 1.0;
        }
        match self {
            Self::Normal { range, .. } => match self.curve() {
                Some((curve, scale)) => curve.cumulative(scale.position(range.edge(number))),
                None => number as f64 / count as f64,
            },
            Self::Weighted { probabilities, .. } => probabilities.iter().take(number as usize).sum(),
            // The logarithmic scales round to the nearest value, so a sub-interval begins half a step before its value.
            Self::Float {
                min,
                log: true,
                step: Some(step),
                ..
            } => {
                let first = first_step(*min, true, *step);
                let (low, high) = log_step_bounds(*min, first, count as f64 - 1.0, *step);
                ((self.edge(number).ln() - low) / (high - low)).clamp(0.0, 1.0)
            }
            Self::Int {
                min, max, log: true, ..
            } => {
                let (low, high) = log_bounds(*min, *max);
                ((self.edge(number).ln() - low) / (high - low)).clamp(0.0, 1.0)
            }
            Self::Float { .. } | Self::Int { .. } | Self::Choice { .. } => number as f64 / count as f64,
        }
    }

    /// The number half a step before the value with this index, in a range.
    fn edge(&self, number: u64) -> f64 {
        let half = number as f64 - 0.5;
        match self {
            Self::Float {
                min,
                log,
                step: Some(step),
                ..
            } => first_step(*min, *log, *step) + half * step,
            Self::Int { min, step, .. } => *min as f64 + half * *step as f64,
            Self::Normal { range, .. } => range.edge(number),
            Self::Float { step: None, .. } | Self::Choice { .. } | Self::Weighted { .. } => half,
        }
    }

    /// The distribution of a [`Self::Normal`] on its scale, truncated at the ends of its range. With steps it is
    /// truncated half a step beyond the ends, so that the outermost values get their full share.
    pub(super) fn curve(&self) -> Option<(TruncatedNormal, Scale)> {
        let Self::Normal { range, mean, deviation } = self else {
            return None;
        };
        let scale = match **range {
            Self::Float { log: true, .. } | Self::Int { log: true, .. } => Scale::Logarithmic,
            Self::Float { .. }
            | Self::Int { .. }
            | Self::Normal { .. }
            | Self::Choice { .. }
            | Self::Weighted { .. } => Scale::Linear,
        };
        let (min, max) = range.bounds()?;
        let (min, max) = match (range.cardinality(), scale) {
            (None, _) => (min, max),
            (Some(count), Scale::Linear) => (range.edge(0), range.edge(count)),
            // Half a step may be more than the smallest value.
            (Some(count), Scale::Logarithmic) => (range.edge(0).max(0.5 * min), range.edge(count)),
        };
        let curve = TruncatedNormal::new(*mean, *deviation, scale.position(min), scale.position(max));
        Some((curve, scale))
    }
}

/// The scale on which a distribution is normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

impl Scale {
    pub(super) fn position(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.ln(),
        }
    }

    pub(super) fn value(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Logarithmic => position.exp(),
        }
    }
}
