//! The network with burn's automatic differentiation, for devices without access to host memory.

use burn::{
    backend::Autodiff,
    tensor::{
        Tensor as Lifted,
        activation::relu,
        module::conv2d,
        ops::{ConvOptions, PaddedConvOptions},
    },
};

use super::{BLOCKS, CHANNELS, EPSILON, KEEP, ResNet8, SIDE};
use crate::{
    backend::{Device, Engine, Tensor, values},
    dropout::DropoutKeys,
    gradients::{Gradient, Loss, Pass},
    loss::cross_entropy,
    models::PassSettings,
    parameters::Parameters,
};

/// A tensor that may be part of a computation graph.
type Graph<B, const D: usize> = Lifted<Autodiff<B>, D>;

/// The parameters of one run; those that train are leaves of a computation graph.
struct Run<'a, B: Engine> {
    parameters: &'a Parameters,
    names: Vec<(usize, Graph<B, 1>)>,
    statistics: Vec<(usize, Tensor<1>)>,
    /// The freeze depth of a training pass; `None` in evaluation mode.
    training: Option<usize>,
}

/// See [`super::super::Network::logits`].
#[cfg(feature = "cuda")]
pub(super) fn logits(parameters: &Parameters, images: (&[f32], usize), device: Device) -> Tensor<2> {
    use crate::backend::cuda::Cuda;
    let mut run = Run::<Cuda>::new(parameters, None);
    Cuda::wrap(run.logits(images, DropoutKeys::none(), device).inner())
}

/// See [`super::super::Network::pass`].
pub(super) fn pass<B: Engine>(
    network: &ResNet8,
    parameters: &Parameters,
    images: (&[f32], usize),
    labels: &[u32],
    settings: PassSettings,
    device: Device,
) -> Pass {
    let mut run = Run::<B>::new(parameters, Some(settings.freeze_depth));
    let logits = run.logits(images, settings.dropout, device);
    let count = labels.len() as f32;
    let scores = values(&B::wrap(logits.clone().inner()));
    let (loss, gradient) = cross_entropy(&scores, labels, network.classes, count);
    let gradient = lift::<B, 2>(device.tensor(gradient, [labels.len(), network.classes]));
    // The gradient of this sum is the loss's gradient.
    let mut all = (logits * gradient).sum().backward();
    let gradients = run
        .names
        .iter()
        .filter_map(|(index, tensor)| Some((*index, Gradient::Dense(B::wrap(tensor.grad_remove(&mut all)?)))))
        .collect();
    Pass {
        loss: Loss::Known(loss / f64::from(count)),
        gradients,
        statistics: run.statistics,
    }
}

/// The mean output of every block, for one block after the other and for each image.
#[cfg(test)]
pub(super) fn block_means(parameters: &Parameters, (pixels, images): (&[f32], usize), device: Device) -> Vec<f32> {
    use burn::backend::flex::Flex;
    let mut run = Run::<Flex>::new(parameters, None);
    let pixels = device.tensor(pixels.to_vec(), [images, CHANNELS, SIDE, SIDE]);
    let blocks = run.blocks(lift(pixels)).map(|block| {
        let values = values(&Flex::wrap(block.inner()));
        let mean = |image: &[f32]| image.iter().sum::<f32>() / image.len() as f32;
        values.chunks_exact(values.len() / images).map(mean).collect::<Vec<_>>()
    });
    (0..images)
        .flat_map(|image| blocks.each_ref().map(|block| block[image]))
        .collect()
}

fn lift<B: Engine, const D: usize>(tensor: Tensor<D>) -> Graph<B, D> {
    Lifted::from_inner(B::unwrap(tensor))
}

impl<'a, B: Engine> Run<'a, B> {
    fn new(parameters: &'a Parameters, training: Option<usize>) -> Self {
        Self {
            parameters,
            names: Vec::new(),
            statistics: Vec::new(),
            training,
        }
    }

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

