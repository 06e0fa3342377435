//! Layers one after the other over feature maps, which are rows of channels: the block of all convolutional networks.
//!
//! A layer that sums two branches holds layers itself. On a GPU a stack is one graph of burn; a test compares both.

use super::Size;
use crate::{
    backend::Tensor,
    kernels::ActivationKind,
    layers::{
        Back, Context,
        batch_norm::BatchNorm,
        conv2d::Convolution,
        drop_path::{Branch, scaled},
        layer_scale::LayerScale,
        linear::Linear,
        norm::NormLayer,
        pixels::rows,
        pool::MaxPool,
        response_norm::ResponseNorm,
        squeeze_excite::SqueezeExcite,
        window_attention::WindowAttention,
        windows::Merge,
    },
};

/// A stack of layers.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) layers: Vec<Layer>,
    pub(crate) input: Map,
}

/// The size of a feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    /// Height and width.
    pub(crate) size: [usize; 2],
    pub(crate) channels: usize,
}

/// A layer over feature maps.
#[derive(Clone, Debug)]
#[expect(clippy::enum_variant_names, reason = "a layer norm is called so")]
pub(crate) enum Layer {
    Convolution(Box<Convolution>),
    BatchNorm(Box<BatchNorm>),
    Activation(ActivationKind),
    Gate(Box<SqueezeExcite>),
    MaxPool(MaxPool),
    /// A linear layer of every pixel, and the width of its output.
    Linear(Box<Linear>, usize),
    LayerNorm(NormLayer),
    Scale(LayerScale),
    Response(ResponseNorm),
    WindowAttention(Box<WindowAttention>),
    Merge(Merge),
    /// The sum of two branches. A shortcut without layers passes its input on.
    Sum {
        body: Vec<Layer>,
        shortcut: Vec<Layer>,
        /// The body as a branch that may be left out.
        branch: Option<Branch>,
    },
}

impl Map {
    pub(crate) fn pixels(self) -> usize {
        self.size[0] * self.size[1]
    }

    fn values(self) -> usize {
        self.pixels() * self.channels
    }
}

impl Stack {
    /// Maps rows of channels to rows of channels.
    pub(crate) fn forward<'a>(&'a self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        #[cfg(feature = "cuda")]
        if let crate::backend::Device::Cuda(_) = context.device {
            return super::differentiated::forward::<crate::backend::cuda::Cuda>(self, input, context);
        }
        forward(&self.layers, input, context)
    }

    /// Maps images, `[images, channels, height, width]`, to rows of channels.
    pub(crate) fn forward_pixels<'a>(&'a self, pixels: &[f32], context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let input = rows(pixels, self.input.channels, self.input.pixels(), context);
        self.forward(input, context)
    }

    /// The size of its output.
    pub(crate) fn output(&self) -> Map {
        output(&self.layers, self.input)
    }

    /// Takes maps of another height and width.
    pub(crate) fn resize(&mut self, size: [usize; 2]) -> [usize; 2] {
        self.input.size = size;
        resize(&mut self.layers, size)
    }

    /// The size of one image's work.
    pub(crate) fn size(&self) -> Size {
        let mut total = Size::default();
        measure(&self.layers, self.input, &mut total);
        total.values = self.output().values();
        total
    }

    /// The smallest number of images for which the sums of all products run in the order of many images.
    pub(crate) fn least_company(&self, [small, deep]: [usize; 2]) -> usize {
        let mut least = 2;
        visit(&self.layers, &mut |layer| {
            if let Layer::Convolution(layer) = layer {
                let geometry = layer.geometry;
                if geometry.outputs / geometry.groups <= small && geometry.patch() > deep {
                    least = least.max((small + 1).div_ceil(geometry.pixels()[1].max(1)));
                }
            }
        });
        least
    }

    /// True if it has branches that may be left out.
    pub(crate) fn has_branches(&self) -> bool {
        let mut found = false;
        visit(&self.layers, &mut |layer| {
            found |= matches!(layer, Layer::Sum { branch: Some(_), .. });
        });
        found
    }

    /// The linear layers.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let mut found = Vec::new();
        linears(&mut self.layers, &mut found);
        found
    }
}

fn forward<'a>(layers: &'a [Layer], input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
    let mut values = input;
    let mut backs: Vec<Back<'a>> = Vec::with_capacity(layers.len());
    for layer in layers {
        let (output, back) = layer.forward(values, context);
        values = output;
        backs.push(back);
    }
    let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
        let mut gradient = Some(gradient);
        let count = backs.len();
        for (index, layer) in backs.into_iter().rev().enumerate() {
            gradient = layer(gradient?, back, wants_input || index + 1 < count);
        }
        gradient
    });
    (values, back)
}

