//! The kernels for NVIDIA GPUs, written in Rust with `CubeCL` and compiled when they first run.
//!
//! On a GPU a training step of a small model takes as long as its launches. Here all operations between two matrix
//! products take one or two launches. `launch` contains helpers to start kernels; every other file is one operation.

mod adamw;
mod attention;
mod columns;
mod dropout;
mod gelu;
mod join;
mod launch;
mod loss;
mod norm;
mod product;
mod table;

use burn_cubecl::tensor::CubeTensor;
use cubecl::cuda::CudaRuntime;

use self::dropout::Mask;
use super::{Attended, AttentionSaved, AttentionSettings, AttentionWeights, Layout, Norm, NormGradients, Normalized};
use crate::{
    backend::Tensor,
    dropout::Dropout,
    gradients::{Gradient, StepLoss},
    optimizer::Factors,
};

pub(super) fn add_norm(
    branch: Tensor<2>,
    bias: Tensor<1>,
    residual: Tensor<2>,
    norm: Norm,
    dropout: Option<Dropout>,
) -> (Tensor<2>, Normalized) {
    let shift = norm.shift.unwrap_or_else(|| norm.scale.clone() * 0.0);
    let inputs = norm::Inputs {
        branch: branch.cube(),
        bias: bias.cube(),
        residual: residual.cube(),
        scale: norm.scale.cube(),
        shift: shift.cube(),
    };
    let [output, values, inverse] = norm::forward(&inputs, norm.epsilon, &Mask::new(dropout));
    let normalized = Normalized {
        values: Tensor::from_cube(values),
        inverse_deviation: Tensor::from_cube(inverse),
        dropout,
    };
    (Tensor::from_cube(output), normalized)
}

pub(super) fn add_norm_backward(
    gradient: Tensor<2>,
    more: Option<Tensor<2>>,
    normalized: Normalized,
    scale: Tensor<1>,
) -> NormGradients {
    let Normalized {
        values,
        inverse_deviation,
        dropout,
    } = normalized;
    let more = more.map(Tensor::cube);
    let [residual, branch, bias, scale, shift] = norm::backward(
        &gradient.cube(),
        more.as_ref(),
        &values.cube(),
        &inverse_deviation.cube(),
        &scale.cube(),
        &Mask::new(dropout),
    );
    NormGradients {
        residual: Tensor::from_cube(residual),
        branch: Tensor::from_cube(branch),
        bias: Tensor::from_cube(bias),
        scale: Tensor::from_cube(scale),
        shift: Tensor::from_cube(shift),
    }
}

pub(super) fn bias_gelu(values: Tensor<2>, bias: Tensor<1>) -> (Tensor<2>, Tensor<2>) {
    let [output, derivative] = gelu::bias_gelu(&values.cube(), &bias.cube());
    (Tensor::from_cube(output), Tensor::from_cube(derivative))
}

pub(super) fn multiply(gradient: Tensor<2>, derivative: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let [product, sums] = columns::multiply(&gradient.cube(), &derivative.cube());
    (Tensor::from_cube(product), Tensor::from_cube(sums))
}

pub(super) fn product(left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
    Tensor::from_cube(product::product(&left.cube(), &right.cube(), None))
}

pub(super) fn project(values: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    Tensor::from_cube(product::product(&values.cube(), &weight.cube(), Some(&bias.cube())))
}

pub(super) fn sum_rows(values: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let sums = columns::sum(&values.clone().cube());
    (values, Tensor::from_cube(sums))
}

pub(super) fn drop(values: Tensor<2>, dropout: Dropout) -> Tensor<2> {
    Tensor::from_cube(dropout::drop(&values.cube(), dropout))
}

pub(super) fn cross_entropy(logits: Tensor<2>, labels: &[u32]) -> (StepLoss, Tensor<2>) {
    let [losses, gradient] = loss::cross_entropy(&logits.cube(), labels);
    (StepLoss::Shares(Tensor::from_cube(losses)), Tensor::from_cube(gradient))
}

pub(super) fn of_table(used: &[Option<u32>], values: Tensor<2>, length: usize) -> Gradient {
    Gradient::Dense(Tensor::from_cube(table::gather(&values.cube(), used, length)))
}

/// The norm of the gradient, the factor that clips it to `limit`, and the sum of `losses`, `[3]`.
pub(crate) fn outcome(gradient: &Tensor<1>, losses: Tensor<1>, limit: f32) -> Tensor<1> {
    Tensor::from_cube(adamw::outcome(&gradient.clone().cube(), &losses.cube(), limit))
}

