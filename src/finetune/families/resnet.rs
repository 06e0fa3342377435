//! `ResNet` (He et al. 2016) in the layout of `transformers`: basic and bottleneck blocks.

use super::{
    ConfigError, Family, Fields, HeadRequest, HeadSource, Names,
    residual::{Residual, maximum},
};
use crate::{
    data::ImageSize,
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["resnet"],
    architectures: &[],
    build,
    names: Names {
        prefix: "resnet.",
        answering: None,
        head: &[],
        ignored: &["*.num_batches_tracked"],
    },
    class: "ResNet",
    recipe: recipes::convnet,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let activation = fields.activation_or("hidden_act", "relu")?;
    let widths = fields.sizes_or("hidden_sizes", &[256, 512, 1024, 2048])?;
    let depths = fields.sizes_of("depths", &[3, 4, 6, 3], widths.len())?;
    let is_basic = match fields.text_or("layer_type", "bottleneck")? {
        "basic" => true,
        "bottleneck" => false,
        other => {
            return Err(ConfigError::Unsupported {
                key: "layer_type".to_owned(),
                value: other.to_owned(),
                known: "`basic` and `bottleneck`".to_owned(),
            });
        }
    };
    let strides_first = fields.flag_or("downsample_in_bottleneck", false)?;
    let mut inputs = fields.size_or("embedding_size", 64)?;
    let pair = |name: String| [format!("{name}.convolution"), format!("{name}.normalization")];
    let [stem, norm] = pair("embedder.embedder".to_owned());
    let mut stem = super::mobile::activated(
        ConvolutionConfig::new(stem, inputs, 7, 2),
        &norm,
        super::mobile::NORM,
        activation,
    );
    stem.push(maximum());
    let mut stages = Vec::new();
    for (stage, (&outputs, &depth)) in widths.iter().zip(&depths).enumerate() {
        let strides = stage > 0 || fields.flag_or("downsample_in_first_stage", false)?;
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("encoder.stages.{stage}.layers.{number}");
            let stride = if number == 0 && strides { 2 } else { 1 };
            let layer = |index: usize| pair(format!("{name}.layer.{index}"));
            let narrow = (outputs / 4).max(1);
            let convolution = |index: usize, outputs: usize, kernel: usize, stride: usize| {
                let [convolution, norm] = layer(index);
                (ConvolutionConfig::new(convolution, outputs, kernel, stride), norm)
            };
            let convolutions = if is_basic {
                vec![convolution(0, outputs, 3, stride), convolution(1, outputs, 3, 1)]
            } else {
                let [first, second] = if strides_first { [stride, 1] } else { [1, stride] };
                vec![
                    convolution(0, narrow, 1, first),
                    convolution(1, narrow, 3, second),
                    convolution(2, outputs, 1, 1),
                ]
            };
            let block = Residual {
                convolutions,
                gate: None,
                shortcut: (inputs != outputs || stride != 1).then(|| {
                    let [convolution, norm] = pair(format!("{name}.shortcut"));
                    (ConvolutionConfig::new(convolution, outputs, 1, stride), norm)
                }),
                activation,
            };
            blocks.push(block.layers());
            inputs = outputs;
        }
        stages.push(StageConfig {
            name: format!("encoder.stages.{stage}"),
            blocks,
        });
    }
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
        head: vec![HeadStep::Dropout, HeadStep::Output("classifier.1".to_owned())],
        outputs: head.outputs,
        is_from_file: head.source == HeadSource::File,
    };
    Ok(config.build()?)
}