fn output(layers: &[Layer], input: Map) -> Map {
    layers.iter().fold(input, |map, layer| layer.output(map))
}

fn resize(layers: &mut [Layer], size: [usize; 2]) -> [usize; 2] {
    layers.iter_mut().fold(size, |size, layer| layer.resize(size))
}

fn visit(layers: &[Layer], visitor: &mut impl FnMut(&Layer)) {
    for layer in layers {
        visitor(layer);
        if let Layer::Sum { body, shortcut, .. } = layer {
            visit(body, visitor);
            visit(shortcut, visitor);
        }
    }
}

fn linears<'a>(layers: &'a mut [Layer], found: &mut Vec<&'a mut Linear>) {
    for layer in layers {
        match layer {
            Layer::Linear(linear, _) => found.push(linear),
            Layer::WindowAttention(layer) => {
                let WindowAttention {
                    query,
                    key,
                    value,
                    output,
                    ..
                } = &mut **layer;
                found.extend([query, key, value, output]);
            }
            Layer::Sum { body, shortcut, .. } => {
                linears(body, found);
                linears(shortcut, found);
            }
            Layer::Convolution(_)
            | Layer::BatchNorm(_)
            | Layer::Activation(_)
            | Layer::Gate(_)
            | Layer::MaxPool(_)
            | Layer::LayerNorm(_)
            | Layer::Scale(_)
            | Layer::Merge(_)
            | Layer::Response(_) => {}
        }
    }
}

/// Adds the work of all layers; returns the size of their output.
fn measure(layers: &[Layer], input: Map, total: &mut Size) -> Map {
    layers.iter().fold(input, |map, layer| {
        let output = layer.output(map);
        let (input, values) = (map.values(), output.values());
        // The largest moment has the input, the output and their gradients.
        let mut holds = |kept: usize, more: usize| {
            total.kept += kept;
            total.gradients = total.gradients.max(more + 2 * (input + values));
            total.computing = total.computing.max(more + input + values);
        };
        match layer {
            Layer::Convolution(layer) => {
                let patches = layer.patch_values();
                let geometry = layer.geometry;
                holds(patches, patches);
                // Narrow products do not fill the registers, and loops over channels wait for memory.
                let slowness = match geometry.outputs / geometry.groups {
                    1 => 8,
                    2..32 => 2,
                    _ => 1,
                };
                total.operations += slowness * 2 * values * geometry.patch();
            }
            Layer::Linear(_, width) => {
                holds(input, 0);
                total.operations += 2 * input * width;
            }
            Layer::WindowAttention(layer) => {
                let [kept, operations] = layer.work();
                holds(kept, kept);
                total.operations += operations;
            }
            Layer::MaxPool(_)
            | Layer::Merge(_)
            | Layer::BatchNorm(_)
            | Layer::Activation(_)
            | Layer::LayerNorm(_)
            | Layer::Gate(_)
            | Layer::Scale(_)
            | Layer::Response(_) => holds(values, 0),
            Layer::Sum { body, shortcut, .. } => {
                holds(input, 0);
                measure(body, map, total);
                measure(shortcut, map, total);
            }
        }
        output
    })
}

