//! `MobileNetV2` (Sandler et al. 2018) in the layout of `transformers`.

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names,
    mobile::{InvertedResidual, Pair, activated, divisible},
};
use crate::{
    data::ImageSize,
    layers::{batch_norm::BatchNormSettings, pixels::Padding},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, Depths, HeadStep, LayerConfig, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["mobilenet_v2"],
    architectures: &[],
    build,
    names: Names {
        prefix: "mobilenet_v2.",
        answering: None,
        head: &[],
        ignored: &["*.num_batches_tracked"],
    },
    class: "MobileNetV2",
    recipe: recipes::convnet,
};

/// The channels between the blocks, and the strides of the blocks.
const CHANNELS: [usize; 17] = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
const STRIDES: [usize; 16] = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    fields.only("output_stride", &serde_json::json!(32))?;
    let factor = fields.number_or("depth_multiplier", 1.0)?;
    let divisor = fields.size_or("depth_divisible_by", 8)?;
    let least = fields.size_or("min_depth", 8)?;
    let ratio = fields.number_or("expand_ratio", 6.0)?;
    let activation = fields.activation_or("hidden_act", "relu6")?;
    let is_same = fields.flag_or("tf_padding", true)?;
    let padding = |kernel: usize| match (kernel, is_same) {
        (1, _) => Padding::NONE,
        (_, true) => Padding::Same,
        (_, false) => Padding::half(kernel),
    };
    let norm = BatchNormSettings {
        epsilon: fields.number_or("layer_norm_eps", 1e-3)?,
        // The library gives TensorFlow's share to PyTorch, where it means the opposite.
        keep: 1.0 - 0.997,
    };
    let width = |channels: f64| divisible(channels.round_ties_even(), divisor, least);
    let scaled = |channels: usize| width(channels as f64 * factor);
    let pair = |name: String| -> Pair { [format!("{name}.convolution"), format!("{name}.normalization")] };
    let sides = fields.sides_or("image_size", 224)?;
    let size = ImageSize {
        channels: fields.size_or("num_channels", 3)?,
        height: sides[0],
        width: sides[1],
    };
    let [first, first_norm] = pair("conv_stem.first_conv".to_owned());
    let stem_width = scaled(32);
    let mut stem = activated(
        ConvolutionConfig::new(first, stem_width, 3, 2).padded(padding(3)),
        &first_norm,
        norm,
        activation,
    );
    let channels = CHANNELS.map(scaled);
    let is_expanding = fields.flag_or("first_layer_is_expansion", true)?;
    let inner = |name: &str, middle: usize, outputs: usize, stride: usize, expand: Option<Pair>| InvertedResidual {
        outputs,
        middle,
        kernel: 3,
        stride,
        padding: padding(3),
        activation,
        expand,
        depthwise: pair(format!("{name}.conv_3x3")),
        gate: None,
        project: pair(format!("{name}.reduce_1x1")),
        norms: [norm; 2],
        is_residual: false,
    };
    // The library's stem has the first block without its expansion, or with one of the same width.
    let expand = (!is_expanding).then(|| pair("conv_stem.expand_1x1".to_owned()));
    stem.extend(inner("conv_stem", stem_width, channels[0], 1, expand).layers());
    let stages = (0..STRIDES.len()).map(|number| {
        let name = format!("layer.{number}");
        let (inputs, outputs) = (channels[number], channels[number + 1]);
        let expand = Some(pair(format!("{name}.expand_1x1")));
        let block = inner(&name, width(inputs as f64 * ratio), outputs, STRIDES[number], expand);
        let block = InvertedResidual {
            is_residual: STRIDES[number] == 1 && inputs == outputs,
            ..block
        };
        StageConfig {
            blocks: vec![block.layers()],
            name,
        }
    });
    let features = if fields.flag_or("finegrained_output", true)? && factor < 1.0 {
        1280
    } else {
        scaled(1280)
    };
    let [tail, tail_norm] = pair("conv_1x1".to_owned());
    let tail: Vec<LayerConfig> = activated(
        ConvolutionConfig::new(tail, features, 1, 1),
        &tail_norm,
        norm,
        activation,
    );
    let config = ConvnetConfig {
        size,
        stem,
        stages: stages.collect(),
        tail,
        head: vec![HeadStep::Dropout, HeadStep::Output("classifier".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build_with(Depths::Before)?)
}
