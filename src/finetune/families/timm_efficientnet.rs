//! `EfficientNet` (Tan and Le 2019) with its lite forms, `MobileNetV2` and `MobileNetV3` (Howard et al. 2019) in timm's
//! layout, and `EfficientNet` in that of `efficientnet_pytorch`.

use serde_json::Value;

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names,
    block_strings::{self, Kind, Unit},
    mobile::{InvertedResidual, NORM, Pair, activated, divisible},
    timm,
};
use crate::{
    kernels::ActivationKind,
    layers::{batch_norm::BatchNormSettings, pixels::Padding, squeeze_excite::GateNames},
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, Depths, HeadStep, LayerConfig, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[],
    architectures: &[
        "timm/efficientnet_",
        "timm/tf_efficientnet_",
        "timm/mobilenetv2_",
        "timm/mobilenetv3_",
        "timm/tf_mobilenetv3_",
        "efficientnet_pytorch/efficientnet",
        "efficientnet_lite_pytorch/efficientnet",
    ],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &["_fc."],
        ignored: &["*.num_batches_tracked"],
    },
    class: "",
    recipe: recipes::convnet,
};

const EFFICIENT: &[&[&str]] = &[
    &["ds_r1_k3_s1_e1_c16_se0.25"],
    &["ir_r2_k3_s2_e6_c24_se0.25"],
    &["ir_r2_k5_s2_e6_c40_se0.25"],
    &["ir_r3_k3_s2_e6_c80_se0.25"],
    &["ir_r3_k5_s1_e6_c112_se0.25"],
    &["ir_r4_k5_s2_e6_c192_se0.25"],
    &["ir_r1_k3_s1_e6_c320_se0.25"],
];

const LITE: &[&[&str]] = &[
    &["ds_r1_k3_s1_e1_c16"],
    &["ir_r2_k3_s2_e6_c24"],
    &["ir_r2_k5_s2_e6_c40"],
    &["ir_r3_k3_s2_e6_c80"],
    &["ir_r3_k5_s1_e6_c112"],
    &["ir_r4_k5_s2_e6_c192"],
    &["ir_r1_k3_s1_e6_c320"],
];

const MOBILE_V2: &[&[&str]] = &[
    &["ds_r1_k3_s1_c16"],
    &["ir_r2_k3_s2_e6_c24"],
    &["ir_r3_k3_s2_e6_c32"],
    &["ir_r4_k3_s2_e6_c64"],
    &["ir_r3_k3_s1_e6_c96"],
    &["ir_r3_k3_s2_e6_c160"],
    &["ir_r1_k3_s1_e6_c320"],
];

const MOBILE_V3_SMALL: &[&[&str]] = &[
    &["ds_r1_k3_s2_e1_c16_se0.25_nre"],
    &["ir_r1_k3_s2_e4.5_c24_nre", "ir_r1_k3_s1_e3.67_c24_nre"],
    &["ir_r1_k5_s2_e4_c40_se0.25", "ir_r2_k5_s1_e6_c40_se0.25"],
    &["ir_r2_k5_s1_e3_c48_se0.25"],
    &["ir_r3_k5_s2_e6_c96_se0.25"],
    &["cn_r1_k1_s1_c576"],
];

const MOBILE_V3_LARGE: &[&[&str]] = &[
    &["ds_r1_k3_s1_e1_c16_nre"],
    &["ir_r1_k3_s2_e4_c24_nre", "ir_r1_k3_s1_e3_c24_nre"],
    &["ir_r3_k5_s2_e3_c40_se0.25_nre"],
    &["ir_r1_k3_s2_e6_c80", "ir_r1_k3_s1_e2.5_c80", "ir_r2_k3_s1_e2.3_c80"],
    &["ir_r2_k3_s1_e6_c112_se0.25"],
    &["ir_r3_k5_s2_e6_c160_se0.25"],
    &["cn_r1_k1_s1_c960"],
];

