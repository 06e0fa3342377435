//! Layer norm of a sum, one warp per row.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::{
    columns,
    dropout::{Mask, factor},
    launch,
};

#[cube(launch)]
fn forward_kernel(
    branch: &Array<f32>,
    bias: &Array<f32>,
    residual: &Array<f32>,
    scale: &Array<f32>,
    shift: &Array<f32>,
    output: &mut Array<f32>,
    values: &mut Array<f32>,
    inverse_deviation: &mut Array<f32>,
    rows: u32,
    epsilon: f32,
    key: u64,
    threshold: u32,
    kept: f32,
    #[comptime] width: usize,
    #[comptime] lanes: usize,
) {
    let row = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if row < rows as usize {
        let start = row * width;
        // Keep the values in registers; all reads run at the same time.
        let count = comptime!(width.div_ceil(lanes));
        let mut own = Array::<f32>::new(count);
        let mut sum = 0.0f32;
        #[unroll]
        for number in 0..count {
            let column = number * lanes + UNIT_POS_X as usize;
            let index = start + column;
            let is_inside = column < width;
            let branch = (branch[index] + bias[column]) * factor(index, key, threshold, kept);
            let value = select(is_inside, branch + residual[index], 0.0f32);
            own[number] = value;
            sum += value;
        }
        let mean = plane_sum(sum) / f32::cast_from(width);
        let mut squares = 0.0f32;
        #[unroll]
        for number in 0..count {
            let is_inside = number * lanes + (UNIT_POS_X as usize) < width;
            let centred = select(is_inside, own[number] - mean, 0.0f32);
            own[number] = centred;
            squares += centred * centred;
        }
        let inverse = 1.0f32 / f32::sqrt(plane_sum(squares) / f32::cast_from(width) + epsilon);
        #[unroll]
        for number in 0..count {
            let column = number * lanes + UNIT_POS_X as usize;
            if column < width {
                let value = own[number] * inverse;
                values[start + column] = value;
                output[start + column] = value * scale[column] + shift[column];
            }
        }
        if UNIT_POS_X == 0u32 {
            inverse_deviation[row] = inverse;
        }
    }
}

/// The inputs of a layer norm: a branch and its bias, the residual, scale and shift.
pub(super) struct Inputs<R: CubeRuntime> {
    pub(super) branch: CubeTensor<R>,
    pub(super) bias: CubeTensor<R>,
    pub(super) residual: CubeTensor<R>,
    pub(super) scale: CubeTensor<R>,
    pub(super) shift: CubeTensor<R>,
}

/// Output, normalized values and inverse standard deviations.
pub(super) fn forward<R: CubeRuntime>(inputs: &Inputs<R>, epsilon: f32, mask: &Mask) -> [CubeTensor<R>; 3] {
    let shape = inputs.branch.meta.shape();
    let (rows, width) = (shape[0], shape[1]);
    let [output, values] = [(); 2].map(|()| launch::empty(&inputs.branch, &[rows, width]));
    let inverse = launch::empty(&inputs.branch, &[rows]);
    let (count, dim) = launch::rows(&output.client, rows);
    forward_kernel::launch::<R>(
        &output.client,
        count,
        dim,
        launch::array(&inputs.branch),
        launch::array(&inputs.bias),
        launch::array(&inputs.residual),
        launch::array(&inputs.scale),
        launch::array(&inputs.shift),
        launch::output(&output),
        launch::output(&values),
        launch::output(&inverse),
        rows as u32,
        epsilon,
        mask.key,
        mask.threshold,
        mask.scale,
        width,
        launch::lanes(&output.client),
    );
    [output, values, inverse]
}

#[cube(launch)]
fn backward_kernel(
    gradient: &Array<f32>,
    more: &Array<f32>,
    values: &Array<f32>,
    inverse_deviation: &Array<f32>,
    scale: &Array<f32>,
    residual: &mut Array<f32>,
    branch: &mut Array<f32>,
    rows: u32,
    key: u64,
    threshold: u32,
    kept: f32,
    #[comptime] width: usize,
    #[comptime] lanes: usize,
    #[comptime] has_more: bool,
) {
    let row = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if row < rows as usize {
        let start = row * width;
        let count = comptime!(width.div_ceil(lanes));
        let mut own = Array::<f32>::new(count);
        let mut normal = Array::<f32>::new(count);
        let mut sum = 0.0f32;
        let mut projection = 0.0f32;
        #[unroll]
        for number in 0..count {
            let column = number * lanes + UNIT_POS_X as usize;
            let index = start + column;
            let mut slope = gradient[index];
            if has_more {
                slope += more[index];
            }
            let scaled = select(column < width, slope * scale[column], 0.0f32);
            let value = values[index];
            own[number] = scaled;
            normal[number] = value;
            sum += scaled;
            projection += scaled * value;
        }
        let mean = plane_sum(sum) / f32::cast_from(width);
        let along = plane_sum(projection) / f32::cast_from(width);
        let inverse = inverse_deviation[row];
        #[unroll]
        for number in 0..count {
            let column = number * lanes + UNIT_POS_X as usize;
            let index = start + column;
            if column < width {
                let value = (own[number] - mean - normal[number] * along) * inverse;
                residual[index] = value;
                branch[index] = value * factor(index, key, threshold, kept);
            }
        }
    }
}

