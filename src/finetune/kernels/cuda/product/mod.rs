//! Matrix products on tensor cores. Factors are rounded to TF32 (10 bits of mantissa), sums have 32 bits.
//!
//! Fine-tuning multiplies small matrices, for which it matters more how many parts of a GPU work than how fast each
//! part is. So tiles are small. If the result is small but its sums are long, each sum is cut into parts, which are
//! added afterwards in a fixed order. Factors and result may have any order of rows and columns in memory, so that
//! transposing and splitting heads copies nothing.

mod kernel;

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use self::kernel::{DEPTH, SIDE, THREADS, add_parts_kernel, product_kernel};
use super::launch;

/// Number of values per vector read, if rows and matrices begin at multiples of it.
const VECTOR: usize = 4;

/// Workgroups that fill a large GPU about twice.
const WORKGROUPS: usize = 264;

/// Smallest number of terms in a part of a sum.
const LEAST_TERMS: usize = 256;

/// Number of terms in a part of a sum over one example.
const LONG_SUM: usize = 768;
const MOST_PARTS: usize = 4;

/// The layout of a batch of matrices in memory: strides in values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strides {
    /// Strides of the first and the second dimension of the batch.
    pub(super) batch: [usize; 2],
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Strides {
    fn of<R: CubeRuntime>(tensor: &CubeTensor<R>) -> Self {
        match *tensor.meta.strides().iter().as_slice() {
            [row, column] => Self {
                batch: [0, 0],
                row,
                column,
            },
            [first, second, row, column] => Self {
                batch: [first, second],
                row,
                column,
            },
            _ => panic!("products are of matrices or of batches in two dimensions"),
        }
    }

    /// Returns whether rows are contiguous in memory; otherwise columns are.
    fn is_by_row(self) -> bool {
        self.column == 1
    }

    /// Returns whether vectors can be read: every row (or column) of this length begins and ends at a multiple of them.
    fn is_even(self, length: usize) -> bool {
        let [first, second] = self.batch;
        [first, second, self.step(), length]
            .into_iter()
            .all(|distance| distance % VECTOR == 0)
    }

    /// The stride between rows, or between columns if columns are contiguous.
    fn step(self) -> usize {
        if self.is_by_row() { self.row } else { self.column }
    }
}

/// `left · right (+ bias)` for matrices or batches of matrices, in a new tensor.
pub(super) fn product<R: CubeRuntime>(
    left: &CubeTensor<R>,
    right: &CubeTensor<R>,
    bias: Option<&CubeTensor<R>>,
) -> CubeTensor<R> {
    let mut shape = left.meta.shape().to_vec();
    if let (Some(last), Some(columns)) = (shape.last_mut(), right.meta.shape().last()) {
        *last = *columns;
    }
    let output = launch::empty(left, &shape);
    let strides = Strides::of(&output);
    write_product(left, right, bias, &output, strides);
    output
}

/// Writes `left · right (+ bias)` into `output` with the layout `strides`, whose rows are contiguous.
pub(super) fn write_product<R: CubeRuntime>(
    left: &CubeTensor<R>,
    right: &CubeTensor<R>,
    bias: Option<&CubeTensor<R>>,
    output: &CubeTensor<R>,
    strides: Strides,
) {
    let (left, left_place) = readable(left);
    let (right, right_place) = readable(right);
    let dimensions = left.meta.shape().len();
    let shape = left.meta.shape();
    let [rows, terms] = [shape[dimensions - 2], shape[dimensions - 1]];
    let columns = right.meta.shape()[dimensions - 1];
    let [first, second] = if dimensions == 4 { [shape[0], shape[1]] } else { [1, 1] };
    let parts = match (first * second, bias) {
        (1, None) => parts([rows, terms, columns], left_place.is_by_row()),
        // Only single matrices with a contiguous result are cut into parts.
        (..) => 1,
    };
    let terms_of_part = terms.div_ceil(parts).next_multiple_of(DEPTH);
    let parts = terms.div_ceil(terms_of_part).max(1);
    let target = if parts == 1 {
        output.clone()
    } else {
        launch::empty(output, &[parts, rows, columns])
    };
    let row = if parts == 1 { strides.row } else { columns };
    // The length of rows or of columns, whichever are contiguous.
    let left_length = if left_place.is_by_row() { terms } else { rows };
    let right_length = if right_place.is_by_row() { columns } else { terms };
    let is_even = left_place.is_even(left_length) && right_place.is_even(right_length);
    let vector = if is_even { VECTOR } else { 1 };
    let client = &output.client;
    product_kernel::launch::<R>(
        client,
        CubeCount::Static(
            (columns.div_ceil(SIDE) * first * second * parts) as u32,
            rows.div_ceil(SIDE) as u32,
            1,
        ),
        CubeDim::new_2d(32, (THREADS / 32) as u32),
        vector,
        left.into_array_arg(),
        right.into_array_arg(),
        bias.unwrap_or(&target).clone().into_array_arg(),
        launch::output(&target),
        rows as u32,
        columns as u32,
        terms as u32,
        terms_of_part as u32,
        second as u32,
        left_place.batch[0] as u32,
        left_place.batch[1] as u32,
        left_place.step() as u32,
        right_place.batch[0] as u32,
        right_place.batch[1] as u32,
        right_place.step() as u32,
        strides.batch[0] as u32,
        strides.batch[1] as u32,
        row as u32,
        (rows * columns) as u32,
        parts as u32,
        left_place.is_by_row(),
        !right_place.is_by_row(),
        bias.is_some(),
    );
    if parts > 1 {
        let (count, dim) = launch::values(rows * columns);
        add_parts_kernel::launch::<R>(client, count, dim, target.into_array_arg(), launch::output(output));
    }
}

/// Number of parts into which sums are cut. If rows are examples, it does not depend on the number of rows, so that the
/// result of an example does not depend on the rest of the batch.
fn parts([rows, terms, columns]: [usize; 3], rows_are_examples: bool) -> usize {
    if rows_are_examples {
        return (terms / LONG_SUM).clamp(1, MOST_PARTS);
    }
    let tiles = rows.div_ceil(SIDE) * columns.div_ceil(SIDE);
    (WORKGROUPS / tiles).min(terms / LEAST_TERMS).max(1)
}

/// The tensor with contiguous rows or columns, and its layout; copied only if neither are contiguous.
fn readable<R: CubeRuntime>(tensor: &CubeTensor<R>) -> (CubeTensor<R>, Strides) {
    let strides = Strides::of(tensor);
    if strides.column == 1 || strides.row == 1 {
        return (tensor.clone(), strides);
    }
    let copy = burn_cubecl::kernel::into_contiguous(tensor.clone());
    let strides = Strides::of(&copy);
    (copy, strides)
}
