//! `RoBERTa` (Liu et al. 2019): positions count only what is no padding, and the head has a layer of its own.

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network, Reads,
        transformer::{HeadConfig, PositionsConfig, StepConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["roberta"],
    architectures: &[],
    build,
    names: Names {
        prefix: "roberta.",
        answering: None,
        head: &[],
        ignored: &["lm_head.", "pooler.", "embeddings.position_ids"],
    },
    class: "Roberta",
    recipe: recipes::roberta,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-5)?;
    let positions = positions_after_padding(fields, encoder.positions)?;
    let types = fields.size_or("type_vocab_size", 1)?;
    Ok(encoder
        .config(self::head(head, ActivationKind::Tanh), Some(positions), Some(types))
        .build())
}

/// A table whose first row belongs to the position after the padding token's.
pub(super) fn positions_after_padding(fields: &Fields<'_>, rows: usize) -> Result<PositionsConfig, ConfigError> {
    let padding = fields.padding(Some(1))?.unwrap_or(1);
    Ok(PositionsConfig {
        name: "embeddings.position_embeddings.weight",
        rows,
        first: padding as usize + 1,
        uncounted: Some(padding),
    })
}

/// The first token through a layer with an activation, then the classifier; dropout before both.
pub(super) fn head(head: HeadRequest, activation: ActivationKind) -> HeadConfig {
    let steps = vec![
        StepConfig::Dropout,
        StepConfig::Hidden("classifier.dense"),
        StepConfig::Activation(activation),
        StepConfig::Dropout,
        StepConfig::Output("classifier.out_proj", true),
    ];
    head.config(Reads::First, steps)
}
