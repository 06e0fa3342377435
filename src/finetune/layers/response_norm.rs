//! Global response norm of feature maps (Woo et al. 2023, `ConvNeXt V2`, §3.1).

use super::{Backward, Context};
use crate::{
    backend::{Host, Tensor, values},
    parameters::{Declarations, Handle},
};

/// `x + scale * x * (length of a channel / mean length) + shift`, image by image.
#[derive(Clone, Debug)]
pub(crate) struct ResponseNorm {
    scale: Handle,
    shift: Handle,
    channels: usize,
}

/// Added to the mean length.
const EPSILON: f32 = 1e-6;

/// Values saved for the backward pass.
pub(crate) struct Saved {
    input: Tensor<2>,
    /// The length of every channel of every image.
    lengths: Vec<f32>,
}

impl ResponseNorm {
    /// Declares `name.weight` and `name.bias`, `[1, 1, 1, channels]` in files.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, channels: usize) -> Self {
        Self {
            scale: declare.shaped_scale(&format!("{name}.weight"), &[1, 1, 1, channels], 0.0),
            shift: declare.shaped_shift(&format!("{name}.bias"), &[1, 1, 1, channels]),
            channels,
        }
    }

    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let channels = self.channels;
        let images = context.layout.len();
        let [scale, shift] = [self.scale, self.shift].map(|handle| values(&context.parameters.vector(handle)));
        let mut output = Host::take(input.clone(), context.device);
        let of_image = (output.values().len() / images.max(1)).max(1);
        let mut lengths = vec![0.0; images * channels];
        let all = output.values_mut().chunks_exact_mut(of_image);
        for (image, lengths) in all.zip(lengths.chunks_exact_mut(channels)) {
            for row in image.chunks_exact(channels) {
                lengths
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value * value);
            }
            for sum in lengths.iter_mut() {
                *sum = sum.sqrt();
            }
            let mean = lengths.iter().sum::<f32>() / channels as f32 + EPSILON;
            let factors: Vec<f32> = lengths
                .iter()
                .zip(&scale)
                .map(|(length, scale)| 1.0 + scale * (length / mean))
                .collect();
            for row in image.chunks_exact_mut(channels) {
                for ((value, factor), shift) in row.iter_mut().zip(&factors).zip(&shift) {
                    *value = *value * factor + shift;
                }
            }
        }
        (output.tensor(), Saved { input, lengths })
    }

    pub(crate) fn backward(&self, gradient: Tensor<2>, saved: Saved, back: &mut Backward<'_>) -> Tensor<2> {
        let channels = self.channels;
        let (context, device) = (back.context, back.context.device);
        let images = context.layout.len();
        let scale = values(&context.parameters.vector(self.scale));
        let mut gradient = Host::take(gradient, device);
        let input = Host::take(saved.input, device);
        let of_image = (gradient.values().len() / images.max(1)).max(1);
        let (mut of_scale, mut of_shift) = (vec![0.0; channels], vec![0.0; channels]);
        let all = gradient
            .values_mut()
            .chunks_exact_mut(of_image)
            .zip(input.values().chunks_exact(of_image));
        for ((gradient, input), lengths) in all.zip(saved.lengths.chunks_exact(channels)) {
            let mean = lengths.iter().sum::<f32>() / channels as f32 + EPSILON;
            // The sum over all pixels of the gradient times the input.
            let mut products = vec![0.0; channels];
            for (gradient, input) in gradient.chunks_exact(channels).zip(input.chunks_exact(channels)) {
                for (channel, (gradient, input)) in gradient.iter().zip(input).enumerate() {
                    products[channel] += gradient * input;
                    of_shift[channel] += gradient;
                }
            }
            let shared: f32 = products
                .iter()
                .zip(&scale)
                .zip(lengths)
                .map(|((product, scale), length)| product * scale * length)
                .sum::<f32>()
                / (mean * mean * channels as f32);
            let (mut factors, mut of_input) = (vec![0.0; channels], vec![0.0; channels]);
            for channel in 0..channels {
                let share = lengths[channel] / mean;
                of_scale[channel] += products[channel] * share;
                factors[channel] = 1.0 + scale[channel] * share;
                let of_length = products[channel] * scale[channel] / mean - shared;
                of_input[channel] = if lengths[channel] > 0.0 {
                    of_length / lengths[channel]
                } else {
                    0.0
                };
            }
            for (gradient, input) in gradient.chunks_exact_mut(channels).zip(input.chunks_exact(channels)) {
                let constants = factors.iter().zip(&of_input);
                for ((gradient, input), (factor, of_input)) in gradient.iter_mut().zip(input).zip(constants) {
                    *gradient = *gradient * factor + input * of_input;
                }
            }
        }
        back.record_dense(self.scale, device.tensor(of_scale, [channels]));
        back.record_dense(self.shift, device.tensor(of_shift, [channels]));
        gradient.tensor()
    }

    /// The same layer as a part of burn's graph.
    #[cfg(any(test, feature = "cuda"))]
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let shape = [1, self.channels, 1, 1];
        let (scale, shift) = (tape.leaf(self.scale), tape.leaf(self.shift));
        let lengths = (input.clone() * input.clone()).sum_dim(3).sum_dim(2).sqrt();
        let relative = lengths.clone() / (lengths.mean_dim(1) + f64::from(EPSILON));
        input.clone() * relative * scale.reshape(shape) + shift.reshape(shape) + input
    }
}
