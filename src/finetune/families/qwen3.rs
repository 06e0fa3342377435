//! Qwen3 (Yang et al. 2025): Llama with norms of queries and keys.

use super::{
    ConfigError, Family, Fields, HeadRequest,
    decoder::{self, Variant},
    llama, qwen2,
};
use crate::networks::{
    Network,
    transformer::{AttentionConfig, TransformerConfig},
};

pub(super) const FAMILY: Family = Family {
    model_types: &["qwen3"],
    architectures: &[],
    build,
    class: "Qwen3",
    ..llama::FAMILY
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let variant = Variant {
        biases: [fields.flag_or("attention_bias", false)?; 2],
        feed_forward_bias: false,
        activation: fields.activation_or("hidden_act", "silu")?,
    };
    let like_llama = decoder::config(fields, head, &variant)?;
    let config = TransformerConfig {
        attention: AttentionConfig {
            head_norms: Some(["self_attn.q_norm", "self_attn.k_norm"]),
            ..like_llama.attention
        },
        ..like_llama
    };
    Ok(qwen2::with_upper_windows(config, fields)?.build())
}
