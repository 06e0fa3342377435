//! One encoder block of BERT, forward and backward by hand.
//!
//! This is written by hand instead of with automatic differentiation for two reasons. Every operation between two
//! matrix products is one pass over memory in each direction. And the last block needs only the first position of each
//! text: its queries, its output projection and its feed-forward layer run on one row per text.

use super::{BLOCK_PARAMETERS, EMBEDDING_PARAMETERS};
use crate::{
    backend::{Device, Tensor},
    dropout::DropoutKeys,
    gradients::Gradient,
    kernels::{Attended, AttentionSaved, Kernels, Layout, Norm, Normalized},
    parameters::Parameters,
};

/// The positions of a text that a block computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Positions {
    All,
    /// The first position, which the classifier reads; the others serve only as keys and values.
    First,
}

/// One block of one network on one device.
pub(super) struct Block<'a> {
    pub(super) parameters: &'a Parameters,
    /// The block's index, from 0.
    pub(super) number: usize,
    pub(super) layout: &'a Layout,
    pub(super) epsilon: f32,
    pub(super) positions: Positions,
    pub(super) dropout: DropoutKeys,
    pub(super) device: Device,
}

/// Values saved for the backward pass of a block.
pub(super) struct Saved {
    input: Tensor<2>,
    /// The rows of the input for the computed positions; the input itself for all positions.
    rows: Tensor<2>,
    attention: AttentionSaved,
    context: Tensor<2>,
    attention_norm: Normalized,
    attended: Tensor<2>,
    activated: Tensor<2>,
    derivative: Tensor<2>,
    output_norm: Normalized,
}

/// The indices of a block's parameters, in the order of [`super::Bert::parameters`].
mod place {
    pub(super) const QUERY: usize = 0;
    pub(super) const KEY: usize = 2;
    pub(super) const VALUE: usize = 4;
    pub(super) const PROJECTION: usize = 6;
    pub(super) const ATTENTION_NORM: usize = 8;
    pub(super) const EXPAND: usize = 10;
    pub(super) const CONTRACT: usize = 12;
    pub(super) const OUTPUT_NORM: usize = 14;
}

impl Block<'_> {
    fn index(&self, place: usize) -> usize {
        EMBEDDING_PARAMETERS + self.number * BLOCK_PARAMETERS + place
    }

    fn weight(&self, place: usize) -> Tensor<2> {
        self.parameters.matrix(self.index(place))
    }

    fn bias(&self, place: usize) -> Tensor<1> {
        self.parameters.vector(self.index(place) + 1)
    }

    fn norm(&self, place: usize) -> Norm {
        let index = self.index(place);
        Norm {
            scale: self.parameters.vector(index),
            shift: self.parameters.vector(index + 1),
            epsilon: self.epsilon,
        }
    }

    fn kernels(&self) -> Kernels {
        Kernels::new(self.device)
    }

    fn project(&self, input: &Tensor<2>, place: usize) -> Tensor<2> {
        self.kernels()
            .project(input.clone(), self.weight(place), self.bias(place))
    }

    /// Maps `[rows, hidden]` to the same shape, or to `[texts, hidden]` for [`Positions::First`].
    pub(super) fn forward(&self, input: Tensor<2>) -> (Tensor<2>, Saved) {
        let kernels = self.kernels();
        let site = |place: u64| self.dropout.site(1 + 3 * self.number as u64 + place);
        let rows = match self.positions {
            Positions::All => input.clone(),
            Positions::First => input.clone().select(&self.layout.firsts()),
        };
        let attended = Attended {
            query: self.project(&rows, place::QUERY),
            key: self.project(&input, place::KEY),
            value: self.project(&input, place::VALUE),
        };
        let (context, attention) = kernels.attention(attended, self.layout, site(0));
        let projected = kernels.product(context.clone(), self.weight(place::PROJECTION));
        let norm = self.norm(place::ATTENTION_NORM);
        let (attended, attention_norm) =
            kernels.add_norm(projected, self.bias(place::PROJECTION), rows.clone(), norm, site(1));
        let expanded = kernels.product(attended.clone(), self.weight(place::EXPAND));
        let (activated, derivative) = kernels.bias_gelu(expanded, self.bias(place::EXPAND));
        let contracted = kernels.product(activated.clone(), self.weight(place::CONTRACT));
        let norm = self.norm(place::OUTPUT_NORM);
        let (output, output_norm) =
            kernels.add_norm(contracted, self.bias(place::CONTRACT), attended.clone(), norm, site(2));
        let saved = Saved {
            input,
            rows,
            attention,
            context,
            attention_norm,
            attended,
            activated,
            derivative,
            output_norm,
        };
        (output, saved)
    }

    /// Backward pass: takes the output's gradient and collects the gradients of the parameters. Returns the gradient of
    /// the input, or `None` if no earlier layer trains.
    pub(super) fn backward(
        &self,
        gradient: Tensor<2>,
        saved: Saved,
        gradients: &mut Vec<(usize, Gradient)>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let kernels = self.kernels();
        let mut record = |place: usize, gradient: Tensor<1>| {
            gradients.push((self.index(place), Gradient::Dense(gradient)));
        };
        let outer = |input: Tensor<2>, gradient: &Tensor<2>| {
            let product = kernels.product(input.transpose(), gradient.clone());
            let [rows, columns] = product.dims();
            product.reshape([rows * columns])
        };

        let scale = self.norm(place::OUTPUT_NORM).scale;
        let norm = kernels.add_norm_backward(gradient, None, saved.output_norm, scale);
        record(place::OUTPUT_NORM, norm.scale);
        record(place::OUTPUT_NORM + 1, norm.shift);
        record(place::CONTRACT + 1, norm.bias);
        record(place::CONTRACT, outer(saved.activated, &norm.branch));
        let gradient = kernels.product(norm.branch, self.weight(place::CONTRACT).transpose());
        let (gradient, bias) = kernels.multiply(gradient, saved.derivative);
        record(place::EXPAND + 1, bias);
        record(place::EXPAND, outer(saved.attended, &gradient));
        let gradient = kernels.product(gradient, self.weight(place::EXPAND).transpose());

        let scale = self.norm(place::ATTENTION_NORM).scale;
        let norm = kernels.add_norm_backward(gradient, Some(norm.residual), saved.attention_norm, scale);
        record(place::ATTENTION_NORM, norm.scale);
        record(place::ATTENTION_NORM + 1, norm.shift);
        record(place::PROJECTION + 1, norm.bias);
        record(place::PROJECTION, outer(saved.context, &norm.branch));
        let gradient = kernels.product(norm.branch, self.weight(place::PROJECTION).transpose());

        let attended = kernels.attention_backward(&gradient, saved.attention, self.layout);
        let mut through = |gradient: Tensor<2>, input: &Tensor<2>, place: usize| {
            let (gradient, bias) = kernels.sum_rows(gradient);
            record(place + 1, bias);
            record(place, outer(input.clone(), &gradient));
            wants_input.then(|| kernels.product(gradient, self.weight(place).transpose()))
        };
        let query = through(attended.query, &saved.rows, place::QUERY);
        let key = through(attended.key, &saved.input, place::KEY);
        let value = through(attended.value, &saved.input, place::VALUE);
        let (query, both) = (query? + norm.residual, key? + value?);
        Some(match self.positions {
            Positions::All => query + both,
            Positions::First => both.add_to_rows(&self.layout.firsts(), query),
        })
    }
}
