//! The update on a GPU: one launch for all parameters together.

use super::{AdamW, Factors, Moments, Outcome};
use crate::{
    backend::{Device, Tensor, values},
    gradients::{Gradient, Loss},
    kernels::cuda,
    parameters::{Handle, Parameters},
};

/// Parameters begin at multiples of this many values. Parameters whose length is such a multiple, which includes all
/// large ones, are views and not copies.
const ALIGNMENT: usize = 128;

/// All trainable values, concatenated.
#[derive(Clone, Debug)]
pub(super) struct Flat {
    parts: Vec<Part>,
    values: Tensor<1>,
    first: Tensor<1>,
    second: Tensor<1>,
}

/// The position of a parameter in the concatenation.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    handle: Handle,
    start: usize,
    length: usize,
}

impl Part {
    fn of(self, flat: &Tensor<1>) -> Tensor<1> {
        flat.clone().narrow(self.start, self.length)
    }
}

impl Flat {
    /// Collects the parameters with these handles and their moments. The moments of other parameters are dropped,
    /// because the same parameters train during a whole training.
    fn new(
        parameters: &Parameters,
        handles: &[Handle],
        moments: impl Fn(Handle) -> Option<Moments>,
        device: Device,
    ) -> Self {
        let mut start = 0;
        let parts = handles.iter().map(|&handle| {
            let part = Part {
                handle,
                start,
                length: parameters.description(handle).length(),
            };
            start += part.length.next_multiple_of(ALIGNMENT);
            part
        });
        let parts: Vec<Part> = parts.collect();
        let zeros = |part: &Part| device.zeros([part.length]);
        let first = |part: &Part| moments(part.handle).map_or_else(|| zeros(part), |moments| moments.first);
        let second = |part: &Part| moments(part.handle).map_or_else(|| zeros(part), |moments| moments.second);
        Self {
            values: cuda::joined(parts.iter().map(|part| parameters.vector(part.handle)), ALIGNMENT),
            first: cuda::joined(parts.iter().map(first), ALIGNMENT),
            second: cuda::joined(parts.iter().map(second), ALIGNMENT),
            parts,
        }
    }

    fn is_of(&self, handles: &[Handle]) -> bool {
        self.parts.iter().map(|part| part.handle).eq(handles.iter().copied())
    }

    /// See [`AdamW::moments`].
    pub(super) fn moments(&self, handle: Handle) -> Option<Moments> {
        let part = self.parts.iter().find(|part| part.handle == handle)?;
        Some(Moments {
            first: part.of(&self.first),
            second: part.of(&self.second),
        })
    }
}

impl AdamW {
    pub(super) fn on_cuda(
        &mut self,
        parameters: &mut Parameters,
        (loss, mut gradients): (Loss, Vec<(Handle, Gradient)>),
        max_grad_norm: Option<f64>,
        factors: &Factors,
    ) -> Outcome {
        gradients.sort_by_key(|(handle, _)| *handle);
        let handles: Vec<Handle> = gradients.iter().map(|(handle, _)| *handle).collect();
        let flat = match self.flat.take() {
            Some(flat) if flat.is_of(&handles) => flat,
            earlier => {
                let moments = |handle| match &earlier {
                    Some(flat) => flat.moments(handle),
                    None => self.moments.get(&handle).cloned(),
                };
                Flat::new(parameters, &handles, moments, self.device)
            }
        };
        self.moments.clear();
        let gradient = cuda::joined(gradients.into_iter().map(|(_, gradient)| dense(gradient)), ALIGNMENT);
        let losses = match loss {
            Loss::Known(loss) => self.device.tensor(vec![loss as f32], [1]),
            Loss::Shares(shares) => shares,
        };
        let limit = max_grad_norm.map_or(f32::INFINITY, |limit| limit as f32);
        let outcome = cuda::outcome(&gradient, losses, limit);
        let old = [&flat.values, &flat.first, &flat.second];
        let [new_values, first, second] = cuda::adamw(old, gradient, &outcome, factors);
        // The only point of a step at which the host waits.
        let outcome = values(&outcome);
        let outcome = Outcome {
            loss: f64::from(outcome[2]),
            gradient_norm: if max_grad_norm.is_some() {
                f64::from(outcome[0])
            } else {
                0.0
            },
        };
        if !outcome.is_finite() {
            self.flat = Some(flat);
            return outcome;
        }
        for part in &flat.parts {
            *parameters.tensor_mut(part.handle) = part.of(&new_values);
        }
        self.flat = Some(Flat {
            parts: flat.parts,
            values: new_values,
            first,
            second,
        });
        outcome
    }
}

fn dense(gradient: Gradient) -> Tensor<1> {
    match gradient {
        Gradient::Dense(tensor) => tensor,
        Gradient::Rows { .. } => unreachable!("on a GPU gradients are whole"),
    }
}
