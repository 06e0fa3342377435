//! The `ResNet8` of `MLPerf` Tiny for 32 × 32 colour images (Banbury et al. 2021; He et al. 2016 for the blocks).
//!
//! Padding is TensorFlow's SAME: where it is odd, the extra pixel is at the end.

mod host;
mod rows;

use burn::tensor::{
    activation::relu,
    module::conv2d,
    ops::{ConvOptions, PaddedConvOptions},
};

use self::host::HostRun;
use super::{Batch, Frozen, FrozenSize, PassSettings};
use crate::finetune::{
    backend::{Device, Tensor, values},
    dropout::DropoutKeys,
    gradients::{Gradient, Pass},
    loss::cross_entropy,
    parameters::{Parameter, Parameters, Start},
};

/// Keras wrote the pretrained weights with this.
const EPSILON: f64 = 1e-3;
/// How much of a running statistic stays at a step; `PyTorch`'s default. Keras's 0.99 is too slow for fine-tuning,
/// which has few steps.
const KEEP: f64 = 0.9;
/// The input's side and channels.
const SIDE: usize = 32;
const CHANNELS: usize = 3;
/// The last block's channels.
const FEATURES: usize = 64;

/// A `ResNet8` with a linear head.
#[derive(Clone, Debug)]
pub(crate) struct ResNet8 {
    pub(crate) classes: usize,
    /// Whether the head's values come from the file, or are made anew.
    pub(crate) head_from_file: bool,
}

/// The parameters of one run: plain tensors, or lifted ones where gradients are wanted.
struct Run<'a> {
    parameters: &'a Parameters,
    names: Vec<(usize, Tensor<1>)>,
    statistics: Vec<(usize, Tensor<1>)>,
    /// The freeze depth of a training pass; none in evaluation.
    training: Option<usize>,
}

/// A residual block: its name, its channels and its stride.
const BLOCKS: [(&str, usize, usize); 3] = [("b1", 16, 1), ("b2", 32, 2), ("b3", FEATURES, 2)];

impl ResNet8 {
    /// See [`super::Network::parameters`].
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let mut list = Vec::new();
        let mut push = |name: String, shape: &[usize], freezes_at: Option<usize>, start: Start| {
            let has_gradient = !name.contains(".running_");
            let transposed = shape.len() == 2;
            list.push(Parameter {
                name,
                shape: shape.to_vec(),
                transposed,
                freezes_at,
                has_gradient,
                start,
            });
        };
        let mut convolution =
            |name: String, [inputs, outputs, side]: [usize; 3], freezes_at: usize, norm: Option<String>| {
                push(
                    format!("{name}.weight"),
                    &[outputs, inputs, side, side],
                    Some(freezes_at),
                    Start::Pretrained,
                );
                push(format!("{name}.bias"), &[outputs], Some(freezes_at), Start::Pretrained);
                for part in ["weight", "bias", "running_mean", "running_var"] {
                    if let Some(norm) = &norm {
                        push(
                            format!("{norm}.{part}"),
                            &[outputs],
                            Some(freezes_at),
                            Start::Pretrained,
                        );
                    }
                }
            };
        convolution("stem.conv".to_owned(), [CHANNELS, 16, 3], 1, Some("stem.bn".to_owned()));
        let mut inputs = 16;
        for (number, (block, outputs, stride)) in BLOCKS.into_iter().enumerate() {
            let depth = number + 2;
            convolution(
                format!("{block}.conv1"),
                [inputs, outputs, 3],
                depth,
                Some(format!("{block}.bn1")),
            );
            convolution(
                format!("{block}.conv2"),
                [outputs, outputs, 3],
                depth,
                Some(format!("{block}.bn2")),
            );
            if stride == 2 {
                convolution(format!("{block}.down"), [inputs, outputs, 1], depth, None);
            }
            inputs = outputs;
        }
        // Glorot's bound, as Keras starts dense layers (Glorot and Bengio 2010).
        let bound = (6.0 / (FEATURES + self.classes) as f32).sqrt();
        let (weight, bias) = if self.head_from_file {
            (Start::Pretrained, Start::Pretrained)
        } else {
            (Start::Uniform(bound), Start::Zeros)
        };
        push("fc.weight".to_owned(), &[self.classes, FEATURES], None, weight);
        push("fc.bias".to_owned(), &[self.classes], None, bias);
        list
    }

    /// See [`super::Network::frozen`].
    pub(crate) fn frozen(
        parameters: &Parameters,
        (batch, from): (&Batch, Option<Frozen>),
        stops: &[usize],
        device: Device,
    ) -> Option<Vec<Frozen>> {
        let (pixels, images) = raw(batch);
        let mut run = device.is_host().then(|| host_run(parameters, images, None, device))?;
        Some(run.frozen((pixels, from), stops))
    }

    /// See [`super::Network::frozen_size`].
    pub(crate) fn frozen_size(depth: usize) -> FrozenSize {
        if depth == 0 {
            return FrozenSize {
                values: 0,
                operations: 0,
            };
        }
        // A product with so few columns does not fill the registers: measured, it takes about twice its time.
        let product = |side: usize, inputs: usize, outputs: usize| {
            let slowness = if outputs < 32 { 2 } else { 1 };
            slowness * 2 * side * side * 9 * inputs * outputs
        };
        let mut found = FrozenSize {
            values: SIDE * SIDE * 16,
            operations: product(SIDE, CHANNELS, 16),
        };
        let (mut side, mut inputs) = (SIDE, 16);
        for (_, outputs, stride) in BLOCKS.into_iter().take(depth.saturating_sub(1)) {
            side /= stride;
            found.values = side * side * outputs;
            found.operations += product(side, inputs, outputs) + product(side, outputs, outputs);
            inputs = outputs;
        }
        if depth > BLOCKS.len() {
            // Where nothing but the head trains, only the means of the channels are of use.
            found.values = FEATURES;
        }
        found
    }

    /// See [`super::Network::logits`].
    pub(crate) fn logits(parameters: &Parameters, batch: &Batch, frozen: Option<Frozen>, device: Device) -> Tensor<2> {
        if device.is_host() {
            let (pixels, images) = raw(batch);
            return host_run(parameters, images, None, device).logits(pixels, frozen);
        }
        let mut run = Run {
            parameters,
            names: Vec::new(),
            statistics: Vec::new(),
            training: None,
        };
        run.logits(pixels(batch, device), DropoutKeys::none(), device)
    }

    /// See [`super::Network::pass`].
    pub(crate) fn pass(
        &self,
        parameters: &Parameters,
        (batch, frozen): (&Batch, Option<Frozen>),
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        if device.is_host() {
            let (pixels, images) = raw(batch);
            let run = host_run(parameters, images, Some(settings.freeze_depth), device);
            return run.pass((pixels, frozen), labels, self.classes, settings.dropout);
        }
        self.differentiated_pass(parameters, batch, labels, settings, device)
    }

    /// The same by burn's automatic differentiation, for devices whose memory the host cannot walk over.
    fn differentiated_pass(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        let training = Some(settings.freeze_depth);
        let mut run = Run {
            parameters,
            names: Vec::new(),
            statistics: Vec::new(),
            training,
        };
        let logits = run.logits(pixels(batch, device), settings.dropout, device);
        let count = labels.len() as f32;
        let (loss, gradient) = cross_entropy(&values(&logits.clone().inner()), labels, self.classes, count);
        let gradient = Tensor::from_inner(device.tensor(gradient, [labels.len(), self.classes]));
        // The gradient of this sum is the loss's gradient.
        let mut all = (logits * gradient).sum().backward();
        let gradients = run
            .names
            .iter()
            .filter_map(|(index, tensor)| Some((*index, Gradient::Dense(tensor.grad_remove(&mut all)?))))
            .collect();
        Pass {
            loss: loss / f64::from(count),
            gradients,
            statistics: run.statistics,
        }
    }
}

