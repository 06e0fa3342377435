//! The feed-forward layer of a transformer: plain (Vaswani et al. 2017, §3.3) or gated (Shazeer 2020).

use super::{Backward, Context, linear::Linear};
use crate::{
    backend::Tensor,
    kernels::{ActivationKind, Columns, Gated},
};

/// A feed-forward layer.
#[derive(Clone, Debug)]
pub(crate) struct FeedForward {
    pub(crate) expand: Expand,
    pub(crate) contract: Linear,
    pub(crate) activation: ActivationKind,
}

/// The layers that widen a row.
#[derive(Clone, Debug)]
pub(crate) enum Expand {
    /// `activation(input · weight + bias)`.
    Plain(Linear),
    /// `activation(gate(input)) * up(input)`.
    Gated { gate: Linear, up: Linear },
    /// A gated layer whose two weights are one: the activated half, then the other.
    GatedTogether { both: Linear, columns: Columns<2> },
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    input: Tensor<2>,
    activated: Tensor<2>,
    derivative: Derivative,
}

enum Derivative {
    Plain(Tensor<2>),
    Gated(Gated),
}

impl FeedForward {
    /// The rows before the bias of the last linear layer.
    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let kernels = context.kernels();
        let (activated, derivative) = match &self.expand {
            Expand::Plain(expand) => {
                let (activated, derivative) = kernels.bias_activation(
                    self.activation,
                    expand.product(input.clone(), context),
                    expand.bias(context),
                );
                (activated, Derivative::Plain(derivative))
            }
            Expand::Gated { gate, up } => {
                let [gate, up] = [gate, up].map(|half| half.forward(input.clone(), context));
                let (activated, saved) = kernels.gated(self.activation, gate, up);
                (activated, Derivative::Gated(saved))
            }
            Expand::GatedTogether { both, columns } => {
                let [gate, up] = kernels.split(both.forward(input.clone(), context), columns);
                let (activated, saved) = kernels.gated(self.activation, gate, up);
                (activated, Derivative::Gated(saved))
            }
        };
        let output = self.contract.product(activated.clone(), context);
        let saved = Saved {
            input,
            activated,
            derivative,
        };
        (output, saved)
    }

    /// Backward pass of [`Self::forward`]; `bias` is the gradient of the last layer's bias.
    pub(crate) fn backward(
        &self,
        (gradient, bias): (Tensor<2>, Tensor<1>),
        saved: Saved,
        back: &mut Backward<'_>,
    ) -> Tensor<2> {
        let Saved {
            input,
            activated,
            derivative,
        } = saved;
        let kernels = back.kernels();
        self.contract.learn_with_bias(activated, &gradient, bias, back);
        let gradient = self.contract.through(gradient, back.context);
        match (&self.expand, derivative) {
            (Expand::Plain(expand), Derivative::Plain(derivative)) => {
                let (gradient, bias) = kernels.multiply(gradient, derivative);
                expand.learn_with_bias(input, &gradient, bias, back);
                expand.through(gradient, back.context)
            }
            (Expand::Gated { gate, up }, Derivative::Gated(saved)) => {
                let [of_gate, of_up] = kernels.gated_backward(gradient, saved);
                let of_gate = gate.learn(input.clone(), of_gate, back);
                let of_up = up.learn(input, of_up, back);
                gate.through(of_gate, back.context) + up.through(of_up, back.context)
            }
            (Expand::GatedTogether { both, columns }, Derivative::Gated(saved)) => {
                let gradient = kernels.join(kernels.gated_backward(gradient, saved), columns);
                let gradient = both.learn(input, gradient, back);
                both.through(gradient, back.context)
            }
            (Expand::Plain(_), Derivative::Gated(_))
            | (Expand::Gated { .. } | Expand::GatedTogether { .. }, Derivative::Plain(_)) => {
                unreachable!("the forward pass of this layer saved them")
            }
        }
    }
}
