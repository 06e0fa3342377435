//! Columns of a matrix as matrices of their own, for weights that are one in files.

use std::ops::Range;

use crate::backend::{Device, Host, Tensor};

/// The columns of each of `N` parts of a row. Every column belongs to one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns<const N: usize> {
    parts: [Vec<Range<usize>>; N],
}

impl<const N: usize> Columns<N> {
    /// Parts of these widths, one after the other.
    pub(crate) fn side_by_side(widths: [usize; N]) -> Self {
        let mut start = 0;
        let parts = widths.map(|width| {
            start += width;
            std::iter::once(start - width..start).collect()
        });
        Self { parts }
    }

    /// For each of `heads` heads, `size` columns of every part.
    pub(crate) fn by_head(heads: usize, size: usize) -> Self {
        let columns = |part: usize| {
            let start = move |head: usize| (head * N + part) * size;
            (0..heads).map(|head| start(head)..start(head) + size).collect()
        };
        Self {
            parts: std::array::from_fn(columns),
        }
    }

    fn width(&self, part: usize) -> usize {
        self.parts[part].iter().map(Range::len).sum()
    }
}

pub(in crate::kernels) fn split<const N: usize>(
    device: Device,
    values: Tensor<2>,
    columns: &Columns<N>,
) -> [Tensor<2>; N] {
    let values = Host::take(values, device);
    let [rows, width] = values.shape();
    std::array::from_fn(|part| {
        let mut taken = Vec::with_capacity(rows * columns.width(part));
        for row in values.values().chunks_exact(width) {
            for range in &columns.parts[part] {
                taken.extend_from_slice(&row[range.clone()]);
            }
        }
        device.tensor(taken, [rows, columns.width(part)])
    })
}

pub(in crate::kernels) fn join<const N: usize>(
    device: Device,
    parts: [Tensor<2>; N],
    columns: &Columns<N>,
) -> Tensor<2> {
    let rows = parts[0].dims()[0];
    let width: usize = (0..N).map(|part| columns.width(part)).sum();
    let mut joined = vec![0.0; rows * width];
    for (part, values) in parts.into_iter().enumerate() {
        let values = Host::take(values, device);
        let mut rest = values.values();
        for row in joined.chunks_exact_mut(width) {
            for range in &columns.parts[part] {
                let (taken, others) = rest.split_at(range.len());
                row[range.clone()].copy_from_slice(taken);
                rest = others;
            }
        }
    }
    device.tensor(joined, [rows, width])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::values;

    #[test]
    fn what_is_split_joins_to_the_same_matrix() {
        let matrix = || Device::Cpu.tensor((0..24).map(|value| value as f32).collect(), [2, 12]);
        for (columns, second) in [
            (Columns::side_by_side([2, 6, 4]), vec![2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
            (Columns::by_head(2, 2), vec![2.0, 3.0, 8.0, 9.0]),
        ] {
            let parts = split(Device::Cpu, matrix(), &columns);
            assert_eq!(values(&parts[1])[..second.len()], second);
            assert_eq!(values(&join(Device::Cpu, parts, &columns)), values(&matrix()));
        }
    }
}
