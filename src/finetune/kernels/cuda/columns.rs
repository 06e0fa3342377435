//! Sums of columns: many threads share each column and add in a fixed order.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch;

/// Columns per workgroup of [`workgroups`]: 32 adjacent bytes, the smallest amount that is read in one access.
const COLUMNS: u32 = 8;

/// Threads that share a column: as many as a workgroup allows.
const COLUMN_THREADS: u32 = 128;

/// Threads per workgroup.
pub(super) const SIZE: usize = (COLUMNS * COLUMN_THREADS) as usize;

/// A grid with [`COLUMN_THREADS`] threads for every column.
pub(super) fn workgroups(width: usize) -> (CubeCount, CubeDim) {
    (
        launch::spread(width.div_ceil(COLUMNS as usize)),
        CubeDim::new_2d(COLUMNS, COLUMN_THREADS),
    )
}

/// Sums the values that the threads of each column have in shared memory; the first row receives the sums.
#[cube]
pub(super) fn fold(shared: &mut SharedMemory<f32>) {
    sync_cube();
    let mut half = comptime!(COLUMN_THREADS / 2).runtime();
    while half > 0u32 {
        if UNIT_POS_Y < half {
            let other = (UNIT_POS + half * CUBE_DIM_X) as usize;
            shared[UNIT_POS as usize] += shared[other];
        }
        sync_cube();
        half /= 2u32;
    }
}

/// The sums of columns; with a second factor, the products and their sums.
#[cube(launch)]
fn columns_kernel(
    values: &Array<f32>,
    factors: &Array<f32>,
    product: &mut Array<f32>,
    sums: &mut Array<f32>,
    rows: u32,
    width: u32,
    #[comptime] multiplies: bool,
) {
    let width = width as usize;
    let column = CUBE_POS * CUBE_DIM_X as usize + UNIT_POS_X as usize;
    let mut sum = 0.0f32;
    if column < width {
        for row in range_stepped(UNIT_POS_Y as usize, rows as usize, CUBE_DIM_Y as usize) {
            let index = row * width + column;
            let mut value = values[index];
            if multiplies {
                value *= factors[index];
                product[index] = value;
            }
            sum += value;
        }
    }
    let mut shared = SharedMemory::<f32>::new(comptime!(SIZE));
    shared[UNIT_POS as usize] = sum;
    fold(&mut shared);
    if UNIT_POS_Y == 0u32 && column < width {
        sums[column] = shared[UNIT_POS as usize];
    }
}

/// The product of two tensors and its sum over all rows.
pub(super) fn multiply<R: CubeRuntime>(gradient: &CubeTensor<R>, derivative: &CubeTensor<R>) -> [CubeTensor<R>; 2] {
    let shape = gradient.meta.shape();
    let (rows, width) = (shape[0], shape[1]);
    let product = launch::empty(gradient, &[rows, width]);
    let sums = launch::empty(gradient, &[width]);
    let (count, dim) = workgroups(width);
    columns_kernel::launch::<R>(
        &sums.client,
        count,
        dim,
        launch::array(gradient),
        launch::array(derivative),
        launch::output(&product),
        launch::output(&sums),
        rows as u32,
        width as u32,
        true,
    );
    [product, sums]
}

/// The sum of all rows.
pub(super) fn sum<R: CubeRuntime>(values: &CubeTensor<R>) -> CubeTensor<R> {
    let shape = values.meta.shape();
    let (rows, width) = (shape[0], shape[1]);
    let [unused, sums] = [1, width].map(|length| launch::empty(values, &[length]));
    let (count, dim) = workgroups(width);
    columns_kernel::launch::<R>(
        &sums.client,
        count,
        dim,
        launch::array(values),
        launch::array(&unused),
        launch::array(&unused),
        launch::output(&sums),
        rows as u32,
        width as u32,
        false,
    );
    sums
}