/// Sizes of the sizes B0 to B7 and of the lite ones 0 to 4: the factors on channels and on depth.
const B: [[f64; 2]; 8] = [
    [1.0, 1.0],
    [1.0, 1.1],
    [1.1, 1.2],
    [1.2, 1.4],
    [1.4, 1.8],
    [1.6, 2.2],
    [1.8, 2.6],
    [2.0, 3.1],
];

/// The layout of the tensors' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Timm,
    /// `efficientnet_pytorch`: blocks are numbered through, and names begin with an underscore.
    Underscored,
}

/// A network of this kind.
struct Variant {
    blocks: &'static [&'static [&'static str]],
    channels: f64,
    depth: f64,
    /// The width before the classifier.
    features: usize,
    stem: usize,
    /// True if factors do not change the stem, the depth of the first and the last stage.
    fixes_ends: bool,
    activation: ActivationKind,
    /// True for `MobileNetV3`: hard gates of the expanded width, and the last convolution after the mean.
    is_third: bool,
}

impl Variant {
    fn of(name: &str) -> Option<Self> {
        let name = name.strip_prefix("tf_").unwrap_or(name).replace('-', "_");
        if let Some(size) = name.strip_prefix("efficientnet_lite") {
            let [channels, depth] = *B.get(size.parse::<usize>().ok().filter(|size| *size < 5)?)?;
            return Some(Self {
                blocks: LITE,
                channels,
                depth,
                features: 1280,
                stem: 32,
                fixes_ends: true,
                activation: ActivationKind::Relu6,
                is_third: false,
            });
        }
        if let Some(size) = name.strip_prefix("efficientnet_b") {
            let [channels, depth] = *B.get(size.parse::<usize>().ok()?)?;
            return Some(Self {
                blocks: EFFICIENT,
                channels,
                depth,
                features: divisible(1280.0 * channels, 8, 8),
                stem: divisible(32.0 * channels, 8, 8),
                fixes_ends: false,
                activation: ActivationKind::Silu,
                is_third: false,
            });
        }
        if let Some(size) = name.strip_prefix("mobilenetv2_") {
            let (channels, depth, fixes_ends) = match size {
                "110d" => (1.1, 1.2, true),
                "120d" => (1.2, 1.4, true),
                percent => (percent.parse::<u16>().ok().map(f64::from)? / 100.0, 1.0, false),
            };
            return Some(Self {
                blocks: MOBILE_V2,
                channels,
                depth,
                features: if fixes_ends {
                    1280
                } else {
                    divisible(1280.0 * channels, 8, 8).max(1280)
                },
                stem: if fixes_ends {
                    32
                } else {
                    divisible(32.0 * channels, 8, 8)
                },
                fixes_ends,
                activation: ActivationKind::Relu6,
                is_third: false,
            });
        }
        let (is_small, percent) = match name.strip_prefix("mobilenetv3_small_") {
            Some(percent) => (true, percent),
            None => (false, name.strip_prefix("mobilenetv3_large_")?),
        };
        let channels = percent.parse::<u16>().ok().map(f64::from)? / 100.0;
        Some(Self {
            blocks: if is_small { MOBILE_V3_SMALL } else { MOBILE_V3_LARGE },
            channels,
            depth: 1.0,
            features: if is_small { 1024 } else { 1280 },
            stem: if channels < 0.75 {
                16
            } else {
                divisible(16.0 * channels, 8, 8)
            },
            fixes_ends: false,
            activation: ActivationKind::HardSwish,
            is_third: true,
        })
    }

