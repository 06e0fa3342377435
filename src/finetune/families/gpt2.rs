//! GPT-2 (Radford et al. 2019).

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

pub(super) const FAMILY: Family = Family {
    model_types: &["gpt2"],
    architectures: &[],
    build,
    names: Names {
        prefix: "transformer.",
        answering: None,
        head: &[],
        ignored: &["lm_head.", "*.attn.bias", "*.attn.masked_bias"],
    },
    class: "GPT2",
    recipe: recipes::decoder,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let (hidden, blocks) = (fields.size("n_embd")?, fields.blocks("n_layer")?);
    let heads = fields.size("n_head")?;
    check_widths("n_embd", hidden, heads)?;
    fields.only("add_cross_attention", &json!(false))?;
    let size = hidden / heads;
    let positions = fields.size_or("n_positions", 1024)?;
    let scale = if fields.flag_or("scale_attn_weights", true)? {
        BlockConfig::usual_scale(size)
    } else {
        1.0
    };
    let divides = fields.flag_or("scale_attn_by_inverse_layer_idx", false)?;
    let block = |number: usize| BlockConfig {
        mask: Mask::CAUSAL,
        scale: if divides { scale / (number + 1) as f32 } else { scale },
        rotary: None,
    };
    let config = TransformerConfig {
        hidden,
        inner: fields.size_or("n_inner", 4 * hidden)?,
        vocabulary: fields.size("vocab_size")?,
        longest: positions,
        padding: fields.padding(None)?,
        embedding: EmbeddingConfig {
            words: "wte.weight",
            width: hidden,
            scale: None,
            word_projection: None,
            positions: Some(PositionsConfig {
                name: "wpe.weight",
                rows: positions,
                first: 0,
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
            projections: ProjectionNames::TogetherUpright("attn.c_attn"),
            has_bias: true,
            output: "attn.c_proj",
            output_has_bias: true,
            head_norms: None,
            softcap: None,
            relative: RelativeConfig::None,
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Plain("mlp.c_fc"),
            contract: "mlp.c_proj",
            has_bias: true,
            activation: fields.activation_or("activation_function", "gelu_new")?,
        },
        norms: NormConfig {
            settings: NormSettings::layer(fields.number_or("layer_norm_epsilon", 1e-5)?),
            order: OrderNames::NormFirst {
                names: ["ln_1", "ln_2"],
                skips_first: false,
            },
        },
        blocks: (0..blocks).map(block).collect(),
        block_name: "h.{}",
        sharing: Sharing::None,
        convolution: None,
        final_norm: Some("ln_f"),
        final_projection: None,
        head: decoder::head(head, false),
    };
    Ok(config.build())
}
