//! The steps of a transformer between its matrix products, each forward and backward in one pass.
//!
//! Every kernel exists twice: `host` walks over slices, `cuda` runs on a GPU. burn's own operations would make five to fifteen
//! passes through memory of the same formula, or as many launches, and its automatic differentiation as many again. A test
//! holds the two equal where there is a GPU. Begin reading at [`Kernels`].

#[cfg(feature = "cuda")]
pub(crate) mod cuda;
mod host;
mod layout;

pub(crate) use layout::Layout;

use super::{
    backend::{Device, Tensor},
    dropout::Dropout,
    gradients::{Gradient, Loss},
};

/// The kernels of one device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernels {
    device: Device,
}

/// What the backward pass of [`Kernels::add_norm`] needs.
pub(crate) struct Normalized {
    /// Rows with mean 0 and variance 1, `[rows, width]`.
    values: Tensor<2>,
    /// 1 / standard deviation of each row, `[rows]`.
    inverse_deviation: Tensor<1>,
    dropout: Option<Dropout>,
}

/// The gradients that flow out of [`Kernels::add_norm`] backwards.
pub(crate) struct NormGradients {
    /// To the residual, `[rows, width]`.
    pub(crate) residual: Tensor<2>,
    /// To the branch before its bias, `[rows, width]`.
    pub(crate) branch: Tensor<2>,
    pub(crate) bias: Tensor<1>,
    pub(crate) scale: Tensor<1>,
    pub(crate) shift: Tensor<1>,
}

/// The scale, shift and epsilon of a layer norm.
pub(crate) struct Norm {
    pub(crate) scale: Tensor<1>,
    pub(crate) shift: Tensor<1>,
    pub(crate) epsilon: f32,
}

/// What attends to what: rows of queries, keys and values, `[rows, heads · size]`. Of queries there may be only the first of
/// each text.
#[derive(Clone)]
pub(crate) struct Attended {
    pub(crate) query: Tensor<2>,
    pub(crate) key: Tensor<2>,
    pub(crate) value: Tensor<2>,
}

/// What the backward pass of [`Kernels::attention`] needs.
pub(crate) struct AttentionSaved {
    attended: Attended,
    /// Of every text on the host, of all texts at once elsewhere.
    weights: Vec<AttentionWeights>,
}

/// What attention weighs values with, and what its backward pass needs.
struct AttentionWeights {
    /// Softmax of the scores, `[batch, heads, queries, keys]`.
    probabilities: Tensor<4>,
    /// The same after dropout.
    dropped: Tensor<4>,
    dropout: Option<Dropout>,
}

macro_rules! either {
    ($self:ident, $function:ident($($argument:expr),*)) => {
        match $self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => cuda::$function($($argument),*),
            device => host::$function(device, $($argument),*),
        }
    };
}

impl Kernels {
    pub(crate) fn new(device: Device) -> Self {
        Self { device }
    }

    /// `norm(dropout(branch + bias) + residual)`; all `[rows, width]`.
    pub(crate) fn add_norm(
        self,
        branch: Tensor<2>,
        bias: Tensor<1>,
        residual: Tensor<2>,
        norm: Norm,
        dropout: Option<Dropout>,
    ) -> (Tensor<2>, Normalized) {
        either!(self, add_norm(branch, bias, residual, norm, dropout))
    }

    /// Backwards through [`Self::add_norm`]; the gradient is the sum of `gradient` and `more`.
    pub(crate) fn add_norm_backward(
        self,
        gradient: Tensor<2>,
        more: Option<Tensor<2>>,
        normalized: Normalized,
        scale: Tensor<1>,
    ) -> NormGradients {
        either!(self, add_norm_backward(gradient, more, normalized, scale))
    }

    /// `gelu(values + bias)` with the exact (erf) form, and its derivative; both `[rows, width]`.
    pub(crate) fn bias_gelu(self, values: Tensor<2>, bias: Tensor<1>) -> (Tensor<2>, Tensor<2>) {
        either!(self, bias_gelu(values, bias))
    }

    /// `gradient * derivative` and the sum of its rows: backwards through [`Self::bias_gelu`].
    pub(crate) fn multiply(self, gradient: Tensor<2>, derivative: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        either!(self, multiply(gradient, derivative))
    }

    /// The matrix product.
    pub(crate) fn product(self, left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
        either!(self, product(left, right))
    }

    /// `values · weight + bias`, row by row.
    pub(crate) fn project(self, values: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
        either!(self, project(values, weight, bias))
    }

    /// The sum of all rows, and the values back.
    pub(crate) fn sum_rows(self, values: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        either!(self, sum_rows(values))
    }

    /// Dropout alone; it is its own backward pass.
    pub(crate) fn drop(self, values: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
        match dropout {
            None => values,
            Some(dropout) => either!(self, drop(values, dropout)),
        }
    }

    /// Multi-head attention within each text (Vaswani et al. 2017, §3.2): rows of context for the rows of queries.
    pub(crate) fn attention(
        self,
        attended: Attended,
        layout: &Layout,
        dropout: Option<Dropout>,
    ) -> (Tensor<2>, AttentionSaved) {
        either!(self, attention(attended, layout, dropout))
    }

    /// The mean cross-entropy of logits `[rows, classes]` and its gradient in them.
    pub(crate) fn cross_entropy(self, logits: Tensor<2>, labels: &[u32]) -> (Loss, Tensor<2>) {
        either!(self, cross_entropy(logits, labels))
    }

    /// The gradient of a table of `length` vectors, which the rows of `values` have used.
    pub(crate) fn of_table(self, used: &[Option<u32>], values: Tensor<2>, length: usize) -> Gradient {
        either!(self, of_table(used, values, length))
    }

    /// The gradients of queries, keys and values from that of the context.
    pub(crate) fn attention_backward(self, gradient: &Tensor<2>, saved: AttentionSaved, layout: &Layout) -> Attended {
        either!(self, attention_backward(gradient, saved, layout))
    }
}

/// What scores are multiplied with before softmax.
fn attention_scale(size: usize) -> f32 {
    (size as f32).sqrt().recip()
}

#[cfg(all(test, feature = "cuda"))]
mod tests;