    /// The blocks of all stages.
    fn stages(&self) -> Result<Vec<Vec<Unit>>, ConfigError> {
        let last = self.blocks.len() - 1;
        let stages = self.blocks.iter().enumerate().map(|(number, strings)| {
            let is_end = number == 0 || number == last;
            let depth = if self.fixes_ends && is_end { 1.0 } else { self.depth };
            let units = block_strings::stage(strings, depth)?.into_iter();
            Ok(units
                .map(|unit| Unit {
                    channels: divisible(unit.channels as f64 * self.channels, 8, 8),
                    ..unit
                })
                .collect())
        });
        stages.collect()
    }
}

/// The settings that all blocks share.
struct Settings {
    layout: Layout,
    activation: ActivationKind,
    norm: BatchNormSettings,
    is_same: bool,
    is_third: bool,
    /// Widths of hard gates are multiples of this.
    gate_divisor: usize,
}

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let name = timm::name(fields)?;
    let variant = Variant::of(name).ok_or_else(|| {
        let known = "`efficientnet_b0` to `efficientnet_b7`, `tf_efficientnet_lite0` to `4`, `mobilenetv2_` and \
                     `mobilenetv3_small_` or `large_` with a percentage";
        timm::unsupported(name, known)
    })?;
    let layout = match fields.text_or("library", fields.text_or("source", "timm")?)? {
        "timm" => Layout::Timm,
        _ => Layout::Underscored,
    };
    let arguments = timm::arguments(fields, &["stem_size", "num_features", "block_args", "in_chans"])?;
    let is_tensorflow = name.starts_with("tf_") || layout == Layout::Underscored;
    let settings = Settings {
        layout,
        activation: variant.activation,
        norm: BatchNormSettings {
            epsilon: if is_tensorflow { 1e-3 } else { NORM.epsilon },
            keep: if layout == Layout::Underscored { 0.99 } else { NORM.keep },
        },
        is_same: is_tensorflow,
        is_third: variant.is_third,
        // Blocks that a configuration gives itself are narrow.
        gate_divisor: if arguments.get("block_args").is_some() { 4 } else { 8 },
    };
    let units = match arguments.get("block_args") {
        Some(given) => given_stages(given)?,
        None => variant.stages()?,
    };
    let stem_width = arguments.size_or("stem_size", variant.stem)?;
    let features = arguments.size_or("num_features", variant.features)?;
    let [stem, stem_norm, conv_head, head_norm, classifier] = match layout {
        Layout::Timm => ["conv_stem", "bn1", "conv_head", "bn2", "classifier"],
        Layout::Underscored => ["_conv_stem", "_bn0", "_conv_head", "_bn1", "_fc"],
    };
    let stem = ConvolutionConfig::new(stem, stem_width, 3, 2).padded(settings.padding(3));
    let stem = activated(stem, stem_norm, settings.norm, settings.activation);
    let stages = settings.stages(&units, stem_width);
    let output = HeadStep::Output(classifier.to_owned());
    let (tail, steps) = if variant.is_third {
        let steps = vec![
            HeadStep::Convolution(conv_head.to_owned(), features),
            HeadStep::Activation(settings.activation),
            HeadStep::Dropout,
            output,
        ];
        (Vec::new(), steps)
    } else {
        let last = ConvolutionConfig::new(conv_head, features, 1, 1);
        let tail = activated(last, head_norm, settings.norm, settings.activation);
        (tail, vec![HeadStep::Dropout, output])
    };
    let config = ConvnetConfig {
        size: timm::image_size(fields, &arguments, 224)?,
        stem,
        stages,
        tail,
        head: steps,
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build_with(Depths::Before)?)
}

/// The stages that a configuration gives itself.
fn given_stages(given: &Value) -> Result<Vec<Vec<Unit>>, ConfigError> {
    let lists: Option<Vec<Vec<&str>>> = given.as_array().and_then(|stages| {
        let stages = stages.iter().map(|stage| {
            let strings = stage.as_array().filter(|strings| !strings.is_empty())?;
            strings.iter().map(Value::as_str).collect()
        });
        stages.collect()
    });
    let lists = lists.filter(|lists| (1..=64).contains(&lists.len()));
    let lists = lists.ok_or_else(|| ConfigError::Value {
        key: "block_args".to_owned(),
        value: given.to_string(),
        expected: "a list of texts for each stage".to_owned(),
    })?;
    lists.iter().map(|strings| block_strings::stage(strings, 1.0)).collect()
}

