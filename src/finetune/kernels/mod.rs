//! The steps of networks between their matrix products. Each is one pass forward and one pass backward.
//!
//! `host` loops over slices, with one file a step. `cuda` has kernels for the steps of a BERT; the other steps run on
//! the CPU for a GPU too, with a copy in each direction. burn's own operations would make five to fifteen passes through
//! memory (or launches) for the same formula, and its automatic differentiation as many again. On machines with a GPU a
//! test checks that both implementations agree. Begin reading at [`Kernels`].

#[cfg(feature = "cuda")]
pub(crate) mod cuda;
mod host;
mod layout;
mod relative;

pub(crate) use self::{
    host::{Angles, Columns},
    layout::Layout,
    relative::{Disentangled, OffsetBias, PositionGradients, Relative, RelativeGradients},
};

use super::{
    backend::{Device, Tensor},
    dropout::Dropout,
    gradients::{Gradient, StepLoss},
    layers::Positions,
};

/// The kernels of one device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernels {
    device: Device,
}

/// Values saved for the backward pass of [`Kernels::norm`] and [`Kernels::add_norm`].
pub(crate) struct Normalized {
    /// Rows with variance 1, `[rows, width]`.
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

/// The results of [`Kernels::norm_backward`].
pub(crate) struct PlainNormGradients {
    pub(crate) input: Tensor<2>,
    pub(crate) scale: Tensor<1>,
    pub(crate) shift: Tensor<1>,
}

/// The kind of a norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// The mean is taken off, and the row is divided by its standard deviation.
    Layer,
    /// The row is divided by the root of its mean square.
    RootMeanSquare,
}

