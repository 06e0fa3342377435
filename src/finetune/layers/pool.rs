//! The largest value of every window of a feature map.

use super::{Context, pixels::Geometry};
use crate::{
    backend::{Host, Tensor},
    vectorize::vectorize,
};

/// A maximum over windows. Pixels around the image do not count.
#[derive(Clone, Debug)]
pub(crate) struct MaxPool {
    pub(crate) geometry: Geometry,
}

/// The index of the pixel that each value came from.
pub(crate) struct Saved(Vec<u32>);

impl MaxPool {
    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let images = context.layout.len();
        let channels = self.geometry.inputs;
        let input = Host::take(input, context.device);
        let rows = images * self.geometry.pixels()[1];
        let mut largest = vec![f32::NEG_INFINITY; rows * channels];
        let mut pixels = vec![0_u32; rows * channels];
        vectorize(|| {
            self.geometry.windows(images, |window| {
                let largest = &mut largest[window.output * channels..][..channels];
                let pixels = &mut pixels[window.output * channels..][..channels];
                for pixel in window.input..window.input + window.length {
                    let row = &input.values()[pixel * channels..][..channels];
                    for ((largest, from), &value) in largest.iter_mut().zip(pixels.iter_mut()).zip(row) {
                        // A NaN stays.
                        if value > *largest || value.is_nan() {
                            *largest = value;
                            *from = pixel as u32;
                        }
                    }
                }
            });
        });
        (context.device.tensor(largest, [rows, channels]), Saved(pixels))
    }

    pub(crate) fn backward(&self, gradient: Tensor<2>, saved: &Saved, context: &Context<'_>) -> Tensor<2> {
        let channels = self.geometry.inputs;
        let gradient = Host::take(gradient, context.device);
        let rows = context.layout.len() * self.geometry.pixels()[0];
        let mut result = vec![0.0; rows * channels];
        for (index, (value, &pixel)) in gradient.values().iter().zip(&saved.0).enumerate() {
            result[pixel as usize * channels + index % channels] += value;
        }
        context.device.tensor(result, [rows, channels])
    }

    /// The same layer as a part of burn's graph.
    #[cfg(any(test, feature = "cuda"))]
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let Geometry { kernel, stride, .. } = self.geometry;
        let padding = [0, 1].map(|axis| self.geometry.around(axis)[0]);
        burn::tensor::module::max_pool2d(input, [kernel; 2], [stride; 2], padding, [1; 2], false)
    }
}
