//! OPT (Zhang et al. 2022).

use serde_json::json;

use super::{ConfigError, Family, Fields, HeadRequest, Names, check_widths, decoder};
use crate::{
    kernels::Mask,
    layers::norm::NormSettings,
    networks::{
        Network,
        transformer::{
            AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames,
            PositionsConfig, ProjectionNames, RelativeConfig, Sharing, TransformerConfig,
        },
    },
    recipes,
};

/// The first two rows of the table of positions are not used.
const FIRST_POSITION: usize = 2;

pub(super) const FAMILY: Family = Family {
    model_types: &["opt"],
    architectures: &[],
    build,
    names: Names {
        prefix: "model.",
        answering: None,
        head: &[],
        ignored: &["lm_head."],
    },
    class: "OPT",
    recipe: recipes::decoder,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let (hidden, blocks) = (fields.size("hidden_size")?, fields.blocks("num_hidden_layers")?);
    let heads = fields.size("num_attention_heads")?;
    check_widths("hidden_size", hidden, heads)?;
    let width = fields.size_or("word_embed_proj_dim", hidden)?;
    fields.only("enable_bias", &json!(true))?;
    fields.only("layer_norm_elementwise_affine", &json!(true))?;
    let size = hidden / heads;
    let positions = fields.size("max_position_embeddings")?;
    let is_first = fields.flag_or("do_layer_norm_before", true)?;
    let names = ["self_attn_layer_norm", "final_layer_norm"];
    let order = if is_first {
        OrderNames::NormFirst {
            names,
            skips_first: false,
        }
    } else {
        OrderNames::NormLast(names)
    };
    let has_final_norm = is_first && !fields.flag_or("_remove_final_layer_norm", false)?;
    let is_projected = width != hidden;
    let block = BlockConfig {
        mask: Mask::CAUSAL,
        scale: BlockConfig::usual_scale(size),
        rotary: None,
    };
    let config = TransformerConfig {
        hidden,
        inner: fields.size("ffn_dim")?,
        vocabulary: fields.size("vocab_size")?,
        longest: positions,
        padding: fields.padding(Some(1))?,
        embedding: EmbeddingConfig {
            words: "decoder.embed_tokens.weight",
            width,
            scale: None,
            word_projection: is_projected.then_some("decoder.project_in"),
            positions: Some(PositionsConfig {
                name: "decoder.embed_positions.weight",
                rows: positions + FIRST_POSITION,
                first: FIRST_POSITION,
                uncounted: None,
            }),
            types: None,
            norm: None,
            projection: None,
        },
        patches: None,
        attention: AttentionConfig {
            heads,
            key_heads: heads,
            size,
            projections: ProjectionNames::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
            has_bias: true,
            output: "self_attn.out_proj",
            output_has_bias: true,
            head_norms: None,
            softcap: None,
            relative: RelativeConfig::None,
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Plain("fc1"),
            contract: "fc2",
            has_bias: true,
            activation: fields.activation_or("activation_function", "relu")?,
        },
        norms: NormConfig {
            settings: NormSettings::layer(1e-5),
            order,
        },
        blocks: vec![block; blocks],
        block_name: "decoder.layers.{}",
        sharing: Sharing::None,
        convolution: None,
        final_norm: has_final_norm.then_some("decoder.final_layer_norm"),
        final_projection: is_projected.then_some(("decoder.project_out", width)),
        head: decoder::head(head, false),
    };
    Ok(config.build())
}