impl Run<'_> {
    fn index(&self, name: &str) -> usize {
        let place = self
            .parameters
            .list()
            .iter()
            .position(|parameter| parameter.name == name);
        place.expect("the list of parameters has every name that the network asks for")
    }

    fn trains(&self, index: usize) -> bool {
        self.training
            .is_some_and(|depth| self.parameters.list()[index].changes(depth))
    }

    /// A parameter as a vector; lifted into the graph, and remembered, when it trains.
    fn vector(&mut self, name: &str) -> Tensor<1> {
        let index = self.index(name);
        let value = self.parameters.vector(index);
        if !self.trains(index) {
            return value;
        }
        let lifted = Tensor::from_inner(value).require_grad();
        self.names.push((index, lifted.clone()));
        lifted
    }

    fn convolution(&mut self, name: &str, input: Tensor<4>, stride: usize) -> Tensor<4> {
        let shape: [usize; 4] = {
            let shape = &self.parameters.list()[self.index(&format!("{name}.weight"))].shape;
            std::array::from_fn(|axis| shape[axis])
        };
        let weight = self.vector(&format!("{name}.weight")).reshape(shape);
        let bias = self.vector(&format!("{name}.bias"));
        // SAME padding of even sides: 1 and 1 for stride 1, 0 and 1 for stride 2, none for a 1 × 1 kernel.
        let total = shape[2] - stride.min(shape[2]);
        let (before, after) = (total / 2, total - total / 2);
        let options = ConvOptions::new([stride; 2], [before; 2], [1; 2], 1);
        let options = if before == after {
            PaddedConvOptions::from(options)
        } else {
            PaddedConvOptions::asymmetric([stride; 2], [before; 2], [after; 2], [1; 2], 1)
        };
        conv2d(input, weight, Some(bias), options)
    }

    /// Batch norm over `[images, channels, rows, columns]`: with the batch's statistics where it trains, which then
    /// move the running ones, else with the running statistics.
    fn batch_norm(&mut self, name: &str, input: Tensor<4>) -> Tensor<4> {
        let channels = input.dims()[1];
        let shape = [1, channels, 1, 1];
        let mean_index = self.index(&format!("{name}.running_mean"));
        let variance_index = self.index(&format!("{name}.running_var"));
        let trains = self.trains(mean_index);
        let scale = self.vector(&format!("{name}.weight"));
        let shift = self.vector(&format!("{name}.bias"));
        let (mean, variance) = (
            self.parameters.vector(mean_index),
            self.parameters.vector(variance_index),
        );
        if !trains {
            let scale = scale / (variance + EPSILON).sqrt();
            let shift = shift - mean * scale.clone();
            return input * scale.reshape(shape) + shift.reshape(shape);
        }
        let [images, _, rows, columns] = input.dims();
        let count = (images * rows * columns) as f64;
        let batch_mean = channel_mean(input.clone());
        let centred = input - batch_mean.clone().reshape(shape);
        let batch_variance = channel_mean(centred.clone() * centred.clone());
        let unbiased = batch_variance.clone().inner() * (count / (count - 1.0).max(1.0));
        self.statistics
            .push((mean_index, mean * KEEP + batch_mean.inner() * (1.0 - KEEP)));
        self.statistics
            .push((variance_index, variance * KEEP + unbiased * (1.0 - KEEP)));
        let factor = scale / (batch_variance + EPSILON).sqrt();
        centred * factor.reshape(shape) + shift.reshape(shape)
    }

    /// Moves a tensor into the graph at the border between what is frozen and what trains.
    fn enter(&self, values: Tensor<4>, depth: usize) -> Tensor<4> {
        if self.training == Some(depth) {
            Tensor::from_inner(values)
        } else {
            values
        }
    }

    fn stem(&mut self, input: Tensor<4>) -> Tensor<4> {
        let hidden = self.convolution("stem.conv", input, 1);
        relu(self.batch_norm("stem.bn", hidden))
    }

    fn block(&mut self, (name, _, stride): (&str, usize, usize), input: Tensor<4>) -> Tensor<4> {
        let hidden = self.convolution(&format!("{name}.conv1"), input.clone(), stride);
        let hidden = relu(self.batch_norm(&format!("{name}.bn1"), hidden));
        let hidden = self.convolution(&format!("{name}.conv2"), hidden, 1);
        let hidden = self.batch_norm(&format!("{name}.bn2"), hidden);
        let shortcut = if stride == 1 {
            input
        } else {
            self.convolution(&format!("{name}.down"), input, stride)
        };
        relu(hidden + shortcut)
    }

    /// Outputs of the three blocks, `[images, channels, side, side]`.
    fn blocks(&mut self, pixels: Tensor<4>) -> [Tensor<4>; 3] {
        let pixels = self.enter(pixels, 0);
        let stem = self.stem(pixels);
        let stem = self.enter(stem, 1);
        let [first, second, third] = BLOCKS;
        let first = self.block(first, stem);
        let first = self.enter(first, 2);
        let second = self.block(second, first.clone());
        let second = self.enter(second, 3);
        let third = self.block(third, second.clone());
        let third = self.enter(third, 4);
        [first, second, third]
    }

    fn logits(&mut self, pixels: Tensor<4>, dropout: DropoutKeys, device: Device) -> Tensor<2> {
        let [_, _, features] = self.blocks(pixels);
        let [images, channels, rows, columns] = features.dims();
        let features = features
            .reshape([images, channels, rows * columns])
            .mean_dim(2)
            .reshape([images, channels]);
        let features = match dropout.site(0) {
            None => features,
            Some(dropout) => {
                let factors = device.tensor(dropout.factors(images * channels), [images, channels]);
                features * Tensor::from_inner(factors)
            }
        };
        let shape = {
            let [classes, features]: [usize; 2] = {
                let shape = &self.parameters.list()[self.index("fc.weight")].shape;
                [shape[0], shape[1]]
            };
            [features, classes]
        };
        let weight = self.vector("fc.weight").reshape(shape);
        features.matmul(weight) + self.vector("fc.bias").unsqueeze::<2>()
    }
}

/// The mean of each channel, `[channels]`.
fn channel_mean(values: Tensor<4>) -> Tensor<1> {
    let [images, channels, rows, columns] = values.dims();
    values
        .reshape([images, channels, rows * columns])
        .mean_dim(2)
        .mean_dim(0)
        .reshape([channels])
}

fn host_run(parameters: &Parameters, images: usize, training: Option<usize>, device: Device) -> HostRun<'_> {
    HostRun {
        parameters,
        images,
        device,
        training,
        gradients: Vec::new(),
        statistics: Vec::new(),
    }
}

fn raw(batch: &Batch) -> (&[f32], usize) {
    match batch {
        Batch::Images { pixels, count } => (pixels, *count),
        Batch::Texts { .. } => panic!("an image model was given texts"),
    }
}

fn pixels(batch: &Batch, device: Device) -> Tensor<4> {
    let (pixels, images) = raw(batch);
    device.tensor(pixels.to_vec(), [images, CHANNELS, SIDE, SIDE])
}

#[cfg(test)]
mod tests;
