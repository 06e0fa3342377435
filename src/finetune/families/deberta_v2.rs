//! `DeBERTa` in its second and third version (He et al. 2021 and 2023): attention that separates content and position.

use serde_json::{Value, json};

use super::{
    ConfigError, Family, Fields, HeadRequest, Names,
    encoder::{self, Encoder},
};
use crate::{
    layers::disentangled::Buckets,
    networks::{
        Network, Reads,
        transformer::{
            AttentionConfig, BlockConfig, ConvolutionConfig, EmbeddingConfig, PositionNames, PositionsConfig,
            ProjectionNames, RelativeConfig, StepConfig, TransformerConfig,
        },
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["deberta-v2"],
    architectures: &[],
    build,
    names: Names {
        prefix: "deberta.",
        answering: None,
        head: &["pooler."],
        ignored: &[
            "cls.",
            "lm_predictions.",
            "mask_predictions.",
            "embeddings.position_",
            // Without relative positions, nothing reads it.
            "encoder.LayerNorm.",
        ],
    },
    class: "DebertaV2",
    recipe: recipes::deberta,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-7)?;
    let size = encoder.hidden / encoder.heads;
    fields.only("attention_head_size", &json!(size))?;
    fields.only("pooler_hidden_size", &json!(encoder.hidden))?;
    let terms = terms(fields.get("pos_att_type"));
    let steps = vec![
        StepConfig::Dropout,
        StepConfig::Hidden("pooler.dense"),
        StepConfig::Activation(fields.activation_or("pooler_hidden_act", "gelu")?),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    let positions = fields
        .flag_or("position_biased_input", true)?
        .then_some(PositionsConfig {
            name: "embeddings.position_embeddings.weight",
            rows: encoder.positions,
            first: 0,
            uncounted: None,
        });
    let types = match fields.integer_or("type_vocab_size", 0)? {
        0 => None,
        _ => Some(fields.size("type_vocab_size")?),
    };
    let width = fields.size_or("embedding_size", encoder.hidden)?;
    if positions.is_some() || types.is_some() {
        // The library adds narrow tables before it projects their sum.
        fields.only("embedding_size", &json!(encoder.hidden))?;
    }
    let like_bert = encoder.config(head.config(Reads::First, steps), positions, types);
    let config = TransformerConfig {
        embedding: EmbeddingConfig {
            width,
            word_projection: (width != encoder.hidden).then_some("embeddings.embed_proj"),
            ..like_bert.embedding
        },
        attention: AttentionConfig {
            projections: ProjectionNames::Apart([
                "attention.self.query_proj",
                "attention.self.key_proj",
                "attention.self.value_proj",
            ]),
            relative: relative(fields, &encoder, terms)?,
            ..like_bert.attention
        },
        // A score is the sum of up to three products, which the library counts even where it computes only one.
        blocks: vec![
            BlockConfig {
                scale: BlockConfig::usual_scale((1 + terms.iter().filter(|&&term| term).count()) * size),
                ..like_bert.blocks[0].clone()
            };
            encoder.blocks
        ],
        convolution: convolution(fields)?,
        ..like_bert
    };
    Ok(config.build())
}

/// The terms of the scores: true where contents meet the positions' keys (`c2p`), and the positions' queries (`p2c`).
/// `pos_att_type` is a list, or in older files a text with `|` between the items.
fn terms(value: Option<&Value>) -> [bool; 2] {
    let terms: Vec<String> = match value {
        Some(Value::String(text)) => text.split('|').map(|term| term.trim().to_lowercase()).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(_) | None => Vec::new(),
    };
    ["c2p", "p2c"].map(|known| terms.iter().any(|term| term == known))
}

fn relative(fields: &Fields<'_>, encoder: &Encoder, terms: [bool; 2]) -> Result<RelativeConfig, ConfigError> {
    if !fields.flag_or("relative_attention", false)? {
        return Ok(RelativeConfig::None);
    }
    let furthest = match fields.integer_or("max_relative_positions", -1)? {
        positive @ 1.. => positive as usize,
        _ => encoder.positions,
    };
    let buckets = match fields.integer_or("position_buckets", -1)? {
        positive @ 1.. => Some(positive as usize),
        _ => None,
    };
    let norm = fields.text_or("norm_rel_ebd", "none")?.to_lowercase();
    let is_shared = fields.flag_or("share_att_key", false)?;
    let names = ["attention.self.pos_key_proj", "attention.self.pos_query_proj"];
    let layer = |term: usize| match (terms[term], is_shared) {
        (false, _) => PositionNames::None,
        (true, true) => PositionNames::Shared,
        (true, false) => PositionNames::Own(names[term]),
    };
    Ok(RelativeConfig::Disentangled {
        table: "encoder.rel_embeddings.weight",
        norm: norm
            .split('|')
            .any(|kind| kind.trim() == "layer_norm")
            .then_some("encoder.LayerNorm"),
        span: buckets.unwrap_or(furthest),
        buckets: buckets.map(|count| Buckets { count, furthest }),
        key: layer(0),
        query: layer(1),
    })
}

fn convolution(fields: &Fields<'_>) -> Result<Option<ConvolutionConfig>, ConfigError> {
    let kernel = match fields.integer_or("conv_kernel_size", 0)? {
        ..=0 => return Ok(None),
        kernel => kernel as usize,
    };
    if kernel.is_multiple_of(2) {
        return Err(ConfigError::Unsupported {
            key: "conv_kernel_size".to_owned(),
            value: kernel.to_string(),
            known: "an odd number".to_owned(),
        });
    }
    fields.only("conv_groups", &json!(1))?;
    Ok(Some(ConvolutionConfig {
        name: "encoder.conv.conv",
        norm: "encoder.conv.LayerNorm",
        kernel,
        activation: fields.activation_or("conv_act", "tanh")?,
    }))
}
