//! A convolution over the tokens of every text, as rows of channels; beyond the ends of a text are zeros.
//!
//! It is a product of gathered windows with the weights.

use super::{Backward, Context};
use crate::{
    backend::{Host, Tensor, values},
    gradients::Gradient,
    parameters::{Declarations, Handle},
};

/// A convolution with as many outputs as inputs, and an odd number of tokens in a window.
#[derive(Clone, Debug)]
pub(crate) struct TextConvolution {
    weight: Handle,
    bias: Handle,
    width: usize,
    /// Number of tokens in a window.
    kernel: usize,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    /// `[rows, kernel · width]`.
    windows: Tensor<2>,
}

impl TextConvolution {
    /// Declares `name.weight`, `[width, width, kernel]`, and `name.bias`.
    pub(crate) fn declare(declare: &mut Declarations, name: &str, width: usize, kernel: usize) -> Self {
        Self {
            weight: declare.tensor(&format!("{name}.weight"), &[width, width, kernel]),
            bias: declare.bias(&format!("{name}.bias"), width),
            width,
            kernel,
        }
    }

    /// Number of values of a window.
    pub(crate) fn window(&self) -> usize {
        self.kernel * self.width
    }

    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let rows = input.dims()[0];
        let input = Host::take(input, context.device);
        let mut windows = vec![0.0; rows * self.window()];
        self.visit(context, |element, row| {
            windows[element..element + self.width].copy_from_slice(&input.values()[row..row + self.width]);
        });
        let windows = context.device.tensor(windows, [rows, self.window()]);
        let bias = context.parameters.vector(self.bias);
        let output = context.kernels().project(windows.clone(), self.weights(context), bias);
        (output, Saved { windows })
    }

    pub(crate) fn backward(
        &self,
        gradient: Tensor<2>,
        saved: Saved,
        back: &mut Backward<'_>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let (context, device) = (back.context, back.context.device);
        let (gradient, bias) = back.kernels().sum_rows(gradient);
        back.record_dense(self.bias, bias);
        if context.trains(self.weight) {
            let product = back.kernels().product(saved.windows.transpose(), gradient.clone());
            let product = Host::take(product, device);
            let mut stored = vec![0.0; product.values().len()];
            for (row, values) in product.values().chunks_exact(self.width).enumerate() {
                let (tap, input) = (row / self.width, row % self.width);
                for (output, value) in values.iter().enumerate() {
                    stored[(output * self.width + input) * self.kernel + tap] = *value;
                }
            }
            let length = stored.len();
            back.record(self.weight, Gradient::Dense(device.tensor(stored, [length])));
        }
        if !wants_input {
            return None;
        }
        let windows = back.kernels().product(gradient, self.weights(context).transpose());
        let windows = Host::take(windows, device);
        let mut result = vec![0.0; context.layout.rows * self.width];
        self.visit(context, |element, row| {
            let taken = &windows.values()[element..element + self.width];
            for (sum, value) in result[row..row + self.width].iter_mut().zip(taken) {
                *sum += value;
            }
        });
        Some(device.tensor(result, [context.layout.rows, self.width]))
    }

    /// Calls `visit` with the index in the windows and the index in the rows of every token that a window sees.
    fn visit(&self, context: &Context<'_>, mut visit: impl FnMut(usize, usize)) {
        let before = self.kernel / 2;
        let texts = context.layout.starts.iter().zip(&context.layout.lengths);
        for (&start, &length) in texts {
            for token in 0..length {
                for tap in 0..self.kernel {
                    let Some(seen) = (token + tap).checked_sub(before).filter(|&seen| seen < length) else {
                        continue;
                    };
                    let element = (start + token) * self.window() + tap * self.width;
                    visit(element, (start + seen) * self.width);
                }
            }
        }
    }

    /// The weights as `[kernel · width, width]`; files have `[outputs, inputs, kernel]`.
    fn weights(&self, context: &Context<'_>) -> Tensor<2> {
        let stored = values(&context.parameters.vector(self.weight));
        let value = |index: usize| {
            let (row, output) = (index / self.width, index % self.width);
            let (tap, input) = (row / self.width, row % self.width);
            stored[(output * self.width + input) * self.kernel + tap]
        };
        let shape = [self.window(), self.width];
        context.device.tensor((0..stored.len()).map(value).collect(), shape)
    }
}
