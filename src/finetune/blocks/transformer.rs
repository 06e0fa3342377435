//! A block of a transformer: attention and a feed-forward layer, with the norms where its family has them.
//!
//! The last block needs only one position of each text if the head reads no other: its queries, its output projection
//! and its feed-forward layer run on one row per text.

use super::Size;
use crate::{
    backend::Tensor,
    dropout::Dropout,
    kernels::Normalized,
    layers::{
        Back, Backward, Context, Positions,
        attention::Attention,
        drop_path::{Branch, scaled},
        feed_forward::FeedForward,
        layer_scale::LayerScale,
        linear::Linear,
        norm::NormLayer,
        select, select_backward,
    },
};

/// A block.
#[derive(Clone, Debug)]
pub(crate) struct TransformerBlock {
    /// The block's index, from 0, which numbers its dropout sites.
    pub(crate) number: usize,
    pub(crate) attention: Attention,
    /// The linear layer after attention.
    pub(crate) output: Linear,
    pub(crate) feed_forward: FeedForward,
    pub(crate) order: Order,
    pub(crate) sizes: Sizes,
    /// The share of stochastic depth of both branches; `None` if the family has none.
    pub(crate) depth: Option<f64>,
}

/// The order of norms, layers and sums.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// `norm(x + layer(x))`, as in the first transformers.
    NormLast {
        attention: NormLayer,
        feed_forward: NormLayer,
    },
    /// `x + layer(norm(x))`. The first norm is missing where the embedding has just had one.
    NormFirst {
        attention: Option<NormLayer>,
        feed_forward: NormLayer,
    },
    /// `x + factors * layer(norm(x))`.
    NormFirstScaled {
        attention: (NormLayer, LayerScale),
        feed_forward: (NormLayer, LayerScale),
    },
    /// `x + norm(layer(norm(x)))`.
    NormAround {
        attention: [NormLayer; 2],
        feed_forward: [NormLayer; 2],
    },
    /// `x + attention(norm(x)) + feed_forward(norm(x))`.
    Parallel {
        attention: NormLayer,
        feed_forward: NormLayer,
    },
}

/// Widths for the prediction of costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) hidden: usize,
    pub(crate) inner: usize,
    /// True if the feed-forward layer has a gate.
    pub(crate) is_gated: bool,
}

/// Values saved for the backward pass of a residual sum.
struct SumSaved {
    after: Option<AfterSaved>,
    dropout: Option<Dropout>,
    /// The factors of stochastic depth.
    factors: Option<Vec<f32>>,
}

/// A layer between a branch and the sum.
#[derive(Clone, Copy)]
enum After<'a> {
    Norm(&'a NormLayer),
    Scale(LayerScale),
}

enum AfterSaved {
    Norm(Normalized),
    Scale(Tensor<2>),
}

