//! Images as rows of channels: where a convolution's patches lie, and the small loops over rows.

/// The sizes of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) images: usize,
    pub(super) side: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
}

impl Geometry {
    pub(super) fn output_side(self) -> usize {
        self.side / self.stride
    }

    pub(super) fn patch(self) -> usize {
        self.kernel * self.kernel * self.inputs
    }

    /// Calls `visit` with the place of every run of input channels: first in the patches, then in the input.
    /// Places outside the image, which are zero, are left out.
    pub(super) fn runs(self, mut visit: impl FnMut(usize, usize)) {
        // SAME padding: the odd pixel is at the end.
        let before = (self.kernel - self.stride.min(self.kernel)) / 2;
        let output = self.output_side();
        for place in 0..self.images * output * output {
            let (image, row, column) = (place / (output * output), place / output % output, place % output);
            for tap in 0..self.kernel * self.kernel {
                let y = (row * self.stride + tap / self.kernel).wrapping_sub(before);
                let x = (column * self.stride + tap % self.kernel).wrapping_sub(before);
                if y < self.side && x < self.side {
                    let input = ((image * self.side + y) * self.side + x) * self.inputs;
                    visit(place * self.patch() + tap * self.inputs, input);
                }
            }
        }
    }
}

/// The sum over all rows of `term(column, value)`.
pub(super) fn column_sums(values: &[f32], columns: usize, term: impl Fn(usize, f32) -> f32) -> Vec<f32> {
    let mut sums = vec![0.0; columns];
    for row in values.chunks_exact(columns) {
        for (column, (sum, &value)) in sums.iter_mut().zip(row).enumerate() {
            *sum += term(column, value);
        }
    }
    sums
}

/// Negative values become 0; keeps NaN, which `max` would turn into 0.
pub(super) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

/// Backwards through [`rectify`], given its output.
pub(super) fn rectify_backward(gradient: &mut [f32], output: &[f32]) {
    for (gradient, &output) in gradient.iter_mut().zip(output) {
        *gradient = if output > 0.0 { *gradient } else { 0.0 };
    }
}
