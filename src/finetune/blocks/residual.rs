//! Residual blocks of convolutions (He et al. 2016, §3), and the stem before them.
//!
//! A test compares both with burn's automatic differentiation, which computes them on a GPU.

use super::Size;
use crate::{
    backend::{Host, Tensor},
    layers::{
        Back, Context,
        batch_norm::BatchNorm,
        conv2d::Convolution,
        pixels::{rectify, rectify_backward, rows},
    },
};

/// Two convolutions beside a shortcut.
#[derive(Clone, Debug)]
pub(crate) struct ResidualBlock {
    pub(crate) first: (Convolution, BatchNorm),
    pub(crate) second: (Convolution, BatchNorm),
    /// The convolution of the shortcut; `None` if it passes its input on.
    pub(crate) shortcut: Option<Convolution>,
}

/// A convolution with its norm, before the blocks.
#[derive(Clone, Debug)]
pub(crate) struct ConvolutionStem {
    pub(crate) convolution: Convolution,
    pub(crate) norm: BatchNorm,
}

/// The rectifier of rows of channels. Returns the output twice: one copy serves the backward pass.
fn rectified(values: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Tensor<2>) {
    let mut values = Host::take(values, context.device);
    rectify(values.values_mut());
    let output = values.tensor();
    (output.clone(), output)
}

fn rectified_backward(gradient: Tensor<2>, output: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
    let [mut gradient, output] = [gradient, output].map(|tensor| Host::take(tensor, context.device));
    rectify_backward(gradient.values_mut(), output.values());
    gradient.tensor()
}

impl ResidualBlock {
    /// Maps rows of channels to rows of channels.
    pub(crate) fn forward<'a>(&'a self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        #[cfg(feature = "cuda")]
        if let crate::backend::Device::Cuda(_) = context.device {
            return super::differentiated::forward::<crate::backend::cuda::Cuda>(self, input, context);
        }
        let (hidden, first_saved) = self.first.0.forward(&input, context);
        let (hidden, first_norm) = self.first.1.forward(hidden, context);
        let (hidden, middle) = rectified(hidden, context);
        let (hidden, second_saved) = self.second.0.forward(&hidden, context);
        let (hidden, second_norm) = self.second.1.forward(hidden, context);
        let shortcut = self.shortcut.as_ref().map(|shortcut| shortcut.forward(&input, context));
        let (passed, shortcut_saved) = match shortcut {
            Some((output, saved)) => (output, Some(saved)),
            None => (input, None),
        };
        let (output, end) = rectified(hidden + passed, context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let gradient = rectified_backward(gradient, end, back.context);
            let hidden = self.second.1.backward(gradient.clone(), &second_norm, back);
            let hidden = self.second.0.backward(hidden, second_saved, back, true)?;
            let hidden = rectified_backward(hidden, middle, back.context);
            let hidden = self.first.1.backward(hidden, &first_norm, back);
            let input = self.first.0.backward(hidden, first_saved, back, wants_input);
            let passed = match (&self.shortcut, shortcut_saved) {
                (Some(shortcut), Some(saved)) => shortcut.backward(gradient, saved, back, wants_input),
                (None, _) | (_, None) => Some(gradient),
            };
            Some(input? + passed?)
        });
        (output, back)
    }

    /// The size of one image.
    pub(crate) fn size(&self) -> Size {
        let convolutions = [Some(&self.first.0), Some(&self.second.0), self.shortcut.as_ref()];
        let patches: usize = convolutions.iter().flatten().map(|layer| layer.patch_values()).sum();
        let output = self.second.0.output_values();
        Size {
            values: output,
            operations: operations(&self.first.0) + operations(&self.second.0),
            // Patches, and five feature maps: two normalized, the middle, the output and the input.
            kept: patches + 5 * output,
            // The patches of the second convolution; the first's are kept until then.
            gradients: self.second.0.patch_values(),
            computing: patches + 5 * output,
        }
    }
}

impl ConvolutionStem {
    /// Maps images, `[images, channels, height, width]`, to rows of channels.
    pub(crate) fn forward<'a>(&'a self, pixels: &[f32], context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let geometry = self.convolution.geometry;
        let input = rows(pixels, geometry.inputs, geometry.pixels()[0], context);
        #[cfg(feature = "cuda")]
        if let crate::backend::Device::Cuda(_) = context.device {
            return super::differentiated::forward::<crate::backend::cuda::Cuda>(self, input, context);
        }
        let (hidden, saved) = self.convolution.forward(&input, context);
        let (hidden, norm) = self.norm.forward(hidden, context);
        let (output, end) = rectified(hidden, context);
        let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
            let gradient = rectified_backward(gradient, end, back.context);
            let gradient = self.norm.backward(gradient, &norm, back);
            self.convolution.backward(gradient, saved, back, wants_input)
        });
        (output, back)
    }

    /// The size of one image.
    pub(crate) fn size(&self) -> Size {
        let output = self.convolution.output_values();
        Size {
            values: output,
            operations: operations(&self.convolution),
            kept: self.convolution.patch_values() + 3 * output,
            gradients: 0,
            computing: self.convolution.patch_values() + 3 * output,
        }
    }
}

/// Operations of large products that take as long as a convolution's forward pass.
fn operations(layer: &Convolution) -> usize {
    // A product with so few columns does not fill the registers: it takes about twice as long, as measured.
    let slowness = if layer.geometry.outputs < 32 { 2 } else { 1 };
    slowness * 2 * layer.output_values() * layer.geometry.patch()
}

#[cfg(any(test, feature = "cuda"))]
mod graphs {
    use burn::tensor::activation::relu;

    use super::{ConvolutionStem, ResidualBlock};
    use crate::{
        backend::TensorBackend,
        blocks::differentiated::{Graph, Lifted, Tape},
    };

    impl Graph for ResidualBlock {
        fn graph<B: TensorBackend>(&self, tape: &mut Tape<'_, B>, input: Lifted<B, 4>) -> Lifted<B, 4> {
            let hidden = self.first.0.graph(tape, input.clone());
            let hidden = relu(self.first.1.graph(tape, hidden));
            let hidden = self.second.0.graph(tape, hidden);
            let hidden = self.second.1.graph(tape, hidden);
            let shortcut = match &self.shortcut {
                Some(shortcut) => shortcut.graph(tape, input),
                None => input,
            };
            relu(hidden + shortcut)
        }

        fn input(&self) -> [usize; 3] {
            let geometry = self.first.0.geometry;
            let [height, width] = geometry.size;
            [height, width, geometry.inputs]
        }
    }

    impl Graph for ConvolutionStem {
        fn graph<B: TensorBackend>(&self, tape: &mut Tape<'_, B>, input: Lifted<B, 4>) -> Lifted<B, 4> {
            let hidden = self.convolution.graph(tape, input);
            relu(self.norm.graph(tape, hidden))
        }

        fn input(&self) -> [usize; 3] {
            let geometry = self.convolution.geometry;
            let [height, width] = geometry.size;
            [height, width, geometry.inputs]
        }
    }
}