impl TransformerBlock {
    /// Maps `[rows, hidden]` to the same shape, or to one row per text.
    pub(crate) fn forward<'a>(
        &'a self,
        input: Tensor<2>,
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        match &self.order {
            Order::NormLast {
                attention,
                feed_forward,
            } => self.norm_last(input, [attention, feed_forward], positions, context),
            Order::NormFirst {
                attention,
                feed_forward,
            } => {
                let norms = [attention.as_ref(), Some(feed_forward)];
                self.norm_first(input, norms, [None, None], positions, context)
            }
            Order::NormFirstScaled {
                attention: (before_attention, attention),
                feed_forward: (before_feed_forward, feed_forward),
            } => {
                let norms = [before_attention, before_feed_forward].map(Some);
                let after = [*attention, *feed_forward].map(|scale| Some(After::Scale(scale)));
                self.norm_first(input, norms, after, positions, context)
            }
            Order::NormAround {
                attention: [before_attention, after_attention],
                feed_forward: [before_feed_forward, after_feed_forward],
            } => {
                let norms = [before_attention, before_feed_forward].map(Some);
                let after = [after_attention, after_feed_forward].map(|norm| Some(After::Norm(norm)));
                self.norm_first(input, norms, after, positions, context)
            }
            Order::Parallel {
                attention,
                feed_forward,
            } => self.parallel(input, [attention, feed_forward], positions, context),
        }
    }

    fn norm_last<'a>(
        &'a self,
        input: Tensor<2>,
        [first, second]: [&'a NormLayer; 2],
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        let rows = select(input.clone(), positions, context.layout);
        let (heads, attention) = self.attention.forward(input, positions, self.site(0), context);
        let branch = self.output.product(heads.clone(), context);
        let bias = self.output.bias(context);
        let (attended, first_norm) = first.add((branch, bias), rows, Some(self.site(1)), context);
        let (branch, feed_forward) = self.feed_forward.forward(attended.clone(), context);
        let bias = self.feed_forward.contract.bias(context);
        let (output, second_norm) = second.add((branch, bias), attended, Some(self.site(2)), context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let sum = second.add_backward(gradient, None, second_norm, back);
            let gradient = self.feed_forward.backward((sum.branch, sum.bias), feed_forward, back);
            let sum = first.add_backward(gradient, Some(sum.residual), first_norm, back);
            self.output.learn_with_bias(heads, &sum.branch, sum.bias, back);
            let gradient = self.output.through(sum.branch, back.context);
            let saved = (attention, positions);
            self.attention
                .backward(&gradient, Some(sum.residual), saved, back, wants_input)
        });
        (output, back)
    }

    /// The norms before attention and before the feed-forward layer, and the layers after them.
    fn norm_first<'a>(
        &'a self,
        input: Tensor<2>,
        [before_attention, before_feed_forward]: [Option<&'a NormLayer>; 2],
        [after_attention, after_feed_forward]: [Option<After<'a>>; 2],
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        let rows = select(input.clone(), positions, context.layout);
        let (normed, first_norm) = normed(before_attention, input, context);
        let (heads, attention) = self.attention.forward(normed, positions, self.site(0), context);
        let branch = self.output.product(heads.clone(), context);
        let (hidden, first_sum) = self.sum((branch, &self.output), after_attention, rows, 1, context);
        let (normed, second_norm) = self::normed(before_feed_forward, hidden.clone(), context);
        let (branch, feed_forward) = self.feed_forward.forward(normed, context);
        let contract = &self.feed_forward.contract;
        let (output, second_sum) = self.sum((branch, contract), after_feed_forward, hidden, 2, context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let branch = sum_backward(gradient.clone(), after_feed_forward, second_sum, back);
            let through = self.feed_forward.backward(branch, feed_forward, back);
            let gradient = gradient + normed_backward(before_feed_forward, through, second_norm, back);
            let (branch, bias) = sum_backward(gradient.clone(), after_attention, first_sum, back);
            self.output.learn_with_bias(heads, &branch, bias, back);
            let of_heads = self.output.through(branch, back.context);
            let saved = (attention, positions);
            // Without a norm before attention, its input is the residual itself.
            let is_first_trained = !wants_input;
            let wants_normed = wants_input || before_attention.is_some();
            let through = self.attention.backward(&of_heads, None, saved, back, wants_normed)?;
            let through = normed_backward(before_attention, through, first_norm, back);
            (!is_first_trained).then(|| select_backward(gradient, Some(through), positions, back.context))
        });
        (output, back)
    }

    /// Both layers read the block's input.
    fn parallel<'a>(
        &'a self,
        input: Tensor<2>,
        [first, second]: [&'a NormLayer; 2],
        positions: Positions,
        context: &Context<'_>,
    ) -> (Tensor<2>, Back<'a>) {
        let rows = select(input.clone(), positions, context.layout);
        let (normed, first_norm) = first.forward(input, context);
        let (heads, attention) = self.attention.forward(normed, positions, self.site(0), context);
        let branch = self.output.product(heads.clone(), context);
        let (hidden, first_sum) = self.sum((branch, &self.output), None, rows.clone(), 1, context);
        let (normed, second_norm) = second.forward(rows, context);
        let (branch, feed_forward) = self.feed_forward.forward(normed, context);
        let (output, second_sum) = self.sum((branch, &self.feed_forward.contract), None, hidden, 2, context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let branch = sum_backward(gradient.clone(), None, second_sum, back);
            let through = self.feed_forward.backward(branch, feed_forward, back);
            let of_rows = second.backward(through, second_norm, back);
            let (branch, bias) = sum_backward(gradient.clone(), None, first_sum, back);
            self.output.learn_with_bias(heads, &branch, bias, back);
            let of_heads = self.output.through(branch, back.context);
            let through = self
                .attention
                .backward(&of_heads, None, (attention, positions), back, true)?;
            let through = first.backward(through, first_norm, back);
            wants_input.then(|| select_backward(gradient + of_rows, Some(through), positions, back.context))
        });
        (output, back)
    }

    /// The number of one of the block's three dropout sites.
    fn site(&self, site: u64) -> u64 {
        1 + 3 * self.number as u64 + site
    }

    /// `residual + dropout(after(branch + bias))`; `branch` is the product of the linear layer.
    fn sum(
        &self,
        (branch, linear): (Tensor<2>, &Linear),
        after: Option<After<'_>>,
        residual: Tensor<2>,
        site: u64,
        context: &Context<'_>,
    ) -> (Tensor<2>, SumSaved) {
        let dropout = context.site(self.site(site));
        let bias = linear.bias.map(|bias| context.parameters.vector(bias));
        let biased = |branch: Tensor<2>, bias: Option<Tensor<1>>| match bias {
            Some(bias) => branch.add_row(bias),
            None => branch,
        };
        let (branch, bias, after) = match after {
            Some(After::Norm(norm)) => {
                let (branch, saved) = norm.forward(biased(branch, bias), context);
                (branch, None, Some(AfterSaved::Norm(saved)))
            }
            Some(After::Scale(scale)) => {
                let branch = biased(branch, bias);
                let scaled = scale.forward(branch.clone(), context);
                (scaled, None, Some(AfterSaved::Scale(branch)))
            }
            None => (branch, bias, None),
        };
        let branch_of_depth = self.depth.map(|share| Branch {
            site: self.site(site),
            share,
        });
        let factors = branch_of_depth.and_then(|branch| branch.factors(context));
        let sum = match &factors {
            Some(factors) => {
                let branch = context.kernels().drop(biased(branch, bias), dropout);
                residual + scaled(branch, Some(factors), context.device)
            }
            None => context.kernels().add(branch, bias, residual, dropout),
        };
        let saved = SumSaved {
            after,
            dropout,
            factors,
        };
        (sum, saved)
    }

    /// The size of a text of `tokens` tokens.
    pub(crate) fn size(&self, tokens: usize, positions: Positions) -> Size {
        let Sizes {
            hidden,
            inner,
            is_gated,
        } = self.sizes;
        let settings = &self.attention.settings;
        let (query, key) = (settings.heads * settings.size, settings.key_heads * settings.size);
        let expanded = if is_gated { 2 * inner } else { inner };
        let computed = match positions {
            Positions::All => tokens,
            // One row per text; the keys and values of all tokens.
            Positions::First | Positions::Last => 1,
        };
        // A multiplication and an addition for every value of a weight and every row.
        let of_rows = 2 * computed * (2 * hidden * query + hidden * (expanded + inner));
        let of_keys = 2 * tokens * 2 * hidden * key;
        // Attention takes two products per head.
        let of_scores = 4 * computed * tokens * query;
        let scores = settings.heads * computed * tokens;
        let whole = tokens * (4 * hidden + 2 * query + 2 * key + expanded + inner);
        Size {
            values: computed * hidden,
            operations: of_rows + of_keys + of_scores,
            kept: match positions {
                Positions::All => whole + 3 * scores,
                Positions::First | Positions::Last => tokens * (hidden + 2 * key),
            },
            gradients: 3 * tokens * hidden,
            computing: tokens * (3 * hidden + query + 2 * key + expanded + inner)
                + 2 * settings.heads * tokens * tokens,
        }
    }
}

