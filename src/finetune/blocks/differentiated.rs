//! A part of a network as a graph of burn, for devices without a kernel for it, and to compare with in tests.

use burn::{backend::Autodiff, tensor::Tensor as Inner};

use crate::{
    backend::{Tensor, TensorBackend},
    gradients::Gradient,
    kernels::ActivationKind,
    layers::{Back, Context},
    parameters::Handle,
};

/// A tensor that may be part of a graph.
pub(crate) type Lifted<B, const D: usize> = Inner<Autodiff<B>, D>;

/// A part of a network that burn differentiates. Images are `[images, channels, rows, columns]`.
pub(crate) trait Graph {
    fn graph<B: TensorBackend>(&self, tape: &mut Tape<'_, B>, input: Lifted<B, 4>) -> Lifted<B, 4>;

    /// Height, width and channels of its input.
    fn input(&self) -> [usize; 3];
}

/// The parameters of one pass; those that train are leaves of the graph.
pub(crate) struct Tape<'a, B: TensorBackend> {
    pub(crate) context: &'a Context<'a>,
    leaves: Vec<(Handle, Lifted<B, 1>)>,
}

impl<B: TensorBackend> Tape<'_, B> {
    /// A parameter. If it trains, its gradient will be recorded.
    pub(crate) fn leaf(&mut self, handle: Handle) -> Lifted<B, 1> {
        let value = self.constant(handle);
        if !self.context.trains(handle) {
            return value;
        }
        let leaf = value.require_grad();
        self.leaves.push((handle, leaf.clone()));
        leaf
    }

    /// A parameter that does not train.
    pub(crate) fn constant(&self, handle: Handle) -> Lifted<B, 1> {
        Inner::from_inner(B::unwrap(self.context.parameters.vector(handle)))
    }
}

/// An activation as a part of a graph.
pub(crate) fn activated<B: TensorBackend, const D: usize>(kind: ActivationKind, input: Lifted<B, D>) -> Lifted<B, D> {
    use burn::tensor::activation::{gelu, relu, sigmoid, silu, tanh};
    let relu6 = |input: Lifted<B, D>| relu(input).clamp_max(6.0);
    match kind {
        ActivationKind::Gelu => gelu(input),
        ActivationKind::GeluTanh => {
            let cube = input.clone() * input.clone() * input.clone() * 0.044_715;
            let inner = (input.clone() + cube) * (2.0 / std::f64::consts::PI).sqrt();
            input * (tanh(inner) + 1.0) * 0.5
        }
        ActivationKind::Relu => relu(input),
        ActivationKind::Silu => silu(input),
        ActivationKind::Tanh => tanh(input),
        ActivationKind::Relu6 => relu6(input),
        ActivationKind::HardSigmoid => relu6(input + 3.0) / 6.0,
        ActivationKind::HardSwish => input.clone() * (relu6(input + 3.0) / 6.0),
        ActivationKind::Sigmoid => sigmoid(input),
    }
}

/// The output of a graph, and its backward pass. Input and output are rows of channels.
pub(crate) fn forward<'a, B: TensorBackend + 'a>(
    graph: &impl Graph,
    input: Tensor<2>,
    context: &Context<'_>,
) -> (Tensor<2>, Back<'a>) {
    let images = context.layout.len();
    let [height, width, channels] = graph.input();
    let input: Lifted<B, 2> = Inner::from_inner(B::unwrap(input));
    let input = input.require_grad();
    let mut tape = Tape {
        context,
        leaves: Vec::new(),
    };
    let image = input
        .clone()
        .reshape([images, height, width, channels])
        .permute([0, 3, 1, 2]);
    let output = graph.graph(&mut tape, image);
    let [_, channels, rows, columns] = output.dims();
    let output = output
        .permute([0, 2, 3, 1])
        .reshape([images * rows * columns, channels]);
    let leaves = tape.leaves;
    let values = B::wrap(output.clone().inner());
    let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
        let gradient: Lifted<B, 2> = Inner::from_inner(B::unwrap(gradient));
        // The gradient of this sum is that of the output.
        let mut all = (output * gradient).sum().backward();
        for (handle, leaf) in leaves {
            if let Some(gradient) = leaf.grad_remove(&mut all) {
                back.record(handle, Gradient::Dense(B::wrap(gradient)));
            }
        }
        let gradient = input.grad_remove(&mut all).filter(|_| wants_input)?;
        Some(B::wrap(gradient))
    });
    (values, back)
}
