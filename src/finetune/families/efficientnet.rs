//! `EfficientNet` (Tan and Le 2019) in the layout of `transformers`.

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names,
    mobile::{InvertedResidual, activated, divisible},
};
use crate::{
    data::ImageSize,
    kernels::ActivationKind,
    layers::{batch_norm::BatchNormSettings, pixels::Padding, squeeze_excite::GateNames},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, Depths, HeadStep, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["efficientnet"],
    architectures: &[],
    build,
    names: Names {
        prefix: "efficientnet.",
        answering: None,
        head: &[],
        ignored: &["*.num_batches_tracked"],
    },
    class: "EfficientNet",
    recipe: recipes::convnet,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    fields.only("pooling_type", &serde_json::json!("mean"))?;
    let activation = fields.activation_or("hidden_act", "swish")?;
    let (width, depth) = (
        fields.number_or("width_coefficient", 2.0)?,
        fields.number_or("depth_coefficient", 3.1)?.min(64.0),
    );
    let divisor = fields.size_or("depth_divisor", 8)?;
    let scaled = |channels: usize| divisible(channels as f64 * width, divisor, divisor);
    let momentum = fields.number_or("batch_norm_momentum", 0.99)?;
    let epsilon = fields.number_or("batch_norm_eps", 1e-3)?;
    // PyTorch's momentum is the share of the new statistic.
    let norm = BatchNormSettings {
        epsilon,
        keep: 1.0 - momentum,
    };
    let after_expansion = BatchNormSettings { epsilon, keep: 0.9 };
    let inputs = fields.sizes_or("in_channels", &[32, 16, 24, 40, 80, 112, 192])?;
    let of_stages = |key: &str, default: [usize; 7]| fields.sizes_of(key, &default, inputs.len());
    let outputs = of_stages("out_channels", [16, 24, 40, 80, 112, 192, 320])?;
    let kernels = of_stages("kernel_sizes", [3, 3, 5, 3, 5, 5, 3])?;
    let strides = of_stages("strides", [1, 2, 2, 2, 1, 2, 1])?;
    let repeats = of_stages("num_block_repeats", [1, 2, 2, 3, 3, 4, 1])?;
    let expansions = of_stages("expand_ratios", [1, 6, 6, 6, 6, 6, 6])?;
    let exceptions = match fields.get("depthwise_padding").and_then(serde_json::Value::as_array) {
        Some(list) => list.iter().filter_map(serde_json::Value::as_u64).collect(),
        None => Vec::new(),
    };
    let share = fields.number_or("squeeze_expansion_ratio", 0.25)?;
    let stem_width = scaled(32);
    let stem = ConvolutionConfig::new("embeddings.convolution", stem_width, 3, 2).padded(Padding::Fixed([0, 1]));
    let stem = activated(stem, "embeddings.batchnorm", norm, activation);
    let mut stages = Vec::new();
    for stage in 0..inputs.len() {
        let kernel = kernels[stage];
        if kernel % 2 == 0 {
            return Err(ConfigError::Unsupported {
                key: "kernel_sizes".to_owned(),
                value: kernel.to_string(),
                known: "odd sizes".to_owned(),
            });
        }
        let count = ((depth * repeats[stage] as f64).ceil() as usize).min(1024);
        for number in 0..count {
            let index = stages.len();
            let name = format!("encoder.blocks.{index}");
            let channels = scaled(if number == 0 { inputs[stage] } else { outputs[stage] });
            let stride = if number == 0 { strides[stage] } else { 1 };
            let middle = channels * expansions[stage];
            let half = kernel / 2;
            let padding = if stride == 2 && !exceptions.contains(&(index as u64)) {
                Padding::Fixed([half.saturating_sub(1), half])
            } else {
                Padding::half(kernel)
            };
            let block = InvertedResidual {
                outputs: scaled(outputs[stage]),
                middle,
                kernel,
                stride,
                padding,
                activation,
                expand: (expansions[stage] != 1)
                    .then(|| ["expand_conv", "expand_bn"].map(|part| format!("{name}.expansion.{part}"))),
                depthwise: ["depthwise_conv", "depthwise_norm"].map(|part| format!("{name}.depthwise_conv.{part}")),
                gate: Some(GateNames {
                    reduce: format!("{name}.squeeze_excite.reduce"),
                    expand: format!("{name}.squeeze_excite.expand"),
                    width: ((channels as f64 * share) as usize).max(1),
                    activation,
                    gate: ActivationKind::Sigmoid,
                }),
                project: ["project_conv", "project_bn"].map(|part| format!("{name}.projection.{part}")),
                norms: [after_expansion, norm],
                is_residual: stride == 1 && number > 0,
            };
            stages.push(StageConfig {
                blocks: vec![block.layers()],
                name,
            });
        }
    }
    let tail = ConvolutionConfig::new("encoder.top_conv", scaled(1280), 1, 1);
    let [height, side] = fields.sides_or("image_size", 600)?;
    let config = ConvnetConfig {
        size: ImageSize {
            channels: fields.size_or("num_channels", 3)?,
            height,
            width: side,
        },
        stem,
        stages,
        tail: activated(tail, "encoder.top_bn", norm, activation),
        head: vec![HeadStep::Dropout, HeadStep::Output("classifier".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build_with(Depths::Before)?)
}
