//! The update on the CPU: one pass over a parameter's values, its gradient and its moments, in place.

use super::{Moments, Optimizer, Outcome, Rule, State, Update};
use crate::{
    backend::{Device, Host, Tensor, values},
    gradients::{Gradient, StepLoss},
    parameters::{Handle, Parameters},
    vectorize::vectorize,
};

impl Optimizer {
    pub(super) fn on_host(
        &mut self,
        parameters: &mut Parameters,
        (loss, gradients): (StepLoss, Vec<(Handle, Gradient)>),
        update: &Update<'_>,
    ) -> Outcome {
        let loss = match loss {
            StepLoss::Known(loss) => loss,
            StepLoss::Shares(shares) => values(&shares).iter().map(|&share| f64::from(share)).sum(),
        };
        let gradients: Vec<_> = gradients
            .into_iter()
            .map(|(handle, gradient)| (handle, Held::new(gradient, self.device)))
            .collect();
        let norm = update.max_grad_norm.map(|_| length(&gradients));
        let outcome = Outcome {
            loss,
            // If the loss is not finite, the gradient has no norm.
            gradient_norm: if loss.is_finite() {
                norm.unwrap_or(0.0)
            } else {
                f64::NAN
            },
        };
        if !outcome.is_finite() {
            return outcome;
        }
        let clip = match (norm, update.max_grad_norm) {
            // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
            (Some(norm), Some(limit)) => (limit / (norm + 1e-6)).min(1.0),
            (None, _) | (_, None) => 1.0,
        };
        let row = self.settings.kind.row();
        for (handle, gradient) in gradients {
            let Some((_, group)) = update.trainable.group(handle) else {
                continue;
            };
            let rule = (row.rule)(&self.settings, &self.step(group, update, clip as f32));
            let length = parameters.description(handle).length();
            let moments = self.moments.remove(&handle).unwrap_or_else(|| Moments {
                first: self.device.zeros([length]),
                second: row.has_second.then(|| self.device.zeros([length])),
            });
            let tensor = parameters.tensor_mut(handle);
            // Leave a small tensor in the list meanwhile, so that the real one is not shared and is updated in place.
            let value = std::mem::replace(tensor, self.device.zeros([1]));
            let mut held = HeldState::take(value, moments, self.device);
            match gradient {
                Held::Host(gradient) => rule.step(held.part(0..length), gradient.values()),
                Held::Rows { rows, values } => by_row(&mut held, length, &rows, &values, rule.as_ref()),
            }
            let (value, moments) = held.tensors();
            *tensor = value;
            self.moments.insert(handle, moments);
        }
        outcome
    }
}

/// The update for a gradient in which most rows are zero: their moments decay and their values still change.
fn by_row(held: &mut HeldState, length: usize, rows: &[u32], values: &[f32], rule: &dyn Rule) {
    let width = (values.len() / rows.len().max(1)).max(1);
    let mut done = 0;
    for (&row, gradient) in rows.iter().zip(values.chunks_exact(width)) {
        let start = row as usize * width;
        rule.step_without_gradient(held.part(done..start));
        rule.step(held.part(start..start + width), gradient);
        done = start + width;
    }
    rule.step_without_gradient(held.part(done..length));
}

/// A parameter's values and moments in host memory.
struct HeldState {
    values: Host<1>,
    first: Host<1>,
    second: Option<Host<1>>,
}

impl HeldState {
    fn take(values: Tensor<1>, moments: Moments, device: Device) -> Self {
        Self {
            values: Host::take(values, device),
            first: Host::take(moments.first, device),
            second: moments.second.map(|second| Host::take(second, device)),
        }
    }

    fn part(&mut self, range: std::ops::Range<usize>) -> State<'_> {
        State {
            values: &mut self.values.values_mut()[range.clone()],
            first: &mut self.first.values_mut()[range.clone()],
            second: match &mut self.second {
                Some(second) => &mut second.values_mut()[range],
                None => &mut [],
            },
        }
    }

    fn tensors(self) -> (Tensor<1>, Moments) {
        let moments = Moments {
            first: self.first.tensor(),
            second: self.second.map(Host::tensor),
        };
        (self.values.tensor(), moments)
    }
}

/// A gradient in a form that the update can read.
enum Held {
    Host(Host<1>),
    Rows { rows: Vec<u32>, values: Vec<f32> },
}

impl Held {
    fn new(gradient: Gradient, device: Device) -> Self {
        match gradient {
            Gradient::Dense(tensor) => Self::Host(Host::take(tensor, device)),
            Gradient::Rows { rows, values } => Self::Rows { rows, values },
        }
    }
}

/// The norm of all gradients together.
fn length(gradients: &[(Handle, Held)]) -> f64 {
    let squares = gradients.iter().map(|(_, gradient)| match gradient {
        Held::Host(host) => squared(host.values()),
        Held::Rows { values, .. } => squared(values),
    });
    squares.sum::<f64>().sqrt()
}

/// The sum of squares: in 32 bits within short runs, which vectorizes, and in 64 bits across runs.
fn squared(values: &[f32]) -> f64 {
    let run = |run: &[f32]| {
        let (chunks, rest) = run.as_chunks::<16>();
        let lanes = chunks.iter().fold([0.0_f32; 16], |mut lanes, chunk| {
            lanes
                .iter_mut()
                .zip(chunk)
                .for_each(|(lane, value)| *lane += value * value);
            lanes
        });
        f64::from(lanes.iter().sum::<f32>() + rest.iter().map(|value| value * value).sum::<f32>())
    };
    vectorize(|| values.chunks(4096).map(run).sum())
}
