//! Learning-rate schedules, as pure functions of the share of the trial's samples that have been seen.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The shape of the learning rate's decay after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Linearly to 0.
    Linear,
    /// Along half a cosine to 0.
    Cosine,
    /// No decay.
    Constant,
    /// As a power of the rest, to 0.
    Polynomial,
    /// Up and down along two half cosines (Smith and Topin 2019), with the shares of `PyTorch`'s `OneCycleLR`.
    OneCycle,
}

/// `OneCycleLR`'s `pct_start`: the share over which the rate rises if there is no warm-up.
const RISE: f64 = 0.3;

/// `OneCycleLR`'s `div_factor`: the peak is this many times the first rate.
const FIRST: f64 = 25.0;

/// `OneCycleLR`'s `final_div_factor`: the first rate is this many times the last one.
const LAST: f64 = 1e4;

impl Schedule {
    /// All of them, with their names in specs.
    pub const ALL: &[(&str, Self)] = &[
        ("linear", Self::Linear),
        ("cosine", Self::Cosine),
        ("constant", Self::Constant),
        ("polynomial", Self::Polynomial),
        ("one_cycle", Self::OneCycle),
    ];

    /// The schedule with this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, schedule)| *schedule)
    }

    /// The factor on the learning rate at `progress` (0 = start, 1 = all samples seen), in 0..=1. It rises linearly
    /// over the first `warmup_ratio` of the samples; `power` is the exponent of [`Self::Polynomial`].
    ///
    /// A step uses the middle of its batch as its progress. Otherwise the first step of a warm-up or the last step of a
    /// decay would have the factor 0 and be wasted.
    pub fn factor(self, progress: f64, warmup_ratio: f64, power: f64) -> f64 {
        let progress = progress.clamp(0.0, 1.0);
        if self == Self::OneCycle {
            return one_cycle(progress, if warmup_ratio > 0.0 { warmup_ratio } else { RISE });
        }
        if progress < warmup_ratio {
            return progress / warmup_ratio;
        }
        let rest = share(progress, warmup_ratio);
        match self {
            Self::Linear => 1.0 - rest,
            Self::Cosine => 0.5 * (1.0 + (PI * rest).cos()),
            Self::Constant | Self::OneCycle => 1.0,
            Self::Polynomial => (1.0 - rest).powf(power),
        }
    }
}

/// The share of the samples after the warm-up that have been seen.
fn share(progress: f64, warmup_ratio: f64) -> f64 {
    if warmup_ratio < 1.0 {
        (progress - warmup_ratio) / (1.0 - warmup_ratio)
    } else {
        0.0
    }
}

fn one_cycle(progress: f64, rise: f64) -> f64 {
    let along = |from: f64, to: f64, share: f64| (to + (from - to) / 2.0 * (1.0 + (PI * share).cos())).min(1.0);
    if progress < rise {
        along(1.0 / FIRST, 1.0, progress / rise)
    } else {
        along(1.0, 1.0 / FIRST / LAST, share(progress, rise))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schedules_pass_through_their_known_points() {
        let factor = |schedule: Schedule, progress, warmup| schedule.factor(progress, warmup, 2.0);
        assert_eq!(factor(Schedule::Linear, 0.0, 0.0), 1.0);
        assert_eq!(factor(Schedule::Linear, 0.05, 0.1), 0.5);
        assert!((factor(Schedule::Linear, 0.55, 0.1) - 0.5).abs() < 1e-12);
        assert!((factor(Schedule::Cosine, 0.5, 0.0) - 0.5).abs() < 1e-12);
        assert!((factor(Schedule::Cosine, 0.25, 0.0) - 0.853_553).abs() < 1e-6);
        assert!(factor(Schedule::Cosine, 1.0, 0.2).abs() < 1e-12);
        assert_eq!(factor(Schedule::Constant, 0.9, 0.1), 1.0);
        assert_eq!(factor(Schedule::Polynomial, 0.5, 0.0), 0.25);
        assert_eq!(
            Schedule::Polynomial.factor(0.3, 0.1, 1.0),
            factor(Schedule::Linear, 0.3, 0.1)
        );
        assert!((factor(Schedule::OneCycle, 0.0, 0.0) - 0.04).abs() < 1e-12);
        assert!((factor(Schedule::OneCycle, 0.3, 0.0) - 1.0).abs() < 1e-12);
        assert!((factor(Schedule::OneCycle, 0.15, 0.0) - 0.52).abs() < 1e-12);
        assert!((factor(Schedule::OneCycle, 0.2, 0.2) - 1.0).abs() < 1e-12);
        assert!((factor(Schedule::OneCycle, 1.0, 0.2) - 4e-6).abs() < 1e-12);
    }

    #[test]
    fn names_lead_back_to_their_schedules() {
        for (name, schedule) in Schedule::ALL {
            assert_eq!(Schedule::named(name), Some(*schedule));
        }
        assert_eq!(Schedule::named("exponential"), None);
    }

    proptest! {
        #[test]
        fn a_factor_never_leaves_0_to_1(progress in -0.5..1.5_f64, warmup in 0.0..=1.0_f64, power in 0.1..5.0_f64) {
            for (_, schedule) in Schedule::ALL {
                let factor = schedule.factor(progress, warmup, power);
                prop_assert!((0.0..=1.0).contains(&factor), "{schedule:?} {factor}");
            }
        }
    }
}
