//! The kernels as burn operations, for devices whose memory the host cannot walk over.

use burn::tensor::activation;

use super::{Attended, AttentionSaved, AttentionWeights, Layout, Norm, NormGradients, Normalized, attention_scale};
use crate::finetune::{
    backend::{Device, Tensor},
    dropout::Dropout,
};

fn factors<const D: usize>(device: Device, dropout: Dropout, shape: [usize; D]) -> Tensor<D> {
    device.tensor(dropout.factors(shape.iter().product()), shape)
}

pub(super) fn add_norm(
    device: Device,
    branch: Tensor<2>,
    bias: Tensor<1>,
    residual: Tensor<2>,
    norm: Norm,
    dropout: Option<Dropout>,
) -> (Tensor<2>, Normalized) {
    let branch = drop_some(device, branch + bias.unsqueeze::<2>(), dropout);
    let sum = branch + residual;
    let centred = sum.clone() - sum.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    let inverse_deviation = (variance + norm.epsilon).sqrt().recip();
    let values = centred * inverse_deviation.clone();
    let output = values.clone() * norm.scale.unsqueeze::<2>() + norm.shift.unsqueeze::<2>();
    (
        output,
        Normalized {
            values,
            inverse_deviation: inverse_deviation.flatten(0, 1),
            dropout,
        },
    )
}

pub(super) fn add_norm_backward(
    device: Device,
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
    let gradient = match more {
        Some(more) => gradient + more,
        None => gradient,
    };
    let shift_gradient = gradient.clone().sum_dim(0).flatten(0, 1);
    let scale_gradient = (gradient.clone() * values.clone()).sum_dim(0).flatten(0, 1);
    let scaled = gradient * scale.unsqueeze::<2>();
    let mean = scaled.clone().mean_dim(1);
    let projection = (scaled.clone() * values.clone()).mean_dim(1);
    let residual = (scaled - mean - values * projection) * inverse_deviation.unsqueeze_dim::<2>(1);
    let branch = drop_some(device, residual.clone(), dropout);
    let bias = branch.clone().sum_dim(0).flatten(0, 1);
    NormGradients {
        residual,
        branch,
        bias,
        scale: scale_gradient,
        shift: shift_gradient,
    }
}

pub(super) fn bias_gelu(_: Device, values: Tensor<2>, bias: Tensor<1>) -> (Tensor<2>, Tensor<2>) {
    let input = values + bias.unsqueeze::<2>();
    let cumulative = (input.clone() * std::f32::consts::FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
    let density = (input.clone() * input.clone() * -0.5).exp() * (1.0 / (2.0 * std::f32::consts::PI).sqrt());
    (input.clone() * cumulative.clone(), cumulative + input * density)
}

pub(super) fn multiply(_: Device, gradient: Tensor<2>, derivative: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let product = gradient * derivative;
    (product.clone(), product.sum_dim(0).flatten(0, 1))
}

pub(super) fn add_bias(_: Device, values: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    values + bias.unsqueeze::<2>()
}

pub(super) fn sum_rows(_: Device, values: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    (values.clone(), values.sum_dim(0).flatten(0, 1))
}

pub(super) fn drop(device: Device, values: Tensor<2>, dropout: Dropout) -> Tensor<2> {
    let shape = values.dims();
    values * factors(device, dropout, shape)
}

fn drop_some(device: Device, values: Tensor<2>, dropout: Option<Dropout>) -> Tensor<2> {
    match dropout {
        Some(dropout) => drop(device, values, dropout),
        None => values,
    }
}

/// All texts at once, each as long as the longest: behind its end a text is hidden from itself.
pub(super) fn attention(
    device: Device,
    attended: Attended,
    layout: &Layout,
    dropout: Option<Dropout>,
) -> (Tensor<2>, AttentionSaved) {
    let scale = attention_scale(attended.query.dims()[1] / layout.heads);
    let [query, key, value] = [&attended.query, &attended.key, &attended.value].map(|rows| heads(rows, layout));
    let scores = query.matmul(key.swap_dims(2, 3));
    let weights = attend(device, scores, scale, &layout.lengths, dropout);
    let context = merge_heads(weights.dropped.clone().matmul(value));
    let weights = vec![weights];
    (context, AttentionSaved { attended, weights })
}

pub(super) fn attention_backward(
    device: Device,
    gradient: &Tensor<2>,
    saved: AttentionSaved,
    layout: &Layout,
) -> Attended {
    let AttentionSaved { attended, weights } = saved;
    let scale = attention_scale(gradient.dims()[1] / layout.heads);
    let [query, key, value] = [&attended.query, &attended.key, &attended.value].map(|rows| heads(rows, layout));
    let gradient = heads(gradient, layout);
    let weights = weights
        .into_iter()
        .next()
        .expect("attention keeps the weights of all texts");
    let of_value = weights.dropped.clone().swap_dims(2, 3).matmul(gradient.clone());
    let of_scores = attend_backward(device, gradient.matmul(value.swap_dims(2, 3)), weights, scale);
    Attended {
        query: merge_heads(of_scores.clone().matmul(key)),
        key: merge_heads(of_scores.swap_dims(2, 3).matmul(query)),
        value: merge_heads(of_value),
    }
}

/// `[texts · positions, heads · size]` → `[texts, heads, positions, size]`, not copied.
fn heads(values: &Tensor<2>, layout: &Layout) -> Tensor<4> {
    let [rows, hidden] = values.dims();
    let texts = layout.lengths.len();
    values
        .clone()
        .reshape([texts, rows / texts, layout.heads, hidden / layout.heads])
        .swap_dims(1, 2)
}

fn attend(
    device: Device,
    scores: Tensor<4>,
    scale: f32,
    lengths: &[usize],
    dropout: Option<Dropout>,
) -> AttentionWeights {
    let [batch, heads, queries, keys] = scores.dims();
    let mut scores = scores * scale;
    if lengths.iter().any(|&length| length < keys) {
        let hidden = |length: usize| (0..keys).map(move |key| if key < length { 0.0 } else { -1e30 });
        let mask = lengths.iter().flat_map(|&length| hidden(length)).collect();
        scores = scores + device.tensor(mask, [batch, 1, 1, keys]);
    }
    let probabilities = activation::softmax(scores, 3);
    let dropped = match dropout {
        Some(dropout) => probabilities.clone() * factors(device, dropout, [batch, heads, queries, keys]),
        None => probabilities.clone(),
    };
    AttentionWeights {
        probabilities,
        dropped,
        dropout,
    }
}

fn attend_backward(device: Device, gradient: Tensor<4>, weights: AttentionWeights, scale: f32) -> Tensor<4> {
    let shape = gradient.dims();
    let gradient = match weights.dropout {
        Some(dropout) => gradient * factors(device, dropout, shape),
        None => gradient,
    };
    let projection = (gradient.clone() * weights.probabilities.clone()).sum_dim(3);
    (gradient - projection) * weights.probabilities * scale
}

fn merge_heads(values: Tensor<4>) -> Tensor<2> {
    let [batch, heads, sequence, size] = values.dims();
    values.swap_dims(1, 2).reshape([batch * sequence, heads * size])
}
