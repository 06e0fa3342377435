//! A transformer block with a convolution beside it (He et al. 2021, `DeBERTa` 2.0): both read the block's input, and a
//! norm follows their sum.

use super::{Size, transformer::TransformerBlock};
use crate::{
    backend::Tensor,
    kernels::ActivationKind,
    layers::{Back, Context, Positions, conv1d::TextConvolution, norm::NormLayer, select, select_backward},
};

/// The number of the convolution's dropout site; those of blocks and heads count from 0.
const SITE: u64 = 1 << 32;

/// `norm(block(x) + activation(dropout(convolution(x))))`.
#[derive(Clone, Debug)]
pub(crate) struct ConvolvedBlock {
    pub(crate) block: TransformerBlock,
    pub(crate) convolution: TextConvolution,
    pub(crate) activation: ActivationKind,
    pub(crate) norm: NormLayer,
}

impl ConvolvedBlock {
    /// Maps `[rows, hidden]` to the same shape, or to one row per text.
    pub(crate) fn forward<'a>(
        &'a self,
        input: Tensor<2>,
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        let (output, block) = self.block.forward(input.clone(), positions, context);
        let (convolved, windows) = self.convolution.forward(input, context);
        let convolved = select(convolved, positions, context.layout);
        let dropout = context.site(SITE);
        let zeros = context.device.zeros([self.block.sizes.hidden]);
        let convolved = context.kernels().drop(convolved, dropout);
        let (branch, derivative) = context
            .kernels()
            .bias_activation(self.activation, convolved, zeros.clone());
        let (output, normalized) = self.norm.add((branch, zeros), output, None, context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let sum = self.norm.add_backward(gradient, None, normalized, back);
            let convolved = back.kernels().drop(sum.branch * derivative, dropout);
            let convolved = select_backward(convolved, None, positions, back.context);
            let from_convolution = self.convolution.backward(convolved, windows, back, wants_input);
            let from_block = block(sum.residual, back, wants_input);
            Some(from_block? + from_convolution?)
        });
        (output, back)
    }

    /// The size of a text of `tokens` tokens.
    pub(crate) fn size(&self, tokens: usize, positions: Positions) -> Size {
        let (own, hidden) = (self.block.size(tokens, positions), self.block.sizes.hidden);
        let window = self.convolution.window();
        Size {
            values: own.values,
            operations: own.operations + 2 * tokens * window * hidden,
            kept: own.kept + tokens * (window + 3 * hidden),
            gradients: own.gradients.max(tokens * (window + 2 * hidden)),
            computing: own.computing.max(tokens * (window + 3 * hidden)),
        }
    }
}