impl Layer {
    fn forward<'a>(&'a self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        match self {
            Self::Convolution(layer) => {
                let (output, saved) = layer.forward(&input, context);
                let back: Back<'a> =
                    Box::new(move |gradient, back, wants_input| layer.backward(gradient, saved, back, wants_input));
                (output, back)
            }
            Self::BatchNorm(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, &saved, back))),
                )
            }
            Self::Activation(kind) => {
                let zeros = context.device.zeros([input.dims()[1]]);
                let (output, slope) = context.kernels().bias_activation(*kind, input, zeros);
                (output, Box::new(move |gradient, _, _| Some(gradient * slope)))
            }
            Self::Gate(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, saved, back))),
                )
            }
            Self::MaxPool(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, wants_input| {
                        wants_input.then(|| layer.backward(gradient, &saved, back.context))
                    }),
                )
            }
            Self::Linear(layer, _) => {
                let output = layer.forward(input.clone(), context);
                let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
                    let gradient = layer.learn(input, gradient, back);
                    wants_input.then(|| layer.through(gradient, back.context))
                });
                (output, back)
            }
            Self::LayerNorm(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, saved, back))),
                )
            }
            Self::Scale(layer) => {
                let output = layer.forward(input.clone(), context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, input, back))),
                )
            }
            Self::Response(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, saved, back))),
                )
            }
            Self::WindowAttention(layer) => {
                let (output, saved) = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, saved, back))),
                )
            }
            Self::Merge(layer) => {
                let output = layer.forward(input, context);
                (
                    output,
                    Box::new(move |gradient, back, _| Some(layer.backward(gradient, back.context))),
                )
            }
            Self::Sum { body, shortcut, branch } => {
                let factors = branch.and_then(|branch| branch.factors(context));
                let (hidden, body_back) = forward(body, input.clone(), context);
                let hidden = scaled(hidden, factors.as_deref(), context.device);
                let (passed, shortcut_back) = forward(shortcut, input, context);
                let back: Back<'a> = Box::new(move |gradient, back, wants_input| {
                    let of_body = scaled(gradient.clone(), factors.as_deref(), back.context.device);
                    let through = body_back(of_body, back, wants_input);
                    let passed = shortcut_back(gradient, back, wants_input);
                    Some(through? + passed?)
                });
                (hidden + passed, back)
            }
        }
    }

    fn output(&self, input: Map) -> Map {
        match self {
            Self::Convolution(layer) => Map {
                size: layer.geometry.output(),
                channels: layer.geometry.outputs,
            },
            Self::MaxPool(layer) => Map {
                size: layer.geometry.output(),
                ..input
            },
            Self::Linear(_, channels) => Map {
                channels: *channels,
                ..input
            },
            Self::Merge(layer) => Map {
                size: layer.output(),
                channels: 4 * layer.channels,
            },
            Self::Sum { body, .. } => output(body, input),
            Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::Gate(_)
            | Self::LayerNorm(_)
            | Self::Scale(_)
            | Self::WindowAttention(_)
            | Self::Response(_) => input,
        }
    }

    fn resize(&mut self, size: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Convolution(layer) => {
                layer.geometry.size = size;
                layer.geometry.output()
            }
            Self::MaxPool(layer) => {
                layer.geometry.size = size;
                layer.geometry.output()
            }
            Self::WindowAttention(layer) => {
                layer.size = size;
                size
            }
            Self::Merge(layer) => {
                layer.size = size;
                layer.output()
            }
            Self::Sum { body, shortcut, .. } => {
                resize(shortcut, size);
                resize(body, size)
            }
            Self::Linear(..)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::Gate(_)
            | Self::LayerNorm(_)
            | Self::Scale(_)
            | Self::Response(_) => size,
        }
    }
}

#[cfg(any(test, feature = "cuda"))]
mod graphs {
    use burn::tensor::TensorData;

    use super::{Layer, Stack};
    use crate::{
        backend::TensorBackend,
        blocks::differentiated::{Graph, Lifted, Tape, activated},
    };

    impl Graph for Stack {
        fn graph<B: TensorBackend>(&self, tape: &mut Tape<'_, B>, input: Lifted<B, 4>) -> Lifted<B, 4> {
            all(&self.layers, tape, input)
        }

        fn input(&self) -> [usize; 3] {
            let [height, width] = self.input.size;
            [height, width, self.input.channels]
        }
    }

    fn all<B: TensorBackend>(layers: &[Layer], tape: &mut Tape<'_, B>, input: Lifted<B, 4>) -> Lifted<B, 4> {
        layers.iter().fold(input, |values, layer| match layer {
            Layer::Convolution(layer) => layer.graph(tape, values),
            Layer::BatchNorm(layer) => layer.graph(tape, values),
            Layer::Activation(kind) => activated(*kind, values),
            Layer::Gate(layer) => layer.graph(tape, values),
            Layer::MaxPool(layer) => layer.graph(values),
            Layer::Linear(layer, _) => layer.graph(tape, values),
            Layer::LayerNorm(layer) => layer.graph(tape, values),
            Layer::Scale(layer) => layer.graph(tape, values),
            Layer::Response(layer) => layer.graph(tape, values),
            Layer::WindowAttention(layer) => layer.graph(tape, values),
            Layer::Merge(layer) => layer.graph(values),
            Layer::Sum { body, shortcut, branch } => {
                let factors = branch.and_then(|branch| branch.factors(tape.context));
                let hidden = all(body, tape, values.clone());
                let hidden = match factors {
                    Some(factors) => {
                        let images = factors.len();
                        let device = hidden.device();
                        hidden * Lifted::<B, 4>::from_data(TensorData::new(factors, [images, 1, 1, 1]), &device)
                    }
                    None => hidden,
                };
                hidden + all(shortcut, tape, values)
            }
        })
    }
}
