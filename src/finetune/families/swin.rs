//! `Swin` (Liu et al. 2021) in the layout of `transformers`.

use super::{ConfigError, Family, Fields, HeadRequest, HeadSource, Names, check_widths};
use crate::{
    data::ImageSize,
    layers::{norm::NormSettings, pixels::Padding, window_attention::WindowNames},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, LayerConfig, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["swin"],
    architectures: &[],
    build,
    names: Names {
        prefix: "swin.",
        answering: None,
        head: &[],
        ignored: &["embeddings.mask_token", "*.relative_position_index"],
    },
    class: "Swin",
    recipe: recipes::vision_transformer,
};

/// The epsilon of the norms that the configuration does not speak of: PyTorch's default.
const EPSILON: f64 = 1e-5;

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    fields.only("use_absolute_embeddings", &false.into())?;
    let activation = fields.activation_or("hidden_act", "gelu")?;
    let depths = fields.sizes_or("depths", &[2, 2, 6, 2])?;
    let heads = fields.sizes_of("num_heads", &[3, 6, 12, 24], depths.len())?;
    let window = fields.size_or("window_size", 7)?;
    let patch = fields.square_or("patch_size", 4)?;
    let ratio = fields.number_or("mlp_ratio", 4.0)?;
    let has_bias = fields.flag_or("qkv_bias", true)?;
    let norm = NormSettings::layer(fields.number_or("layer_norm_eps", 1e-5)?);
    let plain_norm = NormSettings::layer(EPSILON);
    let mut width = fields.size_or("embed_dim", 96)?;
    let stem = ConvolutionConfig::new("embeddings.patch_embeddings.projection", width, patch, patch);
    let stem = vec![
        // Zeros fill the last patches.
        stem.padded(Padding::Fixed([0, patch - 1])).biased().layer(),
        LayerConfig::LayerNorm("embeddings.norm".to_owned(), plain_norm),
    ];
    let mut stages = Vec::new();
    for (stage, (&depth, &heads)) in depths.iter().zip(&heads).enumerate() {
        check_widths("embed_dim", width, heads)?;
        let stage_name = format!("encoder.layers.{stage}");
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("{stage_name}.blocks.{number}");
            let attention = WindowNames {
                linears: ["self.query", "self.key", "self.value", "output.dense"]
                    .map(|part| format!("{name}.attention.{part}")),
                table: format!("{name}.attention.self.relative_position_bias_table"),
                has_bias,
                heads,
                window,
                shift: if number % 2 == 0 { 0 } else { window / 2 },
            };
            let inner = (ratio * width as f64) as usize;
            let sum = |body: Vec<LayerConfig>| LayerConfig::Sum {
                body,
                shortcut: Vec::new(),
            };
            let mut layers = vec![
                sum(vec![
                    LayerConfig::LayerNorm(format!("{name}.layernorm_before"), norm),
                    LayerConfig::WindowAttention(attention),
                ]),
                sum(vec![
                    LayerConfig::LayerNorm(format!("{name}.layernorm_after"), norm),
                    LayerConfig::Linear(format!("{name}.intermediate.dense"), inner),
                    LayerConfig::Activation(activation),
                    LayerConfig::Linear(format!("{name}.output.dense"), width),
                ]),
            ];
            if number + 1 == depth && stage + 1 < depths.len() {
                layers.extend([
                    LayerConfig::Merge,
                    LayerConfig::LayerNorm(format!("{stage_name}.downsample.norm"), plain_norm),
                    LayerConfig::PlainLinear(format!("{stage_name}.downsample.reduction"), 2 * width),
                ]);
            }
            blocks.push(layers);
        }
        stages.push(StageConfig {
            name: stage_name,
            blocks,
        });
        width *= 2;
    }
    let [height, image_width] = fields.sides_or("image_size", 224)?;
    let config = ConvnetConfig {
        size: ImageSize {
            channels: fields.size_or("num_channels", 3)?,
            height,
            width: image_width,
        },
        stem,
        stages,
        tail: vec![LayerConfig::LayerNorm("layernorm".to_owned(), norm)],
        head: vec![HeadStep::Dropout, HeadStep::Output("classifier".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build()?)
}
