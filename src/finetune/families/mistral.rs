//! Mistral (Jiang et al. 2023): Llama with grouped queries, in which a token sees only a window of those before it.

use super::{
    ConfigError, Family, Fields, HeadRequest, Names,
    decoder::{self, Variant},
    llama,
};
use crate::networks::{Network, transformer::TransformerConfig};

pub(super) const FAMILY: Family = Family {
    model_types: &["mistral"],
    architectures: &[],
    build,
    names: Names {
        answering: None,
        ..llama::FAMILY.names
    },
    class: "Mistral",
    ..llama::FAMILY
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let variant = Variant {
        biases: [false; 2],
        feed_forward_bias: false,
        activation: fields.activation_or("hidden_act", "silu")?,
    };
    let config = decoder::config(fields, head, &variant)?;
    if fields.is_null("sliding_window") {
        return Ok(config.build());
    }
    let width = fields.size_or("sliding_window", 4096)?;
    let everywhere = vec![true; config.blocks.len()];
    let blocks = decoder::with_windows(config.blocks, &everywhere, width);
    Ok(TransformerConfig { blocks, ..config }.build())
}

#[cfg(test)]
mod tests {
    use crate::{backend::values, networks::Batch, testing};

    /// The last hidden states of a text of five tokens, with random weights that depend only on their names.
    fn states(model_type: &str, window: &str) -> Vec<f32> {
        let config = format!(
            r#"{{"model_type": "{model_type}", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1,
                "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32,
                "max_position_embeddings": 12, "sliding_window": {window}}}"#
        );
        let batch = Batch::Texts {
            tokens: vec![1, 2, 3, 4, 5],
            types: Vec::new(),
            lengths: vec![5],
            windows: Vec::new(),
        };
        let states = testing::small(&config, 2).model().hidden_states(&batch);
        values(states.last().unwrap())
    }

    #[test]
    fn a_token_sees_itself_and_those_before_it_in_the_window() {
        let llama = states("llama", "null");
        for window in ["null", "5", "4096"] {
            assert_eq!(states("mistral", window), llama, "{window}");
        }
        // In one block, the first three tokens see the same as without a window.
        let narrow = states("mistral", "3");
        assert_eq!(narrow[..3 * 16], llama[..3 * 16]);
        for token in 3..5 {
            assert_ne!(narrow[token * 16..][..16], llama[token * 16..][..16]);
        }
    }
}
