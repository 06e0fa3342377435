//! Convolutional networks, from a description.
//!
//! A family turns its `config.json` into a [`ConvnetConfig`]: the layers of the stem, of every block and of the tail, with
//! the names of their tensors.

use thiserror::Error;

use super::{Depth, Finish, Head, InputLimits, Network, Reads, Stem, Step};
use crate::{
    blocks::{
        Block,
        stack::{Layer, Map, Stack},
    },
    data::ImageSize,
    kernels::ActivationKind,
    layers::{
        batch_norm::{BatchNorm, BatchNormSettings},
        conv2d::Convolution,
        drop_path::Branch,
        layer_scale::LayerScale,
        linear::Linear,
        norm::{NormLayer, NormSettings},
        pixels::{Geometry, Padding},
        pool::MaxPool,
        response_norm::ResponseNorm,
        squeeze_excite::{GateNames, SqueezeExcite},
        window_attention::{WindowAttention, WindowNames},
        windows::Merge,
    },
    parameters::{Declarations, Part, Start},
};

/// The reason why layers do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ConvnetError {
    #[error("`{name}` has {channels} channels, which are not a multiple of {groups} groups")]
    Groups {
        name: String,
        channels: usize,
        groups: usize,
    },
    #[error("images of {size} are too small for it: nothing is left after `{name}`")]
    TooSmall { name: String, size: ImageSize },
}

/// A convolutional network.
pub(crate) struct ConvnetConfig {
    pub(crate) size: ImageSize,
    pub(crate) stem: Vec<LayerConfig>,
    pub(crate) stages: Vec<StageConfig>,
    /// Layers between the last stage and the mean over all pixels.
    pub(crate) tail: Vec<LayerConfig>,
    /// The layers after the mean over all pixels.
    pub(crate) head: Vec<HeadStep>,
    pub(crate) outputs: usize,
    /// True if the file provides the values of the last layer.
    pub(crate) is_from_file: bool,
}

/// The rate of stochastic depth of a block among all blocks, which rises with the depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depths {
    /// The first block has none, the last one all of it (timm's `calculate_drop_path_rates`).
    ToLast,
    /// A block's share is that of the blocks before it (`EfficientNet`).
    Before,
}

impl Depths {
    pub(crate) fn share(self, number: usize, blocks: usize) -> f64 {
        let parts = match self {
            Self::ToLast => blocks.saturating_sub(1),
            Self::Before => blocks,
        };
        number as f64 / parts.max(1) as f64
    }
}

/// The blocks that freeze together.
pub(crate) struct StageConfig {
    pub(crate) name: String,
    pub(crate) blocks: Vec<Vec<LayerConfig>>,
}

/// A layer over feature maps.
pub(crate) enum LayerConfig {
    Convolution(ConvolutionConfig),
    BatchNorm(String, BatchNormSettings),
    Activation(ActivationKind),
    Gate(GateNames),
    MaxPool {
        kernel: usize,
        stride: usize,
        padding: Padding,
    },
    /// A linear layer of every pixel, and the width of its output.
    Linear(String, usize),
    /// The same without a bias.
    PlainLinear(String, usize),
    WindowAttention(WindowNames),
    /// Two by two pixels become one.
    Merge,
    LayerNorm(String, NormSettings),
    Scale(String),
    Response(String),
    Sum {
        body: Vec<LayerConfig>,
        shortcut: Vec<LayerConfig>,
    },
}

/// A convolution.
#[derive(Clone)]
pub(crate) struct ConvolutionConfig {
    pub(crate) name: String,
    pub(crate) outputs: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: Padding,
    pub(crate) groups: usize,
    pub(crate) has_bias: bool,
}

/// A layer after the mean over all pixels.
pub(crate) enum HeadStep {
    Dropout,
    Activation(ActivationKind),
    /// A pretrained norm.
    Norm(String, NormSettings),
    /// A pretrained linear layer, which files hold as a convolution with a kernel of one pixel.
    Convolution(String, usize),
    /// The last linear layer.
    Output(String),
}

