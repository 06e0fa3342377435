//! A network: a stem, blocks, what follows them, and a head.
//!
//! Everything here is a fold over the blocks, written once for all families: frozen outputs, logits, and one forward and
//! backward pass. A network does not depend on files, optimizers or trials.

pub(crate) mod convnet;
mod head;
mod linears;
pub(crate) mod passes;
mod reads;
mod sizes;
pub(crate) mod small_resnet;
#[cfg(test)]
mod tests;
pub(crate) mod transformer;
mod windows;

use std::sync::Arc;

pub(crate) use self::{
    head::{Head, Reads, Step},
    linears::LinearKind,
};
use crate::{
    backend::{Device, Tensor},
    blocks::{Block, residual::ConvolutionStem, stack::Stack},
    data::{ImageSize, Inputs},
    dropout::{DropPath, DropoutKeys},
    kernels::Layout,
    layers::{
        Context, Positions,
        embedding::{TokenStem, Tokens},
        linear::Linear,
        norm::NormLayer,
        patches::PatchStem,
    },
    parameters::{Parameter, Parameters, Part},
    trainable::Trainable,
};

/// The inputs of one batch, in host memory.
#[derive(Clone, Debug)]
pub(crate) enum Batch {
    /// Texts, all tokens one after the other.
    Texts {
        /// The token ids; their number is the sum of `lengths`.
        tokens: Vec<u32>,
        /// The type of every token; empty if all are 0.
        types: Vec<u32>,
        /// Number of tokens of each text; of a text in several windows, of each window.
        lengths: Vec<usize>,
        /// Number of windows of each text; empty if all have one.
        windows: Vec<usize>,
    },
    /// Scaled pixels, `[images, channels, height, width]`.
    Images {
        /// All images, concatenated.
        pixels: Vec<f32>,
        /// Number of images.
        count: usize,
    },
}

impl Batch {
    /// Number of sequences that are computed: images, or windows of texts.
    fn len(&self) -> usize {
        match self {
            Self::Texts { lengths, .. } => lengths.len(),
            Self::Images { count, .. } => *count,
        }
    }

    /// The examples repeated `times` times.
    fn repeated(&self, times: usize) -> Self {
        match self {
            Self::Texts {
                tokens,
                types,
                lengths,
                windows,
            } => Self::Texts {
                tokens: tokens.repeat(times),
                types: types.repeat(times),
                lengths: lengths.repeat(times),
                windows: windows.repeat(times),
            },
            Self::Images { pixels, count } => Self::Images {
                pixels: pixels.repeat(times),
                count: count * times,
            },
        }
    }
}

/// A network's architecture. Cloning is cheap enough for every trial.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) stem: Stem,
    pub(crate) blocks: Vec<Block>,
    pub(crate) finish: Finish,
    pub(crate) head: Head,
    pub(crate) parameters: Arc<[Parameter]>,
    /// The freeze depths from 1 on.
    pub(crate) depths: Vec<Depth>,
    /// The limits of its inputs.
    pub(crate) inputs: InputLimits,
    /// The token at which a text ends for a head that reads the last token.
    pub(crate) padding: Option<u32>,
}

/// The part before the blocks.
#[derive(Clone, Debug)]
pub(crate) enum Stem {
    Tokens(Box<TokenStem>),
    Pixels(Box<ConvolutionStem>),
    Patches(Box<PatchStem>),
    Maps(Box<Stack>),
}

/// A freeze depth: the stem and the first blocks do not train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// The name of the part that it freezes in addition to the depth before.
    pub(crate) name: String,
    /// Number of frozen blocks.
    pub(crate) blocks: usize,
}

/// The layers between the last block and the head.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finish {
    pub(crate) norm: Option<NormLayer>,
    pub(crate) projection: Option<Linear>,
}

/// The inputs that a network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputLimits {
    Texts {
        /// The largest number of tokens of a text.
        tokens: usize,
        /// Number of tokens in the vocabulary.
        vocabulary: usize,
        /// Number of token types.
        types: usize,
    },
    Images {
        /// The size of every image.
        size: ImageSize,
    },
}

impl InputLimits {
    /// The largest number of tokens of a text; `None` for images.
    pub(crate) fn longest(self) -> Option<usize> {
        match self {
            Self::Texts { tokens, .. } => Some(tokens),
            Self::Images { .. } => None,
        }
    }

    /// Number of token types that the network tells apart; 0 for images.
    pub(crate) fn token_types(self) -> usize {
        match self {
            Self::Texts { types, .. } => types,
            Self::Images { .. } => 0,
        }
    }
}

/// The settings of a training pass that a prediction does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassSettings<'a> {
    pub(crate) trainable: &'a Trainable,
    pub(crate) dropout: DropoutKeys,
    pub(crate) drop_path: DropPath,
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

impl Network {
    /// The largest freeze depth.
    pub(crate) fn freeze_depths(&self) -> usize {
        self.depths.len()
    }

