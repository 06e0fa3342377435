//! `ResNet` (He et al. 2016), `ResNeXt` (Xie et al. 2017) and wide ones in the layout of timm and of torchvision.

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names, mobile,
    residual::{Residual, maximum},
    timm,
};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[],
    architectures: &[
        "timm/resnet",
        "timm/resnext",
        "timm/wide_resnet",
        "torchvision/resnet",
        "torchvision/resnext",
        "torchvision/wide_resnet",
    ],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &["fc."],
        ignored: &["*.num_batches_tracked"],
    },
    class: "",
    recipe: recipes::convnet,
};

/// Sizes by name: blocks per stage, whether blocks are basic, groups, and the width of a group per 64 channels.
const SIZES: [(&str, [usize; 4], bool, [usize; 2]); 12] = [
    ("resnet18", [2, 2, 2, 2], true, [1, 64]),
    ("resnet34", [3, 4, 6, 3], true, [1, 64]),
    ("resnet26", [2, 2, 2, 2], false, [1, 64]),
    ("resnet50", [3, 4, 6, 3], false, [1, 64]),
    ("resnet101", [3, 4, 23, 3], false, [1, 64]),
    ("resnet152", [3, 8, 36, 3], false, [1, 64]),
    ("resnext50_32x4d", [3, 4, 6, 3], false, [32, 4]),
    ("resnext101_32x4d", [3, 4, 23, 3], false, [32, 4]),
    ("resnext101_32x8d", [3, 4, 23, 3], false, [32, 8]),
    ("resnext101_64x4d", [3, 4, 23, 3], false, [64, 4]),
    ("wide_resnet50_2", [3, 4, 6, 3], false, [1, 128]),
    ("wide_resnet101_2", [3, 4, 23, 3], false, [1, 128]),
];

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    const ACTIVATION: ActivationKind = ActivationKind::Relu;
    let name = timm::name(fields)?;
    let Some((_, depths, is_basic, [groups, base])) = SIZES.iter().find(|(known, ..)| *known == name) else {
        return Err(timm::unsupported(
            name,
            &timm::listed(SIZES.iter().map(|(known, ..)| *known)),
        ));
    };
    let arguments = timm::arguments(fields, &["layers", "channels", "stem_width", "in_chans"])?;
    let depths = arguments.sizes_of("layers", depths, 4)?;
    let channels = arguments.sizes_of("channels", &[64, 128, 256, 512], 4)?;
    let mut inputs = 64;
    let mut stem = mobile::activated(
        ConvolutionConfig::new("conv1", inputs, 7, 2),
        "bn1",
        mobile::NORM,
        ACTIVATION,
    );
    stem.push(maximum());
    let mut stages = Vec::new();
    for (stage, (&planes, &depth)) in channels.iter().zip(&depths).enumerate() {
        let stage_name = format!("layer{}", stage + 1);
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("{stage_name}.{number}");
            let stride = if number == 0 && stage > 0 { 2 } else { 1 };
            let convolution = |index: usize, outputs: usize, kernel: usize, stride: usize| {
                (
                    ConvolutionConfig::new(format!("{name}.conv{index}"), outputs, kernel, stride),
                    format!("{name}.bn{index}"),
                )
            };
            let outputs = if *is_basic { planes } else { 4 * planes };
            let convolutions = if *is_basic {
                vec![convolution(1, planes, 3, stride), convolution(2, planes, 3, 1)]
            } else {
                let width = planes * base / 64 * groups;
                let (middle, norm) = convolution(2, width, 3, stride);
                vec![
                    convolution(1, width, 1, 1),
                    (middle.grouped(*groups), norm),
                    convolution(3, outputs, 1, 1),
                ]
            };
            let block = Residual {
                convolutions,
                gate: None,
                shortcut: (inputs != outputs || stride != 1).then(|| {
                    (
                        ConvolutionConfig::new(format!("{name}.downsample.0"), outputs, 1, stride),
                        format!("{name}.downsample.1"),
                    )
                }),
                activation: ACTIVATION,
            };
            blocks.push(block.layers());
            inputs = outputs;
        }
        stages.push(StageConfig {
            name: stage_name,
            blocks,
        });
    }
    let config = ConvnetConfig {
        size: timm::image_size(fields, &arguments, 224)?,
        stem,
        stages,
        tail: Vec::new(),
        head: vec![HeadStep::Dropout, HeadStep::Output("fc".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build()?)
}
