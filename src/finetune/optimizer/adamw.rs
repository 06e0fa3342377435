//! `AdamW` (Loshchilov and Hutter 2019).

use super::{OptimizerKind, Row, Rule, Settings, State, Step};
use crate::vectorize::vectorize;

pub(super) const ROW: Row = Row {
    kind: OptimizerKind::AdamW,
    name: "adamw",
    // PyTorch's defaults, from Kingma and Ba 2015.
    betas: [0.9, 0.999],
    has_second: true,
    rule: |settings, step| {
        Box::new(AdamW {
            clip: step.clip,
            factors: Factors::new(settings, step),
        })
    },
};

struct AdamW {
    clip: f32,
    factors: Factors,
}

/// The factors of an update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    pub(crate) decay: f32,
    pub(crate) rate: f32,
    pub(crate) second_correction: f32,
    /// Factors of the first moment: for its old value, and for the gradient.
    pub(crate) first: (f32, f32),
    /// Factors of the second moment: for its old value, and for the squared gradient.
    pub(crate) second: (f32, f32),
    /// Keeps the division finite.
    pub(crate) epsilon: f32,
}

impl Factors {
    pub(super) fn new(settings: &Settings, step: &Step) -> Self {
        let [first, second] = settings.betas;
        let count = step.count as f64;
        Self {
            decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
            rate: (step.learning_rate / (1.0 - first.powf(count))) as f32,
            second_correction: (1.0 / (1.0 - second.powf(count)).sqrt()) as f32,
            first: (first as f32, (1.0 - first) as f32),
            second: (second as f32, (1.0 - second) as f32),
            epsilon: settings.epsilon as f32,
        }
    }
}

impl Rule for AdamW {
    fn step(&self, state: State<'_>, gradients: &[f32]) {
        let (clip, factors) = (self.clip, self.factors);
        let State { values, first, second } = state;
        vectorize(|| {
            for (((value, &gradient), first), second) in values.iter_mut().zip(gradients).zip(first).zip(second) {
                let gradient = gradient * clip;
                *first = *first * factors.first.0 + gradient * factors.first.1;
                *second = *second * factors.second.0 + gradient * gradient * factors.second.1;
                let deviation = second.sqrt() * factors.second_correction + factors.epsilon;
                *value = *value * factors.decay - factors.rate * *first / deviation;
            }
        });
    }

    fn step_without_gradient(&self, state: State<'_>) {
        let factors = self.factors;
        let State { values, first, second } = state;
        vectorize(|| {
            for ((value, first), second) in values.iter_mut().zip(first).zip(second) {
                *first *= factors.first.0;
                *second *= factors.second.0;
                let deviation = second.sqrt() * factors.second_correction + factors.epsilon;
                *value = *value * factors.decay - factors.rate * *first / deviation;
            }
        });
    }
}
