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
    /// Token ids of all texts one after the other, and each text's length.
    Texts {
        /// As many as all lengths together.
        tokens: Vec<u32>,
        /// Tokens of each text.
        lengths: Vec<usize>,
    },
    /// Pixels in 0..=1, `[images, 3, 32, 32]`.
    Images {
        /// All images one after the other.
        pixels: Vec<f32>,
        /// How many there are.
        count: usize,
    },
}

/// The matrix product on the host takes sums of more than `DEEP` terms apart in one way if it has at most `SMALL` rows and
/// columns, and in another if it has more; and a single row is a case of its own. (gemm 0.19, `gemm_basic_generic`.)
pub(crate) const SMALL: usize = 64;
pub(crate) const DEEP: usize = 512;

impl Batch {
    fn len(&self) -> usize {
        match self {
            Self::Texts { lengths, .. } => lengths.len(),
            Self::Images { count, .. } => *count,
        }
    }

    /// The same examples so many times, one after the other.
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

    /// What the first parts make of a batch in evaluation mode, at each of the depths `stops` (ascending, each at least 1), one
    /// example after the other: the same numbers for an example whatever is beside it. `from` is what is known of a lower depth.
    /// `None` where the device keeps them to itself.
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
            // The sums of a few rows run in another order than those of many: a small batch is repeated, so that the order is the same.
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

    /// How many numbers [`Self::frozen`] gives for an example, by its tokens, and about how many operations they take.
    pub(crate) fn frozen_size(&self, depth: usize, tokens: usize) -> FrozenSize {
        match self {
            Self::Bert(bert) => bert.frozen_size(depth, tokens),
            Self::ResNet8(_) => resnet8::ResNet8::frozen_size(depth),
        }
    }

    /// Scores before softmax, `[batch, classes]`, in evaluation mode; from what the frozen parts have made of the batch, if
    /// that is known.
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

    /// The mean cross-entropy of a batch and the gradients of everything that trains; `frozen` is what frozen parts have
    /// made of the batch; what is missing of them is computed.
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

/// What the frozen parts of a network have made of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    /// How many parts; at least 1.
    pub(crate) depth: usize,
    /// Their output, one example after the other.
    pub(crate) values: Vec<f32>,
}

/// How large the output of frozen parts is for an example, and what it costs to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrozenSize {
    /// Numbers.
    pub(crate) values: usize,
    /// Multiplications and additions of large matrix products that would take as long.
    pub(crate) operations: usize,
}
