//! GPT-`NeoX` (Black et al. 2022) and Pythia: attention and feed-forward layer side by side, and rotary positions of a
//! part of every head.

use super::{ConfigError, Family, Fields, HeadRequest, Names, check_widths, decoder, rope};
use crate::{
    kernels::Mask,
    layers::norm::NormSettings,
    networks::{
        Network,
        transformer::{
            AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames,
            ProjectionNames, RelativeConfig, Sharing, TransformerConfig,
        },
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gpt_neox"],
    architectures: &[],
    build,
    names: Names {
        prefix: "gpt_neox.",
        answering: None,
        head: &[],
        ignored: &[
            "embed_out.",
            "*.attention.bias",
            "*.attention.masked_bias",
            "*.rotary_emb.inv_freq",
        ],
    },
    class: "GPTNeoX",
    recipe: recipes::decoder,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let (hidden, blocks) = (fields.size("hidden_size")?, fields.blocks("num_hidden_layers")?);
    let heads = fields.size("num_attention_heads")?;
    check_widths("hidden_size", hidden, heads)?;
    let size = hidden / heads;
    let names = ["input_layernorm", "post_attention_layernorm"];
    let order = if fields.flag_or("use_parallel_residual", true)? {
        OrderNames::Parallel(names)
    } else {
        OrderNames::NormFirst {
            names,
            skips_first: false,
        }
    };
    let has_bias = fields.flag_or("attention_bias", true)?;
    let block = BlockConfig {
        mask: Mask::CAUSAL,
        scale: BlockConfig::usual_scale(size),
        rotary: Some(rope::read(
            fields,
            ("rotary_emb_base", fields.number_or("rope_theta", 10_000.0)?),
            size,
        )?),
    };
    let config = TransformerConfig {
        hidden,
        inner: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        longest: fields.size("max_position_embeddings")?,
        padding: fields.padding(None)?,
        embedding: EmbeddingConfig {
            words: "embed_in.weight",
            width: hidden,
            scale: None,
            word_projection: None,
            positions: None,
            types: None,
            norm: None,
            projection: None,
        },
        patches: None,
        attention: AttentionConfig {
            heads,
            key_heads: heads,
            size,
            projections: ProjectionNames::Together {
                name: "attention.query_key_value",
                by_head: true,
            },
            has_bias,
            output: "attention.dense",
            output_has_bias: has_bias,
            head_norms: None,
            softcap: None,
            relative: RelativeConfig::None,
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Plain("mlp.dense_h_to_4h"),
            contract: "mlp.dense_4h_to_h",
            has_bias: true,
            activation: fields.activation_or("hidden_act", "gelu")?,
        },
        norms: NormConfig {
            settings: NormSettings::layer(fields.number_or("layer_norm_eps", 1e-5)?),
            order,
        },
        blocks: vec![block; blocks],
        block_name: "layers.{}",
        sharing: Sharing::None,
        convolution: None,
        final_norm: Some("final_layer_norm"),
        final_projection: None,
        head: decoder::head(head, false),
    };
    Ok(config.build())
}
