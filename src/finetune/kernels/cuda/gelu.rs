//! GELU with a bias, and its derivative.

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

/// GELU of `values + bias`, and its derivative.
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
