//! Blocks: the parts of a network that freeze, whose outputs are cached, and that are differentiated by themselves.
//!
//! A block is written by hand (fast) or as a graph of burn (see [`differentiated`]). To add one, add a file and a
//! variant of [`Block`].

pub(crate) mod convolved;
#[cfg(any(test, feature = "cuda"))]
pub(crate) mod differentiated;
pub(crate) mod residual;
pub(crate) mod stack;
#[cfg(test)]
mod stack_tests;
pub(crate) mod transformer;

use self::{convolved::ConvolvedBlock, residual::ResidualBlock, stack::Stack, transformer::TransformerBlock};
use crate::{
    backend::Tensor,
    layers::{Back, Context, Positions, linear::Linear},
};

/// A block of a network.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    Transformer(Box<TransformerBlock>),
    Convolved(Box<ConvolvedBlock>),
    Residual(Box<ResidualBlock>),
    Stack(Box<Stack>),
    Projection(Box<Projection>),
}

/// A linear layer from one width to another.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    pub(crate) linear: Linear,
    /// The widths of input and output.
    pub(crate) sizes: [usize; 2],
}

/// The size of a block's work on one example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Number of values that it puts out.
    pub(crate) values: usize,
    /// Operations (multiplications and additions) of large matrix products that take as long as its forward pass.
    pub(crate) operations: usize,
    /// Number of values that the forward pass keeps for the backward pass.
    pub(crate) kept: usize,
    /// Number of values that the backward pass holds in addition at the same time.
    pub(crate) gradients: usize,
    /// Number of values that a forward pass alone holds at the same time.
    pub(crate) computing: usize,
}

impl Block {
    /// The output, and the backward pass. Texts are computed at `positions`.
    pub(crate) fn forward<'a>(
        &'a self,
        input: Tensor<2>,
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        match self {
            Self::Transformer(block) => block.forward(input, positions, context),
            Self::Convolved(block) => block.forward(input, positions, context),
            Self::Residual(block) => block.forward(input, context),
            Self::Stack(block) => block.forward(input, context),
            Self::Projection(block) => block.forward(input, context),
        }
    }

    /// The width of its output rows.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Transformer(block) => block.sizes.hidden,
            Self::Convolved(block) => block.block.sizes.hidden,
            Self::Residual(block) => block.second.0.geometry.outputs,
            Self::Stack(block) => block.output().channels,
            Self::Projection(block) => block.sizes[1],
        }
    }

    /// Number of rows of an image's feature map after this block; `None` for texts.
    pub(crate) fn map_rows(&self) -> Option<usize> {
        match self {
            Self::Transformer(_) | Self::Convolved(_) | Self::Projection(_) => None,
            Self::Residual(block) => Some(block.second.0.geometry.pixels()[1]),
            Self::Stack(block) => Some(block.output().pixels()),
        }
    }

    /// The size of an example of `tokens` tokens; an image has the size that the block was made for.
    pub(crate) fn size(&self, tokens: usize, positions: Positions) -> Size {
        match self {
            Self::Transformer(block) => block.size(tokens, positions),
            Self::Convolved(block) => block.size(tokens, positions),
            Self::Residual(block) => block.size(),
            Self::Stack(block) => block.size(),
            Self::Projection(block) => block.size(tokens),
        }
    }
}

impl Projection {
    fn forward<'a>(&'a self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let output = self.linear.forward(input.clone(), context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let gradient = self.linear.learn(input, gradient, back);
            wants_input.then(|| self.linear.through(gradient, back.context))
        });
        (output, back)
    }

    fn size(&self, tokens: usize) -> Size {
        let [inputs, outputs] = self.sizes;
        Size {
            values: tokens * outputs,
            operations: 2 * tokens * inputs * outputs,
            kept: tokens * inputs,
            gradients: tokens * outputs,
            computing: tokens * (inputs + outputs),
        }
    }
}
