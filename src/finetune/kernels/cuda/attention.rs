//! The operations of attention between its matrix products: softmax and dropout of scores, one warp per row.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::{
    dropout::{Mask, factor},
    launch,
};

/// `scores` is `[texts, heads, queries, keys]`; keys beyond a text's length are masked.
#[cube(launch)]
fn softmax_kernel(
    scores: &Array<f32>,
    lengths: &Array<u32>,
    probabilities: &mut Array<f32>,
    dropped: &mut Array<f32>,
    rows: u32,
    rows_of_text: u32,
    keys: u32,
    scale: f32,
    key: u64,
    threshold: u32,
    kept: f32,
) {
    let row = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if row < rows as usize {
        let keys = keys as usize;
        let start = row * keys;
        let length = lengths[row / rows_of_text as usize] as usize;
        let mut highest = f32::new(-3.0e38);
        for position in range_stepped(UNIT_POS_X as usize, length, CUBE_DIM_X as usize) {
            highest = max(highest, scores[start + position]);
        }
        let highest = plane_max(highest);
        let mut sum = 0.0f32;
        for position in range_stepped(UNIT_POS_X as usize, length, CUBE_DIM_X as usize) {
            sum += f32::exp((scores[start + position] - highest) * scale);
        }
        let sum = plane_sum(sum);
        for position in range_stepped(UNIT_POS_X as usize, keys, CUBE_DIM_X as usize) {
            let index = start + position;
            let mut value = 0.0f32;
            if position < length {
                value = f32::exp((scores[index] - highest) * scale) / sum;
            }
            probabilities[index] = value;
            dropped[index] = value * factor(index, key, threshold, kept);
        }
    }
}

/// Probabilities before and after dropout.
pub(super) fn softmax<R: CubeRuntime>(
    scores: &CubeTensor<R>,
    lengths: &[usize],
    scale: f32,
    mask: &Mask,
) -> [CubeTensor<R>; 2] {
    let shape: [usize; 4] = std::array::from_fn(|axis| scores.meta.shape()[axis]);
    let [probabilities, dropped] = [(); 2].map(|()| launch::empty(scores, &shape));
    let [texts, heads, queries, keys] = shape;
    let client = &dropped.client;
    let (count, dim) = launch::rows(client, texts * heads * queries);
    softmax_kernel::launch::<R>(
        client,
        count,
        dim,
        launch::array(scores),
        launch::array(&launch::upload(scores, lengths)),
        launch::output(&probabilities),
        launch::output(&dropped),
        (texts * heads * queries) as u32,
        (heads * queries) as u32,
        keys as u32,
        scale,
        mask.key,
        mask.threshold,
        mask.scale,
    );
    [probabilities, dropped]
}

#[cube(launch)]
fn softmax_backward_kernel(
    gradient: &Array<f32>,
    probabilities: &Array<f32>,
    output: &mut Array<f32>,
    rows: u32,
    keys: u32,
    scale: f32,
    key: u64,
    threshold: u32,
    kept: f32,
) {
    let row = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if row < rows as usize {
        let keys = keys as usize;
        let start = row * keys;
        let mut sum = 0.0f32;
        for position in range_stepped(UNIT_POS_X as usize, keys, CUBE_DIM_X as usize) {
            let index = start + position;
            sum += gradient[index] * factor(index, key, threshold, kept) * probabilities[index];
        }
        let along = plane_sum(sum);
        for position in range_stepped(UNIT_POS_X as usize, keys, CUBE_DIM_X as usize) {
            let index = start + position;
            let value = gradient[index] * factor(index, key, threshold, kept) - along;
            output[index] = value * probabilities[index] * scale;
        }
    }
}

/// The gradient of the scores, from the gradient of the probabilities after dropout.
pub(super) fn softmax_backward<R: CubeRuntime>(
    gradient: &CubeTensor<R>,
    probabilities: &CubeTensor<R>,
    scale: f32,
    mask: &Mask,
) -> CubeTensor<R> {
    let shape: [usize; 4] = std::array::from_fn(|axis| gradient.meta.shape()[axis]);
    let output = launch::empty(gradient, &shape);
    let [texts, heads, queries, keys] = shape;
    let rows = texts * heads * queries;
    let (count, dim) = launch::rows(&output.client, rows);
    softmax_backward_kernel::launch::<R>(
        &output.client,
        count,
        dim,
        launch::array(gradient),
        launch::array(probabilities),
        launch::output(&output),
        rows as u32,
        keys as u32,
        scale,
        mask.key,
        mask.threshold,
        mask.scale,
    );
    output
}
