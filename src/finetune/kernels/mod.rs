//! The operations of a transformer between its matrix products. Each is one pass forward and one pass backward.
//!
//! Every kernel has two implementations: `host` loops over slices, `cuda` runs on a GPU. burn's own operations would
//! make five to fifteen passes through memory (or launches) for the same formula, and its automatic differentiation as
//! many again. On machines with a GPU a test checks that both implementations agree. Begin reading at [`Kernels`].

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

/// Values saved for the backward pass of [`Kernels::add_norm`].
pub(crate) struct Normalized {
    /// Rows with mean 0 and variance 1, `[rows, width]`.
    values: Tensor<2>,
    /// 1 / standard deviation of each row, `[rows]`.
    inverse_deviation: Tensor<1>,
    dropout: Option<Dropout>,
}

/// The results of [`Kernels::add_norm_backward`].
pub(crate) struct NormGradients {
    /// The gradient of the residual, `[rows, width]`.
    pub(crate) residual: Tensor<2>,
    /// The gradient of the branch before its bias, `[rows, width]`.
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

/// Queries, keys and values as rows, `[rows, heads · size]`. The queries may be only those of each text's first
/// position.
#[derive(Clone)]
pub(crate) struct Attended {
    pub(crate) query: Tensor<2>,
    pub(crate) key: Tensor<2>,
    pub(crate) value: Tensor<2>,
}

/// Values saved for the backward pass of [`Kernels::attention`].
pub(crate) struct AttentionSaved {
    attended: Attended,
    /// One item per text on the CPU, one item for all texts on a GPU.
    weights: Vec<AttentionWeights>,
}

/// The attention weights, before and after dropout.
struct AttentionWeights {
    /// Softmax of the scores, `[batch, heads, queries, keys]`.
    probabilities: Tensor<4>,
    /// The probabilities after dropout.
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

    /// Backward pass of [`Self::add_norm`]; the gradient of the output is the sum of `gradient` and `more`.
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

    /// Backward pass of [`Self::bias_gelu`]: `gradient * derivative` and its sum over all rows.
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

    /// The unchanged values and their sum over all rows.
    pub(crate) fn sum_rows(self, values: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        either!(self, sum_rows(values))
    }

    /// Dropout alone; its backward pass is the same operation.
    pub(crate) fn drop(self, values: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
        match dropout {
            None => values,
            Some(dropout) => either!(self, drop(values, dropout)),
        }
    }

    /// Multi-head attention within each text (Vaswani et al. 2017, §3.2). Returns one row of context per query.
    pub(crate) fn attention(
        self,
        attended: Attended,
        layout: &Layout,
        dropout: Option<Dropout>,
    ) -> (Tensor<2>, AttentionSaved) {
        either!(self, attention(attended, layout, dropout))
    }

    /// The mean cross-entropy of logits `[rows, classes]` and its gradient with respect to them.
    pub(crate) fn cross_entropy(self, logits: Tensor<2>, labels: &[u32]) -> (Loss, Tensor<2>) {
        either!(self, cross_entropy(logits, labels))
    }

    /// The gradient of a table of `length` vectors. `used` holds the table index of each row of `values`.
    pub(crate) fn of_table(self, used: &[Option<u32>], values: Tensor<2>, length: usize) -> Gradient {
        either!(self, of_table(used, values, length))
    }

    /// The gradients of queries, keys and values, from the gradient of the context.
    pub(crate) fn attention_backward(self, gradient: &Tensor<2>, saved: AttentionSaved, layout: &Layout) -> Attended {
        either!(self, attention_backward(gradient, saved, layout))
    }
}

/// The factor for scores before softmax.
fn attention_scale(size: usize) -> f32 {
    (size as f32).sqrt().recip()
}

#[cfg(all(test, feature = "cuda"))]
mod tests;
