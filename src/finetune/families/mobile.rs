//! Blocks of mobile networks: inverted residuals (Sandler et al. 2018, `MobileNetV2`, §3) with gates (Tan and Le 2019).

use crate::{
    kernels::ActivationKind,
    layers::{batch_norm::BatchNormSettings, pixels::Padding, squeeze_excite::GateNames},
    networks::convnet::{ConvolutionConfig, LayerConfig},
};

/// The names of a convolution and of its norm.
pub(super) type Pair = [String; 2];

/// An inverted residual.
pub(super) struct InvertedResidual {
    pub(super) outputs: usize,
    /// The width between expansion and projection.
    pub(super) middle: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    /// The padding of the depthwise convolution.
    pub(super) padding: Padding,
    pub(super) activation: ActivationKind,
    pub(super) expand: Option<Pair>,
    pub(super) depthwise: Pair,
    pub(super) gate: Option<GateNames>,
    pub(super) project: Pair,
    /// The norm after the expansion, and the other norms.
    pub(super) norms: [BatchNormSettings; 2],
    /// True if the input is added to the output.
    pub(super) is_residual: bool,
}

impl InvertedResidual {
    /// Its layers.
    pub(super) fn layers(self) -> Vec<LayerConfig> {
        let mut layers = Vec::new();
        let [first, others] = self.norms;
        if let Some([convolution, norm]) = self.expand {
            layers.push(ConvolutionConfig::new(convolution, self.middle, 1, 1).layer());
            layers.push(LayerConfig::BatchNorm(norm, first));
            layers.push(LayerConfig::Activation(self.activation));
        }
        let [convolution, norm] = self.depthwise;
        let depthwise = ConvolutionConfig::new(convolution, self.middle, self.kernel, self.stride)
            .grouped(self.middle)
            .padded(self.padding);
        layers.push(depthwise.layer());
        layers.push(LayerConfig::BatchNorm(norm, others));
        layers.push(LayerConfig::Activation(self.activation));
        if let Some(gate) = self.gate {
            layers.push(LayerConfig::Gate(gate));
        }
        let [convolution, norm] = self.project;
        layers.push(ConvolutionConfig::new(convolution, self.outputs, 1, 1).layer());
        layers.push(LayerConfig::BatchNorm(norm, others));
        if self.is_residual {
            return vec![LayerConfig::Sum {
                body: layers,
                shortcut: Vec::new(),
            }];
        }
        layers
    }
}

/// A convolution, its norm and an activation.
pub(super) fn activated(
    convolution: ConvolutionConfig,
    norm: &str,
    settings: BatchNormSettings,
    activation: ActivationKind,
) -> Vec<LayerConfig> {
    vec![
        convolution.layer(),
        LayerConfig::BatchNorm(norm.to_owned(), settings),
        LayerConfig::Activation(activation),
    ]
}

/// The nearest multiple of `divisor`, at least `least`, and not below nine tenths of the value.
pub(super) fn divisible(value: f64, divisor: usize, least: usize) -> usize {
    let nearest = ((value + divisor as f64 / 2.0) as usize / divisor * divisor).max(least);
    if (nearest as f64) < 0.9 * value {
        nearest + divisor
    } else {
        nearest
    }
}

/// PyTorch's settings of a batch norm.
pub(super) const NORM: BatchNormSettings = BatchNormSettings {
    epsilon: 1e-5,
    keep: 0.9,
};
