//! The steps of a transformer between its matrix products, each forward and backward in one pass.
//!
//! Every kernel exists twice: `host` walks over slices (burn's CPU backends would make five to fifteen passes through
//! memory of the same formula, and its automatic differentiation as many again), `tensor` uses burn's operations for
//! devices with memory of their own. A test holds the two equal. Begin reading at [`Kernels`].

mod host;
mod layout;
mod tensor;

pub(crate) use layout::Layout;

use super::{
    backend::{Device, Tensor},
    dropout::Dropout,
};

/// The kernels of one device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernels {
    device: Device,
    on_host: bool,
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
        if $self.on_host { host::$function($self.device, $($argument),*) } else { tensor::$function($self.device, $($argument),*) }
    };
}

impl Kernels {
    pub(crate) fn new(device: Device) -> Self {
        Self {
            device,
            on_host: device.is_host(),
        }
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

    /// `values + bias`, row by row.
    pub(crate) fn add_bias(self, values: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
        either!(self, add_bias(values, bias))
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

    /// The gradients of queries, keys and values from that of the context.
    pub(crate) fn attention_backward(self, gradient: &Tensor<2>, saved: AttentionSaved, layout: &Layout) -> Attended {
        either!(self, attention_backward(gradient, saved, layout))
    }
}

/// What scores are multiplied with before softmax.
fn attention_scale(size: usize) -> f32 {
    (size as f32).sqrt().recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finetune::{backend::values, dropout::DropoutKeys},
        units::Seed,
    };

    fn pair() -> [Kernels; 2] {
        [true, false].map(|on_host| Kernels {
            device: Device::Cpu,
            on_host,
        })
    }

    fn wave<const D: usize>(shape: [usize; D], phase: f32) -> Tensor<D> {
        let length = shape.iter().product();
        let values = (0..length)
            .map(|index| 2.0 * (index as f32 * 0.7 + phase).sin())
            .collect();
        Device::Cpu.tensor(values, shape)
    }

    fn assert_close<const D: usize>([host, tensor]: [Tensor<D>; 2]) {
        assert_eq!(host.dims(), tensor.dims());
        for (left, right) in values(&host).iter().zip(values(&tensor)) {
            assert!((left - right).abs() < 2e-5 * (1.0 + right.abs()), "{left} {right}");
        }
    }

    fn dropout() -> Option<Dropout> {
        DropoutKeys::new(0.25, Seed(3), 7).site(1)
    }

    #[test]
    fn host_and_tensor_norms_agree_forward_and_backward() {
        for dropout in [None, dropout()] {
            let results = pair().map(|kernels| {
                let norm = || Norm {
                    scale: wave([12], 0.1),
                    shift: wave([12], 0.2),
                    epsilon: 1e-12,
                };
                let (output, saved) =
                    kernels.add_norm(wave([5, 12], 0.3), wave([12], 0.4), wave([5, 12], 0.5), norm(), dropout);
                let back = kernels.add_norm_backward(wave([5, 12], 0.6), Some(wave([5, 12], 0.7)), saved, norm().scale);
                (output, back)
            });
            let [(host, host_back), (tensor, tensor_back)] = results;
            assert_close([host, tensor]);
            assert_close([host_back.residual, tensor_back.residual]);
            assert_close([host_back.branch, tensor_back.branch]);
            assert_close([host_back.bias, tensor_back.bias]);
            assert_close([host_back.scale, tensor_back.scale]);
            assert_close([host_back.shift, tensor_back.shift]);
        }
    }

    #[test]
    fn host_and_tensor_gelus_agree_forward_and_backward() {
        let [host, tensor] = pair().map(|kernels| {
            let (output, derivative) = kernels.bias_gelu(wave([9, 8], 0.0) * 3.0, wave([8], 1.0));
            let (gradient, sum) = kernels.multiply(wave([9, 8], 2.0), derivative);
            (output, gradient, sum)
        });
        assert_close([host.0, tensor.0]);
        assert_close([host.1, tensor.1]);
        assert_close([host.2, tensor.2]);
    }

    #[test]
    fn host_and_tensor_attention_agree_forward_and_backward() {
        const WIDTH: usize = 12;
        let layout = |rows| Layout {
            lengths: vec![8, 3],
            starts: vec![0, 8],
            rows,
            heads: 3,
        };
        for has_all_queries in [true, false] {
            let run = |kernels: Kernels, layout: &Layout| {
                let rows = |phase: f32| {
                    let all: Vec<f32> = (0..11 * WIDTH)
                        .map(|place| (place as f32 * 0.7 + phase).sin())
                        .collect();
                    Device::Cpu.tensor(layout.spread(&all, WIDTH, 0.0), [layout.rows, WIDTH])
                };
                let queries = |rows: Tensor<2>| {
                    if has_all_queries {
                        rows
                    } else {
                        rows.select(0, Device::Cpu.indices(&layout.firsts()))
                    }
                };
                let attended = Attended {
                    query: queries(rows(0.0)),
                    key: rows(1.0),
                    value: rows(2.0),
                };
                let (context, saved) = kernels.attention(attended, layout, None);
                let gradients = kernels.attention_backward(&queries(rows(3.0)), saved, layout);
                // What is padding means nothing.
                let real = |rows: Tensor<2>| rows.clone().narrow(0, 0, rows.dims()[0].min(11));
                [context, gradients.query, gradients.key, gradients.value].map(real)
            };
            let [host, tensor] = pair();
            for (host, tensor) in run(host, &layout(11)).into_iter().zip(run(tensor, &layout(16))) {
                assert_close([host, tensor]);
            }
        }
    }

    #[test]
    fn host_and_tensor_small_kernels_agree() {
        assert_close(pair().map(|kernels| kernels.add_bias(wave([5, 12], 0.3), wave([12], 0.4))));
        assert_close(pair().map(|kernels| kernels.sum_rows(wave([5, 12], 0.3)).1));
        assert_close(pair().map(|kernels| kernels.drop(wave([5, 12], 0.3), dropout())));
    }
}
