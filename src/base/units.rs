//! Quantities that must not be mixed up: identifiers, resources, seconds, losses and seeds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a trial, counted from 0 in the order in which trials were created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrialId(pub u32);

impl TrialId {
    /// The trial's index in a list of all trials.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The resource: training samples seen (or steps, for a function). Shown to people as epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Samples(pub u64);

impl Samples {
    /// Number of passes over a training set of `epoch` samples.
    pub fn epochs(self, epoch: Self) -> f64 {
        self.0 as f64 / epoch.0 as f64
    }

    /// The nearest whole number of samples to `epochs` passes over a training set of `epoch` samples, at least 1.
    pub fn from_epochs(epochs: f64, epoch: Self) -> Self {
        Self(((epochs * epoch.0 as f64).round() as u64).max(1))
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The last part of a trial that ends before its learning-rate schedule does.
///
/// The learning rate falls linearly to 0 from the value that the schedule had at the start of the cooldown. This turns
/// a paused trial into a finished model at a small cost (Hägele et al. 2024, "Scaling laws and compute-optimal training
/// beyond fixed training durations"; Hu et al. 2024, "`MiniCPM`", §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// Samples seen when the cooldown begins.
    pub from: Samples,
    /// Samples seen when the trial is complete.
    pub to: Samples,
}

impl Cooldown {
    /// The factor on the schedule's learning rate at `from`, after `seen` samples: 1 until `from`, 0 at `to`.
    pub fn factor(self, seen: f64) -> f64 {
        let (from, to) = (self.from.0 as f64, self.to.0 as f64);
        (1.0 - (seen - from) / (to - from).max(1.0)).clamp(0.0, 1.0)
    }
}

/// The study's seed: the key of everything random in a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// The direction in which a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Goal {
    /// The loss for a metric's value; NaN becomes the worst loss.
    pub fn loss(self, value: f64) -> Loss {
        if value.is_nan() {
            return Loss::WORST;
        }
        Loss(match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        })
    }

    /// The metric's value for a loss.
    pub fn value(self, loss: Loss) -> f64 {
        match self {
            Self::Minimize => loss.0,
            Self::Maximize => -loss.0,
        }
    }
}

/// A metric with its sign chosen so that smaller is better. Never NaN; a failed trial has the loss [`Loss::WORST`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Loss(f64);

impl Loss {
    /// Worse than every finite loss.
    pub const WORST: Self = Self(f64::INFINITY);

    /// The plain number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Applies `change` to the number of this loss; NaN becomes [`Self::WORST`].
    #[must_use]
    pub fn map(self, change: impl FnOnce(f64) -> f64) -> Self {
        Goal::Minimize.loss(change(self.0))
    }
}

impl Eq for Loss {}

impl PartialOrd for Loss {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Loss {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_smaller_for_the_better_value_of_either_goal() {
        assert!(Goal::Maximize.loss(0.9) < Goal::Maximize.loss(0.8));
        assert!(Goal::Minimize.loss(0.1) < Goal::Minimize.loss(0.2));
        assert_eq!(Goal::Maximize.loss(f64::NAN), Loss::WORST);
        assert!((Goal::Maximize.value(Goal::Maximize.loss(0.25)) - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn epochs_round_to_whole_samples_and_never_to_none() {
        assert_eq!(Samples::from_epochs(0.5, Samples(101)), Samples(51));
        assert_eq!(Samples::from_epochs(0.0001, Samples(100)), Samples(1));
    }
}
