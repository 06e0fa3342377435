//! Qwen2 (Yang et al. 2024): Llama with biases of queries, keys and values, and with windows in the upper blocks.

use super::{
    ConfigError, Family, Fields, HeadRequest,
    decoder::{self, Variant},
    llama, rope,
};
use crate::networks::{Network, transformer::TransformerConfig};

pub(super) const FAMILY: Family = Family {
    model_types: &["qwen2"],
    architectures: &[],
    build,
    class: "Qwen2",
    ..llama::FAMILY
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let variant = Variant {
        biases: [true, false],
        feed_forward_bias: false,
        activation: fields.activation_or("hidden_act", "silu")?,
    };
    Ok(with_upper_windows(decoder::config(fields, head, &variant)?, fields)?.build())
}

/// Windows from block `max_window_layers` on, if `use_sliding_window` says so.
pub(super) fn with_upper_windows(
    config: TransformerConfig,
    fields: &Fields<'_>,
) -> Result<TransformerConfig, ConfigError> {
    if !fields.flag_or("use_sliding_window", false)? {
        return Ok(config);
    }
    let width = fields.size_or("sliding_window", 4096)?;
    let first = fields.integer_or("max_window_layers", 28)?;
    let is_local = rope::local_blocks(fields, config.blocks.len(), |number| number as i64 >= first)?;
    Ok(TransformerConfig {
        blocks: decoder::with_windows(config.blocks, &is_local, width),
        ..config
    })
}
