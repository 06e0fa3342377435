//! `MPNet` (Song et al. 2020): `RoBERTa`'s positions, and a bias of all scores by relative position.

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder, roberta};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network,
        transformer::{AttentionConfig, NormConfig, OrderNames, ProjectionNames, RelativeConfig, TransformerConfig},
    },
    recipes,
};

/// The library's constants, whatever the configuration says.
const BUCKETS: usize = 32;
const FURTHEST: usize = 128;

pub(super) const FAMILY: Family = Family {
    model_types: &["mpnet"],
    architectures: &[],
    build,
    names: Names {
        prefix: "mpnet.",
        answering: None,
        head: &[],
        ignored: &["lm_head.", "pooler.", "embeddings.position_ids"],
    },
    class: "MPNet",
    recipe: recipes::mpnet,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-12)?;
    let positions = roberta::positions_after_padding(fields, encoder.positions)?;
    let like_bert = encoder.config(roberta::head(head, ActivationKind::Tanh), Some(positions), None);
    let config = TransformerConfig {
        attention: AttentionConfig {
            projections: ProjectionNames::Apart(["attention.attn.q", "attention.attn.k", "attention.attn.v"]),
            output: "attention.attn.o",
            relative: RelativeConfig::Bias("encoder.relative_attention_bias.weight", BUCKETS, FURTHEST),
            ..like_bert.attention
        },
        norms: NormConfig {
            order: OrderNames::NormLast(["attention.LayerNorm", "output.LayerNorm"]),
            ..like_bert.norms
        },
        ..like_bert
    };
    Ok(config.build())
}