impl Settings {
    fn padding(&self, kernel: usize) -> Padding {
        if self.is_same {
            Padding::Same
        } else {
            Padding::half(kernel)
        }
    }

    fn stages(&self, units: &[Vec<Unit>], stem: usize) -> Vec<StageConfig> {
        let mut inputs = stem;
        let mut blocks_before = 0;
        let stages = units.iter().enumerate().map(|(stage, units)| {
            let first = blocks_before;
            let blocks = units.iter().enumerate().map(|(number, unit)| {
                let name = match self.layout {
                    Layout::Timm => format!("blocks.{stage}.{number}"),
                    Layout::Underscored => format!("_blocks.{}", first + number),
                };
                let layers = self.block(&name, unit, inputs);
                inputs = unit.channels;
                layers
            });
            let blocks: Vec<Vec<LayerConfig>> = blocks.collect();
            blocks_before += blocks.len();
            StageConfig {
                name: match self.layout {
                    Layout::Timm => format!("blocks.{stage}"),
                    Layout::Underscored => format!("stage {stage}"),
                },
                blocks,
            }
        });
        stages.collect()
    }

    fn block(&self, name: &str, unit: &Unit, inputs: usize) -> Vec<LayerConfig> {
        let activation = unit.activation.unwrap_or(self.activation);
        let pair =
            |convolution: &str, norm: &str| -> Pair { [format!("{name}.{convolution}"), format!("{name}.{norm}")] };
        if unit.kind == Kind::Convolution {
            let [convolution, norm] = pair("conv", "bn1");
            let convolution = ConvolutionConfig::new(convolution, unit.channels, unit.kernel, unit.stride)
                .padded(self.padding(unit.kernel));
            return activated(convolution, &norm, self.norm, activation);
        }
        let is_inverted = unit.kind == Kind::Inverted;
        let middle = if is_inverted {
            divisible(inputs as f64 * unit.expansion, 8, 8)
        } else {
            inputs
        };
        let (expand, depthwise, project) = match (self.layout, is_inverted) {
            (Layout::Timm, true) => (
                Some(pair("conv_pw", "bn1")),
                pair("conv_dw", "bn2"),
                pair("conv_pwl", "bn3"),
            ),
            (Layout::Timm, false) => (None, pair("conv_dw", "bn1"), pair("conv_pw", "bn2")),
            (Layout::Underscored, _) => (
                is_inverted.then(|| pair("_expand_conv", "_bn0")),
                pair("_depthwise_conv", "_bn1"),
                pair("_project_conv", "_bn2"),
            ),
        };
        let block = InvertedResidual {
            outputs: unit.channels,
            middle,
            kernel: unit.kernel,
            stride: unit.stride,
            padding: self.padding(unit.kernel),
            activation,
            expand,
            depthwise,
            gate: unit.gate.map(|share| self.gate(name, share, middle, unit, activation)),
            project,
            norms: [self.norm; 2],
            is_residual: unit.stride == 1 && inputs == unit.channels,
        };
        block.layers()
    }

    fn gate(&self, name: &str, share: f64, middle: usize, unit: &Unit, activation: ActivationKind) -> GateNames {
        let [reduce, expand] = match self.layout {
            Layout::Timm => ["se.conv_reduce", "se.conv_expand"],
            Layout::Underscored => ["_se_reduce", "_se_expand"],
        };
        let of_expanded = middle as f64 * share;
        GateNames {
            reduce: format!("{name}.{reduce}"),
            expand: format!("{name}.{expand}"),
            width: if self.is_third {
                divisible(of_expanded, self.gate_divisor, self.gate_divisor)
            } else {
                // The share is of the block's input.
                ((of_expanded / unit.expansion).round_ties_even() as usize).max(1)
            },
            activation: if self.is_third {
                ActivationKind::Relu
            } else {
                activation
            },
            gate: if self.is_third {
                ActivationKind::HardSigmoid
            } else {
                ActivationKind::Sigmoid
            },
        }
    }
}
