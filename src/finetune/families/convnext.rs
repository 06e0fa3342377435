//! `ConvNeXt` (Liu et al. 2022) in the layout of `transformers`.

use super::{ConfigError, Family, Fields, HeadRequest, HeadSource, Names};
use crate::{
    data::ImageSize,
    layers::{norm::NormSettings, pixels::Padding},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, LayerConfig, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["convnext"],
    architectures: &[],
    build,
    names: Names {
        prefix: "convnext.",
        answering: None,
        head: &[],
        ignored: &[],
    },
    class: "ConvNext",
    recipe: recipes::convnext,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let has_scale = fields.number_or("layer_scale_init_value", 1e-6)? > 0.0;
    network(fields, head, has_scale)
}

/// The epsilon of all norms but the last.
pub(super) const EPSILON: f64 = 1e-6;

/// The network of the keys that both versions share. Without a factor for every column there is a response norm.
pub(super) fn network(fields: &Fields<'_>, head: HeadRequest, has_scale: bool) -> Result<Network, ConfigError> {
    let activation = fields.activation_or("hidden_act", "gelu")?;
    let is_second = fields.text_or("model_type", "")? == "convnextv2";
    let widths = fields.sizes_or("hidden_sizes", &[96, 192, 384, 768])?;
    let depths = fields.sizes_of("depths", &[3, 3, 9, 3], widths.len())?;
    let patch = fields.square_or("patch_size", 4)?;
    let norm = NormSettings::layer(EPSILON);
    let stem = ConvolutionConfig::new("embeddings.patch_embeddings", widths[0], patch, patch);
    let stem = vec![
        stem.padded(Padding::NONE).biased().layer(),
        LayerConfig::LayerNorm("embeddings.layernorm".to_owned(), norm),
    ];
    let mut inputs = widths[0];
    let mut stages = Vec::new();
    for (stage, (&width, &depth)) in widths.iter().zip(&depths).enumerate() {
        let stage_name = format!("encoder.stages.{stage}");
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("{stage_name}.layers.{number}");
            let depthwise = ConvolutionConfig::new(format!("{name}.dwconv"), width, 7, 1).grouped(width);
            let mut body = vec![
                depthwise.biased().layer(),
                LayerConfig::LayerNorm(format!("{name}.layernorm"), norm),
                LayerConfig::Linear(format!("{name}.pwconv1"), 4 * width),
                LayerConfig::Activation(activation),
            ];
            if is_second {
                body.push(LayerConfig::Response(format!("{name}.grn")));
            }
            body.push(LayerConfig::Linear(format!("{name}.pwconv2"), width));
            if has_scale {
                body.push(LayerConfig::Scale(format!("{name}.layer_scale_parameter")));
            }
            let mut layers = Vec::new();
            if number == 0 && (stage > 0 || inputs != width) {
                let name = format!("{stage_name}.downsampling_layer");
                let [kernel, stride] = [2, if stage > 0 { 2 } else { 1 }];
                let convolution = ConvolutionConfig::new(format!("{name}.1"), width, kernel, stride);
                layers.push(LayerConfig::LayerNorm(format!("{name}.0"), norm));
                layers.push(convolution.padded(Padding::NONE).biased().layer());
            }
            layers.push(LayerConfig::Sum {
                body,
                shortcut: Vec::new(),
            });
            blocks.push(layers);
            inputs = width;
        }
        stages.push(StageConfig {
            name: stage_name,
            blocks,
        });
    }
    let last = NormSettings::layer(fields.number_or("layer_norm_eps", 1e-12)?);
    let [height, width] = fields.sides_or("image_size", 224)?;
    let config = ConvnetConfig {
        size: ImageSize {
            channels: fields.size_or("num_channels", 3)?,
            height,
            width,
        },
        stem,
        stages,
        tail: Vec::new(),
        head: vec![
            HeadStep::Norm("layernorm".to_owned(), last),
            HeadStep::Dropout,
            HeadStep::Output("classifier".to_owned()),
        ],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build()?)
}