    fn plain(&self, index: usize) -> Graph<B, 1> {
        lift(self.parameters.vector(index))
    }

    /// A parameter as a vector. If it trains, it becomes a leaf of the graph and is recorded.
    fn vector(&mut self, name: &str) -> Graph<B, 1> {
        let index = self.index(name);
        let value = self.plain(index);
        if !self.trains(index) {
            return value;
        }
        let lifted = value.require_grad();
        self.names.push((index, lifted.clone()));
        lifted
    }

    fn convolution(&mut self, name: &str, input: Graph<B, 4>, stride: usize) -> Graph<B, 4> {
        let shape: [usize; 4] = {
            let shape = &self.parameters.list()[self.index(&format!("{name}.weight"))].shape;
            std::array::from_fn(|axis| shape[axis])
        };
        let weight = self.vector(&format!("{name}.weight")).reshape(shape);
        let bias = self.vector(&format!("{name}.bias"));
        // SAME padding for even sides: 1 and 1 for stride 1, 0 and 1 for stride 2, none for a 1 × 1 kernel.
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

    /// Batch norm over `[images, channels, rows, columns]`. If it trains, it uses the batch's statistics and updates
    /// the running ones; otherwise it uses the running statistics.
    fn batch_norm(&mut self, name: &str, input: Graph<B, 4>) -> Graph<B, 4> {
        let channels = input.dims()[1];
        let shape = [1, channels, 1, 1];
        let mean_index = self.index(&format!("{name}.running_mean"));
        let variance_index = self.index(&format!("{name}.running_var"));
        let trains = self.trains(mean_index);
        let scale = self.vector(&format!("{name}.weight"));
        let shift = self.vector(&format!("{name}.bias"));
        let (mean, variance) = (self.plain(mean_index), self.plain(variance_index));
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
        self.statistics.push((
            mean_index,
            B::wrap(mean.inner() * KEEP + batch_mean.inner() * (1.0 - KEEP)),
        ));
        self.statistics.push((
            variance_index,
            B::wrap(variance.inner() * KEEP + unbiased * (1.0 - KEEP)),
        ));
        let factor = scale / (batch_variance + EPSILON).sqrt();
        centred * factor.reshape(shape) + shift.reshape(shape)
    }

    fn stem(&mut self, input: Graph<B, 4>) -> Graph<B, 4> {
        let hidden = self.convolution("stem.conv", input, 1);
        relu(self.batch_norm("stem.bn", hidden))
    }

    fn block(&mut self, (name, _, stride): (&str, usize, usize), input: Graph<B, 4>) -> Graph<B, 4> {
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
    fn blocks(&mut self, pixels: Graph<B, 4>) -> [Graph<B, 4>; 3] {
        let stem = self.stem(pixels);
        let [first, second, third] = BLOCKS;
        let first = self.block(first, stem);
        let second = self.block(second, first.clone());
        let third = self.block(third, second.clone());
        [first, second, third]
    }

    fn logits(&mut self, (pixels, images): (&[f32], usize), dropout: DropoutKeys, device: Device) -> Graph<B, 2> {
        let pixels = device.tensor(pixels.to_vec(), [images, CHANNELS, SIDE, SIDE]);
        let [_, _, features] = self.blocks(lift(pixels));
        let [images, channels, rows, columns] = features.dims();
        let features = features
            .reshape([images, channels, rows * columns])
            .mean_dim(2)
            .reshape([images, channels]);
        let features = match dropout.site(0) {
            None => features,
            Some(dropout) => {
                let factors = device.tensor(dropout.factors(images * channels), [images, channels]);
                features * lift(factors)
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
fn channel_mean<B: Engine>(values: Graph<B, 4>) -> Graph<B, 1> {
    let [images, channels, rows, columns] = values.dims();
    values
        .reshape([images, channels, rows * columns])
        .mean_dim(2)
        .mean_dim(0)
        .reshape([channels])
}
