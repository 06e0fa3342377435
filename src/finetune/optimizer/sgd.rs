//! Stochastic gradient descent with momentum (Sutskever et al. 2013), as in `PyTorch`: the velocity is not damped, and
//! weight decay is added to the gradient.

use super::{OptimizerKind, Row, Rule, State};
use crate::vectorize::vectorize;

pub(super) const ROW: Row = Row {
    kind: OptimizerKind::Sgd,
    name: "sgd",
    betas: [0.0; 2],
    has_second: false,
    rule: |settings, step| {
        Box::new(Sgd {
            clip: step.clip,
            rate: step.learning_rate as f32,
            decay: step.weight_decay as f32,
            momentum: settings.momentum as f32,
        })
    },
};

struct Sgd {
    clip: f32,
    rate: f32,
    decay: f32,
    momentum: f32,
}

impl Rule for Sgd {
    fn step(&self, state: State<'_>, gradients: &[f32]) {
        let Self {
            clip,
            rate,
            decay,
            momentum,
        } = *self;
        vectorize(|| {
            for ((value, &gradient), velocity) in state.values.iter_mut().zip(gradients).zip(state.first) {
                *velocity = *velocity * momentum + (gradient * clip + *value * decay);
                *value -= rate * *velocity;
            }
        });
    }

    fn step_without_gradient(&self, state: State<'_>) {
        let Self {
            rate, decay, momentum, ..
        } = *self;
        vectorize(|| {
            for (value, velocity) in state.values.iter_mut().zip(state.first) {
                *velocity = *velocity * momentum + *value * decay;
                *value -= rate * *velocity;
            }
        });
    }
}
