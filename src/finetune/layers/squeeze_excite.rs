//! Gates of channels by their means (Hu et al. 2018, `SENet`, §3).
//!
//! Both layers are small: loops over rows give the same bits whatever images stand beside each other.

use super::{Backward, Context};
use crate::{
    backend::{Host, Tensor, values},
    kernels::ActivationKind,
    parameters::{Declarations, Handle},
    vectorize::vectorize,
};

/// `x * gate(expand(activation(reduce(mean of x))))`.
#[derive(Clone, Debug)]
pub(crate) struct SqueezeExcite {
    reduce: Narrow,
    expand: Narrow,
    activation: ActivationKind,
    gate: ActivationKind,
}

/// A linear layer of one row for an image; files have a convolution with a kernel of one pixel.
#[derive(Clone, Debug)]
struct Narrow {
    weight: Handle,
    bias: Handle,
    /// The widths of input and output.
    sizes: [usize; 2],
}

/// The names and sizes of the parts.
#[derive(Clone, Debug)]
pub(crate) struct GateNames {
    pub(crate) reduce: String,
    pub(crate) expand: String,
    /// The width between both layers.
    pub(crate) width: usize,
    pub(crate) activation: ActivationKind,
    pub(crate) gate: ActivationKind,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    input: Tensor<2>,
    means: Vec<f32>,
    reduced: Vec<f32>,
    reduced_slope: Vec<f32>,
    gates: Vec<f32>,
    gate_slope: Vec<f32>,
}

impl Narrow {
    fn declare(declare: &mut Declarations, name: &str, [inputs, outputs]: [usize; 2]) -> Self {
        Self {
            weight: declare.patches(&format!("{name}.weight"), [outputs, inputs, 1, 1]),
            bias: declare.bias(&format!("{name}.bias"), outputs),
            sizes: [inputs, outputs],
        }
    }

    fn forward(&self, rows: &[f32], context: &Context<'_>) -> Vec<f32> {
        let [inputs, outputs] = self.sizes;
        let [weight, bias] = [self.weight, self.bias].map(|handle| values(&context.parameters.vector(handle)));
        let mut result = bias.repeat(rows.len() / inputs);
        vectorize(|| {
            for (row, sums) in rows.chunks_exact(inputs).zip(result.chunks_exact_mut(outputs)) {
                for (value, weights) in row.iter().zip(weight.chunks_exact(outputs)) {
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum += value * weight;
                    }
                }
            }
        });
        result
    }

    /// Records the gradients and returns that of the rows.
    fn backward(&self, rows: &[f32], gradient: &[f32], back: &mut Backward<'_>) -> Vec<f32> {
        let [inputs, outputs] = self.sizes;
        let device = back.context.device;
        let pairs = || rows.chunks_exact(inputs).zip(gradient.chunks_exact(outputs));
        if back.context.trains(self.weight) {
            let mut of_weight = vec![0.0; inputs * outputs];
            for (row, gradient) in pairs() {
                for (value, sums) in row.iter().zip(of_weight.chunks_exact_mut(outputs)) {
                    sums.iter_mut()
                        .zip(gradient)
                        .for_each(|(sum, gradient)| *sum += value * gradient);
                }
            }
            back.record_dense(self.weight, device.tensor(of_weight, [inputs * outputs]));
        }
        if back.context.trains(self.bias) {
            let mut of_bias = vec![0.0; outputs];
            for (_, gradient) in pairs() {
                of_bias
                    .iter_mut()
                    .zip(gradient)
                    .for_each(|(sum, gradient)| *sum += gradient);
            }
            back.record_dense(self.bias, device.tensor(of_bias, [outputs]));
        }
        let weight = values(&back.context.parameters.vector(self.weight));
        let mut result = Vec::with_capacity(rows.len());
        for gradient in gradient.chunks_exact(outputs) {
            let products = weight
                .chunks_exact(outputs)
                .map(|weights| weights.iter().zip(gradient).map(|(x, y)| x * y).sum::<f32>());
            result.extend(products);
        }
        result
    }
}

impl SqueezeExcite {
    /// Declares both layers for this number of channels.
    pub(crate) fn declare(declare: &mut Declarations, names: &GateNames, channels: usize) -> Self {
        Self {
            reduce: Narrow::declare(declare, &names.reduce, [channels, names.width]),
            expand: Narrow::declare(declare, &names.expand, [names.width, channels]),
            activation: names.activation,
            gate: names.gate,
        }
    }

