//! Attention on the CPU, one text at a time.

use std::ops::Range;

use super::{
    activation::{exp, tanh},
    disentangled::{DisentangledSums, add_positions},
    dot, total,
};
use crate::{
    backend::{Device, Host, Tensor},
    dropout::Dropout,
    kernels::{
        Attended, AttentionSaved, AttentionSettings, AttentionWeights, Layout, OffsetBias, Relative, RelativeGradients,
    },
    layers::Positions,
    vectorize::vectorize,
};

/// Computes each text separately, so that its result does not depend on the rest of the batch, not even in the last
/// bit.
pub(in crate::kernels) fn attention(
    device: Device,
    attended: Attended,
    (layout, positions): (&Layout, Positions),
    (settings, relative): (&AttentionSettings, &Relative),
    dropout: Option<Dropout>,
) -> (Tensor<2>, AttentionSaved) {
    let [rows, width] = attended.query.dims();
    let mut context = vec![0.0; rows * width];
    let mut weights = Vec::with_capacity(layout.len());
    for text in 0..layout.len() {
        let rows = Rows::of(text, layout, positions);
        let parts = rows.parts(&attended, settings);
        let scores = parts.query.clone().matmul(parts.key.clone().swap_dims(2, 3));
        let mut scores = Host::take(scores, device);
        add_relative(&mut scores, relative, &parts, &rows, settings, device);
        let slope = limit(&mut scores, settings);
        // Every text has its own masks.
        let dropout = dropout.map(|dropout| dropout.of_part(text as u64));
        let attended = attend(device, scores, settings, rows.first_position, (slope, dropout));
        merge_heads(
            attended.dropped.clone().matmul(parts.value),
            (device, settings.heads),
            &mut context[range(&rows.queries, width)],
        );
        weights.push(attended);
    }
    (
        device.tensor(context, [rows, width]),
        AttentionSaved { attended, weights },
    )
}

pub(in crate::kernels) fn attention_backward(
    device: Device,
    gradient: &Tensor<2>,
    saved: AttentionSaved,
    (layout, positions): (&Layout, Positions),
    (settings, relative): (&AttentionSettings, &Relative),
) -> (Attended, RelativeGradients) {
    let AttentionSaved { attended, weights } = saved;
    let [rows, width] = gradient.dims();
    let key_width = settings.key_heads * settings.size;
    let mut query_gradient = vec![0.0; rows * width];
    let [mut key_gradient, mut value_gradient] = [0; 2].map(|_| vec![0.0; layout.rows * key_width]);
    let mut sums = RelativeSums::new(relative, settings);
    for (text, weights) in weights.into_iter().enumerate() {
        let rows = Rows::of(text, layout, positions);
        let parts = rows.parts(&attended, settings);
        let gradient = grouped(heads(gradient, &rows.queries, settings.heads), settings.key_heads);
        let of_value = weights.dropped.clone().swap_dims(2, 3).matmul(gradient.clone());
        merge_heads(
            of_value,
            (device, settings.key_heads),
            &mut value_gradient[range(&rows.keys, key_width)],
        );
        let of_weights = gradient.matmul(parts.value.clone().swap_dims(2, 3));
        let of_scores = attend_backward(device, of_weights, weights, settings.scale);
        let [more_query, more_key] = sums.add(&of_scores, &parts, &rows, (settings, relative), device);
        let of_query = plus(of_scores.clone().matmul(parts.key), more_query);
        merge_heads(
            of_query,
            (device, settings.heads),
            &mut query_gradient[range(&rows.queries, width)],
        );
        let of_key = plus(of_scores.swap_dims(2, 3).matmul(parts.query), more_key);
        merge_heads(
            of_key,
            (device, settings.key_heads),
            &mut key_gradient[range(&rows.keys, key_width)],
        );
    }
    let attended = Attended {
        query: device.tensor(query_gradient, [rows, width]),
        key: device.tensor(key_gradient, [layout.rows, key_width]),
        value: device.tensor(value_gradient, [layout.rows, key_width]),
    };
    (attended, sums.finish(device))
}

