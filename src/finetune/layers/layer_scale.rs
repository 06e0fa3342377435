//! A learned factor for every column (Touvron et al. 2021, `CaiT`, §2).

use super::{Backward, Context};
use crate::{
    backend::{Host, Tensor},
    parameters::{Declarations, Handle},
    vectorize::vectorize,
};

/// The factors of all columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerScale {
    factors: Handle,
}

impl LayerScale {
    /// Declares the factors under `name`.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, width: usize) -> Self {
        Self {
            factors: declare.scale(name, width, 1.0),
        }
    }

    /// Every column times its factor.
    pub(crate) fn forward(self, input: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let factors = Host::take(context.parameters.vector(self.factors), context.device);
        let mut values = Host::take(input, context.device);
        let width = factors.values().len();
        vectorize(|| {
            for row in values.values_mut().chunks_exact_mut(width) {
                for (value, factor) in row.iter_mut().zip(factors.values()) {
                    *value *= factor;
                }
            }
        });
        values.tensor()
    }

    /// Backward pass of [`Self::forward`].
    pub(crate) fn backward(self, gradient: Tensor<2>, input: Tensor<2>, back: &mut Backward<'_>) -> Tensor<2> {
        if back.context.trains(self.factors) {
            let (_, sums) = back.kernels().sum_rows(gradient.clone() * input);
            back.record_dense(self.factors, sums);
        }
        self.forward(gradient, back.context)
    }
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl LayerScale {
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let channels = input.dims()[1];
        input * tape.leaf(self.factors).reshape([1, channels, 1, 1])
    }
}
