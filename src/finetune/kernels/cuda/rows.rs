//! The activation, and sums over rows.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch;

#[cube(launch)]
fn bias_gelu_kernel(
    values: &Array<f32>,
    bias: &Array<f32>,
    output: &mut Array<f32>,
    derivative: &mut Array<f32>,
    width: u32,
) {
    if ABSOLUTE_POS < output.len() {
        let value = values[ABSOLUTE_POS] + bias[ABSOLUTE_POS % width as usize];
        let cumulative = Erf::erf(value * comptime!(std::f32::consts::FRAC_1_SQRT_2)) * 0.5f32 + 0.5f32;
        // The density of the standard normal distribution; 0.3989… is 1 / √(2π).
        let density = f32::exp(value * value * -0.5f32) * 0.398_942_3f32;
        output[ABSOLUTE_POS] = value * cumulative;
        derivative[ABSOLUTE_POS] = cumulative + value * density;
    }
}

/// The activation and its derivative.
pub(super) fn bias_gelu<R: CubeRuntime>(values: &CubeTensor<R>, bias: &CubeTensor<R>) -> [CubeTensor<R>; 2] {
    let [output, derivative] = [(); 2].map(|()| launch::empty(values, values.meta.shape()));
    let (count, dim) = launch::values(output.meta.num_elements());
    bias_gelu_kernel::launch::<R>(
        &output.client,
        count,
        dim,
        launch::array(values),
        launch::array(bias),
        launch::output(&output),
        launch::output(&derivative),
        output.meta.shape()[1] as u32,
    );
    [output, derivative]
}

/// The sums of columns; with a second factor those of products, which are written too.
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
    let size = comptime!((launch::COLUMNS * launch::COLUMN_THREADS) as usize);
    let mut shared = SharedMemory::<f32>::new(size);
    shared[UNIT_POS as usize] = sum;
    launch::fold(&mut shared);
    if UNIT_POS_Y == 0u32 && column < width {
        sums[column] = shared[UNIT_POS as usize];
    }
}

/// The product of two tensors and the sum of its rows.
pub(super) fn multiply<R: CubeRuntime>(gradient: &CubeTensor<R>, derivative: &CubeTensor<R>) -> [CubeTensor<R>; 2] {
    let shape = gradient.meta.shape();
    let (rows, width) = (shape[0], shape[1]);
    let product = launch::empty(gradient, &[rows, width]);
    let sums = launch::empty(gradient, &[width]);
    let (count, dim) = launch::columns(width);
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
    let (count, dim) = launch::columns(width);
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
