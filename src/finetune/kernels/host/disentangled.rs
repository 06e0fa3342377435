//! Disentangled attention (He et al. 2021, `DeBERTa`, §3.1): products of content and relative position.
//!
//! A score gets the product of the query with the key of the relative position, and of the key with its query. Only the
//! buckets that occur in a batch have a key and a query.

use super::attention::{Parts, Rows};
use crate::{
    backend::{Device, Host, Tensor},
    kernels::{AttentionSettings, Disentangled, PositionGradients, RelativeGradients},
};

/// Adds the products with positions to the scores, `[1, heads, queries, keys]`.
pub(super) fn add_positions(scores: &mut Host<4>, term: &Disentangled, parts: &Parts, rows: &Rows, device: Device) {
    let [_, heads, queries, keys] = scores.shape();
    let [of_key, of_query] = [&term.key, &term.query].map(|rows| by_head(rows, heads));
    let buckets = term.key.dims()[0];
    let content_to_position = Host::take(parts.query.clone().matmul(of_key.swap_dims(2, 3)), device);
    let position_to_content = Host::take(parts.key.clone().matmul(of_query.swap_dims(2, 3)), device);
    for (index, row) in scores.values_mut().chunks_exact_mut(keys).enumerate() {
        let (head, query) = (index / queries, index % queries);
        let from_query = &content_to_position.values()[index * buckets..][..buckets];
        let from_key = &position_to_content.values()[head * keys * buckets..][..keys * buckets];
        let position = rows.first_position + query;
        for ((key, bucket), score) in term.row(position, keys).enumerate().zip(row) {
            *score += from_query[bucket] + from_key[key * buckets + bucket];
        }
    }
}

/// The gradients of the positions' keys and queries, summed over texts.
pub(super) struct DisentangledSums {
    key: Option<Tensor<4>>,
    query: Option<Tensor<4>>,
    shape: [usize; 4],
}

impl DisentangledSums {
    pub(super) fn new(term: &Disentangled, settings: &AttentionSettings) -> Self {
        Self {
            key: None,
            query: None,
            shape: [1, settings.heads, term.key.dims()[0], settings.size],
        }
    }

    /// Adds a text. Returns what the positions add to the gradients of its queries and keys.
    pub(super) fn add(
        &mut self,
        of_scores: &Tensor<4>,
        term: &Disentangled,
        parts: &Parts,
        rows: &Rows,
        device: Device,
    ) -> [Tensor<4>; 2] {
        let [_, heads, queries, keys] = of_scores.dims();
        let buckets = self.shape[2];
        let of_scores = Host::take(of_scores.clone(), device);
        let mut from_query = vec![0.0; heads * queries * buckets];
        let mut from_key = vec![0.0; heads * keys * buckets];
        for (index, row) in of_scores.values().chunks_exact(keys).enumerate() {
            let (head, query) = (index / queries, index % queries);
            let from_query = &mut from_query[index * buckets..][..buckets];
            let from_key = &mut from_key[head * keys * buckets..][..keys * buckets];
            let position = rows.first_position + query;
            for ((key, bucket), gradient) in term.row(position, keys).enumerate().zip(row) {
                from_query[bucket] += gradient;
                from_key[key * buckets + bucket] += gradient;
            }
        }
        let from_query = device.tensor(from_query, [1, heads, queries, buckets]);
        let from_key = device.tensor(from_key, [1, heads, keys, buckets]);
        accumulate(
            &mut self.key,
            from_query.clone().swap_dims(2, 3).matmul(parts.query.clone()),
        );
        accumulate(
            &mut self.query,
            from_key.clone().swap_dims(2, 3).matmul(parts.key.clone()),
        );
        let [of_key, of_query] = [&term.key, &term.query].map(|rows| by_head(rows, heads));
        [from_query.matmul(of_key), from_key.matmul(of_query)]
    }

    pub(super) fn finish(self, device: Device) -> RelativeGradients {
        let [_, heads, buckets, size] = self.shape;
        let merged = |sum: Option<Tensor<4>>| match sum {
            Some(sum) => sum.swap_dims(1, 2).reshape([buckets, heads * size]),
            None => device.zeros([buckets, heads * size]),
        };
        RelativeGradients::Disentangled(Box::new(PositionGradients {
            key: merged(self.key),
            query: merged(self.query),
        }))
    }
}

fn accumulate(sum: &mut Option<Tensor<4>>, more: Tensor<4>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + more,
        None => more,
    });
}

/// `[buckets, heads · size]` as `[1, heads, buckets, size]`.
fn by_head(rows: &Tensor<2>, heads: usize) -> Tensor<4> {
    let [buckets, width] = rows.dims();
    rows.clone().reshape([1, buckets, heads, width / heads]).swap_dims(1, 2)
}
