//! The small residual network of the quickstart, from a description.

use super::{Depth, Finish, Head, InputLimits, Network, Reads, Stem, Step};
use crate::{
    blocks::{
        Block,
        residual::{ConvolutionStem, ResidualBlock},
    },
    data::ImageSize,
    layers::{
        batch_norm::{BatchNorm, BatchNormSettings},
        conv2d::Convolution,
        linear::Linear,
        pixels::{Geometry, Padding},
    },
    parameters::{Declarations, Part, Start},
};

/// A residual network.
pub(crate) struct SmallResnet {
    /// The input's side and channels.
    pub(crate) side: usize,
    pub(crate) channels: usize,
    /// The stem's name and channels.
    pub(crate) stem: (&'static str, usize),
    /// The name, channels and stride of every block.
    pub(crate) blocks: &'static [(&'static str, usize, usize)],
    pub(crate) norm: BatchNormSettings,
    pub(crate) head: &'static str,
    pub(crate) classes: usize,
    /// True if the file provides the head's values; false if they are initialized for each trial.
    pub(crate) head_from_file: bool,
}

impl SmallResnet {
    /// The network with these parts.
    pub(crate) fn build(&self) -> Network {
        let mut declare = Declarations::default();
        declare.part(Part::Stem, Some(1));
        let (stem_name, stem_channels) = self.stem;
        let geometry = Geometry {
            size: [self.side; 2],
            inputs: self.channels,
            outputs: stem_channels,
            kernel: 3,
            stride: 1,
            padding: Padding::Same,
            groups: 1,
        };
        let stem = ConvolutionStem {
            convolution: Convolution::declare(&mut declare, &format!("{stem_name}.conv"), geometry, true),
            norm: BatchNorm::declare(&mut declare, &format!("{stem_name}.bn"), stem_channels, self.norm),
        };
        let mut depths = vec![Depth {
            name: stem_name.to_owned(),
            blocks: 0,
        }];
        let (mut side, mut inputs) = (self.side, stem_channels);
        let mut blocks = Vec::new();
        for &(name, outputs, stride) in self.blocks {
            depths.push(Depth {
                name: name.to_owned(),
                blocks: blocks.len() + 1,
            });
            declare.part(Part::Block(blocks.len()), Some(depths.len()));
            blocks.push(Block::Residual(Box::new(self.block(
                &mut declare,
                name,
                [side, inputs, outputs, stride],
            ))));
            (side, inputs) = (side / stride, outputs);
        }
        declare.part(Part::Head, None);
        if !self.head_from_file {
            // Glorot's bound, with which Keras initializes dense layers (Glorot and Bengio 2010).
            let bound = (6.0 / (inputs + self.classes) as f32).sqrt();
            declare.starting(Start::Uniform(bound), Start::Zeros);
        }
        let classifier = Linear::declare(&mut declare, self.head, [inputs, self.classes], true);
        Network {
            stem: Stem::Pixels(Box::new(stem)),
            blocks,
            finish: Finish::default(),
            head: Head {
                reads: Reads::Mean,
                steps: vec![Step::Dropout, Step::Linear(classifier)],
                first_site: 0,
            },
            parameters: declare.finish().into(),
            depths,
            inputs: InputLimits::Images {
                size: ImageSize {
                    channels: self.channels,
                    height: self.side,
                    width: self.side,
                },
            },
            padding: None,
        }
    }

    fn block(
        &self,
        declare: &mut Declarations,
        name: &str,
        [side, inputs, outputs, stride]: [usize; 4],
    ) -> ResidualBlock {
        let geometry = Geometry {
            size: [side; 2],
            inputs,
            outputs,
            kernel: 3,
            stride,
            padding: Padding::Same,
            groups: 1,
        };
        let mut layer = |number: usize, geometry: Geometry| {
            (
                Convolution::declare(declare, &format!("{name}.conv{number}"), geometry, true),
                BatchNorm::declare(declare, &format!("{name}.bn{number}"), outputs, self.norm),
            )
        };
        let first = layer(1, geometry);
        let after = Geometry {
            size: [side / stride; 2],
            inputs: outputs,
            stride: 1,
            ..geometry
        };
        let second = layer(2, after);
        let shortcut = (stride > 1).then(|| {
            let geometry = Geometry { kernel: 1, ..geometry };
            Convolution::declare(declare, &format!("{name}.down"), geometry, true)
        });
        ResidualBlock {
            first,
            second,
            shortcut,
        }
    }
}
