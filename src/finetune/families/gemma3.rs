//! Gemma 3's text model (Gemma Team 2025): Gemma 2 with norms of queries and keys instead of limited scores, and with
//! rotary positions of another base in the blocks that see only a window.

use super::{ConfigError, Family, Fields, HeadRequest, decoder, gemma2, llama, rope};
use crate::networks::{
    Network,
    transformer::{AttentionConfig, BlockConfig, TransformerConfig},
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gemma3_text"],
    architectures: &[],
    build,
    class: "Gemma3Text",
    ..llama::FAMILY
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let config = gemma2::like_gemma(fields, head)?;
    let period = fields.size_or("sliding_window_pattern", 6)?;
    let is_local = rope::local_blocks(fields, config.blocks.len(), |number| (number + 1) % period != 0)?;
    let size = config.attention.size;
    let global = rope::of_kind(fields, "full_attention", ("rope_theta", 1e6), size)?;
    let local = rope::of_kind(fields, "sliding_attention", ("rope_local_base_freq", 10_000.0), size)?;
    let blocks = config
        .blocks
        .into_iter()
        .zip(&is_local)
        .map(|(block, &is_local)| BlockConfig {
            rotary: Some(if is_local { local.clone() } else { global.clone() }),
            ..block
        });
    let width = fields.size_or("sliding_window", 4096)?;
    let config = TransformerConfig {
        attention: AttentionConfig {
            head_norms: Some(["self_attn.q_norm", "self_attn.k_norm"]),
            ..config.attention
        },
        blocks: decoder::with_windows(blocks.collect(), &is_local, width),
        ..config
    };
    Ok(config.build())
}
