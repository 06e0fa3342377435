//! The shape that most encoders share, BERT's: the keys of `config.json`, and the names of their tensors.

use serde_json::json;

use super::{ConfigError, Fields, check_widths};
use crate::{
    kernels::{ActivationKind, Mask},
    layers::norm::NormSettings,
    networks::transformer::{
        AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, HeadConfig, NormConfig,
        OrderNames, PositionsConfig, ProjectionNames, RelativeConfig, Sharing, TransformerConfig,
    },
};

/// Sizes and variants under BERT's keys.
pub(super) struct Encoder {
    pub(super) hidden: usize,
    pub(super) blocks: usize,
    pub(super) heads: usize,
    pub(super) inner: usize,
    pub(super) vocabulary: usize,
    /// Rows of the table of positions.
    pub(super) positions: usize,
    pub(super) epsilon: f64,
    pub(super) activation: ActivationKind,
}

/// Reads BERT's keys; `epsilon` is the family's default for its norms.
pub(super) fn read(fields: &Fields<'_>, epsilon: f64) -> Result<Encoder, ConfigError> {
    fields.only("position_embedding_type", &json!("absolute"))?;
    fields.only("is_decoder", &json!(false))?;
    fields.only("add_cross_attention", &json!(false))?;
    let encoder = Encoder {
        hidden: fields.size("hidden_size")?,
        blocks: fields.blocks("num_hidden_layers")?,
        heads: fields.size("num_attention_heads")?,
        inner: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        positions: fields.size("max_position_embeddings")?,
        epsilon: fields.number_or("layer_norm_eps", epsilon)?,
        activation: fields.activation_or("hidden_act", "gelu")?,
    };
    check_widths("hidden_size", encoder.hidden, encoder.heads)?;
    Ok(encoder)
}

impl Encoder {
    /// BERT's shape with these positions, and with this number of token types if there are any.
    pub(super) fn config(
        &self,
        head: HeadConfig,
        positions: Option<PositionsConfig>,
        types: Option<usize>,
    ) -> TransformerConfig {
        let size = self.hidden / self.heads;
        let longest = positions.as_ref().map_or(self.positions, |positions| {
            positions.rows.saturating_sub(positions.first)
        });
        TransformerConfig {
            hidden: self.hidden,
            inner: self.inner,
            vocabulary: self.vocabulary,
            longest,
            padding: None,
            embedding: EmbeddingConfig {
                words: "embeddings.word_embeddings.weight",
                width: self.hidden,
                scale: None,
                word_projection: None,
                positions,
                types: types.map(|types| ("embeddings.token_type_embeddings.weight", types)),
                norm: Some("embeddings.LayerNorm"),
                projection: None,
            },
            patches: None,
            attention: AttentionConfig {
                heads: self.heads,
                key_heads: self.heads,
                size,
                projections: ProjectionNames::Apart([
                    "attention.self.query",
                    "attention.self.key",
                    "attention.self.value",
                ]),
                has_bias: true,
                output: "attention.output.dense",
                output_has_bias: true,
                head_norms: None,
                softcap: None,
                relative: RelativeConfig::None,
            },
            feed_forward: FeedForwardConfig {
                expand: ExpandNames::Plain("intermediate.dense"),
                contract: "output.dense",
                has_bias: true,
                activation: self.activation,
            },
            norms: NormConfig {
                settings: NormSettings::layer(self.epsilon),
                order: OrderNames::NormLast(["attention.output.LayerNorm", "output.LayerNorm"]),
            },
            blocks: vec![
                BlockConfig {
                    mask: Mask::NONE,
                    scale: BlockConfig::usual_scale(size),
                    rotary: None,
                };
                self.blocks
            ],
            block_name: "encoder.layer.{}",
            sharing: Sharing::None,
            convolution: None,
            final_norm: None,
            final_projection: None,
            head,
        }
    }
}
