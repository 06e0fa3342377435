//! ELECTRA (Clark et al. 2020): BERT whose embeddings may be narrower than its blocks.

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder, roberta};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network,
        transformer::{EmbeddingConfig, PositionsConfig, TransformerConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["electra"],
    architectures: &[],
    build,
    names: Names {
        prefix: "electra.",
        answering: None,
        head: &[],
        ignored: &[
            "discriminator_predictions.",
            "generator_predictions.",
            "generator_lm_head.",
            "embeddings.position_ids",
        ],
    },
    class: "Electra",
    recipe: recipes::electra,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-12)?;
    let width = fields.size_or("embedding_size", encoder.hidden)?;
    let positions = PositionsConfig {
        name: "embeddings.position_embeddings.weight",
        rows: encoder.positions,
        first: 0,
        uncounted: None,
    };
    let types = fields.size_or("type_vocab_size", 2)?;
    let like_bert = encoder.config(roberta::head(head, ActivationKind::Gelu), Some(positions), Some(types));
    let config = TransformerConfig {
        embedding: EmbeddingConfig {
            width,
            projection: (width != encoder.hidden).then_some("embeddings_project"),
            ..like_bert.embedding
        },
        ..like_bert
    };
    Ok(config.build())
}
