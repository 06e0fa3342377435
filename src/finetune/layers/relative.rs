//! A bias of attention scores by relative position, as in T5 (Raffel et al. 2020, §2.1) and `MPNet`.

use super::{Backward, Context};
use crate::{
    backend::values,
    gradients::Gradient,
    kernels::OffsetBias,
    parameters::{Declarations, Handle},
};

/// One bias for every head and bucket of relative positions.
#[derive(Clone, Debug)]
pub(crate) struct RelativeBias {
    table: Handle,
    buckets: usize,
    /// Relative positions from here on share a bucket.
    furthest: usize,
    heads: usize,
}

impl RelativeBias {
    /// Declares `name`, a table with a row for each bucket.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, [buckets, furthest, heads]: [usize; 3]) -> Self {
        Self {
            table: declare.table(name, [buckets, heads]),
            buckets,
            furthest,
            heads,
        }
    }

    /// The bias of every head for all offsets (key minus query) in a text of up to `longest` tokens.
    pub(crate) fn by_offset(&self, longest: usize, context: &Context<'_>) -> OffsetBias {
        let table = values(&context.parameters.vector(self.table));
        let mut bias = OffsetBias::zeros(self.heads, longest);
        bias.fill(|head, offset| table[self.bucket(offset) * self.heads + head]);
        bias
    }

    /// Records the gradient of the table from the gradient of the bias of every offset.
    pub(crate) fn learn(&self, gradient: &OffsetBias, back: &mut Backward<'_>) {
        let mut table = vec![0.0; self.buckets * self.heads];
        gradient.visit(|head, offset, gradient| table[self.bucket(offset) * self.heads + head] += gradient);
        let length = table.len();
        let table = back.context.device.tensor(table, [length]);
        back.record(self.table, Gradient::Dense(table));
    }

    /// Half of the buckets for each direction: one a position up to half of those, then logarithmically wider ones.
    fn bucket(&self, offset: i64) -> usize {
        let of_direction = self.buckets / 2;
        let start = if offset > 0 { of_direction } else { 0 };
        let distance = offset.unsigned_abs() as usize;
        let exact = of_direction / 2;
        if distance < exact {
            return start + distance;
        }
        // The library computes with 32 bits, which decides between two buckets.
        let share = (distance as f32 / exact as f32).ln() / (self.furthest as f64 / exact as f64).ln() as f32;
        let bucket = exact + (share * (of_direction - exact) as f32) as usize;
        start + bucket.min(of_direction - 1)
    }
}
