//! BERT's `config.json`, as Hugging Face writes it.

use serde::Deserialize;

/// The sizes of a BERT, and options of which this implementation supports only one value and rejects the others.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BertConfig {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    #[serde(default = "two")]
    pub(crate) type_vocab_size: usize,
    #[serde(default = "epsilon")]
    pub(crate) layer_norm_eps: f64,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
    #[serde(default)]
    is_decoder: bool,
}

fn two() -> usize {
    2
}

fn epsilon() -> f64 {
    1e-12
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl BertConfig {
    /// Reads and checks a `config.json`.
    ///
    /// # Errors
    /// Returns the reason if a size is missing or the model needs an unsupported option.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let config: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let refuse = |key: &str, value: &str, known: &str| Err(format!("`{key}` is `{value}`; only {known} is known"));
        if config.hidden_act != "gelu" {
            return refuse("hidden_act", &config.hidden_act, "`gelu`");
        }
        if config.position_embedding_type != "absolute" {
            return refuse("position_embedding_type", &config.position_embedding_type, "`absolute`");
        }
        if config.is_decoder {
            return refuse("is_decoder", "true", "`false`");
        }
        let sizes = [
            ("vocab_size", config.vocab_size),
            ("hidden_size", config.hidden_size),
            ("num_hidden_layers", config.num_hidden_layers),
            ("num_attention_heads", config.num_attention_heads),
            ("intermediate_size", config.intermediate_size),
            ("max_position_embeddings", config.max_position_embeddings),
            ("type_vocab_size", config.type_vocab_size),
        ];
        if let Some((key, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(format!("`{key}` is 0"));
        }
        if !config.hidden_size.is_multiple_of(config.num_attention_heads) || !config.hidden_size.is_multiple_of(4) {
            return Err(format!(
                "`hidden_size` {} is not a multiple of `num_attention_heads` {} and of 4",
                config.hidden_size, config.num_attention_heads
            ));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(change: &str) -> Result<BertConfig, String> {
        BertConfig::parse(&format!(
            r#"{{"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
                "intermediate_size": 32, "max_position_embeddings": 12{change}}}"#
        ))
    }

    #[test]
    fn what_is_not_implemented_is_refused_by_name() {
        assert_eq!(config("").unwrap().type_vocab_size, 2);
        assert_eq!(
            config(r#", "hidden_act": "relu""#).unwrap_err(),
            "`hidden_act` is `relu`; only `gelu` is known"
        );
        assert!(
            config(r#", "position_embedding_type": "relative_key""#)
                .unwrap_err()
                .contains("relative_key")
        );
        assert!(
            config(r#", "type_vocab_size": 0"#)
                .unwrap_err()
                .contains("type_vocab_size")
        );
        assert!(BertConfig::parse("{}").unwrap_err().contains("vocab_size"));
    }
}
