//! `ModernBERT` (Warner et al. 2024): rotary positions, gates, norms first, and windows in two of three blocks.

use serde_json::json;

use super::{ConfigError, Family, Fields, HeadKind, HeadRequest, Names, check_widths, rope};
use crate::{
    kernels::Mask,
    layers::norm::NormSettings,
    networks::{
        Network, Reads,
        transformer::{
            AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames,
            ProjectionNames, RelativeConfig, Sharing, StepConfig, TransformerConfig,
        },
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["modernbert"],
    architectures: &[],
    build,
    names: Names {
        prefix: "model.",
        answering: None,
        head: &["head."],
        ignored: &["decoder."],
    },
    class: "ModernBert",
    recipe: recipes::modernbert,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let (hidden, blocks) = (fields.size("hidden_size")?, fields.blocks("num_hidden_layers")?);
    let heads = fields.size("num_attention_heads")?;
    check_widths("hidden_size", hidden, heads)?;
    let size = hidden / heads;
    let norm = NormSettings {
        has_shift: fields.flag_or("norm_bias", false)?,
        ..NormSettings::layer(fields.number_or("norm_eps", 1e-5)?)
    };
    let reads = match fields.text_or("classifier_pooling", "cls")? {
        "cls" => Reads::First,
        "mean" => Reads::Mean,
        other => {
            return Err(ConfigError::Unsupported {
                key: "classifier_pooling".to_owned(),
                value: other.to_owned(),
                known: "`cls`, `mean`".to_owned(),
            });
        }
    };
    let steps = vec![
        StepConfig::Pretrained("head.dense", fields.flag_or("classifier_bias", false)?),
        StepConfig::Activation(fields.activation_or("classifier_activation", "gelu")?),
        StepConfig::Norm("head.norm", norm),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    fields.only("position_embedding_type", &json!("absolute"))?;
    let config = TransformerConfig {
        hidden,
        inner: fields.size("intermediate_size")?,
        vocabulary: fields.size("vocab_size")?,
        longest: fields.size("max_position_embeddings")?,
        padding: None,
        embedding: EmbeddingConfig {
            words: "embeddings.tok_embeddings.weight",
            width: hidden,
            scale: None,
            word_projection: None,
            positions: None,
            types: None,
            norm: Some("embeddings.norm"),
            projection: None,
        },
        patches: None,
        attention: AttentionConfig {
            heads,
            key_heads: heads,
            size,
            projections: ProjectionNames::Together {
                name: "attn.Wqkv",
                by_head: false,
            },
            has_bias: fields.flag_or("attention_bias", false)?,
            output: "attn.Wo",
            output_has_bias: fields.flag_or("attention_bias", false)?,
            head_norms: None,
            softcap: None,
            relative: RelativeConfig::None,
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::GatedTogether("mlp.Wi"),
            contract: "mlp.Wo",
            has_bias: fields.flag_or("mlp_bias", false)?,
            activation: fields.activation_or("hidden_activation", "gelu")?,
        },
        norms: NormConfig {
            settings: norm,
            order: OrderNames::NormFirst {
                names: ["attn_norm", "mlp_norm"],
                skips_first: true,
            },
        },
        blocks: block_settings(fields, blocks, size)?,
        block_name: "layers.{}",
        sharing: Sharing::None,
        convolution: None,
        final_norm: Some("final_norm"),
        final_projection: None,
        head: head.with(
            match head.kind {
                HeadKind::Whole => reads,
                HeadKind::Tokens | HeadKind::Answers => Reads::All,
            },
            steps,
        ),
    };
    Ok(config.build())
}

/// Every third block sees all tokens; the others see a window, with rotary positions of another base.
fn block_settings(fields: &Fields<'_>, blocks: usize, size: usize) -> Result<Vec<BlockConfig>, ConfigError> {
    let period = fields.size_or("global_attn_every_n_layers", 3)?;
    let is_local = rope::local_blocks(fields, blocks, |number| number % period != 0)?;
    let reach = fields.size_or("local_attention", 128)? / 2;
    let window = Mask {
        before: reach,
        after: reach,
    };
    let global = rope::of_kind(fields, "full_attention", ("global_rope_theta", 160_000.0), size)?;
    let local = rope::of_kind(fields, "sliding_attention", ("local_rope_theta", 10_000.0), size)?;
    let block = |is_local: bool| BlockConfig {
        mask: if is_local { window } else { Mask::NONE },
        scale: BlockConfig::usual_scale(size),
        rotary: Some(if is_local { local.clone() } else { global.clone() }),
    };
    Ok(is_local.into_iter().map(block).collect())
}