/// The rows of one text.
pub(super) struct Rows {
    queries: Range<usize>,
    keys: Range<usize>,
    /// The position within the text of the first query; the others follow it.
    pub(super) first_position: usize,
}

/// Queries, keys and values of one text, `[1, heads, rows, size]`, as views. If several heads of the queries share a
/// head of the keys, their rows follow each other in one head.
pub(super) struct Parts {
    pub(super) query: Tensor<4>,
    pub(super) key: Tensor<4>,
    value: Tensor<4>,
}

impl Rows {
    fn of(text: usize, layout: &Layout, positions: Positions) -> Self {
        let keys = layout.starts[text]..layout.starts[text] + layout.lengths[text];
        let (queries, first_position) = match positions {
            Positions::All => (keys.clone(), 0),
            Positions::First => (text..text + 1, 0),
            Positions::Last => (text..text + 1, layout.lasts[text]),
        };
        Self {
            queries,
            keys,
            first_position,
        }
    }

    fn parts(&self, attended: &Attended, settings: &AttentionSettings) -> Parts {
        let AttentionSettings {
            heads: all, key_heads, ..
        } = *settings;
        Parts {
            query: grouped(heads(&attended.query, &self.queries, all), key_heads),
            key: heads(&attended.key, &self.keys, key_heads),
            value: heads(&attended.value, &self.keys, key_heads),
        }
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

/// `[1, heads, rows, size]` as `[1, key_heads, heads / key_heads · rows, size]`.
fn grouped(values: Tensor<4>, key_heads: usize) -> Tensor<4> {
    let [_, heads, rows, size] = values.dims();
    if heads == key_heads {
        values
    } else {
        values.reshape([1, key_heads, heads / key_heads * rows, size])
    }
}

fn range(rows: &Range<usize>, width: usize) -> Range<usize> {
    rows.start * width..rows.end * width
}

fn plus(values: Tensor<4>, more: Option<Tensor<4>>) -> Tensor<4> {
    match more {
        Some(more) => values + more,
        None => values,
    }
}

/// Adds what depends on the distance between query and key.
fn add_relative(
    scores: &mut Host<4>,
    relative: &Relative,
    parts: &Parts,
    rows: &Rows,
    settings: &AttentionSettings,
    device: Device,
) {
    match relative {
        Relative::None => {}
        Relative::Offsets(bias) => {
            let (queries, keys) = (rows.queries.len(), rows.keys.len());
            for (index, row) in scores.values_mut().chunks_exact_mut(keys).enumerate() {
                let bias = bias.row(index / queries, rows.first_position + index % queries, keys);
                for (score, bias) in row.iter_mut().zip(bias) {
                    *score += bias / settings.scale;
                }
            }
        }
        Relative::Disentangled(term) => add_positions(scores, term, parts, rows, device),
    }
}

/// Limits scores by a hyperbolic tangent. Returns the slope of the limit at every score.
fn limit(scores: &mut Host<4>, settings: &AttentionSettings) -> Option<Vec<f32>> {
    let cap = settings.softcap? / settings.scale;
    let mut slopes = vec![0.0; scores.values().len()];
    vectorize(|| {
        for (score, slope) in scores.values_mut().iter_mut().zip(&mut slopes) {
            let limited = tanh(*score / cap);
            *score = limited * cap;
            *slope = 1.0 - limited * limited;
        }
    });
    Some(slopes)
}

/// Softmax of the scaled scores, `[1, heads, queries, keys]`, before and after dropout. The first query is at
/// `first_position`.
fn attend(
    device: Device,
    mut scores: Host<4>,
    settings: &AttentionSettings,
    first_position: usize,
    (slope, dropout): (Option<Vec<f32>>, Option<Dropout>),
) -> AttentionWeights {
    let [_, key_heads, rows, keys] = scores.shape();
    let queries = rows * key_heads / settings.heads;
    let (scale, mask) = (settings.scale, settings.mask);
    vectorize(|| {
        for (index, row) in scores.values_mut().chunks_exact_mut(keys).enumerate() {
            let seen = mask.keys(first_position + index % queries, keys);
            row[..seen.start].fill(0.0);
            row[seen.end..].fill(0.0);
            let row = &mut row[seen];
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
    let shape = scores.shape();
    let slope = slope.map(|slope| device.tensor(slope, shape));
    let Some(dropout) = dropout else {
        let probabilities = scores.tensor();
        return AttentionWeights {
            dropped: probabilities.clone(),
            probabilities,
            slope,
            dropout: None,
        };
    };
    let mut dropped = dropout.factors(scores.values().len());
    dropped
        .iter_mut()
        .zip(scores.values())
        .for_each(|(factor, probability)| *factor *= probability);
    AttentionWeights {
        probabilities: scores.tensor(),
        dropped: device.tensor(dropped, shape),
        slope,
        dropout: Some(dropout),
    }
}

/// The gradient of the scores before they were scaled.
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
    if let Some(slope) = weights.slope {
        let slope = Host::take(slope, device);
        for (gradient, slope) in gradient.values_mut().iter_mut().zip(slope.values()) {
            *gradient *= slope;
        }
    }
    gradient.tensor()
}

/// The gradients of relative positions, summed over texts.
enum RelativeSums {
    None,
    Offsets(OffsetBias),
    Disentangled(Box<DisentangledSums>),
}

impl RelativeSums {
    fn new(relative: &Relative, settings: &AttentionSettings) -> Self {
        match relative {
            Relative::None => Self::None,
            Relative::Offsets(bias) => Self::Offsets(bias.zeroed()),
            Relative::Disentangled(term) => Self::Disentangled(Box::new(DisentangledSums::new(term, settings))),
        }
    }

    /// Adds a text. Returns what the positions add to the gradients of its queries and keys.
    fn add(
        &mut self,
        of_scores: &Tensor<4>,
        parts: &Parts,
        rows: &Rows,
        (settings, relative): (&AttentionSettings, &Relative),
        device: Device,
    ) -> [Option<Tensor<4>>; 2] {
        match (self, relative) {
            (Self::Offsets(sum), Relative::Offsets(_)) => {
                let (queries, keys) = (rows.queries.len(), rows.keys.len());
                let of_scores = Host::take(of_scores.clone(), device);
                for (index, row) in of_scores.values().chunks_exact(keys).enumerate() {
                    let sum = sum.row_mut(index / queries, rows.first_position + index % queries, keys);
                    for (sum, gradient) in sum.iter_mut().zip(row) {
                        *sum += gradient / settings.scale;
                    }
                }
                [None, None]
            }
            (Self::Disentangled(sums), Relative::Disentangled(term)) => {
                sums.add(of_scores, term, parts, rows, device).map(Some)
            }
            _ => [None, None],
        }
    }

    fn finish(self, device: Device) -> RelativeGradients {
        match self {
            Self::None => RelativeGradients::None,
            Self::Offsets(sum) => RelativeGradients::Offsets(sum),
            Self::Disentangled(sums) => sums.finish(device),
        }
    }
}

/// Copies heads of rows, side by side or below each other, to `[rows, heads · size]`.
fn merge_heads(values: Tensor<4>, (device, heads): (Device, usize), merged: &mut [f32]) {
    let values = Host::take(values, device);
    let [_, groups, rows, size] = values.shape();
    let rows = groups * rows / heads;
    for (head, values) in values.values().chunks_exact(rows * size).enumerate() {
        for (row, values) in values.chunks_exact(size).enumerate() {
            let start = (row * heads + head) * size;
            merged[start..start + size].copy_from_slice(values);
        }
    }
}
