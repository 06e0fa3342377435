//! `ConvNeXt` (Liu et al. 2022) in timm's layout. Small ones hold their linear layers as convolutions.

use super::{ConfigError, Family, Fields, HeadRequest, HeadSource, Names, convnext::EPSILON, timm};
use crate::{
    kernels::ActivationKind,
    layers::{norm::NormSettings, pixels::Padding},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, LayerConfig, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[],
    architectures: &["timm/convnext_"],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &["head.fc."],
        ignored: &[],
    },
    class: "",
    recipe: recipes::convnext,
};

/// Depths, the width of the first stage, and whether linear layers are convolutions.
const SIZES: [(&str, [usize; 4], usize, bool); 9] = [
    ("convnext_atto", [2, 2, 6, 2], 40, true),
    ("convnext_femto", [2, 2, 6, 2], 48, true),
    ("convnext_pico", [2, 2, 6, 2], 64, true),
    ("convnext_nano", [2, 2, 8, 2], 80, true),
    ("convnext_tiny", [3, 3, 9, 3], 96, false),
    ("convnext_small", [3, 3, 27, 3], 96, false),
    ("convnext_base", [3, 3, 27, 3], 128, false),
    ("convnext_large", [3, 3, 27, 3], 192, false),
    ("convnext_xlarge", [3, 3, 27, 3], 256, false),
];

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let name = timm::name(fields)?;
    let Some((_, depths, first, is_convolved)) = SIZES.iter().find(|(known, ..)| *known == name) else {
        return Err(timm::unsupported(
            name,
            &timm::listed(SIZES.iter().map(|(known, ..)| *known)),
        ));
    };
    let arguments = timm::arguments(fields, &["depths", "dims", "conv_mlp", "in_chans"])?;
    let widths = arguments.sizes_of("dims", &[1, 2, 4, 8].map(|factor| factor * first), 4)?;
    let depths = arguments.sizes_of("depths", depths, 4)?;
    let is_convolved = arguments.flag_or("conv_mlp", *is_convolved)?;
    let norm = NormSettings::layer(EPSILON);
    let linear = |name: String, width: usize| {
        if is_convolved {
            ConvolutionConfig::new(name, width, 1, 1).biased().layer()
        } else {
            LayerConfig::Linear(name, width)
        }
    };
    let stem = ConvolutionConfig::new("stem.0", widths[0], 4, 4).padded(Padding::NONE);
    let stem = vec![stem.biased().layer(), LayerConfig::LayerNorm("stem.1".to_owned(), norm)];
    let mut stages = Vec::new();
    for (stage, (&width, &depth)) in widths.iter().zip(&depths).enumerate() {
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("stages.{stage}.blocks.{number}");
            let depthwise = ConvolutionConfig::new(format!("{name}.conv_dw"), width, 7, 1).grouped(width);
            let body = vec![
                depthwise.biased().layer(),
                LayerConfig::LayerNorm(format!("{name}.norm"), norm),
                linear(format!("{name}.mlp.fc1"), 4 * width),
                LayerConfig::Activation(ActivationKind::Gelu),
                linear(format!("{name}.mlp.fc2"), width),
                LayerConfig::Scale(format!("{name}.gamma")),
            ];
            let mut layers = Vec::new();
            if number == 0 && stage > 0 {
                let name = format!("stages.{stage}.downsample");
                let convolution = ConvolutionConfig::new(format!("{name}.1"), width, 2, 2);
                layers.push(LayerConfig::LayerNorm(format!("{name}.0"), norm));
                layers.push(convolution.padded(Padding::NONE).biased().layer());
            }
            layers.push(LayerConfig::Sum {
                body,
                shortcut: Vec::new(),
            });
            blocks.push(layers);
        }
        stages.push(StageConfig {
            name: format!("stages.{stage}"),
            blocks,
        });
    }
    let config = ConvnetConfig {
        size: timm::image_size(fields, &arguments, 224)?,
        stem,
        stages,
        tail: Vec::new(),
        head: vec![
            HeadStep::Norm("head.norm".to_owned(), norm),
            HeadStep::Dropout,
            HeadStep::Output("head.fc".to_owned()),
        ],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build()?)
}
