//! Gemma 2 (Gemma Team 2024): four norms a block, limited scores, and windows in every other block.

use super::{
    ConfigError, Family, Fields, HeadRequest,
    decoder::{self, Variant},
    llama, rope,
};
use crate::{
    layers::norm::NormSettings,
    networks::{
        Network,
        transformer::{AttentionConfig, BlockConfig, EmbeddingConfig, NormConfig, OrderNames, TransformerConfig},
    },
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gemma2"],
    architectures: &[],
    build,
    class: "Gemma2",
    ..llama::FAMILY
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let config = like_gemma(fields, head)?;
    let is_local = rope::local_blocks(fields, config.blocks.len(), |number| number % 2 == 0)?;
    let width = fields.size_or("sliding_window", 4096)?;
    let config = TransformerConfig {
        attention: AttentionConfig {
            softcap: match fields.number_or("attn_logit_softcapping", 0.0)? {
                cap if cap > 0.0 => Some(cap as f32),
                _ => None,
            },
            ..config.attention
        },
        blocks: decoder::with_windows(config.blocks, &is_local, width),
        ..config
    };
    Ok(config.build())
}

/// Llama's shape with Gemma's norms, scales and activation.
pub(super) fn like_gemma(fields: &Fields<'_>, head: HeadRequest) -> Result<TransformerConfig, ConfigError> {
    let variant = Variant {
        biases: [fields.flag_or("attention_bias", false)?; 2],
        feed_forward_bias: false,
        activation: fields.activation_or("hidden_activation", "gelu_pytorch_tanh")?,
    };
    let like_llama = decoder::config(fields, head, &variant)?;
    let scale = fields.size_or("query_pre_attn_scalar", 256)?;
    let blocks = like_llama.blocks.iter().map(|block| BlockConfig {
        scale: BlockConfig::usual_scale(scale),
        ..block.clone()
    });
    Ok(TransformerConfig {
        embedding: EmbeddingConfig {
            scale: Some((like_llama.hidden as f64).sqrt()),
            ..like_llama.embedding
        },
        norms: NormConfig {
            settings: NormSettings {
                plus_one: true,
                ..like_llama.norms.settings
            },
            order: OrderNames::NormAround([
                "input_layernorm",
                "post_attention_layernorm",
                "pre_feedforward_layernorm",
                "post_feedforward_layernorm",
            ]),
        },
        blocks: blocks.collect(),
        ..like_llama
    })
}
