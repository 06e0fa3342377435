//! The masks of [`crate::dropout`], computed element by element.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch;
use crate::dropout::Dropout;

/// A dropout site in the form that kernels take; without dropout the threshold is 0.
pub(super) struct Mask {
    pub(super) key: u64,
    pub(super) threshold: u32,
    pub(super) scale: f32,
}

impl Mask {
    pub(super) fn new(dropout: Option<Dropout>) -> Self {
        dropout.map_or(
            Self {
                key: 0,
                threshold: 0,
                scale: 1.0,
            },
            |dropout| Self {
                key: dropout.key(),
                threshold: u32::from(dropout.threshold()),
                scale: dropout.scale(),
            },
        )
    }
}

/// The factor of an element: 0 if it is dropped.
#[cube]
pub(super) fn factor(index: usize, key: u64, threshold: u32, scale: f32) -> f32 {
    let mut result = 1.0f32;
    if threshold > 0u32 {
        let word = mix(key + u64::cast_from(index / 4));
        let bits = u32::cast_from(word >> (u64::cast_from(index % 4) * 16u64)) & 0xffffu32;
        result = select(bits < threshold, 0.0f32, scale);
    }
    result
}

/// The same function as `dropout::mix`; products wrap around.
#[cube]
fn mix(counter: u64) -> u64 {
    let first = counter * 0x9e37_79b9_7f4a_7c15u64;
    let second = (first ^ (first >> 30u64)) * 0xbf58_476d_1ce4_e5b9u64;
    let third = (second ^ (second >> 27u64)) * 0x94d0_49bb_1331_11ebu64;
    third ^ (third >> 31u64)
}

#[cube(launch)]
fn drop_kernel(values: &Array<f32>, output: &mut Array<f32>, key: u64, threshold: u32, scale: f32) {
    if ABSOLUTE_POS < output.len() {
        output[ABSOLUTE_POS] = values[ABSOLUTE_POS] * factor(ABSOLUTE_POS, key, threshold, scale);
    }
}

pub(super) fn drop<R: CubeRuntime>(values: &CubeTensor<R>, dropout: Dropout) -> CubeTensor<R> {
    let output = launch::empty(values, values.meta.shape());
    let mask = Mask::new(Some(dropout));
    let (count, dim) = launch::values(output.meta.num_elements());
    drop_kernel::launch::<R>(
        &output.client,
        count,
        dim,
        launch::array(values),
        launch::output(&output),
        mask.key,
        mask.threshold,
        mask.scale,
    );
    output
}
