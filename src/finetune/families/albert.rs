//! ALBERT (Lan et al. 2020): narrow embeddings, and blocks that share their parameters.

use serde_json::json;

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network, Reads,
        transformer::{
            AttentionConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames, PositionsConfig,
            ProjectionNames, Sharing, StepConfig, TransformerConfig,
        },
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["albert"],
    architectures: &[],
    build,
    names: Names {
        prefix: "albert.",
        answering: None,
        head: &[],
        ignored: &["predictions.", "sop_classifier.", "pooler.", "embeddings.position_ids"],
    },
    class: "Albert",
    recipe: recipes::albert,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let mut encoder = encoder::read(fields, 1e-12)?;
    encoder.activation = fields.activation_or("hidden_act", "gelu_new")?;
    let width = fields.size_or("embedding_size", 128)?;
    fields.only("net_structure_type", &json!(0))?;
    let [inner, groups] = ["inner_group_num", "num_hidden_groups"].map(|key| match fields.get(key) {
        Some(_) => fields.blocks(key),
        None => Ok(1),
    });
    let (inner, groups) = (inner?, groups?);
    let mut times = vec![0; groups];
    for block in 0..encoder.blocks {
        // The library divides with floats.
        let group = (block as f64 / (encoder.blocks as f64 / groups as f64)) as usize;
        times[group.min(groups - 1)] += 1;
    }
    let positions = PositionsConfig {
        name: "embeddings.position_embeddings.weight",
        rows: encoder.positions,
        first: 0,
        uncounted: None,
    };
    let types = fields.size_or("type_vocab_size", 2)?;
    let steps = vec![
        StepConfig::Pretrained("pooler", true),
        StepConfig::Activation(ActivationKind::Tanh),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    let like_bert = encoder.config(head.config(Reads::First, steps), Some(positions), Some(types));
    let config = TransformerConfig {
        embedding: EmbeddingConfig {
            width,
            projection: Some("encoder.embedding_hidden_mapping_in"),
            ..like_bert.embedding
        },
        attention: AttentionConfig {
            projections: ProjectionNames::Apart(["attention.query", "attention.key", "attention.value"]),
            output: "attention.dense",
            ..like_bert.attention
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Plain("ffn"),
            contract: "ffn_output",
            ..like_bert.feed_forward
        },
        norms: NormConfig {
            order: OrderNames::NormLast(["attention.LayerNorm", "full_layer_layer_norm"]),
            ..like_bert.norms
        },
        block_name: "encoder.albert_layer_groups.{}.albert_layers.{}",
        sharing: Sharing::Groups { inner, times },
        ..like_bert
    };
    Ok(config.build())
}
