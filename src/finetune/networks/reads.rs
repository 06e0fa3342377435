//! How the rows of an example become the row that its head reads.

use super::{Context, Tensor};
use crate::backend::values;

/// The way from the rows of an example to one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The rows are read as they are.
    None,
    Mean,
    FirstAndMean,
}

/// The first row of each example, and beside it the mean of its other rows.
pub(super) fn first_and_mean(rows: &Tensor<2>, context: &Context<'_>) -> Tensor<2> {
    let [_, width] = rows.dims();
    let rows = values(rows);
    let layout = context.layout;
    let mut read = vec![0.0; 2 * width * layout.len()];
    let examples = layout.starts.iter().zip(&layout.lengths);
    for (target, (&start, &length)) in read.chunks_exact_mut(2 * width).zip(examples) {
        let (first, mean) = target.split_at_mut(width);
        first.copy_from_slice(&rows[start * width..][..width]);
        for row in rows[(start + 1) * width..(start + length) * width].chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        let share = 1.0 / (length - 1).max(1) as f32;
        for sum in mean.iter_mut() {
            *sum *= share;
        }
    }
    context.device.tensor(read, [layout.len(), 2 * width])
}

/// Backward pass of [`first_and_mean`].
pub(super) fn first_and_mean_backward(gradient: &Tensor<2>, context: &Context<'_>) -> Tensor<2> {
    let width = gradient.dims()[1] / 2;
    let gradient = values(gradient);
    let layout = context.layout;
    let mut rows = vec![0.0; layout.rows * width];
    let examples = layout.starts.iter().zip(&layout.lengths);
    for (gradient, (&start, &length)) in gradient.chunks_exact(2 * width).zip(examples) {
        let (first, mean) = gradient.split_at(width);
        rows[start * width..][..width].copy_from_slice(first);
        let share = 1.0 / (length - 1).max(1) as f32;
        for row in rows[(start + 1) * width..(start + length) * width].chunks_exact_mut(width) {
            row.iter_mut()
                .zip(mean)
                .for_each(|(target, value)| *target = value * share);
        }
    }
    context.device.tensor(rows, [layout.rows, width])
}
