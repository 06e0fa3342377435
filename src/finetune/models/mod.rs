//! The networks: what their parameters are, their logits, and one forward and backward pass.
//!
//! A model knows nothing of files, optimizers or trials. A new model is one file (or folder) here and one variant of
//! [`Network`].

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
    /// Token ids padded with 0 to the longest text, row by row, and each text's length.
    Texts {
        /// `[texts · width]`.
        tokens: Vec<u32>,
        /// Tokens of each text.
        lengths: Vec<usize>,
        /// Tokens of the longest text.
        width: usize,
    },
    /// Pixels in 0..=1, `[images, 3, 32, 32]`.
    Images {
        /// All images one after the other.
        pixels: Vec<f32>,
        /// How many there are.
        count: usize,
    },
}

/// A network's architecture.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    Bert(bert::Bert),
    ResNet8(resnet8::ResNet8),
}

/// How a training pass differs from a prediction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassSettings {
    pub(crate) freeze_depth: usize,
    pub(crate) dropout: DropoutKeys,
}

impl Network {
    /// The parameters in the order in which the network knows them.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        match self {
            Self::Bert(bert) => bert.parameters(),
            Self::ResNet8(resnet8) => resnet8.parameters(),
        }
    }

    /// The parts that can freeze, first to last.
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

    /// Scores before softmax, `[batch, classes]`, in evaluation mode.
    pub(crate) fn logits(&self, parameters: &Parameters, batch: &Batch, device: Device) -> Tensor<2> {
        match self {
            Self::Bert(bert) => bert.logits(parameters, batch, device),
            Self::ResNet8(_) => resnet8::ResNet8::logits(parameters, batch, device),
        }
    }

    /// The mean cross-entropy of a batch and the gradients of everything that trains.
    pub(crate) fn pass(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        match self {
            Self::Bert(bert) => bert.pass(parameters, batch, labels, settings, device),
            Self::ResNet8(resnet8) => resnet8.pass(parameters, batch, labels, settings, device),
        }
    }
}
