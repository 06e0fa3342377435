//! The shape that most decoders share, Llama's: the keys of `config.json`, and the names of their tensors.

use super::{ConfigError, Fields, HeadKind, HeadRequest, check_multiple, rope};
use crate::{
    kernels::{ActivationKind, Mask},
    layers::norm::NormSettings,
    networks::{
        Reads,
        transformer::{
            AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, HeadConfig, NormConfig,
            OrderNames, ProjectionNames, RelativeConfig, Sharing, StepConfig, TransformerConfig,
        },
    },
};

/// Tensors of decoders that classification does not need.
pub(super) const IGNORED: &[&str] = &["lm_head.", "*.rotary_emb.inv_freq"];

/// The differences between the families that follow Llama.
pub(super) struct Variant {
    /// True if queries, keys and values have biases; true if the layer after attention has one.
    pub(super) biases: [bool; 2],
    /// True if the feed-forward layers have biases.
    pub(super) feed_forward_bias: bool,
    pub(super) activation: ActivationKind,
}

/// Llama's shape. The last token that is no padding is classified, after dropout.
pub(super) fn config(
    fields: &Fields<'_>,
    head: HeadRequest,
    variant: &Variant,
) -> Result<TransformerConfig, ConfigError> {
    let (hidden, blocks) = (fields.size("hidden_size")?, fields.blocks("num_hidden_layers")?);
    let heads = fields.size("num_attention_heads")?;
    let key_heads = fields.size_or("num_key_value_heads", heads)?;
    check_multiple("num_attention_heads", heads, key_heads)?;
    if fields.get("head_dim").is_none() {
        check_multiple("hidden_size", hidden, heads)?;
    }
    let size = fields.size_or("head_dim", hidden / heads)?;
    check_multiple("head_dim", size, 2)?;
    let rotary = rope::read(fields, ("rope_theta", 10_000.0), size)?;
    let block = BlockConfig {
        mask: Mask::CAUSAL,
        scale: BlockConfig::usual_scale(size),
        rotary: Some(rotary),
    };
    Ok(TransformerConfig {
        hidden,
        inner: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        longest: fields.size_or("max_position_embeddings", 2048)?,
        padding: fields.padding(None)?,
        embedding: EmbeddingConfig {
            words: "embed_tokens.weight",
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
            key_heads,
            size,
            projections: ProjectionNames::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
            has_bias: variant.biases[0],
            output: "self_attn.o_proj",
            output_has_bias: variant.biases[1],
            head_norms: None,
            softcap: None,
            relative: RelativeConfig::None,
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Gated {
                gate: "mlp.gate_proj",
                up: "mlp.up_proj",
            },
            contract: "mlp.down_proj",
            has_bias: variant.feed_forward_bias,
            activation: variant.activation,
        },
        norms: NormConfig {
            settings: NormSettings::root_mean_square(fields.number_or("rms_norm_eps", 1e-6)?),
            order: OrderNames::NormFirst {
                names: ["input_layernorm", "post_attention_layernorm"],
                skips_first: false,
            },
        },
        blocks: vec![block; blocks],
        block_name: "layers.{}",
        sharing: Sharing::None,
        convolution: None,
        final_norm: Some("norm"),
        final_projection: None,
        head: self::head(head, true),
    })
}

/// The head of all decoders: a linear layer without a bias on the last token. Those that follow Llama call the layer for
/// tokens `score` as well, and it has a bias.
pub(super) fn head(head: HeadRequest, follows_llama: bool) -> HeadConfig {
    let has_bias = head.kind == HeadKind::Tokens;
    let steps = vec![StepConfig::Dropout, StepConfig::Output("score", has_bias)];
    if has_bias && follows_llama {
        head.with(Reads::All, steps)
    } else {
        head.config(Reads::Last, steps)
    }
}

/// Windows of `width` tokens in the blocks that `is_local` names: a token sees itself and those before it.
pub(super) fn with_windows(blocks: Vec<BlockConfig>, is_local: &[bool], width: usize) -> Vec<BlockConfig> {
    let window = Mask {
        before: width - 1,
        after: 0,
    };
    let blocks = blocks.into_iter().zip(is_local);
    blocks
        .map(|(block, &is_local)| BlockConfig {
            mask: if is_local { window } else { block.mask },
            ..block
        })
        .collect()
}