impl ConvolutionConfig {
    /// A convolution with half of its kernel around the image, without a bias.
    pub(crate) fn new(name: impl Into<String>, outputs: usize, kernel: usize, stride: usize) -> Self {
        Self {
            name: name.into(),
            outputs,
            kernel,
            stride,
            padding: Padding::half(kernel),
            groups: 1,
            has_bias: false,
        }
    }

    pub(crate) fn grouped(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    pub(crate) fn padded(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    pub(crate) fn biased(self) -> Self {
        Self { has_bias: true, ..self }
    }

    pub(crate) fn layer(self) -> LayerConfig {
        LayerConfig::Convolution(self)
    }
}

/// The state while layers are declared one after the other.
struct Builder {
    declare: Declarations,
    size: ImageSize,
    /// The share of stochastic depth of the block that is declared, if its sums have it.
    share: Option<f64>,
    /// Number of branches so far.
    branches: u64,
}

impl ConvnetConfig {
    /// The network with these parts.
    ///
    /// # Errors
    /// If the layers do not fit each other or the images.
    pub(crate) fn build(&self) -> Result<Network, ConvnetError> {
        self.build_with(Depths::ToLast)
    }

    /// As [`Self::build`], with rates of stochastic depth by this rule.
    ///
    /// # Errors
    /// See [`Self::build`].
    pub(crate) fn build_with(&self, rule: Depths) -> Result<Network, ConvnetError> {
        let mut builder = Builder {
            declare: Declarations::default(),
            size: self.size,
            share: None,
            branches: 0,
        };
        let count = self.stages.iter().map(|stage| stage.blocks.len()).sum();
        builder.declare.part(Part::Stem, Some(1));
        let input = Map {
            size: [self.size.height, self.size.width],
            channels: self.size.channels,
        };
        let stem = builder.stack(&self.stem, input)?;
        let mut map = stem.output();
        let (mut blocks, mut depths) = (Vec::new(), Vec::new());
        for (number, stage) in self.stages.iter().enumerate() {
            builder.declare.part(Part::Block(number), Some(number + 1));
            for block in &stage.blocks {
                builder.share = Some(rule.share(blocks.len(), count));
                let stack = builder.stack(block, map)?;
                map = stack.output();
                blocks.push(Block::Stack(Box::new(stack)));
            }
            depths.push(Depth {
                name: stage.name.clone(),
                blocks: blocks.len(),
            });
        }
        builder.share = None;
        builder.declare.part(Part::Finish, None);
        if !self.tail.is_empty() {
            let stack = builder.stack(&self.tail, map)?;
            map = stack.output();
            blocks.push(Block::Stack(Box::new(stack)));
        }
        let head = self.head(&mut builder.declare, map.channels);
        Ok(Network {
            stem: Stem::Maps(Box::new(stem)),
            blocks,
            finish: Finish::default(),
            head,
            parameters: builder.declare.finish().into(),
            depths,
            inputs: InputLimits::Images { size: self.size },
            padding: None,
        })
    }

    fn head(&self, declare: &mut Declarations, channels: usize) -> Head {
        let mut width = channels;
        let steps = self.head.iter().map(|step| match step {
            HeadStep::Dropout => Step::Dropout,
            HeadStep::Activation(kind) => Step::Activation(*kind),
            HeadStep::Norm(name, settings) => Step::Norm(NormLayer::declare(declare, name, width, *settings)),
            HeadStep::Convolution(name, outputs) => {
                let linear = Linear::declare_pointwise(declare, name, [width, *outputs]);
                width = *outputs;
                Step::Linear(linear)
            }
            HeadStep::Output(name) => {
                declare.part(Part::Head, None);
                if !self.is_from_file {
                    // PyTorch's bound for new linear layers.
                    let bound = 1.0 / (width as f32).sqrt();
                    declare.starting(Start::Uniform(bound), Start::Zeros);
                }
                Step::Linear(Linear::declare(declare, name, [width, self.outputs], true))
            }
        });
        Head {
            reads: Reads::Mean,
            steps: steps.collect(),
            first_site: 0,
        }
    }
}

impl Builder {
    fn stack(&mut self, layers: &[LayerConfig], input: Map) -> Result<Stack, ConvnetError> {
        let layers = self.layers(layers, input)?.0;
        Ok(Stack { layers, input })
    }

    fn layers(&mut self, layers: &[LayerConfig], input: Map) -> Result<(Vec<Layer>, Map), ConvnetError> {
        let mut map = input;
        let mut built = Vec::with_capacity(layers.len());
        for layer in layers {
            let (layer, output) = self.layer(layer, map)?;
            built.push(layer);
            map = output;
        }
        Ok((built, map))
    }

    fn layer(&mut self, layer: &LayerConfig, map: Map) -> Result<(Layer, Map), ConvnetError> {
        let declare = &mut self.declare;
        let channels = map.channels;
        let same = |layer: Layer| (layer, map);
        Ok(match layer {
            LayerConfig::Convolution(config) => {
                let geometry = Geometry {
                    size: map.size,
                    inputs: channels,
                    outputs: config.outputs,
                    kernel: config.kernel,
                    stride: config.stride,
                    padding: config.padding,
                    groups: config.groups,
                };
                for channels in [channels, config.outputs] {
                    if !channels.is_multiple_of(config.groups) {
                        return Err(ConvnetError::Groups {
                            name: config.name.clone(),
                            channels,
                            groups: config.groups,
                        });
                    }
                }
                let output = Map {
                    size: geometry.output(),
                    channels: config.outputs,
                };
                self.some_left(&config.name, output)?;
                let layer = Convolution::declare(&mut self.declare, &config.name, geometry, config.has_bias);
                (Layer::Convolution(Box::new(layer)), output)
            }
            LayerConfig::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                let geometry = Geometry {
                    size: map.size,
                    inputs: channels,
                    outputs: channels,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    groups: 1,
                };
                let output = Map {
                    size: geometry.output(),
                    channels,
                };
                self.some_left("max pooling", output)?;
                (Layer::MaxPool(MaxPool { geometry }), output)
            }
            LayerConfig::WindowAttention(names) => {
                let layer = WindowAttention::declare(declare, names, map.size, channels);
                same(Layer::WindowAttention(Box::new(layer)))
            }
            LayerConfig::Merge => {
                let merge = Merge {
                    size: map.size,
                    channels,
                };
                let output = Map {
                    size: merge.output(),
                    channels: 4 * channels,
                };
                (Layer::Merge(merge), output)
            }
            LayerConfig::Linear(name, outputs) | LayerConfig::PlainLinear(name, outputs) => {
                let has_bias = matches!(layer, LayerConfig::Linear(..));
                let linear = Linear::declare(declare, name, [channels, *outputs], has_bias);
                let output = Map {
                    channels: *outputs,
                    ..map
                };
                (Layer::Linear(Box::new(linear), *outputs), output)
            }
            LayerConfig::Sum { body, shortcut } => {
                let branch = self.branch();
                let share = self.share.take();
                let (body, output) = self.layers(body, map)?;
                let (shortcut, _) = self.layers(shortcut, map)?;
                self.share = share;
                (Layer::Sum { body, shortcut, branch }, output)
            }
            LayerConfig::BatchNorm(name, settings) => {
                let norm = BatchNorm::declare(declare, name, channels, *settings);
                same(Layer::BatchNorm(Box::new(norm)))
            }
            LayerConfig::Activation(kind) => same(Layer::Activation(*kind)),
            LayerConfig::Gate(names) => {
                let gate = SqueezeExcite::declare(declare, names, channels);
                same(Layer::Gate(Box::new(gate)))
            }
            LayerConfig::LayerNorm(name, settings) => {
                same(Layer::LayerNorm(NormLayer::declare(declare, name, channels, *settings)))
            }
            LayerConfig::Scale(name) => same(Layer::Scale(LayerScale::declare(declare, name, channels))),
            LayerConfig::Response(name) => same(Layer::Response(ResponseNorm::declare(declare, name, channels))),
        })
    }

    /// The branch of the block's sum; sums inside of it have none.
    fn branch(&mut self) -> Option<Branch> {
        let share = self.share?;
        self.branches += 1;
        let site = self.branches;
        Some(Branch { site, share })
    }

    fn some_left(&self, name: &str, output: Map) -> Result<(), ConvnetError> {
        if output.pixels() > 0 {
            return Ok(());
        }
        Err(ConvnetError::TooSmall {
            name: name.to_owned(),
            size: self.size,
        })
    }
}
