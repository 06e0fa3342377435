//! Batch norm of rows of channels (Ioffe and Szegedy 2015).
//!
//! A part that trains uses the statistics of the batch and moves the running ones. A frozen part, and every part in
//! evaluation mode, uses the running ones.

use super::{Backward, Context, pixels::column_sums};
use crate::{
    backend::{Host, Tensor, values},
    parameters::{Declarations, Handle},
    vectorize::vectorize,
};

/// A batch norm.
#[derive(Clone, Debug)]
pub(crate) struct BatchNorm {
    scale: Handle,
    shift: Handle,
    mean: Handle,
    variance: Handle,
    channels: usize,
    settings: BatchNormSettings,
}

/// The values that a family's batch norms share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNormSettings {
    pub(crate) epsilon: f64,
    /// The share of a running statistic that a step keeps.
    pub(crate) keep: f64,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    /// Columns with mean 0 and variance 1.
    normalized: Vec<f32>,
    inverse_deviation: Vec<f32>,
}

/// A running statistic.
type Statistic = Vec<f32>;

impl BatchNorm {
    /// Declares scale, shift and both running statistics of `name`.
    pub(crate) fn declare(
        declare: &mut Declarations,
        name: &str,
        channels: usize,
        settings: BatchNormSettings,
    ) -> Self {
        Self {
            scale: declare.scale(&format!("{name}.weight"), channels, 1.0),
            shift: declare.shift(&format!("{name}.bias"), channels),
            mean: declare.statistic(&format!("{name}.running_mean"), channels, 0.0),
            variance: declare.statistic(&format!("{name}.running_var"), channels, 1.0),
            channels,
            settings,
        }
    }

