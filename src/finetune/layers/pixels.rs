//! Images as rows of channels: the patches of convolutions, and short loops over rows.

use crate::vectorize::vectorize;

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// The input's side.
    pub(crate) side: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The kernel's side.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
}

impl Geometry {
    pub(crate) fn output_side(self) -> usize {
        self.side / self.stride
    }

    pub(crate) fn patch(self) -> usize {
        self.kernel * self.kernel * self.inputs
    }

    /// Calls `visit` for every run of numbers of `images` images that is contiguous in both the patches and the input.
    ///
    /// The arguments of `visit` are the run's start in the patches, its start in the input, and its length. A row of
    /// the kernel is one run, shorter at the sides. Positions outside of the image, which are zero, are left out.
    #[inline(always)]
    pub(crate) fn runs(self, images: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let Self {
            side, inputs, kernel, ..
        } = self;
        // SAME padding: the odd pixel is at the end.
        let before = (kernel - self.stride.min(kernel)) / 2;
        let output = self.output_side();
        let mut patch = 0;
        for image in 0..images {
            for row in 0..output {
                for column in 0..output {
                    let left = column * self.stride;
                    // The kernel's columns that are inside the image.
                    let first = before.saturating_sub(left);
                    let last = kernel.min(side + before - left);
                    for tap in 0..kernel {
                        let y = (row * self.stride + tap).wrapping_sub(before);
                        if y < side {
                            let input = ((image * side + y) * side + left + first - before) * inputs;
                            visit(patch + (tap * kernel + first) * inputs, input, (last - first) * inputs);
                        }
                    }
                    patch += self.patch();
                }
            }
        }
    }
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