/// All tensors concatenated, each padded with zeros to a multiple of `alignment`.
pub(crate) fn joined(tensors: impl Iterator<Item = Tensor<1>>, alignment: usize) -> Tensor<1> {
    let tensors: Vec<_> = tensors.map(Tensor::cube).collect();
    Tensor::from_cube(join::join(&tensors, alignment))
}

/// Values and both moments after a step of `AdamW` with the clipped gradient.
pub(crate) fn adamw(
    old: [&Tensor<1>; 3],
    gradient: Tensor<1>,
    outcome: &Tensor<1>,
    factors: &Factors,
) -> [Tensor<1>; 3] {
    let [values, first, second] = old.map(|tensor| tensor.clone().cube());
    let (gradient, outcome) = (gradient.cube(), outcome.clone().cube());
    adamw::step([&values, &first, &second], &gradient, &outcome, factors).map(Tensor::from_cube)
}

/// All texts in one operation, each padded to the longest one; positions beyond a text's end are masked.
pub(super) fn attention(
    attended: Attended,
    layout: &Layout,
    settings: &AttentionSettings,
    dropout: Option<Dropout>,
) -> (Tensor<2>, AttentionSaved) {
    let scale = settings.scale;
    let [query, key, value] =
        [&attended.query, &attended.key, &attended.value].map(|rows| heads(rows, layout, settings.heads));
    let scores = product::product(&query, &transposed(&key), None);
    let [probabilities, dropped] = attention::softmax(&scores, &layout.lengths, scale, &Mask::new(dropout));
    let context = merged_product(&dropped, &value);
    let weights = AttentionWeights {
        probabilities: Tensor::from_cube(probabilities),
        dropped: Tensor::from_cube(dropped),
        slope: None,
        dropout,
    };
    let weights = vec![weights];
    (context, AttentionSaved { attended, weights })
}

pub(super) fn attention_backward(
    gradient: &Tensor<2>,
    saved: AttentionSaved,
    layout: &Layout,
    settings: &AttentionSettings,
) -> Attended {
    let AttentionSaved { attended, weights } = saved;
    let scale = settings.scale;
    let [query, key, value] =
        [&attended.query, &attended.key, &attended.value].map(|rows| heads(rows, layout, settings.heads));
    let gradient = heads(gradient, layout, settings.heads);
    let AttentionWeights {
        probabilities,
        dropped,
        slope: _,
        dropout,
    } = weights
        .into_iter()
        .next()
        .expect("attention keeps the weights of all texts");
    let of_dropped = product::product(&gradient, &transposed(&value), None);
    let of_scores = attention::softmax_backward(&of_dropped, &probabilities.cube(), scale, &Mask::new(dropout));
    Attended {
        query: merged_product(&of_scores, &key),
        key: merged_product(&transposed(&of_scores), &query),
        value: merged_product(&transposed(&dropped.cube()), &gradient),
    }
}

/// A view of `[texts · positions, heads · size]` as `[texts, heads, positions, size]`.
fn heads(values: &Tensor<2>, layout: &Layout, heads: usize) -> CubeTensor<CudaRuntime> {
    let [rows, hidden] = values.dims();
    let texts = layout.lengths.len();
    let parts = values.clone().reshape([texts, rows / texts, heads, hidden / heads]);
    parts.swap_dims(1, 2).cube()
}

/// The transpose of the last two dimensions, as a view.
fn transposed(values: &CubeTensor<CudaRuntime>) -> CubeTensor<CudaRuntime> {
    let values: Tensor<4> = Tensor::from_cube(values.clone());
    values.swap_dims(2, 3).cube()
}

/// The products of all heads next to each other, `[texts · rows, heads · columns]`.
fn merged_product(left: &CubeTensor<CudaRuntime>, right: &CubeTensor<CudaRuntime>) -> Tensor<2> {
    let [texts, heads, rows, _] = std::array::from_fn(|axis| left.meta.shape()[axis]);
    let columns = right.meta.shape()[3];
    let width = heads * columns;
    let output = launch::empty(left, &[texts * rows, width]);
    let strides = product::Strides {
        batch: [rows * width, columns],
        row: width,
        column: 1,
    };
    product::write_product(left, right, None, &output, strides);
    Tensor::from_cube(output)
}