/// Column sums for the gradients of the shift (the output's gradient), the scale (the same times the normalized values)
/// and the bias (the branch's gradient).
#[cube(launch)]
fn columns_kernel(
    gradient: &Array<f32>,
    more: &Array<f32>,
    values: &Array<f32>,
    branch: &Array<f32>,
    shift: &mut Array<f32>,
    scale: &mut Array<f32>,
    bias: &mut Array<f32>,
    rows: u32,
    width: u32,
    #[comptime] has_more: bool,
) {
    let width = width as usize;
    let column = CUBE_POS * CUBE_DIM_X as usize + UNIT_POS_X as usize;
    let mut of_shift = 0.0f32;
    let mut of_scale = 0.0f32;
    let mut of_bias = 0.0f32;
    if column < width {
        for row in range_stepped(UNIT_POS_Y as usize, rows as usize, CUBE_DIM_Y as usize) {
            let index = row * width + column;
            let mut value = gradient[index];
            if has_more {
                value += more[index];
            }
            of_shift += value;
            of_scale += value * values[index];
            of_bias += branch[index];
        }
    }
    let mut shifts = SharedMemory::<f32>::new(comptime!(columns::SIZE));
    let mut scales = SharedMemory::<f32>::new(comptime!(columns::SIZE));
    let mut biases = SharedMemory::<f32>::new(comptime!(columns::SIZE));
    shifts[UNIT_POS as usize] = of_shift;
    scales[UNIT_POS as usize] = of_scale;
    biases[UNIT_POS as usize] = of_bias;
    columns::fold(&mut shifts);
    columns::fold(&mut scales);
    columns::fold(&mut biases);
    if UNIT_POS_Y == 0u32 && column < width {
        shift[column] = shifts[UNIT_POS as usize];
        scale[column] = scales[UNIT_POS as usize];
        bias[column] = biases[UNIT_POS as usize];
    }
}

/// Gradients of the residual, the branch, its bias, the scale and the shift.
pub(super) fn backward<R: CubeRuntime>(
    gradient: &CubeTensor<R>,
    more: Option<&CubeTensor<R>>,
    values: &CubeTensor<R>,
    inverse_deviation: &CubeTensor<R>,
    scale: &CubeTensor<R>,
    mask: &Mask,
) -> [CubeTensor<R>; 5] {
    let shape = gradient.meta.shape();
    let (rows, width) = (shape[0], shape[1]);
    let [residual, branch] = [(); 2].map(|()| launch::empty(gradient, &[rows, width]));
    let [of_shift, of_scale, of_bias] = [(); 3].map(|()| launch::empty(gradient, &[width]));
    let client = &residual.client;
    let (count, dim) = launch::rows(client, rows);
    // A placeholder for the missing argument; it is not read.
    let second = more.unwrap_or(gradient);
    backward_kernel::launch::<R>(
        client,
        count,
        dim,
        launch::array(gradient),
        launch::array(second),
        launch::array(values),
        launch::array(inverse_deviation),
        launch::array(scale),
        launch::output(&residual),
        launch::output(&branch),
        rows as u32,
        mask.key,
        mask.threshold,
        mask.scale,
        width,
        launch::lanes(client),
        more.is_some(),
    );
    let (count, dim) = columns::workgroups(width);
    columns_kernel::launch::<R>(
        client,
        count,
        dim,
        launch::array(gradient),
        launch::array(second),
        launch::array(values),
        launch::array(&branch),
        launch::output(&of_shift),
        launch::output(&of_scale),
        launch::output(&of_bias),
        rows as u32,
        width as u32,
        more.is_some(),
    );
    [residual, branch, of_bias, of_scale, of_shift]
}