    /// Returns whether the norm uses the statistics of the batch.
    fn trains(&self, context: &Context<'_>) -> bool {
        context.trains(self.scale) || context.trains(self.shift)
    }

    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let channels = self.channels;
        let mut input = Host::take(input, context.device);
        let trains = self.trains(context);
        let of = |handle| values(&context.parameters.vector(handle));
        let (mean, variance) = if trains {
            self.of_batch(input.values(), context)
        } else {
            (of(self.mean), of(self.variance))
        };
        let epsilon = self.settings.epsilon as f32;
        let inverse_deviation: Vec<f32> = variance
            .iter()
            .map(|variance| (variance + epsilon).sqrt().recip())
            .collect();
        vectorize(|| {
            for row in input.values_mut().chunks_exact_mut(channels) {
                for ((value, mean), inverse) in row.iter_mut().zip(&mean).zip(&inverse_deviation) {
                    *value = (*value - mean) * inverse;
                }
            }
        });
        let normalized = if trains { input.values().to_vec() } else { Vec::new() };
        let (scale, shift) = (of(self.scale), of(self.shift));
        vectorize(|| {
            for row in input.values_mut().chunks_exact_mut(channels) {
                for ((value, scale), shift) in row.iter_mut().zip(&scale).zip(&shift) {
                    *value = *value * scale + shift;
                }
            }
        });
        let saved = Saved {
            normalized,
            inverse_deviation,
        };
        (input.tensor(), saved)
    }

    /// Mean and variance of the batch; records the new running statistics.
    fn of_batch(&self, input: &[f32], context: &Context<'_>) -> (Statistic, Statistic) {
        let channels = self.channels;
        let count = (input.len() / channels) as f32;
        let mut mean = column_sums(input, channels, |_, value| value);
        for sum in &mut mean {
            *sum /= count;
        }
        let mut variance = column_sums(input, channels, |channel, value| (value - mean[channel]).powi(2));
        for sum in &mut variance {
            *sum /= count;
        }
        let unbiased = count / (count - 1.0).max(1.0);
        let keep = self.settings.keep as f32;
        for (handle, new, factor) in [(self.mean, &mean, 1.0), (self.variance, &variance, unbiased)] {
            let old = values(&context.parameters.vector(handle));
            let moved = old
                .iter()
                .zip(new)
                .map(|(old, new)| old * keep + new * factor * (1.0 - keep));
            let moved = context.device.tensor(moved.collect(), [channels]);
            context.statistics.borrow_mut().push((handle, moved));
        }
        (mean, variance)
    }

    pub(crate) fn backward(&self, gradient: Tensor<2>, saved: &Saved, back: &mut Backward<'_>) -> Tensor<2> {
        let device = back.context.device;
        let channels = self.channels;
        let mut gradient = Host::take(gradient, device);
        let scale = values(&back.context.parameters.vector(self.scale));
        if !self.trains(back.context) {
            let factors: Vec<f32> = scale.iter().zip(&saved.inverse_deviation).map(|(x, y)| x * y).collect();
            vectorize(|| {
                for row in gradient.values_mut().chunks_exact_mut(channels) {
                    for (gradient, factor) in row.iter_mut().zip(&factors) {
                        *gradient *= factor;
                    }
                }
            });
            return gradient.tensor();
        }
        let count = (gradient.values().len() / channels) as f32;
        let shift_sum = column_sums(gradient.values(), channels, |_, value| value);
        let mut scale_sum = vec![0.0; channels];
        let rows = gradient
            .values()
            .chunks_exact(channels)
            .zip(saved.normalized.chunks_exact(channels));
        vectorize(|| {
            for (gradient, normalized) in rows {
                for ((sum, gradient), normalized) in scale_sum.iter_mut().zip(gradient).zip(normalized) {
                    *sum += gradient * normalized;
                }
            }
        });
        let factors: Vec<f32> = scale.iter().zip(&saved.inverse_deviation).map(|(x, y)| x * y).collect();
        let [means, projections] = [&shift_sum, &scale_sum].map(|sums| {
            let mean = sums.iter().map(|sum| sum / count);
            mean.collect::<Vec<f32>>()
        });
        let rows = gradient
            .values_mut()
            .chunks_exact_mut(channels)
            .zip(saved.normalized.chunks_exact(channels));
        vectorize(|| {
            for (gradient, normalized) in rows {
                let columns = means.iter().zip(&projections).zip(&factors);
                for ((gradient, normalized), ((mean, projection), factor)) in
                    gradient.iter_mut().zip(normalized).zip(columns)
                {
                    *gradient = (*gradient - mean - normalized * projection) * factor;
                }
            }
        });
        back.record_dense(self.scale, device.tensor(scale_sum, [channels]));
        back.record_dense(self.shift, device.tensor(shift_sum, [channels]));
        gradient.tensor()
    }
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl BatchNorm {
    /// Batch norm over `[images, channels, rows, columns]`.
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let shape = [1, self.channels, 1, 1];
        let BatchNormSettings { epsilon, keep } = self.settings;
        let (scale, shift) = (tape.leaf(self.scale), tape.leaf(self.shift));
        let (mean, variance) = (tape.constant(self.mean), tape.constant(self.variance));
        if !self.trains(tape.context) {
            let scale = scale / (variance + epsilon).sqrt();
            let shift = shift - mean * scale.clone();
            return input * scale.reshape(shape) + shift.reshape(shape);
        }
        let [images, channels, rows, columns] = input.dims();
        let count = (images * rows * columns) as f64;
        let channel_mean = |values: crate::blocks::differentiated::Lifted<B, 4>| {
            let by_channel = values.reshape([images, channels, rows * columns]);
            by_channel.mean_dim(2).mean_dim(0).reshape([channels])
        };
        let batch_mean = channel_mean(input.clone());
        let centred = input - batch_mean.clone().reshape(shape);
        let batch_variance = channel_mean(centred.clone() * centred.clone());
        let unbiased = batch_variance.clone().inner() * (count / (count - 1.0).max(1.0));
        let moved = [
            (self.mean, mean.inner() * keep + batch_mean.inner() * (1.0 - keep)),
            (self.variance, variance.inner() * keep + unbiased * (1.0 - keep)),
        ];
        for (handle, moved) in moved {
            tape.context.statistics.borrow_mut().push((handle, B::wrap(moved)));
        }
        let factor = scale / (batch_variance + epsilon).sqrt();
        centred * factor.reshape(shape) + shift.reshape(shape)
    }
}
