//! The networks: the descriptions of their parameters, their logits, and one forward and backward pass.
//!
//! A model does not depend on files, optimizers or trials. To add a model, add one file (or folder) here and one
//! variant of [`Network`].

pub(crate) mod bert;
pub(crate) mod resnet8;

use super::{
    backend::{Device, Tensor},
    dropout::DropoutKeys,
    gradients::Pass,
    parameters::{Parameter, Parameters},
};

/// The inputs of one batch, in host memory.
#[derive(Clone, Debug)]
pub(crate) enum Batch {
    /// Token ids of all texts, concatenated, and the length of each text.
    Texts {
        /// The token ids; their number is the sum of `lengths`.
        tokens: Vec<u32>,
        /// Number of tokens of each text.
        lengths: Vec<usize>,
    },
    /// Pixels in -1..=1, `[images, 3, 32, 32]`.
    Images {
        /// All images, concatenated.
        pixels: Vec<f32>,
        /// Number of images.
        count: usize,
    },
}

/// Thresholds of the matrix product on the CPU (gemm 0.19, `gemm_basic_generic`).
///
/// It splits sums of more than `DEEP` terms: in one way for at most `SMALL` rows and columns, in another way for more.
/// A single row is a separate case.
pub(crate) const SMALL: usize = 64;
pub(crate) const DEEP: usize = 512;

impl Batch {
    fn len(&self) -> usize {
        match self {
            Self::Texts { lengths, .. } => lengths.len(),
            Self::Images { count, .. } => *count,
        }
    }

    /// The examples repeated `times` times.
    fn repeated(&self, times: usize) -> Self {
        match self {
            Self::Texts { tokens, lengths } => Self::Texts {
                tokens: tokens.repeat(times),
                lengths: lengths.repeat(times),
            },
            Self::Images { pixels, count } => Self::Images {
                pixels: pixels.repeat(times),
                count: count * times,
            },
        }
    }
}

/// A network's architecture.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    Bert(bert::Bert),
    ResNet8(resnet8::ResNet8),
}

/// The settings of a training pass that a prediction does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassSettings {
    pub(crate) freeze_depth: usize,
    pub(crate) dropout: DropoutKeys,
}

impl Network {
    /// The descriptions of the parameters, in the order that the network uses.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        match self {
            Self::Bert(bert) => bert.parameters(),
            Self::ResNet8(resnet8) => resnet8.parameters(),
        }
    }

    /// Names of the blocks that can be frozen, first to last.
    pub(crate) fn block_names(&self) -> Vec<String> {
        match self {
            Self::Bert(bert) => bert.block_names(),
            Self::ResNet8(_) => ["stem", "b1", "b2", "b3"].map(str::to_owned).into(),
        }
    }

    /// The largest freeze depth.
    pub(crate) fn freeze_depths(&self) -> usize {
        match self {
            Self::Bert(bert) => bert.config.num_hidden_layers,
            Self::ResNet8(_) => 4,
        }
    }

    /// The activations of the first layers in evaluation mode, at each of the depths `stops`.
    ///
    /// `stops` are ascending and each at least 1.
    /// Activations are stored one example after the other. Those of an example do not depend on the rest of the batch.
    /// `from` holds known activations of a lower depth. `None` on a device that keeps activations in its own memory.
    pub(crate) fn frozen(
        &self,
        parameters: &Parameters,
        (batch, from): (&Batch, Option<Frozen>),
        stops: &[usize],
        device: Device,
    ) -> Option<Vec<Frozen>> {
        let least = match self {
            Self::Bert(bert) => bert.least_company(),
            Self::ResNet8(_) => 2,
        };
        if batch.len() < least {
            // Sums of a few rows run in another order than those of many: repeat a small batch, so that the order is
            // the same.
            let times = least.div_ceil(batch.len().max(1));
            let from = from.map(|from| Frozen {
                values: from.values.repeat(times),
                ..from
            });
            let mut outputs = self.frozen(parameters, (&batch.repeated(times), from), stops, device)?;
            for output in &mut outputs {
                output.values.truncate(output.values.len() / times);
            }
            return Some(outputs);
        }
        match self {
            Self::Bert(bert) => Some(bert.frozen(parameters, (batch, from), stops, device)),
            Self::ResNet8(_) => resnet8::ResNet8::frozen(parameters, (batch, from), stops, device),
        }
    }

    /// Number of values per example in [`Self::frozen`], by number of tokens, and about how many operations they take.
    pub(crate) fn frozen_size(&self, depth: usize, tokens: usize) -> FrozenSize {
        match self {
            Self::Bert(bert) => bert.frozen_size(depth, tokens),
            Self::ResNet8(_) => resnet8::ResNet8::frozen_size(depth),
        }
    }

    /// Scores before softmax, `[batch, classes]`, in evaluation mode. `frozen` holds known activations of frozen layers
    /// for the batch.
    pub(crate) fn logits(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        frozen: Option<Frozen>,
        device: Device,
    ) -> Tensor<2> {
        match self {
            Self::Bert(bert) => bert.logits(parameters, batch, frozen, device),
            Self::ResNet8(_) => resnet8::ResNet8::logits(parameters, batch, frozen, device),
        }
    }

    /// The mean cross-entropy of a batch and the gradients of all trainable parameters. `frozen` holds known
    /// activations of frozen layers for the batch; the rest is computed.
    pub(crate) fn pass(
        &self,
        parameters: &Parameters,
        (batch, frozen): (&Batch, Option<Frozen>),
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        match self {
            Self::Bert(bert) => bert.pass(parameters, (batch, frozen), labels, settings, device),
            Self::ResNet8(resnet8) => resnet8.pass(parameters, (batch, frozen), labels, settings, device),
        }
    }
}

/// The activations of the frozen layers for a batch.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    /// The freeze depth, at least 1.
    pub(crate) depth: usize,
    /// The activations, one example after the other.
    pub(crate) values: Vec<f32>,
}

/// The size of the frozen layers' activations for one example, and the cost of computing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrozenSize {
    /// Number of values.
    pub(crate) values: usize,
    /// Operations (multiplications and additions) of large matrix products that take as long.
    pub(crate) operations: usize,
}
