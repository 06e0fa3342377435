//! A linear layer: `input · weight + bias`, row by row, with an optional low-rank adapter.

use super::{Backward, Context, low_rank::LowRank};
use crate::{
    backend::Tensor,
    gradients::Gradient,
    parameters::{Declarations, Handle},
};

/// A linear layer.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) weight: Handle,
    pub(crate) bias: Option<Handle>,
    /// A product of two narrow matrices that is added to the weight.
    pub(crate) adapter: Option<LowRank>,
}

impl Linear {
    /// Declares `name.weight` and, if the layer has one, `name.bias`.
    pub(crate) fn declare(
        declare: &mut Declarations,
        name: &str,
        [inputs, outputs]: [usize; 2],
        has_bias: bool,
    ) -> Self {
        Self {
            weight: declare.matrix(&format!("{name}.weight"), [outputs, inputs]),
            bias: has_bias.then(|| declare.bias(&format!("{name}.bias"), outputs)),
            adapter: None,
        }
    }

    /// Like [`Self::declare`] for files that hold the weight as `[inputs, outputs]`.
    pub(crate) fn declare_upright(declare: &mut Declarations, name: &str, [inputs, outputs]: [usize; 2]) -> Self {
        Self {
            weight: declare.upright_matrix(&format!("{name}.weight"), [inputs, outputs]),
            bias: Some(declare.bias(&format!("{name}.bias"), outputs)),
            adapter: None,
        }
    }

    /// Like [`Self::declare`] for files that hold the layer as a convolution with a kernel of one pixel.
    pub(crate) fn declare_pointwise(declare: &mut Declarations, name: &str, [inputs, outputs]: [usize; 2]) -> Self {
        Self {
            weight: declare.patches(&format!("{name}.weight"), [outputs, inputs, 1, 1]),
            bias: Some(declare.bias(&format!("{name}.bias"), outputs)),
            adapter: None,
        }
    }

    /// `input · weight + bias`.
    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let Some(bias) = self.bias else {
            return self.product(input, context);
        };
        let (weight, bias) = (context.parameters.matrix(self.weight), context.parameters.vector(bias));
        self.adapted(input, context, |input| context.kernels().project(input, weight, bias))
    }

    /// `input · weight`, for kernels that add the bias themselves.
    pub(crate) fn product(&self, input: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let weight = context.parameters.matrix(self.weight);
        self.adapted(input, context, |input| context.kernels().product(input, weight))
    }

    /// The output of the layer itself, and that of its adapter added.
    fn adapted(&self, input: Tensor<2>, context: &Context<'_>, own: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        match &self.adapter {
            None => own(input),
            Some(adapter) => own(input.clone()) + adapter.forward(input, context),
        }
    }

    /// The bias for a kernel that adds it; zeros if the layer has none.
    pub(crate) fn bias(&self, context: &Context<'_>) -> Tensor<1> {
        match self.bias {
            Some(bias) => context.parameters.vector(bias),
            None => context.device.zeros([context.parameters.matrix(self.weight).dims()[1]]),
        }
    }

    /// Records the gradients of weight and bias. Returns the gradient of the output as it came.
    pub(crate) fn learn(&self, input: Tensor<2>, gradient: Tensor<2>, back: &mut Backward<'_>) -> Tensor<2> {
        if self.bias.is_some_and(|bias| back.context.trains(bias)) {
            let (gradient, bias) = back.kernels().sum_rows(gradient);
            self.learn_with_bias(input, &gradient, bias, back);
            gradient
        } else {
            self.learn_weight(input, &gradient, back);
            gradient
        }
    }

    /// Records the gradients when a kernel has already summed that of the bias.
    pub(crate) fn learn_with_bias(
        &self,
        input: Tensor<2>,
        gradient: &Tensor<2>,
        bias_gradient: Tensor<1>,
        back: &mut Backward<'_>,
    ) {
        if let Some(bias) = self.bias {
            back.record_dense(bias, bias_gradient);
        }
        self.learn_weight(input, gradient, back);
    }

    fn learn_weight(&self, input: Tensor<2>, gradient: &Tensor<2>, back: &mut Backward<'_>) {
        if let Some(adapter) = &self.adapter {
            adapter.learn(input.clone(), gradient, back);
        }
        if back.context.trains(self.weight) {
            let product = back.kernels().product(input.transpose(), gradient.clone());
            let [rows, columns] = product.dims();
            back.record(self.weight, Gradient::Dense(product.reshape([rows * columns])));
        }
    }

    /// The gradient of the input.
    pub(crate) fn through(&self, gradient: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let weight = context.parameters.matrix(self.weight);
        match &self.adapter {
            None => context.kernels().product(gradient, weight.transpose()),
            Some(adapter) => {
                let own = context.kernels().product(gradient.clone(), weight.transpose());
                own + adapter.through(gradient, context)
            }
        }
    }
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl Linear {
    /// The layer at every pixel of `[images, channels, rows, columns]`.
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        use crate::blocks::differentiated::Lifted;
        let [images, inputs, rows, columns] = input.dims();
        let [_, outputs] = tape.context.parameters.matrix(self.weight).dims();
        let weight: Lifted<B, 2> = tape.leaf(self.weight).reshape([inputs, outputs]);
        let pixels: Lifted<B, 2> = input.permute([0, 2, 3, 1]).reshape([images * rows * columns, inputs]);
        let mut result = pixels.matmul(weight);
        if let Some(bias) = self.bias {
            let bias: Lifted<B, 2> = tape.leaf(bias).reshape([1, outputs]);
            result = result + bias;
        }
        result.reshape([images, rows, columns, outputs]).permute([0, 3, 1, 2])
    }
}
