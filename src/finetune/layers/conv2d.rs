//! A convolution over images as rows of channels, `[images · side · side, channels]`.
//!
//! It is a product of gathered patches with the weights. burn's convolutions take seven times as long as those of
//! `PyTorch` at small sizes.

use super::{
    Backward, Context,
    pixels::{Geometry, column_sums},
};
use crate::{
    backend::{Host, Tensor, values},
    gradients::Gradient,
    parameters::{Declarations, Handle},
    vectorize::vectorize,
};

/// A square convolution with TensorFlow's SAME padding.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    weight: Handle,
    bias: Handle,
    pub(crate) geometry: Geometry,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    /// `[images · side · side, kernel · kernel · inputs]`, with the side of the output.
    patches: Tensor<2>,
}

impl Convolution {
    /// Declares `name.weight`, `[outputs, inputs, kernel, kernel]`, and `name.bias`.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, geometry: Geometry) -> Self {
        let Geometry {
            inputs,
            outputs,
            kernel,
            ..
        } = geometry;
        let shape = [outputs, inputs, kernel, kernel];
        Self {
            weight: declare.tensor(&format!("{name}.weight"), &shape),
            bias: declare.bias(&format!("{name}.bias"), outputs),
            geometry,
        }
    }

    /// Number of values of the patches of one image.
    pub(crate) fn patch_values(&self) -> usize {
        self.geometry.output_side().pow(2) * self.geometry.patch()
    }

    /// Number of values of the output for one image.
    pub(crate) fn output_values(&self) -> usize {
        self.geometry.output_side().pow(2) * self.geometry.outputs
    }

    pub(crate) fn forward(&self, input: &Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let geometry = self.geometry;
        let images = context.layout.len();
        let input = Host::take(input.clone(), context.device);
        let rows = images * geometry.output_side().pow(2);
        let mut patches = vec![0.0; rows * geometry.patch()];
        geometry.runs(images, |patch, place, length| {
            patches[patch..patch + length].copy_from_slice(&input.values()[place..place + length]);
        });
        let patches = context.device.tensor(patches, [rows, geometry.patch()]);
        let product = patches.clone().matmul(self.weights(context));
        let mut output = Host::take(product, context.device);
        let bias = values(&context.parameters.vector(self.bias));
        vectorize(|| {
            for row in output.values_mut().chunks_exact_mut(geometry.outputs) {
                for (value, bias) in row.iter_mut().zip(&bias) {
                    *value += bias;
                }
            }
        });
        (output.tensor(), Saved { patches })
    }

    pub(crate) fn backward(
        &self,
        gradient: Tensor<2>,
        saved: Saved,
        back: &mut Backward<'_>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let geometry = self.geometry;
        let Geometry { inputs, outputs, .. } = geometry;
        let (context, device) = (back.context, back.context.device);
        let bias = column_sums(&values(&gradient), outputs, |_, value| value);
        back.record_dense(self.bias, device.tensor(bias, [outputs]));
        if context.trains(self.weight) {
            let weight = Host::take(saved.patches.transpose().matmul(gradient.clone()), device);
            let taps = geometry.kernel * geometry.kernel;
            let mut stored = vec![0.0; weight.values().len()];
            for (row, values) in weight.values().chunks_exact(outputs).enumerate() {
                let (tap, input) = (row / inputs, row % inputs);
                for (output, value) in values.iter().enumerate() {
                    stored[(output * inputs + input) * taps + tap] = *value;
                }
            }
            let length = stored.len();
            back.record(self.weight, Gradient::Dense(device.tensor(stored, [length])));
        }
        if !wants_input {
            return None;
        }
        let patches = Host::take(gradient.matmul(self.weights(context).transpose()), device);
        let images = context.layout.len();
        let rows = images * geometry.side * geometry.side;
        let mut result = vec![0.0; rows * inputs];
        vectorize(|| {
            geometry.runs(images, |patch, place, length| {
                let taken = &patches.values()[patch..patch + length];
                for (sum, value) in result[place..place + length].iter_mut().zip(taken) {
                    *sum += value;
                }
            });
        });
        Some(device.tensor(result, [rows, inputs]))
    }

    /// The weights as `[kernel · kernel · inputs, outputs]`; files have `[outputs, inputs, kernel, kernel]`.
    fn weights(&self, context: &Context<'_>) -> Tensor<2> {
        let geometry = self.geometry;
        let stored = values(&context.parameters.vector(self.weight));
        let taps = geometry.kernel * geometry.kernel;
        let value = |index: usize| {
            let (row, output) = (index / geometry.outputs, index % geometry.outputs);
            let (tap, input) = (row / geometry.inputs, row % geometry.inputs);
            stored[(output * geometry.inputs + input) * taps + tap]
        };
        let shape = [geometry.patch(), geometry.outputs];
        context
            .device
            .tensor((0..shape[0] * shape[1]).map(value).collect(), shape)
    }
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl Convolution {
    pub(crate) fn graph<B: crate::backend::Engine>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        use burn::tensor::{
            module::conv2d,
            ops::{ConvOptions, PaddedConvOptions},
        };
        let Geometry {
            inputs,
            outputs,
            kernel,
            stride,
            ..
        } = self.geometry;
        let weight = tape.leaf(self.weight).reshape([outputs, inputs, kernel, kernel]);
        let bias = tape.leaf(self.bias);
        // SAME padding for even sides: 1 and 1 for stride 1, 0 and 1 for stride 2, none for a 1 × 1 kernel.
        let total = kernel - stride.min(kernel);
        let (before, after) = (total / 2, total - total / 2);
        let options = ConvOptions::new([stride; 2], [before; 2], [1; 2], 1);
        let options = if before == after {
            PaddedConvOptions::from(options)
        } else {
            PaddedConvOptions::asymmetric([stride; 2], [before; 2], [after; 2], [1; 2], 1)
        };
        conv2d(input, weight, Some(bias), options)
    }
}