    /// Number of values between both layers, and of channels.
    pub(crate) fn widths(&self) -> [usize; 2] {
        [self.reduce.sizes[1], self.reduce.sizes[0]]
    }

    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let [width, channels] = self.widths();
        let images = context.layout.len();
        let means = values(&context.kernels().pool(input.clone(), &uniform(&input, context)));
        let activated = |kind: ActivationKind, rows: Vec<f32>, width: usize| {
            let rows = context.device.tensor(rows, [images, width]);
            let (rows, slope) = context
                .kernels()
                .bias_activation(kind, rows, context.device.zeros([width]));
            (values(&rows), values(&slope))
        };
        let (reduced, reduced_slope) = activated(self.activation, self.reduce.forward(&means, context), width);
        let (gates, gate_slope) = activated(self.gate, self.expand.forward(&reduced, context), channels);
        let mut output = Host::take(input.clone(), context.device);
        let of_image = output.values().len() / images.max(1);
        vectorize(|| {
            let all = output.values_mut().chunks_exact_mut(of_image.max(1));
            for (image, gates) in all.zip(gates.chunks_exact(channels)) {
                for row in image.chunks_exact_mut(channels) {
                    row.iter_mut().zip(gates).for_each(|(value, gate)| *value *= gate);
                }
            }
        });
        let saved = Saved {
            input,
            means,
            reduced,
            reduced_slope,
            gates,
            gate_slope,
        };
        (output.tensor(), saved)
    }

    pub(crate) fn backward(&self, gradient: Tensor<2>, saved: Saved, back: &mut Backward<'_>) -> Tensor<2> {
        let [_, channels] = self.widths();
        let device = back.context.device;
        let images = back.context.layout.len();
        let mut gradient = Host::take(gradient, device);
        let input = Host::take(saved.input, device);
        let of_image = gradient.values().len() / images.max(1);
        let mut of_gates = vec![0.0; images * channels];
        vectorize(|| {
            let all = gradient
                .values()
                .chunks_exact(of_image)
                .zip(input.values().chunks_exact(of_image));
            for ((gradient, input), sums) in all.zip(of_gates.chunks_exact_mut(channels)) {
                for (gradient, input) in gradient.chunks_exact(channels).zip(input.chunks_exact(channels)) {
                    for ((sum, gradient), input) in sums.iter_mut().zip(gradient).zip(input) {
                        *sum += gradient * input;
                    }
                }
            }
        });
        times(&mut of_gates, &saved.gate_slope);
        let mut of_reduced = self.expand.backward(&saved.reduced, &of_gates, back);
        times(&mut of_reduced, &saved.reduced_slope);
        let mut of_means = self.reduce.backward(&saved.means, &of_reduced, back);
        let share = channels as f32 / of_image as f32;
        for value in &mut of_means {
            *value *= share;
        }
        vectorize(|| {
            let all = gradient.values_mut().chunks_exact_mut(of_image);
            let constants = saved.gates.chunks_exact(channels).zip(of_means.chunks_exact(channels));
            for (image, (gates, means)) in all.zip(constants) {
                for row in image.chunks_exact_mut(channels) {
                    for ((value, gate), mean) in row.iter_mut().zip(gates).zip(means) {
                        *value = *value * gate + mean;
                    }
                }
            }
        });
        gradient.tensor()
    }
}

/// The rows of a feature map, image by image.
fn uniform(map: &Tensor<2>, context: &Context<'_>) -> crate::kernels::Layout {
    let images = context.layout.len();
    let rows = map.dims()[0] / images.max(1);
    crate::kernels::Layout::new(&vec![rows; images], crate::backend::Device::Cpu)
}

fn times(values: &mut [f32], factors: &[f32]) {
    values
        .iter_mut()
        .zip(factors)
        .for_each(|(value, factor)| *value *= factor);
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl SqueezeExcite {
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        use crate::blocks::differentiated::{Lifted, activated};
        let [images, channels, _, _] = input.dims();
        let mut rows: Lifted<B, 2> = input.clone().mean_dim(3).mean_dim(2).reshape([images, channels]);
        for (layer, kind) in [(&self.reduce, self.activation), (&self.expand, self.gate)] {
            let [inputs, outputs] = layer.sizes;
            let weight: Lifted<B, 2> = tape.leaf(layer.weight).reshape([inputs, outputs]);
            let bias: Lifted<B, 2> = tape.leaf(layer.bias).reshape([1, outputs]);
            rows = activated(kind, rows.matmul(weight) + bias);
        }
        input * rows.reshape([images, channels, 1, 1])
    }
}
