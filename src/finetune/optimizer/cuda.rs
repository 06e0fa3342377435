//! The update of `AdamW` on a GPU: one launch for all parameters of a group together.

use super::{Factors, Moments, Optimizer, Outcome, Update};
use crate::{
    backend::{Device, Tensor, values},
    gradients::{Gradient, StepLoss},
    kernels::cuda,
    parameters::{Handle, Parameters},
};

/// Parameters begin at multiples of this many values. Parameters whose length is such a multiple, which includes all
/// large ones, are views and not copies.
const ALIGNMENT: usize = 128;

/// All trainable values of a group, concatenated.
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
        let second = |part: &Part| {
            moments(part.handle)
                .and_then(|moments| moments.second)
                .unwrap_or_else(|| zeros(part))
        };
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

    /// See [`Optimizer::moments`].
    pub(super) fn moments(&self, handle: Handle) -> Option<Moments> {
        let part = self.parts.iter().find(|part| part.handle == handle)?;
        Some(Moments {
            first: part.of(&self.first),
            second: Some(part.of(&self.second)),
        })
    }
}

impl Optimizer {
    pub(super) fn on_cuda(
        &mut self,
        parameters: &mut Parameters,
        (loss, mut gradients): (StepLoss, Vec<(Handle, Gradient)>),
        update: &Update<'_>,
    ) -> Outcome {
        let group_of = |handle: Handle| update.trainable.group(handle).map(|(index, _)| index);
        gradients.sort_by_key(|(handle, _)| (group_of(*handle), *handle));
        let handles: Vec<Handle> = gradients.iter().map(|(handle, _)| *handle).collect();
        let by_group: Vec<&[Handle]> = handles
            .chunk_by(|one, other| group_of(*one) == group_of(*other))
            .collect();
        let is_known = self.flats.len() == by_group.len()
            && self.flats.iter().zip(&by_group).all(|(flat, group)| flat.is_of(group));
        if !is_known {
            let new = by_group.iter().map(|group| {
                let moments = |handle| self.moments(handle);
                Flat::new(parameters, group, moments, self.device)
            });
            self.flats = new.collect();
        }
        self.moments.clear();
        let mut rest = gradients.into_iter().map(|(_, gradient)| dense(gradient));
        let joined: Vec<Tensor<1>> = by_group
            .iter()
            .map(|group| cuda::joined(rest.by_ref().take(group.len()), ALIGNMENT))
            .collect();
        let losses = match loss {
            StepLoss::Known(loss) => self.device.tensor(vec![loss as f32], [1]),
            StepLoss::Shares(shares) => shares,
        };
        let limit = update.max_grad_norm.map_or(f32::INFINITY, |limit| limit as f32);
        let outcome = match joined.as_slice() {
            [only] => cuda::outcome(only, losses, limit),
            several => cuda::outcome(&cuda::joined(several.iter().cloned(), ALIGNMENT), losses, limit),
        };
        let new: Vec<[Tensor<1>; 3]> = self
            .flats
            .iter()
            .zip(joined)
            .filter_map(|(flat, gradient)| {
                let (_, group) = update.trainable.group(flat.parts.first()?.handle)?;
                // The kernel clips by itself.
                let factors = Factors::new(&self.settings, &self.step(group, update, 1.0));
                let old = [&flat.values, &flat.first, &flat.second];
                Some(cuda::adamw(old, gradient, &outcome, &factors))
            })
            .collect();
        // The only point of a step at which the host waits.
        let outcome = values(&outcome);
        let outcome = Outcome {
            loss: f64::from(outcome[2]),
            gradient_norm: if update.max_grad_norm.is_some() {
                f64::from(outcome[0])
            } else {
                0.0
            },
        };
        if !outcome.is_finite() {
            return outcome;
        }
        for (flat, [new_values, first, second]) in self.flats.iter_mut().zip(new) {
            for part in &flat.parts {
                *parameters.tensor_mut(part.handle) = part.of(&new_values);
            }
            (flat.values, flat.first, flat.second) = (new_values, first, second);
        }
        outcome
    }
}

fn dense(gradient: Gradient) -> Tensor<1> {
    match gradient {
        Gradient::Dense(tensor) => tensor,
        Gradient::Rows { .. } => unreachable!("on a GPU gradients are whole"),
    }
}
