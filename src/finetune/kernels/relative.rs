//! Terms of attention scores that depend on the distance between query and key.

use crate::backend::Tensor;

/// A term that is added to the scores of attention.
pub(crate) enum Relative {
    None,
    /// A number for every head and offset, added to the scaled scores.
    Offsets(OffsetBias),
    /// Products of content and position, added before the scores are scaled.
    Disentangled(Box<Disentangled>),
}

/// The gradients of [`Relative`].
pub(crate) enum RelativeGradients {
    None,
    Offsets(OffsetBias),
    /// The gradients of the positions' keys and queries.
    Disentangled(Box<PositionGradients>),
}

/// The gradients of the keys and queries of relative positions, `[buckets, heads · size]`.
pub(crate) struct PositionGradients {
    pub(crate) key: Tensor<2>,
    pub(crate) query: Tensor<2>,
}

/// A number for every head and offset (key minus query).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OffsetBias {
    values: Vec<f32>,
    /// Number of tokens of the longest text.
    longest: usize,
}

impl OffsetBias {
    /// Zeros for texts of up to `longest` tokens.
    pub(crate) fn zeros(heads: usize, longest: usize) -> Self {
        Self {
            values: vec![0.0; heads * Self::offsets(longest)],
            longest,
        }
    }

    /// Zeros of the same shape.
    pub(crate) fn zeroed(&self) -> Self {
        Self {
            values: vec![0.0; self.values.len()],
            longest: self.longest,
        }
    }

    fn offsets(longest: usize) -> usize {
        2 * longest.max(1) - 1
    }

    /// Sets every number to `value(head, offset)`.
    pub(crate) fn fill(&mut self, value: impl Fn(usize, i64) -> f32) {
        let (offsets, first) = (Self::offsets(self.longest), self.longest as i64 - 1);
        for (head, row) in self.values.chunks_exact_mut(offsets).enumerate() {
            for (index, number) in row.iter_mut().enumerate() {
                *number = value(head, index as i64 - first);
            }
        }
    }

    /// Calls `visit(head, offset, number)` for every number.
    pub(crate) fn visit(&self, mut visit: impl FnMut(usize, i64, f32)) {
        let (offsets, first) = (Self::offsets(self.longest), self.longest as i64 - 1);
        for (head, row) in self.values.chunks_exact(offsets).enumerate() {
            for (index, number) in row.iter().enumerate() {
                visit(head, index as i64 - first, *number);
            }
        }
    }

    /// The numbers of a head for a query at `position` and `keys` keys.
    pub(crate) fn row(&self, head: usize, position: usize, keys: usize) -> &[f32] {
        let start = head * Self::offsets(self.longest) + self.longest - 1 - position;
        &self.values[start..start + keys]
    }

    /// Mutable access to [`Self::row`].
    pub(crate) fn row_mut(&mut self, head: usize, position: usize, keys: usize) -> &mut [f32] {
        let start = head * Self::offsets(self.longest) + self.longest - 1 - position;
        &mut self.values[start..start + keys]
    }
}

/// Keys and queries of relative positions (He et al. 2021, `DeBERTa`, §3.1).
pub(crate) struct Disentangled {
    /// A key for every bucket of relative positions, `[buckets, heads · size]`.
    pub(crate) key: Tensor<2>,
    /// A query for every bucket.
    pub(crate) query: Tensor<2>,
    /// The bucket of every offset (query minus key), from the smallest offset on.
    pub(crate) buckets: Vec<u32>,
    /// Number of tokens of the longest text.
    pub(crate) longest: usize,
}

impl Disentangled {
    /// The buckets of a query at `position` for each of `keys` keys.
    pub(crate) fn row(&self, position: usize, keys: usize) -> impl Iterator<Item = usize> + '_ {
        let first = position + self.longest - 1;
        (0..keys).map(move |key| self.buckets[first - key] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_the_offsets_from_its_query_to_every_key() {
        let mut bias = OffsetBias::zeros(2, 3);
        bias.fill(|head, offset| (10 * head) as f32 + offset as f32);
        assert_eq!(bias.row(0, 0, 3), [0.0, 1.0, 2.0]);
        assert_eq!(bias.row(1, 2, 3), [8.0, 9.0, 10.0]);
        bias.row_mut(1, 1, 2)[0] = 0.5;
        let mut found = Vec::new();
        bias.visit(|head, offset, number| found.push((head, offset, number)));
        assert!(found.contains(&(1, -1, 0.5)));
    }
}
