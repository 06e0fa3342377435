//! Residual blocks of convolutions (He et al. 2016, §3), with gates and groups where a family has them.

use super::mobile::NORM;
use crate::{
    kernels::ActivationKind,
    layers::{pixels::Padding, squeeze_excite::GateNames},
    networks::convnet::{ConvolutionConfig, LayerConfig},
};

/// A residual block: every convolution with the name of its norm.
pub(super) struct Residual {
    pub(super) convolutions: Vec<(ConvolutionConfig, String)>,
    /// The gate before the last convolution.
    pub(super) gate: Option<GateNames>,
    /// `None` if the shortcut passes the input on.
    pub(super) shortcut: Option<(ConvolutionConfig, String)>,
    pub(super) activation: ActivationKind,
}

impl Residual {
    /// Its layers.
    pub(super) fn layers(self) -> Vec<LayerConfig> {
        let last = self.convolutions.len() - 1;
        let mut gate = self.gate;
        let mut body = Vec::new();
        for (number, (convolution, norm)) in self.convolutions.into_iter().enumerate() {
            if number == last {
                body.extend(gate.take().map(LayerConfig::Gate));
            }
            body.push(convolution.layer());
            body.push(LayerConfig::BatchNorm(norm, NORM));
            if number < last {
                body.push(LayerConfig::Activation(self.activation));
            }
        }
        let shortcut = self.shortcut.into_iter();
        let shortcut = shortcut.flat_map(|(convolution, norm)| {
            let convolution = convolution.padded(Padding::NONE);
            [convolution.layer(), LayerConfig::BatchNorm(norm, NORM)]
        });
        vec![
            LayerConfig::Sum {
                body,
                shortcut: shortcut.collect(),
            },
            LayerConfig::Activation(self.activation),
        ]
    }
}

/// The pooling after the stem.
pub(super) fn maximum() -> LayerConfig {
    LayerConfig::MaxPool {
        kernel: 3,
        stride: 2,
        padding: Padding::half(3),
    }
}
