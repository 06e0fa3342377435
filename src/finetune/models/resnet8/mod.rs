//! The `ResNet8` of `MLPerf` Tiny for 32 × 32 colour images (Banbury et al. 2021; He et al. 2016 for the blocks).
//!
//! Padding is TensorFlow's SAME: if it is odd, the extra pixel is at the end.

#[cfg(any(test, feature = "cuda"))]
mod differentiated;
mod host;
mod rows;

use self::host::HostRun;
use super::{Batch, Frozen, FrozenSize, PassSettings};
use crate::{
    backend::{Device, Tensor},
    gradients::Pass,
    parameters::{Parameter, Parameters, Start},
};

/// The epsilon of batch norm that Keras used for the pretrained weights.
const EPSILON: f64 = 1e-3;
/// The share of a running statistic that a step keeps; `PyTorch`'s default. Keras's 0.99 is too slow for fine-tuning,
/// which has few steps.
const KEEP: f64 = 0.9;
/// The input's side and channels.
const SIDE: usize = 32;
const CHANNELS: usize = 3;
/// Number of channels of the last block.
const FEATURES: usize = 64;

/// A `ResNet8` with a linear head.
#[derive(Clone, Debug)]
pub(crate) struct ResNet8 {
    pub(crate) classes: usize,
    /// True if the file provides the head's values; false if they are initialized for each trial.
    pub(crate) head_from_file: bool,
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
        // Glorot's bound, with which Keras initializes dense layers (Glorot and Bengio 2010).
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
        // A product with so few columns does not fill the registers: it takes about twice as long, as measured.
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
            // If only the head trains, only the means of the channels are needed.
            found.values = FEATURES;
        }
        found
    }

    /// See [`super::Network::logits`].
    pub(crate) fn logits(parameters: &Parameters, batch: &Batch, frozen: Option<Frozen>, device: Device) -> Tensor<2> {
        let (pixels, images) = raw(batch);
        match device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => differentiated::logits(parameters, (pixels, images), device),
            _ => host_run(parameters, images, None, device).logits(pixels, frozen),
        }
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
        let (pixels, images) = raw(batch);
        match device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => differentiated::pass::<crate::backend::cuda::Cuda>(
                self,
                parameters,
                (pixels, images),
                labels,
                settings,
                device,
            ),
            _ => {
                let run = host_run(parameters, images, Some(settings.freeze_depth), device);
                run.pass((pixels, frozen), labels, self.classes, settings.dropout)
            }
        }
    }
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

#[cfg(test)]
mod tests;
