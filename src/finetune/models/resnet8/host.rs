//! `ResNet8` on the CPU, forward and backward by hand.
//!
//! burn's convolutions and broadcasts take seven times as long as those of `PyTorch` at these sizes. Here an image is
//! stored as rows of channels, `[images · side · side, channels]`. A convolution is a product of gathered patches with
//! the weights; batch norm, bias and rectifier loop over rows. A test compares this network with burn's automatic
//! differentiation.

use super::{
    super::Frozen,
    BLOCKS, CHANNELS, EPSILON, FEATURES, KEEP, SIDE,
    rows::{Geometry, add, column_sums, rectify, rectify_backward},
};
use crate::{
    backend::{Device, Host, Tensor, values},
    dropout::DropoutKeys,
    gradients::{Gradient, Loss, Pass},
    loss::cross_entropy,
    parameters::Parameters,
    vectorize::vectorize,
};

/// Feature maps of a batch: `[images, side, side, channels]`.
#[derive(Clone)]
struct Map {
    values: Vec<f32>,
    side: usize,
    channels: usize,
}

/// Values saved for the backward pass of a convolution.
struct ConvolutionSaved {
    /// `[images · side · side, kernel · kernel · inputs]`, with the side of the output.
    patches: Tensor<2>,
    geometry: Geometry,
}

/// Values saved for the backward pass of a batch norm.
struct NormSaved {
    /// Columns with mean 0 and variance 1.
    normalized: Vec<f32>,
    inverse_deviation: Vec<f32>,
}

/// Values saved for the backward pass of a residual block.
struct BlockSaved {
    first: (ConvolutionSaved, NormSaved),
    /// The output of the first rectifier.
    middle: Vec<f32>,
    second: (ConvolutionSaved, NormSaved),
    down: Option<ConvolutionSaved>,
    /// The output of the last rectifier.
    output: Vec<f32>,
}

/// Values saved for the backward pass of all trainable layers.
#[derive(Default)]
struct Saved {
    /// The stem, with its output.
    stem: Option<(ConvolutionSaved, NormSaved, Vec<f32>)>,
    blocks: Vec<(usize, BlockSaved)>,
    /// The last block's side.
    side: usize,
}

/// One pass over a batch.
pub(super) struct HostRun<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) images: usize,
    pub(super) device: Device,
    /// The freeze depth of a training pass; `None` in evaluation mode.
    pub(super) training: Option<usize>,
    pub(super) gradients: Vec<(usize, Gradient)>,
    pub(super) statistics: Vec<(usize, Tensor<1>)>,
}

