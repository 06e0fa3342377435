//! Images as rows of channels: the patches of convolutions, and short loops over rows.

use super::Context;
use crate::{backend::Tensor, vectorize::vectorize};

/// The sizes of a convolution or of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// The input's height and width.
    pub(crate) size: [usize; 2],
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The kernel's side.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: Padding,
    /// Number of groups of channels; an output sees the inputs of its group.
    pub(crate) groups: usize,
}

/// The zeros around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As many pixels as TensorFlow's SAME: by the image's size, the odd pixel at the end.
    Same,
    /// This number of pixels before, and this number behind.
    Fixed([usize; 2]),
}

impl Padding {
    /// The padding of most PyTorch models: half of the kernel on every side.
    pub(crate) fn half(kernel: usize) -> Self {
        Self::Fixed([kernel / 2; 2])
    }

    pub(crate) const NONE: Self = Self::Fixed([0; 2]);
}

impl Geometry {
    /// Pixels before and behind, along one axis.
    pub(crate) fn around(self, axis: usize) -> [usize; 2] {
        match self.padding {
            Padding::Fixed(around) => around,
            Padding::Same => {
                let length = self.size[axis];
                let covered = (length.div_ceil(self.stride) - 1) * self.stride + self.kernel;
                let total = covered.saturating_sub(length);
                [total / 2, total - total / 2]
            }
        }
    }

    /// The output's height and width.
    pub(crate) fn output(self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let [before, behind] = self.around(axis);
            let length = self.size[axis] + before + behind;
            length.checked_sub(self.kernel).map_or(0, |rest| rest / self.stride + 1)
        })
    }

    /// Number of pixels of the input, and of the output.
    pub(crate) fn pixels(self) -> [usize; 2] {
        [self.size, self.output()].map(|[height, width]| height * width)
    }

    /// Number of values of a patch of one group.
    pub(crate) fn patch(self) -> usize {
        self.kernel * self.kernel * self.inputs / self.groups
    }

    /// True if a patch is a row of the input.
    pub(crate) fn is_pointwise(self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == Padding::NONE && self.groups == 1
    }

    /// Calls `visit` for every row of the kernel that is inside of the image, for all pixels of the output.
    #[inline(always)]
    pub(crate) fn windows(self, images: usize, mut visit: impl FnMut(Window)) {
        let Self {
            size: [height, width],
            kernel,
            stride,
            ..
        } = self;
        let [[above, _], [before, _]] = [0, 1].map(|axis| self.around(axis));
        let [rows, columns] = self.output();
        let mut output = 0;
        for image in 0..images {
            for row in 0..rows {
                for column in 0..columns {
                    let left = column * stride;
                    // The kernel's columns that are inside the image.
                    let first = before.saturating_sub(left).min(kernel);
                    let last = kernel.min((width + before).saturating_sub(left));
                    for line in 0..kernel {
                        let y = (row * stride + line).wrapping_sub(above);
                        if y < height && first < last {
                            visit(Window {
                                output,
                                tap: line * kernel + first,
                                input: (image * height + y) * width + left + first - before,
                                length: last - first,
                            });
                        }
                    }
                    output += 1;
                }
            }
        }
    }
}

/// The part of a row of the kernel that is inside of an image, for one pixel of the output.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// The index of the output's pixel.
    pub(crate) output: usize,
    /// The index of the first position in the kernel.
    pub(crate) tap: usize,
    /// The index of the input's pixel at that position.
    pub(crate) input: usize,
    /// Number of positions, and of neighbouring pixels.
    pub(crate) length: usize,
}

/// Images, `[images, channels, height, width]`, as rows of channels.
pub(crate) fn rows(pixels: &[f32], channels: usize, plane: usize, context: &Context<'_>) -> Tensor<2> {
    let mut values = vec![0.0; pixels.len()];
    let images = pixels.chunks_exact((channels * plane).max(1));
    for (image, target) in images.zip(values.chunks_exact_mut((channels * plane).max(1))) {
        for (channel, plane) in image.chunks_exact(plane).enumerate() {
            for (row, value) in target.chunks_exact_mut(channels).zip(plane) {
                row[channel] = *value;
            }
        }
    }
    context.device.tensor(values, [pixels.len() / channels, channels])
}

/// The sum over all rows of `term(column, value)`.
pub(crate) fn column_sums(values: &[f32], columns: usize, term: impl Fn(usize, f32) -> f32) -> Vec<f32> {
    let mut sums = vec![0.0; columns];
    vectorize(|| {
        for row in values.chunks_exact(columns) {
            for (column, (sum, &value)) in sums.iter_mut().zip(row).enumerate() {
                *sum += term(column, value);
            }
        }
    });
    sums
}

/// Replaces negative values by 0; keeps NaN, which `max` would turn into 0.
pub(crate) fn rectify(values: &mut [f32]) {
    vectorize(|| {
        for value in values {
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
    });
}

/// Backward pass of [`rectify`], from its output.
pub(crate) fn rectify_backward(gradient: &mut [f32], output: &[f32]) {
    vectorize(|| {
        for (gradient, &output) in gradient.iter_mut().zip(output) {
            *gradient = if output > 0.0 { *gradient } else { 0.0 };
        }
    });
}
