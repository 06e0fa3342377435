//! `DeBERTa` in its second and third version (He et al. 2021 and 2023): attention that separates content and position.

use serde_json::{Value, json};

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder};
use crate::{
    layers::disentangled::Buckets,
    networks::{
        Network, Reads,
        transformer::{AttentionConfig, BlockConfig, ProjectionNames, RelativeConfig, StepConfig, TransformerConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["deberta-v2"],
    build,
    names: Names {
        prefix: "deberta.",
        answering: None,
        head: &["pooler."],
        ignored: &["cls.", "lm_predictions.", "mask_predictions.", "embeddings.position_"],
    },
    class: "DebertaV2",
    recipe: recipes::deberta,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-7)?;
    fields.only("relative_attention", &json!(true))?;
    fields.only("share_att_key", &json!(true))?;
    fields.only("position_biased_input", &json!(false))?;
    fields.only("conv_kernel_size", &json!(0))?;
    fields.only("embedding_size", &json!(encoder.hidden))?;
    fields.only("type_vocab_size", &json!(0))?;
    check_terms(fields.get("pos_att_type"))?;
    let furthest = match fields.integer_or("max_relative_positions", -1)? {
        positive @ 1.. => positive as usize,
        _ => encoder.positions,
    };
    let buckets = match fields.integer_or("position_buckets", -1)? {
        positive @ 1.. => Some(positive as usize),
        _ => None,
    };
    let norm = match fields.text_or("norm_rel_ebd", "none")? {
        "none" => None,
        other if other.split('|').any(|kind| kind.trim() == "layer_norm") => Some("encoder.LayerNorm"),
        _ => None,
    };
    let steps = vec![
        StepConfig::Dropout,
        StepConfig::Hidden("pooler.dense"),
        StepConfig::Activation(fields.activation_or("pooler_hidden_act", "gelu")?),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    let like_bert = encoder.config(head.config(Reads::First, steps), None, None);
    let size = encoder.hidden / encoder.heads;
    let config = TransformerConfig {
        attention: AttentionConfig {
            projections: ProjectionNames::Apart([
                "attention.self.query_proj",
                "attention.self.key_proj",
                "attention.self.value_proj",
            ]),
            relative: RelativeConfig::Disentangled {
                table: "encoder.rel_embeddings.weight",
                norm,
                span: buckets.unwrap_or(furthest),
                buckets: buckets.map(|count| Buckets { count, furthest }),
            },
            ..like_bert.attention
        },
        // A score is the sum of three products.
        blocks: vec![
            BlockConfig {
                scale: BlockConfig::usual_scale(3 * size),
                ..like_bert.blocks[0].clone()
            };
            encoder.blocks
        ],
        ..like_bert
    };
    Ok(config.build())
}

/// `pos_att_type` is a list, or in older files a text with `|` between the items.
fn check_terms(value: Option<&Value>) -> Result<(), ConfigError> {
    let terms: Vec<&str> = match value {
        Some(Value::String(text)) => text.split('|').map(str::trim).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    if terms.len() == 2 && terms.contains(&"c2p") && terms.contains(&"p2c") {
        return Ok(());
    }
    Err(ConfigError::Unsupported {
        key: "pos_att_type".to_owned(),
        value: terms.join("|"),
        known: "`p2c|c2p`".to_owned(),
    })
}
