//! Norms of rows: layer norm (Ba et al. 2016) and root mean square norm (Zhang and Sennrich 2019).

use super::{Backward, Context};
use crate::{
    backend::Tensor,
    kernels::{Norm, NormKind, Normalized},
    parameters::{Declarations, Handle},
};

/// The values that a family's norms share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NormSettings {
    pub(crate) kind: NormKind,
    pub(crate) epsilon: f32,
    /// True if a norm has a shift.
    pub(crate) has_shift: bool,
    /// True if the scale is 1 + weight.
    pub(crate) plus_one: bool,
}

impl NormSettings {
    /// A layer norm with scale and shift.
    pub(crate) fn layer(epsilon: f64) -> Self {
        Self {
            kind: NormKind::Layer,
            epsilon: epsilon as f32,
            has_shift: true,
            plus_one: false,
        }
    }

    /// A root mean square norm with a scale.
    pub(crate) fn root_mean_square(epsilon: f64) -> Self {
        Self {
            kind: NormKind::RootMeanSquare,
            epsilon: epsilon as f32,
            has_shift: false,
            plus_one: false,
        }
    }
}

/// A norm of every row.
#[derive(Clone, Debug)]
pub(crate) struct NormLayer {
    settings: NormSettings,
    scale: Handle,
    shift: Option<Handle>,
}

impl NormLayer {
    /// Declares `name.weight` and, if it has a shift, `name.bias`.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, width: usize, settings: NormSettings) -> Self {
        Self {
            settings,
            scale: declare.scale(
                &format!("{name}.weight"),
                width,
                if settings.plus_one { 0.0 } else { 1.0 },
            ),
            shift: settings
                .has_shift
                .then(|| declare.shift(&format!("{name}.bias"), width)),
        }
    }

    /// Returns whether its scale or its shift trains.
    pub(crate) fn trains(&self, context: &Context<'_>) -> bool {
        context.trains(self.scale) || self.shift.is_some_and(|shift| context.trains(shift))
    }

    /// The norm's values for a kernel.
    fn values(&self, context: &Context<'_>) -> Norm {
        let scale = context.parameters.vector(self.scale);
        Norm {
            kind: self.settings.kind,
            scale: if self.settings.plus_one { scale + 1.0 } else { scale },
            shift: self.shift.map(|shift| context.parameters.vector(shift)),
            epsilon: self.settings.epsilon,
        }
    }

    /// Every row with its norm; `input` may hold several vectors of the norm's width side by side.
    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Normalized) {
        context.kernels().norm(input, self.values(context))
    }

    /// Backward pass of [`Self::forward`]; the gradient of the output is the sum of `gradient` and `more`.
    pub(crate) fn backward(&self, gradient: Tensor<2>, normalized: Normalized, back: &mut Backward<'_>) -> Tensor<2> {
        let norm = self.values(back.context);
        let found = back.kernels().norm_backward(gradient, normalized, norm);
        back.record_dense(self.scale, found.scale);
        if let Some(shift) = self.shift {
            back.record_dense(shift, found.shift);
        }
        found.input
    }

    /// `norm(dropout(branch + bias) + residual)`, in one pass.
    pub(crate) fn add(
        &self,
        (branch, bias): (Tensor<2>, Tensor<1>),
        residual: Tensor<2>,
        site: Option<u64>,
        context: &Context<'_>,
    ) -> (Tensor<2>, Normalized) {
        let dropout = site.and_then(|site| context.site(site));
        context
            .kernels()
            .add_norm(branch, bias, residual, self.values(context), dropout)
    }

    /// Backward pass of [`Self::add`]. The gradient of the output is the sum of `gradient` and `more`.
    pub(crate) fn add_backward(
        &self,
        gradient: Tensor<2>,
        more: Option<Tensor<2>>,
        normalized: Normalized,
        back: &mut Backward<'_>,
    ) -> SumGradients {
        let scale = self.values(back.context).scale;
        let found = back.kernels().add_norm_backward(gradient, more, normalized, scale);
        back.record_dense(self.scale, found.scale);
        if let Some(shift) = self.shift {
            back.record_dense(shift, found.shift);
        }
        SumGradients {
            branch: found.branch,
            bias: found.bias,
            residual: found.residual,
        }
    }
}

/// The gradients of the sum that a norm was applied to.
pub(crate) struct SumGradients {
    pub(crate) branch: Tensor<2>,
    pub(crate) bias: Tensor<1>,
    pub(crate) residual: Tensor<2>,
}

/// The same layer as a part of burn's graph.
#[cfg(any(test, feature = "cuda"))]
impl NormLayer {
    /// A layer norm over the channels of `[images, channels, rows, columns]`.
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let channels = input.dims()[1];
        let centred = match self.settings.kind {
            NormKind::Layer => input.clone() - input.mean_dim(1),
            NormKind::RootMeanSquare => input,
        };
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let mut scale = tape.leaf(self.scale);
        if self.settings.plus_one {
            scale = scale + 1.0;
        }
        let normed = centred / (variance + f64::from(self.settings.epsilon)).sqrt();
        let scaled = normed * scale.reshape([1, channels, 1, 1]);
        match self.shift {
            Some(shift) => scaled + tape.leaf(shift).reshape([1, channels, 1, 1]),
            None => scaled,
        }
    }
}
