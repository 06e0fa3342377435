//! The update on the CPU: one pass over a parameter's values, its gradient and both moments, in place.

use super::{AdamW, Factors, Moments, Outcome};
use crate::{
    backend::{Device, Host, Tensor},
    gradients::{Gradient, Loss},
    parameters::{Handle, Parameters},
    vectorize::vectorize,
};

/// The factors of an update, and the factor that clips the gradient.
struct Clipped<'a> {
    clip: f32,
    factors: &'a Factors,
}

impl AdamW {
    pub(super) fn on_host(
        &mut self,
        parameters: &mut Parameters,
        (loss, gradients): (Loss, Vec<(Handle, Gradient)>),
        max_grad_norm: Option<f64>,
        factors: &Factors,
    ) -> Outcome {
        let Loss::Known(loss) = loss else {
            unreachable!("a loss on the host is known");
        };
        let gradients: Vec<_> = gradients
            .into_iter()
            .map(|(handle, gradient)| (handle, Held::new(gradient, self.device)))
            .collect();
        let norm = max_grad_norm.map(|_| length(&gradients));
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
        let clip = match (norm, max_grad_norm) {
            // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
            (Some(norm), Some(limit)) => (limit / (norm + 1e-6)).min(1.0),
            (None, _) | (_, None) => 1.0,
        };
        let factors = Clipped {
            clip: clip as f32,
            factors,
        };
        for (handle, gradient) in gradients {
            let length = parameters.description(handle).length();
            let moments = self.moments.remove(&handle).unwrap_or_else(|| Moments {
                first: self.device.zeros([length]),
                second: self.device.zeros([length]),
            });
            let tensor = parameters.tensor_mut(handle);
            // Leave a small tensor in the list meanwhile, so that the real one is not shared and is updated in place.
            let value = std::mem::replace(tensor, self.device.zeros([1]));
            let (value, moments) = match gradient {
                Held::Host(gradient) => self.by_value(value, moments, &gradient, &factors),
                Held::Rows { rows, values } => self.by_row(value, moments, &rows, &values, &factors),
            };
            *tensor = value;
            self.moments.insert(handle, moments);
        }
        outcome
    }

    fn by_value(
        &self,
        value: Tensor<1>,
        moments: Moments,
        gradient: &Host<1>,
        factors: &Clipped<'_>,
    ) -> (Tensor<1>, Moments) {
        let [mut value, mut first, mut second] =
            [value, moments.first, moments.second].map(|tensor| Host::take(tensor, self.device));
        step(
            value.values_mut(),
            gradient.values(),
            first.values_mut(),
            second.values_mut(),
            factors,
        );
        (
            value.tensor(),
            Moments {
                first: first.tensor(),
                second: second.tensor(),
            },
        )
    }

    /// The same update for a gradient in which most rows are zero: their moments decay and their values still change.
    fn by_row(
        &self,
        value: Tensor<1>,
        moments: Moments,
        rows: &[u32],
        values: &[f32],
        factors: &Clipped<'_>,
    ) -> (Tensor<1>, Moments) {
        let [mut value, mut first, mut second] =
            [value, moments.first, moments.second].map(|tensor| Host::take(tensor, self.device));
        let width = values.len() / rows.len().max(1);
        let mut done = 0;
        let mut part = |until: usize, gradient: Option<&[f32]>| {
            let range = done..until;
            let [value, first, second] = [&mut value, &mut first, &mut second];
            let (value, first, second) = (
                &mut value.values_mut()[range.clone()],
                &mut first.values_mut()[range.clone()],
                &mut second.values_mut()[range],
            );
            match gradient {
                Some(gradient) => step(value, gradient, first, second, factors),
                None => step_without_gradient(value, first, second, factors),
            }
            done = until;
        };
        for (&row, gradient) in rows.iter().zip(values.chunks_exact(width.max(1))) {
            let start = row as usize * width;
            part(start, None);
            part(start + width, Some(gradient));
        }
        let length = value_length(&value);
        let (value_rest, first_rest, second_rest) = (
            &mut value.values_mut()[done..length],
            &mut first.values_mut()[done..length],
            &mut second.values_mut()[done..length],
        );
        step_without_gradient(value_rest, first_rest, second_rest, factors);
        (
            value.tensor(),
            Moments {
                first: first.tensor(),
                second: second.tensor(),
            },
        )
    }
}

fn value_length(value: &Host<1>) -> usize {
    value.shape()[0]
}

fn step(values: &mut [f32], gradients: &[f32], firsts: &mut [f32], seconds: &mut [f32], clipped: &Clipped<'_>) {
    let ((keep_first, add_first), (keep_second, add_second)) = (Factors::FIRST, Factors::SECOND);
    let factors = clipped.factors;
    vectorize(|| {
        for (((value, &gradient), first), second) in values.iter_mut().zip(gradients).zip(firsts).zip(seconds) {
            let gradient = gradient * clipped.clip;
            *first = *first * keep_first + gradient * add_first;
            *second = *second * keep_second + gradient * gradient * add_second;
            let deviation = second.sqrt() * factors.second_correction + Factors::EPSILON;
            *value = *value * factors.decay - factors.rate * *first / deviation;
        }
    });
}

fn step_without_gradient(values: &mut [f32], firsts: &mut [f32], seconds: &mut [f32], clipped: &Clipped<'_>) {
    let ((keep_first, _), (keep_second, _)) = (Factors::FIRST, Factors::SECOND);
    let factors = clipped.factors;
    vectorize(|| {
        for ((value, first), second) in values.iter_mut().zip(firsts).zip(seconds) {
            *first *= keep_first;
            *second *= keep_second;
            let deviation = second.sqrt() * factors.second_correction + Factors::EPSILON;
            *value = *value * factors.decay - factors.rate * *first / deviation;
        }
    });
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