    /// Number of blocks with parameters of their own; blocks that share theirs count once.
    pub(crate) fn own_blocks(&self) -> usize {
        let numbers = self.parameters.iter().filter_map(|parameter| match parameter.part {
            Part::Block(number) => Some(number + 1),
            Part::Stem | Part::Finish | Part::Head => None,
        });
        numbers.max().unwrap_or(0)
    }

    /// True if blocks have branches that stochastic depth may leave out.
    pub(crate) fn has_drop_path(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::Transformer(block) => block.depth.is_some(),
            Block::Stack(block) => block.has_branches(),
            Block::Convolved(_) | Block::Residual(_) | Block::Projection(_) => false,
        })
    }

    /// The same network for images of another size; `None` if it takes texts, or only images of its own size, or if the
    /// images are too small for it.
    pub(crate) fn resized(&self, height: usize, width: usize) -> Option<Self> {
        let InputLimits::Images { size } = self.inputs else {
            return None;
        };
        let size = ImageSize { height, width, ..size };
        let mut network = self.clone();
        network.inputs = InputLimits::Images { size };
        match &mut network.stem {
            Stem::Patches(stem) => {
                stem.size = size;
                stem.has_patches().then_some(network)
            }
            Stem::Maps(stem) => {
                let mut map = stem.resize([height, width]);
                let mut is_left = !map.contains(&0);
                for block in &mut network.blocks {
                    if let Block::Stack(block) = block {
                        map = block.resize(map);
                        is_left &= !map.contains(&0);
                    }
                }
                is_left.then_some(network)
            }
            Stem::Tokens(_) | Stem::Pixels(_) => None,
        }
    }

    /// The width of the hidden states after the last block.
    pub(crate) fn hidden(&self) -> usize {
        self.width(self.blocks.len())
    }

    /// Number of blocks that a frozen prefix of this depth has passed.
    fn blocks_of(&self, depth: usize) -> usize {
        depth.checked_sub(1).map_or(0, |index| self.depths[index].blocks)
    }

    /// The positions that a block computes.
    fn positions(&self, block: usize) -> Positions {
        if block + 1 == self.blocks.len() {
            self.head.reads.positions()
        } else {
            Positions::All
        }
    }

    /// Number of rows of outputs for an input: one, or one for each token.
    pub(crate) fn output_rows(&self, inputs: &Inputs, place: u32) -> usize {
        match inputs {
            Inputs::Texts(texts) if self.head.reads == Reads::All => texts[place as usize].len(),
            Inputs::Texts(_) | Inputs::Images { .. } => 1,
        }
    }

    /// True if the mean that the head reads is taken from the last block's output itself.
    fn pools_last_block(&self) -> bool {
        self.head.reads == Reads::Mean && self.finish.norm.is_none() && self.finish.projection.is_none()
    }

    fn layout(&self, batch: &Batch, device: Device) -> Layout {
        match (batch, &self.stem) {
            (Batch::Texts { tokens, lengths, .. }, _) => {
                let layout = Layout::new(lengths, device);
                match self.padding {
                    Some(padding) if self.head.reads == Reads::Last => layout.ending_before(padding, tokens),
                    Some(_) | None => layout,
                }
            }
            (Batch::Images { count, .. }, Stem::Patches(stem)) => Layout::new(&vec![stem.rows(); *count], device),
            // The rows of the last block's feature map.
            (Batch::Images { count, .. }, _) => Layout::new(&vec![self.last_map(); *count], Device::Cpu),
        }
    }

    /// Number of rows of an image's last feature map.
    fn last_map(&self) -> usize {
        let stem = match &self.stem {
            Stem::Tokens(_) | Stem::Patches(_) => 1,
            Stem::Pixels(stem) => stem.convolution.geometry.pixels()[1],
            Stem::Maps(stem) => stem.output().pixels(),
        };
        self.blocks.iter().rev().find_map(Block::map_rows).unwrap_or(stem)
    }

    /// The stem's output, and its backward pass.
    fn stem<'a>(&'a self, batch: &'a Batch, context: &Context<'_>) -> (Tensor<2>, crate::layers::Back<'a>) {
        match (&self.stem, batch) {
            (Stem::Tokens(stem), Batch::Texts { tokens, types, .. }) => {
                stem.forward(Tokens { ids: tokens, types }, context)
            }
            (Stem::Pixels(stem), Batch::Images { pixels, .. }) => stem.forward(pixels, context),
            (Stem::Patches(stem), Batch::Images { pixels, .. }) => stem.forward(pixels, context),
            (Stem::Maps(stem), Batch::Images { pixels, .. }) => stem.forward_pixels(pixels, context),
            (Stem::Tokens(_), Batch::Images { .. })
            | (Stem::Pixels(_) | Stem::Patches(_) | Stem::Maps(_), Batch::Texts { .. }) => {
                panic!("inputs are checked before they reach a network")
            }
        }
    }
}

/// A network with its values on one device.
#[derive(Clone, Copy)]
pub(crate) struct Model<'a> {
    pub(crate) network: &'a Network,
    pub(crate) parameters: &'a Parameters,
    pub(crate) device: Device,
}