impl HostRun<'_> {
    fn index(&self, name: &str) -> usize {
        let place = self
            .parameters
            .list()
            .iter()
            .position(|parameter| parameter.name == name);
        place.expect("the list of parameters has every name that the network asks for")
    }

    fn vector(&self, name: &str) -> Vec<f32> {
        values(&self.parameters.vector(self.index(name)))
    }

    fn trains(&self, depth: usize) -> bool {
        self.training.is_some_and(|frozen| frozen < depth)
    }

    fn record(&mut self, name: &str, gradient: Vec<f32>) {
        let length = gradient.len();
        self.gradients.push((
            self.index(name),
            Gradient::Dense(self.device.tensor(gradient, [length])),
        ));
    }

    /// A convolution's weights as `[kernel · kernel · inputs, outputs]`; files have `[outputs, inputs, kernel,
    /// kernel]`.
    fn weights(&self, name: &str, geometry: Geometry) -> Tensor<2> {
        let stored = self.vector(&format!("{name}.weight"));
        let taps = geometry.kernel * geometry.kernel;
        let value = |place: usize| {
            let (row, output) = (place / geometry.outputs, place % geometry.outputs);
            let (tap, input) = (row / geometry.inputs, row % geometry.inputs);
            stored[(output * geometry.inputs + input) * taps + tap]
        };
        let shape = [geometry.patch(), geometry.outputs];
        self.device.tensor((0..shape[0] * shape[1]).map(value).collect(), shape)
    }

    fn convolution(&self, name: &str, input: &Map, stride: usize) -> (Map, ConvolutionSaved) {
        let shape = &self.parameters.list()[self.index(&format!("{name}.weight"))].shape;
        let geometry = Geometry {
            images: self.images,
            side: input.side,
            inputs: shape[1],
            outputs: shape[0],
            kernel: shape[2],
            stride,
        };
        let side = geometry.output_side();
        let rows = self.images * side * side;
        let mut patches = vec![0.0; rows * geometry.patch()];
        geometry.runs(|patch, place, length| {
            patches[patch..patch + length].copy_from_slice(&input.values[place..place + length]);
        });
        let patches = self.device.tensor(patches, [rows, geometry.patch()]);
        let mut output = Host::take(patches.clone().matmul(self.weights(name, geometry)), self.device);
        let bias = self.vector(&format!("{name}.bias"));
        vectorize(|| {
            for row in output.values_mut().chunks_exact_mut(geometry.outputs) {
                for (value, bias) in row.iter_mut().zip(&bias) {
                    *value += bias;
                }
            }
        });
        let output = Map {
            values: output.into_values(),
            side,
            channels: geometry.outputs,
        };
        (output, ConvolutionSaved { patches, geometry })
    }

    fn convolution_backward(
        &mut self,
        name: &str,
        gradient: Vec<f32>,
        saved: ConvolutionSaved,
        wants_input: bool,
    ) -> Vec<f32> {
        let ConvolutionSaved { patches, geometry } = saved;
        let Geometry { inputs, outputs, .. } = geometry;
        let bias = column_sums(&gradient, outputs, |_, value| value);
        let rows = gradient.len() / outputs;
        let gradient = self.device.tensor(gradient, [rows, outputs]);
        let weight = Host::take(patches.transpose().matmul(gradient.clone()), self.device);
        let taps = geometry.kernel * geometry.kernel;
        let mut stored = vec![0.0; weight.values().len()];
        for (row, values) in weight.values().chunks_exact(outputs).enumerate() {
            let (tap, input) = (row / inputs, row % inputs);
            for (output, value) in values.iter().enumerate() {
                stored[(output * inputs + input) * taps + tap] = *value;
            }
        }
        self.record(&format!("{name}.weight"), stored);
        self.record(&format!("{name}.bias"), bias);
        if !wants_input {
            return Vec::new();
        }
        let patches = Host::take(gradient.matmul(self.weights(name, geometry).transpose()), self.device);
        let mut result = vec![0.0; geometry.images * geometry.side * geometry.side * inputs];
        vectorize(|| {
            geometry.runs(|patch, place, length| {
                let taken = &patches.values()[patch..patch + length];
                for (sum, value) in result[place..place + length].iter_mut().zip(taken) {
                    *sum += value;
                }
            });
        });
        result
    }

    /// Batch norm, in place. If it trains, it uses the batch's statistics and updates the running ones; otherwise it
    /// uses the running statistics.
    fn norm(&mut self, name: &str, map: &mut Map, trains: bool) -> NormSaved {
        let [scale, shift, mean, variance] =
            ["weight", "bias", "running_mean", "running_var"].map(|part| self.vector(&format!("{name}.{part}")));
        let channels = map.channels;
        let (mut batch_mean, mut batch_variance) = (mean.clone(), variance.clone());
        if trains {
            let count = (map.values.len() / channels) as f32;
            batch_mean = column_sums(&map.values, channels, |_, value| value);
            for sum in &mut batch_mean {
                *sum /= count;
            }
            batch_variance = column_sums(&map.values, channels, |channel, value| {
                (value - batch_mean[channel]).powi(2)
            });
            for sum in &mut batch_variance {
                *sum /= count;
            }
            let unbiased = count / (count - 1.0).max(1.0);
            let keep = KEEP as f32;
            let moved = |old: &[f32], new: &[f32], factor: f32| -> Vec<f32> {
                old.iter()
                    .zip(new)
                    .map(|(old, new)| old * keep + new * factor * (1.0 - keep))
                    .collect()
            };
            for (part, moved) in [
                ("running_mean", moved(&mean, &batch_mean, 1.0)),
                ("running_var", moved(&variance, &batch_variance, unbiased)),
            ] {
                self.statistics.push((
                    self.index(&format!("{name}.{part}")),
                    self.device.tensor(moved, [channels]),
                ));
            }
        }
        let inverse_deviation: Vec<f32> = batch_variance
            .iter()
            .map(|variance| (variance + EPSILON as f32).sqrt().recip())
            .collect();
        vectorize(|| {
            for row in map.values.chunks_exact_mut(channels) {
                for ((value, mean), inverse) in row.iter_mut().zip(&batch_mean).zip(&inverse_deviation) {
                    *value = (*value - mean) * inverse;
                }
            }
        });
        let normalized = if trains { map.values.clone() } else { Vec::new() };
        vectorize(|| {
            for row in map.values.chunks_exact_mut(channels) {
                for ((value, scale), shift) in row.iter_mut().zip(&scale).zip(&shift) {
                    *value = *value * scale + shift;
                }
            }
        });
        NormSaved {
            normalized,
            inverse_deviation,
        }
    }

    fn norm_backward(&mut self, name: &str, mut gradient: Vec<f32>, saved: &NormSaved) -> Vec<f32> {
        let scale = self.vector(&format!("{name}.weight"));
        let channels = scale.len();
        let count = (gradient.len() / channels) as f32;
        let shift_sum = column_sums(&gradient, channels, |_, value| value);
        let mut scale_sum = vec![0.0; channels];
        let rows = gradient
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
        self.record(&format!("{name}.weight"), scale_sum);
        self.record(&format!("{name}.bias"), shift_sum);
        gradient
    }

    fn block(&mut self, number: usize, input: &Map) -> (Map, Option<BlockSaved>) {
        let (name, _, stride) = BLOCKS[number];
        let trains = self.trains(number + 2);
        let (mut middle, first) = self.convolution(&format!("{name}.conv1"), input, stride);
        let first_norm = self.norm(&format!("{name}.bn1"), &mut middle, trains);
        rectify(&mut middle.values);
        let (mut output, second) = self.convolution(&format!("{name}.conv2"), &middle, 1);
        let second_norm = self.norm(&format!("{name}.bn2"), &mut output, trains);
        let down = (stride > 1).then(|| self.convolution(&format!("{name}.down"), input, stride));
        let shortcut = down.as_ref().map_or(&input.values, |(map, _)| &map.values);
        add(&mut output.values, shortcut);
        rectify(&mut output.values);
        let saved = trains.then(|| BlockSaved {
            first: (first, first_norm),
            middle: middle.values,
            second: (second, second_norm),
            down: down.map(|(_, saved)| saved),
            output: output.values.clone(),
        });
        (output, saved)
    }

    fn block_backward(&mut self, number: usize, mut gradient: Vec<f32>, saved: BlockSaved) -> Vec<f32> {
        let (name, _, _) = BLOCKS[number];
        let wants_input = self.trains(number + 1);
        rectify_backward(&mut gradient, &saved.output);
        let hidden = self.norm_backward(&format!("{name}.bn2"), gradient.clone(), &saved.second.1);
        let mut hidden = self.convolution_backward(&format!("{name}.conv2"), hidden, saved.second.0, true);
        rectify_backward(&mut hidden, &saved.middle);
        let hidden = self.norm_backward(&format!("{name}.bn1"), hidden, &saved.first.1);
        let mut input = self.convolution_backward(&format!("{name}.conv1"), hidden, saved.first.0, wants_input);
        let shortcut = match saved.down {
            Some(down) => self.convolution_backward(&format!("{name}.down"), gradient, down, wants_input),
            None => gradient,
        };
        add(&mut input, &shortcut);
        input
    }

    /// The stem's output, and the values saved for its backward pass.
    fn stem(&mut self, pixels: &[f32]) -> (Map, (ConvolutionSaved, NormSaved)) {
        let plane = SIDE * SIDE;
        let pixel = |place: usize| {
            let (image, rest) = (place / (plane * CHANNELS), place % (plane * CHANNELS));
            pixels[(image * CHANNELS + rest % CHANNELS) * plane + rest / CHANNELS]
        };
        let input = Map {
            values: (0..pixels.len()).map(pixel).collect(),
            side: SIDE,
            channels: CHANNELS,
        };
        let (mut map, convolution) = self.convolution("stem.conv", &input, 1);
        let trains = self.trains(1);
        let norm = self.norm("stem.bn", &mut map, trains);
        rectify(&mut map.values);
        (map, (convolution, norm))
    }

    /// The mean of every channel, `[images, channels]`.
    fn pool(map: &Map) -> Vec<f32> {
        let pixels = map.side * map.side;
        let sums = map
            .values
            .chunks_exact(pixels * FEATURES)
            .flat_map(|image| column_sums(image, FEATURES, |_, value| value / pixels as f32));
        sums.collect()
    }

    fn head(&self, features: Vec<f32>) -> (Tensor<2>, Tensor<2>) {
        let features = self.device.tensor(features, [self.images, FEATURES]);
        let weight = self.parameters.matrix(self.index("fc.weight"));
        let bias = self.parameters.vector(self.index("fc.bias"));
        (features.clone(), features.matmul(weight).add_row(bias))
    }

    /// The activations of the first layers in evaluation mode, at each of the depths `stops`; at the largest depth, the
    /// means of the channels.
    pub(super) fn frozen(&mut self, (pixels, from): (&[f32], Option<Frozen>), stops: &[usize]) -> Vec<Frozen> {
        let (mut map, mut depth) = match from {
            Some(Frozen { depth, values }) => (self.enter(values, depth), depth),
            None => (self.stem(pixels).0, 1),
        };
        let outputs = stops.iter().map(|&stop| {
            for number in depth - 1..stop - 1 {
                map = self.block(number, &map).0;
            }
            depth = stop;
            let values = if stop > BLOCKS.len() {
                Self::pool(&map)
            } else {
                map.values.clone()
            };
            Frozen { depth, values }
        });
        outputs.collect()
    }

    /// The cached activations of a batch as the input of the next block.
    fn enter(&self, values: Vec<f32>, depth: usize) -> Map {
        let (channels, side) = BLOCKS
            .iter()
            .take(depth - 1)
            .fold((16, SIDE), |(_, side), &(_, channels, stride)| {
                (channels, side / stride)
            });
        debug_assert_eq!(values.len(), self.images * side * side * channels);
        Map { values, side, channels }
    }

    /// Scores before softmax, `[images, classes]`, in evaluation mode.
    pub(super) fn logits(&mut self, pixels: &[f32], frozen: Option<Frozen>) -> Tensor<2> {
        let (features, _) = self.features(pixels, frozen);
        self.head(features).1
    }

    /// The means of the last block's channels, and the values saved for the backward pass of the trainable layers.
    fn features(&mut self, pixels: &[f32], frozen: Option<Frozen>) -> (Vec<f32>, Saved) {
        let mut saved = Saved::default();
        let (mut map, depth) = match frozen {
            Some(Frozen { depth, values }) if depth > BLOCKS.len() => return (values, saved),
            Some(Frozen { depth, values }) => (self.enter(values, depth), depth),
            None => {
                let (map, (convolution, norm)) = self.stem(pixels);
                if self.trains(1) {
                    saved.stem = Some((convolution, norm, map.values.clone()));
                }
                (map, 1)
            }
        };
        for number in depth - 1..BLOCKS.len() {
            let (output, block) = self.block(number, &map);
            map = output;
            saved.blocks.extend(block.map(|block| (number, block)));
        }
        saved.side = map.side;
        (Self::pool(&map), saved)
    }

    /// The loss and all gradients.
    pub(super) fn pass(
        mut self,
        (pixels, frozen): (&[f32], Option<Frozen>),
        labels: &[u32],
        classes: usize,
        dropout: DropoutKeys,
    ) -> Pass {
        let (mut features, saved) = self.features(pixels, frozen);
        let factors = dropout.site(0).map(|dropout| dropout.factors(features.len()));
        if let Some(factors) = &factors {
            features
                .iter_mut()
                .zip(factors)
                .for_each(|(feature, factor)| *feature *= factor);
        }
        let (features, logits) = self.head(features);
        let (loss, gradient) = cross_entropy(&values(&logits), labels, classes, labels.len() as f32);
        let bias = column_sums(&gradient, classes, |_, value| value);
        let gradient = self.device.tensor(gradient, [self.images, classes]);
        self.record("fc.weight", values(&features.transpose().matmul(gradient.clone())));
        self.record("fc.bias", bias);
        let weight = self.parameters.matrix(self.index("fc.weight"));
        let mut gradient = values(&gradient.matmul(weight.transpose()));
        if let Some(factors) = &factors {
            gradient
                .iter_mut()
                .zip(factors)
                .for_each(|(gradient, factor)| *gradient *= factor);
        }
        if !saved.blocks.is_empty() {
            self.features_backward(&gradient, saved);
        }
        Pass {
            loss: Loss::Known(loss / labels.len() as f64),
            gradients: self.gradients,
            statistics: self.statistics,
        }
    }

    /// The backward pass from the means of the last block's channels.
    fn features_backward(&mut self, gradient: &[f32], saved: Saved) {
        // Every pixel has an equal share of the mean.
        let pixels = saved.side * saved.side;
        let share = |image: &[f32]| {
            image
                .iter()
                .map(|value| value / pixels as f32)
                .collect::<Vec<f32>>()
                .repeat(pixels)
        };
        let mut gradient: Vec<f32> = gradient.chunks_exact(FEATURES).flat_map(share).collect();
        for (number, block) in saved.blocks.into_iter().rev() {
            gradient = self.block_backward(number, gradient, block);
        }
        if let Some((convolution, norm, output)) = saved.stem {
            rectify_backward(&mut gradient, &output);
            let gradient = self.norm_backward("stem.bn", gradient, &norm);
            self.convolution_backward("stem.conv", gradient, convolution, false);
        }
    }
}
