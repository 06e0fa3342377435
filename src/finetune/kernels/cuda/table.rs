//! The gradient of a table of vectors: for each vector the sum over all rows that used it.

use burn::tensor::DType;
use burn_cubecl::{CubeRuntime, ops::numeric::zeros_client, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch::{self, upload};

#[cube(launch)]
fn gather_kernel(
    values: &Array<f32>,
    order: &Array<u32>,
    starts: &Array<u32>,
    targets: &Array<u32>,
    table: &mut Array<f32>,
    used: u32,
    width: u32,
) {
    // A warp computes one value of a vector per thread.
    let width = width as usize;
    let pieces = width.div_ceil(CUBE_DIM_X as usize);
    let warp = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    let number = warp / pieces;
    let column = warp % pieces * CUBE_DIM_X as usize + UNIT_POS_X as usize;
    if number < used as usize && column < width {
        let mut sum = 0.0f32;
        for position in starts[number]..starts[number + 1] {
            sum += values[order[position as usize] as usize * width + column];
        }
        let target = targets[number] as usize * width + column;
        table[target] = sum;
    }
}

/// `[length, width]`, flat: for each index, the sum of the rows of `values` (`[rows, width]`) that have this index.
/// Rows without an index are left out. The order of additions is fixed.
pub(super) fn gather<R: CubeRuntime>(values: &CubeTensor<R>, indices: &[Option<u32>], length: usize) -> CubeTensor<R> {
    let width = values.meta.shape()[1];
    let table = zeros_client(
        values.client.clone(),
        values.device.clone(),
        vec![length * width].into(),
        DType::F32,
    );
    let mut order: Vec<usize> = (0..indices.len()).filter(|&row| indices[row].is_some()).collect();
    order.sort_by_key(|&row| indices[row]);
    let (mut starts, mut targets) = (Vec::new(), Vec::new());
    for (position, &row) in order.iter().enumerate() {
        let target = indices[row].unwrap_or_default() as usize;
        if targets.last() != Some(&target) {
            targets.push(target);
            starts.push(position);
        }
    }
    starts.push(order.len());
    if targets.is_empty() {
        return table;
    }
    let pieces = width.div_ceil(launch::lanes(&table.client));
    let (count, dim) = launch::rows(&table.client, targets.len() * pieces);
    gather_kernel::launch::<R>(
        &table.client,
        count,
        dim,
        launch::array(values),
        launch::array(&upload(values, &order)),
        launch::array(&upload(values, &starts)),
        launch::array(&upload(values, &targets)),
        launch::output(&table),
        targets.len() as u32,
        width as u32,
    );
    table
}
