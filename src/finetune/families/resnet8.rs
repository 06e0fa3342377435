//! The `ResNet8` of `MLPerf` Tiny for 32 × 32 colour images (Banbury et al. 2021; He et al. 2016 for the blocks).

use super::{ConfigError, Family, Fields, HeadRequest, HeadSource, Names};
use crate::{
    layers::batch_norm::BatchNormSettings,
    networks::{Network, small_resnet::SmallResnet},
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["resnet8"],
    architectures: &[],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &["fc."],
        ignored: &[],
    },
    class: "",
    recipe: |_| recipes::SMALL_RESNET,
};

/// Keras used this epsilon for the pretrained weights. `PyTorch`'s default share of a running statistic is kept: Keras's
/// 0.99 is too slow for fine-tuning, which has few steps.
const NORM: BatchNormSettings = BatchNormSettings {
    epsilon: 1e-3,
    keep: 0.9,
};

#[expect(clippy::unnecessary_wraps, reason = "other families can fail")]
fn build(_: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let config = SmallResnet {
        side: 32,
        channels: 3,
        stem: ("stem", 16),
        blocks: &[("b1", 16, 1), ("b2", 32, 2), ("b3", 64, 2)],
        norm: NORM,
        head: "fc",
        classes: head.outputs,
        head_from_file: head.source == HeadSource::File,
    };
    Ok(config.build())
}
