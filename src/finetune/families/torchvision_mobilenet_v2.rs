//! `MobileNetV2` (Sandler et al. 2018) in torchvision's layout.

use serde_json::Value;

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names,
    mobile::{InvertedResidual, NORM, activated, divisible},
    timm,
};
use crate::{
    kernels::ActivationKind,
    layers::pixels::Padding,
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, Depths, HeadStep, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[],
    architectures: &["torchvision/mobilenet_v2"],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &[],
        ignored: &["*.num_batches_tracked"],
    },
    class: "",
    recipe: recipes::convnet,
};

/// Expansion, channels, blocks and stride of every stage.
const STAGES: [[usize; 4]; 7] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    const ACTIVATION: ActivationKind = ActivationKind::Relu6;
    let factor = fields.number_or("width_mult", 1.0)?;
    let scaled = |channels: usize| divisible(channels as f64 * factor, 8, 8);
    let mut inputs = scaled(32);
    let stem = activated(
        ConvolutionConfig::new("features.0.0", inputs, 3, 2),
        "features.0.1",
        NORM,
        ACTIVATION,
    );
    let settings = stages(fields)?.unwrap_or_else(|| STAGES.to_vec());
    let mut stages = Vec::new();
    for [expansion, channels, blocks, stride] in settings {
        let outputs = scaled(channels);
        for number in 0..blocks {
            let name = format!("features.{}", stages.len() + 1);
            let stride = if number == 0 { stride } else { 1 };
            let pair = |first: usize| [format!("{name}.conv.{first}"), format!("{name}.conv.{}", first + 1)];
            let inner = |index: usize| [format!("{name}.conv.{index}.0"), format!("{name}.conv.{index}.1")];
            let is_expanding = expansion != 1;
            let block = InvertedResidual {
                outputs,
                middle: inputs * expansion,
                kernel: 3,
                stride,
                padding: Padding::half(3),
                activation: ACTIVATION,
                expand: is_expanding.then(|| inner(0)),
                depthwise: inner(usize::from(is_expanding)),
                gate: None,
                project: pair(1 + usize::from(is_expanding)),
                norms: [NORM; 2],
                is_residual: stride == 1 && inputs == outputs,
            };
            stages.push(StageConfig {
                blocks: vec![block.layers()],
                name,
            });
            inputs = outputs;
        }
    }
    let last = fields.size_or("last_channel", divisible(1280.0 * factor.max(1.0), 8, 8))?;
    let tail = stages.len() + 1;
    let tail = activated(
        ConvolutionConfig::new(format!("features.{tail}.0"), last, 1, 1),
        &format!("features.{tail}.1"),
        NORM,
        ACTIVATION,
    );
    let config = ConvnetConfig {
        size: timm::image_size(fields, &Fields::EMPTY, 224)?,
        stem,
        stages,
        tail,
        head: vec![HeadStep::Dropout, HeadStep::Output("classifier.1".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build_with(Depths::Before)?)
}

/// The rows of `inverted_residual_setting`, if the configuration has it.
fn stages(fields: &Fields<'_>) -> Result<Option<Vec<[usize; 4]>>, ConfigError> {
    const KEY: &str = "inverted_residual_setting";
    let Some(value) = fields.get(KEY) else {
        return Ok(None);
    };
    let number = |value: &Value| value.as_u64().filter(|number| (1..=1 << 16).contains(number));
    let row = |row: &Value| -> Option<[usize; 4]> {
        let numbers: Option<Vec<usize>> = row
            .as_array()?
            .iter()
            .map(|value| number(value).map(|number| number as usize))
            .collect();
        numbers?.try_into().ok()
    };
    let rows: Option<Vec<[usize; 4]>> = value.as_array().and_then(|rows| rows.iter().map(row).collect());
    match rows {
        Some(rows) if rows.iter().map(|row| row[2]).sum::<usize>() <= 1024 => Ok(Some(rows)),
        Some(_) | None => Err(ConfigError::Value {
            key: KEY.to_owned(),
            value: value.to_string(),
            expected: "rows of four whole numbers: expansion, channels, blocks and stride".to_owned(),
        }),
    }
}
