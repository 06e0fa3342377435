//! `AdamW` for all trainable values in one launch, and the norm of the gradient, which it needs first.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch;
use crate::optimizer::Factors;

/// Workgroups that sum squares; each writes one partial sum.
const PARTS: u32 = 1024;

/// Threads per workgroup.
const PART_THREADS: u32 = 256;

#[cube(launch)]
fn squares_kernel(values: &Array<f32>, parts: &mut Array<f32>) {
    let mut sum = 0.0f32;
    let step = CUBE_COUNT * CUBE_DIM as usize;
    for index in range_stepped(ABSOLUTE_POS, values.len(), step) {
        sum += values[index] * values[index];
    }
    let size = comptime!(PART_THREADS as usize);
    let mut shared = SharedMemory::<f32>::new(size);
    shared[UNIT_POS as usize] = sum;
    sync_cube();
    if UNIT_POS == 0u32 {
        let mut sum = 0.0f32;
        for index in 0..size {
            sum += shared[index];
        }
        parts[CUBE_POS] = sum;
    }
}

/// Gradient norm, clipping factor and loss from their partial sums, computed by one warp.
#[cube(launch)]
fn outcome_kernel(parts: &Array<f32>, losses: &Array<f32>, outcome: &mut Array<f32>, limit: f32) {
    let mut sum = 0.0f32;
    for index in range_stepped(UNIT_POS_X as usize, parts.len(), CUBE_DIM_X as usize) {
        sum += parts[index];
    }
    let length = f32::sqrt(plane_sum(sum));
    let mut loss = 0.0f32;
    for index in range_stepped(UNIT_POS_X as usize, losses.len(), CUBE_DIM_X as usize) {
        loss += losses[index];
    }
    let loss = plane_sum(loss);
    if UNIT_POS_X == 0u32 {
        outcome[0] = length;
        // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
        outcome[1] = min(limit / (length + 1e-6f32), 1.0f32);
        outcome[2] = loss;
    }
}

/// The norm of the gradient, the factor that clips it, and the loss, `[3]`. `limit` is the largest norm; infinity means
/// no clipping.
pub(super) fn outcome<R: CubeRuntime>(gradient: &CubeTensor<R>, losses: &CubeTensor<R>, limit: f32) -> CubeTensor<R> {
    let parts = launch::empty(gradient, &[PARTS as usize]);
    squares_kernel::launch::<R>(
        &parts.client,
        CubeCount::Static(PARTS, 1, 1),
        CubeDim::new_1d(PART_THREADS),
        launch::array(gradient),
        launch::output(&parts),
    );
    let outcome = launch::empty(gradient, &[3]);
    outcome_kernel::launch::<R>(
        &outcome.client,
        CubeCount::Static(1, 1, 1),
        CubeDim::new_1d(launch::lanes(&outcome.client) as u32),
        launch::array(&parts),
        launch::array(losses),
        launch::output(&outcome),
        limit,
    );
    outcome
}

#[cube(launch)]
fn step_kernel(
    values: &Array<f32>,
    first: &Array<f32>,
    second: &Array<f32>,
    gradient: &Array<f32>,
    outcome: &Array<f32>,
    new_values: &mut Array<f32>,
    new_first: &mut Array<f32>,
    new_second: &mut Array<f32>,
    decay: f32,
    rate: f32,
    second_correction: f32,
    keep_first: f32,
    add_first: f32,
    keep_second: f32,
    add_second: f32,
    epsilon: f32,
) {
    if ABSOLUTE_POS < new_values.len() {
        let index = ABSOLUTE_POS;
        let gradient = gradient[index] * outcome[1];
        let first = first[index] * keep_first + gradient * add_first;
        let second = second[index] * keep_second + gradient * gradient * add_second;
        let deviation = f32::sqrt(second) * second_correction + epsilon;
        new_first[index] = first;
        new_second[index] = second;
        new_values[index] = values[index] * decay - rate * first / deviation;
    }
}

/// Values and both moments after a step. The old tensors stay unchanged, because the step may be discarded.
pub(super) fn step<R: CubeRuntime>(
    [values, first, second]: [&CubeTensor<R>; 3],
    gradient: &CubeTensor<R>,
    outcome: &CubeTensor<R>,
    factors: &Factors,
) -> [CubeTensor<R>; 3] {
    let length = values.meta.num_elements();
    let new = [(); 3].map(|()| launch::empty(values, &[length]));
    let (count, dim) = launch::values(length);
    step_kernel::launch::<R>(
        &values.client,
        count,
        dim,
        launch::array(values),
        launch::array(first),
        launch::array(second),
        launch::array(gradient),
        launch::array(outcome),
        launch::output(&new[0]),
        launch::output(&new[1]),
        launch::output(&new[2]),
        factors.decay,
        factors.rate,
        factors.second_correction,
        factors.first.0,
        factors.first.1,
        factors.second.0,
        factors.second.1,
        factors.epsilon,
    );
    new
}
