//! Llama (Touvron et al. 2023) and what has its shape: `SmolLM`, `TinyLlama` and others.

use super::{
    ConfigError, Family, Fields, HeadRequest, Names,
    decoder::{self, Variant},
};
use crate::{networks::Network, recipes};

pub(super) const FAMILY: Family = Family {
    model_types: &["llama"],
    architectures: &[],
    build,
    names: Names {
        prefix: "model.",
        answering: Some("transformer."),
        head: &[],
        ignored: decoder::IGNORED,
    },
    class: "Llama",
    recipe: recipes::decoder,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let variant = Variant {
        biases: [fields.flag_or("attention_bias", false)?; 2],
        feed_forward_bias: fields.flag_or("mlp_bias", false)?,
        activation: fields.activation_or("hidden_act", "silu")?,
    };
    Ok(decoder::config(fields, head, &variant)?.build())
}
