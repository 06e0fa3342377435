//! Attention on the CPU, one text at a time.

use std::ops::Range;

use super::super::{Attended, AttentionSaved, AttentionWeights, Layout, attention_scale};
use super::{dot, exp, total};
use crate::{
    backend::{Device, Host, Tensor},
    dropout::Dropout,
    vectorize::vectorize,
};

/// Computes each text separately, so that its result does not depend on the rest of the batch, not even in the last
/// bit.
pub(in crate::kernels) fn attention(
    device: Device,
    attended: Attended,
    layout: &Layout,
    dropout: Option<Dropout>,
) -> (Tensor<2>, AttentionSaved) {
    let [rows, hidden] = attended.query.dims();
    let size = hidden / layout.heads;
    let mut context = vec![0.0; rows * hidden];
    let mut weights = Vec::with_capacity(layout.lengths.len());
    for text in 0..layout.lengths.len() {
        let Of {
            query,
            key,
            value,
            queries,
        } = of_text(&attended, layout, text);
        let scores = query.matmul(key.swap_dims(2, 3));
        // Every text has its own masks.
        let dropout = dropout.map(|dropout| dropout.of_part(text as u64));
        let attended = attend(device, scores, attention_scale(size), dropout);
        merge_heads(
            attended.dropped.clone().matmul(value),
            device,
            &mut context[range(&queries, hidden)],
        );
        weights.push(attended);
    }
    (
        device.tensor(context, [rows, hidden]),
        AttentionSaved { attended, weights },
    )
}

pub(in crate::kernels) fn attention_backward(
    device: Device,
    gradient: &Tensor<2>,
    saved: AttentionSaved,
    layout: &Layout,
) -> Attended {
    let AttentionSaved { attended, weights } = saved;
    let [rows, hidden] = gradient.dims();
    let scale = attention_scale(hidden / layout.heads);
    let mut query_gradient = vec![0.0; rows * hidden];
    let [mut key_gradient, mut value_gradient] = [0; 2].map(|_| vec![0.0; layout.rows * hidden]);
    for (text, weights) in weights.into_iter().enumerate() {
        let Of {
            query,
            key,
            value,
            queries,
        } = of_text(&attended, layout, text);
        let keys = layout.starts[text]..layout.starts[text] + layout.lengths[text];
        let gradient = heads(gradient, &queries, layout.heads);
        let of_value = weights.dropped.clone().swap_dims(2, 3).matmul(gradient.clone());
        merge_heads(of_value, device, &mut value_gradient[range(&keys, hidden)]);
        let of_weights = gradient.matmul(value.swap_dims(2, 3));
        let of_scores = attend_backward(device, of_weights, weights, scale);
        merge_heads(
            of_scores.clone().matmul(key),
            device,
            &mut query_gradient[range(&queries, hidden)],
        );
        let of_key = of_scores.swap_dims(2, 3).matmul(query);
        merge_heads(of_key, device, &mut key_gradient[range(&keys, hidden)]);
    }
    Attended {
        query: device.tensor(query_gradient, [rows, hidden]),
        key: device.tensor(key_gradient, [layout.rows, hidden]),
        value: device.tensor(value_gradient, [layout.rows, hidden]),
    }
}

/// Queries, keys and values of one text, `[1, heads, rows, size]`, as views.
struct Of {
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    /// The rows of the queries.
    queries: Range<usize>,
}

fn of_text(attended: &Attended, layout: &Layout, text: usize) -> Of {
    let keys = layout.starts[text]..layout.starts[text] + layout.lengths[text];
    let has_all = attended.query.dims()[0] == layout.rows;
    let queries = if has_all { keys.clone() } else { text..text + 1 };
    Of {
        query: heads(&attended.query, &queries, layout.heads),
        key: heads(&attended.key, &keys, layout.heads),
        value: heads(&attended.value, &keys, layout.heads),
        queries,
    }
}

fn heads(values: &Tensor<2>, rows: &Range<usize>, heads: usize) -> Tensor<4> {
    let hidden = values.dims()[1];
    values
        .clone()
        .narrow(rows.start, rows.len())
        .reshape([1, rows.len(), heads, hidden / heads])
        .swap_dims(1, 2)
}

fn range(rows: &Range<usize>, hidden: usize) -> Range<usize> {
    rows.start * hidden..rows.end * hidden
}

/// Softmax of `scale * scores`, `[1, heads, queries, keys]`, before and after dropout.
fn attend(device: Device, scores: Tensor<4>, scale: f32, dropout: Option<Dropout>) -> AttentionWeights {
    let mut scores = Host::take(scores, device);
    let keys = scores.shape()[3];
    vectorize(|| {
        for row in scores.values_mut().chunks_exact_mut(keys) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for score in &mut *row {
                *score = exp((*score - highest) * scale);
            }
            let inverse = 1.0 / total(row);
            for score in row {
                *score *= inverse;
            }
        }
    });
    let Some(dropout) = dropout else {
        let probabilities = scores.tensor();
        return AttentionWeights {
            dropped: probabilities.clone(),
            probabilities,
            dropout: None,
        };
    };
    let mut dropped = dropout.factors(scores.values().len());
    dropped
        .iter_mut()
        .zip(scores.values())
        .for_each(|(factor, probability)| *factor *= probability);
    let dropped = device.tensor(dropped, scores.shape());
    AttentionWeights {
        probabilities: scores.tensor(),
        dropped,
        dropout: Some(dropout),
    }
}

fn attend_backward(device: Device, gradient: Tensor<4>, weights: AttentionWeights, scale: f32) -> Tensor<4> {
    std::mem::drop(weights.dropped);
    let mut gradient = Host::take(gradient, device);
    let probabilities = Host::take(weights.probabilities, device);
    let keys = gradient.shape()[3];
    if let Some(dropout) = weights.dropout {
        let factors = dropout.factors(gradient.values().len());
        gradient
            .values_mut()
            .iter_mut()
            .zip(factors)
            .for_each(|(gradient, factor)| *gradient *= factor);
    }
    let rows = gradient
        .values_mut()
        .chunks_exact_mut(keys)
        .zip(probabilities.values().chunks_exact(keys));
    vectorize(|| {
        for (gradient, probabilities) in rows {
            let projection = dot(gradient, probabilities);
            for (gradient, probability) in gradient.iter_mut().zip(probabilities) {
                *gradient = (*gradient - projection) * probability * scale;
            }
        }
    });
    gradient.tensor()
}

/// Copies `[1, heads, rows, size]` to `[rows, heads · size]`.
fn merge_heads(values: Tensor<4>, device: Device, merged: &mut [f32]) {
    let values = Host::take(values, device);
    let [_, heads, rows, size] = values.shape();
    for (head, values) in values.values().chunks_exact(rows * size).enumerate() {
        for (row, values) in values.chunks_exact(size).enumerate() {
            let start = (row * heads + head) * size;
            merged[start..start + size].copy_from_slice(values);
        }
    }
}
