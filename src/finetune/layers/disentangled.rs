//! The positions of disentangled attention (He et al. 2021, `DeBERTa`, §3.1, with the buckets and the shared projections
//! of its third version): a table of relative positions, whose rows go through the projections of queries and keys.

use super::{Backward, Context, linear::Linear, norm::NormLayer};
use crate::{
    backend::Tensor,
    gradients::Gradient,
    kernels::{Disentangled, Normalized},
    parameters::Handle,
};

/// A table of relative positions that all blocks share.
#[derive(Clone, Debug)]
pub(crate) struct DisentangledPositions {
    /// `[2 · span, hidden]`.
    pub(crate) table: Handle,
    pub(crate) norm: Option<NormLayer>,
    /// Number of rows of the table for one direction.
    pub(crate) span: usize,
    /// The settings of the logarithmic buckets; `None` for one row a distance.
    pub(crate) buckets: Option<Buckets>,
    /// The layer that makes keys of positions, for the products with the contents' queries.
    pub(crate) key: PositionLayer,
    /// The layer that makes queries of positions, for the products with the contents' keys.
    pub(crate) query: PositionLayer,
}

/// A layer that positions go through.
#[derive(Clone, Debug)]
pub(crate) enum PositionLayer {
    /// The scores have no such term.
    None,
    /// The layer of the contents.
    Shared,
    /// A layer of its own.
    Own(Linear),
}

/// Logarithmic buckets of distances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    /// Number of buckets for one direction.
    pub(crate) count: usize,
    /// The distance that the last bucket reaches.
    pub(crate) furthest: usize,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    /// The rows of the table that the batch needs, from this one on.
    first: usize,
    rows: Tensor<2>,
    norm: Option<Normalized>,
}

impl DisentangledPositions {
    /// Keys and queries of all relative positions in the batch.
    pub(crate) fn forward(&self, query: &Linear, key: &Linear, context: &Context<'_>) -> (Disentangled, Saved) {
        let longest = context.layout.longest().max(1);
        let reach = longest as i64 - 1;
        let rows: Vec<usize> = (-reach..=reach).map(|offset| self.row(offset)).collect();
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let table = context.parameters.matrix(self.table).narrow(first, last + 1 - first);
        let (rows_of_table, norm) = match &self.norm {
            Some(norm) => {
                let (rows, saved) = norm.forward(table, context);
                (rows, Some(saved))
            }
            None => (table, None),
        };
        let term = Disentangled {
            key: self.key.forward(key, &rows_of_table, context),
            query: self.query.forward(query, &rows_of_table, context),
            buckets: rows.iter().map(|row| (row - first) as u32).collect(),
            longest,
        };
        let saved = Saved {
            first,
            rows: rows_of_table,
            norm,
        };
        (term, saved)
    }

    /// Records the gradients of the projections and of the table.
    pub(crate) fn backward(
        &self,
        (query, of_query): (&Linear, Tensor<2>),
        (key, of_key): (&Linear, Tensor<2>),
        saved: Saved,
        back: &mut Backward<'_>,
    ) {
        let [query, key] = [self.query.of(query), self.key.of(key)];
        let of_query = query.map(|query| (query, query.learn(saved.rows.clone(), of_query, back)));
        let of_key = key.map(|key| (key, key.learn(saved.rows.clone(), of_key, back)));
        let norm_trains = self.norm.as_ref().is_some_and(|norm| norm.trains(back.context));
        if !back.context.trains(self.table) && !norm_trains {
            return;
        }
        let through = |(layer, gradient): (&Linear, Tensor<2>)| layer.through(gradient, back.context);
        let gradient = match (of_query.map(through), of_key.map(through)) {
            (Some(of_query), Some(of_key)) => of_query + of_key,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => return,
        };
        let gradient = match (&self.norm, saved.norm) {
            (Some(norm), Some(saved)) => norm.backward(gradient, saved, back),
            (None, _) | (_, None) => gradient,
        };
        let [rows, width] = gradient.dims();
        let device = back.context.device;
        let mut parts = vec![gradient];
        for (is_before, missing) in [(true, saved.first), (false, 2 * self.span - saved.first - rows)] {
            if missing > 0 {
                let zeros = device.zeros([missing, width]);
                parts.insert(if is_before { 0 } else { parts.len() }, zeros);
            }
        }
        let whole = Tensor::joined(parts).reshape([2 * self.span * width]);
        back.record(self.table, Gradient::Dense(whole));
    }

    /// The row of the table for an offset (query minus key).
    fn row(&self, offset: i64) -> usize {
        let bucket = self.buckets.map_or(offset, |buckets| buckets.of(offset));
        (bucket + self.span as i64).clamp(0, 2 * self.span as i64 - 1) as usize
    }
}

impl PositionLayer {
    fn of<'a>(&'a self, shared: &'a Linear) -> Option<&'a Linear> {
        match self {
            Self::None => None,
            Self::Shared => Some(shared),
            Self::Own(layer) => Some(layer),
        }
    }

    /// The rows through the layer; zeros without one.
    fn forward(&self, shared: &Linear, rows: &Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        match self.of(shared) {
            Some(layer) => layer.forward(rows.clone(), context),
            None => context.device.zeros(rows.dims()),
        }
    }
}

impl Buckets {
    /// One bucket a distance up to half of them, then logarithmically wider ones.
    fn of(self, offset: i64) -> i64 {
        let middle = (self.count / 2) as i64;
        if offset.abs() <= middle {
            return offset;
        }
        // The library computes with 32 bits, which decides between two buckets.
        let share = (offset.abs() as f32 / middle as f32).ln() / ((self.furthest - 1) as f32 / middle as f32).ln();
        let bucket = (share * (middle - 1) as f32).ceil() as i64 + middle;
        bucket * offset.signum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_positions_have_buckets_of_their_own_and_far_ones_share() {
        let buckets = Buckets { count: 8, furthest: 48 };
        let found: Vec<i64> = [-60, -20, -5, -4, 0, 3, 4, 5, 12, 47]
            .map(|offset| buckets.of(offset))
            .into();
        assert_eq!(found, [-8, -6, -5, -4, 0, 3, 4, 5, 6, 7]);
    }
}