/// The values of a norm.
pub(crate) struct Norm {
    pub(crate) kind: NormKind,
    pub(crate) scale: Tensor<1>,
    pub(crate) shift: Option<Tensor<1>>,
    pub(crate) epsilon: f32,
}

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActivationKind {
    /// `x Φ(x)` (Hendrycks and Gimpel 2016).
    Gelu,
    /// The approximation of [`Self::Gelu`] with a hyperbolic tangent.
    GeluTanh,
    Relu,
    /// `x σ(x)`, also called swish.
    Silu,
    Tanh,
    /// [`Self::Relu`], at most 6.
    Relu6,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · relu6(x + 3) / 6`.
    HardSwish,
    Sigmoid,
}

/// Values saved for the backward pass of [`Kernels::gated`].
pub(crate) struct Gated {
    activated: Tensor<2>,
    slope: Tensor<2>,
}

/// The direction in which rotary positions turn: forward in the forward pass, back in the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Forward,
    Back,
}

/// Queries, keys and values as rows, `[rows, heads · size]`. The queries may be only those of one position of each text.
#[derive(Clone)]
pub(crate) struct Attended {
    pub(crate) query: Tensor<2>,
    pub(crate) key: Tensor<2>,
    pub(crate) value: Tensor<2>,
}

/// The keys that a query at position `p` sees: those at `p - before ..= p + after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Mask {
    /// Every query sees all keys of its text.
    pub(crate) const NONE: Self = Self {
        before: usize::MAX,
        after: usize::MAX,
    };
    /// Every query sees the keys up to its own position.
    pub(crate) const CAUSAL: Self = Self {
        before: usize::MAX,
        after: 0,
    };

    /// The visible ones of `keys` keys.
    pub(crate) fn keys(self, position: usize, keys: usize) -> std::ops::Range<usize> {
        position.saturating_sub(self.before)..position.saturating_add(self.after).saturating_add(1).min(keys)
    }
}

/// The settings of multi-head attention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AttentionSettings {
    /// Number of heads of the queries.
    pub(crate) heads: usize,
    /// Number of heads of keys and values; each serves `heads / key_heads` heads of the queries, which are neighbours.
    pub(crate) key_heads: usize,
    /// Number of values per head.
    pub(crate) size: usize,
    /// The factor for scores before softmax.
    pub(crate) scale: f32,
    /// Scores are limited to ± this number by a hyperbolic tangent.
    pub(crate) softcap: Option<f32>,
    pub(crate) mask: Mask,
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
    /// The slope of the limit on scores, if there is one.
    slope: Option<Tensor<4>>,
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

    pub(crate) fn device(self) -> Device {
        self.device
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

    /// Every row with its norm; `[rows, n · width]` holds `n` rows of the norm side by side.
    pub(crate) fn norm(self, values: Tensor<2>, norm: Norm) -> (Tensor<2>, Normalized) {
        host::norm(self.device, values, norm)
    }

    /// Backward pass of [`Self::norm`].
    pub(crate) fn norm_backward(self, gradient: Tensor<2>, normalized: Normalized, norm: Norm) -> PlainNormGradients {
        host::norm_backward(self.device, gradient, normalized, norm)
    }

    /// `activation(values + bias)` and its derivative; both `[rows, width]`.
    pub(crate) fn bias_activation(
        self,
        kind: ActivationKind,
        values: Tensor<2>,
        bias: Tensor<1>,
    ) -> (Tensor<2>, Tensor<2>) {
        match (kind, self.device) {
            #[cfg(feature = "cuda")]
            (ActivationKind::Gelu, Device::Cuda(_)) => cuda::bias_gelu(values, bias),
            (kind, device) => host::bias_activation(device, kind, values, bias),
        }
    }

    /// Backward pass of [`Self::bias_activation`]: `gradient * derivative` and its sum over all rows.
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

    /// `dropout(branch + bias) + residual`; all `[rows, width]`.
    pub(crate) fn add(
        self,
        branch: Tensor<2>,
        bias: Option<Tensor<1>>,
        residual: Tensor<2>,
        dropout: Option<Dropout>,
    ) -> Tensor<2> {
        host::add_residual(self.device, (branch, bias), residual, dropout)
    }

    /// The mean of each text's rows, `[texts, width]`.
    pub(crate) fn pool(self, values: Tensor<2>, layout: &Layout) -> Tensor<2> {
        host::pool(self.device, values, layout)
    }

    /// Backward pass of [`Self::pool`].
    pub(crate) fn pool_backward(self, gradient: Tensor<2>, layout: &Layout) -> Tensor<2> {
        host::pool_backward(self.device, gradient, layout)
    }

    /// Dropout alone; its backward pass is the same operation.
    pub(crate) fn drop(self, values: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
        match dropout {
            None => values,
            Some(dropout) => either!(self, drop(values, dropout)),
        }
    }

    /// `activation(gate) * up`, all `[rows, width]`.
    pub(crate) fn gated(self, kind: ActivationKind, gate: Tensor<2>, up: Tensor<2>) -> (Tensor<2>, Gated) {
        host::gated(self.device, kind, gate, up)
    }

    /// Backward pass of [`Self::gated`]: the gradients of `gate` and `up`.
    pub(crate) fn gated_backward(self, gradient: Tensor<2>, saved: Gated) -> [Tensor<2>; 2] {
        host::gated_backward(self.device, gradient, saved)
    }

    /// The columns of each part as a tensor of its own.
    pub(crate) fn split<const N: usize>(self, values: Tensor<2>, columns: &Columns<N>) -> [Tensor<2>; N] {
        host::split(self.device, values, columns)
    }

    /// The inverse of [`Self::split`].
    pub(crate) fn join<const N: usize>(self, parts: [Tensor<2>; N], columns: &Columns<N>) -> Tensor<2> {
        host::join(self.device, parts, columns)
    }

    /// Turns rows of vectors of `size` values by the angles of their positions, in pairs.
    pub(crate) fn turn(
        self,
        values: Tensor<2>,
        (positions, size): (&[u32], usize),
        angles: &Angles,
        direction: Turn,
    ) -> Tensor<2> {
        host::turn(self.device, values, (positions, size), angles, direction)
    }

    /// Multi-head attention within each text (Vaswani et al. 2017, §3.2). Returns one row of context per query; the
    /// queries are those at `positions`.
    pub(crate) fn attention(
        self,
        attended: Attended,
        (layout, positions): (&Layout, Positions),
        settings: &AttentionSettings,
        relative: &Relative,
        dropout: Option<Dropout>,
    ) -> (Tensor<2>, AttentionSaved) {
        match self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) if settings.has_cuda_kernel(relative) => {
                cuda::attention(attended, layout, settings, dropout)
            }
            device => host::attention(device, attended, (layout, positions), (settings, relative), dropout),
        }
    }

    /// The mean cross-entropy of logits `[rows, classes]` and its gradient with respect to them.
    pub(crate) fn cross_entropy(self, logits: Tensor<2>, labels: &[u32]) -> (StepLoss, Tensor<2>) {
        either!(self, cross_entropy(logits, labels))
    }

    /// The gradient of a table of `length` vectors. `used` holds the table index of each row of `values`.
    pub(crate) fn of_table(self, used: &[Option<u32>], values: Tensor<2>, length: usize) -> Gradient {
        either!(self, of_table(used, values, length))
    }

    /// The gradients of queries, keys, values and relative positions, from the gradient of the context.
    pub(crate) fn attention_backward(
        self,
        gradient: &Tensor<2>,
        saved: AttentionSaved,
        (layout, positions): (&Layout, Positions),
        settings: &AttentionSettings,
        relative: &Relative,
    ) -> (Attended, RelativeGradients) {
        match self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) if settings.has_cuda_kernel(relative) => {
                let attended = cuda::attention_backward(gradient, saved, layout, settings);
                (attended, RelativeGradients::None)
            }
            device => host::attention_backward(device, gradient, saved, (layout, positions), (settings, relative)),
        }
    }
}

impl AttentionSettings {
    #[cfg(feature = "cuda")]
    fn has_cuda_kernel(&self, relative: &Relative) -> bool {
        self.heads == self.key_heads
            && self.softcap.is_none()
            && self.mask == Mask::NONE
            && matches!(relative, Relative::None)
    }
}

#[cfg(all(test, feature = "cuda"))]
mod tests;
