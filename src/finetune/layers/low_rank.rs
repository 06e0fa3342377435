//! A low-rank adapter of a linear layer (Hu et al. 2022, `LoRA`): `scale · dropout(input) · down · up`.

use super::{Backward, Context};
use crate::{
    backend::Tensor,
    dropout::Dropout,
    gradients::Gradient,
    parameters::{Declarations, Handle, Parameters, Start},
};

/// The dropout sites of adapters begin here; those of a network are far below.
const FIRST_SITE: u64 = 1 << 32;

/// Two narrow matrices, whose product is added to a weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LowRank {
    /// `[inputs, rank]`: `lora_A` of `peft`.
    pub(crate) down: Handle,
    /// `[rank, outputs]`: `lora_B` of `peft`.
    pub(crate) up: Handle,
    pub(crate) scale: f64,
    /// The share of the input that dropout drops.
    pub(crate) dropout: f64,
}

impl LowRank {
    /// Declares `name.lora_A.weight` and `name.lora_B.weight`. As in `peft` the first one begins uniform within
    /// `1 / √inputs`, and the second one with zeros.
    pub(crate) fn declare(
        declare: &mut Declarations,
        name: &str,
        [inputs, outputs]: [usize; 2],
        (rank, scale, dropout): (usize, f64, f64),
    ) -> Self {
        declare.starting(Start::Uniform((inputs as f32).sqrt().recip()), Start::Zeros);
        let down = declare.low_rank(&format!("{name}.lora_A.weight"), [rank, inputs]);
        declare.starting(Start::Zeros, Start::Zeros);
        let up = declare.low_rank(&format!("{name}.lora_B.weight"), [outputs, rank]);
        Self {
            down,
            up,
            scale,
            dropout,
        }
    }

    /// Its part of the layer's output.
    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let kernels = context.kernels();
        let input = kernels.drop(input, self.site(context));
        let inner = kernels.product(input, context.parameters.matrix(self.down));
        kernels.product(inner, context.parameters.matrix(self.up)) * self.scale
    }

    /// Records the gradients of both matrices.
    pub(crate) fn learn(&self, input: Tensor<2>, gradient: &Tensor<2>, back: &mut Backward<'_>) {
        let context = back.context;
        if !context.trains(self.down) {
            return;
        }
        let kernels = back.kernels();
        let [down, up] = [self.down, self.up].map(|handle| context.parameters.matrix(handle));
        let input = kernels.drop(input, self.site(context));
        let gradient = gradient.clone() * self.scale;
        let inner = kernels.product(input.clone(), down);
        let of_up = kernels.product(inner.transpose(), gradient.clone());
        let of_inner = kernels.product(gradient, up.transpose());
        let of_down = kernels.product(input.transpose(), of_inner);
        for (handle, gradient) in [(self.down, of_down), (self.up, of_up)] {
            let [rows, columns] = gradient.dims();
            back.record(handle, Gradient::Dense(gradient.reshape([rows * columns])));
        }
    }

    /// Its part of the gradient of the layer's input.
    pub(crate) fn through(&self, gradient: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let kernels = context.kernels();
        let [down, up] = [self.down, self.up].map(|handle| context.parameters.matrix(handle));
        let of_inner = kernels.product(gradient * self.scale, up.transpose());
        kernels.drop(kernels.product(of_inner, down.transpose()), self.site(context))
    }

    /// The layer's weight, `[inputs, outputs]`, with the adapter added.
    pub(crate) fn merged(&self, weight: Tensor<2>, parameters: &Parameters) -> Tensor<2> {
        weight + parameters.matrix(self.down).matmul(parameters.matrix(self.up)) * self.scale
    }

    fn site(&self, context: &Context<'_>) -> Option<Dropout> {
        context.training?;
        let keys = context.dropout.at(self.dropout);
        keys.site(FIRST_SITE + self.down.index() as u64)
    }
}