/// Backward pass of [`TransformerBlock::sum`]: the gradients of the branch and of its bias.
fn sum_backward(
    gradient: Tensor<2>,
    after: Option<After<'_>>,
    saved: SumSaved,
    back: &mut Backward<'_>,
) -> (Tensor<2>, Tensor<1>) {
    let gradient = scaled(gradient, saved.factors.as_deref(), back.context.device);
    let gradient = back.kernels().drop(gradient, saved.dropout);
    let gradient = match (after, saved.after) {
        (Some(After::Norm(norm)), Some(AfterSaved::Norm(normalized))) => norm.backward(gradient, normalized, back),
        (Some(After::Scale(scale)), Some(AfterSaved::Scale(branch))) => scale.backward(gradient, branch, back),
        _ => gradient,
    };
    back.kernels().sum_rows(gradient)
}

fn normed(norm: Option<&NormLayer>, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Option<Normalized>) {
    match norm {
        Some(norm) => {
            let (output, saved) = norm.forward(input, context);
            (output, Some(saved))
        }
        None => (input, None),
    }
}

fn normed_backward(
    norm: Option<&NormLayer>,
    gradient: Tensor<2>,
    saved: Option<Normalized>,
    back: &mut Backward<'_>,
) -> Tensor<2> {
    match (norm, saved) {
        (Some(norm), Some(saved)) => norm.backward(gradient, saved, back),
        (None, _) | (_, None) => gradient,
    }
}
