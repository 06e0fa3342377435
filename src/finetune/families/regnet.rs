//! `RegNet` X and Y (Radosavovic et al. 2020) in the layout of `transformers`.

use super::{ConfigError, Family, Fields, HeadRequest, HeadSource, Names, mobile, residual::Residual};
use crate::{
    data::ImageSize,
    kernels::ActivationKind,
    layers::squeeze_excite::GateNames,
    networks::{
        Network,
        convnet::{ConvnetConfig, ConvolutionConfig, HeadStep, StageConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["regnet"],
    architectures: &[],
    build,
    names: Names {
        prefix: "regnet.",
        answering: None,
        head: &[],
        ignored: &["*.num_batches_tracked"],
    },
    class: "RegNet",
    recipe: recipes::convnet,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let activation = fields.activation_or("hidden_act", "relu")?;
    let widths = fields.sizes_or("hidden_sizes", &[128, 192, 512, 1088])?;
    let depths = fields.sizes_of("depths", &[2, 6, 12, 2], widths.len())?;
    let of_group = fields.size_or("groups_width", 64)?;
    let has_gates = match fields.text_or("layer_type", "y")? {
        "x" => false,
        "y" => true,
        other => {
            return Err(ConfigError::Unsupported {
                key: "layer_type".to_owned(),
                value: other.to_owned(),
                known: "`x` and `y`".to_owned(),
            });
        }
    };
    let pair = |name: String| [format!("{name}.convolution"), format!("{name}.normalization")];
    let mut inputs = fields.size_or("embedding_size", 32)?;
    let [stem, norm] = pair("embedder.embedder".to_owned());
    let stem = mobile::activated(
        ConvolutionConfig::new(stem, inputs, 3, 2),
        &norm,
        mobile::NORM,
        activation,
    );
    let mut stages = Vec::new();
    for (stage, (&outputs, &depth)) in widths.iter().zip(&depths).enumerate() {
        let strides = stage > 0 || fields.flag_or("downsample_in_first_stage", true)?;
        let mut blocks = Vec::new();
        for number in 0..depth {
            let name = format!("encoder.stages.{stage}.layers.{number}");
            let stride = if number == 0 && strides { 2 } else { 1 };
            let convolution = |index: usize, kernel: usize, stride: usize, groups: usize| {
                let [convolution, norm] = pair(format!("{name}.layer.{index}"));
                let convolution = ConvolutionConfig::new(convolution, outputs, kernel, stride);
                (convolution.grouped(groups), norm)
            };
            let gate = has_gates.then(|| GateNames {
                reduce: format!("{name}.layer.2.attention.0"),
                expand: format!("{name}.layer.2.attention.2"),
                // Python rounds halves to even numbers.
                width: ((inputs as f64 / 4.0).round_ties_even() as usize).max(1),
                activation: ActivationKind::Relu,
                gate: ActivationKind::Sigmoid,
            });
            let block = Residual {
                convolutions: vec![
                    convolution(0, 1, 1, 1),
                    convolution(1, 3, stride, (outputs / of_group).max(1)),
                    convolution(if has_gates { 3 } else { 2 }, 1, 1, 1),
                ],
                gate,
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
