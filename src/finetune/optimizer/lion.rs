//! Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms"): steps of equal length along the sign of a
//! running mean.

use super::{OptimizerKind, Row, Rule, State};
use crate::vectorize::vectorize;

pub(super) const ROW: Row = Row {
    kind: OptimizerKind::Lion,
    name: "lion",
    // The paper's defaults.
    betas: [0.9, 0.99],
    has_second: false,
    rule: |settings, step| {
        let [direction, mean] = settings.betas.map(|beta| (beta as f32, (1.0 - beta) as f32));
        Box::new(Lion {
            clip: step.clip,
            rate: step.learning_rate as f32,
            decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
            direction,
            mean,
        })
    },
};

struct Lion {
    clip: f32,
    rate: f32,
    decay: f32,
    /// Factors of the direction: for the mean, and for the gradient.
    direction: (f32, f32),
    /// Factors of the mean: for its old value, and for the gradient.
    mean: (f32, f32),
}

impl Lion {
    fn moved(&self, value: f32, direction: f32) -> f32 {
        // `signum` of 0 is 1.
        let sign = if direction == 0.0 { 0.0 } else { direction.signum() };
        value * self.decay - self.rate * sign
    }
}

impl Rule for Lion {
    fn step(&self, state: State<'_>, gradients: &[f32]) {
        vectorize(|| {
            for ((value, &gradient), mean) in state.values.iter_mut().zip(gradients).zip(state.first) {
                let gradient = gradient * self.clip;
                *value = self.moved(*value, *mean * self.direction.0 + gradient * self.direction.1);
                *mean = *mean * self.mean.0 + gradient * self.mean.1;
            }
        });
    }

    fn step_without_gradient(&self, state: State<'_>) {
        vectorize(|| {
            for (value, mean) in state.values.iter_mut().zip(state.first) {
                *value = self.moved(*value, *mean * self.direction.0);
                *mean *= self.mean.0;
            }
        });
    }
}
