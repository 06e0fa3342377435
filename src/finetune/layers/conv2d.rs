//! A convolution over images as rows of channels, `[images · height · width, channels]`.
//!
//! It is a product of gathered patches with the weights, group by group. burn's convolutions take seven times as long as
//! those of `PyTorch` at small sizes. A group of one channel has loops of its own (`depthwise`).

use super::{
    Backward, Context, depthwise,
    pixels::{Geometry, column_sums},
};
use crate::{
    backend::{Host, Tensor, values},
    gradients::Gradient,
    parameters::{Declarations, Handle},
    vectorize::vectorize,
};

/// A square convolution.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    weight: Handle,
    bias: Option<Handle>,
    pub(crate) geometry: Geometry,
}

/// Values saved for the backward pass.
pub(crate) enum Saved {
    /// For each group `[images · height · width, kernel · kernel · inputs]`, with the size of the output.
    Patches(Vec<Tensor<2>>),
    /// The input.
    Input(Tensor<2>),
}

impl Convolution {
    /// Declares `name.weight`, `[outputs, inputs / groups, kernel, kernel]`, and `name.bias` if it has one.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, geometry: Geometry, has_bias: bool) -> Self {
        let Geometry {
            inputs,
            outputs,
            kernel,
            groups,
            ..
        } = geometry;
        let shape = [outputs, inputs / groups, kernel, kernel];
        Self {
            weight: declare.tensor(&format!("{name}.weight"), &shape),
            bias: has_bias.then(|| declare.bias(&format!("{name}.bias"), outputs)),
            geometry,
        }
    }

    fn is_depthwise(&self) -> bool {
        let Geometry {
            inputs,
            outputs,
            groups,
            ..
        } = self.geometry;
        groups == inputs && groups == outputs && groups > 1
    }

    /// Number of values of the patches of one image that are saved.
    pub(crate) fn patch_values(&self) -> usize {
        let [input, output] = self.geometry.pixels();
        if self.is_depthwise() {
            input * self.geometry.inputs
        } else {
            output * self.geometry.patch() * self.geometry.groups
        }
    }

    /// Number of values of the output for one image.
    pub(crate) fn output_values(&self) -> usize {
        self.geometry.pixels()[1] * self.geometry.outputs
    }

    pub(crate) fn forward(&self, input: &Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let geometry = self.geometry;
        let images = context.layout.len();
        let (product, saved) = if self.is_depthwise() {
            let weights = depthwise::by_tap(&values(&context.parameters.vector(self.weight)), geometry);
            let output = {
                let input = Host::take(input.clone(), context.device);
                depthwise::forward(geometry, images, input.values(), &weights)
            };
            let rows = images * geometry.pixels()[1];
            (
                context.device.tensor(output, [rows, geometry.outputs]),
                Saved::Input(input.clone()),
            )
        } else {
            let patches = self.patches(input, context);
            let mut products = patches
                .iter()
                .enumerate()
                .map(|(group, patches)| patches.clone().matmul(self.weights(group, context)));
            let product = if geometry.groups == 1 { products.next() } else { None };
            let product = product.unwrap_or_else(|| self.side_by_side(products.collect(), geometry.outputs, context));
            (product, Saved::Patches(patches))
        };
        let Some(bias) = self.bias else {
            return (product, saved);
        };
        let mut output = Host::take(product, context.device);
        let bias = values(&context.parameters.vector(bias));
        vectorize(|| {
            for row in output.values_mut().chunks_exact_mut(geometry.outputs) {
                for (value, bias) in row.iter_mut().zip(&bias) {
                    *value += bias;
                }
            }
        });
        (output.tensor(), saved)
    }

    /// The patches of each group.
    fn patches(&self, input: &Tensor<2>, context: &Context<'_>) -> Vec<Tensor<2>> {
        let geometry = self.geometry;
        if geometry.is_pointwise() {
            return vec![input.clone()];
        }
        let images = context.layout.len();
        let input = Host::take(input.clone(), context.device);
        let (inputs, width, patch) = (geometry.inputs, geometry.inputs / geometry.groups, geometry.patch());
        let rows = images * geometry.pixels()[1];
        let groups = (0..geometry.groups).map(|group| {
            let mut patches = vec![0.0; rows * patch];
            geometry.windows(images, |window| {
                let target = &mut patches[window.output * patch + window.tap * width..][..window.length * width];
                let source = &input.values()[window.input * inputs..][..window.length * inputs];
                if geometry.groups == 1 {
                    target.copy_from_slice(source);
                } else {
                    let pixels = target.chunks_exact_mut(width).zip(source.chunks_exact(inputs));
                    for (target, source) in pixels {
                        target.copy_from_slice(&source[group * width..][..width]);
                    }
                }
            });
            context.device.tensor(patches, [rows, patch])
        });
        groups.collect()
    }

    /// The columns of all groups beside each other.
    fn side_by_side(&self, groups: Vec<Tensor<2>>, width: usize, context: &Context<'_>) -> Tensor<2> {
        let part = width / self.geometry.groups;
        let rows = groups.first().map_or(0, |group| group.dims()[0]);
        let mut joined = vec![0.0; rows * width];
        for (group, values) in groups.into_iter().enumerate() {
            let values = Host::take(values, context.device);
            let rows = joined.chunks_exact_mut(width).zip(values.values().chunks_exact(part));
            for (row, values) in rows {
                row[group * part..][..part].copy_from_slice(values);
            }
        }
        context.device.tensor(joined, [rows, width])
    }

    /// The columns of each group.
    fn apart(&self, gradient: Tensor<2>, context: &Context<'_>) -> Vec<Tensor<2>> {
        let groups = self.geometry.groups;
        if groups == 1 {
            return vec![gradient];
        }
        let [rows, width] = gradient.dims();
        let part = width / groups;
        let gradient = Host::take(gradient, context.device);
        let of = |group: usize| {
            let rows_of = gradient.values().chunks_exact(width);
            let columns = rows_of.flat_map(|row| &row[group * part..][..part]);
            context.device.tensor(columns.copied().collect(), [rows, part])
        };
        (0..groups).map(of).collect()
    }

    pub(crate) fn backward(
        &self,
        gradient: Tensor<2>,
        saved: Saved,
        back: &mut Backward<'_>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let outputs = self.geometry.outputs;
        let (context, device) = (back.context, back.context.device);
        if let Some(bias) = self.bias
            && context.trains(bias)
        {
            let sums = column_sums(&values(&gradient), outputs, |_, value| value);
            back.record_dense(bias, device.tensor(sums, [outputs]));
        }
        match saved {
            Saved::Input(input) => self.depthwise_backward(gradient, input, back, wants_input),
            Saved::Patches(patches) => {
                let gradients = self.apart(gradient, context);
                if context.trains(self.weight) {
                    let products = patches
                        .into_iter()
                        .zip(&gradients)
                        .map(|(patches, gradient)| patches.transpose().matmul(gradient.clone()));
                    self.learn(products.collect(), back);
                }
                wants_input.then(|| self.through(gradients, context))
            }
        }
    }

    fn depthwise_backward(
        &self,
        gradient: Tensor<2>,
        input: Tensor<2>,
        back: &mut Backward<'_>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let (geometry, context) = (self.geometry, back.context);
        let (device, images) = (context.device, context.layout.len());
        let [gradient, input] = [gradient, input].map(|tensor| Host::take(tensor, device));
        if context.trains(self.weight) {
            let by_tap = depthwise::of_weights(geometry, images, input.values(), gradient.values());
            let stored = depthwise::by_channel(&by_tap, geometry);
            let length = stored.len();
            back.record(self.weight, Gradient::Dense(device.tensor(stored, [length])));
        }
        wants_input.then(|| {
            let weights = depthwise::by_tap(&values(&context.parameters.vector(self.weight)), geometry);
            let result = depthwise::of_input(geometry, images, gradient.values(), &weights);
            device.tensor(result, [images * geometry.pixels()[0], geometry.inputs])
        })
    }

    /// Records the gradient of the weights, from the product of patches and gradient of each group.
    fn learn(&self, products: Vec<Tensor<2>>, back: &mut Backward<'_>) {
        let geometry = self.geometry;
        let (inputs, outputs) = (geometry.inputs / geometry.groups, geometry.outputs / geometry.groups);
        let taps = geometry.kernel * geometry.kernel;
        let mut stored = vec![0.0; geometry.outputs * inputs * taps];
        for (group, product) in products.into_iter().enumerate() {
            let product = Host::take(product, back.context.device);
            let stored = &mut stored[group * outputs * inputs * taps..];
            for (row, values) in product.values().chunks_exact(outputs).enumerate() {
                let (tap, input) = (row / inputs, row % inputs);
                for (output, value) in values.iter().enumerate() {
                    stored[(output * inputs + input) * taps + tap] = *value;
                }
            }
        }
        let length = stored.len();
        let stored = back.context.device.tensor(stored, [length]);
        back.record(self.weight, Gradient::Dense(stored));
    }

    /// The gradient of the input.
    fn through(&self, gradients: Vec<Tensor<2>>, context: &Context<'_>) -> Tensor<2> {
        let (geometry, device) = (self.geometry, context.device);
        let products = gradients
            .into_iter()
            .enumerate()
            .map(|(group, gradient)| gradient.matmul(self.weights(group, context).transpose()));
        let mut products: Vec<Tensor<2>> = products.collect();
        if geometry.is_pointwise()
            && let Some(product) = products.pop()
        {
            return product;
        }
        let images = context.layout.len();
        let (inputs, width, patch) = (geometry.inputs, geometry.inputs / geometry.groups, geometry.patch());
        let rows = images * geometry.pixels()[0];
        let mut result = vec![0.0; rows * inputs];
        for (group, patches) in products.into_iter().enumerate() {
            let patches = Host::take(patches, device);
            vectorize(|| {
                geometry.windows(images, |window| {
                    let taken = &patches.values()[window.output * patch + window.tap * width..];
                    let target = &mut result[window.input * inputs..][..window.length * inputs];
                    if geometry.groups == 1 {
                        for (sum, value) in target.iter_mut().zip(taken) {
                            *sum += value;
                        }
                    } else {
                        let pixels = target.chunks_exact_mut(inputs).zip(taken.chunks_exact(width));
                        for (target, taken) in pixels {
                            for (sum, value) in target[group * width..][..width].iter_mut().zip(taken) {
                                *sum += value;
                            }
                        }
                    }
                });
            });
        }
        device.tensor(result, [rows, inputs])
    }

    /// The weights of a group as `[kernel · kernel · inputs, outputs]`; files have `[outputs, inputs, kernel, kernel]`.
    fn weights(&self, group: usize, context: &Context<'_>) -> Tensor<2> {
        let geometry = self.geometry;
        let (inputs, outputs) = (geometry.inputs / geometry.groups, geometry.outputs / geometry.groups);
        let stored = context.parameters.vector(self.weight);
        if geometry.kernel == 1 && geometry.groups == 1 {
            return stored.reshape([outputs, inputs]).transpose();
        }
        let stored = Host::take(stored, context.device);
        let taps = geometry.kernel * geometry.kernel;
        let stored = &stored.values()[group * outputs * inputs * taps..];
        let shape = [taps * inputs, outputs];
        let mut weights = vec![0.0; shape[0] * shape[1]];
        for (row, weights) in weights.chunks_exact_mut(outputs).enumerate() {
            let (tap, input) = (row / inputs, row % inputs);
            for (output, weight) in weights.iter_mut().enumerate() {
                *weight = stored[(output * inputs + input) * taps + tap];
            }
        }
        context.device.tensor(weights, shape)
    }
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl Convolution {
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
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
            groups,
            ..
        } = self.geometry;
        let weight = tape
            .leaf(self.weight)
            .reshape([outputs, inputs / groups, kernel, kernel]);
        let bias = self.bias.map(|bias| tape.leaf(bias));
        let [before, behind] = [0, 1].map(|end| [0, 1].map(|axis| self.geometry.around(axis)[end]));
        let options = if before == behind {
            PaddedConvOptions::from(ConvOptions::new([stride; 2], before, [1; 2], groups))
        } else {
            PaddedConvOptions::asymmetric([stride; 2], before, behind, [1; 2], groups)
        };
        conv2d(input, weight, bias, options)
    }
}
