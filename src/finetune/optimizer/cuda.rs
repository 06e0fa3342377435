//! The update on a GPU: one launch for all parameters together.

use super::{AdamW, Factors, Moments, Outcome};
use crate::{
    backend::{Device, Tensor, values},
    gradients::{Gradient, Loss},
    kernels::cuda,
    parameters::Parameters,
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
    index: usize,
    start: usize,
    length: usize,
}

impl Part {
    fn of(self, flat: &Tensor<1>) -> Tensor<1> {
        flat.clone().narrow(self.start, self.length)
    }
}

impl Flat {
    /// Collects the parameters with these indices and their moments. The moments of other parameters are dropped,
    /// because the same parameters train during a whole training.
    fn new(
        parameters: &Parameters,
        indices: &[usize],
        moments: impl Fn(usize) -> Option<Moments>,
        device: Device,
    ) -> Self {
        let mut start = 0;
        let parts = indices.iter().map(|&index| {
            let part = Part {
                index,
                start,
                length: parameters.list()[index].length(),
            };
            start += part.length.next_multiple_of(ALIGNMENT);
            part
        });
        let parts: Vec<Part> = parts.collect();
        let zeros = |part: &Part| device.zeros([part.length]);
        let first = |part: &Part| moments(part.index).map_or_else(|| zeros(part), |moments| moments.first);
        let second = |part: &Part| moments(part.index).map_or_else(|| zeros(part), |moments| moments.second);
        Self {
            values: cuda::joined(parts.iter().map(|part| parameters.vector(part.index)), ALIGNMENT),
            first: cuda::joined(parts.iter().map(first), ALIGNMENT),
            second: cuda::joined(parts.iter().map(second), ALIGNMENT),
            parts,
        }
    }

    fn is_of(&self, indices: &[usize]) -> bool {
        self.parts.iter().map(|part| part.index).eq(indices.iter().copied())
    }

    /// See [`AdamW::moments`].
    pub(super) fn moments(&self, index: usize) -> Option<Moments> {
        let part = self.parts.iter().find(|part| part.index == index)?;
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
        (loss, mut gradients): (Loss, Vec<(usize, Gradient)>),
        max_grad_norm: Option<f64>,
        factors: &Factors,
    ) -> Outcome {
        gradients.sort_by_key(|(index, _)| *index);
        let indices: Vec<usize> = gradients.iter().map(|(index, _)| *index).collect();
        let flat = match self.flat.take() {
            Some(flat) if flat.is_of(&indices) => flat,
            earlier => {
                let moments = |index| match &earlier {
                    Some(flat) => flat.moments(index),
                    None => self.moments.get(&index).cloned(),
                };
                Flat::new(parameters, &indices, moments, self.device)
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
            *parameters.tensor_mut(part.index) = part.of(&new_values);
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
