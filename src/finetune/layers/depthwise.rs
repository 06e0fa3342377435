//! Convolutions whose groups have one channel (Sifre 2014; Howard et al. 2017), as loops over rows of channels.
//!
//! Weights are `[kernel · kernel, channels]`, so that every loop runs over neighbouring channels.

use super::pixels::Geometry;
use crate::vectorize::vectorize;

/// The weights by position in the kernel; files have `[channels, 1, kernel, kernel]`.
pub(super) fn by_tap(stored: &[f32], geometry: Geometry) -> Vec<f32> {
    transposed(stored, geometry.inputs, geometry.kernel * geometry.kernel)
}

/// The inverse of [`by_tap`].
pub(super) fn by_channel(weights: &[f32], geometry: Geometry) -> Vec<f32> {
    transposed(weights, geometry.kernel * geometry.kernel, geometry.inputs)
}

fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let value = |index: usize| values[index % rows * columns + index / rows];
    (0..values.len()).map(value).collect()
}

/// Maps `[images · height · width, channels]` to the rows of the output.
pub(super) fn forward(geometry: Geometry, images: usize, input: &[f32], weights: &[f32]) -> Vec<f32> {
    let channels = geometry.inputs;
    let mut output = vec![0.0; images * geometry.pixels()[1] * channels];
    vectorize(|| {
        geometry.windows(images, |window| {
            let sums = &mut output[window.output * channels..][..channels];
            for offset in 0..window.length {
                let row = &input[(window.input + offset) * channels..][..channels];
                let weights = &weights[(window.tap + offset) * channels..][..channels];
                for ((sum, value), weight) in sums.iter_mut().zip(row).zip(weights) {
                    *sum += value * weight;
                }
            }
        });
    });
    output
}

/// The gradient of the input.
pub(super) fn of_input(geometry: Geometry, images: usize, gradient: &[f32], weights: &[f32]) -> Vec<f32> {
    let channels = geometry.inputs;
    let mut result = vec![0.0; images * geometry.pixels()[0] * channels];
    vectorize(|| {
        geometry.windows(images, |window| {
            let gradient = &gradient[window.output * channels..][..channels];
            for offset in 0..window.length {
                let sums = &mut result[(window.input + offset) * channels..][..channels];
                let weights = &weights[(window.tap + offset) * channels..][..channels];
                for ((sum, value), weight) in sums.iter_mut().zip(gradient).zip(weights) {
                    *sum += value * weight;
                }
            }
        });
    });
    result
}

/// The gradient of the weights, by position in the kernel.
pub(super) fn of_weights(geometry: Geometry, images: usize, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let channels = geometry.inputs;
    let mut result = vec![0.0; geometry.kernel * geometry.kernel * channels];
    vectorize(|| {
        geometry.windows(images, |window| {
            let gradient = &gradient[window.output * channels..][..channels];
            for offset in 0..window.length {
                let row = &input[(window.input + offset) * channels..][..channels];
                let sums = &mut result[(window.tap + offset) * channels..][..channels];
                for ((sum, value), row) in sums.iter_mut().zip(gradient).zip(row) {
                    *sum += value * row;
                }
            }
        });
    });
    result
}
