//! Learning-rate schedules, as pure functions of the share of the trial's samples that have been seen.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The shape of the learning rate's decay after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Linearly to 0.
    Linear,
    /// Along half a cosine to 0.
    Cosine,
    /// No decay.
    Constant,
}

impl Schedule {
    /// The factor on the learning rate at `progress` (0 = start, 1 = all samples seen), in 0..=1. It rises linearly
    /// over the first `warmup_ratio` of the samples.
    ///
    /// A step uses the middle of its batch as its progress. Otherwise the first step of a warm-up or the last step of a
    /// decay would have the factor 0 and be wasted.
    pub fn factor(self, progress: f64, warmup_ratio: f64) -> f64 {
        let progress = progress.clamp(0.0, 1.0);
        if progress < warmup_ratio {
            return progress / warmup_ratio;
        }
        let rest = if warmup_ratio < 1.0 {
            (progress - warmup_ratio) / (1.0 - warmup_ratio)
        } else {
            0.0
        };
        match self {
            Self::Linear => 1.0 - rest,
            Self::Cosine => 0.5 * (1.0 + (PI * rest).cos()),
            Self::Constant => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schedules_pass_through_their_known_points() {
        assert_eq!(Schedule::Linear.factor(0.0, 0.0), 1.0);
        assert_eq!(Schedule::Linear.factor(0.05, 0.1), 0.5);
        assert!((Schedule::Linear.factor(0.55, 0.1) - 0.5).abs() < 1e-12);
        assert!((Schedule::Cosine.factor(0.5, 0.0) - 0.5).abs() < 1e-12);
        assert!((Schedule::Cosine.factor(0.25, 0.0) - 0.853_553).abs() < 1e-6);
        assert!(Schedule::Cosine.factor(1.0, 0.2).abs() < 1e-12);
        assert_eq!(Schedule::Constant.factor(0.9, 0.1), 1.0);
    }

    proptest! {
        #[test]
        fn a_factor_never_leaves_0_to_1(progress in -0.5..1.5_f64, warmup in 0.0..=1.0_f64) {
            for schedule in [Schedule::Linear, Schedule::Cosine, Schedule::Constant] {
                let factor = schedule.factor(progress, warmup);
                prop_assert!((0.0..=1.0).contains(&factor), "{schedule:?} {factor}");
            }
        }
    }
}
